//! Panics of acquire, use and release.

use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Poll};

use trunnion_core::panic::catch;
use trunnion_core::{PanicPayload, Timer, YieldNow};
use trunnion_patterns::{BracketError, Fault, bracket};
use trunnion_sim::run;

use super::{Books, MOMENT, Resource, Wrong, in_each_schedule, release};

/// Awaits a future and keeps its panic.
async fn caught<F: Future>(future: F) -> Result<F::Output, PanicPayload> {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |cx| match catch(|| future.as_mut().poll(cx)) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
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
