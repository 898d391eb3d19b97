//! The errors of scopes: one shape for one failure or many.

use core::error::Error;
use core::fmt;

use trunnion_core::{CancelReason, PanicPayload};

use super::outcome::{ChildInfo, Outcome};
use crate::Elapsed;

/// How many failures of children behind the first are kept; the others are counted.
const KEPT: usize = 15;

/// Says why a scope gave no result; the same shape for one failure or many.
///
/// [`first`](Self::first) is the failure that decided. What failed after it is beside it and never replaces it; so is what failed after a
/// deadline or a cancellation from outside had decided, and there is no first then. Beyond 16 failures they are counted only.
#[derive(Debug)]
#[non_exhaustive]
pub struct ScopeError<E> {
    /// Why there is no result.
    pub why: Why,
    /// The failure that decided, where one did.
    pub first: Option<Box<Failed<E>>>,
    /// Failures that came later, in the order in which they were seen.
    pub rest: Vec<Failed<E>>,
    /// How many failures more there were than are kept.
    pub more: usize,
    /// How many children were cancelled.
    pub cancelled: usize,
}

/// Says why a scope gave no result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Why {
    /// A child or the body failed.
    Failed,
    /// It was cancelled from outside, or through its own token.
    Cancelled(CancelReason),
    /// The deadline of this scope has passed; one further out is [`Cancelled`](Self::Cancelled).
    Elapsed(Elapsed),
    /// There was no child to wait for.
    Empty,
    /// Too few children can still succeed.
    OutOfReach,
    /// The quorum is above the limit; nothing was run.
    QuorumAboveLimit,
}

/// A failure, and whose it is.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failed<E> {
    /// The child; `None` for the body.
    pub child: Option<ChildInfo>,
    /// What happened.
    pub fault: Fault<E>,
    /// It came when the scope had been cancelled.
    pub after_cancel: bool,
}

/// What a failure is.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault<E> {
    /// The error that was returned.
    Error(E),
    /// A panic; of a scope's child only with [`PanicPolicy::Collect`](super::PanicPolicy::Collect), else it is raised.
    Panicked(PanicPayload),
    /// The runtime ended first.
    Shutdown,
}

impl<E> ScopeError<E> {
    /// Makes an error without failures: for joiners.
    #[must_use]
    pub const fn new(why: Why) -> Self {
        Self {
            why,
            first: None,
            rest: Vec::new(),
            more: 0,
            cancelled: 0,
        }
    }

    /// Gives the error that decided, if a child or the body returned one.
    #[must_use]
    pub fn into_first(self) -> Option<E> {
        match self.first?.fault {
            Fault::Error(error) => Some(error),
            _ => None,
        }
    }

    /// Goes through the failures, the deciding one first.
    pub fn failures(&self) -> impl Iterator<Item = &Failed<E>> {
        self.first.as_deref().into_iter().chain(&self.rest)
    }

    /// Tells whether the deadline of this scope, and not one further out, has passed.
    #[must_use]
    pub const fn is_elapsed(&self) -> bool {
        matches!(self.why, Why::Elapsed(_))
    }

    /// Keeps one failure more.
    pub fn push(&mut self, failed: Failed<E>) {
        if self.first.is_none() {
            self.first = Some(Box::new(failed));
        } else if self.rest.len() < KEPT {
            self.rest.push(failed);
        } else {
            self.more += 1;
        }
    }

    /// Keeps the outcome if it is none of success; gives the value if it is.
    pub fn keep(
        &mut self,
        child: ChildInfo,
        outcome: Outcome<impl Sized, E>,
        after_cancel: bool,
    ) -> bool {
        let fault = match outcome {
            Outcome::Ok(_) => return false,
            Outcome::Cancelled => {
                self.cancelled += 1;
                return false;
            }
            Outcome::Err(error) => Fault::Error(error),
            Outcome::Panicked(panic) => Fault::Panicked(panic),
            Outcome::Shutdown => Fault::Shutdown,
        };
        let child = Some(child);
        self.push(Failed {
            child,
            fault,
            after_cancel,
        });
        true
    }

    /// Puts a first failure that came after a cancellation beside it: it has not decided.
    pub(super) fn set_answer_aside(&mut self) {
        if let Some(answer) = self.first.take_if(|first| first.after_cancel) {
            self.rest.insert(0, *answer);
        }
    }

    /// Puts the body's error before all others; beside the first, if it came after a cancellation.
    pub(super) fn led_by(mut self, body: Failed<E>) -> Self {
        if body.after_cancel && self.first.is_some() {
            self.rest.insert(0, body);
            return self;
        }
        let mut led = Self::new(Why::Failed);
        led.push(body);
        led.more = self.more;
        led.cancelled = self.cancelled;
        let first = self.first.map(|first| *first);
        first.into_iter().chain(self.rest).for_each(|f| led.push(f));
        led
    }
}

impl<E: fmt::Display> fmt::Display for ScopeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.why, &self.first) {
            (Why::Failed, Some(first)) => first.fmt(f)?,
            (why, Some(first)) => write!(f, "{why}; {first}")?,
            (why, None) => why.fmt(f)?,
        }
        match self.rest.len() + self.more {
            0 => Ok(()),
            others => write!(f, " (and {others} more)"),
        }
    }
}

impl<E: Error + 'static> Error for ScopeError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match (&self.why, &self.first) {
            (_, Some(first)) => match &first.fault {
                Fault::Error(error) => Some(error),
                _ => None,
            },
            (Why::Cancelled(reason), None) => Some(reason),
            (Why::Elapsed(elapsed), None) => Some(elapsed),
            _ => None,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "a child failed",
            Self::Cancelled(reason) => return reason.fmt(f),
            Self::Elapsed(elapsed) => return elapsed.fmt(f),
            Self::Empty => "there was no child to wait for",
            Self::OutOfReach => "too few children can still succeed",
            Self::QuorumAboveLimit => "the quorum is above the limit",
        })
    }
}

impl<E: fmt::Display> fmt::Display for Failed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.child {
            Some(child) => write!(f, "{child}: ")?,
            None => f.write_str("the body: ")?,
        }
        self.fault.fmt(f)
    }
}

impl<E: fmt::Display> fmt::Display for Fault<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Panicked(panic) => write!(f, "panicked: {panic}"),
            Self::Shutdown => f.write_str("the runtime ended first"),
        }
    }
}

/// Gives back what a scope did not take, unpolled.
#[non_exhaustive]
pub enum SpawnError<F> {
    /// The scope has ended.
    Closed(F),
    /// The scope has been cancelled.
    Cancelled(F),
    /// All places of a limited scope are taken.
    Full(F),
}

impl<F> SpawnError<F> {
    pub(super) fn map<G>(self, f: impl FnOnce(F) -> G) -> SpawnError<G> {
        match self {
            Self::Closed(back) => SpawnError::Closed(f(back)),
            Self::Cancelled(back) => SpawnError::Cancelled(f(back)),
            Self::Full(back) => SpawnError::Full(f(back)),
        }
    }

    /// Gives the future or the closure back.
    pub fn into_inner(self) -> F {
        match self {
            Self::Closed(back) | Self::Cancelled(back) | Self::Full(back) => back,
        }
    }
}

impl<F> fmt::Display for SpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed(_) => "the scope has ended",
            Self::Cancelled(_) => "the scope has been cancelled",
            Self::Full(_) => "all places of the scope are taken",
        })
    }
}

impl<F> fmt::Debug for SpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpawnError({self})")
    }
}

impl<F> Error for SpawnError<F> {}
