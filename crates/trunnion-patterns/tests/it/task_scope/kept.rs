//! Panics where a scope keeps what children give, and where it drops that.

use std::panic::AssertUnwindSafe;
use std::task::Poll;

use trunnion_core::{YieldNow, panic::catch};
use trunnion_patterns::{Done, Flow, Joiner, Outcome, Over, ScopeError, TaskScope, timeout};
use trunnion_sim::run;

use super::panics::{Bomb, caught, text};
use super::{Census, Fault, in_each_schedule};

#[test]
fn a_joiner_that_panics_in_the_childs_task_lets_no_scope_wait() {
    #[derive(Default)]
    struct Picky;
    impl Joiner<(), Fault> for Picky {
        type Output = ();

        fn keeps(_: &Outcome<(), Fault>) -> bool {
            panic!("picky")
        }

        fn on_done(&mut self, _: Done<(), Fault>) -> Flow {
            Flow::Continue
        }

        fn finish(self, _: &Over) -> Result<(), ScopeError<Fault>> {
            Ok(())
        }
    }

    in_each_schedule(|rt| async move {
        let census = Census::default();
        let raised = caught(TaskScope::builder(&rt).joiner(Picky).run(async |s| {
            s.spawn_detached(census.endless());
            drop(s.spawn(census.endless()));
            s.spawn_detached(async { Ok(()) });
            drop(s.spawn_blocking(|_| Ok(())));
            Ok(())
        }));
        let raised = timeout(&rt, super::MOMENT, raised).await;
        assert_eq!(text(raised.expect("it ends")), "picky");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn what_a_dropped_scope_has_kept_takes_nobody_with_it() {
    struct Error(#[expect(dead_code, reason = "it is dropped")] Bomb);

    run(|rt| async move {
        let census = Census::default();
        let mut scope = Box::pin(TaskScope::builder(&rt).run(async |s: TaskScope<_, (), _>| {
            for _ in 0..2 {
                let member = census.join();
                drop(s.spawn_graceful(|_| async move {
                    let _member = member;
                    std::future::pending().await
                }));
            }
            drop(s.spawn(async { std::panic::panic_any(Bomb("a payload")) }));
            rt.yield_now().await;
            Err::<(), _>(Error(Bomb("an error")))
        }));
        for _ in 0..3 {
            std::future::poll_fn(|cx| {
                assert!(scope.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            rt.settle().await;
        }
        assert!(catch(AssertUnwindSafe(|| drop(scope))).is_ok());
        rt.settle().await;
        assert_eq!(census.alive(), 0);
    });
}
