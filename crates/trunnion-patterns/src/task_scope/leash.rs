//! The ticket of a closure that blocks.

use std::sync::Arc;

use trunnion_core::Registration;
use trunnion_core::panic::contain;
use trunnion_core::sync::Mutex;

use super::outcome::Outcome;
use super::state::Held;

/// Holds the ticket of a closure that cannot be stopped. In a scope that lets go of such closures the kill hands it in.
pub(super) enum Leash<T, E> {
    Fast(Held<T, E>),
    Loose(Arc<Mutex<Option<Held<T, E>>>>, Registration),
}

impl<T, E> Leash<T, E>
where
    T: Send + 'static,
    E: Send + 'static,
{
    pub(super) fn new(held: Held<T, E>) -> Self {
        let core = held.joint.open();
        if !core.detaches {
            return Self::Fast(held);
        }
        let killed = core.token.shield();
        let shared = Arc::new(Mutex::new(Some(held)));
        let loose = Arc::clone(&shared);
        let registration = killed.on_cancel(move |_| {
            let held = loose.lock().take();
            if let Some(mut held) = held {
                held.hand_in(Outcome::Cancelled);
            }
        });
        Self::Loose(shared, registration)
    }

    /// Hands the ticket in with what became of the closure; of one that was let go nobody is told.
    pub(super) fn hand_in(self, outcome: Outcome<T, E>) {
        let held = match self {
            Self::Fast(held) => Some(held),
            Self::Loose(shared, _registration) => shared.lock().take(),
        };
        match held {
            Some(mut held) => held.hand_in(outcome),
            None => contain(|| drop(outcome)),
        }
    }
}
