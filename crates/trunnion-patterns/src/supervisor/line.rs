//! The children in their order: who is to be stopped, started, and what an end leads to. Nothing here waits.

use std::sync::Arc;

use trunnion_core::panic::{FirstPanic, catch, contain};
use trunnion_core::{CancelKind, CancelReason, Entropy, Instant};

use super::child_end::{AfterEnd, ChildEnd};
use super::child_spec::Restart;
use super::error::{SupervisorEnd, SupervisorError};
use super::intensity::Intensity;
use super::seat::{Alive, Seat, State, Stopping};
use super::strategy::Strategy;
use crate::{Backoff, Outcome};

/// Is told of each end of a child.
pub(super) type EndHook<E> = Box<dyn FnMut(&ChildEnd<'_, E>) + Send>;

/// How a supervisor ends.
pub(super) type Verdict<E> = Result<SupervisorEnd, SupervisorError<E>>;

/// What is to be done next.
pub(super) enum Step {
    Stop(usize),
    Start(usize),
}

/// Why the end of a child fails the supervisor.
enum Failure {
    Start,
    Restarts,
    Runtime,
}

/// What the end of a child leads to.
enum Sequel {
    Next(AfterEnd),
    Fails(Failure),
}

/// The children, in the order in which they start.
pub(super) struct Line<E> {
    pub(super) seats: Vec<Seat<E>>,
    pub(super) strategy: Strategy,
    pub(super) intensity: Intensity,
    pub(super) backoff: Backoff,
    pub(super) on_end: Option<EndHook<E>>,
    /// The first panic of a hook.
    pub(super) panic: FirstPanic,
    /// How the supervisor ends, once that is known: the first reason stays.
    pub(super) verdict: Option<Verdict<E>>,
    /// What the children that are stopped are told.
    pub(super) reason: CancelReason,
}

impl<E> Line<E> {
    /// Takes the end of an incarnation.
    pub(super) fn ended(
        &mut self,
        number: u64,
        outcome: Outcome<(), E>,
        now: Instant,
        entropy: &impl Entropy,
    ) {
        let find = |(at, seat): (usize, &mut Seat<E>)| Some((at, seat.take(number, now)?));
        let Some((at, alive)) = self.seats.iter_mut().enumerate().find_map(find) else {
            return contain(|| drop(outcome));
        };
        let stopped = self.verdict.is_some() || alive.stopping != Stopping::No;
        let sequel = if stopped {
            Sequel::Next(self.after_stop(at, &alive, now))
        } else {
            self.after_end(at, &alive, &outcome, (now, entropy))
        };
        self.tell(at, &outcome, stopped, &sequel);
        match sequel {
            Sequel::Next(_) => contain(|| drop(outcome)),
            Sequel::Fails(failure) => {
                let error = self.error(at, outcome, &failure);
                self.end(Err(error), CancelKind::SiblingFailed.into());
            }
        }
    }

    /// One that was to be stopped is gone: it may come back with the others.
    fn after_stop(&mut self, at: usize, alive: &Alive, now: Instant) -> AfterEnd {
        let seat = &mut self.seats[at];
        match alive.stopping {
            Stopping::Doomed(due) | Stopping::Asked { due, .. }
                if self.verdict.is_none() && seat.spec.restart != Restart::Temporary =>
            {
                seat.state = State::Due(due);
                AfterEnd::Restart(due - now)
            }
            _ => AfterEnd::Stay,
        }
    }

    /// One has ended by itself.
    fn after_end(
        &mut self,
        at: usize,
        alive: &Alive,
        outcome: &Outcome<(), E>,
        (now, entropy): (Instant, &impl Entropy),
    ) -> Sequel {
        let seat = &mut self.seats[at];
        if matches!(outcome, Outcome::Shutdown) {
            return Sequel::Fails(Failure::Runtime);
        }
        // One that came to its end has nothing more to get ready for.
        seat.was_ready |= outcome.is_ok();
        if !seat.was_ready {
            return Sequel::Fails(Failure::Start);
        }
        let again = match seat.spec.restart {
            Restart::Permanent => true,
            Restart::Transient => matches!(outcome, Outcome::Err(_) | Outcome::Panicked(_)),
            Restart::Temporary => false,
        };
        if !again {
            return Sequel::Next(AfterEnd::Stay);
        }
        if !self.intensity.admit(now) {
            return Sequel::Fails(Failure::Restarts);
        }
        let window = self.intensity.window;
        let ran_well = alive.ready_since.is_some_and(|since| now - since >= window);
        let delay = seat.next_delay(ran_well, &self.backoff, entropy);
        self.restart(at, now + delay);
        Sequel::Next(AfterEnd::Restart(delay))
    }

    /// Makes the child due, and those that go with it.
    fn restart(&mut self, at: usize, due: Instant) {
        let first = match self.strategy {
            Strategy::OneForOne => {
                let seat = &mut self.seats[at];
                (seat.state, seat.in_turn) = (State::Due(due), false);
                return;
            }
            Strategy::OneForAll => 0,
            Strategy::RestForOne => at,
        };
        self.seats[at].state = State::Due(due);
        for seat in self.seats.iter_mut().skip(first) {
            seat.in_turn = true;
            match &mut seat.state {
                State::Alive(alive) => alive.doom(due),
                // It starts after the first of them in any case.
                State::Due(_) => {}
                State::Off if seat.spec.restart == Restart::Temporary => {}
                off @ State::Off => *off = State::Due(due),
            }
        }
    }

    fn tell(&mut self, at: usize, outcome: &Outcome<(), E>, stopped: bool, sequel: &Sequel) {
        let Some(hook) = &mut self.on_end else {
            return;
        };
        let seat = &self.seats[at];
        let end = ChildEnd {
            child: &seat.spec.name,
            restarts: seat.starts.saturating_sub(1),
            outcome,
            stopped,
            next: match sequel {
                Sequel::Next(next) => *next,
                Sequel::Fails(_) => AfterEnd::Fail,
            },
        };
        self.panic.keep(catch(|| hook(&end)));
    }

    fn error(&self, at: usize, last: Outcome<(), E>, failure: &Failure) -> SupervisorError<E> {
        let child = Arc::clone(&self.seats[at].spec.name);
        match failure {
            Failure::Start => SupervisorError::StartFailed { child, last },
            Failure::Restarts => SupervisorError::RestartsExceeded {
                child,
                last,
                restarts: self.intensity.restarts,
                window: self.intensity.window,
            },
            Failure::Runtime => SupervisorError::RuntimeEnded { child },
        }
    }

    /// Begins the end: nothing starts any more, and all are to be stopped.
    pub(super) fn end(&mut self, verdict: Verdict<E>, reason: CancelReason) {
        if self.verdict.is_some() {
            return;
        }
        (self.verdict, self.reason) = (Some(verdict), reason);
        let alive = self.seats.iter_mut().filter_map(Seat::alive);
        alive.for_each(|alive| alive.doom(Instant::ORIGIN));
    }

    /// Says what is to be done now. Stops come first, the last child first, one at a time.
    pub(super) fn step(&mut self, now: Instant) -> Option<Step> {
        let stopping = |(at, seat): (usize, &mut Seat<E>)| match seat.alive()?.stopping {
            Stopping::No => None,
            other => Some((at, other)),
        };
        match self.seats.iter_mut().enumerate().rev().find_map(stopping) {
            Some((at, Stopping::Doomed(_))) => return Some(Step::Stop(at)),
            Some(_) => return None,
            None => {}
        }
        if self.verdict.is_some() {
            return None;
        }
        // Who is restarted alone does not depend on those before: that they were ready once is enough.
        let alone = self.strategy == Strategy::OneForOne;
        let mut turn = true;
        for (at, seat) in self.seats.iter().enumerate() {
            match &seat.state {
                State::Due(due) if *due <= now && (turn || !seat.in_turn) => {
                    return Some(Step::Start(at));
                }
                State::Due(_) => turn &= alone && seat.was_ready,
                State::Alive(alive) => {
                    turn &= alive.ready_since.is_some() || alone && seat.was_ready;
                }
                State::Off => {}
            }
        }
        None
    }

    /// Tells whether nobody is left, and nobody comes back.
    pub(super) fn is_over(&self) -> bool {
        self.seats.iter().all(|seat| match seat.state {
            State::Alive(_) => false,
            State::Due(_) => self.verdict.is_some(),
            State::Off => true,
        })
    }

    /// Says when there is something to do, if nothing happens before.
    pub(super) fn wake_at(&self, now: Instant) -> Option<Instant> {
        let at = |seat: &Seat<E>| match &seat.state {
            State::Due(due) => Some(*due).filter(|at| *at > now && self.verdict.is_none()),
            State::Alive(alive) => match alive.stopping {
                Stopping::Asked { kill_at, .. } => kill_at,
                Stopping::No | Stopping::Doomed(_) => None,
            },
            State::Off => None,
        };
        self.seats.iter().filter_map(at).min()
    }
}
