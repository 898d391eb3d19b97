//! One end of a connection.

use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use trunnion_core::panic::contain;
use trunnion_core::sync::Arc;
use trunnion_core::wait::{Locked, Waiter};
use trunnion_core::{Instant, Sleep, Timer};

use super::pipe::{Pipe, PipeQueue, Step};
use super::{Cut, Duplex};
use crate::sleep::SimSleep;

/// Reads and writes one end of a connection; made by [`Duplex::connect`].
///
/// The `poll_` methods have the shape that the IO traits of hyper, tokio and `futures-io` ask for, so that an adapter is a
/// few lines. Only the last poll's waker is woken, one for reads and one for writes. There is nothing to flush.
///
/// When it is dropped it is closed: what was written before still arrives, and the other end finds a broken pipe as soon as it
/// has the news.
///
/// ```
/// use std::io::ErrorKind;
///
/// trunnion_sim::run(|rt| async move {
///     let (mut client, mut server) = rt.duplex().connect();
///     server.write_all(b"half an ans").await?;
///     server.reset();
///     let lost = client.read(&mut [0; 64]).await.unwrap_err();
///     assert_eq!(lost.kind(), ErrorKind::ConnectionReset);
///     Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct SimStream {
    link: Arc<Duplex>,
    incoming: Half,
    outgoing: Half,
}

/// One direction, and how this end waits for it.
struct Half {
    waiter: Pin<Box<Waiter<Arc<PipeQueue>>>>,
    sleep: Option<SimSleep>,
}

impl SimStream {
    pub(super) fn new(
        link: Arc<Duplex>,
        incoming: Arc<PipeQueue>,
        outgoing: Arc<PipeQueue>,
    ) -> Self {
        Self {
            link,
            incoming: Half::new(incoming),
            outgoing: Half::new(outgoing),
        }
    }

    /// Reads what has arrived, into the front of `buf`; zero bytes are the end, unless `buf` is empty.
    ///
    /// # Errors
    /// `ConnectionReset` once the connection was reset; what had not been read is lost.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let link = &*self.link;
        self.incoming.poll(cx, link, |pipe| {
            pipe.read(link.rt.shared.now(), buf, |most| link.part(most))
        })
    }

    /// Writes the front of `buf` and says how much of it; pending while the other end has to read first.
    ///
    /// # Errors
    /// `BrokenPipe` once this direction was closed or the other end is gone, `ConnectionReset` once the connection was reset.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let link = &*self.link;
            let (part, arrival) = (|most| link.part(most), || link.arrival());
            let step = |pipe: &mut Pipe| pipe.write(link.rt.shared.now(), buf, part, arrival);
            let written = ready!(self.outgoing.poll(cx, link, step));
            let cut = self.outgoing.change(Pipe::cut);
            match cut {
                Some(Cut::Close) => self.close(),
                Some(Cut::Reset) => self.reset(),
                None => {}
            }
            // A cut before the first byte took none: the error is told in place of it.
            if cut.is_none() || buf.is_empty() || !matches!(written, Ok(0)) {
                return Poll::Ready(written);
            }
        }
    }

    /// Reads what has arrived, waiting for the first byte; zero bytes are the end.
    ///
    /// # Errors
    /// As for [`poll_read`](Self::poll_read).
    ///
    /// # Cancel safety
    /// Nothing is lost: bytes are taken when it is ready, never before.
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read(cx, buf)).await
    }

    /// Reads until the end and adds the bytes to `buf`.
    ///
    /// # Errors
    /// As for [`poll_read`](Self::poll_read); what came before it is in `buf`.
    ///
    /// # Cancel safety
    /// Nothing is lost: what was read until then is in `buf`.
    pub async fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<()> {
        let mut chunk = [0; 4096];
        loop {
            match self.read(&mut chunk).await? {
                0 => return Ok(()),
                n => buf.extend_from_slice(&chunk[..n]),
            }
        }
    }

    /// Writes the front of `buf`, waiting for room, and says how much of it.
    ///
    /// # Errors
    /// As for [`poll_write`](Self::poll_write).
    ///
    /// # Cancel safety
    /// Nothing is written unless it is ready.
    pub async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_write(cx, buf)).await
    }

    /// Writes all of `buf`, waiting for room.
    ///
    /// # Errors
    /// As for [`poll_write`](Self::poll_write); how much was written before is not told.
    ///
    /// # Cancel safety
    /// What was written until then arrives; how much that is, is not told.
    pub async fn write_all(&mut self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            let written = self.write(buf).await?;
            buf = &buf[written..];
        }
        Ok(())
    }

    /// Says that nothing more will be written: the other end finds the end behind the last byte. Reads go on.
    pub fn close(&mut self) {
        let (now, arrival) = (self.link.rt.shared.now(), self.link.arrival());
        self.outgoing.change(|pipe| {
            let end = pipe.send_end(arrival);
            pipe.close(now, end);
        });
    }

    /// Ends both directions at once: here now, at the other end when the news has arrived. What was not read is lost.
    pub fn reset(&mut self) {
        let (now, arrival) = (self.link.rt.shared.now(), self.link.arrival());
        let arrival = self.outgoing.change(|pipe| {
            let end = pipe.send_end(arrival);
            pipe.reset(now, end);
            end
        });
        self.incoming.change(|pipe| pipe.reset(arrival, now));
    }
}

