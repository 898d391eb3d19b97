//! Scopes of tasks: how they end.

use trunnion_core::{CancelKind, Clock, Spawn};
use trunnion_patterns::{CollectAll, Outcome, PanicPolicy, StartError, TaskScope, Why};

use crate::harness::{LATE, Space, WAKES, explore};
use crate::parts::{Census, Fault, Log, MOMENT, after, pass};

#[test]
fn a_cancelled_scope_gives_the_reason_once_its_children_are_gone() {
    explore(Space::All, WAKES, |rt| async move {
        let (census, ended) = (Census::default(), Log::default());
        let outcomes = TaskScope::builder(&rt)
            .joiner(CollectAll::default())
            .run(async |s| {
                for steps in [0, 1] {
                    let (child, ended) = (census.steps(steps, steps), ended.clone());
                    s.spawn_detached(async move {
                        let value = child.await;
                        ended.add(value);
                        Ok::<_, Fault>(value)
                    });
                }
                s.spawn_detached(census.endless());
                let token = s.token().clone();
                drop(s.spawn_with_handle(async move { token.cancel_with(CancelKind::Custom(1)) }));
                Ok(())
            });
        let outcomes = outcomes.await.unwrap();
        let kept: Vec<_> = outcomes.into_iter().filter_map(Outcome::ok).collect();
        let mut ended = ended.take();
        ended.sort_unstable();
        assert_eq!(
            (kept, census.alive()),
            (ended, 0),
            "a value that was given is not lost"
        );
    });
}

#[test]
fn a_deadline_cancels_and_the_grace_kills() {
    explore(Space::All, LATE, |rt| async move {
        let (census, log) = (Census::default(), Log::default());
        let scope = TaskScope::builder(&rt)
            .deadline(rt.now() + 2 * MOMENT)
            .grace(2 * MOMENT)
            .on_straggler(|_| ());
        let late = scope.run(async |s| {
            let cleans = |moments| {
                let (rt, member, log) = (rt.clone(), census.join(), log.clone());
                drop(s.spawn_graceful(move |token| async move {
                    let _member = member;
                    let reason = token.cancelled().await;
                    after(&rt, moments, ()).await;
                    log.add((moments, reason.kind()));
                    Ok::<_, Fault>(())
                }));
            };
            cleans(1);
            cleans(90);
            s.spawn_detached(census.endless());
            Ok(())
        });
        let late = late.await.unwrap_err();
        assert!(late.is_elapsed(), "{late}");
        assert_eq!(census.alive(), 0);
        let cleaned = log.take();
        assert!(cleaned.len() <= 1 && cleaned.iter().all(|end| *end == (1, CancelKind::Deadline)));
    });
}

#[test]
fn a_graceful_child_ends_by_itself_when_it_is_asked() {
    explore(Space::All, WAKES, |rt| async move {
        let log = Log::default();
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            for name in ["a", "b"] {
                let log = log.clone();
                drop(s.spawn_graceful(move |token| async move {
                    token.cancelled().await;
                    pass(1).await;
                    log.add(name);
                    Ok::<_, Fault>(name)
                }));
            }
            pass(1).await;
            s.token().cancel();
            Ok(())
        });
        let values: Vec<_> = outcomes
            .await
            .unwrap()
            .into_iter()
            .filter_map(Outcome::ok)
            .collect();
        assert_eq!(values, ["a", "b"]);
        assert_eq!(log.take().len(), 2);
    });
}

#[test]
fn a_kill_lets_nobody_go_on() {
    explore(Space::All, WAKES, |rt| async move {
        let (census, outer) = (Census::default(), trunnion_core::CancelToken::new());
        let killed = {
            let (rt, census, scope) = (
                rt.clone(),
                census.clone(),
                TaskScope::builder(&rt).token(&outer),
            );
            rt.clone().spawn(async move {
                let _rt = rt;
                let killed = scope.run(async |s| {
                    let member = census.join();
                    drop(s.spawn_graceful(move |_| async move {
                        let _member = member;
                        std::future::pending::<Result<(), Fault>>().await
                    }));
                    s.spawn_detached(census.endless());
                    std::future::pending().await
                });
                let killed = killed.await.unwrap_err();
                (killed.why, census.alive())
            })
        };
        pass(1).await;
        outer.kill(CancelKind::Shutdown);
        let (why, alive) = killed.await.unwrap();
        let Why::Cancelled(reason) = why else {
            panic!("{why:?}")
        };
        assert_eq!((reason.kind(), alive), (CancelKind::Shutdown, 0));
    });
}

