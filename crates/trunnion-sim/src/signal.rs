//! Signals that are raised by hand.

use core::task::{Context, Poll};
use std::io;

use trunnion_core::panic::contain;
use trunnion_core::sync::Arc;
use trunnion_core::wait::{Locked, Shared, Waiter, Wakers};
use trunnion_core::{Signals, StopSignal, StopSignals};

use crate::runtime::SimRuntime;

/// All signals that were raised, in their order.
#[derive(Default)]
pub(crate) struct Raised(Vec<StopSignal>);

impl Shared for Raised {
    type Open = ();
    type Value = ();
    const PASSES_ON: bool = false;

    fn pass_on(_: &mut Locked<'_, Self>, (): (), _: &mut Wakers) {}
}

impl SimRuntime {
    /// Raises a signal: all who listen get it. No process gets one.
    ///
    /// ```
    /// use trunnion_core::{Signals, StopSignal};
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let mut signals = rt.stop_signals()?;
    ///     rt.raise(StopSignal::Terminate);
    ///     assert_eq!(signals.recv().await, StopSignal::Terminate);
    ///     Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn raise(&self, signal: StopSignal) {
        let raised = &self.shared.raised;
        raised.lock().shared().0.push(signal);
        let woken = raised.wake_while(|()| true);
        contain(|| drop(woken));
    }
}

/// It hears what is [raised](SimRuntime::raise) from now on.
impl Signals for SimRuntime {
    fn stop_signals(&self) -> io::Result<StopSignals> {
        let raised = Arc::clone(&self.shared.raised);
        let mut seen = raised.lock().shared().0.len();
        let mut waiter = Box::pin(Waiter::new(raised, ()));
        Ok(StopSignals::new(move |cx: &mut Context<'_>| {
            loop {
                let next = waiter.home().lock().shared().0.get(seen).copied();
                if let Some(signal) = next {
                    seen += 1;
                    return Poll::Ready(signal);
                }
                let more = |raised: &mut Locked<'_, Raised>| raised.shared().0.len() > seen;
                if waiter.as_mut().poll_wait(cx, more).is_pending() {
                    return Poll::Pending;
                }
            }
        }))
    }
}
