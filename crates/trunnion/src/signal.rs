//! Ctrl-C and `SIGTERM` on the runtime that was chosen.

use std::io;

#[cfg(any(
    feature = "sim",
    all(any(feature = "tokio", feature = "smol"), any(unix, windows))
))]
use trunnion_core::Signals;
use trunnion_core::{AnyRuntime, RuntimeInfo, StopSignals};

/// Starts to listen for the signals that ask the program to stop, on whatever runtime `runtime` is.
///
/// On tokio and smol these are Ctrl-C and, where there is one, `SIGTERM`; in the simulator those that a test
/// [raises](trunnion_sim::SimRuntime::raise). Where the type of the runtime is known, its own
/// [`stop_signals`](trunnion_core::Signals::stop_signals) does the same.
///
/// ```
/// use std::time::Duration;
/// use trunnion::{Shutdown, StopSignal, signal, sim::SimRuntime};
///
/// trunnion::run(trunnion::Kind::SIM, async |rt| {
///     let shutdown = Shutdown::builder(&rt)
///         .phase("drain", Duration::from_secs(20))
///         .signals(signal::stop_signals(&rt)?) // the first begins the shutdown, the second kills
///         .build();
///     # rt.downcast_ref::<SimRuntime>().unwrap().raise(StopSignal::Terminate);
///     let report = shutdown.run().await;
///     # assert_eq!(std::error::Error::source(&report.reason).unwrap().to_string(), "terminated by SIGTERM");
///     # assert!(report.is_clean());
///     Ok::<_, std::io::Error>(())
/// })??;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// What the operating system or the runtime says when it cannot listen; [`Unsupported`](io::ErrorKind::Unsupported) for a runtime of
/// another kind.
pub fn stop_signals(runtime: &AnyRuntime) -> io::Result<StopSignals> {
    #[cfg(all(feature = "tokio", any(unix, windows)))]
    if let Some(rt) = runtime.downcast_ref::<trunnion_tokio::Tokio>() {
        return rt.stop_signals();
    }
    #[cfg(all(feature = "smol", any(unix, windows)))]
    {
        if let Some(rt) = runtime.downcast_ref::<trunnion_smol::SmolExecutor>() {
            return rt.stop_signals();
        }
        if let Some(rt) = runtime.downcast_ref::<trunnion_smol::SmolGlobal>() {
            return rt.stop_signals();
        }
    }
    #[cfg(feature = "sim")]
    if let Some(rt) = runtime.downcast_ref::<trunnion_sim::SimRuntime>() {
        return rt.stop_signals();
    }
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        format!(
            "trunnion::signal does not know the runtime \"{}\"; ask its adapter for signals",
            runtime.info().name()
        ),
    ))
}
