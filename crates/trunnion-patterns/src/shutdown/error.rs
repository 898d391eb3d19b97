//! What is not registered.

use core::error::Error;
use core::fmt;

/// Gives back what a shutdown did not take, uncalled.
#[non_exhaustive]
pub enum RegisterError<F = ()> {
    /// No phase has this name.
    NoSuchPhase(F),
    /// The phase has been asked to stop, or is over.
    Stopping(F),
}

impl<F> RegisterError<F> {
    /// Gives the closure back.
    pub fn into_inner(self) -> F {
        match self {
            Self::NoSuchPhase(back) | Self::Stopping(back) => back,
        }
    }
}

impl<F> fmt::Display for RegisterError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchPhase(_) => "there is no such phase",
            Self::Stopping(_) => "the phase takes nothing more: it is stopping",
        })
    }
}

impl<F> fmt::Debug for RegisterError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegisterError({self})")
    }
}

impl<F> Error for RegisterError<F> {}
