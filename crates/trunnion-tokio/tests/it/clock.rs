//! The clock: tokio's, also when it is paused.

use std::time::Duration;

use tokio::runtime::Builder;
use trunnion_core::{BlockOn, Clock, RealClock, Timer};
use trunnion_tokio::{Tokio, TokioOwned};

const DAY: Duration = Duration::from_secs(86_400);

fn paused() -> TokioOwned {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("tokio starts");
    TokioOwned::from_runtime(runtime).expect("it has a timer")
}

#[test]
fn a_paused_clock_is_followed_by_sleeps() {
    let began = RealClock.now();
    let owner = paused();
    let rt = owner.handle();
    owner.block_on(async {
        let start = rt.now();
        rt.sleep(DAY).await;
        let slept = rt.now() - start;
        assert!(slept >= DAY && slept < DAY + rt.granularity(), "{slept:?}");
    });
    assert!(RealClock.now() - began < DAY / 24);
}

#[test]
fn a_paused_clock_stands_still_and_follows_advance_exactly() {
    let owner = paused();
    let rt = owner.handle();
    owner.block_on(async {
        let start = rt.now();
        std::thread::park_timeout(Duration::from_millis(5));
        assert_eq!(rt.now(), start);
        tokio::time::advance(DAY).await;
        assert_eq!(rt.now() - start, DAY);
    });
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_that_started_before_the_first_value_is_measured_exactly() {
    let rt = Tokio::current().expect("tokio runs this");
    let start = rt.now();
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(rt.now() - start, Duration::from_secs(1));
}

#[test]
fn instants_convert_to_tokios_and_back() {
    let owner = TokioOwned::current_thread().expect("tokio starts");
    let rt = owner.handle();
    let native = tokio::time::Instant::now();
    let at = rt.from_std(native.into_std());
    assert_eq!(rt.to_std(at), Some(native.into_std()));
    assert!(rt.now() >= at);
}
