//! Three questions to a channel, polled by hand: asserted of ours, printed of peers (`cargo test -p trunnion-tests --test it probes --
//! --nocapture`).

use std::future::Future;
use std::pin::Pin;

use tokio::sync::mpsc;
use trunnion_patterns::flow;

use crate::waits::Waits;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A channel with room for one number.
trait Probed {
    const NAME: &str;
    type Sender;
    type Receiver;

    fn one() -> (Self::Sender, Self::Receiver);
    /// Makes another receiver of the same channel; `None` where there is only one.
    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver>;
    /// True if it was sent.
    fn send(sender: &Self::Sender, item: u32) -> Boxed<'_, bool>;
    fn try_send(sender: &Self::Sender, item: u32) -> bool;
    fn recv(receiver: &mut Self::Receiver) -> Boxed<'_, Option<u32>>;
    fn try_recv(receiver: &mut Self::Receiver) -> Option<u32>;
}

struct Ours;

impl Probed for Ours {
    const NAME: &str = "trunnion";
    type Sender = flow::Sender<u32>;
    type Receiver = flow::Receiver<u32>;

    fn one() -> (Self::Sender, Self::Receiver) {
        flow::channel(std::num::NonZeroUsize::MIN).build()
    }

    fn another(_: &Self::Receiver) -> Option<Self::Receiver> {
        None
    }

    fn send(sender: &Self::Sender, item: u32) -> Boxed<'_, bool> {
        Box::pin(async move { sender.send(item).await.is_ok() })
    }

    fn try_send(sender: &Self::Sender, item: u32) -> bool {
        sender.try_send(item).is_ok()
    }

    fn recv(receiver: &mut Self::Receiver) -> Boxed<'_, Option<u32>> {
        Box::pin(receiver.recv())
    }

    fn try_recv(receiver: &mut Self::Receiver) -> Option<u32> {
        receiver.try_recv().ok()
    }
}

struct Tokio;

impl Probed for Tokio {
    const NAME: &str = "tokio";
    type Sender = mpsc::Sender<u32>;
    type Receiver = mpsc::Receiver<u32>;

    fn one() -> (Self::Sender, Self::Receiver) {
        mpsc::channel(1)
    }

    fn another(_: &Self::Receiver) -> Option<Self::Receiver> {
        None
    }

    fn send(sender: &Self::Sender, item: u32) -> Boxed<'_, bool> {
        Box::pin(async move { sender.send(item).await.is_ok() })
    }

    fn try_send(sender: &Self::Sender, item: u32) -> bool {
        sender.try_send(item).is_ok()
    }

    fn recv(receiver: &mut Self::Receiver) -> Boxed<'_, Option<u32>> {
        Box::pin(receiver.recv())
    }

    fn try_recv(receiver: &mut Self::Receiver) -> Option<u32> {
        receiver.try_recv().ok()
    }
}

struct AsyncChannel;

impl Probed for AsyncChannel {
    const NAME: &str = "async-channel";
    type Sender = async_channel::Sender<u32>;
    type Receiver = async_channel::Receiver<u32>;

    fn one() -> (Self::Sender, Self::Receiver) {
        async_channel::bounded(1)
    }

    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver> {
        Some(receiver.clone())
    }

    fn send(sender: &Self::Sender, item: u32) -> Boxed<'_, bool> {
        Box::pin(async move { sender.send(item).await.is_ok() })
    }

    fn try_send(sender: &Self::Sender, item: u32) -> bool {
        sender.try_send(item).is_ok()
    }

    fn recv(receiver: &mut Self::Receiver) -> Boxed<'_, Option<u32>> {
        Box::pin(async move { receiver.recv().await.ok() })
    }

    fn try_recv(receiver: &mut Self::Receiver) -> Option<u32> {
        receiver.try_recv().ok()
    }
}

struct Flume;

impl Probed for Flume {
    const NAME: &str = "flume";
    type Sender = flume::Sender<u32>;
    type Receiver = flume::Receiver<u32>;

    fn one() -> (Self::Sender, Self::Receiver) {
        flume::bounded(1)
    }

    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver> {
        Some(receiver.clone())
    }

