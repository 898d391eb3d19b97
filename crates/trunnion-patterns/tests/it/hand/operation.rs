//! A future that is finished by hand and counts what happens to it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Watches an [`Operation`] and finishes it.
#[derive(Clone, Default)]
pub(crate) struct Remote(Rc<Inner>);

#[derive(Default)]
struct Inner {
    ready: Cell<bool>,
    polls: Cell<usize>,
    drops: Cell<usize>,
    waker: RefCell<Option<Waker>>,
}

impl Remote {
    pub(crate) fn operation(&self) -> Operation {
        Operation(self.clone())
    }

    pub(crate) fn finish(&self) {
        self.0.ready.set(true);
        if let Some(waker) = self.0.waker.take() {
            waker.wake();
        }
    }

    pub(crate) fn polls(&self) -> usize {
        self.0.polls.get()
    }

    pub(crate) fn drops(&self) -> usize {
        self.0.drops.get()
    }
}

pub(crate) struct Operation(Remote);

impl Future for Operation {
    type Output = &'static str;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<&'static str> {
        let inner = &self.0.0;
        inner.polls.set(inner.polls.get() + 1);
        if inner.ready.get() {
            return Poll::Ready("done");
        }
        inner.waker.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.0.0.drops.set(self.0.0.drops.get() + 1);
    }
}
