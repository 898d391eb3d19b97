//! Sleeps away from the runtime's threads.

use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::thread;

use trunnion_core::{Clock, Sleep, Timer};

use super::MS;
use crate::Adapter;
use crate::cases::enter;
use crate::foreign;
use crate::limit::soon;
use crate::probe::Event;

/// Nothing is entered there.
pub fn t15_a_sleep_made_on_a_plain_thread_works<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let elsewhere = rt.clone();
        let made = thread::spawn(move || {
            let deadline = elsewhere.now() + 3 * MS;
            Box::pin(elsewhere.sleep_until(deadline))
        });
        let mut sleep = made.join().expect("making a sleep needs no context");
        soon(&rt, sleep.as_mut()).await;
        assert!(rt.now() >= sleep.deadline());
    });
}

/// The runtime keeps time, somebody else polls and is woken.
pub fn t16_a_sleep_polled_by_a_foreign_executor_works<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let (polled, done) = (Event::new(), Event::new());
        let hold = rt.hold();
        let foreign = thread::spawn({
            let (rt, polled, done) = (rt.clone(), polled.clone(), done.clone());
            move || {
                let deadline = rt.now() + 5 * MS;
                foreign::block_on(tell(rt.sleep_until(deadline), polled));
                assert!(rt.now() >= deadline);
                done.set();
            }
        });
        soon(&rt, polled.wait()).await;
        drop(hold);
        // A virtual clock goes on only where somebody on it waits.
        rt.sleep(10 * MS).await;
        let _hold = rt.hold();
        soon(&rt, done.wait()).await;
        foreign.join().expect("the foreign executor ends");
    });
}

/// Tells that the future was polled.
async fn tell<F: Future<Output = ()>>(future: F, polled: Event) {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let poll: Poll<()> = future.as_mut().poll(cx);
        polled.set();
        poll
    })
    .await;
}
