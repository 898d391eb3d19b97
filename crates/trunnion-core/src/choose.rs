//! Choosing where an order is free.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

type Chooser = Rc<dyn Fn(usize) -> usize>;

std::thread_local! {
    /// What a simulator that runs on this thread chooses by.
    static CHOOSER: RefCell<Option<Chooser>> = const { RefCell::new(None) };
    static TURN: Cell<usize> = const { Cell::new(0) };
}

/// Chooses one of `n` equals, and gives a number below `n` (0 for none at all).
///
/// It is for places where an order is free and nobody should rely on it: the start of a race, say. The choice rotates, one
/// turn a thread; inside the simulator it is the simulator's, so that it is repeated for the same seed.
///
/// ```
/// use trunnion_core::choose;
///
/// let first = choose(3);
/// assert_eq!(choose(3), (first + 1) % 3);
/// assert_eq!((choose(1), choose(0)), (0, 0));
/// ```
///
/// # Cost
/// Two thread-local accesses.
#[must_use]
pub fn choose(n: usize) -> usize {
    if n < 2 {
        return 0;
    }
    let chooser = CHOOSER.try_with(|chooser| chooser.borrow().clone());
    match chooser.ok().flatten() {
        Some(chooser) => chooser(n) % n,
        None => rotate() % n,
    }
}

/// Counts; during thread exit it stands still.
fn rotate() -> usize {
    let next = TURN.try_with(|turn| turn.replace(turn.get().wrapping_add(1)));
    next.unwrap_or(0)
}

/// Makes `chooser` decide what [`choose`] gives on this thread while `f` runs, also when `f` panics: for simulators.
#[doc(hidden)]
pub fn with_chooser<R>(chooser: Rc<dyn Fn(usize) -> usize>, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<Chooser>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let outer = self.0.take();
            let inner = CHOOSER.try_with(|chooser| chooser.replace(outer));
            drop(inner);
        }
    }
    let outer = CHOOSER.try_with(|current| current.replace(Some(chooser)));
    let _restore = Restore(outer.ok().flatten());
    f()
}
