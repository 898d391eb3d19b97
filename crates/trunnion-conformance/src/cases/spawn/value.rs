//! The values that tasks give.

use trunnion_core::{Spawn, TaskHandle, Timer};

use super::MS;
use crate::Adapter;
use crate::cases::enter;
use crate::limit::{soon, until};
use crate::probe::Drops;

/// Exactly once: not before, and also when the task is detached or awaited.
pub fn s31_the_output_is_dropped_with_the_handle<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let (kept, detached, awaited) = (Drops::new(), Drops::new(), Drops::new());
        let give = |drops: &Drops| {
            let value = drops.probe();
            async move { value }
        };
        let task = rt.spawn(give(&kept));
        until(&rt, || task.is_finished()).await;
        rt.sleep(MS).await;
        assert_eq!(kept.count(), 0, "the handle may still be awaited");
        drop(task);
        until(&rt, || kept.count() == 1).await;
        rt.spawn(give(&detached)).detach();
        until(&rt, || detached.count() == 1).await;
        let value = soon(&rt, rt.spawn(give(&awaited)))
            .await
            .expect("the task ends");
        assert_eq!(awaited.count(), 0);
        drop(value);
        rt.sleep(MS).await;
        assert_eq!((kept.count(), detached.count(), awaited.count()), (1, 1, 1));
    });
}
