//! What is particular to tokio; what holds on every runtime is checked by `trunnion-conformance`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod blocking;
mod clock;
mod detect;
mod gate;
mod hook;
mod local;
mod nested;
mod owned;
mod shutdown;
mod sleep;
mod task;
#[cfg(feature = "tokio-util")]
mod tokio_util;
