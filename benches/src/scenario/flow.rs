//! Bounded channels: ours, tokio's and those of peers.

pub(super) mod same_task;
pub(super) mod two_tasks;
pub(super) mod two_threads;

use std::future::Future;
use std::num::NonZeroUsize;

use trunnion_patterns::flow;

use super::far::size_of_made;
use crate::host::Host;

const TRUNNION: &str = "trunnion";

/// How many items there is room for.
const ROOM: u32 = 100;

/// Where tasks of one thread measure: any runtime would do.
const HOSTS: &[Host] = &[Host::TokioCurrent];
const HEADLINE: (Host, &str) = (Host::TokioCurrent, TRUNNION);

/// A channel with room for [`ROOM`] numbers.
trait Channel: 'static {
    type Sender: Send + Sync + 'static;
    type Receiver: Send + Sync + 'static;

    fn new() -> (Self::Sender, Self::Receiver);

    /// Sends a number, and waits where there is no room.
    ///
    /// # Cancel safety
    /// Each crate's own.
    fn send(sender: &Self::Sender, item: u64) -> impl Future<Output: Send> + Send;

    /// Receives a number; `None` once the sender is gone.
    ///
    /// # Cancel safety
    /// Each crate's own.
    fn recv(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send;
}

struct Trunnion;

impl Channel for Trunnion {
    type Sender = flow::Sender<u64>;
    type Receiver = flow::Receiver<u64>;

    fn new() -> (Self::Sender, Self::Receiver) {
        let room = NonZeroUsize::new(ROOM as usize).unwrap_or(NonZeroUsize::MIN);
        flow::channel(room).build()
    }

    #[inline]
    fn send(sender: &Self::Sender, item: u64) -> impl Future<Output: Send> + Send {
        sender.send(item)
    }

    #[inline]
    fn recv(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send {
        receiver.recv()
    }
}

struct Tokio;

impl Channel for Tokio {
    type Sender = tokio::sync::mpsc::Sender<u64>;
    type Receiver = tokio::sync::mpsc::Receiver<u64>;

    fn new() -> (Self::Sender, Self::Receiver) {
        tokio::sync::mpsc::channel(ROOM as usize)
    }

    #[inline]
    fn send(sender: &Self::Sender, item: u64) -> impl Future<Output: Send> + Send {
        sender.send(item)
    }

    #[inline]
    fn recv(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send {
        receiver.recv()
    }
}

struct AsyncChannel;

impl Channel for AsyncChannel {
    type Sender = async_channel::Sender<u64>;
    type Receiver = async_channel::Receiver<u64>;

    fn new() -> (Self::Sender, Self::Receiver) {
        async_channel::bounded(ROOM as usize)
    }

    #[inline]
    fn send(sender: &Self::Sender, item: u64) -> impl Future<Output: Send> + Send {
        sender.send(item)
    }

    #[inline]
    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await.ok()
    }
}

struct Flume;

impl Channel for Flume {
    type Sender = flume::Sender<u64>;
    type Receiver = flume::Receiver<u64>;

    fn new() -> (Self::Sender, Self::Receiver) {
        flume::bounded(ROOM as usize)
    }

    #[inline]
    fn send(sender: &Self::Sender, item: u64) -> impl Future<Output: Send> + Send {
        sender.send_async(item)
    }

    #[inline]
    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv_async().await.ok()
    }
}

struct Kanal;

impl Channel for Kanal {
    type Sender = kanal::AsyncSender<u64>;
    type Receiver = kanal::AsyncReceiver<u64>;

    fn new() -> (Self::Sender, Self::Receiver) {
        kanal::bounded_async(ROOM as usize)
    }

    #[inline]
    fn send(sender: &Self::Sender, item: u64) -> impl Future<Output: Send> + Send {
        sender.send(item)
    }

    #[inline]
    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await.ok()
    }
}

/// Gives the rows: the work of each channel, and the size of one send.
macro_rules! subjects {
    ($work:ident) => {{
        use $crate::scenario::flow::{
            AsyncChannel, Flume, Kanal, TRUNNION, Tokio, Trunnion, bytes,
        };
        use $crate::subject::Subject;
        vec![
            Subject::peer("tokio", $work::<Tokio>)
                .future_bytes(bytes::<Tokio>())
                .note("mpsc; gives way now and then, to what tokio counts"),
            Subject::ours(TRUNNION, $work::<Trunnion>)
                .future_bytes(bytes::<Trunnion>())
                .note("one receiver; gives way now and then"),
            Subject::peer("async-channel", $work::<AsyncChannel>)
                .future_bytes(bytes::<AsyncChannel>())
                .note("several receivers; never gives way"),
            Subject::peer("flume", $work::<Flume>)
                .future_bytes(bytes::<Flume>())
                .note("several receivers; delivers what a dropped send had"),
            Subject::peer("kanal", $work::<Kanal>)
                .future_bytes(bytes::<Kanal>())
                .note("several receivers; loses an item with a dropped receive; its lock spins"),
        ]
    }};
}
use subjects;

/// The size of a send.
fn bytes<C: Channel>() -> usize {
    size_of_made(&|sender: &'static C::Sender| C::send(sender, 1))
}
