//! The test macro, used as a library would.

use std::io;
use std::time::Duration;

use trunnion::{Instant, Runtime, SpawnBlocking, TaskHandle, timeout};

trunnion::test_on_all! {
    async fn a_slow_operation_is_cut(rt: impl Runtime) {
        let slow = rt.sleep(Duration::from_secs(3600));
        let start: Instant = rt.now();
        assert!(timeout(&rt, Duration::from_millis(5), slow).await.is_err());
        assert!(rt.now() - start >= Duration::from_millis(5));
    }

    /// It may give a result.
    async fn the_work_is_shared(rt: impl Runtime + SpawnBlocking) -> io::Result<()> {
        let half = rt.spawn_blocking(|| 21);
        let other = rt.spawn(async { 21 });
        let sum = half.await.map_err(io::Error::other)? + other.await.map_err(io::Error::other)?;
        assert_eq!(sum, 42);
        Ok(())
    }

    async fn a_cancelled_task_is_gone(rt: impl Runtime) {
        let task = rt.spawn(std::future::pending::<()>());
        assert!(task.cancel().await.is_err_and(|error| error.is_cancelled()));
    }
}

trunnion::test_on_all! {
    #[should_panic(expected = "on purpose")]
    async fn attributes_reach_each_test(rt: impl Runtime) {
        rt.yield_now().await;
        panic!("on purpose");
    }
}
