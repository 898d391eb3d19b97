//! What the tests move by hand: time, operations and polls.

mod clock;
mod operation;
mod wakes;

pub(crate) use clock::HandClock;
pub(crate) use operation::Remote;
pub(crate) use wakes::{Wakes, poll};
