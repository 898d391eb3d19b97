//! What a child gets from its supervisor.

use core::fmt;

use trunnion_core::panic::contain;
use trunnion_core::{CancelKind, CancelToken};

/// Tells a child of a [`Supervisor`](super::Supervisor) when to stop, and which restart it is; takes its word that it is ready.
#[derive(Clone)]
pub struct ChildCtx {
    token: CancelToken,
    // Cancelled when the child is ready: a state that one can wait for.
    ready: CancelToken,
    restarts: u64,
}

impl ChildCtx {
    pub(super) const fn new(token: CancelToken, ready: CancelToken, restarts: u64) -> Self {
        Self {
            token,
            ready,
            restarts,
        }
    }

    /// Gives the token of this incarnation: cancelled when it is to stop, killed when its time for that is over.
    ///
    /// A child that cancels it touches no sibling, and if it then ends, has ended by itself.
    pub const fn token(&self) -> &CancelToken {
        &self.token
    }

    /// Says that the child is ready, so that the next one may start. Once is enough; more do nothing.
    pub fn ready(&self) {
        // Nobody else has the token, and no callback is on it.
        contain(|| _ = self.ready.cancel_with(CancelKind::Satisfied));
    }

    /// Counts the incarnations before this one: 0 at the first start, then 1, whoever was the reason.
    #[must_use]
    pub const fn restarts(&self) -> u64 {
        self.restarts
    }
}

impl fmt::Debug for ChildCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildCtx")
            .field("restarts", &self.restarts)
            .field("ready", &self.ready.is_cancelled())
            .field("token", &self.token)
            .finish()
    }
}
