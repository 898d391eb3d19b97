//! What every task waits for.

use core::fmt;

use trunnion_core::Clock;

use crate::report;
use crate::runtime::SimRuntime;

impl SimRuntime {
    /// Lists every task: its name, where it was spawned, and what it waits for.
    ///
    /// # Cost
    /// It looks at all tasks and timers.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_core::{Spawn, SpawnOptions, TaskHandle, Timer};
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let nap = rt.sleep(Duration::from_secs(5));
    ///     let napping = rt.spawn_with(SpawnOptions::new().name("napping"), nap);
    ///     rt.settle().await;
    ///     let dump = rt.dump().to_string();
    ///     assert!(dump.contains("`napping`") && dump.contains("sleeps until 5s"), "{dump}");
    ///     napping.await.unwrap();
    /// });
    /// ```
    #[must_use]
    pub fn dump(&self) -> TaskDump {
        let now = self.now();
        let state = self.shared.state.lock();
        TaskDump(report::dump(&state, now))
    }
}

/// Tells what every task waits for; made by [`SimRuntime::dump`].
#[derive(Clone)]
pub struct TaskDump(String);

impl fmt::Display for TaskDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TaskDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
