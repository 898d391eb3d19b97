//! Faults are choices: they are found by search, bounded, and repeated.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use trunnion_core::{BlockOn, Clock, Spawn, SpawnBlocking, Timer, YieldNow};
use trunnion_sim::{Explore, FailureKind, Faults, Report, Schedule, Sim, SimRuntime};

const SECOND: Duration = Duration::from_secs(1);
const ALL: Schedule = Schedule::Dfs { preemptions: None };

/// Searches all runs with the faults.
fn search<F: Future>(faults: Faults, test: impl Fn(SimRuntime) -> F) -> Report {
    Explore::new(ALL).faults(faults).run(test)
}

/// The search fails with the faults, and passes without; gives the text of the failure.
fn bites<F: Future>(faults: Faults, test: impl Fn(SimRuntime) -> F) -> String {
    let _passes = search(Faults::new(), &test).expect_complete();
    let report = search(faults, &test);
    assert_eq!(report.failures().len(), 1, "{report}");
    let line = report.failures()[0].replay();
    let again = Explore::new(ALL).faults(faults).replay(line, &test);
    let message = |report: &Report| report.failures()[0].message().to_owned();
    assert_eq!(message(&again), message(&report));
    report.to_string()
}

#[test]
fn a_late_timer_breaks_who_relies_on_the_order_of_two() {
    let late = Faults::new().late_timers(SECOND).at_most(1);
    let text = bites(late, |rt| async move {
        let log = Arc::new(Mutex::new(Vec::new()));
        let tasks = [1, 2].map(|n| {
            let (log, nap) = (Arc::clone(&log), rt.sleep(SECOND * n / 2));
            rt.spawn(async move {
                nap.await;
                log.lock().unwrap().push(n);
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*log.lock().unwrap(), [1, 2]);
    });
    assert!(text.contains("FAULT: timer is late by"), "{text}");
}

#[test]
fn a_timer_is_never_early_and_at_most_so_late() {
    let late = Faults::new().late_timers(SECOND);
    let report = search(late, |rt| async move {
        let start = rt.now();
        rt.sleep(SECOND).await;
        let slept = rt.now() - start;
        assert!((SECOND..=SECOND * 2).contains(&slept), "{slept:?}");
    });
    report.expect_complete();
    assert_eq!(report.executions(), 5, "none, or one of four delays");
}

#[test]
fn a_spurious_wake_breaks_who_takes_a_poll_for_the_event() {
    let spurious = Faults::new().spurious_wakes();
    bites(spurious, |rt| async move {
        let done = Arc::new(AtomicU32::new(0));
        let task = rt.spawn({
            let done = Arc::clone(&done);
            let mut nap = Box::pin(rt.sleep(SECOND));
            let mut polled = false;
            async move {
                poll_fn(|cx| {
                    if std::mem::replace(&mut polled, true) {
                        assert_eq!(done.load(Relaxed), 1, "woken, so that it must be done");
                        return Poll::Ready(());
                    }
                    nap.as_mut().poll(cx)
                })
                .await;
            }
        });
        rt.sleep(SECOND / 2).await;
        done.store(1, Relaxed);
        task.await.unwrap();
    });
}

#[test]
fn a_fresh_waker_breaks_who_keeps_the_first() {
    let same = |rt: SimRuntime| async move {
        let mut first: Option<Waker> = None;
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            let before = first.get_or_insert_with(|| cx.waker().clone());
            assert!(before.will_wake(cx.waker()), "the waker has changed");
            cx.waker().wake_by_ref();
            if polls < 3 {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        rt.sleep(SECOND).await;
    };
    bites(Faults::new().fresh_wakers(), same);
}

#[test]
fn a_fresh_waker_that_is_kept_is_no_lost_one_and_a_dropped_one_is() {
    let waits = |rt: SimRuntime| async move {
        let nap = rt.sleep(SECOND);
        rt.spawn(nap).await.unwrap();
    };
    search(Faults::new().fresh_wakers(), waits).expect_complete();
    let forgets = |_| poll_fn(|_| Poll::<()>::Pending);
    let report = search(Faults::new().fresh_wakers(), forgets);
    assert_eq!(
        report.failures()[0].kind(),
        FailureKind::LostWaker,
        "{report}"
    );
}

#[test]
fn who_keeps_the_waker_of_an_older_poll_is_not_woken() {
    let keeps_the_first = |rt: SimRuntime| async move {
        let nap = rt.sleep(SECOND);
        let (done, kept) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(None)));
        rt.spawn_detached({
            let (done, kept) = (Arc::clone(&done), Arc::clone(&kept));
            async move {
                nap.await;
                done.store(1, Relaxed);
                let waker: Option<Waker> = kept.lock().unwrap().take();
                waker.into_iter().for_each(Waker::wake);
            }
        });
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            match polls {
                1 => *kept.lock().unwrap() = Some(cx.waker().clone()),
                _ if done.load(Relaxed) == 1 => return Poll::Ready(()),
                _ => {}
            }
            if polls == 1 {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await;
    };
    search(Faults::new(), keeps_the_first).expect_complete();
    let report = search(Faults::new().fresh_wakers(), keeps_the_first);
    assert_eq!(
        report.failures()[0].kind(),
        FailureKind::LostWaker,
        "{report}"
    );
}

#[test]
fn a_refused_spawn_is_found_where_it_is_not_expected() {
    let text = bites(Faults::new().refused_spawns(), |rt| async move {
        rt.spawn(async {}).await.unwrap();
    });
    assert!(text.contains("FAULT: spawn is refused"), "{text}");
    let expected = search(Faults::new().refused_spawns(), |rt| async move {
        let refused = rt.spawn(async {}).await;
        assert!(refused.is_ok_and(|()| true) || rt.tasks() == 0);
    });
    expected.expect_complete();
}

#[test]
fn a_closure_may_fail_and_may_be_slow() {
    bites(Faults::new().failing_jobs(), |rt| async move {
        rt.spawn_blocking(|| ()).await.unwrap();
    });
    bites(Faults::new().slow_jobs(SECOND), |rt| async move {
        let start = rt.now();
        rt.spawn_blocking(|| ()).await.unwrap();
        assert_eq!(rt.now(), start);
    });
}

#[test]
fn a_slow_closure_lets_others_run_and_time_pass() {
    let text = bites(Faults::new().slow_jobs(SECOND * 10), |rt| async move {
        let mut job = Box::pin(rt.spawn_blocking(|| ()));
        let mut limit = Box::pin(rt.sleep(SECOND));
        let in_time = poll_fn(|cx| match job.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(done.is_ok()),
            Poll::Pending => limit.as_mut().poll(cx).map(|()| false),
        });
        assert!(in_time.await, "the limit came first");
    });
    assert!(text.contains("FAULT: the closure is slow by"), "{text}");
    let late = Explore::new(ALL).faults(Faults::new().slow_jobs(SECOND));
    let late = late
        .leaks(true)
        .run(|rt| async move { drop(rt.spawn_blocking(|| ())) });
    late.expect_complete();
}

#[test]
fn a_spurious_wake_may_come_at_a_later_instant() {
    bites(Faults::new().spurious_wakes().at_most(1), |rt| async move {
        let mut nap = Box::pin(rt.sleep(SECOND * 10));
        let inner = rt.clone();
        let waits = rt.spawn(poll_fn(move |cx| {
            let now = inner.now() - trunnion_core::Instant::ORIGIN;
            assert!(now.is_zero() || now >= SECOND * 10, "polled at {now:?}");
            nap.as_mut().poll(cx)
        }));
        rt.sleep(SECOND * 5).await;
        waits.await.unwrap();
    });
}

#[test]
fn jitter_moves_the_clock_between_steps() {
    bites(Faults::new().clock_jitter(SECOND), |rt| async move {
        let start = rt.now();
        rt.yield_now().await;
        assert_eq!(rt.now(), start);
    });
}

#[test]
fn there_are_no_more_faults_than_are_allowed() {
    for most in 0..4 {
        let late = Faults::new().late_timers(SECOND).at_most(most);
        let report = search(late, move |rt| async move {
            for _ in 0..3 {
                rt.sleep(SECOND).await;
            }
            let slept = rt.now() - trunnion_core::Instant::ORIGIN;
            assert!(slept <= SECOND * (3 + most), "{slept:?}");
        });
        report.expect_complete();
    }
}

#[test]
fn runs_without_a_choice_have_none() {
    let late = Faults::new().late_timers(SECOND);
    for schedule in [Schedule::Fifo, Schedule::Lifo] {
        let sim = Sim::new().schedule(schedule).faults(late);
        let rt = sim.handle();
        sim.block_on(async {
            for _ in 0..100 {
                rt.sleep(SECOND).await;
            }
        });
        let end = trunnion_core::Instant::ORIGIN + SECOND * 100;
        assert_eq!(rt.now(), end, "{schedule:?}");
    }
}

#[test]
fn random_runs_have_faults_now_and_then() {
    let late = Faults::new().late_timers(SECOND);
    let times: Vec<_> = (0..200)
        .map(|seed| {
            let sim = Sim::new()
                .schedule(Schedule::Random)
                .seed(seed)
                .faults(late);
            let rt = sim.handle();
            sim.block_on(rt.sleep(SECOND));
            rt.now()
        })
        .collect();
    let exact = times
        .iter()
        .filter(|at| **at == trunnion_core::Instant::ORIGIN + SECOND);
    let exact = exact.count();
    assert!((150..200).contains(&exact), "{exact} of 200 were exact");
}

#[test]
fn a_connection_is_cut_where_a_search_finds_it() {
    let report = Explore::new(ALL).run(|rt| async move {
        let connection = rt.duplex().cut_after(1..=20, trunnion_sim::Cut::Close);
        let (mut client, mut server) = connection.connect();
        let writes = rt.spawn(async move { drop(client.write_all(b"hello, world").await) });
        let mut heard = Vec::new();
        server.read_to_end(&mut heard).await.unwrap();
        writes.await.unwrap();
        assert_eq!(heard, b"hello, world");
    });
    assert_eq!(report.failures().len(), 1, "{report}");
    assert!(
        report.failures()[0].message().contains("left: [104]"),
        "{report}"
    );
}
