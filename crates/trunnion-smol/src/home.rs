//! Where a task of this crate belongs, and whether it is to end.

use core::ptr;
use std::cell::RefCell;
use std::sync::Arc;
use std::task::Waker;

use crate::registry::Registry;

std::thread_local! {
    static ENTERED: RefCell<Option<Arc<Registry>>> = const { RefCell::new(None) };
}

/// What a task knows of the registry of its runtime.
///
/// A task that is ready at its first poll never meets the registry: until it has been polled once it is in the executor's
/// queue for sure. It knows the registry by address meanwhile, at no cost, and finds it through the thread that polls it.
/// The address is not used again while the task lives: whoever keeps the executor keeps the registry.
pub(crate) enum Home {
    /// The executor is not ours to end.
    None,
    /// The task has never waited.
    At(usize),
    /// The task has a place.
    Registered(Arc<Registry>, usize),
}

impl Home {
    pub(crate) fn of(registry: &Arc<Registry>) -> Self {
        Self::At(address(registry))
    }

    /// Tells whether the task is one that the end of a runtime counts.
    pub(crate) fn is_counted(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Tells a task, before a poll, that it is to end in place of being polled.
    pub(crate) fn is_closing(&self) -> bool {
        match self {
            Self::None => false,
            Self::At(home) => entered(*home, |registry| registry.is_closing()).unwrap_or(false),
            Self::Registered(registry, _) => registry.is_closing(),
        }
    }

    /// Notes that the task waits. Its waker never changes, so that once is enough.
    pub(crate) fn wait(&mut self, waker: &Waker) {
        let Self::At(home) = self else { return };
        if let Some(registry) = entered(*home, Arc::clone) {
            let place = registry.insert(waker.clone());
            *self = Self::Registered(registry, place);
        }
    }

    /// Notes that the task has ended.
    pub(crate) fn leave(&mut self) {
        if let Self::Registered(registry, place) = self {
            registry.remove(*place);
        }
        *self = Self::None;
    }
}

fn address(registry: &Arc<Registry>) -> usize {
    ptr::from_ref::<Registry>(registry).addr()
}

/// Calls `f` with the registry at `home`, if this thread drives its executor; `f` is none of the user's code.
fn entered<R>(home: usize, f: impl FnOnce(&Arc<Registry>) -> R) -> Option<R> {
    let find = |entered: &RefCell<Option<Arc<Registry>>>| {
        let entered = entered.borrow();
        entered.as_ref().filter(|it| address(it) == home).map(f)
    };
    ENTERED.try_with(find).ok().flatten()
}

/// Runs `f`, in which this thread drives the executor of `registry`.
pub(crate) fn enter<R>(registry: &Arc<Registry>, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<Arc<Registry>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            swap(&mut self.0);
        }
    }
    let mut entered = Some(Arc::clone(registry));
    swap(&mut entered);
    let _restore = Restore(entered);
    f()
}

fn swap(other: &mut Option<Arc<Registry>>) {
    let _gone = ENTERED.try_with(|entered| core::mem::swap(&mut *entered.borrow_mut(), other));
}
