//! Which executors are the same, and what their values share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use smol::Executor;
use trunnion_core::RuntimeId;

use crate::KIND;
use crate::ending::Ending;
use crate::executor::Parts;

/// An executor that was met, held weakly.
///
/// An address alone would not do: ids outlive executors, and addresses are used again. Whoever holds an executor weakly
/// keeps its address from being used again while it is compared.
struct Entry {
    id: RuntimeId,
    executor: Weak<Executor<'static>>,
    parts: Weak<Parts>,
}

impl Entry {
    /// Nobody can ask for what has neither an executor nor a value, but for a task that is dropped just now.
    fn is_needed(&self) -> bool {
        self.executor.strong_count() > 0 || self.parts.strong_count() > 0
    }

    /// Gives what the values share, or makes it anew. Only an executor of the program's own outlives its values.
    fn parts(&mut self) -> Arc<Parts> {
        self.parts.upgrade().unwrap_or_else(|| {
            let parts = Parts::new(self.id, Weak::clone(&self.executor), None);
            self.parts = Arc::downgrade(&parts);
            parts
        })
    }
}

/// Locks the table. Nothing is dropped under the lock but what is held weakly.
fn known() -> MutexGuard<'static, Vec<Entry>> {
    static KNOWN: Mutex<Vec<Entry>> = Mutex::new(Vec::new());
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Finds what all values of `executor` share: the id is always the same one for it, and never one that another had.
pub(crate) fn of(executor: &Arc<Executor<'static>>) -> Arc<Parts> {
    let executor = Arc::downgrade(executor);
    let mut known = known();
    known.retain(Entry::is_needed);
    let found = known.iter_mut().find(|it| it.executor.ptr_eq(&executor));
    if let Some(entry) = found {
        return entry.parts();
    }
    let mut entry = Entry {
        id: RuntimeId::unique(KIND),
        executor,
        parts: Weak::new(),
    };
    let parts = entry.parts();
    known.push(entry);
    parts
}

/// Makes what the values of an owned runtime share.
pub(crate) fn owned(executor: &Arc<Executor<'static>>, ending: Ending) -> Arc<Parts> {
    let executor = Arc::downgrade(executor);
    let id = RuntimeId::unique(KIND);
    let parts = Parts::new(id, Weak::clone(&executor), Some(ending));
    let mut known = known();
    known.retain(Entry::is_needed);
    known.push(Entry {
        id,
        executor,
        parts: Arc::downgrade(&parts),
    });
    parts
}

/// Finds what the values of runtime `id` share; for one that has ended and was forgotten, what refuses every task.
pub(crate) fn find(id: RuntimeId) -> Arc<Parts> {
    let found = known().iter_mut().find(|it| it.id == id).map(Entry::parts);
    found.unwrap_or_else(|| Parts::new(id, Weak::new(), None))
}
