//! Releases that a scope counts.

use std::future::pending;
use std::num::NonZeroUsize;
use std::sync::Arc;

use trunnion_core::sync::Mutex;
use trunnion_core::{CancelKind, Timer};
use trunnion_patterns::{
    BracketError, CollectAll, Discard, Fault, LimitedScope, Outcome, PanicPolicy, TaskScope,
    bracket, timeout,
};
use trunnion_sim::run;

use super::{Books, MOMENT, Resource, Wrong, in_each_schedule, release};

#[test]
fn a_scope_waits_for_the_release_and_neither_cancels_nor_kills_it() {
    in_each_schedule(|rt| async move {
        let books = Books::default();
        let late = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&late);
        let scope = TaskScope::builder(&rt)
            .joiner(CollectAll::default())
            .grace(MOMENT / 2)
            .on_straggler(move |child| told.lock().push(child.to_string()));
        let outcomes = scope.run(async |s: TaskScope<_, (), Wrong>| {
            let (inner, kept, s2) = (rt.clone(), books.clone(), s.clone());
            drop(s.spawn(async move {
                let endless = bracket(
                    &s2,
                    kept.acquire(&inner),
                    async |_: &mut Resource| -> Result<(), _> { pending().await },
                    release(&inner),
                );
                endless.await.map_err(|_| "never")
            }));
            rt.sleep(2 * MOMENT).await;
            s.token().kill(CancelKind::Requested);
            Ok(())
        });
        assert_eq!(outcomes.await.expect("it collects").len(), 1);
        assert_eq!(books.all(), (1, 1, 0), "it has been waited for");
        let late = late.lock();
        assert!(
            late.iter()
                .any(|text| text.starts_with("`release` spawned at") && text.contains("scopes.rs")),
            "{late:?}"
        );
    });
}

#[test]
fn the_scope_around_a_dropped_one_waits_for_the_release() {
    in_each_schedule(|rt| async move {
        let books = Books::default();
        let outer = TaskScope::builder(&rt).joiner(Discard::<Wrong>::new());
        let done = outer.run(async |outer: TaskScope<_, (), Wrong>| {
            let inner = outer.child_scope().run(async |s: TaskScope<_, (), Wrong>| {
                let endless = bracket(
                    &s,
                    async { Ok(books.make()) },
                    async |_: &mut Resource| -> Result<(), _> { pending().await },
                    release(&rt),
                );
                endless.await.map_err(|_| "never")
            });
            let _ = timeout(&rt, MOMENT, inner).await;
            assert_eq!(books.count(1), 0);
            Ok(())
        });
        assert!(done.await.is_ok());
        assert_eq!(books.all(), (1, 1, 0));
    });
}

#[test]
fn a_release_that_panics_in_a_scope_is_a_childs_panic() {
    run(|rt| async move {
        let scope = TaskScope::builder(&rt)
            .joiner(CollectAll::default())
            .panics(PanicPolicy::Collect);
        let outcomes = scope.run(async |s: TaskScope<_, (), Wrong>| {
            let failed = bracket(
                &s,
                async { Ok(()) },
                async |(): &mut ()| Err::<(), _>("use"),
                async |()| panic!("release"),
            );
            let error = failed.await.expect_err("it fails");
            assert!(matches!(
                error,
                BracketError::Use("use", Some(Fault::Panicked(_)))
            ));
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects");
        assert!(matches!(&outcomes[..], [Outcome::Panicked(panic)]
            if panic.message() == Some("release")));
    });
}

#[test]
fn a_release_needs_no_place_of_a_limited_scope() {
    run(|rt| async move {
        let books = Books::default();
        let one = NonZeroUsize::MIN;
        let scope = TaskScope::builder(&rt).limit(one);
        let done = scope.run(async |s: LimitedScope<_, (), Wrong>| {
            let (inner, kept, s2) = (rt.clone(), books.clone(), s.clone());
            let child = s.spawn(async move {
                let used = async |_: &mut Resource| Ok(());
                let done = bracket(&s2, kept.acquire(&inner), used, release(&inner));
                done.await.map_err(|_| "never")
            });
            drop(child.await.expect("a place is free"));
            Ok(())
        });
        assert_eq!(done.await.expect("nothing fails").len(), 1);
        assert_eq!(books.all(), (1, 1, 0));
    });
}

#[test]
fn a_scope_that_has_ended_loses_no_release() {
    run(|rt| async move {
        let (books, mut kept) = (Books::default(), None);
        let scope = TaskScope::builder(&rt).joiner(Discard::<Wrong>::new());
        let done = scope.run(async |s: TaskScope<_, (), Wrong>| {
            kept = Some(s);
            Ok(())
        });
        assert!(done.await.is_ok());
        let ended = kept.expect("the body ran");
        let used = async |_: &mut Resource| Ok(1);
        let value = bracket(&ended, books.acquire(&rt), used, release(&rt));
        assert_eq!(value.await.expect("nothing fails"), 1);
        assert_eq!(books.all(), (1, 1, 0));
    });
}
