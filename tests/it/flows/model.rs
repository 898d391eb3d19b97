//! Any sequence of calls, against a channel that is nothing but lists.

mod book;

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

use proptest::prelude::*;
use trunnion_patterns::flow::{
    self, Drained, Overflow, Permit, Receiver, Reserve, ReserveError, SendError, Sender, Sending,
    Sent,
};

use book::{Book, Rule, Wait};

/// What can be done with a channel; numbers of futures and permits count round those that there are.
#[derive(Clone, Copy, Debug)]
enum Call {
    Send(Item),
    TrySend(Item),
    Reserve(usize),
    TryReserve(usize),
    Poll(usize),
    Cancel(usize),
    TakeBack(usize),
    Use(usize, Item),
    GiveUp(usize),
    Recv,
    TryRecv,
    RecvMany(NonZeroUsize),
    Drained,
    Close,
    CloseNow,
}

/// An item; what is merged has the number of its first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    key: u8,
    weight: usize,
    merged: usize,
}

fn item() -> impl Strategy<Value = Item> {
    let weight = prop_oneof![9 => 0..6_usize, 1 => 6..MAX_WEIGHT + 2];
    (0..3_u8, weight).prop_map(|(key, weight)| Item {
        key,
        weight,
        merged: 1,
    })
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        6 => item().prop_map(Call::Send),
        4 => item().prop_map(Call::TrySend),
        2 => (0..MAX_WEIGHT + 2).prop_map(Call::Reserve),
        1 => (0..MAX_WEIGHT + 2).prop_map(Call::TryReserve),
        6 => any::<usize>().prop_map(Call::Poll),
        2 => any::<usize>().prop_map(Call::Cancel),
        1 => any::<usize>().prop_map(Call::TakeBack),
        3 => (any::<usize>(), item()).prop_map(|(at, item)| Call::Use(at, item)),
        1 => any::<usize>().prop_map(Call::GiveUp),
        4 => Just(Call::Recv),
        2 => Just(Call::TryRecv),
        2 => (1..4_usize).prop_map(|max| Call::RecvMany(NonZeroUsize::MIN.saturating_add(max - 1))),
        1 => Just(Call::Drained),
        1 => prop_oneof![3 => Just(Call::Close), 1 => Just(Call::CloseNow)],
    ]
}

const CAPACITY: usize = 3;
const MAX_WEIGHT: usize = 8;

fn merge(old: &mut Item, new: Item) {
    old.merged += new.merged;
    old.weight += new.weight;
}

/// A merged item may become lighter: it weighs what the newer one does.
fn replace(old: &mut Item, new: Item) {
    let merged = old.merged + new.merged;
    *old = Item { merged, ..new };
}

fn overflow(rule: Rule) -> Overflow<Item> {
    match rule {
        Rule::Wait => Overflow::Wait,
        Rule::DropOldest => Overflow::DropOldest,
        Rule::DropNewest => Overflow::DropNewest,
        Rule::Reject => Overflow::Reject,
        Rule::Conflate => Overflow::conflate(merge),
        Rule::Keyed => Overflow::keyed_conflate(|item: &Item| item.key, replace),
    }
}

/// Counts wakes.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Somebody who waits for room.
enum Waiting<'a> {
    Send(Pin<Box<Sending<'a, Item>>>),
    Reserve(Pin<Box<Reserve<'a, Item>>>),
}

/// What a poll of such a one gave, so that it can be compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gave {
    Sent(Result<Sent<Item>, SendError<Item>>),
    Reserved(Result<(), ReserveError>),
}

/// Somebody who waits for the channel to be drained.
type Draining<'a> = (Arc<Wakes>, Pin<Box<Drained<'a, Item>>>);

