//! Being found by `AnyRuntime::current()`.

use trunnion_core::context::{self, Probe};

/// smol keeps no note of which executor a thread is running, so that there is nothing to ask: its runtimes are found by the
/// context of trunnion's own tasks and entries. The probe is there to be listed among those that were asked.
static PROBE: Probe = Probe::new(crate::KIND, || None);

/// Adds smol to the runtimes that detection asks; it starts nothing, and again does no harm.
///
/// The constructors of this crate call it. [`SmolGlobal`](crate::SmolGlobal) has none, so that programs which use only it
/// are listed once they entered it.
///
/// ```
/// use trunnion_core::AnyRuntime;
///
/// trunnion_smol::register();
/// let error = AnyRuntime::current().unwrap_err();
/// assert_eq!(error.asked, ["smol"]);
/// ```
pub fn register() {
    context::register(&PROBE);
}
