//! What a waiter does that is polled again.

use core::task::Waker;

use super::Entry;
use crate::mutant;

/// What a registered waiter finds under the lock.
pub(super) enum Turn {
    /// It is out of the list.
    Notified,
    /// Its waker is there; this one is to be dropped.
    Kept(Option<Waker>),
    /// Another waker is there than the poll's.
    Stale,
}

pub(super) fn turn<V>(entry: &mut Entry<V>, waker: &Waker, new: &mut Option<Waker>) -> Turn {
    match &mut entry.waker {
        None => Turn::Notified,
        Some(old) if mutant!("wait-stale-waker", old.will_wake(waker), true) => {
            Turn::Kept(new.take())
        }
        Some(old) => match new.take() {
            Some(new) => Turn::Kept(Some(core::mem::replace(old, new))),
            None => Turn::Stale,
        },
    }
}
