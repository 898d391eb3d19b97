//! The futures of a channel, dropped at each of their points: each item that was reported as sent comes out once, and no other does.

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use trunnion_core::task::Task;
use trunnion_core::{Spawn, Timer, YieldNow};
use trunnion_patterns::flow::{self, Overflow, Receiver, SendError, Sender, Sent};
use trunnion_patterns::{gather, timeout};
use trunnion_sim::{Schedule, Sim, SimRuntime, cancel_sweep_in};

use super::assert_conserved;
use crate::lent::{Lent, Place};

const SEEDS: u64 = 48;
const MOMENT: Duration = Duration::from_millis(1);

/// The numbers of those that were merged into it, its own first.
#[derive(Debug)]
struct Item(Vec<u64>);

fn rules() -> [Overflow<Item>; 6] {
    let merge = |old: &mut Item, new: Item| old.0.extend(new.0);
    [
        Overflow::Wait,
        Overflow::DropOldest,
        Overflow::DropNewest,
        Overflow::Reject,
        Overflow::conflate(merge),
        Overflow::keyed_conflate(|item: &Item| item.0[0] % 2, merge),
    ]
}

/// Writes down what went in and what came out.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    made: u64,
    sent: Vec<u64>,
    out: Vec<u64>,
}

impl Book {
    fn write<R>(&self, f: impl FnOnce(&mut Pages) -> R) -> R {
        f(&mut self.0.lock().expect("nobody panics under it"))
    }

    fn item(&self) -> Item {
        self.write(|pages| {
            pages.made += 1;
            Item(vec![pages.made])
        })
    }

    fn out(&self, item: Item) {
        self.write(|pages| pages.out.extend(item.0));
    }

    fn all_out(&self, items: Vec<Item>) {
        for item in items {
            self.out(item);
        }
    }

    /// Sends one item in the way that `send` does.
    async fn send<F>(&self, send: impl FnOnce(Item) -> F)
    where
        F: Future<Output = Result<Sent<Item>, SendError<Item>>>,
    {
        let item = self.item();
        let number = item.0[0];
        let outcome = send(item).await;
        if let Err(error) = outcome {
            // What could not go in is whole, and nothing of it is inside.
            return assert_eq!(error.into_inner().0, [number]);
        }
        self.write(|pages| pages.sent.push(number));
        if let Ok(Sent::Displaced { item, more }) = outcome {
            self.out(item);
            self.all_out(more);
        }
    }

    /// Asserts that just what was sent came out, each once.
    fn close(&self) {
        self.write(|pages| {
            pages.sent.sort_unstable();
            pages.out.sort_unstable();
            assert_eq!(pages.sent, pages.out, "sent, and came out");
        });
    }
}

/// What the future under test gets, and what it is looked at by.
struct Case {
    sender: Sender<Item>,
    receiver: Place<Receiver<Item>>,
    book: Book,
}

impl Case {
    fn new(rule: usize) -> Self {
        let rule = rules().into_iter().nth(rule).expect("there are so many");
        let (sender, receiver) = flow::channel(NonZeroUsize::MIN.saturating_add(1))
            .overflow(rule)
            .weigh(3, |item: &Item| item.0.len().min(2))
            .build();
        let (receiver, book) = (Place::new(receiver), Book::default());
        Self {
            sender,
            receiver,
            book,
        }
    }

    fn again(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            receiver: self.receiver.clone(),
            book: self.book.clone(),
        }
    }
}

/// Sends a few, one of them through a permit.
async fn produce(rt: SimRuntime, case: Case) {
    for number in 0..3 {
        if number == 1 {
            rt.yield_now().await;
            let permit = case.sender.reserve().await;
            rt.yield_now().await;
            if let Ok(permit) = permit {
                let send = async |item| permit.send(item);
                case.book.send(send).await;
            }
        } else {
            case.book.send(|item| case.sender.send(item)).await;
        }
    }
}

/// Receives all, with a pause after each.
async fn consume(rt: SimRuntime, mut receiver: Lent<Receiver<Item>>, book: Book) {
    while let Some(item) = receiver.recv().await {
        book.out(item);
        rt.sleep(MOMENT).await;
    }
}

/// Who looks after the other end while the future is tested.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Other {
    Receives,
    Sends,
}

