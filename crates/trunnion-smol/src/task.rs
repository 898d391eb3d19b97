//! What is given to the native executor for a task.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use trunnion_core::panic::{catch, contain};

use crate::home::Home;
use crate::tally;

pin_project! {
    /// Keeps the panics of a future, and those of its destructor, from the executor, and ends with its runtime.
    ///
    /// async-task survives a panic in a poll, but aborts the process for one in a destructor or in a payload's.
    pub(crate) struct Contained<F> {
        #[pin]
        future: Option<F>,
        home: Home,
    }

    impl<F> PinnedDrop for Contained<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if this.future.is_some() {
                // An executor of the program's own may end while another runtime counts its tasks.
                if this.home.is_counted() {
                    tally::count();
                }
                end(this.future, this.home);
            }
        }
    }
}

impl<F> Contained<F> {
    pub(crate) const fn new(home: Home, future: F) -> Self {
        Self {
            future: Some(future),
            home,
        }
    }
}

impl<F: Future<Output = ()>> Future for Contained<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.future.is_none() {
            return Poll::Ready(());
        }
        if this.home.is_closing() {
            tally::count();
            end(this.future, this.home);
            return Poll::Ready(());
        }
        match catch(|| poll_to_end(this.future.as_mut(), cx)) {
            Ok(Poll::Pending) => {
                this.home.wait(cx.waker());
                return Poll::Pending;
            }
            Ok(Poll::Ready(())) => this.home.leave(),
            Err(payload) => {
                // Nobody holds a handle that could get it; the process's hook has reported it.
                contain(|| drop(payload));
                end(this.future, this.home);
            }
        }
        Poll::Ready(())
    }
}

/// Polls the future, if it is there, and drops it in place when it is ready.
fn poll_to_end<F: Future>(mut slot: Pin<&mut Option<F>>, cx: &mut Context<'_>) -> Poll<()> {
    if let Some(future) = slot.as_mut().as_pin_mut() {
        ready!(future.poll(cx));
    }
    slot.set(None);
    Poll::Ready(())
}

/// Drops the future in place. The slot is empty afterwards, also when the destructor panics.
fn end<F>(mut slot: Pin<&mut Option<F>>, home: &mut Home) {
    contain(|| slot.set(None));
    home.leave();
}
