//! What tokens allocate, and how large they are.

use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Waker};

use allocation_counter::measure;
use trunnion_core::{CancelKind, CancelToken};

use crate::{TIMES, count};

/// Bytes that one operation leaves allocated at most, at any moment.
fn peak(operation: impl FnOnce()) -> u64 {
    measure(operation).bytes_max
}

#[test]
fn a_token_is_one_allocation_of_at_most_96_bytes() {
    let made = measure(|| drop(CancelToken::new()));
    assert_eq!(made.count_total, 1);
    assert!(made.bytes_total <= 96, "{}", made.bytes_total);
    assert_eq!(size_of::<CancelToken>(), 2 * size_of::<usize>());
}

#[test]
fn a_child_is_one_allocation_with_and_without_siblings() {
    let root = CancelToken::new();
    assert_eq!(count(|| drop(root.child())), TIMES, "alone");
    let siblings: Vec<_> = (0..1_000).map(|_| root.child()).collect();
    for sibling in &siblings {
        drop(sibling.child());
    }
    assert_eq!(count(|| drop(root.child())), TIMES, "with siblings");
    assert_eq!(count(|| drop(root.child().child())), 2 * TIMES, "two deep");
    let made = measure(|| drop(root.child()));
    assert!(made.bytes_total <= 96, "{}", made.bytes_total);
}

#[test]
fn asking_cloning_and_waiting_allocate_nothing() {
    let token = CancelToken::new().child();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(size_of_val(&token.cancelled()) <= 56);
    assert!(size_of_val(&token.cancelled_owned()) <= 64);
    let counted = count(|| {
        assert!(!token.clone().is_cancelled() && token.reason().is_none());
        assert!(!token.shield().is_cancelled());
        assert!(pin!(token.cancelled()).poll(&mut cx).is_pending());
        assert!(
            pin!(token.clone().cancelled_owned())
                .poll(&mut cx)
                .is_pending()
        );
        assert!(
            pin!(token.run_until_cancelled(ready(1)))
                .poll(&mut cx)
                .is_ready()
        );
        let waiting = token.run_until_cancelled(std::future::pending::<()>());
        assert!(pin!(waiting).poll(&mut cx).is_pending());
        drop(token.guard().disarm());
    });
    assert_eq!(counted, 0);
}

#[test]
fn cancelling_allocates_nothing_for_waiters_of_one_token_or_children_that_wait_for_nothing() {
    let token = CancelToken::new();
    let children: Vec<_> = (0..1_000).map(|_| token.child()).collect();
    let below: Vec<_> = children[..500].iter().map(CancelToken::child).collect();
    let mut cx = Context::from_waker(Waker::noop());
    let mut waiting: Vec<_> = (0..1_000).map(|_| Box::pin(token.cancelled())).collect();
    for future in &mut waiting {
        assert!(future.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(measure(|| assert!(token.cancel())).count_total, 0);
    assert!(children.iter().chain(&below).all(CancelToken::is_cancelled));
}

#[test]
fn a_callback_is_two_allocations() {
    let token = CancelToken::new();
    assert_eq!(count(|| drop(token.on_cancel(|_| ()))), 2 * TIMES);
}

#[test]
fn a_million_joined_tokens_on_one_root_keep_memory_flat() {
    let (root, other) = (CancelToken::new(), CancelToken::new());
    let one = || drop(CancelToken::any_of([&root, &other]).child());
    let few = peak(|| (0..10).for_each(|_| one()));
    let many = peak(|| (0..1_000_000).for_each(|_| one()));
    assert_eq!(many, few);
    assert_eq!(
        measure(|| assert!(root.kill(CancelKind::Requested))).count_total,
        0,
        "none is left"
    );
}

/// Goes down a tree of which only the last token is held; each is waited for, or not, before the next one is made.
fn descend(steps: u32, waits: bool) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut token = CancelToken::new();
    for _ in 0..steps {
        let next = token.child();
        if waits {
            assert!(pin!(next.cancelled()).poll(&mut cx).is_pending());
        }
        token = next;
    }
}

#[test]
fn a_million_children_one_below_the_other_keep_memory_flat() {
    for waits in [false, true] {
        let few = peak(|| descend(10, waits));
        assert_eq!(peak(|| descend(1_000_000, waits)), few);
        assert!(few <= 5 * 96, "{few}");
    }
}
