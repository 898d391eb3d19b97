//! Retries.

mod attempts;
mod cancelling;
mod deadlines;
mod hints;
mod loops;
mod paying;
mod peers;
mod told;

use std::cell::{Cell, RefCell};
use std::future::{Ready, ready};
use std::num::NonZeroU32;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use trunnion_patterns::{Backoff, Jitter, Retry};

use crate::hand::{HandClock, poll};

const SECOND: Duration = Duration::from_secs(1);

/// Waits one second each time.
const EACH_SECOND: Retry = Retry::new(Backoff::fixed(SECOND).jitter(Jitter::None));
const AT_ONCE: Retry = Retry::new(Backoff::fixed(Duration::ZERO));

fn times(attempts: u32) -> NonZeroU32 {
    NonZeroU32::new(attempts).expect("not zero")
}

/// Gives results one after the other and counts how often it was asked.
struct Answers<T, E> {
    results: RefCell<std::vec::IntoIter<Result<T, E>>>,
    asked: Cell<usize>,
}

impl<T, E> Answers<T, E> {
    fn new(results: impl IntoIterator<Item = Result<T, E>>) -> Self {
        let results: Vec<_> = results.into_iter().collect();
        Self {
            results: RefCell::new(results.into_iter()),
            asked: Cell::new(0),
        }
    }

    fn next(&self) -> Ready<Result<T, E>> {
        self.asked.set(self.asked.get() + 1);
        ready(
            self.results
                .borrow_mut()
                .next()
                .expect("it is not asked that often"),
        )
    }

    fn asked(&self) -> usize {
        self.asked.get()
    }
}

/// Runs `future` to its end, second by second; gives the seconds that passed.
fn seconds<F: Future>(clock: &HandClock, future: F) -> (F::Output, u64) {
    let mut future = pin!(future);
    for second in 0..1_000 {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return (output, second);
        }
        clock.advance(SECOND);
    }
    panic!("it does not end")
}