impl Half {
    fn new(pipe: Arc<PipeQueue>) -> Self {
        Self {
            waiter: Box::pin(Waiter::new(pipe, ())),
            sleep: None,
        }
    }

    /// Takes steps until one is done, and waits in between.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        link: &Duplex,
        mut step: impl FnMut(&mut Pipe) -> Step,
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut pipe = self.waiter.home().lock();
            let before = pipe.shared().changes();
            let next = step(pipe.shared());
            let seen = pipe.shared().changes();
            drop(pipe);
            let until = match next {
                Step::Done(result) => {
                    self.stop_waiting();
                    if seen != before {
                        self.wake();
                    }
                    return Poll::Ready(result);
                }
                Step::NotBefore(at) => Some(at),
                Step::Wait => None,
            };
            ready!(self.wait(cx, link, until, seen));
        }
    }

    /// Waits for a point in time or a change, whichever comes first.
    fn wait(
        &mut self,
        cx: &mut Context<'_>,
        link: &Duplex,
        until: Option<Instant>,
        seen: u64,
    ) -> Poll<()> {
        if self.sleep.as_ref().map(Sleep::deadline) != until {
            self.sleep = until.map(|at| link.rt.sleep_until(at));
        }
        let sleep = self.sleep.as_mut();
        if sleep.is_some_and(|sleep| Pin::new(sleep).poll(cx).is_ready()) {
            return Poll::Ready(());
        }
        let changed = |pipe: &mut Locked<'_, Pipe>| pipe.shared().changes() != seen;
        self.waiter.as_mut().poll_wait(cx, changed)
    }

    fn stop_waiting(&mut self) {
        self.sleep = None;
        self.waiter.as_mut().leave();
    }

    /// Changes the pipe and wakes whoever waits for it.
    fn change<R>(&mut self, f: impl FnOnce(&mut Pipe) -> R) -> R {
        let result = f(self.waiter.home().lock().shared());
        self.wake();
        result
    }

    /// Wakes this pipe's reader and writer; each looks whether the change is for it.
    fn wake(&self) {
        let woken = self.waiter.home().wake_while(|()| true);
        contain(|| drop(woken));
    }
}

impl Drop for SimStream {
    fn drop(&mut self) {
        let (now, arrival) = (self.link.rt.shared.now(), self.link.arrival());
        let arrival = self.outgoing.change(|pipe| {
            let end = pipe.send_end(arrival);
            pipe.close(now, end);
            end
        });
        // Nobody reads any more, so that the other end's writes are broken once it has the news.
        self.incoming.change(|pipe| pipe.close(arrival, now));
    }
}

impl fmt::Debug for SimStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimStream").finish_non_exhaustive()
    }
}
