//! Signals that ask a program to stop.

use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::io;
use std::string::ToString;

use crate::{CancelKind, CancelReason};

/// Names a signal that asks the program to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopSignal {
    /// Ctrl-C, or `SIGINT`.
    Interrupt,
    /// `SIGTERM`: what `kill`, service managers and container runtimes send. Windows has none.
    Terminate,
}

impl fmt::Display for StopSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "interrupted by Ctrl-C",
            Self::Terminate => "terminated by SIGTERM",
        })
    }
}

/// The reason is [`CancelKind::Shutdown`], because of the signal.
impl From<StopSignal> for CancelReason {
    fn from(signal: StopSignal) -> Self {
        Self::new(CancelKind::Shutdown).because(signal.to_string())
    }
}

/// Listens for the signals that ask the program to stop.
///
/// It is a capability of adapters: those of tokio and smol have it with their feature `signal`, the simulator always.
pub trait Signals {
    /// Starts to listen for Ctrl-C and, where there is one, `SIGTERM`.
    ///
    /// From now on these signals no longer end the process by themselves: whoever listens is to do that, also after the
    /// value was dropped. All who listen get each signal. Signals of one kind that come before the last one was taken may count as one.
    ///
    /// # Errors
    /// What the operating system or the runtime says when it cannot listen.
    fn stop_signals(&self) -> io::Result<StopSignals>;
}

/// Receives the signals that ask the program to stop; made by [`Signals::stop_signals`].
///
/// ```
/// use std::task::Poll;
/// use trunnion_core::{StopSignal, StopSignals};
///
/// let mut signals = StopSignals::new(|_cx| Poll::Ready(StopSignal::Interrupt));
/// # use std::{future::Future, pin::pin, task::{Context, Waker}};
/// # let mut cx = Context::from_waker(Waker::noop());
/// # let Poll::Ready(signal) = pin!(signals.recv()).poll(&mut cx) else { unreachable!() };
/// # assert_eq!(signal, StopSignal::Interrupt);
/// ```
pub struct StopSignals(Box<Next>);

/// Polls for the next signal.
type Next = dyn FnMut(&mut Context<'_>) -> Poll<StopSignal> + Send;

impl StopSignals {
    /// Makes a receiver of a function that polls for the next signal: for adapters.
    ///
    /// # Cost
    /// One allocation.
    pub fn new(poll: impl FnMut(&mut Context<'_>) -> Poll<StopSignal> + Send + 'static) -> Self {
        Self(Box::new(poll))
    }

    /// Waits for the next signal.
    ///
    /// # Cancel safety
    /// Dropping the returned future loses no signal.
    pub async fn recv(&mut self) -> StopSignal {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Polls for the next signal; only the last poll's waker is woken.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<StopSignal> {
        (self.0)(cx)
    }
}

impl fmt::Debug for StopSignals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopSignals").finish_non_exhaustive()
    }
}
