//! Stages, reasons, shields and deadlines.

use std::error::Error;

use trunnion_core::{CancelKind, CancelReason, CancelToken, Cancellation, Instant};

fn kind(token: &CancelToken) -> Option<CancelKind> {
    token.reason().map(|reason| reason.kind())
}

#[test]
fn a_fresh_token_is_not_cancelled() {
    let token = CancelToken::new();
    assert!(!token.is_cancelled() && !token.is_killed());
    assert!(token.reason().is_none() && token.deadline().is_none());
}

#[test]
fn the_first_reason_wins() {
    let token = CancelToken::new();
    assert!(token.cancel_with(CancelKind::Deadline));
    assert!(!token.cancel_with(CancelKind::Shutdown));
    assert!(
        token.kill(CancelKind::GraceExpired),
        "the second stage is new"
    );
    assert!(!token.kill(CancelKind::Custom(1)));
    assert_eq!(kind(&token), Some(CancelKind::Deadline));
}

#[test]
fn a_kill_of_a_live_token_cancels_it_with_its_own_reason() {
    let token = CancelToken::new();
    assert!(token.kill(CancelKind::Custom(9)));
    assert!(!token.cancel());
    assert_eq!(kind(&token), Some(CancelKind::Custom(9)));
}

#[test]
fn a_reasons_cause_reaches_descendants_attached_or_not() {
    let root = CancelToken::new();
    let (plain, inner) = (root.child(), root.child());
    let leaf = inner.child();
    root.cancel_with(CancelReason::new(CancelKind::SiblingFailed).because("disk full"));
    for token in [&plain, &inner, &leaf, &leaf.child()] {
        let reason = token.reason().expect("it is cancelled");
        assert_eq!(reason.kind(), CancelKind::SiblingFailed);
        assert_eq!(
            reason.source().expect("it has a cause").to_string(),
            "disk full"
        );
    }
}

#[test]
fn a_child_is_cancelled_with_its_parent_and_not_the_other_way_round() {
    let root = CancelToken::new();
    let (one, two) = (root.child(), root.child());
    let below = one.child();
    assert!(one.cancel_with(CancelKind::Satisfied));
    assert!(one.is_cancelled() && below.is_cancelled());
    assert!(!root.is_cancelled() && !two.is_cancelled());
    assert!(root.cancel_with(CancelKind::Shutdown));
    assert_eq!(kind(&two), Some(CancelKind::Shutdown));
    assert_eq!(
        kind(&below),
        Some(CancelKind::Satisfied),
        "its first reason"
    );
}

#[test]
fn a_child_of_a_cancelled_token_is_born_cancelled() {
    let root = CancelToken::new();
    root.cancel_with(CancelKind::Shutdown);
    let child = root.child();
    assert_eq!(kind(&child), Some(CancelKind::Shutdown));
    assert!(!child.cancel(), "it is cancelled already");
    assert_eq!(kind(&child.child()), Some(CancelKind::Shutdown));
}

#[test]
fn a_child_that_is_cancelled_first_keeps_its_reason() {
    let root = CancelToken::new();
    let child = root.child();
    assert!(child.cancel_with(CancelKind::Satisfied));
    assert!(root.cancel_with(CancelKind::Shutdown));
    assert_eq!(kind(&child), Some(CancelKind::Satisfied));
    assert!(root.kill(CancelKind::GraceExpired));
    assert!(child.is_killed());
}

#[test]
fn a_child_that_inherited_a_reason_keeps_it_when_it_is_killed() {
    let root = CancelToken::new();
    let child = root.child();
    root.cancel_with(CancelKind::Shutdown);
    assert!(child.kill(CancelKind::GraceExpired));
    assert_eq!(kind(&child), Some(CancelKind::Shutdown));
    assert!(!root.is_killed());
}

#[test]
fn a_shield_holds_a_cancellation_back_but_no_kill() {
    let token = CancelToken::new();
    let shield = token.shield();
    let (below, deeper) = (shield.child(), shield.child().child());
    token.cancel_with(CancelKind::Shutdown);
    for held in [&shield, &below, &deeper, &shield.child(), &shield.shield()] {
        assert!(!held.is_cancelled() && held.reason().is_none());
    }
    token.kill(CancelKind::GraceExpired);
    for held in [&shield, &below, &deeper, &shield.child()] {
        assert!(held.is_cancelled() && held.is_killed());
        assert_eq!(kind(held), Some(CancelKind::Shutdown), "the first reason");
    }
}

#[test]
fn what_is_below_a_shield_can_be_cancelled_by_itself() {
    let token = CancelToken::new();
    let below = token.shield().child();
    assert!(below.cancel());
    assert!(below.is_cancelled() && !token.is_cancelled());
}

