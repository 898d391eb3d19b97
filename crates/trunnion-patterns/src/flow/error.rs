//! Why an item, or a place, was refused.

use core::error::Error;
use core::fmt;

/// Says why an item was not sent, and gives it back.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError<T> {
    /// There is no room. `send` says so only where the channel does not wait.
    Full(T),
    /// The channel is closed, or its receiver is gone. After `close_now` it may be the item that this one was merged into.
    Closed(T),
    /// The item weighs more than the channel, or the permit, allows.
    TooHeavy {
        /// The item.
        item: T,
        /// What it weighs.
        weight: usize,
        /// What is allowed.
        max: usize,
    },
}

impl<T> SendError<T> {
    /// Gives the item back.
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(item) | Self::Closed(item) | Self::TooHeavy { item, .. } => item,
        }
    }

    /// Says the same without the item.
    fn reason(&self) -> ReserveError {
        match *self {
            Self::Full(_) => ReserveError::Full,
            Self::Closed(_) => ReserveError::Closed,
            Self::TooHeavy { weight, max, .. } => ReserveError::TooHeavy { weight, max },
        }
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.reason(), f)
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reason(), f)
    }
}

impl<T> Error for SendError<T> {}

/// Says why no place was reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReserveError {
    /// There is no room, or others wait for it; given by `try_reserve` and those like it.
    Full,
    /// The channel is closed, or its receiver is gone.
    Closed,
    /// More weight was asked for than the channel allows.
    TooHeavy {
        /// How much was asked for.
        weight: usize,
        /// How much is allowed.
        max: usize,
    },
}

impl fmt::Display for ReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Full => f.write_str("the channel is full"),
            Self::Closed => f.write_str("the channel is closed"),
            Self::TooHeavy { weight, max } => write!(
                f,
                "a weight of {weight} never fits where {max} is allowed: send less at once, or allow more"
            ),
        }
    }
}

impl Error for ReserveError {}

/// Says why [`Receiver::try_recv`](super::Receiver::try_recv) gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryRecvError {
    /// Nothing is there now, or what is there is being merged.
    Empty,
    /// Nothing will come any more.
    Closed,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the channel is empty",
            Self::Closed => "the channel is closed, and all of it was received",
        })
    }
}

impl Error for TryRecvError {}
