//! Callbacks: their order, their panics, and taking them back.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use trunnion_core::{CancelKind, CancelReason, CancelToken, Registration};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, text: &str) {
        self.0
            .lock()
            .expect("nobody panics with it")
            .push(text.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("nobody panics with it"))
    }

    fn on(&self, token: &CancelToken, text: &'static str) -> Registration {
        let log = self.clone();
        token.on_cancel(move |_| log.add(text))
    }
}

#[test]
fn callbacks_run_deepest_first_and_the_last_registered_first() {
    let log = Log::default();
    let root = CancelToken::new();
    let middle = root.child();
    let leaf = middle.child();
    let joined = CancelToken::any_of([&leaf]);
    let _kept = [
        log.on(&root, "root one"),
        log.on(&root, "root two"),
        log.on(&middle, "middle"),
        log.on(&leaf, "leaf"),
        log.on(&joined, "joined"),
    ];
    root.cancel();
    assert_eq!(
        log.take(),
        ["joined", "leaf", "middle", "root two", "root one"]
    );
}

#[test]
fn a_token_of_several_parents_comes_before_each_of_them() {
    let log = Log::default();
    let root = CancelToken::new();
    let [older, newer] = [root.child(), root.child()];
    let above = CancelToken::any_of([&newer]);
    // The walk comes to the older child last and leaves it first.
    drop(older.child());
    let fresh = root.child();
    let above_too = CancelToken::any_of([&fresh]);
    let below = CancelToken::any_of([&above, &older, &above_too]);
    let _kept = [
        log.on(&below, "below"),
        log.on(&above, "above"),
        log.on(&above_too, "above too"),
        log.on(&older, "older"),
    ];
    root.cancel();
    assert_eq!(log.take().first().map(String::as_str), Some("below"));
}

#[test]
fn the_last_callback_of_a_shield_is_the_first_to_run() {
    let log = Log::default();
    let token = CancelToken::new();
    let shield = token.shield();
    let names = ["one", "two", "three"];
    let mut kept: Vec<_> = names.iter().map(|name| log.on(&shield, name)).collect();
    kept.push(log.on(&token, "its own"));
    kept.extend((0..100).map(|_| log.on(&shield, "more")));
    token.kill(CancelKind::GraceExpired);
    let mut told = log.take();
    told.retain(|name| name != "more");
    assert_eq!(told, ["its own", "three", "two", "one"]);
}

#[test]
fn the_whole_tree_is_cancelled_before_the_first_callback() {
    let root = CancelToken::new();
    let tokens: Vec<_> = (0..4).map(|_| root.child()).collect();
    let deep: Vec<_> = tokens
        .iter()
        .map(|token| CancelToken::any_of([token, &root]))
        .collect();
    let seen = Arc::new(AtomicUsize::new(0));
    let mut kept = Vec::new();
    for token in tokens.iter().chain(&deep) {
        let (all, seen) = ([&tokens[..], &deep[..]].concat(), Arc::clone(&seen));
        kept.push(token.on_cancel(move |_| {
            assert!(all.iter().all(CancelToken::is_cancelled));
            seen.fetch_add(1, SeqCst);
        }));
    }
    root.cancel();
    assert_eq!(seen.load(SeqCst), 8);
}

#[test]
fn a_callback_gets_the_reason_and_runs_once() {
    let log = Log::default();
    let token = CancelToken::new();
    let inner = log.clone();
    let kept = token.on_cancel(move |reason: &CancelReason| inner.add(&reason.to_string()));
    token.cancel_with(CancelKind::Deadline);
    token.kill(CancelKind::Shutdown);
    assert!(!kept.unregister(), "it has run");
    assert_eq!(log.take(), ["cancelled: the deadline has passed"]);
}

#[test]
fn a_late_callback_runs_at_once() {
    let log = Log::default();
    let token = CancelToken::new();
    token.cancel();
    let _kept = log.on(&token.child(), "late");
    assert_eq!(log.take(), ["late"]);
}

#[test]
fn a_shields_callback_waits_for_the_kill() {
    let log = Log::default();
    let token = CancelToken::new();
    let _kept = [log.on(&token.shield(), "shield"), log.on(&token, "plain")];
    token.cancel();
    assert_eq!(log.take(), ["plain"]);
    token.kill(CancelKind::GraceExpired);
    assert_eq!(log.take(), ["shield"]);
}