#[test]
fn cancelling_a_shield_cancels_its_token() {
    let token = CancelToken::new();
    let shield = token.shield();
    assert!(shield.cancel());
    assert!(token.is_cancelled() && !shield.is_cancelled());
}

#[test]
fn a_deadline_is_the_earlier_of_both_and_does_nothing() {
    let at = Instant::from_nanos;
    let outer = CancelToken::new().child_until(at(10));
    let inner = outer.child_until(at(20));
    assert_eq!(inner.deadline(), Some(at(10)));
    assert_eq!(outer.child_until(at(5)).deadline(), Some(at(5)));
    assert_eq!(outer.child().deadline(), Some(at(10)));
    assert!(
        !CancelToken::new()
            .child_until(Instant::ORIGIN)
            .is_cancelled()
    );
    assert_eq!(
        outer.shield().deadline(),
        None,
        "a deadline cancels, a shield holds that back"
    );
    assert_eq!(outer.shield().child().deadline(), None);
}

#[test]
fn any_of_follows_the_first_of_its_parents() {
    let (one, two) = (
        CancelToken::new(),
        CancelToken::new().child_until(Instant::from_nanos(3)),
    );
    let either = CancelToken::any_of([&one, &two]);
    let below = either.child();
    assert_eq!(either.deadline(), two.deadline());
    two.cancel_with(CancelKind::SiblingFailed);
    assert_eq!(kind(&either), Some(CancelKind::SiblingFailed));
    one.cancel_with(CancelKind::Shutdown);
    assert_eq!(kind(&below), Some(CancelKind::SiblingFailed));
    one.kill(CancelKind::GraceExpired);
    assert!(either.is_killed() && below.is_killed() && !two.is_killed());
}

#[test]
fn any_of_what_is_cancelled_is_born_cancelled() {
    let (one, two) = (CancelToken::new(), CancelToken::new());
    one.child().cancel();
    assert!(!CancelToken::any_of([&one, &two]).is_cancelled());
    two.kill(CancelKind::Custom(4));
    let either = CancelToken::any_of([&one, &two]);
    assert!(either.is_killed());
    assert_eq!(kind(&either), Some(CancelKind::Custom(4)));
}

#[test]
fn any_of_none_is_a_root() {
    let token = CancelToken::any_of([]);
    assert!(!token.is_cancelled());
    assert!(token.cancel());
}

#[test]
fn any_of_sees_a_parent_through_its_shield() {
    let (one, two) = (CancelToken::new(), CancelToken::new());
    let either = CancelToken::any_of([&one.shield(), &two]);
    one.cancel();
    assert!(!either.is_cancelled());
    one.kill(CancelKind::GraceExpired);
    assert!(either.is_cancelled());
}

#[test]
fn any_of_can_be_cancelled_by_itself() {
    let parents = [CancelToken::new(), CancelToken::new()];
    let either = CancelToken::any_of(&parents);
    assert!(either.cancel());
    assert!(parents.iter().all(|parent| !parent.is_cancelled()));
}

#[test]
fn a_cancellation_crosses_several_joined_trees() {
    let (one, two) = (CancelToken::new(), CancelToken::new());
    let first = CancelToken::any_of([&one.child(), &two]);
    let second = CancelToken::any_of([&first.child(), &two.child(), &one]);
    let leaf = second.child().child();
    one.cancel_with(CancelKind::Deadline);
    assert!(second.is_cancelled() && first.is_cancelled());
    assert_eq!(kind(&leaf), Some(CancelKind::Deadline));
}

#[test]
fn a_guard_cancels_when_it_is_dropped_unless_disarmed() {
    let token = CancelToken::new();
    drop(token.guard().disarm());
    assert!(!token.is_cancelled());
    drop(token.guard());
    assert_eq!(kind(&token), Some(CancelKind::GuardDropped));
}

#[test]
fn dropping_tokens_cancels_nothing() {
    let root = CancelToken::new();
    let middle = root.child();
    let leaf = middle.child();
    drop((root, middle));
    assert!(!leaf.is_cancelled());
    assert!(leaf.cancel());
}

#[test]
fn tokens_are_equal_if_they_are_the_same_view_of_the_same_token() {
    let token = CancelToken::new();
    assert_eq!(token, token.clone());
    assert_ne!(token, token.child());
    assert_ne!(token, token.shield());
    assert_eq!(token.shield(), token.clone().shield());
}

#[test]
fn a_token_is_a_cancellation() {
    fn is_cancelled<C: Cancellation>(token: &C) -> bool {
        token.is_cancelled() && token.reason().is_some()
    }
    let token = CancelToken::new();
    assert!(!is_cancelled(&token));
    token.cancel();
    assert!(is_cancelled(&token));
}
