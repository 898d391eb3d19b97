//! The adapter to hyper.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};

use super::ByteStream;

/// How much is read at a time.
const CHUNK: usize = 8 * 1024;

/// Gives any [`ByteStream`] to hyper.
#[derive(Debug)]
pub struct Io<S>(pub S);

impl<S: ByteStream> Read for Io<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // hyper's memory is not initialised: filling it directly would be unsafe.
        let mut chunk = [0; CHUNK];
        let most = buf.remaining().min(CHUNK);
        let read = ready!(self.0.poll_read(cx, &mut chunk[..most]))?;
        buf.put_slice(&chunk[..read]);
        Poll::Ready(Ok(()))
    }
}

impl<S: ByteStream> Write for Io<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.close())
    }
}
