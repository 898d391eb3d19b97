//! Single sleeps: ready, moved, dropped, fired in order.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use trunnion_core::{BlockOn, Clock, Instant, Sleep, Spawn, Timer};
use trunnion_sim::{Schedule, Sim, run};

const SECOND: Duration = Duration::from_secs(1);
const ALL: [Schedule; 3] = [Schedule::Fifo, Schedule::Lifo, Schedule::Random];

fn at(seconds: u64) -> Instant {
    Instant::ORIGIN + SECOND * u32::try_from(seconds).unwrap()
}

struct Note(Arc<Mutex<Vec<usize>>>, usize);

impl Wake for Note {
    fn wake(self: Arc<Self>) {
        self.0.lock().unwrap().push(self.1);
    }
}

fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn sleeps_fire_in_the_order_of_their_deadlines() {
    for schedule in ALL {
        let sim = Sim::new().schedule(schedule).seed(3);
        let rt = sim.handle();
        let order = Arc::new(Mutex::new(Vec::new()));
        sim.block_on(async {
            let mut tasks = Vec::new();
            for n in 0..1_000_u64 {
                let nanos = n * 7_919 % 1_000 + 1;
                let (order, rt) = (Arc::clone(&order), rt.clone());
                tasks.push(rt.clone().spawn(async move {
                    rt.sleep(Duration::from_nanos(nanos)).await;
                    assert_eq!(rt.now().as_nanos(), nanos);
                    order.lock().unwrap().push(nanos);
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(*order.lock().unwrap(), (1..=1_000).collect::<Vec<_>>());
    }
}

#[test]
fn the_schedule_chooses_the_order_of_equal_deadlines() {
    let order = |schedule, seed| {
        let sim = Sim::new().schedule(schedule).seed(seed);
        let rt = sim.handle();
        let order = Arc::new(Mutex::new(Vec::new()));
        let wakers = (0..8).map(|n| {
            let waker = Waker::from(Arc::new(Note(Arc::clone(&order), n)));
            let mut sleep = Box::pin(rt.sleep(SECOND));
            assert!(poll(sleep.as_mut(), &waker).is_pending());
            sleep
        });
        let sleeps: Vec<_> = wakers.collect();
        sim.block_on(rt.sleep(SECOND * 2));
        drop(sleeps);
        Arc::into_inner(order).unwrap().into_inner().unwrap()
    };
    assert_eq!(order(Schedule::Fifo, 0), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(order(Schedule::Lifo, 0), [7, 6, 5, 4, 3, 2, 1, 0]);
    let random = order(Schedule::Random, 1);
    assert_eq!(random, order(Schedule::Random, 1));
    assert!((2..9).any(|seed| order(Schedule::Random, seed) != random));
}

#[test]
fn zero_and_past_deadlines_are_ready_at_the_first_poll() {
    run(|rt| async move {
        rt.sleep(SECOND).await;
        for deadline in [Instant::ORIGIN, rt.now()] {
            let mut sleep = pin!(rt.sleep_until(deadline));
            assert!(sleep.is_elapsed());
            assert!(poll(sleep.as_mut(), Waker::noop()).is_ready());
            assert!(
                poll(sleep.as_mut(), Waker::noop()).is_ready(),
                "and stays ready"
            );
        }
    });
}

#[test]
fn the_far_future_is_no_deadline() {
    run(|rt| async move {
        let mut forever = pin!(rt.sleep(Duration::MAX));
        poll_fn(|cx| {
            assert!(forever.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        assert_eq!(rt.next_deadline(), None);
        rt.advance(Duration::MAX).await;
        assert!(poll(forever.as_mut(), Waker::noop()).is_pending());
        assert!(rt.now() < Instant::FAR_FUTURE);
    });
}

#[test]
fn a_sleep_that_nobody_polled_is_no_deadline() {
    run(|rt| async move {
        let unpolled = rt.sleep(SECOND);
        assert_eq!(rt.next_deadline(), None);
        rt.sleep(SECOND * 2).await;
        assert!(unpolled.is_elapsed());
        unpolled.await;
    });
}

#[test]
fn reset_moves_a_sleep_both_ways_and_to_the_past() {
    run(|rt| async move {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut sleep = pin!(rt.sleep_until(at(5)));
        assert!(poll(sleep.as_mut(), &waker).is_pending());
        sleep.as_mut().reset(at(10));
        rt.advance(SECOND * 7).await;
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        sleep.as_mut().reset(at(8));
        assert_eq!(rt.next_deadline(), Some(at(8)));
        rt.advance(SECOND).await;
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert!(poll(sleep.as_mut(), &waker).is_ready());

        sleep.as_mut().reset(at(20));
        assert!(poll(sleep.as_mut(), &waker).is_pending(), "armed again");
        sleep.as_mut().reset(at(1));
        assert_eq!(count.0.load(Ordering::Relaxed), 2, "due at once: woken");
        assert!(poll(sleep.as_mut(), &waker).is_ready());
        assert_eq!(rt.next_deadline(), None);
    });
}

#[test]
fn dropping_a_sleep_removes_its_timer() {
    run(|rt| async move {
        for _ in 0..10_000 {
            let mut sleep = pin!(rt.sleep(SECOND));
            assert!(poll(sleep.as_mut(), Waker::noop()).is_pending());
            assert_eq!(rt.next_deadline(), Some(at(1)));
        }
        assert_eq!(rt.next_deadline(), None);
    });
}

#[test]
fn only_the_last_waker_of_a_sleep_is_woken() {
    run(|rt| async move {
        let (first, second) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let mut sleep = pin!(rt.sleep(SECOND));
        assert!(poll(sleep.as_mut(), &Waker::from(Arc::clone(&first))).is_pending());
        assert!(poll(sleep.as_mut(), &Waker::from(Arc::clone(&second))).is_pending());
        rt.advance(SECOND).await;
        assert_eq!(first.0.load(Ordering::Relaxed), 0);
        assert_eq!(second.0.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::strong_count(&first), 1, "its waker is dropped");
    });
}

#[test]
fn a_sleep_outlives_its_simulator_and_stays_pending() {
    let sim = Sim::new();
    let rt = sim.handle();
    let mut polled = pin!(rt.sleep(SECOND));
    let mut fresh = pin!(rt.sleep(SECOND));
    assert!(poll(polled.as_mut(), Waker::noop()).is_pending());
    drop(sim);
    assert!(poll(polled.as_mut(), Waker::noop()).is_pending());
    assert!(poll(fresh.as_mut(), Waker::noop()).is_pending());
    polled.as_mut().reset(Instant::ORIGIN);
    assert!(poll(polled.as_mut(), Waker::noop()).is_ready());
}

#[test]
fn a_waker_that_panics_stops_no_other_timer() {
    struct Bad;
    impl Wake for Bad {
        fn wake(self: Arc<Self>) {
            panic!("a waker");
        }
    }
    run(|rt| async move {
        let mut sleep = pin!(rt.sleep(SECOND));
        assert!(poll(sleep.as_mut(), &Waker::from(Arc::new(Bad))).is_pending());
        rt.sleep(SECOND).await;
        assert_eq!(rt.now(), at(1));
    });
}
