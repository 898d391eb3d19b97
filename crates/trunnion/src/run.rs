//! Entering the chosen runtime, and finding the current one.

use std::io;

#[cfg(any(feature = "tokio", feature = "smol", feature = "sim"))]
use trunnion_core::BlockOn;
use trunnion_core::{AnyRuntime, NoRuntime};

use crate::Kind;
#[cfg(any(feature = "tokio", feature = "smol", feature = "sim"))]
use crate::kind::Name;

/// Starts the runtime `kind`, runs `main` on it, and ends it.
///
/// It blocks the calling thread until `main` is done. Tasks that are then still running are dropped. Choose `kind` in the
/// program, or with [`Kind::from_env`] where it starts.
///
/// # Errors
/// What the operating system says when a thread cannot be started.
///
/// # Panics
/// When `main` panics, and when the thread is already polling a task of that runtime.
///
/// ```
/// use std::time::Duration;
/// use trunnion::{Kind, Timer};
///
/// for kind in Kind::compiled() {
///     let answer = trunnion::run(*kind, async |rt| {
///         rt.sleep(Duration::from_millis(1)).await;
///         6 * 7
///     });
///     assert_eq!(answer.unwrap(), 42);
/// }
/// ```
#[cfg_attr(
    not(any(feature = "tokio", feature = "smol", feature = "sim")),
    expect(
        unused_variables,
        clippy::needless_pass_by_value,
        reason = "without a runtime there is no `Kind`, and nobody can call it"
    )
)]
pub fn run<T>(kind: Kind, main: impl AsyncFnOnce(AnyRuntime) -> T) -> io::Result<T> {
    match kind.0 {
        #[cfg(feature = "tokio")]
        Name::Tokio => {
            let owner = trunnion_tokio::TokioOwned::multi_thread()?;
            Ok(owner.block_on(main(AnyRuntime::new(owner.handle()))))
        }
        #[cfg(feature = "smol")]
        Name::Smol => {
            let owner = trunnion_smol::SmolOwned::multi_thread()?;
            Ok(owner.block_on(main(AnyRuntime::new(owner.handle()))))
        }
        #[cfg(feature = "sim")]
        Name::Sim => {
            let owner = trunnion_sim::Sim::new();
            Ok(owner.block_on(main(AnyRuntime::new(owner.handle()))))
        }
    }
}

/// Finds the runtime that is current on this thread, also inside a plain `#[tokio::main]`.
///
/// It registers the probes of all compiled adapters and then asks [`AnyRuntime::current`]. Resolve it once and keep the
/// value. It never starts a thread.
///
/// # Errors
/// [`NoRuntime`], which lists who was asked.
///
/// ```
/// let error = trunnion::current().unwrap_err();
/// assert!(error.to_string().starts_with("no runtime is current"));
/// ```
pub fn current() -> Result<AnyRuntime, NoRuntime> {
    #[cfg(feature = "tokio")]
    trunnion_tokio::register();
    #[cfg(feature = "smol")]
    trunnion_smol::register();
    #[cfg(feature = "sim")]
    trunnion_sim::register();
    AnyRuntime::current()
}
