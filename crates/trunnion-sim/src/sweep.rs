//! Dropping a future at every point where it can be dropped.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use trunnion_core::BlockOn;
use trunnion_core::panic::catch;

use crate::owned::Sim;
use crate::runtime::SimRuntime;

/// Counts what [`cancel_sweep`] tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sweep {
    /// How many polls the future needs when nobody drops it.
    pub polls: usize,
    /// How many runs there were, each in a simulator of its own.
    pub runs: usize,
}

/// Where a run drops the future.
#[derive(Clone, Copy)]
enum Cut {
    /// As soon as this poll has returned.
    After(usize),
    /// When it has been woken after this poll, in place of the next one.
    WokenAfter(usize),
}

/// Drops a future at every point where it can be dropped, and checks each time that nothing leaked.
///
/// `factory` makes the state that is looked at afterwards and the future under test. The future runs again and again, each
/// time in a fresh simulator: dropped before its first poll, after its 1st, 2nd, ... poll, and also when it was woken but
/// not yet polled again (there a permit or an item that was handed over can be lost), until it once runs to its end.
/// Whenever it is gone, the simulator settles, and `check` looks at the state; it may wait, spawn and sleep.
///
/// A counter that is not given back when the work around it is cancelled:
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
/// use std::time::Duration;
/// use trunnion_core::{Timer, panic::catch};
/// use trunnion_sim::{SimRuntime, cancel_sweep};
///
/// async fn serve(rt: SimRuntime, open: Arc<AtomicUsize>) {
///     open.fetch_add(1, Relaxed);
///     rt.sleep(Duration::from_secs(1)).await;
///     open.fetch_sub(1, Relaxed); // never reached when the future is dropped at its sleep
/// }
///
/// let found = catch(|| {
///     cancel_sweep(
///         |rt| {
///             let open = Arc::new(AtomicUsize::new(0));
///             (Arc::clone(&open), serve(rt, open))
///         },
///         |_rt, open| async move { assert_eq!(open.load(Relaxed), 0, "left open") },
///     )
/// });
/// let text = found.unwrap_err().to_string();
/// assert!(text.contains("dropped right after poll 1"), "{text}");
/// assert!(text.contains("left open"), "{text}");
/// ```
///
/// # Panics
/// When the check or the future panics or hangs; the text says at which point the future was dropped.
pub fn cancel_sweep<S, Fut, Check>(
    factory: impl FnMut(SimRuntime) -> (S, Fut),
    check: impl FnMut(SimRuntime, S) -> Check,
) -> Sweep
where
    Fut: Future,
    Check: Future<Output = ()>,
{
    cancel_sweep_in(Sim::new, factory, check)
}

/// Does what [`cancel_sweep`] does in simulators that `make` makes: with another schedule or seed.
///
/// ```
/// use trunnion_core::YieldOnce;
/// use trunnion_sim::{Schedule, Sim, cancel_sweep_in};
///
/// for seed in 0..10 {
///     let sweep = cancel_sweep_in(
///         || Sim::new().schedule(Schedule::Random).seed(seed),
///         |_| ((), YieldOnce::new()),
///         |_, ()| async {},
///     );
///     assert_eq!(sweep.polls, 2);
/// }
/// ```
///
/// # Panics
/// As [`cancel_sweep`].
pub fn cancel_sweep_in<S, Fut, Check>(
    mut make: impl FnMut() -> Sim,
    mut factory: impl FnMut(SimRuntime) -> (S, Fut),
    mut check: impl FnMut(SimRuntime, S) -> Check,
) -> Sweep
where
    Fut: Future,
    Check: Future<Output = ()>,
{
    let mut runs = 0;
    for polls in 0.. {
        let mut finished = false;
        for cut in [Cut::After(polls), Cut::WokenAfter(polls)] {
            runs += 1;
            finished = run(&make(), cut, &mut factory, &mut check);
        }
        if finished {
            return Sweep { polls, runs };
        }
    }
    unreachable!("there are more numbers than polls")
}

/// Runs the future up to `cut`, and the check; true if the future came to its end.
#[expect(clippy::panic, reason = "a failed check ends the sweep")]
fn run<S, Fut, Check>(
    sim: &Sim,
    cut: Cut,
    factory: &mut impl FnMut(SimRuntime) -> (S, Fut),
    check: &mut impl FnMut(SimRuntime, S) -> Check,
) -> bool
where
    Fut: Future,
    Check: Future<Output = ()>,
{
    let rt = sim.handle();
    let whole = async {
        let (state, future) = factory(rt.clone());
        let finished = poll_until(future, cut).await;
        rt.settle().await;
        check(rt.clone(), state).await;
        finished
    };
    match catch(|| sim.block_on(whole)) {
        Ok(finished) => finished,
        Err(payload) => panic!("cancel_sweep failed where the future {cut}: {payload}"),
    }
}

/// Polls `future` up to `cut` and drops it; true if it came to its end.
async fn poll_until<F: Future>(future: F, cut: Cut) -> bool {
    let mut future = pin!(future);
    let (mut left, at_once) = match cut {
        Cut::After(polls) => (polls, true),
        Cut::WokenAfter(polls) => (polls, false),
    };
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 && at_once => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

impl core::fmt::Display for Cut {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::After(0) | Self::WokenAfter(0) => f.write_str("is dropped before its first poll"),
            Self::After(polls) => write!(f, "is dropped right after poll {polls}"),
            Self::WokenAfter(polls) => write!(f, "is dropped when it was woken after poll {polls}"),
        }
    }
}
