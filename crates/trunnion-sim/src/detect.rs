//! The simulator's part in finding the current runtime.

use trunnion_core::context::{self, Probe};

/// A simulator is current through its own context only, so that there is nothing native to find.
static PROBE: Probe = Probe::new("sim", || None);

/// Adds the simulator to the runtimes that [`NoRuntime`](trunnion_core::NoRuntime) lists; [`Sim::new`](crate::Sim::new) does it too.
///
/// ```
/// use trunnion_core::AnyRuntime;
///
/// trunnion_sim::register();
/// let refused = AnyRuntime::current().unwrap_err();
/// assert!(refused.asked.contains(&"sim"));
/// ```
pub fn register() {
    context::register(&PROBE);
}
