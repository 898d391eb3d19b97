//! The blocking closures of an owned runtime: queued, running, and none after the end.
//!
//! The pool of threads belongs to the process and cannot give a queued closure back. So the closures wait here, and the
//! pool is only asked to come and run the next one. At the end of the runtime those that wait are dropped at once, even
//! when all threads of the pool are busy.

use std::boxed::Box;
use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use trunnion_core::mutant;
use trunnion_core::panic::contain;
use trunnion_core::sync::Mutex;

pub(crate) type Job = Box<dyn FnOnce() + Send>;

pub(crate) struct Jobs {
    state: Mutex<State>,
}

struct State {
    queue: VecDeque<Job>,
    running: usize,
    closed: bool,
    /// Waits until nothing runs.
    idle: Option<Waker>,
}

impl Jobs {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                running: 0,
                closed: false,
                idle: None,
            }),
        }
    }

    /// Queues `job`; each one needs one later call of [`run_next`](Self::run_next).
    ///
    /// # Errors
    /// The job, when the queue is closed: the caller drops it, outside the lock.
    pub(crate) fn push(&self, job: Job) -> Result<(), Job> {
        let mut state = self.state.lock();
        if mutant!("smol-jobs-push-after-close", state.closed, false) {
            return Err(job);
        }
        state.queue.push_back(job);
        Ok(())
    }

    /// Runs the oldest job on this thread, if there is one left.
    pub(crate) fn run_next(&self) {
        let Some(job) = self.take() else { return };
        contain(job);
        if let Some(waker) = self.finish() {
            contain(|| waker.wake());
        }
    }

    fn take(&self) -> Option<Job> {
        let mut state = self.state.lock();
        let job = state.queue.pop_front()?;
        // In the same step, so that a closing thread sees the job either queued or running.
        state.running += mutant!("smol-jobs-running-not-counted", 1, 0);
        Some(job)
    }

    /// Ends one job; gives whom to wake.
    fn finish(&self) -> Option<Waker> {
        let mut state = self.state.lock();
        state.running = state.running.saturating_sub(1);
        if state.running == mutant!("smol-jobs-wakes-at-one", 0, 1) {
            state.idle.take()
        } else {
            None
        }
    }

    /// Refuses new jobs and drops the queued ones here; those that run go on.
    pub(crate) fn close(&self) {
        let queue = {
            let mut state = self.state.lock();
            state.closed = true;
            core::mem::take(&mut state.queue)
        };
        for job in queue {
            contain(|| drop(job));
        }
    }

    /// Is ready when nothing runs; otherwise wakes the last caller once that is so.
    pub(crate) fn poll_idle(&self, cx: &mut Context<'_>) -> Poll<()> {
        let (poll, old) = {
            let mut state = self.state.lock();
            if state.running == 0 {
                (Poll::Ready(()), state.idle.take())
            } else {
                (Poll::Pending, state.idle.replace(cx.waker().clone()))
            }
        };
        contain(|| drop(old));
        poll
    }

    /// Counts the jobs that run now.
    pub(crate) fn running(&self) -> usize {
        self.state.lock().running
    }
}
