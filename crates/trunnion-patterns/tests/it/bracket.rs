//! Resources whose release always runs.

mod panics;
mod scopes;

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use trunnion_core::{BlockOn, Clock, Runtime, Spawn, TaskHandle, Timer, YieldNow};
use trunnion_patterns::{BracketError, Fault, bracket, timeout};
use trunnion_sim::{Schedule, Sim, SimRuntime, cancel_sweep_in, run};

const MOMENT: Duration = Duration::from_millis(1);

/// What fails in these tests.
type Wrong = &'static str;

/// Counts what was acquired, what was released to its end, and what is alive.
#[derive(Clone, Default)]
struct Books(Arc<[AtomicUsize; 3]>);

/// A resource of such books.
struct Resource(Books);

impl Books {
    fn count(&self, line: usize) -> usize {
        self.0[line].load(SeqCst)
    }

    fn add(&self, line: usize) {
        self.0[line].fetch_add(1, SeqCst);
    }

    /// What was acquired, released, and is alive.
    fn all(&self) -> (usize, usize, usize) {
        (self.count(0), self.count(1), self.count(2))
    }

    fn make(&self) -> Resource {
        self.add(0);
        self.add(2);
        Resource(self.clone())
    }

    async fn acquire(&self, rt: &SimRuntime) -> Result<Resource, Wrong> {
        rt.yield_now().await;
        rt.sleep(MOMENT).await;
        Ok(self.make())
    }
}

impl Drop for Resource {
    fn drop(&mut self) {
        self.0.0[2].fetch_sub(1, SeqCst);
    }
}

/// Releases after a while and a half.
fn release(
    rt: &SimRuntime,
) -> impl FnOnce(Resource) -> Pin<Box<dyn Future<Output = Result<(), Wrong>> + Send>>
+ Send
+ 'static
+ use<> {
    let rt = rt.clone();
    move |resource| {
        Box::pin(async move {
            rt.sleep(MOMENT).await;
            rt.yield_now().await;
            resource.0.add(1);
            Ok(())
        })
    }
}

fn in_each_schedule<F: Future<Output = ()>>(case: impl Fn(SimRuntime) -> F) {
    for seed in 0..256 {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        sim.block_on(case(sim.handle()));
    }
}

#[test]
fn the_value_comes_when_the_release_has_ended() {
    in_each_schedule(|rt| async move {
        let books = Books::default();
        let text = String::from("borrowed");
        let mut seen = 0;
        let length = bracket(
            &rt,
            books.acquire(&rt),
            async |resource: &mut Resource| {
                seen = resource.0.count(2);
                rt.yield_now().await;
                Ok(text.len())
            },
            release(&rt),
        );
        assert_eq!(length.await.expect("nothing fails"), 8);
        assert_eq!((seen, books.all()), (1, (1, 1, 0)));
    });
}

#[test]
fn a_failed_acquire_uses_and_releases_nothing() {
    run(|rt| async move {
        let failed = bracket(
            &rt,
            async { Err("no room") },
            async |_: &mut Resource| -> Result<(), _> { unreachable!() },
            async |_| unreachable!(),
        );
        assert!(matches!(
            failed.await,
            Err(BracketError::Acquire("no room"))
        ));
    });
}

#[test]
fn a_failed_use_is_released_and_its_error_comes_first() {
    run(|rt| async move {
        let books = Books::default();
        let failed = bracket(
            &rt,
            books.acquire(&rt),
            async |_: &mut Resource| Err::<(), _>("use"),
            release(&rt),
        );
        assert!(matches!(failed.await, Err(BracketError::Use("use", None))));
        assert_eq!(books.all(), (1, 1, 0));
        let both = bracket(
            &rt,
            books.acquire(&rt),
            async |_: &mut Resource| Err::<(), _>("use"),
            async |_| Err("release"),
        );
        let error = both.await.expect_err("both fail");
        assert!(matches!(
            error,
            BracketError::Use("use", Some(Fault::Error("release")))
        ));
        assert_eq!(error.to_string(), "use (then the release failed: release)");
        assert_eq!(error.into_first(), Some("use"));
    });
}

#[test]
fn a_failed_release_keeps_the_value() {
    run(|rt| async move {
        let failed = bracket(
            &rt,
            async { Ok(1) },
            async |number: &mut i32| Ok(*number + 1),
            async |_| Err("release"),
        );
        let error = failed.await.expect_err("the release fails");
        assert_eq!(error.to_string(), "the release failed: release");
        assert_eq!(error.into_value(), Some(2));
    });
}

