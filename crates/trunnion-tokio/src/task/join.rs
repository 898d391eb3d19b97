//! What the handles of tasks, local tasks and blocking closures have in common.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;
use trunnion_core::panic::contain;
use trunnion_core::sync::atomic::{AtomicBool, Ordering};
use trunnion_core::{Abort, AbortHandle, JoinError, PanicPayload, TaskId};

use crate::Tokio;
use crate::shared::number;

/// Wraps tokio's handle and tells an abort from the end of the runtime.
pub(crate) struct Join<T> {
    // Empty once the handle was detached.
    native: Option<JoinHandle<T>>,
    runtime: Tokio,
    aborted: AtomicBool,
}

impl<T> Join<T> {
    pub(crate) fn new(native: JoinHandle<T>, runtime: Tokio) -> Self {
        Self {
            native: Some(native),
            runtime,
            aborted: AtomicBool::new(false),
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        let native = self
            .native
            .as_mut()
            .expect("a detached handle cannot be polled: `detach` consumes it");
        Pin::new(native)
            .poll(cx)
            .map(|result| result.map_err(|error| self.explain(error)))
    }

    fn explain(&self, error: tokio::task::JoinError) -> JoinError {
        match error.try_into_panic() {
            Ok(payload) => JoinError::Panicked(PanicPayload::new(payload)),
            // Tokio has one error for both.
            Err(_) if self.aborted.load(Ordering::Acquire) => JoinError::Cancelled,
            Err(_) if self.runtime.shared.has_ended() => JoinError::Shutdown,
            Err(_) => JoinError::Cancelled,
        }
    }

    pub(crate) fn abort(&self) {
        self.aborted.store(true, Ordering::Release);
        if let Some(native) = &self.native {
            native.abort();
        }
    }

    pub(crate) fn abort_handle(&self) -> AbortHandle {
        let native = self
            .native
            .as_ref()
            .expect("a detached handle has no abort handle: `detach` consumes it");
        AbortHandle::new(Target(native.abort_handle()))
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.native.as_ref().is_none_or(JoinHandle::is_finished)
    }

    pub(crate) fn id(&self) -> TaskId {
        TaskId::from_u64(
            self.native
                .as_ref()
                .map_or(0, |native| number(&native.id())),
        )
    }

    /// Lets the task run.
    pub(crate) fn detach(&mut self) {
        self.native = None;
    }

    /// Stops the task and leaves; a result that nobody took is dropped here.
    pub(crate) fn cancel(&mut self) {
        if let Some(native) = self.native.take() {
            if !native.is_finished() {
                native.abort();
            }
            contain(|| drop(native));
        }
    }
}

/// A task as an aborter sees it.
struct Target(tokio::task::AbortHandle);

impl Abort for Target {
    fn abort(&self) {
        self.0.abort();
    }

    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    fn id(&self) -> TaskId {
        TaskId::from_u64(number(&self.0.id()))
    }
}
