//! The bundles: what a library that spawns asks for.

use crate::{Entropy, RuntimeInfo, Spawn, SpawnLocal, Timer, YieldNow};

/// Bundles what a library needs whose futures may move between threads.
///
/// It holds for every type that has the parts. The `Send` requirements sit here and not in the parts, so that one generic
/// function serves runtimes of both kinds.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{JoinError, Runtime};
///
/// /// Computes in the background while a pause passes.
/// pub async fn both<R: Runtime>(rt: &R) -> Result<u32, JoinError> {
///     let answer = rt.spawn(async { 6 * 7 });
///     rt.sleep(Duration::from_millis(1)).await;
///     answer.await
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a runtime for futures that move between threads",
    note = "pass `trunnion_tokio::Tokio`, `trunnion_smol::SmolGlobal`, a simulator or `AnyRuntime`; local runtimes implement `LocalRuntime`"
)]
pub trait Runtime:
    Timer<Sleep: Send + Sync>
    + Spawn
    + YieldNow<Yield: Send>
    + Entropy
    + RuntimeInfo
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<R> Runtime for R where
    R: Timer<Sleep: Send + Sync>
        + Spawn
        + YieldNow<Yield: Send>
        + Entropy
        + RuntimeInfo
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Bundles what a library needs whose futures stay on the thread that spawned them.
///
/// It holds for every type that has the parts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a runtime for futures that stay on one thread",
    note = "pass `trunnion_tokio::TokioLocal`, `trunnion_smol::SmolLocal`, the simulator's local handle or `AnyLocalRuntime`"
)]
pub trait LocalRuntime:
    Timer + SpawnLocal + YieldNow + Entropy + RuntimeInfo + Clone + 'static
{
}

impl<R> LocalRuntime for R where
    R: Timer + SpawnLocal + YieldNow + Entropy + RuntimeInfo + Clone + 'static
{
}
