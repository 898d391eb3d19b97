//! Scopes of one task.

use trunnion_core::{JoinError, Spawn, TaskHandle};
use trunnion_patterns::{group, local_scope, scope, try_scope};

use crate::harness::{Space, WAKES, explore};
use crate::parts::{Census, Fault, Log, pass};

#[test]
fn scope_waits_for_children_that_other_tasks_wake() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let (mut left, mut right) = (0, 0);
        let (a, b) = (rt.spawn(census.steps(1, 1)), rt.spawn(census.steps(0, 2)));
        let body = scope(async |s| {
            let first = s.spawn(async {
                left = a.await.unwrap();
                left
            });
            s.spawn_detached(async { right = b.await.unwrap() });
            first.await.unwrap()
        });
        assert_eq!(body.await, 1);
        assert_eq!((left, right, census.alive()), (1, 2, 0));
    });
}

#[test]
fn try_scope_drops_its_children_when_the_body_fails() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let (ends, fails) = (rt.spawn(pass(1)), rt.spawn(pass(1)));
        let given = try_scope(async |s| {
            s.spawn_detached(census.endless::<()>());
            let member = census.join();
            let child = s.spawn(async move {
                let _member = member;
                ends.await.unwrap();
            });
            fails.await.unwrap();
            drop(child);
            Err::<(), Fault>("failed")
        });
        assert_eq!(given.await, Err("failed"));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_child_that_is_aborted_by_its_sibling_ends_or_is_gone() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let (value, signal) = (rt.spawn(census.steps(1, 7)), rt.spawn(census.steps(0, ())));
        let inside = Census::default();
        let ended = local_scope(async |s| {
            let member = inside.join();
            let child = s.spawn(async {
                let _member = member;
                value.await.unwrap()
            });
            signal.await.unwrap();
            child.cancel().await
        });
        match ended.await {
            Ok(value) => assert_eq!(value, 7),
            Err(error) => assert!(matches!(error, JoinError::Cancelled)),
        }
        assert_eq!(inside.alive(), 0);
    });
}

#[test]
fn a_group_takes_children_from_its_children() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let log = Log::default();
        let tasks = [0, 1, 2].map(|n| rt.spawn(census.steps(0, n)));
        group(async |s| {
            for task in tasks {
                let log = log.clone();
                s.spawn_detached(async move { log.add(task.await.unwrap()) });
            }
        })
        .await;
        let mut all = log.take();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2]);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_scope_that_is_dropped_anywhere_drops_body_and_children() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let whole = {
            let (census, value) = (census.clone(), rt.spawn(census.steps(1, 7)));
            rt.spawn(async move {
                scope(async |s| {
                    s.spawn_detached(census.steps(1, ()));
                    s.spawn(async { value.await.unwrap() }).await
                })
                .await
            })
        };
        pass(1).await;
        match whole.cancel().await {
            Ok(value) => assert_eq!(value.unwrap(), 7),
            Err(error) => assert!(matches!(error, JoinError::Cancelled)),
        }
        rt.settle().await;
        assert_eq!(census.alive(), 0);
    });
}
