//! The adapters' answers to "is this thread inside one of your runtimes?".

use core::fmt;
use core::ptr;
use std::sync::OnceLock;

use crate::AnyRuntime;

/// Answers for one kind of native runtime; a `static` of its adapter.
///
/// ```
/// use trunnion_core::context::{Probe, register};
///
/// static PROBE: Probe = Probe::new("nowhere", || None);
/// register(&PROBE);
/// register(&PROBE); // again does no harm
/// ```
pub struct Probe {
    pub(super) name: &'static str,
    pub(super) current: fn() -> Option<AnyRuntime>,
    unbudgeted: fn(&mut dyn FnMut()),
    // The registered probes are a list through the probes themselves.
    next: OnceLock<&'static Probe>,
}

static FIRST: OnceLock<&'static Probe> = OnceLock::new();

impl Probe {
    /// Makes the probe of the runtimes called `name`; `current` must not start a thread.
    #[must_use]
    pub const fn new(name: &'static str, current: fn() -> Option<AnyRuntime>) -> Self {
        Self {
            name,
            current,
            unbudgeted: |f| f(),
            next: OnceLock::new(),
        }
    }

    /// Adds how to call a function without the runtime's cooperative budget.
    ///
    /// A `block_on` inside a poll of such a runtime would otherwise starve at the budget's end: nobody renews it while the
    /// thread is blocked.
    #[must_use]
    pub const fn with_unbudgeted(mut self, unbudgeted: fn(&mut dyn FnMut())) -> Self {
        self.unbudgeted = unbudgeted;
        self
    }
}

/// Adds a probe to those that detection asks, in the order of their registration; adding one again changes nothing.
///
/// # Cost
/// One atomic load for each registered probe; no allocation.
pub fn register(probe: &'static Probe) {
    let mut link = &FIRST;
    loop {
        let there = *link.get_or_init(|| probe);
        if ptr::eq(there, probe) {
            return;
        }
        link = &there.next;
    }
}

pub(super) fn all() -> impl Iterator<Item = &'static Probe> {
    core::iter::successors(FIRST.get().copied(), |probe| probe.next.get().copied())
}

/// Calls `f` outside the cooperative budgets of all registered runtimes: for each poll of a root future.
pub fn unbudgeted<R>(f: impl FnOnce() -> R) -> R {
    let mut f = Some(f);
    let mut result = None;
    let mut call = || result = f.take().map(|f| f()).or(result.take());
    nest(FIRST.get().copied(), &mut call);
    // A probe that did not call it is at fault; the call is made all the same.
    call();
    result.unwrap_or_else(|| unreachable!("it has been called"))
}

fn nest(probe: Option<&'static Probe>, f: &mut dyn FnMut()) {
    match probe {
        Some(probe) => (probe.unbudgeted)(&mut || nest(probe.next.get().copied(), f)),
        None => f(),
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
