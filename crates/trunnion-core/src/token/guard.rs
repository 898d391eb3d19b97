//! Cancelling when something is dropped.

use core::fmt;

use super::CancelToken;
use crate::panic::contain;
use crate::{CancelKind, CancelReason};

/// Cancels a token when it is dropped, with the kind [`CancelKind::GuardDropped`].
///
/// The panic of a waker or callback that its drop wakes goes to the panic hook and no further.
///
/// ```
/// use trunnion_core::{CancelKind, CancelToken};
///
/// let token = CancelToken::new();
/// let guard = token.guard();
/// drop(guard);
/// assert_eq!(token.reason().unwrap().kind(), CancelKind::GuardDropped);
/// ```
#[must_use = "dropping the guard cancels its token"]
pub struct CancelGuard {
    // Empty only while `disarm` and `drop` run.
    token: Option<CancelToken>,
}

impl CancelGuard {
    pub(super) const fn new(token: CancelToken) -> Self {
        Self { token: Some(token) }
    }

    /// Gives the token back without cancelling it.
    ///
    /// ```
    /// use trunnion_core::CancelToken;
    ///
    /// let token = CancelToken::new().guard().disarm();
    /// assert!(!token.is_cancelled());
    /// ```
    pub fn disarm(mut self) -> CancelToken {
        self.token.take().unwrap_or_default()
    }
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        if let Some(token) = &self.token {
            let reason = CancelReason::new(CancelKind::GuardDropped);
            contain(|| _ = token.cancel_with(reason));
        }
    }
}

impl fmt::Debug for CancelGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelGuard").field(&self.token).finish()
    }
}
