//! The place of one operation, and later of its output.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

pub(super) struct Slot<Fut: Future> {
    // Empty once the operation has ended: it is dropped then, not when its output is taken.
    operation: Pin<Box<Option<Fut>>>,
    output: Option<Fut::Output>,
}

impl<Fut: Future> Slot<Fut> {
    pub(super) fn new() -> Self {
        Self {
            operation: Box::pin(None),
            output: None,
        }
    }

    pub(super) fn start(&mut self, operation: Fut) {
        self.operation.set(Some(operation));
    }

    /// Polls the operation if it is still running.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        let Some(operation) = self.operation.as_mut().as_pin_mut() else {
            return;
        };
        if let Poll::Ready(output) = operation.poll(cx) {
            self.output = Some(output);
            self.operation.set(None);
        }
    }

    pub(super) const fn is_done(&self) -> bool {
        self.output.is_some()
    }

    pub(super) fn take(&mut self) -> Option<Fut::Output> {
        self.output.take()
    }
}