/// The channel beside its model.
struct Pair<'a> {
    sender: &'a Sender<Item>,
    receiver: Receiver<Item>,
    book: Book,
    waiting: Vec<(u64, Arc<Wakes>, Waiting<'a>)>,
    permits: Vec<(usize, Permit<'a, Item>)>,
    drained: Vec<Draining<'a>>,
    /// The receiver waits, and is woken with this.
    parked: Option<Arc<Wakes>>,
    next_id: u64,
}

fn poll<F: Future>(future: Pin<&mut F>, counted: &Arc<Wakes>) -> Poll<F::Output> {
    let waker = Waker::from(Arc::clone(counted));
    future.poll(&mut Context::from_waker(&waker))
}

impl<'a> Pair<'a> {
    fn new(rule: Rule, sender: &'a Sender<Item>, receiver: Receiver<Item>) -> Self {
        Self {
            sender,
            receiver,
            book: Book::new(rule),
            waiting: Vec::new(),
            permits: Vec::new(),
            drained: Vec::new(),
            parked: None,
            next_id: 0,
        }
    }

    /// Polls somebody who waits for room; gives a permit that came of it.
    fn poll_one(&mut self, at: usize) -> Poll<Gave> {
        let (_, wakes, waiting) = &mut self.waiting[at];
        match waiting {
            Waiting::Send(send) => poll(send.as_mut(), wakes).map(Gave::Sent),
            Waiting::Reserve(reserve) => poll(reserve.as_mut(), wakes).map(|reserved| {
                let reserved = reserved.map(|permit| self.permits.push((usize::MAX, permit)));
                Gave::Reserved(reserved)
            }),
        }
    }

    /// Begins to wait for room, and polls once; `weight` is that of a place.
    fn begin(&mut self, weight: usize, item: Option<Item>) {
        let (id, wakes) = (self.next_id, Arc::new(Wakes::default()));
        self.next_id += 1;
        let waiting = match item {
            Some(item) => Waiting::Send(Box::pin(self.sender.send(item))),
            None => Waiting::Reserve(Box::pin(self.sender.reserve_weight(weight))),
        };
        self.waiting.push((id, wakes, waiting));
        let at = self.waiting.len() - 1;
        let mut polled = self.poll_one(at);
        if polled.is_pending() && self.sender.stats().waiting == self.book.waits() {
            self.waiting[at].1.0.store(0, SeqCst);
            polled = self.poll_one(at); // it gave way
        }
        assert_eq!(polled, self.book.begin(id, weight, item));
        if let Poll::Ready(gave) = polled {
            self.ended(at, weight, &gave);
        }
    }

    fn ended(&mut self, at: usize, weight: usize, gave: &Gave) {
        drop(self.waiting.swap_remove(at));
        if matches!(gave, Gave::Reserved(Ok(()))) {
            self.permits.last_mut().expect("it was given").0 = weight;
        }
    }

    fn try_send(&mut self, item: Item) {
        assert_eq!(self.sender.try_send(item), self.book.try_send(item));
    }

    fn try_reserve(&mut self, weight: usize) {
        let permit = self.sender.try_reserve_weight(weight);
        let expected = self.book.try_reserve(weight);
        assert_eq!(permit.as_ref().map(|_| ()), expected.as_ref().copied());
        self.permits.extend(permit.map(|permit| (weight, permit)));
    }

    fn poll(&mut self, at: usize) {
        let id = self.waiting[at].0;
        let weight = self.book.weight_of(id);
        let polled = self.poll_one(at);
        assert_eq!(polled, self.book.poll(id));
        if let Poll::Ready(gave) = polled {
            self.ended(at, weight, &gave);
        }
    }

    fn cancel(&mut self, at: usize) {
        let (id, _, future) = self.waiting.swap_remove(at);
        drop(future);
        self.book.cancel(id);
    }

    fn take_back(&mut self, at: usize) {
        if let (id, _, Waiting::Send(send)) = &mut self.waiting[at] {
            assert_eq!(send.as_mut().into_inner(), self.book.cancel(*id));
            drop(self.waiting.swap_remove(at));
        }
    }

    fn use_permit(&mut self, at: usize, item: Item) {
        let (weight, permit) = self.permits.swap_remove(at);
        assert_eq!(permit.send(item), self.book.use_permit(weight, item));
    }

    fn give_up(&mut self, at: usize) {
        let (weight, permit) = self.permits.swap_remove(at);
        drop(permit);
        self.book.give_up(weight);
    }

    fn recv(&mut self) {
        let wakes = Arc::new(Wakes::default());
        let mut polled = poll(pin!(self.receiver.recv()), &wakes);
        if polled.is_pending() && wakes.0.swap(0, SeqCst) > 0 {
            polled = poll(pin!(self.receiver.recv()), &wakes); // it gave way
        }
        let expected = match self.book.recv(1).pop() {
            Some(item) => Poll::Ready(Some(item)),
            None if self.book.is_over() => Poll::Ready(None),
            None => Poll::Pending,
        };
        assert_eq!(polled, expected);
        self.parked = polled.is_pending().then_some(wakes);
    }

    fn try_recv(&mut self) {
        let received = self.receiver.try_recv();
        assert_eq!(received.ok(), self.book.recv(1).pop());
    }

    fn recv_many(&mut self, max: NonZeroUsize) {
        let (mut items, wakes) = (Vec::new(), Arc::new(Wakes::default()));
        let mut polled = poll(pin!(self.receiver.recv_many(&mut items, max)), &wakes);
        if polled.is_pending() && wakes.0.swap(0, SeqCst) > 0 {
            polled = poll(pin!(self.receiver.recv_many(&mut items, max)), &wakes); // it gave way
        }
        assert_eq!(items, self.book.recv(max.get()));
        let ready = !items.is_empty() || self.book.is_over();
        assert_eq!(
            polled,
            if ready {
                Poll::Ready(items.len())
            } else {
                Poll::Pending
            }
        );
        self.parked = polled.is_pending().then_some(wakes);
    }

    fn drained(&mut self) {
        let (mut drained, wakes) = (Box::pin(self.sender.drained()), Arc::new(Wakes::default()));
        match poll(drained.as_mut(), &wakes) {
            Poll::Ready(leftover) => assert_eq!(leftover, self.book.counts.leftover),
            Poll::Pending => self.drained.push((wakes, drained)),
        }
        assert_eq!(self.book.is_idle(), self.drained.is_empty());
    }

    fn call(&mut self, call: Call) {
        let (waiting, permits) = (self.waiting.len(), self.permits.len());
        match call {
            Call::Send(item) => self.begin(item.weight, Some(item)),
            Call::TrySend(item) => self.try_send(item),
            Call::Reserve(weight) => self.begin(weight, None),
            Call::TryReserve(weight) => self.try_reserve(weight),
            Call::Poll(at) if waiting > 0 => self.poll(at % waiting),
            Call::Cancel(at) if waiting > 0 => self.cancel(at % waiting),
            Call::TakeBack(at) if waiting > 0 => self.take_back(at % waiting),
            Call::Use(at, item) if permits > 0 => self.use_permit(at % permits, item),
            Call::GiveUp(at) if permits > 0 => self.give_up(at % permits),
            Call::Recv => self.recv(),
            Call::TryRecv => self.try_recv(),
            Call::RecvMany(max) => self.recv_many(max),
            Call::Drained => self.drained(),
            Call::Close => {
                self.sender.close();
                self.book.close();
            }
            Call::CloseNow => assert_eq!(self.receiver.close_now(), self.book.close_now()),
            _ => {}
        }
        self.check();
    }

    /// Compares what can be seen, and who was woken.
    fn check(&mut self) {
        let (stats, book) = (self.sender.stats(), &self.book);
        assert_eq!(stats, book.stats(stats));
        for (id, wakes, _) in &self.waiting {
            let woken = usize::from(book.wait_of(*id) != Wait::Waiting);
            assert_eq!(
                wakes.0.load(SeqCst),
                woken,
                "{id} is woken once, when it is served"
            );
        }
        if let Some(wakes) = &self.parked {
            let ready = stats.len > 0 || book.is_over();
            assert_eq!(wakes.0.load(SeqCst), usize::from(ready), "the receiver");
            if ready {
                self.parked = None;
            }
        }
        if book.is_idle() {
            for (wakes, mut drained) in self.drained.drain(..) {
                assert_eq!(wakes.0.load(SeqCst), 1, "who waits for the end");
                let polled = poll(drained.as_mut(), &wakes);
                assert_eq!(polled, Poll::Ready(book.counts.leftover));
            }
        }
        let mut early = self.drained.iter().map(|(wakes, _)| wakes.0.load(SeqCst));
        assert!(
            early.all(|wakes| wakes == 0),
            "a place is out, or an item in"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn any_calls_do_what_the_model_does(
        rule in prop::sample::select(&Rule::ALL),
        calls in prop::collection::vec(call(), 0..80),
    ) {
        let capacity = NonZeroUsize::MIN.saturating_add(CAPACITY - 1);
        let (sender, receiver) = flow::channel(capacity)
            .overflow(overflow(rule))
            .weigh(MAX_WEIGHT, |item: &Item| item.weight)
            .build();
        let mut pair = Pair::new(rule, &sender, receiver);
        for next in calls {
            pair.call(next);
        }
        while !pair.waiting.is_empty() {
            pair.cancel(0);
            pair.check();
        }
        while !pair.permits.is_empty() {
            pair.give_up(0);
            pair.check();
        }
        pair.call(Call::CloseNow);
        prop_assert!(pair.book.is_over());
        super::assert_conserved(sender.stats());
    }
}
