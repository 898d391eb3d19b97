//! Resources whose release always runs.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;

use trunnion_core::panic::catch;
use trunnion_core::{BlockOn, CancelKind, Clock, PanicPayload, Spawn, TaskHandle, Timer, YieldNow};
use trunnion_patterns::{
    BracketError, CollectAll, Discard, Fault, LimitedScope, PanicPolicy, TaskScope, bracket,
    timeout,
};
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

    fn acquire(&self, rt: &SimRuntime) -> impl Future<Output = Result<Resource, Wrong>> {
        async move {
            rt.yield_now().await;
            rt.sleep(MOMENT).await;
            Ok(self.make())
        }
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

/// Awaits a future and keeps its panic.
async fn caught<F: Future>(future: F) -> Result<F::Output, PanicPayload> {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |cx| match catch(|| future.as_mut().poll(cx)) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
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
fn a_panic_is_raised_when_the_release_has_ended() {
    in_each_schedule(|rt| async move {
        let books = Books::default();
        let raised = caught(bracket(
            &rt,
            books.acquire(&rt),
            async |_: &mut Resource| -> Result<(), _> {
                rt.yield_now().await;
                panic!("use")
            },
            release(&rt),
        ));
        let panic = raised.await.expect_err("it is raised");
        assert_eq!((panic.message(), books.all()), (Some("use"), (1, 1, 0)));
    });
}

#[test]
fn a_panic_in_the_release_stands_beside_an_error_and_is_raised_without_one() {
    run(|rt| async move {
        let beside = bracket(
            &rt,
            async { Ok(()) },
            async |(): &mut ()| Err::<(), _>("use"),
            async |()| panic!("release"),
        );
        let error = beside.await.expect_err("it fails");
        assert!(
            matches!(&error, BracketError::Use("use", Some(Fault::Panicked(panic)))
            if panic.message() == Some("release"))
        );
        let raised = caught(bracket(
            &rt,
            async { Ok::<_, Wrong>(()) },
            async |(): &mut ()| Ok(()),
            async |()| panic!("release"),
        ));
        let panic = raised.await.expect_err("it is raised");
        assert_eq!(panic.message(), Some("release"));
    });
}

/// Gives a resource, and panics when it is dropped.
struct Trap(Books);

impl Future for Trap {
    type Output = Result<Resource, Wrong>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(self.0.make()))
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        panic!("trap");
    }
}

#[test]
fn an_acquire_whose_destructor_panics_has_not_lost_the_resource() {
    run(|rt| async move {
        let books = Books::default();
        let raised = caught(bracket(
            &rt,
            Trap(books.clone()),
            async |_: &mut Resource| -> Result<(), _> { unreachable!() },
            release(&rt),
        ));
        let panic = raised.await.expect_err("it is raised");
        assert_eq!((panic.message(), books.all()), (Some("trap"), (1, 1, 0)));
    });
}

#[test]
fn a_use_whose_destructor_panics_in_a_drop_is_released() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("bomb");
        }
    }

    run(|rt| async move {
        let books = Books::default();
        let mut dropped = Box::pin(bracket(
            &rt,
            async { Ok(books.make()) },
            async |_: &mut Resource| -> Result<(), _> {
                let _bomb = Bomb;
                pending().await
            },
            release(&rt),
        ));
        std::future::poll_fn(|cx| {
            assert!(dropped.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        assert!(catch(|| drop(dropped)).is_err());
        rt.sleep(2 * MOMENT).await;
        assert_eq!(books.all(), (1, 1, 0));
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

#[test]
fn a_scope_waits_for_the_release_and_neither_cancels_nor_kills_it() {
    in_each_schedule(|rt| async move {
        let books = Books::default();
        let late = Arc::new(trunnion_core::sync::Mutex::new(Vec::new()));
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
            late.iter().any(|text| text.starts_with("`release` spawned at") && text.contains("bracket.rs")),
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
        assert!(
            matches!(&outcomes[..], [trunnion_patterns::Outcome::Panicked(panic)]
            if panic.message() == Some("release"))
        );
    });
}

#[test]
fn a_release_needs_no_place_of_a_limited_scope() {
    run(|rt| async move {
        let books = Books::default();
        let one = std::num::NonZeroUsize::MIN;
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
