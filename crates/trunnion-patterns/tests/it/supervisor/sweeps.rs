//! The supervisor's future, dropped at each of its points.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use trunnion_core::{CancelToken, Timer};
use trunnion_patterns::{Restart, StopMode, Strategy, SupervisorBuilder, TaskScope, gather};
use trunnion_sim::{Schedule, Sim, SimRuntime, cancel_sweep_in};

use super::{End, Fault, Log, MOMENT, child, eager, endless, in_schedules, steps};

/// A line that starts, fails in each way, waits for a delay, is late to stop.
fn line(rt: &SimRuntime, log: &Log, strategy: Strategy) -> SupervisorBuilder<SimRuntime, Fault> {
    eager(rt)
        .strategy(strategy)
        .backoff(steps(&[std::time::Duration::ZERO, MOMENT]))
        .child(child(rt, log, "a", &[(3, End::Panic)]))
        .child(
            endless(log, "b")
                .ready_at_once()
                .stop(StopMode::Grace(MOMENT)),
        )
        .child(child(rt, log, "c", &[(1, End::Err), (0, End::Ok)]))
        .child(child(rt, log, "d", &[(2, End::Ok)]).restart(Restart::Transient))
}

#[test]
fn a_run_leaves_nobody_wherever_it_is_dropped() {
    for strategy in [
        Strategy::OneForOne,
        Strategy::OneForAll,
        Strategy::RestForOne,
    ] {
        for seed in 0..16 {
            let sweep = cancel_sweep_in(
                || Sim::new().schedule(Schedule::Random).seed(seed),
                |rt| {
                    let (log, token) = (Log::default(), CancelToken::new());
                    let supervisor = line(&rt, &log, strategy).token(&token);
                    let run = async move {
                        let stop = async {
                            rt.sleep(10 * MOMENT).await;
                            token.cancel();
                        };
                        let run = supervisor.build().expect("it is sound").run();
                        assert!(gather((run, stop)).await.0.is_ok());
                    };
                    (log, run)
                },
                |rt, log| async move {
                    assert_eq!(log.alive(), 0, "a child is left: {}", log.text());
                    let before = log.text();
                    rt.sleep(20 * MOMENT).await;
                    assert_eq!(log.text(), before, "a child came back");
                },
            );
            assert!(sweep.polls > 10, "it waits");
        }
    }
}

#[test]
fn the_scope_around_it_has_waited_wherever_it_is_dropped() {
    in_schedules(64, |rt| async move {
        let log = Log::default();
        for polls in 0..40 {
            let ran = TaskScope::builder(&rt).run(async |outer: TaskScope<_, (), Fault>| {
                let supervisor = line(&rt, &log, Strategy::RestForOne).within(&outer);
                let run = supervisor.build().expect("it is sound").run();
                let (mut run, mut quiet) = (pin!(run), pin!(rt.sleep(20 * MOMENT)));
                let mut left = polls;
                poll_fn(|cx| {
                    if left == 0 || quiet.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(());
                    }
                    left -= 1;
                    run.as_mut().poll(cx).map(drop)
                })
                .await;
                Ok(())
            });
            assert!(ran.await.is_ok());
            assert_eq!(log.alive(), 0, "{}", log.text());
        }
    });
}