#[test]
fn a_panic_cancels_the_siblings_and_goes_on_when_they_are_gone() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let whole = {
            let (rt, census) = (rt.clone(), census.clone());
            rt.clone().spawn(async move {
                TaskScope::builder(&rt)
                    .run(async |s| {
                        s.spawn_detached(census.endless::<Result<(), Fault>>());
                        let boom = census.steps(1, ());
                        s.spawn_detached(async move {
                            boom.await;
                            panic!("boom")
                        });
                        pass(1).await;
                        Ok(())
                    })
                    .await
            })
        };
        let error = whole.await.unwrap_err();
        assert!(
            error.is_panic() && error.to_string().contains("boom"),
            "{error}"
        );
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn panics_that_are_collected_are_outcomes() {
    explore(Space::All, WAKES, |rt| async move {
        let scope = TaskScope::builder(&rt)
            .panics(PanicPolicy::Collect)
            .joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            s.spawn_detached(async {
                pass(1).await;
                Ok::<_, Fault>(())
            });
            s.spawn_detached(async { panic!("boom") });
            s.spawn_detached(async { Ok(()) });
            Ok(())
        });
        let outcomes = outcomes.await.unwrap();
        let panicked = |outcome: &Outcome<(), Fault>| matches!(outcome, Outcome::Panicked(_));
        let panicked: Vec<_> = outcomes.iter().map(panicked).collect();
        assert_eq!(panicked, [false, true, false]);
    });
}

#[test]
fn a_child_that_starts_is_ready_or_says_why_not() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let values = TaskScope::builder(&rt).run(async |s| {
            let works = census.steps(1, "served");
            let port = s.start(|ready| async move {
                pass(1).await;
                ready.send(8080);
                Ok::<_, Fault>(works.await)
            });
            assert_eq!(port.await.unwrap(), 8080);
            let fails = s.start(|ready: trunnion_patterns::Ready<u16>| async move {
                let _ready = ready;
                pass(1).await;
                Err("in use")
            });
            assert!(matches!(fails.await, Err(StartError::Failed("in use"))));
            Ok(())
        });
        assert_eq!(values.await.unwrap(), ["served"]);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_scope_inside_a_scope_is_waited_for_and_cancelled_with_it() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let ended = TaskScope::builder(&rt).run(async |outer| {
            let (s, inside) = (outer.clone(), census.clone());
            outer.spawn_detached(async move {
                let inner = s.child_scope().run(async |inner| {
                    inner.spawn_detached(inside.steps(1, Ok::<_, Fault>(())));
                    inner.spawn_detached(inside.endless());
                    Ok(())
                });
                let ended = inner.await;
                assert_eq!(inside.alive(), 0);
                ended.map(drop).map_err(|_| "cancelled")
            });
            let fails = census.clone();
            outer.spawn_detached(async move {
                pass(2).await;
                drop(fails);
                Err("failed")
            });
            Ok(())
        });
        assert_eq!(ended.await.unwrap_err().into_first(), Some("failed"));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_child_that_is_cancelled_by_hand_ends_or_is_gone_and_no_sibling_is() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let values = TaskScope::builder(&rt).run(async |s| {
            let one = s.spawn_with_handle(census.steps(1, 1));
            s.spawn_detached(census.steps(1, Ok::<_, Fault>(2)));
            pass(1).await;
            match one.cancel().await {
                Ok(value) => assert_eq!(value, 1),
                Err(error) => assert!(error.is_cancelled()),
            }
            assert!(census.alive() <= 1);
            Ok(())
        });
        assert_eq!(values.await.unwrap(), [2]);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_scope_that_is_dropped_orphans_nobody_inside_another() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let ended = TaskScope::builder(&rt).run(async |outer| {
            let inner = outer.child_scope().run(async |s| {
                s.spawn_detached(census.endless::<Result<(), Fault>>());
                s.spawn_detached(census.steps(1, Ok(())));
                Ok(())
            });
            trunnion_patterns::race((async { drop(inner.await) }, pass(2))).await;
            Ok::<(), Fault>(())
        });
        let _values: Vec<()> = ended.await.unwrap();
        assert_eq!(
            census.alive(),
            0,
            "the outer scope waits for what the inner one left"
        );
    });
}

#[test]
fn what_a_child_does_under_a_shield_outlives_a_cancellation_but_not_a_kill() {
    explore(Space::Preemptions(2), WAKES, |rt| async move {
        for kill in [false, true] {
            let (census, ends) = (Census::default(), Log::default());
            let outer = trunnion_core::CancelToken::new();
            let scope = TaskScope::builder(&rt)
                .token(&outer)
                .joiner(CollectAll::default());
            let stops = {
                let outer = outer.clone();
                rt.spawn(async move {
                    pass(1).await;
                    outer.cancel();
                    if kill {
                        outer.kill(CancelKind::Shutdown);
                    }
                })
            };
            let outcomes = scope.run(async |s| {
                let (member, ends) = (census.join(), ends.clone());
                drop(s.spawn_graceful(move |token| async move {
                    let _member = member;
                    token.cancelled().await;
                    let cleaned = token.shield().run_until_cancelled(pass(2)).await;
                    ends.add(cleaned.map_err(|reason| reason.kind()));
                    Ok::<_, Fault>(())
                }));
                Ok(())
            });
            let ended = outcomes.await;
            stops.await.unwrap();
            assert_eq!(census.alive(), 0);
            match (kill, ends.take().as_slice()) {
                (false, [Ok(())]) => assert!(ended.is_ok_and(|all| all[0].is_ok())),
                // The reason is the one that came first.
                (true, [] | [Ok(()) | Err(CancelKind::Requested)]) => {}
                other => panic!("{other:?}"),
            }
        }
    });
}
