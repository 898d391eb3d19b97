//! Ctrl-C and `SIGTERM`.

use std::io;
use std::task::{Context, Poll};

use trunnion_core::panic::{catch, contain};
use trunnion_core::{Signals, StopSignal, StopSignals};

use crate::Tokio;

/// Polls for the next of one kind; none any more once the runtime has ended.
type Next = Box<dyn FnMut(&mut Context<'_>) -> Poll<Option<()>> + Send>;

/// Tokio tells that a runtime has no IO by a panic only, so that its message reaches the panic hook in that one case.
impl Signals for Tokio {
    fn stop_signals(&self) -> io::Result<StopSignals> {
        let _inside = self.handle().enter();
        let mut sources = catch(sources).unwrap_or_else(|panic| {
            contain(|| drop(panic));
            Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the tokio runtime has no IO; call `enable_io` or `enable_all` on its builder",
            ))
        })?;
        Ok(StopSignals::new(move |cx: &mut Context<'_>| {
            let mut ready = sources.iter_mut().filter_map(|(signal, next)| {
                matches!(next(cx), Poll::Ready(Some(()))).then_some(*signal)
            });
            ready.next().map_or(Poll::Pending, Poll::Ready)
        }))
    }
}

#[cfg(unix)]
fn sources() -> io::Result<Vec<(StopSignal, Next)>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(vec![
        (
            StopSignal::Interrupt,
            Box::new(move |cx: &mut Context<'_>| interrupt.poll_recv(cx)),
        ),
        (
            StopSignal::Terminate,
            Box::new(move |cx: &mut Context<'_>| terminate.poll_recv(cx)),
        ),
    ])
}

#[cfg(windows)]
fn sources() -> io::Result<Vec<(StopSignal, Next)>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(vec![(
        StopSignal::Interrupt,
        Box::new(move |cx: &mut Context<'_>| interrupt.poll_recv(cx)),
    )])
}