#[test]
fn a_caller_that_times_out_is_told_at_once_and_the_release_goes_on() {
    in_each_schedule(|rt| async move {
        let (books, start) = (Books::default(), rt.now());
        let endless = bracket(
            &rt,
            books.acquire(&rt),
            async |_: &mut Resource| -> Result<(), _> { pending().await },
            release(&rt),
        );
        assert!(timeout(&rt, 3 * MOMENT, endless).await.is_err());
        assert_eq!(rt.now() - start, 3 * MOMENT);
        assert_eq!((books.count(0), books.count(1)), (1, 0));
        rt.sleep(2 * MOMENT).await;
        assert_eq!(books.all(), (1, 1, 0));
    });
}

#[test]
fn a_caller_that_is_aborted_anywhere_has_released_what_it_acquired() {
    in_each_schedule(|rt| async move {
        for moments in 0..6 {
            let books = Books::default();
            let (inner, kept) = (rt.clone(), books.clone());
            let task = rt.spawn(async move {
                let done = bracket(
                    &inner,
                    kept.acquire(&inner),
                    async |_: &mut Resource| {
                        inner.sleep(MOMENT).await;
                        Ok(())
                    },
                    release(&inner),
                );
                done.await.is_ok()
            });
            rt.sleep(moments * MOMENT).await;
            let _ = task.cancel().await;
            rt.sleep(3 * MOMENT).await;
            let (acquired, released, alive) = books.all();
            assert_eq!((released, alive), (acquired, 0), "after {moments}");
        }
    });
}

/// What is acquired is released once, wherever the bracket is dropped.
#[test]
fn what_was_acquired_is_released_wherever_it_is_dropped() {
    for seed in 0..64 {
        let sweep = cancel_sweep_in(
            || Sim::new().schedule(Schedule::Random).seed(seed),
            |rt| {
                let books = Books::default();
                let kept = books.clone();
                let future = async move {
                    bracket(
                        &rt,
                        kept.acquire(&rt),
                        async |_: &mut Resource| {
                            rt.yield_now().await;
                            rt.sleep(MOMENT).await;
                            Ok(())
                        },
                        release(&rt),
                    )
                    .await
                    .is_ok()
                };
                (books, future)
            },
            |rt, books| async move {
                rt.sleep(3 * MOMENT).await;
                let (acquired, released, alive) = books.all();
                assert_eq!((released, alive), (acquired, 0));
                assert_eq!(rt.next_deadline(), None, "a timer is left");
            },
        );
        assert!(sweep.polls > 4, "it waits");
    }
}

/// What is spawned must be seen to be `Send`, whatever the runtime is and whatever the use borrows.
fn in_a_task<R: Runtime>(rt: &R) -> R::Task<usize> {
    let rt = rt.clone();
    rt.clone().spawn(async move {
        let text = String::from("borrowed");
        let used = async |length: &mut usize| {
            rt.yield_now().await;
            *length += text.len();
            Ok::<_, Wrong>(*length)
        };
        let later = rt.clone();
        let release = async move |_| {
            later.yield_now().await;
            Ok(())
        };
        let done = bracket(&rt, async { Ok(1) }, used, release).await;
        done.unwrap_or(0)
    })
}

#[test]
fn a_bracket_is_send_in_a_task_of_any_runtime() {
    run(|rt| async move {
        assert_eq!(in_a_task(&rt).await.expect("it ends"), 9);
    });
}

#[test]
fn nothing_is_acquired_before_it_is_polled() {
    run(|rt| async move {
        let books = Books::default();
        let used = async |_: &mut Resource| Ok(());
        drop(bracket(&rt, books.acquire(&rt), used, release(&rt)));
        rt.settle().await;
        assert_eq!(books.all(), (0, 0, 0));
    });
}

#[test]
fn a_runtime_that_has_ended_drops_the_release_and_says_so() {
    let rt = Sim::new().handle();
    let books = Books::default();
    let ended = Sim::new().block_on(bracket(
        &rt,
        async { Ok(books.make()) },
        async |_: &mut Resource| Ok(5),
        release(&rt),
    ));
    let error = ended.expect_err("nobody releases");
    assert!(matches!(error, BracketError::Release(Fault::Shutdown, 5)));
    assert_eq!(books.all(), (1, 0, 0), "it is dropped");
}
