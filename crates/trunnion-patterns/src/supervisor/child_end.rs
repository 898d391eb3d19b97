//! What the hook is told when a child has ended.

use core::time::Duration;

use crate::Outcome;

/// The end of one incarnation of a child, told to [`on_end`](super::SupervisorBuilder::on_end).
#[derive(Debug)]
#[non_exhaustive]
pub struct ChildEnd<'a, E> {
    /// The name of the child.
    pub child: &'a str,
    /// How many incarnations there were before this one.
    pub restarts: u64,
    /// How it ended; [`Outcome::Cancelled`] if its future was dropped.
    pub outcome: &'a Outcome<(), E>,
    /// The supervisor had asked it to stop, or was about to: nothing is counted.
    pub stopped: bool,
    /// What comes next.
    pub next: AfterEnd,
}

/// Says what becomes of a child that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterEnd {
    /// It is started again, so much later at the earliest.
    Restart(Duration),
    /// It stays down.
    Stay,
    /// The supervisor fails because of it.
    Fail,
}