/// Drops what `make` makes at each of its points, for each rule and beside others; at least that many polls are needed.
fn sweep<F: Future>(other: Other, least: usize, make: impl Fn(SimRuntime, Case) -> F) {
    for rule in 0..rules().len() {
        for seed in 0..SEEDS {
            let polls = cancel_sweep_in(
                || Sim::new().schedule(Schedule::Random).seed(seed),
                |rt| {
                    let case = Case::new(rule);
                    let mut tasks = vec![rt.spawn(produce(rt.clone(), case.again()))];
                    tasks.push(rt.spawn(produce(rt.clone(), case.again())));
                    if other == Other::Receives {
                        let receiver = case.receiver.take().expect("it is there");
                        let consume = consume(rt.clone(), receiver, case.book.clone());
                        rt.spawn_detached(consume);
                    }
                    let future = make(rt, case.again());
                    ((case, tasks), future)
                },
                |rt, (case, tasks)| settle(rt, case, tasks),
            )
            .polls;
            assert!(polls >= least, "rule {rule}: {polls}");
        }
    }
}

/// Lets all others come to their end, and looks at what became of the items.
async fn settle(rt: SimRuntime, case: Case, tasks: Vec<Task<()>>) {
    let left = case.receiver.take();
    let receive = async {
        if let Some(receiver) = left {
            consume(rt.clone(), receiver, case.book.clone()).await;
        }
    };
    let end = async {
        for task in tasks {
            task.await.expect("it is served");
        }
        case.sender.close();
        let left = case.sender.drained().await;
        assert_eq!(left, case.sender.stats().leftover);
        // The last item was taken out, and is written down in the same poll.
        rt.sleep(MOMENT).await;
    };
    gather((receive, end)).await;
    let stats = case.sender.stats();
    assert_conserved(stats);
    assert_eq!((stats.len, stats.weight), (0, 0), "{stats:?}");
    case.book.close();
}

#[test]
fn send_loses_nothing_wherever_it_is_dropped() {
    sweep(Other::Receives, 1, |rt, case| async move {
        for _ in 0..3 {
            case.book.send(|item| case.sender.send(item)).await;
        }
        rt.yield_now().await;
    });
}

#[test]
fn reserve_loses_nothing_wherever_it_is_dropped() {
    sweep(Other::Receives, 3, |rt, case| async move {
        for weight in [2, 1] {
            let permit = case.sender.reserve_weight(weight).await;
            let permit = permit.expect("it is open");
            rt.yield_now().await;
            case.book.send(async |item| permit.send(item)).await;
        }
        let unused = case.sender.reserve().await;
        rt.sleep(MOMENT).await;
        drop(unused);
    });
}

#[test]
fn an_item_is_sent_or_taken_back_wherever_its_timeout_is_dropped() {
    sweep(Other::Receives, 1, |rt, case| async move {
        for _ in 0..3 {
            let send = async |item| {
                let mut sending = pin!(case.sender.send(item));
                match timeout(&rt, MOMENT / 2, sending.as_mut()).await {
                    Ok(result) => result,
                    Err(_) => Err(SendError::Full(sending.into_inner().expect("it is there"))),
                }
            };
            case.book.send(send).await;
        }
    });
}

#[test]
fn recv_loses_nothing_wherever_it_is_dropped() {
    sweep(Other::Sends, 2, |rt, case| async move {
        let mut receiver = case.receiver.take().expect("it is there");
        for _ in 0..3 {
            let item = receiver.recv().await.expect("there are senders");
            case.book.out(item);
            rt.yield_now().await;
        }
    });
}

#[test]
fn recv_many_loses_nothing_wherever_it_is_dropped() {
    sweep(Other::Sends, 2, |rt, case| async move {
        let mut receiver = case.receiver.take().expect("it is there");
        for max in [2, 1, 2] {
            let (mut many, max) = (Vec::new(), NonZeroUsize::MIN.saturating_add(max - 1));
            let count = receiver.recv_many(&mut many, max).await;
            assert!(count == many.len() && count > 0 && count <= max.get());
            case.book.all_out(many);
            rt.yield_now().await;
        }
    });
}

#[test]
fn the_stream_loses_nothing_wherever_it_is_dropped() {
    sweep(Other::Sends, 2, |_, case| async move {
        let mut receiver = case.receiver.take().expect("it is there");
        for _ in 0..3 {
            let item = receiver.next().await.expect("there are senders");
            case.book.out(item);
        }
    });
}

#[test]
fn drained_changes_nothing_wherever_it_is_dropped() {
    sweep(Other::Receives, 2, |rt, case| async move {
        case.book.send(|item| case.sender.send(item)).await;
        assert_eq!(case.sender.drained().await, 0);
        rt.yield_now().await;
    });
}

#[test]
fn closing_at_once_accounts_for_each_item_wherever_it_is() {
    sweep(Other::Sends, 2, |rt, case| async move {
        let mut receiver = case.receiver.take().expect("it is there");
        case.book.send(|item| case.sender.send(item)).await;
        rt.yield_now().await;
        let left = receiver.close_now();
        let count = left.len() as u64;
        case.book.all_out(left);
        assert_eq!(case.sender.stats().leftover, count);
        // Those that have permits are refused when they send.
        assert_eq!(case.sender.drained().await, count);
    });
}
