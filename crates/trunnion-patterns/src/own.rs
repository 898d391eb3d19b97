//! Finds, in debug builds, children that wait for themselves or for their own scope.

use core::cell::RefCell;

std::thread_local! {
    /// The children that this thread is polling: the address of the scope's state and the number in it.
    static POLLED: RefCell<Vec<(usize, u64)>> = const { RefCell::new(Vec::new()) };
}

/// The scope of a child, for [`polling`]; in release builds nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    #[cfg(debug_assertions)]
    address: Option<usize>,
}

impl Scope {
    #[cfg_attr(
        not(debug_assertions),
        expect(unused_variables, reason = "nobody looks at it")
    )]
    pub(crate) const fn at(address: usize) -> Self {
        Self {
            #[cfg(debug_assertions)]
            address: Some(address),
        }
    }

    /// Gives its address; none in release builds.
    #[cfg_attr(
        not(debug_assertions),
        expect(clippy::unused_self, reason = "there is nothing in it")
    )]
    pub(crate) const fn address(self) -> Option<usize> {
        #[cfg(debug_assertions)]
        let address = self.address;
        #[cfg(not(debug_assertions))]
        let address = None;
        address
    }
}

struct Pop;

impl Drop for Pop {
    fn drop(&mut self) {
        _ = POLLED.try_with(|polled| polled.borrow_mut().pop());
    }
}

/// Polls the child that `who` names inside `f`.
pub(crate) fn polling<R>(who: impl FnOnce() -> Option<(usize, u64)>, f: impl FnOnce() -> R) -> R {
    if !cfg!(debug_assertions) {
        return f();
    }
    let push = |who| POLLED.try_with(|polled| polled.borrow_mut().push(who)).ok();
    let _pop = who().and_then(push).map(|()| Pop);
    f()
}

/// Finds the child of `scope` that this thread is polling.
pub(crate) fn polled_of(scope: usize) -> Option<u64> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let find = |polled: &RefCell<Vec<(usize, u64)>>| {
        let polled = polled.borrow();
        polled
            .iter()
            .rev()
            .find(|(at, _)| *at == scope)
            .map(|(_, id)| *id)
    };
    POLLED.try_with(find).ok().flatten()
}

/// Tells whether this thread is polling the child `id` of `scope`.
pub(crate) fn is_polling(scope: usize, id: u64) -> bool {
    let find = |polled: &RefCell<Vec<(usize, u64)>>| polled.borrow().contains(&(scope, id));
    cfg!(debug_assertions) && POLLED.try_with(find).unwrap_or(false)
}
