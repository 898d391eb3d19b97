//! Ctrl-C and `SIGTERM`.

use core::task::{Context, Poll};
use std::io;

use async_signal::Signal;
use smol::stream::StreamExt;
use trunnion_core::{Signals, StopSignal, StopSignals};

use crate::{SmolExecutor, SmolGlobal};

#[cfg(unix)]
const HEARD: &[Signal] = &[Signal::Int, Signal::Term];
#[cfg(windows)]
const HEARD: &[Signal] = &[Signal::Int];

/// Signals come through `async-io`, whatever executor runs the program.
fn listen() -> io::Result<StopSignals> {
    let mut signals = async_signal::Signals::new(HEARD)?;
    Ok(StopSignals::new(move |cx: &mut Context<'_>| {
        match signals.poll_next(cx) {
            Poll::Ready(Some(Ok(Signal::Term))) => Poll::Ready(StopSignal::Terminate),
            Poll::Ready(Some(Ok(_))) => Poll::Ready(StopSignal::Interrupt),
            // It is a pipe within this process: an error is its end.
            Poll::Ready(Some(Err(_)) | None) | Poll::Pending => Poll::Pending,
        }
    }))
}

impl Signals for SmolGlobal {
    fn stop_signals(&self) -> io::Result<StopSignals> {
        listen()
    }
}

impl Signals for SmolExecutor {
    fn stop_signals(&self) -> io::Result<StopSignals> {
        listen()
    }
}
