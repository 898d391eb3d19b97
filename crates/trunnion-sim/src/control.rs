//! Moving time by hand, and waiting until nothing is left to do.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use core::time::Duration;

use trunnion_core::Instant;
use trunnion_core::panic::contain;
use trunnion_core::sync::Arc;

use crate::runtime::SimRuntime;
use crate::state::{LAST, Shared};
use crate::trace::Event;

impl SimRuntime {
    /// Waits until nothing else is runnable at this instant: all tasks wait for time, for each other, or for a thread.
    ///
    /// The clock does not move, and a hold does not matter. Of several who settle at once, the oldest goes on first, and
    /// the next when nothing is runnable again.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    /// use std::sync::Arc;
    /// use trunnion_core::Spawn;
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let ran = Arc::new(AtomicBool::new(false));
    ///     rt.spawn_detached({
    ///         let ran = Arc::clone(&ran);
    ///         async move { ran.store(true, Relaxed) }
    ///     });
    ///     rt.settle().await;
    ///     assert!(ran.load(Relaxed));
    /// });
    /// ```
    pub fn settle(&self) -> Settle {
        Settle::new(&self.shared)
    }

    /// Keeps the processor for `duration`: the clock moves on within this step, and what becomes due meanwhile runs late.
    ///
    /// It is a loop that computes without an await, or a call that blocks.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_core::{Clock, Spawn, Timer};
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let start = rt.now();
    ///     let nap = rt.sleep(Duration::from_secs(1));
    ///     let napping = rt.spawn({
    ///         let rt = rt.clone();
    ///         async move {
    ///             nap.await;
    ///             rt.now()
    ///         }
    ///     });
    ///     rt.settle().await;
    ///     rt.burn(Duration::from_secs(3));
    ///     assert_eq!(napping.await.unwrap() - start, Duration::from_secs(3), "two seconds late");
    /// });
    /// ```
    pub fn burn(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.shared.state.lock().trace.add(Event::Burn(nanos));
        self.shared.pass(duration);
    }

    /// Chooses one of `n` for a test, as the schedule chooses all else; gives a number below `n`, 0 for none at all.
    ///
    /// A search tries each. The label stands in the table of a failure.
    ///
    /// ```
    /// use trunnion_sim::{Explore, Schedule};
    ///
    /// let all = Explore::new(Schedule::Dfs { preemptions: None });
    /// let report = all.run(|rt| async move {
    ///     let die = [rt.choose(6, "first die"), rt.choose(6, "second die")];
    ///     assert!(die[0] + die[1] <= 10, "at most five and five, counted from 0");
    /// });
    /// assert_eq!(report.executions(), 36);
    /// assert!(report.failures().is_empty());
    /// ```
    #[must_use]
    pub fn choose(&self, n: usize, label: &'static str) -> usize {
        let mut state = self.shared.state.lock();
        let nth = state.ready.chooser.choose(n);
        state.trace.add(Event::Choice(label, nth));
        nth
    }

    /// Chooses between no and yes, as [`choose`](Self::choose) does.
    #[must_use]
    pub fn maybe(&self, label: &'static str) -> bool {
        self.choose(2, label) == 1
    }

    /// Moves the clock on by `duration`, counted from the first poll, also while it is held.
    ///
    /// It settles first, then moves to each deadline in between, fires it and settles again, so that everything happens at
    /// its own time; at the end it settles once more.
    ///
    /// # Cancel safety
    /// Dropping it leaves the clock where it is, with all that was due until then done or runnable.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_core::{Clock, Spawn, Timer};
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let _stopped = rt.hold();
    ///     let nap = rt.sleep(Duration::from_secs(1));
    ///     let napping = rt.spawn({
    ///         let rt = rt.clone();
    ///         async move {
    ///             nap.await;
    ///             rt.now()
    ///         }
    ///     });
    ///     let start = rt.now();
    ///     rt.advance(Duration::from_secs(10)).await;
    ///     assert_eq!(napping.await.unwrap() - start, Duration::from_secs(1));
    ///     assert_eq!(rt.now() - start, Duration::from_secs(10));
    /// });
    /// ```
    pub fn advance(&self, duration: Duration) -> Advance {
        Advance {
            settle: self.settle(),
            duration,
            target: None,
            arrived: false,
        }
    }
}

/// Waits until nothing else is runnable; made by [`SimRuntime::settle`].
///
/// # Cancel safety
/// Dropping it changes nothing.
#[must_use = "futures do nothing unless awaited"]
pub struct Settle {
    shared: Arc<Shared>,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    New,
    Waiting(u64),
    Done,
}

impl Settle {
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            stage: Stage::New,
        }
    }

    /// Joins those who wait; after the simulator's end nothing is runnable.
    fn join(&self, waker: Waker) -> Stage {
        let mut state = self.shared.state.lock();
        if state.closed {
            drop(state);
            contain(|| drop(waker));
            return Stage::Done;
        }
        let number = state.next_settler;
        state.next_settler += 1;
        state.settlers.push_back((number, waker));
        drop(state);
        self.shared.queue.poke();
        Stage::Waiting(number)
    }

    /// Keeps waiting with `waker`; done if it is no longer among those who wait.
    fn stay(&self, number: u64, waker: Waker) -> Stage {
        let mut state = self.shared.state.lock();
        let mine = state.settlers.iter_mut().find(|(n, _)| *n == number);
        let (next, old) = match mine {
            Some((_, slot)) => (Stage::Waiting(number), core::mem::replace(slot, waker)),
            None => (Stage::Done, waker),
        };
        drop(state);
        contain(|| drop(old));
        next
    }
}

impl Future for Settle {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let stage = match self.stage {
            Stage::New => self.join(cx.waker().clone()),
            Stage::Waiting(number) => self.stay(number, cx.waker().clone()),
            Stage::Done => Stage::Done,
        };
        self.stage = stage;
        match stage {
            Stage::Done => Poll::Ready(()),
            Stage::New | Stage::Waiting(_) => Poll::Pending,
        }
    }
}

impl Drop for Settle {
    fn drop(&mut self) {
        let Stage::Waiting(number) = self.stage else {
            return;
        };
        let mut state = self.shared.state.lock();
        let at = state.settlers.iter().position(|(n, _)| *n == number);
        let gone = at.and_then(|at| state.settlers.remove(at));
        drop(state);
        contain(|| drop(gone));
    }
}

impl fmt::Debug for Settle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settle").finish_non_exhaustive()
    }
}

/// Moves the clock; made by [`SimRuntime::advance`].
///
/// # Cancel safety
/// Dropping it leaves the clock where it is.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Advance {
    settle: Settle,
    duration: Duration,
    target: Option<Instant>,
    arrived: bool,
}

impl Future for Advance {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let from = this.settle.shared.now();
        let target = (from + this.duration).min(LAST);
        let target = *this.target.get_or_insert(target);
        loop {
            ready!(Pin::new(&mut this.settle).poll(cx));
            if this.arrived {
                return Poll::Ready(());
            }
            let shared = Arc::clone(&this.settle.shared);
            this.arrived = shared.state.lock().closed || shared.step_toward(target);
            this.settle = Settle::new(&shared);
        }
    }
}
