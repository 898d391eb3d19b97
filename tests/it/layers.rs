//! Layers of tower: on every runtime, in many schedules, and with each of their futures dropped at each point.

mod sweeps;

use std::future::{Future, pending};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use trunnion_core::{AnyRuntime, BlockOn, Clock, Spawn, TaskHandle, Timer, YieldNow};
use trunnion_patterns::{
    Backoff, Budget, Failure, Jitter, OnFailure, Retry, RetryBudget, RetryRules, Semaphore, timeout,
};
use trunnion_sim::{Schedule, Sim};
use trunnion_tower::{ConcurrencyLimitLayer, FlattenLayer, RetryLayer, TimeoutLayer};

use crate::ledger::Ledger;
use crate::runtimes::ALL;

const MOMENT: Duration = Duration::from_millis(1);
const SEEDS: u64 = 256;
const RETRY: Retry<RetryRules<OnFailure>> = Retry::with_policy(
    Backoff::fixed(MOMENT).jitter(Jitter::None),
    RetryRules {
        classifier: OnFailure,
        budget: (),
        observer: (),
    },
);

fn everywhere<F: Future<Output = ()>>(case: impl Fn(AnyRuntime) -> F) {
    for (name, start) in ALL {
        let owner = start();
        let done = owner.block_on(async {
            case(owner.runtime()).await;
            name
        });
        assert_eq!(done, name);
    }
    in_the_simulator(case);
}

fn in_the_simulator<F: Future<Output = ()>>(case: impl Fn(AnyRuntime) -> F) {
    for seed in 0..SEEDS {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        sim.block_on(case(AnyRuntime::new(sim.handle())));
    }
}

fn at_most(limit: usize) -> ConcurrencyLimitLayer {
    ConcurrencyLimitLayer::new(NonZeroUsize::new(limit).expect("not zero"))
}

/// Asserts that all permits are back, and that nobody waits.
#[track_caller]
fn assert_whole(semaphore: &Semaphore) {
    let stats = semaphore.stats();
    assert_eq!((stats.available, stats.held), (stats.limit, 0), "{stats:?}");
    let rest = (stats.waiting, stats.granted_unclaimed);
    assert_eq!(rest, (0, 0), "{stats:?}");
}

#[test]
fn a_request_is_tried_until_it_succeeds() {
    everywhere(|rt| async move {
        let (asked, start, turn) = (AtomicUsize::new(0), rt.now(), rt.clone());
        let down_twice = service_fn(|text: &'static str| {
            let number = asked.fetch_add(1, SeqCst);
            let turn = turn.yield_now();
            async move {
                turn.await;
                if number < 2 {
                    Err(Failure::Op("down"))
                } else {
                    Ok(text)
                }
            }
        });
        let service = RetryLayer::new(rt.clone(), RETRY).layer(down_twice);
        assert_eq!(service.oneshot("hello").await, Ok("hello"));
        assert!(rt.now() - start >= 2 * MOMENT);
    });
}

#[test]
fn a_silent_service_is_given_up() {
    everywhere(|rt| async move {
        let start = rt.now();
        let silent = service_fn(|(): ()| pending::<Result<(), &str>>());
        let service = TimeoutLayer::new(rt.clone(), MOMENT).layer(silent);
        let failure = service.oneshot(()).await.expect_err("it is silent");
        assert!(failure.is_elapsed());
        assert!(rt.now() - start >= MOMENT);
    });
}

#[test]
fn requests_of_many_tasks_are_never_more_than_the_limit() {
    everywhere(|rt| async move {
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (limit, turn, peak) = (at_most(3), rt.clone(), Arc::clone(&most));
        let service = limit.layer(service_fn(move |(): ()| {
            let (inside, turn) = (Arc::clone(&inside), turn.yield_now());
            peak.fetch_max(inside.fetch_add(1, SeqCst) + 1, SeqCst);
            async move {
                turn.await;
                inside.fetch_sub(1, SeqCst);
                Ok::<_, ()>(())
            }
        }));
        let tasks: Vec<_> = (0..20)
            .map(|_| rt.spawn(service.clone().oneshot(())))
            .collect();
        for task in tasks {
            assert_eq!(task.await.expect("it ends"), Ok(()));
        }
        assert!(most.load(SeqCst) <= 3);
        assert_whole(limit.semaphore());
    });
}

