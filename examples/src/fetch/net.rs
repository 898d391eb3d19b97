//! What the program needs of a network.

mod io;
mod sim;
mod smol;
mod tokio;

use std::future::Future;
use std::io as std_io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

pub use io::Io;
pub use sim::SimNet;
pub use smol::SmolNet;
pub use tokio::TokioNet;

/// Connects and listens with the sockets of one runtime.
pub trait Net: Clone + Send + Sync + 'static {
    /// What bytes go through.
    type Stream: ByteStream;
    /// What connections come to.
    type Listener: Listener<Stream = Self::Stream>;

    /// Connects to an address.
    ///
    /// # Errors
    /// As the system says.
    ///
    /// # Cancel safety
    /// Dropping it ends the attempt.
    fn connect(&self, to: SocketAddr) -> impl Future<Output = std_io::Result<Self::Stream>> + Send;

    /// Listens on this machine alone, on a port that the system chooses.
    ///
    /// # Errors
    /// As the system says.
    ///
    /// # Cancel safety
    /// Dropping it leaves nothing behind.
    fn listen(&self) -> impl Future<Output = std_io::Result<Self::Listener>> + Send;
}

/// Takes the connections that come.
pub trait Listener: Send + Sync + 'static {
    /// What bytes go through.
    type Stream: ByteStream;

    /// Names the address that it listens on.
    ///
    /// # Errors
    /// As the system says.
    fn address(&self) -> std_io::Result<SocketAddr>;

    /// Waits for the next connection.
    ///
    /// # Errors
    /// As the system says.
    ///
    /// # Cancel safety
    /// No connection is lost.
    fn accept(&self) -> impl Future<Output = std_io::Result<Self::Stream>> + Send;
}

/// Moves bytes, in the shape that all runtimes' sockets have in common.
pub trait ByteStream: Send + Unpin + 'static {
    /// Reads into the front of `buf`; zero bytes are the end.
    ///
    /// # Errors
    /// As the system says.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<std_io::Result<usize>>;

    /// Writes the front of `buf` and says how much.
    ///
    /// # Errors
    /// As the system says.
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std_io::Result<usize>>;

    /// Says that nothing more will be written.
    ///
    /// # Errors
    /// As the system says.
    fn close(&mut self) -> std_io::Result<()>;

    /// Ends the connection in a way that the other side takes for a failure.
    ///
    /// # Errors
    /// As the system says.
    fn reset(self) -> std_io::Result<()>;
}
