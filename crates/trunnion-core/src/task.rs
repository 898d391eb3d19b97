//! The task cell: handles with one behaviour, for any executor that can run a future without a result.
//!
//! [`prepare`] splits a future into a [`Runner`], which the executor polls like any other future, and a [`Task`], which is
//! the handle. Both share one allocation that holds the future, later its result, and the wakers of both sides.
//!
//! ```
//! use std::future::Future;
//! use std::pin::pin;
//! use std::task::{Context, Poll, Waker};
//! use trunnion_core::task;
//!
//! let (runner, handle) = task::prepare(async { 6 * 7 });
//! let mut cx = Context::from_waker(Waker::noop());
//! assert!(pin!(runner).poll(&mut cx).is_ready());
//! match pin!(handle).poll(&mut cx) {
//!     Poll::Ready(Ok(value)) => assert_eq!(value, 42),
//!     other => panic!("{other:?}"),
//! }
//! ```
//!
//! # Who may touch what
//!
//! Three parties share the cell: the runner, the handle, and any number of aborters. One word of state says who owns what.
//!
//! * T1: the future belongs to the runner until it sets `COMPLETE`, after having dropped the future.
//! * T2: the outcome belongs to the runner until it sets `COMPLETE`. Then it belongs to the handle, or, if the handle had
//!   left before (`JOIN_GONE`), to the runner.
//! * T3: the runner's waker belongs to the runner while `RUNNER_WAKER` is clear. While it is set both may read it: the
//!   runner, and the aborter that set `ABORTED` and found `RUNNER_WAKER` set and `COMPLETE` clear. Once `ABORTED` is set
//!   the runner neither writes nor takes it.
//! * T4: the handle's waker belongs to the handle while `JOIN_WAKER` is clear. While it is set nobody touches it but the
//!   runner that sets `COMPLETE` and finds it set, which takes it. If the runner found it clear, it stays the handle's.

mod blocking;
mod cell;
mod local;
mod runner;
pub(crate) mod scoped;
mod state;

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::sync::Arc;
use crate::{Abort, AbortHandle, JoinError, TaskHandle, TaskId};

pub(crate) use blocking::split_blocking;
pub use blocking::{Blocking, prepare_blocking};
pub use local::{LocalRunner, LocalTask, prepare_local};
pub use runner::Runner;
pub use scoped::Scoped;

use cell::{Cell, Join};

/// Splits a future into what an executor runs and the handle of the task.
///
/// The executor polls the [`Runner`] to its end, or drops it, which gives the handle
/// [`JoinError::Shutdown`]. It may drop it on any thread.
///
/// # Cost
/// One allocation of the larger of future and output and about eight words.
pub fn prepare<F>(future: F) -> (Runner, Task<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    split(future)
}

/// Makes both ends; the caller keeps them on one thread unless future and output may leave it.
fn split<F: Future + 'static>(future: F) -> (Runner, Task<F::Output>) {
    let cell = Arc::new(Cell::new(future));
    let task = Task {
        cell: Some(Arc::<Cell<F>>::clone(&cell)),
    };
    (Runner::new(cell), task)
}

/// Owns a task of the task cell; see [`TaskHandle`] for what it promises.
///
/// # Cancel safety
/// Dropping it cancels the task.
#[must_use = "dropping a task's handle cancels the task; call `detach` to let it run"]
pub struct Task<T> {
    // Empty only while `detach` and `drop` run.
    cell: Option<Arc<dyn Join<T>>>,
}

impl<T> Task<T> {
    fn cell(&self) -> &Arc<dyn Join<T>> {
        let Some(cell) = &self.cell else {
            unreachable!("the cell leaves in `detach` and `drop` only")
        };
        cell
    }
}

impl<T: 'static> Future for Task<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.cell().poll_join(cx)
    }
}

impl<T: 'static> TaskHandle<T> for Task<T> {
    fn abort(&self) {
        self.cell().abort();
    }

    fn abort_handle(&self) -> AbortHandle {
        AbortHandle::new(Target(Arc::clone(self.cell())))
    }

    fn is_finished(&self) -> bool {
        self.cell().is_finished()
    }

    fn id(&self) -> TaskId {
        self.cell().id()
    }

    fn detach(mut self) {
        if let Some(cell) = self.cell.take() {
            cell.detach();
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if let Some(cell) = self.cell.take() {
            cell.cancel();
        }
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("id", &self.cell().id())
            .finish()
    }
}

/// The cell as an aborter sees it.
struct Target<T>(Arc<dyn Join<T>>);

impl<T> Abort for Target<T> {
    fn abort(&self) {
        self.0.abort();
    }

    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    fn id(&self) -> TaskId {
        self.0.id()
    }
}
