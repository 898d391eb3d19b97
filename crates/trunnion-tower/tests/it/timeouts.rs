//! Responses that take too long.

use std::cell::Cell;
use std::future::{pending, ready};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use tower::{Layer, Service, ServiceExt};
use trunnion_core::{Clock, Instant, Timer};
use trunnion_patterns::{Failure, gather};
use trunnion_sim::SimRuntime;
use trunnion_tower::TimeoutLayer;

use crate::server::{gated, server};

const SECOND: Duration = Duration::from_secs(1);

/// A timer that must not be asked.
#[derive(Clone)]
struct Untouched;

impl Clock for Untouched {
    fn now(&self) -> Instant {
        panic!("the clock is read")
    }
}

impl Timer for Untouched {
    type Sleep = <SimRuntime as Timer>::Sleep;

    fn sleep_until(&self, _: Instant) -> Self::Sleep {
        panic!("a timer is made")
    }

    fn granularity(&self) -> Duration {
        Duration::ZERO
    }
}

#[test]
fn a_response_that_is_ready_at_once_reads_no_clock() {
    trunnion_sim::run(|_| async {
        let layer = TimeoutLayer::new(Untouched, SECOND);
        let answer = layer.layer(server(|n: u32| ready(Ok::<_, ()>(n))));
        assert_eq!(answer.oneshot(7).await, Ok(7));
    });
}

#[test]
fn a_response_that_is_not_in_time_is_dropped_before_the_failure_is_given() {
    struct Gone(Rc<Cell<bool>>);
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    trunnion_sim::run(|rt| async move {
        let gone = Rc::new(Cell::new(false));
        let silent = server(|gone: Gone| async move {
            let _gone = gone;
            pending::<Result<(), &str>>().await
        });
        let mut service = TimeoutLayer::new(rt.clone(), SECOND).layer(silent);
        let start = rt.now();
        let service = service.ready().await.expect("it is");
        // Kept, so that not its drop is what drops the response.
        let mut response = pin!(service.call(Gone(Rc::clone(&gone))));
        let failure = response.as_mut().await.expect_err("it is silent");
        assert!(failure.is_elapsed() && gone.get());
        assert_eq!(rt.now() - start, SECOND);
        assert_eq!(rt.next_deadline(), None, "the timer is gone too");
    });
}

#[test]
fn a_response_in_the_last_instant_is_not_lost_and_one_in_time_leaves_no_timer() {
    trunnion_sim::run(|rt| async move {
        let clock = rt.clone();
        let slow = server(move |after: Duration| {
            let sleep = clock.sleep(after);
            async move {
                sleep.await;
                Ok::<_, ()>(1)
            }
        });
        let mut service = TimeoutLayer::new(rt.clone(), SECOND).layer(slow);
        for after in [SECOND / 2, SECOND] {
            let service = service.ready().await.expect("it is");
            let mut response = pin!(service.call(after));
            assert_eq!(response.as_mut().await, Ok(1));
            assert_eq!(rt.next_deadline(), None, "its future is kept");
        }
    });
}

#[test]
fn errors_of_the_service_pass_as_they_are() {
    trunnion_sim::run(|rt| async move {
        let layer = TimeoutLayer::new(rt, SECOND);
        let service = layer.layer(server(|(): ()| ready(Err::<(), _>("down"))));
        assert_eq!(service.oneshot(()).await, Err(Failure::Op("down")));
        let closed = gated(|(): ()| ready(Ok(())), || Poll::Ready(Err("closed")));
        let service = layer.layer(closed);
        assert_eq!(service.oneshot(()).await, Err(Failure::Op("closed")));
    });
}

#[test]
fn to_become_ready_takes_as_long_as_it_takes() {
    trunnion_sim::run(|rt| async move {
        let (clock, since) = (rt.clone(), rt.now());
        let busy = gated(
            |(): ()| ready(Ok::<_, ()>(1)),
            move || {
                if clock.now() - since < 9 * SECOND {
                    Poll::Pending
                } else {
                    Poll::Ready(Ok(()))
                }
            },
        );
        let service = TimeoutLayer::new(rt.clone(), SECOND).layer(busy);
        // Its neighbour wakes it.
        let (answer, ()) = gather((service.oneshot(()), rt.sleep(9 * SECOND))).await;
        assert_eq!(answer, Ok(1));
    });
}

#[test]
#[should_panic(expected = "the response was polled after it gave its result")]
fn a_response_gives_its_result_once() {
    trunnion_sim::run(|rt| async move {
        let mut service =
            TimeoutLayer::new(rt, SECOND).layer(server(|(): ()| ready(Ok::<_, ()>(1))));
        let mut response = pin!(service.ready().await.expect("it is").call(()));
        let _answer = response.as_mut().await;
        let _again = response.as_mut().await;
    });
}
