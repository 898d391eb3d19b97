//! What was woken is polled, then what there is room for is started.

use core::fmt;
use core::future::Future;
use core::num::NonZeroUsize;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use trunnion_core::panic::contain;
use trunnion_core::{CancelReason, coop};

use super::feed::Jobs;
use super::until::Until;
use super::window::{Stops, Window};

/// The most operations that memory is taken for in advance.
const AHEAD: usize = 1_024;

/// How much may run and wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) limit: NonZeroUsize,
    pub(super) ready_buffer: usize,
    pub(super) ordered: bool,
}

/// Whether operations are still started.
#[derive(Clone, Debug)]
enum Stage {
    Open,
    /// The source has ended.
    Ended,
    /// It was cut short, or has failed.
    Closed(Option<CancelReason>),
}

/// What an attempt to start operations came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Everything was done that could be.
    Done,
    /// It is time to give way; the task has been woken.
    GivesWay,
}

pin_project! {
    /// Polls the source and the operations.
    pub(super) struct Driver<J: Jobs, U> {
        #[pin]
        jobs: J,
        #[pin]
        until: U,
        window: Window<J::Job>,
        bounds: Bounds,
        stage: Stage,
    }
}

impl<J: Jobs, U: Until> Driver<J, U> {
    pub(super) fn new(
        jobs: J,
        until: U,
        bounds: Bounds,
        stops: Stops<<J::Job as Future>::Output>,
    ) -> Self {
        Self {
            jobs,
            until,
            window: Window::new(bounds.ordered, J::WEIGHED, stops),
            bounds,
            stage: Stage::Open,
        }
    }

    pub(super) fn window(self: Pin<&mut Self>) -> &mut Window<J::Job> {
        self.project().window
    }

    pub(super) fn set_limit(self: Pin<&mut Self>, limit: NonZeroUsize) {
        self.project().bounds.limit = limit;
    }

    /// Tells whether nothing runs and nothing will.
    pub(super) const fn is_over(&self) -> bool {
        !matches!(self.stage, Stage::Open) && self.window.running() == 0
    }

    /// Tells whether a cancellation would change something.
    fn can_be_cut(&self) -> bool {
        match self.stage {
            Stage::Open => true,
            Stage::Ended => !self.until.drains() && self.window.running() > 0,
            Stage::Closed(_) => false,
        }
    }

    /// Says why it was cut short, if it was.
    pub(super) fn reason(&self) -> Option<CancelReason> {
        match &self.stage {
            Stage::Open | Stage::Ended => None,
            Stage::Closed(reason) => reason.clone(),
        }
    }

    /// Bounds how many outputs are still to come.
    pub(super) fn size_hint(&self) -> (usize, Option<usize>) {
        let here = self.window.len();
        let (least, most) = match self.stage {
            Stage::Open => self.jobs.size_hint(),
            Stage::Ended | Stage::Closed(_) => (0, Some(0)),
        };
        let most = most.and_then(|most| most.checked_add(here));
        let sure = if U::CUTS {
            0
        } else {
            least.saturating_add(here)
        };
        (sure, most)
    }

    /// Polls what was woken, once: the first thing in each poll of the task.
    pub(super) fn round(mut self: Pin<&mut Self>) {
        self.as_mut().window().round();
        if self.window.has_failed() {
            self.stop(None);
        }
    }

    /// Begins that for who takes all outputs at once.
    pub(super) fn begin_round(mut self: Pin<&mut Self>) {
        self.as_mut().window().begin_round();
        if self.window.has_failed() {
            self.stop(None);
        }
    }

    /// Says how many operations and outputs there may be together.
    pub(super) const fn places(&self) -> usize {
        let limit = self.bounds.limit.get();
        limit.saturating_add(self.bounds.ready_buffer)
    }

    /// Starts what there is room for in so many places, unless it is over.
    pub(super) fn fill(self: Pin<&mut Self>, cx: &mut Context<'_>, places: usize) -> Turn {
        if self.can_be_cut() {
            if let Some(reason) = self.until.reason() {
                self.cut(reason);
                return Turn::Done;
            }
        }
        match self.stage {
            Stage::Open => self.start(cx, places),
            Stage::Ended | Stage::Closed(_) => Turn::Done,
        }
    }

    fn start(mut self: Pin<&mut Self>, cx: &mut Context<'_>, places: usize) -> Turn {
        let mut this = self.as_mut().project();
        let limit = this.bounds.limit.get();
        if this.window.is_new() {
            let likely = this.jobs.size_hint().0.clamp(16, AHEAD);
            this.window.reserve(limit.min(likely));
        }
        while this.window.running() < limit && this.window.len() < places {
            match this.jobs.as_mut().poll_job(cx, this.window.weight()) {
                Poll::Pending => return Turn::Done,
                Poll::Ready(None) => {
                    *this.stage = Stage::Ended;
                    return Turn::Done;
                }
                Poll::Ready(Some((job, weight))) => this.window.start(job, weight),
            }
            if this.window.has_failed() {
                self.stop(None);
                return Turn::Done;
            }
            if coop::poll_proceed(cx).is_pending() {
                return Turn::GivesWay;
            }
        }
        Turn::Done
    }

    /// Starts nothing more; what runs is dropped unless it may end.
    fn cut(self: Pin<&mut Self>, reason: CancelReason) {
        if self.until.drains() {
            let this = self.project();
            *this.stage = Stage::Closed(Some(reason));
            this.jobs.close();
        } else {
            self.stop(Some(reason));
        }
    }

    /// Drops what runs, and the source.
    pub(super) fn stop(self: Pin<&mut Self>, reason: Option<CancelReason>) {
        let this = self.project();
        if !matches!(this.stage, Stage::Closed(_)) {
            *this.stage = Stage::Closed(reason);
        }
        this.window.clear();
        this.jobs.close();
    }

    /// Sees to it that the task is woken; false if there is another turn to be made at once.
    pub(super) fn wait(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> bool {
        if self.can_be_cut() {
            let reason = self.as_mut().project().until.poll_reason(cx);
            if let Poll::Ready(reason) = reason {
                self.cut(reason);
                return false;
            }
        }
        self.project().window.wait(cx);
        true
    }

    /// Lends it to `work`, whose panic drops the operations and the source before it goes on.
    pub(super) fn guarded<T>(self: Pin<&mut Self>, work: impl FnOnce(Pin<&mut Self>) -> T) -> T {
        let mut armed = Armed(self, true);
        let value = work(armed.0.as_mut());
        armed.1 = false;
        value
    }
}

struct Armed<'a, J: Jobs, U: Until>(Pin<&'a mut Driver<J, U>>, bool);

impl<J: Jobs, U: Until> Drop for Armed<'_, J, U> {
    fn drop(&mut self) {
        if self.1 {
            contain(|| self.0.as_mut().stop(None));
        }
    }
}

impl<J: Jobs, U> fmt::Debug for Driver<J, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("limit", &self.bounds.limit)
            .field("running", &self.window.running())
            .finish_non_exhaustive()
    }
}
