//! A flag that blocking code looks at between two steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks code that blocks to stop at its next step.
///
/// Clones share one flag. A [`child`](Self::child) is set by its own flag and by its parent's.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    own: Arc<AtomicBool>,
    parent: Option<Arc<AtomicBool>>,
}

/// Sets its flag when it is dropped; made by [`Stop::set_on_drop`].
#[derive(Debug)]
pub struct SetOnDrop(Arc<AtomicBool>);

impl Stop {
    /// Takes a flag that somebody else sets, such as a signal handler.
    #[must_use]
    pub const fn from_flag(flag: Arc<AtomicBool>) -> Self {
        Self {
            own: flag,
            parent: None,
        }
    }

    /// Makes a flag that is also set when this one's own is.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            own: Arc::default(),
            parent: Some(Arc::clone(&self.own)),
        }
    }

    /// Sets the flag.
    pub fn set(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// Tells whether to stop.
    #[must_use]
    pub fn is_set(&self) -> bool {
        let set = |flag: &Arc<AtomicBool>| flag.load(Ordering::Relaxed);
        set(&self.own) || self.parent.as_ref().is_some_and(set)
    }

    /// Sets the flag when the returned guard is dropped.
    #[must_use]
    pub fn set_on_drop(&self) -> SetOnDrop {
        SetOnDrop(Arc::clone(&self.own))
    }
}

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
