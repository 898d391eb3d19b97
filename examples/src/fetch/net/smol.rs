//! smol's sockets.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_io::Async;
use socket2::SockRef;

use super::{ByteStream, Listener, Net};

/// Connects with smol's sockets, on any executor.
#[derive(Clone, Copy, Debug)]
pub struct SmolNet;

impl Net for SmolNet {
    type Stream = Async<TcpStream>;
    type Listener = Async<TcpListener>;

    async fn connect(&self, to: SocketAddr) -> io::Result<Async<TcpStream>> {
        Async::<TcpStream>::connect(to).await
    }

    async fn listen(&self) -> io::Result<Async<TcpListener>> {
        Async::<TcpListener>::bind((Ipv4Addr::LOCALHOST, 0))
    }
}

impl Listener for Async<TcpListener> {
    type Stream = Async<TcpStream>;

    fn address(&self) -> io::Result<SocketAddr> {
        self.get_ref().local_addr()
    }

    async fn accept(&self) -> io::Result<Async<TcpStream>> {
        Self::accept(self).await.map(|(stream, _)| stream)
    }
}

impl ByteStream for Async<TcpStream> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.get_ref().read(buf) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read),
            }
            ready!(self.poll_readable(cx))?;
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.get_ref().write(buf) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
            ready!(self.poll_writable(cx))?;
        }
    }

    fn close(&mut self) -> io::Result<()> {
        self.get_ref().shutdown(Shutdown::Write)
    }

    fn reset(self) -> io::Result<()> {
        SockRef::from(self.get_ref()).set_linger(Some(Duration::ZERO))
    }
}
