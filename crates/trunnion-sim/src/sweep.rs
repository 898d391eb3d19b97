//! Dropping a future at every point where it can be dropped.

use core::future::{Future, poll_fn};
use core::panic::Location;
use core::pin::pin;
use core::task::Poll;
use std::panic::resume_unwind;

use trunnion_core::panic::catch;

use crate::explore::{MOST_STEPS, end, hush, watch};
use crate::owned::{Sim, enter_at};
use crate::runtime::SimRuntime;

/// Counts what [`cancel_sweep`] or [`panic_sweep`] tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sweep {
    /// How many polls the future needs when nobody drops it.
    pub polls: usize,
    /// How many runs there were, each in a simulator of its own.
    pub runs: usize,
}

/// A future that has not ended after so many polls has no end.
const POLLS: usize = 1_000;

/// Where a run drops the future.
#[derive(Clone, Copy)]
enum Cut {
    /// As soon as this poll has returned.
    After(usize),
    /// When it has been woken after this poll, in place of the next one.
    WokenAfter(usize),
    /// The same, while the thread unwinds.
    PanicAfter(usize),
}

/// Drops a future at every point where it can be dropped, and checks each time that nothing leaked.
///
/// `factory` makes the state that is looked at afterwards and the future under test. The future runs again and again, each
/// time in a fresh simulator: dropped before its first poll, after its 1st, 2nd, ... poll, and also when it was woken but
/// not yet polled again (there a permit or an item that was handed over can be lost), until it once runs to its end.
/// Whenever it is gone, the simulator settles, and `check` looks at the state; it may wait, spawn and sleep. When the check has ended and nothing is
/// runnable, no task, armed sleep or waker may be left, and no task may have panicked that nobody joins.
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
/// When the check or the future panics or hangs, or something is left; the text says at which point the future was dropped. When the future has not ended after 1,000 polls: one that
/// serves for ever needs an end in the test.
#[track_caller]
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
#[track_caller]
#[expect(clippy::panic, reason = "a failed check ends the sweep")]
pub fn cancel_sweep_in<S, Fut, Check>(
    mut make: impl FnMut() -> Sim,
    mut factory: impl FnMut(SimRuntime) -> (S, Fut),
    mut check: impl FnMut(SimRuntime, S) -> Check,
) -> Sweep
where
    Fut: Future,
    Check: Future<Output = ()>,
{
    let place = Location::caller();
    let swept = sweep(|polls| {
        let mut run = |cut| run((&make(), place), cut, &mut factory, &mut check);
        let finished = run(Cut::After(polls))?;
        // Before the first poll nothing can have woken it.
        if polls == 0 {
            return Ok((finished, 1));
        }
        Ok((run(Cut::WokenAfter(polls))? || finished, 2))
    });
    match swept {
        Ok(sweep) => sweep,
        Err(text) => panic!("cancel_sweep failed {text}"),
    }
}

/// Raises a panic at every point where a future waits, and checks each time that nothing leaked.
///
/// It does what [`cancel_sweep`] does, and in place of a drop something beside the future panics in the same task, so that the future is
/// dropped while the thread unwinds: what its destructors lock, wake or await then must bear that. The panic goes no further.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use trunnion_core::YieldNow;
/// use trunnion_sim::panic_sweep;
///
/// let sweep = panic_sweep(
///     |rt| {
///         let log = Arc::new(Mutex::new(0));
///         let future = {
///             let log = Arc::clone(&log);
///             async move {
///                 *log.lock().unwrap() += 1; // let go before the await: it cannot be poisoned
///                 rt.yield_now().await;
///             }
///         };
///         (log, future)
///     },
///     |_rt, log| async move { assert!(*log.lock().unwrap() <= 1) },
/// );
/// assert_eq!(sweep.polls, 2);
/// ```
///
/// # Panics
/// As [`cancel_sweep`]; the text says at which point the panic was raised.
#[track_caller]
#[expect(clippy::panic, reason = "a failed check ends the sweep")]
pub fn panic_sweep<S, Fut, Check>(
    mut factory: impl FnMut(SimRuntime) -> (S, Fut),
    mut check: impl FnMut(SimRuntime, S) -> Check,
) -> Sweep
where
    Fut: Future,
    Check: Future<Output = ()>,
{
    let place = Location::caller();
    let swept = sweep(|polls| {
        let cut = Cut::PanicAfter(polls);
        let finished = run((&Sim::new(), place), cut, &mut factory, &mut check)?;
        Ok((finished, 1))
    });
    match swept {
        Ok(sweep) => sweep,
        Err(text) => panic!("panic_sweep failed {text}"),
    }
}

