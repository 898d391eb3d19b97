//! A service, its clients and a clock, in virtual time: a loop over events that drives our real retries.
//!
//! The model: requests arrive at random (Poisson) at a rate; one server takes them in order, 300 a second, and stalls from the
//! 60th to the 70th second. Its queue has no limit, and it serves what nobody waits for any more. An attempt has one second.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use trunnion_core::{Clock, Entropy, Instant, Sleep, Timer};
use trunnion_patterns::{Classify, Retry, RetryObserver, RetryPolicy};

pub(crate) const SECONDS: usize = 400;
const SECOND: u64 = 1_000_000_000;
const SERVICE: u64 = SECOND / 300;
const STALL: (u64, u64) = (60 * SECOND, 70 * SECOND);

type Call = usize;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival,
    Served,
    Wake(Call),
}

/// What is counted in each second.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) arrivals: u32,
    pub(crate) attempts: u32,
    pub(crate) good: u32,
}

/// The time line, the queue and the counts; clones are the same.
#[derive(Clone)]
pub(crate) struct World(Rc<Inner>);

struct Inner {
    now: Cell<u64>,
    random: Cell<u64>,
    events: RefCell<BinaryHeap<Reverse<(u64, u64, Event)>>>,
    sequence: Cell<u64>,
    /// Whose turn it is.
    call: Cell<Call>,
    queue: RefCell<VecDeque<(Call, u64)>>,
    /// The attempt of each call that was answered last.
    answered: RefCell<Vec<u64>>,
    attempts: Cell<u64>,
    counts: RefCell<Vec<Count>>,
}

impl World {
    fn new(seed: u64) -> Self {
        Self(Rc::new(Inner {
            now: Cell::new(0),
            random: Cell::new(seed),
            events: RefCell::default(),
            sequence: Cell::new(0),
            call: Cell::new(0),
            queue: RefCell::default(),
            answered: RefCell::default(),
            attempts: Cell::new(0),
            counts: RefCell::new(vec![Count::default(); SECONDS + 1]),
        }))
    }

    fn at(&self, time: u64, event: Event) {
        let sequence = self.0.sequence.get();
        self.0.sequence.set(sequence + 1);
        self.0
            .events
            .borrow_mut()
            .push(Reverse((time, sequence, event)));
    }

    fn count(&self, add: impl FnOnce(&mut Count)) {
        let second = usize::try_from(self.0.now.get() / SECOND).unwrap_or(SECONDS);
        add(&mut self.0.counts.borrow_mut()[second.min(SECONDS)]);
    }

    /// Sends one attempt of the call whose turn it is.
    fn send(&self) -> Answer {
        let number = self.0.attempts.get() + 1;
        self.0.attempts.set(number);
        self.count(|count| count.attempts += 1);
        let mut queue = self.0.queue.borrow_mut();
        if queue.is_empty() {
            self.at(self.next_served(), Event::Served);
        }
        queue.push_back((self.0.call.get(), number));
        Answer {
            world: self.clone(),
            number,
        }
    }

    /// When the attempt at the head of the queue is done.
    fn next_served(&self) -> u64 {
        let now = self.0.now.get();
        let start = if (STALL.0..STALL.1).contains(&now) {
            STALL.1
        } else {
            now
        };
        start + SERVICE
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a short time"
    )]
    fn until_next_arrival(&self, rate: f64) -> u64 {
        let unit = ((self.next_u64() >> 11) as f64 + 0.5) / 2.0_f64.powi(53);
        (-unit.ln() / rate * 1e9) as u64
    }
}

/// Waits for the server's answer, which is always good if it comes in time.
struct Answer {
    world: World,
    number: u64,
}

impl Future for Answer {
    type Output = Result<(), ()>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let inner = &self.world.0;
        if inner.answered.borrow()[inner.call.get()] == self.number {
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }
}

impl Clock for World {
    fn now(&self) -> Instant {
        Instant::from_nanos(self.0.now.get())
    }
}

impl Timer for World {
    type Sleep = Alarm;

    fn sleep_until(&self, deadline: Instant) -> Alarm {
        Alarm {
            world: self.clone(),
            deadline,
            set: false,
        }
    }

    fn granularity(&self) -> Duration {
        Duration::ZERO
    }
}

impl Entropy for World {
    /// `SplitMix64`.
    fn next_u64(&self) -> u64 {
        let state = self.0.random.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.0.random.set(state);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// Wakes its call once for each deadline.
pub(crate) struct Alarm {
    world: World,
    deadline: Instant,
    set: bool,
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.is_elapsed() {
            return Poll::Ready(());
        }
        if !std::mem::replace(&mut self.set, true) {
            let call = self.world.0.call.get();
            self.world.at(self.deadline.as_nanos(), Event::Wake(call));
        }
        Poll::Pending
    }
}

impl Sleep for Alarm {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.deadline = deadline;
        self.set = false;
    }

    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn is_elapsed(&self) -> bool {
        self.deadline <= self.world.now()
    }
}

/// Runs calls of `retry` at `rate` requests a second, and counts.
pub(crate) fn run<P>(retry: &Retry<P>, rate: f64, seed: u64) -> Vec<Count>
where
    P: RetryPolicy<Classifier: Classify<(), ()>, Observer: RetryObserver<(), ()>>,
{
    let world = World::new(seed);
    let call = || async { retry.run(&world, |_| world.send()).await.is_ok() };
    let mut calls = Vec::new();
    world.at(world.until_next_arrival(rate), Event::Arrival);
    loop {
        let next = world.0.events.borrow_mut().pop();
        let Some(Reverse((time, _, event))) = next else {
            break;
        };
        if time >= SECONDS as u64 * SECOND {
            break;
        }
        world.0.now.set(time);
        let turn = match event {
            Event::Arrival => {
                world.count(|count| count.arrivals += 1);
                world.at(time + world.until_next_arrival(rate), Event::Arrival);
                calls.push(Some(Box::pin(call())));
                world.0.answered.borrow_mut().push(0);
                calls.len() - 1
            }
            Event::Served => {
                let served = world.0.queue.borrow_mut().pop_front();
                let Some((call, number)) = served else {
                    continue;
                };
                if !world.0.queue.borrow().is_empty() {
                    world.at(world.next_served(), Event::Served);
                }
                world.0.answered.borrow_mut()[call] = number;
                call
            }
            Event::Wake(call) => call,
        };
        take_turn(&world, &mut calls[turn], turn);
    }
    world.0.counts.borrow().clone()
}

fn take_turn<F: Future<Output = bool>>(world: &World, call: &mut Option<Pin<Box<F>>>, turn: Call) {
    world.0.call.set(turn);
    let Some(future) = call else { return };
    let mut cx = Context::from_waker(Waker::noop());
    if let Poll::Ready(good) = future.as_mut().poll(&mut cx) {
        world.count(|count| count.good += u32::from(good));
        *call = None;
    }
}
