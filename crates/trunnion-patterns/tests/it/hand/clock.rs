//! A clock that is moved by hand, with timers that count themselves.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use trunnion_core::{Clock, Entropy, Instant, Sleep, Timer};

/// Not `Send`, as a local runtime.
#[derive(Clone, Default)]
pub(crate) struct HandClock(Rc<Inner>);

#[derive(Default)]
struct Inner {
    now: Cell<u64>,
    reads: Cell<usize>,
    draws: Cell<usize>,
    made: Cell<usize>,
    alive: Cell<usize>,
    waiting: RefCell<Vec<(Instant, Waker)>>,
}

impl HandClock {
    pub(crate) fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.0.now.set(self.0.now.get().saturating_add(nanos));
        let now = self.peek();
        let (due, later) = self
            .0
            .waiting
            .take()
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.0.waiting.replace(later);
        let due: Vec<(Instant, Waker)> = due;
        for (_, waker) in due {
            waker.wake();
        }
    }

    /// Reads the time without being counted.
    pub(crate) fn peek(&self) -> Instant {
        Instant::from_nanos(self.0.now.get())
    }

    pub(crate) fn reads(&self) -> usize {
        self.0.reads.get()
    }

    /// How many random numbers were drawn.
    pub(crate) fn draws(&self) -> usize {
        self.0.draws.get()
    }

    pub(crate) fn timers_made(&self) -> usize {
        self.0.made.get()
    }

    pub(crate) fn timers_alive(&self) -> usize {
        self.0.alive.get()
    }
}

impl Clock for HandClock {
    fn now(&self) -> Instant {
        self.0.reads.set(self.0.reads.get() + 1);
        self.peek()
    }
}

/// Always the highest number, so that a delay is the longest that it can be.
impl Entropy for HandClock {
    fn next_u64(&self) -> u64 {
        self.0.draws.set(self.0.draws.get() + 1);
        u64::MAX
    }
}

impl Timer for HandClock {
    type Sleep = HandSleep;

    fn sleep_until(&self, deadline: Instant) -> HandSleep {
        self.0.made.set(self.0.made.get() + 1);
        self.0.alive.set(self.0.alive.get() + 1);
        HandSleep {
            clock: self.clone(),
            deadline,
        }
    }

    fn granularity(&self) -> Duration {
        Duration::ZERO
    }
}

pub(crate) struct HandSleep {
    clock: HandClock,
    deadline: Instant,
}

impl Future for HandSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_elapsed() {
            return Poll::Ready(());
        }
        let entry = (self.deadline, cx.waker().clone());
        self.clock.0.waiting.borrow_mut().push(entry);
        Poll::Pending
    }
}

impl Sleep for HandSleep {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.deadline = deadline;
    }

    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn is_elapsed(&self) -> bool {
        self.deadline < Instant::FAR_FUTURE && self.deadline <= self.clock.peek()
    }
}

impl Drop for HandSleep {
    fn drop(&mut self) {
        self.clock.0.alive.set(self.clock.0.alive.get() - 1);
    }
}
