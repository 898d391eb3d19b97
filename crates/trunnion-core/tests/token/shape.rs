//! Long, wide and changing trees.

use trunnion_core::{CancelKind, CancelToken};

const MILLION: usize = 1_000_000;

#[test]
fn a_chain_of_a_million_is_made_cancelled_and_dropped() {
    let root = CancelToken::new();
    let mut chain = vec![root.child()];
    for _ in 1..MILLION {
        chain.extend(chain.last().map(CancelToken::child));
    }
    assert!(root.cancel());
    assert!(chain.iter().all(CancelToken::is_cancelled));
    drop(chain);
}

#[test]
fn a_chain_of_a_million_whose_last_is_dropped_last() {
    let root = CancelToken::new();
    let mut chain = vec![root.child()];
    for _ in 1..MILLION {
        chain.extend(chain.last().map(CancelToken::child));
    }
    let last = chain.pop();
    drop((root, chain));
    drop(last);
}

#[test]
fn a_chain_of_joined_tokens_is_cancelled_and_dropped() {
    let root = CancelToken::new();
    let mut chain = vec![root.child()];
    for _ in 1..100_000 {
        let next = chain.last().map(|last| CancelToken::any_of([last]));
        chain.extend(next);
    }
    let last = chain.pop().expect("there is one");
    drop(chain);
    assert!(root.cancel());
    assert!(last.is_cancelled());
}

#[test]
fn joined_tokens_that_meet_again_are_told_once_for_all_ways() {
    let root = CancelToken::new();
    let mut layers = vec![root.child()];
    for _ in 0..64 {
        let next = layers.last().map(|last| {
            let (left, right) = (last.child(), last.child());
            CancelToken::any_of([&left, &right, last])
        });
        layers.extend(next);
    }
    assert!(root.cancel_with(CancelKind::Shutdown));
    assert!(layers.iter().all(CancelToken::is_cancelled));
    assert!(root.kill(CancelKind::GraceExpired));
    assert!(layers.iter().all(CancelToken::is_killed));
}

#[test]
fn a_token_below_dropped_ones_still_follows_the_root() {
    let root = CancelToken::new();
    let mut token = root.child();
    for _ in 0..100 {
        token = token.child();
    }
    let leaf = token.child();
    root.cancel_with(CancelKind::Shutdown);
    assert!(token.is_cancelled());
    assert_eq!(
        leaf.reason().map(|reason| reason.kind()),
        Some(CancelKind::Shutdown)
    );
}

#[test]
fn a_shield_on_the_way_counts_when_the_tokens_between_are_gone() {
    let root = CancelToken::new();
    let mut token = root.child().shield().child();
    for _ in 0..3 {
        token = token.child();
    }
    let leaf = token.child();
    root.cancel();
    assert!(!token.is_cancelled() && !leaf.is_cancelled());
    root.kill(CancelKind::GraceExpired);
    assert!(token.is_cancelled() && leaf.is_cancelled());
}

#[test]
fn a_cancelled_token_that_is_gone_has_told_those_below() {
    let root = CancelToken::new();
    let middle = root.child();
    let leaf = middle.child();
    middle.cancel_with(CancelKind::Satisfied);
    drop(middle);
    assert!(leaf.child().is_cancelled());
    assert!(!root.is_cancelled());
}

#[test]
fn children_leave_in_any_order() {
    let root = CancelToken::new();
    let mut children: Vec<_> = (0..10).map(|_| root.child()).collect();
    let below: Vec<_> = children.iter().map(CancelToken::child).collect();
    for index in [9, 0, 4, 3] {
        drop(children.remove(index));
    }
    assert!(root.cancel());
    assert!(children.iter().chain(&below).all(CancelToken::is_cancelled));
}

#[test]
fn threads_make_cancel_and_drop_children_at_once() {
    for round in 0..200_u16 {
        let root = CancelToken::new();
        let other = CancelToken::new();
        std::thread::scope(|scope| {
            for thread in 0..3_u16 {
                let (root, other) = (&root, &other);
                scope.spawn(move || {
                    for step in 0..20_u16 {
                        let child = root.child();
                        let below = child.child();
                        let either = CancelToken::any_of([&below, other]);
                        let cancels = (round + thread + step) % 7 == 0;
                        // When another call is on its way, nothing is promised yet.
                        if cancels && child.cancel_with(CancelKind::Custom(step)) {
                            assert!(below.is_cancelled() && either.is_cancelled());
                        }
                        drop(child);
                        assert!(!below.child().is_killed() || root.is_killed());
                    }
                });
            }
            root.cancel();
        });
        assert!(root.child().is_cancelled());
    }
}
