//! What was found.

use core::fmt;

use super::once::Trouble;
use super::replay::Replay;

/// Says what kind of failure a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The test panicked, or a detached task did.
    Panic,
    /// Nothing could ever run again.
    Deadlock,
    /// A task waited for a wake that nobody could give.
    LostWaker,
    /// Tasks ran on and on at one instant.
    Livelock,
    /// Time passed and passed, and the test did not end: see [`Explore::steps`](super::Explore::steps).
    Endless,
    /// Something was left when the test had ended and nothing was runnable.
    Leak,
    /// Two runs with the same choices differed: something outside the simulator decides.
    Nondeterminism,
    /// Something foreign was used: a waker was woken on a thread that the simulator does not know, or trunnion's `RealClock` was read.
    ///
    /// Whoever reads [`std::time::Instant`] is not seen, but where it decides what happens the run cannot be repeated.
    Foreign,
    /// The replay line belongs to another program, or to an older version of this one.
    Stale,
}

impl FailureKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Deadlock => "deadlock",
            Self::LostWaker => "lost waker",
            Self::Livelock => "livelock",
            Self::Endless => "endless run",
            Self::Leak => "leak",
            Self::Nondeterminism => "nondeterminism",
            Self::Foreign => "use of something foreign",
            Self::Stale => "stale replay line",
        }
    }

    /// Tells whether what lies outside of the simulator, or of the run, is at fault.
    pub(super) const fn is_outside(self) -> bool {
        matches!(self, Self::Nondeterminism | Self::Foreign | Self::Stale)
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is shown of the shortest run.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub(super) table: String,
    /// The tasks when it panicked.
    pub(super) dump: String,
}

/// Tells how a run failed, in the shortest form that was found, and how to see it again.
///
/// Its text has the message, a table of the tasks and what they did, what they waited for at the end, and the line that replays the run.
#[derive(Clone, Debug)]
pub struct Failure {
    pub(super) trouble: Trouble,
    execution: usize,
    replay: Replay,
    shown: Shown,
}

impl Failure {
    pub(super) fn new(trouble: Trouble, execution: usize, replay: Replay, shown: Shown) -> Self {
        Self {
            trouble,
            execution,
            replay,
            shown,
        }
    }

    /// Tells what kind it is.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.trouble.kind
    }

    /// Gives the text of the panic or the report.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.trouble.message
    }

    /// Tells which execution found it, counted from 1.
    #[must_use]
    pub fn execution(&self) -> usize {
        self.execution
    }

    /// Gives the choices that lead to it; none where it cannot be replayed, as with [`FailureKind::Nondeterminism`].
    #[must_use]
    pub fn replay(&self) -> &Replay {
        &self.replay
    }

    /// Gives the table of what each task did in the shortest run that fails; empty where it cannot be replayed.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.shown.table
    }

    /// Lists what each task waited for when the shortest run panicked; empty for other kinds, whose message has that list.
    #[must_use]
    pub fn dump(&self) -> &str {
        &self.shown.dump
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in execution {}", self.trouble.kind, self.execution)?;
        if let Some(place) = &self.trouble.place {
            write!(f, ", at {place}")?;
        }
        if let Some(first) = &self.trouble.first {
            write!(f, ", after the first panic of the run at {first}")?;
        }
        writeln!(f, ":\n{}\n", self.trouble.message)?;
        if self.shown.table.is_empty() {
            return f.write_str("It cannot be replayed.");
        }
        f.write_str("The shortest schedule that was found ")?;
        match self.replay.departures() {
            0 => f.write_str("is first come, first served")?,
            1 => f.write_str("departs from first come, first served once")?,
            left => write!(f, "departs from first come, first served {left} times")?,
        }
        writeln!(f, ":\n{}", self.shown.table)?;
        if !self.shown.dump.is_empty() {
            writeln!(f, "{}", self.shown.dump)?;
        }
        write!(f, "replay with TRUNNION_SIM_REPLAY={}", self.replay)
    }
}
