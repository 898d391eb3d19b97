//! The simulator's connections in memory.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use trunnion_sim::{Duplex, SimRuntime, SimStream};

use super::{ByteStream, Listener, Net};

const LATENCY: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_millis(5);

/// Connects in memory, to the one that listens; there is nobody else.
#[derive(Clone, Debug)]
pub struct SimNet {
    link: Duplex,
    door: Arc<Mutex<Door>>,
}

/// Where connections wait for the one that listens.
#[derive(Debug, Default)]
struct Door {
    open: bool,
    came: VecDeque<SimStream>,
    waker: Option<Waker>,
}

/// Takes the connections of a [`SimNet`].
#[derive(Debug)]
pub struct SimListener(Arc<Mutex<Door>>);

impl SimNet {
    /// Makes a network whose latency and fragments follow from the simulator's seed.
    #[must_use]
    pub fn new(rt: &SimRuntime) -> Self {
        Self {
            link: rt.duplex().latency(LATENCY).fragments(),
            door: Arc::default(),
        }
    }
}

fn with<R>(door: &Mutex<Door>, f: impl FnOnce(&mut Door) -> R) -> R {
    f(&mut door.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Net for SimNet {
    type Stream = SimStream;
    type Listener = SimListener;

    async fn connect(&self, _: SocketAddr) -> io::Result<SimStream> {
        let (near, far) = self.link.connect();
        let (waker, refused) = with(&self.door, |door| {
            if !door.open {
                return (None, Some(far));
            }
            door.came.push_back(far);
            (door.waker.take(), None)
        });
        if refused.is_some() {
            return Err(ErrorKind::ConnectionRefused.into());
        }
        waker.inspect(Waker::wake_by_ref);
        Ok(near)
    }

    async fn listen(&self) -> io::Result<SimListener> {
        with(&self.door, |door| door.open = true);
        Ok(SimListener(Arc::clone(&self.door)))
    }
}

impl Listener for SimListener {
    type Stream = SimStream;

    fn address(&self) -> io::Result<SocketAddr> {
        Ok((Ipv4Addr::LOCALHOST, 80).into())
    }

    async fn accept(&self) -> io::Result<SimStream> {
        poll_fn(|cx| {
            let waker = cx.waker().clone();
            let (came, before) = with(&self.0, |door| match door.came.pop_front() {
                Some(came) => (Poll::Ready(Ok(came)), Some(waker)),
                None => (Poll::Pending, door.waker.replace(waker)),
            });
            drop(before);
            came
        })
        .await
    }
}

impl Drop for SimListener {
    fn drop(&mut self) {
        let gone = with(&self.0, std::mem::take);
        drop(gone);
    }
}

impl ByteStream for SimStream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Self::poll_read(self, cx, buf)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Self::poll_write(self, cx, buf)
    }

    fn close(&mut self) -> io::Result<()> {
        Self::close(self);
        Ok(())
    }

    fn reset(mut self) -> io::Result<()> {
        Self::reset(&mut self);
        Ok(())
    }
}
