//! Which runtimes were met, and what was found out about them.

use tokio::runtime::Id;
use trunnion_core::sync::{Arc, Weak};

use crate::shared::Shared;

/// How many runtimes that nobody holds a value of are remembered.
const DEAD: usize = 32;

/// Remembers runtimes, the latest last. Tokio counts its ids up, so that an old entry is never taken for a new runtime.
pub(crate) struct Known(Vec<Entry>);

struct Entry {
    id: Id,
    timer: bool,
    // Weak: the entry must not keep the runtime's memory.
    shared: Weak<Shared>,
}

impl Known {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Finds what is shared for this runtime, if somebody holds a value of it.
    pub(crate) fn find(&self, id: Id) -> Option<Arc<Shared>> {
        self.entry(id)?.shared.upgrade()
    }

    /// Tells whether the runtime has a timer, if that was found out before.
    pub(crate) fn timer(&self, id: Id) -> Option<bool> {
        self.entry(id).map(|entry| entry.timer)
    }

    /// Replaces what was known of this runtime, and forgets the oldest ones that nobody holds a value of.
    pub(crate) fn remember(&mut self, id: Id, timer: bool, shared: Weak<Shared>) {
        self.0.retain(|entry| entry.id != id);
        let alive = |entry: &Entry| entry.shared.strong_count() > 0;
        let dead = self.0.iter().filter(|entry| !alive(entry)).count();
        let mut excess = dead.saturating_sub(DEAD);
        self.0.retain(|entry| {
            let keep = excess == 0 || alive(entry);
            excess -= usize::from(!keep);
            keep
        });
        self.0.push(Entry { id, timer, shared });
    }

    fn entry(&self, id: Id) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_outlive_values_and_the_oldest_are_forgotten() {
        let fresh = || tokio::runtime::Builder::new_current_thread().build();
        let ids: Vec<Id> = (0..DEAD + 9)
            .map(|_| fresh().expect("tokio starts").handle().id())
            .collect();
        let mut known = Known::new();
        for (i, id) in ids.iter().enumerate() {
            known.remember(*id, i % 2 == 0, Weak::new());
        }
        assert_eq!(known.0.len(), DEAD + 1);
        assert_eq!(known.timer(ids[0]), None);
        assert_eq!(known.timer(ids[DEAD + 8]), Some(true));
        assert_eq!(known.timer(ids[DEAD + 7]), Some(false));
        known.remember(ids[DEAD + 7], true, Weak::new());
        assert_eq!(known.timer(ids[DEAD + 7]), Some(true));
        assert_eq!(known.0.len(), DEAD + 1);
    }
}
