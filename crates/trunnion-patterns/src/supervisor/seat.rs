//! One child, whether it runs or not.

use core::future::Future;
use core::pin::Pin;
use core::task::Context;
use core::time::Duration;

use trunnion_core::panic::{FirstPanic, catch, contain};
use trunnion_core::{CancelKind, CancelReason, CancelToken, CancelledOwned, Entropy, Instant};

use super::child_spec::{ChildSpec, StopMode};
use super::driver::StragglerHook;
use crate::Backoff;

/// Where a child is.
pub(super) enum State {
    /// To be started, not before this.
    Due(Instant),
    /// There is an incarnation, and no other.
    Alive(Alive),
    /// Down; it comes back only with its siblings.
    Off,
}

/// An incarnation.
pub(super) struct Alive {
    /// Its number in the scope.
    pub(super) number: u64,
    pub(super) token: CancelToken,
    ready: CancelToken,
    // Gone once it is ready. Boxed, so that children may be moved.
    waiter: Option<Pin<Box<CancelledOwned>>>,
    pub(super) ready_since: Option<Instant>,
    pub(super) stopping: Stopping,
}

/// How far the stop of an incarnation has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopping {
    No,
    /// It is to stop when it is its turn, and to come back not before this.
    Doomed(Instant),
    /// It was asked to.
    Asked {
        due: Instant,
        kill_at: Option<Instant>,
    },
}

impl Alive {
    pub(super) fn new(number: u64, token: CancelToken, ready: CancelToken) -> Self {
        let waiter = Some(Box::pin(ready.cancelled_owned()));
        Self {
            number,
            token,
            ready,
            waiter,
            ready_since: None,
            stopping: Stopping::No,
        }
    }

    /// Notes whether it has said that it is ready, so that its end, seen first, does not hide that.
    fn look(&mut self, now: Instant) {
        if self.ready.is_cancelled() {
            self.waiter = None;
            self.ready_since.get_or_insert(now);
        }
    }

    /// Waits until it says that it is ready; true in the moment when it does.
    pub(super) fn poll_ready(&mut self, now: Instant, cx: &mut Context<'_>) -> bool {
        let waiter = self.waiter.as_mut();
        let said = waiter.is_some_and(|waiter| waiter.as_mut().poll(cx).is_ready());
        if said {
            self.look(now);
        }
        said
    }

    /// Marks it to be stopped and to come back not before `due`.
    pub(super) fn doom(&mut self, due: Instant) {
        match &mut self.stopping {
            stopping @ Stopping::No => *stopping = Stopping::Doomed(due),
            Stopping::Doomed(at) | Stopping::Asked { due: at, .. } => *at = due.max(*at),
        }
    }

    /// Asks it to stop, in the way that its specification says.
    fn ask(&mut self, mode: StopMode, reason: &CancelReason, now: Instant) {
        let Stopping::Doomed(due) = self.stopping else {
            return;
        };
        let kill_at = match mode {
            StopMode::Grace(grace) => Some(now + grace),
            StopMode::Kill | StopMode::Wait => None,
        };
        self.stopping = Stopping::Asked { due, kill_at };
        // A callback of the child's that panics has told the process's hook, and stops nothing.
        contain(|| {
            _ = match mode {
                StopMode::Kill => self.token.kill(reason.clone()),
                StopMode::Grace(_) | StopMode::Wait => self.token.cancel_with(reason.clone()),
            }
        });
    }

    /// Tells whether its time to stop is over and it has not been killed for that.
    fn is_late(&self, now: Instant) -> bool {
        matches!(self.stopping, Stopping::Asked { kill_at: Some(at), .. } if at <= now)
    }

    fn kill(&mut self) {
        if let Stopping::Asked { kill_at, .. } = &mut self.stopping {
            *kill_at = None;
        }
        contain(|| _ = self.token.kill(CancelKind::GraceExpired));
    }
}

/// A child and its history.
pub(super) struct Seat<E> {
    pub(super) spec: ChildSpec<E>,
    pub(super) state: State,
    /// How often it was started.
    pub(super) starts: u64,
    /// It was ready, if not now then before.
    pub(super) was_ready: bool,
    /// It starts when it is its turn: when those before it are ready or off.
    pub(super) in_turn: bool,
    // How often it was restarted without having run well since, and the last delay.
    failures: u32,
    previous: Duration,
}

impl<E> Seat<E> {
    pub(super) const fn new(spec: ChildSpec<E>) -> Self {
        Self {
            spec,
            state: State::Due(Instant::ORIGIN),
            starts: 0,
            was_ready: false,
            in_turn: true,
            failures: 0,
            previous: Duration::ZERO,
        }
    }

    pub(super) const fn alive(&mut self) -> Option<&mut Alive> {
        match &mut self.state {
            State::Alive(alive) => Some(alive),
            State::Due(_) | State::Off => None,
        }
    }

    /// Takes the incarnation with this number, which has ended.
    pub(super) fn take(&mut self, number: u64, now: Instant) -> Option<Alive> {
        self.alive().filter(|alive| alive.number == number)?;
        match core::mem::replace(&mut self.state, State::Off) {
            State::Alive(mut alive) => {
                alive.look(now);
                self.was_ready |= alive.ready_since.is_some();
                Some(alive)
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    pub(super) fn ask(&mut self, reason: &CancelReason, now: Instant) {
        let mode = self.spec.stop;
        if let Some(alive) = self.alive() {
            alive.ask(mode, reason, now);
        }
    }

    /// Kills it if its time to stop is over, once `hook` has its name; true if it is.
    pub(super) fn kill_late(
        &mut self,
        now: Instant,
        hook: Option<&mut StragglerHook>,
        panic: &mut FirstPanic,
    ) -> bool {
        let State::Alive(alive) = &mut self.state else {
            return false;
        };
        let late = alive.is_late(now);
        if late {
            if let Some(hook) = hook {
                panic.keep(catch(|| hook(&self.spec.name)));
            }
            alive.kill();
        }
        late
    }

    /// Draws the delay before the restart; the backoff starts anew after an incarnation that `ran_well`.
    pub(super) fn next_delay(
        &mut self,
        ran_well: bool,
        backoff: &Backoff,
        entropy: &impl Entropy,
    ) -> Duration {
        if ran_well {
            (self.failures, self.previous) = (0, Duration::ZERO);
        }
        self.previous = backoff.delay(self.failures, self.previous, entropy);
        self.failures = self.failures.saturating_add(1);
        self.previous
    }
}
