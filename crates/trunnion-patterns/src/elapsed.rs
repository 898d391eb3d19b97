//! The error of an operation that took too long.

use core::fmt;
use core::time::Duration;

use trunnion_core::Instant;

/// Says that an operation was not ready in time; given by [`timeout`](fn@crate::timeout) and [`timeout_at`](crate::timeout_at).
///
/// The operation has been dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Elapsed {
    /// What `timeout` allowed; `None` where the limit was a point in time.
    pub allowed: Option<Duration>,
    /// The point in time that was reached; `None` where nothing was allowed, so that no clock was read.
    pub deadline: Option<Instant>,
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.allowed {
            Some(allowed) => write!(f, "timed out after {allowed:?}"),
            None => f.write_str("timed out at its deadline"),
        }
    }
}

impl core::error::Error for Elapsed {}
