//! Which tokio runtime this thread is inside of, and how deep.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::runtime::Handle;
use tokio::task::coop;
use trunnion_core::AnyRuntime;
use trunnion_core::context::{self, Probe};

use crate::Tokio;

static PROBE: Probe = Probe::new("tokio", current).with_unbudgeted(without_budget);

/// Lets detection ask whether a thread is inside a tokio runtime.
///
/// Every constructor of this crate does it as well; call it where no value of this crate was made yet. Calling it again
/// does nothing.
///
/// ```
/// use trunnion_core::{AnyRuntime, RuntimeInfo};
///
/// #[tokio::main]
/// async fn main() {
///     trunnion_tokio::register();
///     assert_eq!(AnyRuntime::current().unwrap().info().name(), "tokio");
/// }
/// ```
pub fn register() {
    context::register(&PROBE);
}

/// A runtime without a timer is not found: the first sleep on it would panic.
fn current() -> Option<AnyRuntime> {
    let handle = Handle::try_current().ok()?;
    Tokio::new(handle).ok().map(AnyRuntime::new)
}

/// Nobody renews tokio's cooperative budget while a nested `block_on` polls, and at its end tokio's primitives stay
/// pending for ever.
fn without_budget(f: &mut dyn FnMut()) {
    let call = poll_fn(|_| {
        f();
        Poll::Ready(())
    });
    let mut cx = Context::from_waker(Waker::noop());
    let done = pin!(coop::unconstrained(call)).poll(&mut cx);
    debug_assert!(done.is_ready());
}

/// Where the calling thread stands as tokio sees it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// No tokio runtime is entered.
    Outside,
    /// Inside a poll by tokio: blocking panics.
    Poll,
    /// A runtime is entered. Blocking is allowed on a blocking thread, in `block_in_place` and behind a guard of
    /// `Handle::enter`, but not in a destructor that tokio runs or in a poll without a budget; nothing tells them apart.
    Entered,
}

impl Place {
    pub(crate) fn here() -> Self {
        match Handle::try_current() {
            Err(error) if error.is_missing_context() => Self::Outside,
            _ if has_budget() => Self::Poll,
            _ => Self::Entered,
        }
    }
}

/// Tells whether this thread has a cooperative budget, which tokio gives to polls only.
///
/// A budget ends when it is spent: this spends one unit after the other, and gives all of them back.
fn has_budget() -> bool {
    // A budget is a `u8`.
    const UNITS: usize = 256;
    let mut units = [const { None }; UNITS];
    let mut cx = Context::from_waker(Waker::noop());
    let mut spent = false;
    for unit in &mut units {
        spent = !coop::has_budget_remaining();
        if spent {
            break;
        }
        *unit = match coop::poll_proceed(&mut cx) {
            Poll::Ready(unit) => Some(unit),
            Poll::Pending => None,
        };
    }
    // Each unit restores the budget that it found: the first one goes last.
    units.iter_mut().rev().for_each(|unit| *unit = None);
    spent
}
