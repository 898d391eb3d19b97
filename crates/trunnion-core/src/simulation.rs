//! What a simulator decides, and wants to know, on the thread on which it runs.

use core::panic::Location;
use std::cell::RefCell;
use std::rc::Rc;

use crate::PanicPayload;
use crate::coop::OwnCount;
use crate::panic::contain;

/// Is asked and told by core while a simulator runs on the thread.
#[doc(hidden)]
pub trait Simulation {
    /// Chooses a number below `n`, which is at least 2.
    fn choose(&self, n: usize) -> usize;

    /// A task panicked whose handle has left: nobody will take the panic.
    fn lost_panic(&self, payload: &PanicPayload);

    /// The operating system's clock is read.
    fn real_clock(&self, place: &'static Location<'static>);
}

std::thread_local! {
    static CURRENT: RefCell<Option<Rc<dyn Simulation>>> = const { RefCell::new(None) };
}

/// Finds the simulator that runs on this thread.
pub(crate) fn current() -> Option<Rc<dyn Simulation>> {
    let current = CURRENT.try_with(|current| current.borrow().clone());
    current.ok().flatten()
}

/// Tells it of a panic that nobody takes.
#[cold]
pub(crate) fn lost_panic(payload: &PanicPayload) {
    if let Some(simulation) = current() {
        contain(|| simulation.lost_panic(payload));
    }
}

/// Tells it that the real clock is read at `place`: here, or by an adapter that has a clock of its own.
#[doc(hidden)]
#[inline]
pub fn tell_real_clock(place: &'static Location<'static>) {
    if let Some(simulation) = current() {
        simulation.real_clock(place);
    }
}

/// Lets `simulation` be the one of this thread while `f` runs, also when `f` panics; what gives way now and then counts anew.
#[doc(hidden)]
pub fn with_simulation<R>(simulation: Rc<dyn Simulation>, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<Rc<dyn Simulation>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let outer = self.0.take();
            let inner = CURRENT.try_with(|current| current.replace(outer));
            drop(inner);
        }
    }
    let outer = CURRENT.try_with(|current| current.replace(Some(simulation)));
    let _restore = Restore(outer.ok().flatten());
    let _count = OwnCount::begin();
    f()
}
