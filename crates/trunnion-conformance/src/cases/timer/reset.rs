//! Moving a deadline.

use core::future::poll_fn;
use core::pin::Pin;
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use trunnion_core::{Clock, Instant, Sleep, Spawn, TaskHandle, Timer};

use super::MS;
use crate::Adapter;
use crate::cases::enter;
use crate::limit::soon;
use crate::probe::{Event, Wakes};

const HOUR: Duration = Duration::from_secs(3_600);

/// The first deadline does not end it.
pub fn t06_a_reset_to_later_moves_the_end<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let start = rt.now();
        let mut sleep = Box::pin(rt.sleep_until(start + 2 * MS));
        assert!(Wakes::new().poll(&mut sleep).is_pending() || sleep.is_elapsed());
        let later = start + 12 * MS;
        sleep.as_mut().reset(later);
        assert_eq!(sleep.deadline(), later);
        soon(&rt, sleep.as_mut()).await;
        assert!(rt.now() >= later, "the first deadline ended it");
    });
}

/// A task that waits in it is woken, without polling again by itself.
pub fn t07_a_reset_to_earlier_wakes_the_task<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let wakes = Wakes::new();
        let mut sleep = Box::pin(rt.sleep(HOUR));
        assert!(wakes.poll(&mut sleep).is_pending());
        let earlier = rt.now() + 3 * MS;
        sleep.as_mut().reset(earlier);
        soon(&rt, wakes.woken().wait()).await;
        soon(&rt, sleep.as_mut()).await;
        assert!(rt.now() >= earlier);
    });
}

/// More than once.
pub fn t08_a_reset_after_the_end_arms_it_again<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let mut sleep = Box::pin(rt.sleep(MS));
        for _ in 0..3 {
            soon(&rt, sleep.as_mut()).await;
            let next = rt.now() + 3 * MS;
            sleep.as_mut().reset(next);
            assert_eq!(sleep.deadline(), next);
            soon(&rt, sleep.as_mut()).await;
            assert!(rt.now() >= next, "it was still ready from before");
        }
        sleep.as_mut().reset(rt.now() + HOUR);
        assert!(!sleep.is_elapsed());
        assert!(Wakes::new().poll(&mut sleep).is_pending());
    });
}

/// It wakes the task that polled it, and the next poll is ready.
pub fn t09_a_reset_to_the_past_ends_it<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        rt.sleep(2 * MS).await;
        for past in [Instant::ORIGIN, rt.now() - MS, rt.now()] {
            let wakes = Wakes::new();
            let mut sleep = Box::pin(rt.sleep(HOUR));
            assert!(wakes.poll(&mut sleep).is_pending());
            sleep.as_mut().reset(past);
            assert!(sleep.is_elapsed());
            soon(&rt, wakes.woken().wait()).await;
            assert!(wakes.poll(&mut sleep).is_ready());
            let mut unpolled = Box::pin(rt.sleep(HOUR));
            unpolled.as_mut().reset(past);
            assert!(Wakes::new().poll(&mut unpolled).is_ready());
        }
    });
}

/// A sleep that two tasks reach.
type Shared<S> = Arc<Mutex<Pin<Box<S>>>>;

async fn wait_in<S: Sleep>(sleep: Shared<S>, started: Event) {
    poll_fn(move |cx| {
        let poll = sleep
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
            .poll(cx);
        started.set();
        poll
    })
    .await;
}

/// First to another hour, then to now.
pub fn t10_another_task_can_reset_it_between_polls<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let sleep: Shared<_> = Arc::new(Mutex::new(Box::pin(rt.sleep(HOUR))));
        let started = Event::new();
        let waiter = rt.spawn(wait_in(Arc::clone(&sleep), started.clone()));
        soon(&rt, started.wait()).await;
        let reset = |at| {
            sleep
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .as_mut()
                .reset(at);
        };
        reset(rt.now() + 2 * HOUR);
        rt.sleep(2 * MS).await;
        assert!(!waiter.is_finished());
        let near = rt.now() + 2 * MS;
        let resetter = rt.spawn({
            let sleep = Arc::clone(&sleep);
            async move {
                sleep
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .as_mut()
                    .reset(near);
            }
        });
        soon(&rt, resetter).await.expect("the reset is done");
        soon(&rt, waiter).await.expect("the waiter is woken");
        assert!(rt.now() >= near);
    });
}

/// A poll by another task takes the place of the one before.
pub fn t12_only_the_last_waker_is_woken<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        // A machine that stops for longer than the sleep shows nothing; it is tried again with a longer one.
        for pause in [20 * MS, 200 * MS, 2_000 * MS] {
            let wakes = [Wakes::new(), Wakes::new(), Wakes::new()];
            let mut sleep = Box::pin(rt.sleep(pause));
            if !wakes
                .iter()
                .all(|wakes| wakes.poll(&mut sleep).is_pending())
                || rt.now() >= sleep.deadline()
            {
                continue;
            }
            let [first, second, last] = wakes;
            soon(&rt, last.woken().wait()).await;
            rt.sleep(2 * MS).await;
            assert_eq!(
                (first.count(), second.count()),
                (0, 0),
                "a waker that was replaced was woken"
            );
            assert!(last.poll(&mut sleep).is_ready());
            return;
        }
        panic!("the machine is too slow to poll a sleep three times before it ends");
    });
}