/// The one that holds the permit and one that was granted it, or waits for it, leave together.
#[test]
fn a_task_that_is_cancelled_passes_its_permit_on() {
    everywhere(|rt| async move {
        let limit = at_most(1);
        let service = limit.layer(service_fn(|last: bool| async move {
            if last {
                Ok::<_, ()>(())
            } else {
                pending().await
            }
        }));
        let holder = rt.spawn(service.clone().oneshot(false));
        while limit.semaphore().available() > 0 {
            rt.sleep(MOMENT).await;
        }
        let waiter = rt.spawn(service.clone().oneshot(false));
        let last = rt.spawn(service.oneshot(true));
        rt.yield_now().await;
        let _ended = waiter.cancel().await;
        let _ended = holder.cancel().await;
        assert_eq!(last.await.expect("it ends"), Ok(()));
        assert_whole(limit.semaphore());
    });
}

#[test]
fn many_calls_of_many_threads_share_one_budget() {
    everywhere(|rt| async move {
        let budget = Arc::new(RetryBudget::new().trickle(0.0));
        let retry = Retry::new(Backoff::fixed(Duration::ZERO))
            .max_attempts(NonZeroU32::MIN.saturating_add(3))
            .budget(Arc::clone(&budget));
        let (asked, turn) = (Arc::new(AtomicUsize::new(0)), rt.clone());
        let count = Arc::clone(&asked);
        let service = RetryLayer::new(rt.clone(), retry).layer(service_fn(move |(): ()| {
            count.fetch_add(1, SeqCst);
            let turn = turn.yield_now();
            async move {
                turn.await;
                Err::<(), _>(())
            }
        }));
        let tasks: Vec<_> = (0..30)
            .map(|_| rt.spawn(service.clone().oneshot(())))
            .collect();
        for task in tasks {
            assert!(task.await.expect("it ends").is_err());
        }
        assert_eq!(asked.load(SeqCst), 30 + 10, "ten retries for all of them");
        assert!(budget.level(&rt) <= 0.0);
    });
}

/// Answers, timeouts of attempts, waits for permits and the ends of callers race: whatever wins, nothing is lost.
#[test]
fn attempts_permits_and_callers_that_leave_race() {
    in_the_simulator(|rt| async move {
        let asked: Arc<[AtomicU32; 12]> = Arc::default();
        let (ledger, limit, clock, count) = (
            Ledger::default(),
            at_most(2),
            rt.clone(),
            Arc::clone(&asked),
        );
        let retry = RETRY.attempt_timeout(2 * MOMENT).budget(ledger.clone());
        let service = ServiceBuilder::new()
            .layer(FlattenLayer)
            .layer(RetryLayer::new(rt.clone(), retry))
            .layer(FlattenLayer)
            .layer(limit.clone())
            .layer(TimeoutLayer::new(rt.clone(), 2 * MOMENT))
            .service(service_fn(move |n: u32| {
                count[n as usize].fetch_add(1, SeqCst);
                let sleep = clock.sleep(n % 3 * MOMENT);
                async move {
                    sleep.await;
                    if n.is_multiple_of(2) {
                        Ok(n)
                    } else {
                        Err("odd")
                    }
                }
            }));
        let (mut tasks, start) = (Vec::new(), rt.now());
        for n in 0..12 {
            let (rt, service) = (rt.clone(), service.clone());
            tasks.push(rt.clone().spawn(async move {
                let allowed = (n / 3 + 1) * 2 * MOMENT;
                timeout(&rt, allowed, service.oneshot(n)).await
            }));
        }
        for task in tasks {
            if let Ok(Ok(n)) = task.await.expect("it ends") {
                assert!(n.is_multiple_of(2));
            }
        }
        assert!(rt.now() - start <= 8 * MOMENT);
        assert_whole(limit.semaphore());
        let again = |asked: &AtomicU32| asked.load(SeqCst).saturating_sub(1);
        ledger.assert_settled(asked.iter().map(again).sum());
    });
}

/// Polls a service that its task owns, as connections do: it is ready again after each response.
#[test]
fn one_service_serves_request_after_request() {
    everywhere(|rt| async move {
        let (limit, turn) = (at_most(1), rt.clone());
        let mut service = limit.layer(service_fn(move |n: u32| {
            let turn = turn.yield_now();
            async move {
                turn.await;
                Ok::<_, ()>(n)
            }
        }));
        for n in 0..10 {
            let response = service.ready().await.expect("it is").call(n);
            assert_eq!(response.await, Ok(n));
        }
        drop(service);
        assert_whole(limit.semaphore());
    });
}
