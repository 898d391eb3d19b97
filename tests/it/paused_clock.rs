//! V9: the clock that tokio's tests pause is the adapter's clock.

use std::time::Duration;

use tokio::runtime::Builder;
use trunnion_core::{BlockOn, Clock, RealClock, Sleep, Spawn, Timer};
use trunnion_tokio::{Tokio, TokioOwned};

const HOUR: Duration = Duration::from_hours(1);

fn paused() -> TokioOwned {
    let native = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    TokioOwned::from_runtime(native.expect("tokio starts")).expect("it has a timer")
}

#[test]
fn v09_sleeps_pass_in_no_time_when_tokio_is_paused() {
    let before = RealClock.now();
    let owner = paused();
    let rt = owner.handle();
    owner.block_on(async {
        let start = rt.now();
        rt.sleep(24 * HOUR).await;
        assert!(rt.now() - start >= 24 * HOUR);
    });
    assert!(RealClock.now() - before < HOUR);
}

#[test]
fn v09_now_stands_still_until_tokio_advances() {
    let owner = paused();
    let rt = owner.handle();
    owner.block_on(async {
        let start = rt.now();
        assert_eq!(rt.now(), start);
        tokio::time::advance(HOUR).await;
        assert_eq!(rt.now() - start, HOUR);
    });
}

#[test]
fn v09_an_advance_fires_sleeps_in_order() {
    let owner = paused();
    let rt = owner.handle();
    owner.block_on(async {
        let (sender, receiver) = async_channel::unbounded();
        for hours in [3, 1, 2] {
            let (timer, sender) = (rt.clone(), sender.clone());
            rt.spawn_detached(async move {
                timer.sleep(hours * HOUR).await;
                sender
                    .send((hours, timer.now()))
                    .await
                    .expect("the receiver is there");
            });
        }
        let start = rt.now();
        for expected in 1..=3 {
            let (hours, at) = receiver.recv().await.expect("a sleep ends");
            assert_eq!(hours, expected);
            assert!(at - start >= expected * HOUR);
        }
    });
}

#[tokio::test(start_paused = true)]
async fn v09_a_paused_tokio_test_needs_nothing_from_trunnion() {
    let rt = Tokio::current().expect("tokio is current");
    let sleep = rt.sleep(HOUR);
    assert!(!sleep.is_elapsed());
    let deadline = sleep.deadline();
    sleep.await;
    assert!(rt.now() >= deadline);
}
