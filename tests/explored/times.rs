//! Giving up, asking before, and ticks.

use std::time::Duration;

use trunnion_core::{CancelKind, CancelToken, Clock, Spawn, Timer};
use trunnion_patterns::{MissedTick, interval, timeout, timeout_at, with_deadline};

use crate::harness::{LATE, Space, explore};
use crate::parts::{Census, Log, MOMENT, after, pass};

#[test]
fn timeout_gives_the_value_or_drops_what_is_late() {
    explore(Space::All, LATE, |rt| async move {
        let census = Census::default();
        let tasks = [1, 2, 3].map(|moments| {
            let (rt, census) = (rt.clone(), census.clone());
            rt.clone().spawn(async move {
                let start = rt.now();
                let member = census.join();
                let sleeps = rt.clone();
                let work = async move {
                    let _member = member;
                    after(&sleeps, moments, moments).await
                };
                let given = timeout(&rt, 2 * MOMENT, work).await;
                let took = rt.now() - start;
                match given {
                    Ok(value) => assert!(value == moments && took >= moments * MOMENT),
                    Err(_) => assert!(took >= 2 * MOMENT && moments > 1, "{moments}"),
                }
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn timeout_at_loses_nothing_that_is_ready_in_time() {
    explore(Space::All, LATE, |rt| async move {
        let deadline = rt.now() + 2 * MOMENT;
        let gives = rt.spawn(after(&rt, 1, 'a'));
        let late = rt.spawn(after(&rt, 9, 'b'));
        let in_time = timeout_at(&rt, deadline, gives).await;
        if let Err(elapsed) = in_time {
            assert_eq!(elapsed.deadline, Some(deadline));
            assert!(rt.now() >= deadline);
        }
        assert!(timeout_at(&rt, deadline, late).await.is_err());
        assert!(
            timeout_at(&rt, deadline, async { 1 }).await.is_ok(),
            "polled first"
        );
    });
}

#[test]
fn grace_asks_first_and_drops_then() {
    explore(Space::All, LATE, |rt| async move {
        let (census, token) = (Census::default(), CancelToken::new());
        let waits = {
            let (rt, token, member) = (rt.clone(), token.clone(), census.join());
            rt.clone().spawn(async move {
                let _member = member;
                let reason = token.cancelled().await.kind();
                after(&rt, 1, reason).await
            })
        };
        let given = timeout(&rt, MOMENT, waits).grace(30 * MOMENT, &token).await;
        assert_eq!(given.unwrap().unwrap(), CancelKind::Deadline);
        let (never, start) = (CancelToken::new(), rt.now());
        let dropped = timeout(&rt, MOMENT, census.endless::<()>())
            .grace(MOMENT, &never)
            .await;
        assert!(dropped.is_err() && never.is_cancelled() && rt.now() - start >= 2 * MOMENT);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn with_deadline_waits_until_what_it_asked_has_stopped() {
    explore(Space::All, LATE, |rt| async move {
        let census = Census::default();
        let outer = CancelToken::new();
        let counts = async |token: CancelToken| {
            let (sleeps, member) = (rt.clone(), census.join());
            let task = rt.spawn(async move {
                let _member = member;
                let ended = token.run_until_cancelled(sleeps.sleep(9 * MOMENT)).await;
                pass(1).await;
                ended.map_err(|reason| reason.kind())
            });
            task.await.unwrap()
        };
        let deadline = rt.now() + MOMENT;
        let ended = with_deadline(&rt, deadline, counts).token(&outer).await;
        assert_eq!(
            (ended.output, ended.expired),
            (Err(CancelKind::Deadline), true)
        );
        assert_eq!(census.alive(), 0);
        assert!(!outer.is_cancelled() && rt.now() >= deadline);
    });
}

#[test]
fn of_a_deadline_and_a_cancellation_around_it_one_is_told() {
    explore(Space::All, LATE, |rt| async move {
        let outer = CancelToken::new();
        let cancels = {
            let (outer, nap) = (outer.clone(), rt.sleep(MOMENT));
            rt.spawn(async move {
                nap.await;
                outer.cancel_with(CancelKind::Custom(1))
            })
        };
        let op = |token: CancelToken| async move { token.cancelled().await.kind() };
        let ended = with_deadline(&rt, rt.now() + MOMENT, op)
            .token(&outer)
            .await;
        let kind = if ended.expired {
            CancelKind::Deadline
        } else {
            CancelKind::Custom(1)
        };
        assert_eq!(ended.output, kind);
        assert!(cancels.await.unwrap());
    });
}

#[test]
fn interval_ticks_are_never_early_whatever_the_rule() {
    ticks([MissedTick::Burst, MissedTick::Delay]);
    ticks([MissedTick::Skip, MissedTick::Delay]);
}

#[track_caller]
fn ticks(rules: [MissedTick; 2]) {
    explore(Space::All, LATE, |rt| async move {
        let ticks = Log::default();
        let tasks = rules.map(|rule| {
            let (rt, ticks) = (rt.clone(), ticks.clone());
            rt.clone().spawn(async move {
                let start = rt.now();
                let mut beat = interval(&rt, 2 * MOMENT).unwrap().missed_tick(rule);
                let mut last = Duration::ZERO;
                for n in 0..3 {
                    beat.tick().await;
                    let now = rt.now() - start;
                    assert!(now >= 2 * MOMENT * n, "{rule:?}: tick {n} at {now:?}");
                    assert!(now >= last);
                    last = now;
                    if n == 1 {
                        rt.sleep(3 * MOMENT).await;
                    }
                }
                ticks.add(rule);
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(ticks.take().len(), 2);
    });
}
