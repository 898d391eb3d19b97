//! Cancelling a token with many children.

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::{HEADLINE, HOSTS, LIMIT, Token, tokio_util, trees, trunnion};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(super) const CHILDREN: u32 = 10_000;

/// The children that are asked at the end: asking all would be a part of the price.
const ASKED: [usize; 3] = [0, CHILDREN as usize / 2, CHILDREN as usize - 1];

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-cancel-children",
    about: "A token with 10,000 children is cancelled, and three of them are asked. Each child had a child for a moment, which links it \
            into a tree that links late. Nobody waits. Making and dropping the tokens is not part of it.",
    unit: "child",
    operations: CHILDREN,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations) * 3,
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    let reference =
        tokio_util(|iterations| cancelled::<CancellationToken>(link, &ASKED, iterations));
    let ours = trunnion(|iterations| cancelled::<CancelToken>(link, &ASKED, iterations));
    let limit = Subject::peer(LIMIT, flagged)
        .note("one atomic or in each of as many boxes of our size, and nothing else");
    let mut rows = trees(reference, [ours]);
    rows.push(limit);
    rows
}

/// Links a token into its tree without making anybody wait for it.
fn link<T: Token>(token: &T) {
    drop(token.child());
}

/// Makes tokens with children and prepares each child; then cancels the tokens, and counts those asked that are cancelled.
pub(super) fn cancelled<T: Token>(
    prepare: fn(&T),
    asked: &'static [usize],
    iterations: u32,
) -> impl Future<Output = u64> + Send {
    let families: Vec<_> = (0..iterations).map(|_| family(prepare)).collect();
    poll_fn(move |_| {
        let cancelled = families.iter().map(|(token, children)| {
            token.cancel();
            let asked = asked.iter().map(|child| &children[*child]);
            asked
                .map(|child| u64::from(child.is_cancelled()))
                .sum::<u64>()
        });
        Poll::Ready(cancelled.sum())
    })
}

fn family<T: Token>(prepare: fn(&T)) -> (T, Vec<T>) {
    let token = T::new();
    let children = (0..CHILDREN).map(|_| {
        let child = token.child();
        prepare(&child);
        child
    });
    let children = children.collect();
    (token, children)
}

/// The word of a token, in as much memory.
struct Flag {
    word: AtomicU64,
    _rest: [u64; 11],
}

fn flagged(iterations: u32) -> impl Future<Output = u64> + Send {
    let flags = (0..iterations * CHILDREN).map(|_| {
        Box::new(Flag {
            word: AtomicU64::new(0),
            _rest: [0; 11],
        })
    });
    let flags: Vec<_> = flags.collect();
    poll_fn(move |_| {
        let cancelled = flags.chunks(CHILDREN as usize).map(|flags| {
            for flag in flags {
                flag.word.fetch_or(1, Ordering::AcqRel);
            }
            let asked = ASKED.iter().map(|child| &flags[*child].word);
            asked.map(|word| word.load(Ordering::Acquire)).sum::<u64>()
        });
        Poll::Ready(cancelled.sum())
    })
}