#[test]
fn a_callback_that_is_taken_back_does_not_run() {
    let log = Log::default();
    let token = CancelToken::new();
    drop(log.on(&token, "dropped"));
    assert!(log.on(&token, "unregistered").unregister());
    token.cancel();
    assert!(log.take().is_empty());
}

#[test]
fn a_panic_stops_no_other_and_the_first_is_raised_at_the_end() {
    let log = Log::default();
    let root = CancelToken::new();
    let child = root.child();
    let panic = |text: &'static str| move |_: &CancelReason| resume_unwind(Box::new(text));
    let _kept = [
        log.on(&root, "root"),
        root.on_cancel(panic("second")),
        log.on(&child, "child"),
    ];
    let _first = child.on_cancel(panic("first"));
    let payload = catch_unwind(AssertUnwindSafe(|| root.cancel())).expect_err("it panics");
    assert_eq!(payload.downcast_ref(), Some(&"first"));
    assert_eq!(log.take(), ["child", "root"]);
    assert!(root.is_cancelled() && child.is_cancelled());
}

#[test]
fn a_panic_of_a_callback_does_not_leave_a_guards_drop() {
    let token = CancelToken::new();
    let _kept = token.on_cancel(|_| resume_unwind(Box::new("kept in")));
    drop(token.guard());
    assert!(token.is_cancelled());
}

#[test]
fn a_callback_may_use_every_token() {
    let root = CancelToken::new();
    let child = root.child();
    let other = CancelToken::new();
    let ran = Arc::new(AtomicUsize::new(0));
    let kept = {
        let (root, child, other, ran) =
            (root.clone(), child.clone(), other.clone(), Arc::clone(&ran));
        child.clone().on_cancel(move |_| {
            assert!(!root.cancel() && !child.cancel());
            assert!(root.child().is_cancelled());
            assert!(CancelToken::any_of([&root, &other]).is_cancelled());
            assert!(other.cancel());
            assert!(root.kill(CancelKind::GraceExpired));
            let again = Arc::clone(&ran);
            drop(child.on_cancel(move |_| _ = again.fetch_add(1, SeqCst)));
            ran.fetch_add(1, SeqCst);
        })
    };
    root.cancel();
    assert_eq!(ran.load(SeqCst), 2);
    assert!(other.is_cancelled() && child.is_killed());
    drop(kept);
}

#[test]
fn a_registration_may_be_dropped_in_its_own_callback() {
    let token = CancelToken::new();
    let slot = Arc::new(Mutex::new(None));
    let inside = Arc::clone(&slot);
    let kept = token.on_cancel(move |_| drop(inside.lock().expect("it is free").take()));
    *slot.lock().expect("it is free") = Some(kept);
    token.cancel();
    assert!(slot.lock().expect("it is free").is_none());
}

#[test]
fn dropping_a_registration_does_not_wait_for_its_callback() {
    let token = CancelToken::new();
    let (started, wait_started) = std::sync::mpsc::channel();
    let (finish, wait_finish) = std::sync::mpsc::channel::<()>();
    let kept = token.on_cancel(move |_| {
        started.send(()).expect("the test waits");
        wait_finish.recv().expect("the test lets it go");
    });
    std::thread::scope(|scope| {
        scope.spawn(|| token.cancel());
        wait_started.recv().expect("it runs");
        drop(kept);
        finish.send(()).expect("it waits");
    });
}

#[test]
fn a_callback_keeps_nothing_alive_once_it_is_gone() {
    let value = Arc::new(());
    let token = CancelToken::new();
    let inside = Arc::clone(&value);
    let kept = token.on_cancel(move |_| drop(inside));
    assert_eq!(Arc::strong_count(&value), 2);
    drop(kept);
    assert_eq!(Arc::strong_count(&value), 1);
    let inside = Arc::clone(&value);
    let kept = token.on_cancel(move |_| drop(inside));
    token.cancel();
    assert_eq!(Arc::strong_count(&value), 1);
    drop(kept);
}
