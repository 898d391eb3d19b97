//! Which executors are the same.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use smol::Executor;
use trunnion_core::RuntimeId;

use crate::KIND;

type Known = Vec<(Weak<Executor<'static>>, RuntimeId)>;

/// Gives the id of an executor: always the same one for it, and never one that another executor had.
///
/// An address alone would not do: ids outlive executors, and addresses are used again. The list holds each executor weakly,
/// which keeps its address from being used again while it is compared; the dead are removed at each call.
pub(crate) fn id_of(executor: &Arc<Executor<'static>>) -> RuntimeId {
    static KNOWN: Mutex<Known> = Mutex::new(Vec::new());
    let executor = Arc::downgrade(executor);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|(other, _)| other.strong_count() > 0);
    let found = known.iter().find(|(other, _)| other.ptr_eq(&executor));
    if let Some((_, id)) = found {
        return *id;
    }
    let id = RuntimeId::unique(KIND);
    known.push((executor, id));
    id
}
