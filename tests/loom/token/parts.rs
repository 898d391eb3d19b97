//! Causes that are counted, and threads that cancel.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use trunnion_core::sync::thread;
use trunnion_core::{CancelKind, CancelReason, CancelToken};

use crate::waker::Count;

/// A cause that counts when it is dropped: the last node that knows of it is gone then.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Count>);

struct Cause(Ledger);

impl Ledger {
    pub(super) fn reason(&self) -> CancelReason {
        CancelReason::new(CancelKind::SiblingFailed).because(Cause(self.clone()))
    }

    /// Asserts that the one reason that was made is gone.
    #[track_caller]
    pub(super) fn assert_closed(&self) {
        assert_eq!(self.0.now(), 1, "a node is kept, or freed twice");
    }
}

impl Error for Cause {}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cause")
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cause")
    }
}

impl Drop for Cause {
    fn drop(&mut self) {
        self.0.0.add();
    }
}

/// Cancels elsewhere; if that cancellation wins, what it promises must hold: `told` is cancelled.
pub(super) fn cancel_elsewhere(
    token: &CancelToken,
    told: &CancelToken,
) -> thread::JoinHandle<bool> {
    let (token, told) = (token.clone(), told.clone());
    thread::spawn(move || cancel(&token, &told))
}

/// The same, here.
#[track_caller]
pub(super) fn cancel(token: &CancelToken, told: &CancelToken) -> bool {
    let won = token.cancel();
    assert!(
        !won || told.is_cancelled(),
        "a descendant does not know yet"
    );
    won
}
