//! Many sleeps at once.

use core::future::Future;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake;

use trunnion_core::{Clock, Entropy, Spawn, Timer, YieldOnce};

use super::MS;
use crate::Adapter;
use crate::cases::enter;
use crate::limit::soon;
use crate::probe::{Event, poll_by};

/// In which order the sleeps woke.
#[derive(Default)]
struct Log {
    order: Mutex<Vec<usize>>,
    full: Event,
}

/// The waker of one sleep.
struct Entry {
    index: usize,
    log: Arc<Log>,
}

const SLEEPS: usize = 1_000;

impl Wake for Entry {
    fn wake(self: Arc<Self>) {
        let mut order = self
            .log
            .order
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        order.push(self.index);
        let full = order.len() >= SLEEPS;
        drop(order);
        if full {
            self.log.full.set();
        }
    }
}

/// Mixes the numbers below `len`.
fn shuffled<R: Entropy>(rt: &R, len: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..len).collect();
    for last in (1..len).rev() {
        let other = usize::try_from(rt.next_u64() % (last as u64 + 1)).unwrap_or(0);
        numbers.swap(last, other);
    }
    numbers
}

/// A thousand, made in a random order. The wakes are compared, for the tasks behind them may run on several threads.
/// Equal deadlines may wake in any order.
pub fn t14_deadlines_fire_in_order<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        // All must be made before the first is due: on a slow machine that is tried again.
        for ahead in [50 * MS, 500 * MS, 5_000 * MS] {
            if let Some(order) = order_of_wakes(&rt, ahead).await {
                assert!(order.is_sorted(), "they woke in the order {order:?}");
                assert_eq!(order.len(), SLEEPS);
                return;
            }
        }
        panic!("the machine is too slow to make {SLEEPS} sleeps before the first ends");
    });
}

/// Polls each sleep once, with a waker that is logged; `None` if the first was due too early.
async fn order_of_wakes<R: Timer + Entropy>(rt: &R, ahead: Duration) -> Option<Vec<usize>> {
    let log = Arc::new(Log::default());
    let spacing = rt.granularity().max(Duration::from_micros(20));
    let base = rt.now() + ahead;
    let mut sleeps = Vec::new();
    for (made, index) in shuffled(rt, SLEEPS).into_iter().enumerate() {
        let steps = u32::try_from(index).unwrap_or(0);
        let mut sleep = Box::pin(rt.sleep_until(base + spacing * steps));
        let log = Arc::clone(&log);
        let _pending = poll_by(&Waker::from(Arc::new(Entry { index, log })), &mut sleep);
        sleeps.push(sleep);
        // A runtime may limit what one poll does.
        if made % 32 == 31 {
            YieldOnce::new().await;
        }
    }
    if rt.now() >= base {
        return None;
    }
    log.full.wait().await;
    let order = log.order.lock().unwrap_or_else(PoisonError::into_inner);
    Some(order.clone())
}

/// Each round wakes 2,000 tasks at once, and what one of them starts still runs.
pub fn t17_thousands_of_equal_deadlines_starve_nobody<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let woken = Arc::new(AtomicUsize::new(0));
        let due = Event::new();
        let bystander = rt.spawn(due.wait());
        let deadline = rt.now() + 20 * MS;
        let round = |rt: A::Runtime| {
            let (woken, due) = (Arc::clone(&woken), due.clone());
            async move {
                for later in 0..2 {
                    rt.sleep_until(deadline + later * MS).await;
                    woken.fetch_add(1, Ordering::Relaxed);
                    due.set();
                }
            }
        };
        let tasks: Vec<_> = (0..2_000).map(|_| rt.spawn(round(rt.clone()))).collect();
        soon(&rt, bystander).await.expect("the bystander runs");
        for task in tasks {
            soon(&rt, task).await.expect("the sleeper ends");
        }
        assert_eq!(woken.load(Ordering::Relaxed), 4_000);
    });
}

/// Whichever is polled first.
pub fn t18_the_earlier_of_two_sleeps_wins<A: Adapter>() {
    async fn first<F: Future<Output = ()> + Unpin>(mut sleeps: [F; 2]) -> usize {
        core::future::poll_fn(|cx| {
            let mut polls = sleeps.iter_mut().map(|sleep| poll_by(cx.waker(), sleep));
            polls
                .position(|poll| poll.is_ready())
                .map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
    enter::<A, _>(|rt| async move {
        let sleep = |pause| Box::pin(rt.sleep(pause));
        let hour = Duration::from_secs(3_600);
        assert_eq!(soon(&rt, first([sleep(2 * MS), sleep(hour)])).await, 0);
        assert_eq!(soon(&rt, first([sleep(hour), sleep(2 * MS)])).await, 1);
    });
}