    fn send(sender: &Self::Sender, item: u32) -> Boxed<'_, bool> {
        Box::pin(async move { sender.send_async(item).await.is_ok() })
    }

    fn try_send(sender: &Self::Sender, item: u32) -> bool {
        sender.try_send(item).is_ok()
    }

    fn recv(receiver: &mut Self::Receiver) -> Boxed<'_, Option<u32>> {
        Box::pin(async move { receiver.recv_async().await.ok() })
    }

    fn try_recv(receiver: &mut Self::Receiver) -> Option<u32> {
        receiver.try_recv().ok()
    }
}

struct Kanal;

impl Probed for Kanal {
    const NAME: &str = "kanal";
    type Sender = kanal::AsyncSender<u32>;
    type Receiver = kanal::AsyncReceiver<u32>;

    fn one() -> (Self::Sender, Self::Receiver) {
        kanal::bounded_async(1)
    }

    fn another(receiver: &Self::Receiver) -> Option<Self::Receiver> {
        Some(receiver.clone())
    }

    fn send(sender: &Self::Sender, item: u32) -> Boxed<'_, bool> {
        Box::pin(async move { sender.send(item).await.is_ok() })
    }

    fn try_send(sender: &Self::Sender, item: u32) -> bool {
        sender.try_send(item).unwrap_or(false)
    }

    fn recv(receiver: &mut Self::Receiver) -> Boxed<'_, Option<u32>> {
        Box::pin(async move { receiver.recv().await.ok() })
    }

    fn try_recv(receiver: &mut Self::Receiver) -> Option<u32> {
        receiver.try_recv().unwrap_or(None)
    }
}

/// C1: is an item still there when the receive that it woke is dropped?
fn a_dropped_receive_keeps_the_item<C: Probed>() -> bool {
    let (sender, mut receiver) = C::one();
    let waits = Waits::new(C::recv(&mut receiver));
    assert!(C::try_send(&sender, 7), "there is room");
    assert!(waits.is_woken());
    drop(waits);
    C::try_recv(&mut receiver) == Some(7)
}

/// C2: of two who wait for an item, is the other one woken when the woken one is dropped?
fn a_dropped_receive_wakes_the_next<C: Probed>() -> Option<bool> {
    let (sender, mut first) = C::one();
    let mut second = C::another(&first)?;
    let woken = Waits::new(C::recv(&mut first));
    let other = Waits::new(C::recv(&mut second));
    assert!(C::try_send(&sender, 7), "there is room");
    assert!(woken.is_woken());
    drop(woken);
    Some(other.is_woken())
}

/// C3: a slot comes free, and the send that it woke is dropped: is the next one woken, and what is delivered then?
fn a_dropped_send_wakes_the_next<C: Probed>() -> (bool, Vec<u32>) {
    let (sender, mut receiver) = C::one();
    assert!(C::try_send(&sender, 0), "there is room");
    let first = Waits::new(C::send(&sender, 1));
    let mut second = Waits::new(C::send(&sender, 2));
    let mut delivered: Vec<_> = C::try_recv(&mut receiver).into_iter().collect();
    drop(first);
    let woken = second.is_woken();
    let mut sent = false;
    for _ in 0..3 {
        sent = sent || second.poll().is_ready();
        delivered.extend(C::try_recv(&mut receiver));
    }
    (woken, delivered)
}

/// The answers to all three.
type Answers = (bool, Option<bool>, (bool, Vec<u32>));

#[expect(clippy::print_stdout, reason = "the comparison is printed")]
fn ask<C: Probed>() -> Answers {
    let answers = (
        a_dropped_receive_keeps_the_item::<C>(),
        a_dropped_receive_wakes_the_next::<C>(),
        a_dropped_send_wakes_the_next::<C>(),
    );
    let (kept, next, (sender, delivered)) = &answers;
    let next = next.map_or_else(|| String::from("one receiver"), |next| next.to_string());
    println!(
        "{:13} | a dropped receive keeps the item: {kept} | it wakes the next: {next} | a dropped send wakes the next: {sender} | \
         delivered: {delivered:?}",
        C::NAME
    );
    answers
}

#[test]
fn probes_of_ours_and_of_peers() {
    // What the dropped send had is not delivered.
    assert_eq!(ask::<Ours>(), (true, None, (true, vec![0, 2])));
    ask::<Tokio>();
    ask::<AsyncChannel>();
    ask::<Flume>();
    ask::<Kanal>();
}
