//! What the handles of tasks, local tasks and blocking closures have in common.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;
use trunnion_core::panic::contain;
use trunnion_core::{AbortHandle, JoinError, PanicPayload, TaskId};

use super::aborted::Aborted;
use crate::shared::number;

/// Wraps tokio's handle and tells an abort from the end of the runtime.
pub(crate) struct Join<T> {
    // Empty once the handle was detached.
    native: Option<JoinHandle<T>>,
    aborted: Aborted,
}

impl<T> Join<T> {
    pub(crate) const fn new(native: JoinHandle<T>) -> Self {
        Self {
            native: Some(native),
            aborted: Aborted::new(),
        }
    }

    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        let native = self
            .native
            .as_mut()
            .expect("a detached handle cannot be polled: `detach` consumes it");
        match Pin::new(native).poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(value)) => Poll::Ready(Ok(value)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.explain(error))),
        }
    }

    #[cold]
    fn explain(&self, error: tokio::task::JoinError) -> JoinError {
        match error.try_into_panic() {
            Ok(payload) => JoinError::Panicked(PanicPayload::new(payload)),
            Err(_) if self.aborted.is_set() => JoinError::Cancelled,
            // Nobody else can stop a task whose native handle is in here.
            Err(_) => JoinError::Shutdown,
        }
    }

    pub(crate) fn abort(&self) {
        // How a task has ended stays, whatever comes later.
        if let Some(native) = self.native.as_ref().filter(|it| !it.is_finished()) {
            self.aborted.set();
            native.abort();
        }
    }

    pub(crate) fn abort_handle(&self) -> AbortHandle {
        let native = self
            .native
            .as_ref()
            .expect("a detached handle has no abort handle: `detach` consumes it");
        AbortHandle::from(self.aborted.target(native))
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
    #[inline]
    pub(crate) fn cancel(&mut self) {
        if let Some(native) = self.native.take() {
            if !native.is_finished() {
                native.abort();
            }
            contain(|| drop(native));
        }
    }
}