/// Tries one number of polls after the other until the future comes to its end; an attempt tells whether it did, and in how many runs.
fn sweep(mut attempt: impl FnMut(usize) -> Result<(bool, usize), String>) -> Result<Sweep, String> {
    let mut runs = 0;
    for polls in 0..=POLLS {
        let (finished, made) = attempt(polls)?;
        runs += made;
        if finished {
            return Ok(Sweep { polls, runs });
        }
    }
    Err(format!(
        "because the future has not ended after {POLLS} polls: give it an end in this test"
    ))
}

/// Runs the future up to `cut`, and the check; true if the future came to its end. Reports show the test at `place`.
fn run<S, Fut, Check>(
    (sim, place): (&Sim, &'static Location<'static>),
    cut: Cut,
    factory: &mut impl FnMut(SimRuntime) -> (S, Fut),
    check: &mut impl FnMut(SimRuntime, S) -> Check,
) -> Result<bool, String>
where
    Fut: Future,
    Check: Future<Output = ()>,
{
    let rt = sim.handle();
    watch(&rt, MOST_STEPS);
    let whole = async {
        let (state, future) = factory(rt.clone());
        let finished = match cut {
            Cut::PanicAfter(_) => unwound(poll_until(future, cut)).await,
            Cut::After(_) | Cut::WokenAfter(_) => poll_until(future, cut).await,
        };
        rt.settle().await;
        check(rt.clone(), state).await;
        rt.settle().await;
        finished
    };
    let (entered, places) = hush(|| enter_at(&rt.shared, sim.context(), place, whole));
    let result = match entered {
        Ok(Ok(finished)) => Ok(finished),
        Ok(Err(refused)) => Err(refused.to_string()),
        Err(payload) => Err(payload.to_string()),
    };
    let finished = matches!(result, Ok(true));
    let Some(trouble) = end(sim, (result.map(drop), places), true) else {
        return Ok(finished);
    };
    let place = trouble.place.map(|place| format!("\nat {place}"));
    Err(format!(
        "where the future {cut}: {}{}",
        trouble.message,
        place.unwrap_or_default()
    ))
}

/// Polls `future` up to `cut` and drops it; true if it came to its end.
async fn poll_until<F: Future>(future: F, cut: Cut) -> bool {
    let mut future = pin!(future);
    let (Cut::After(mut left) | Cut::WokenAfter(mut left) | Cut::PanicAfter(mut left)) = cut;
    let at_once = matches!(cut, Cut::After(_));
    poll_fn(|cx| {
        if left == 0 {
            if matches!(cut, Cut::PanicAfter(_)) {
                resume_unwind(Box::new(Injected));
            }
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

/// The panic that is no failure.
struct Injected;

/// Awaits `future`; false when it unwound because that was the purpose.
async fn unwound(future: impl Future<Output = bool>) -> bool {
    let mut future = pin!(future);
    poll_fn(|cx| match catch(|| future.as_mut().poll(cx)) {
        Ok(poll) => poll,
        Err(payload) => match payload.into_inner().downcast::<Injected>() {
            Ok(_) => Poll::Ready(false),
            Err(other) => resume_unwind(other),
        },
    })
    .await
}

impl core::fmt::Display for Cut {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::PanicAfter(polls) => write!(f, "is dropped by a panic after poll {polls}"),
            Self::After(0) => f.write_str("is dropped before its first poll"),
            Self::After(polls) => write!(f, "is dropped right after poll {polls}"),
            Self::WokenAfter(polls) => write!(f, "is dropped when it was woken after poll {polls}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_of_a_future_without_an_end_has_one() {
        let text = sweep(|_| Ok((false, 1))).err().unwrap_or_default();
        assert!(text.contains("has not ended after 1000 polls"), "{text}");
        let last = sweep(|polls| Ok((polls == POLLS, 2)));
        assert_eq!(last.map(|sweep| sweep.runs), Ok(2 * POLLS + 2));
    }
}
