//! Maps against a model that says what may run and what comes out, step by step.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use futures::Stream;
use proptest::prelude::*;
use trunnion_patterns::map_concurrent;

use super::limit;

/// What happens between two polls.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The source gets an item of this weight.
    Send(usize),
    /// The source ends.
    End,
    /// An operation that runs becomes ready, or the next that starts.
    Finish(usize),
    /// The body takes an output.
    Take,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..5_usize).prop_map(Step::Send),
        1 => Just(Step::End),
        6 => (0..4_usize).prop_map(Step::Finish),
        6 => Just(Step::Take),
    ];
    proptest::collection::vec(step, 0..80)
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    limit: usize,
    buffer: usize,
    most: usize,
    ordered: bool,
}

fn shapes() -> impl Strategy<Value = Shape> {
    (1..5_usize, 0..3_usize, 1..7_usize, any::<bool>()).prop_map(
        |(limit, buffer, most, ordered)| Shape {
            limit,
            buffer,
            most,
            ordered,
        },
    )
}

/// What should be, written down without any cleverness.
#[derive(Default)]
struct Model {
    source: VecDeque<(usize, usize)>,
    sent: usize,
    ended: bool,
    running: Vec<(usize, usize)>,
    /// Outputs in the order in which they came.
    ready: Vec<usize>,
    next: usize,
    taken: Vec<usize>,
}

impl Model {
    /// Starts what may start.
    fn settle(&mut self, shape: Shape) {
        while let Some((number, weight)) = self.source.front().copied() {
            let used: usize = self.running.iter().map(|(_, weight)| weight).sum();
            let full = self.running.len() >= shape.limit
                || self.running.len() + self.ready.len() >= shape.limit + shape.buffer;
            if full || used + weight > shape.most {
                return;
            }
            self.source.pop_front();
            self.running.push((number, weight));
        }
    }

    fn finish(&mut self, which: usize) -> Option<usize> {
        let len = self.running.len();
        let (number, _) = self.running.remove(which.checked_rem(len)?);
        self.ready.push(number);
        Some(number)
    }

    fn take(&mut self, ordered: bool) -> Option<usize> {
        let place = if ordered {
            self.ready.iter().position(|number| *number == self.next)?
        } else {
            0
        };
        if self.ready.is_empty() {
            return None;
        }
        let number = self.ready.remove(place);
        self.next += 1;
        self.taken.push(number);
        Some(number)
    }
}

/// What the map really does.
#[derive(Default)]
struct World {
    source: RefCell<VecDeque<(usize, usize)>>,
    ended: Cell<bool>,
    running: RefCell<BTreeSet<usize>>,
    finished: RefCell<BTreeSet<usize>>,
    wakers: RefCell<Vec<(usize, Waker)>>,
    wanted: Cell<usize>,
    taken: RefCell<Vec<usize>>,
    over: Cell<bool>,
}

impl World {
    fn stream(self: &Rc<Self>) -> impl Stream<Item = (usize, usize)> + use<> {
        let world = Rc::clone(self);
        futures::stream::poll_fn(move |_| match world.source.borrow_mut().pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None if world.ended.get() => Poll::Ready(None),
            None => Poll::Pending,
        })
    }

    async fn operation(self: Rc<Self>, number: usize) -> usize {
        self.running.borrow_mut().insert(number);
        poll_fn(|cx| {
            if self.finished.borrow().contains(&number) {
                return Poll::Ready(());
            }
            self.wakers.borrow_mut().push((number, cx.waker().clone()));
            Poll::Pending
        })
        .await;
        self.running.borrow_mut().remove(&number);
        number
    }

    fn finish(&self, number: usize) {
        self.finished.borrow_mut().insert(number);
        let mut wakers = self.wakers.borrow_mut();
        for (_, waker) in wakers.extract_if(.., |(of, _)| *of == number) {
            waker.wake();
        }
    }

    /// Waits until the test wants an output.
    async fn wanted(&self) {
        poll_fn(|_| match self.wanted.get() {
            0 => Poll::Pending,
            n => {
                self.wanted.set(n - 1);
                Poll::Ready(())
            }
        })
        .await;
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_pump_does_what_the_model_says(shape in shapes(), steps in steps()) {
        let (world, mut model) = (Rc::new(World::default()), Model::default());
        let inner = Rc::clone(&world);
        let map = map_concurrent(limit(shape.limit), world.stream(), |(number, _)| {
            Rc::clone(&inner).operation(number)
        });
        let map = map.ready_buffer(shape.buffer).weigh(limit(shape.most), |(_, weight)| *weight);
        let map = if shape.ordered { map } else { map.unordered() };
        let body = Rc::clone(&world);
        let mut pump = pin!(map.pump(async move |mut outputs| {
            loop {
                body.wanted().await;
                match outputs.next().await {
                    Some(number) => body.taken.borrow_mut().push(number),
                    None => break body.over.set(true),
                }
            }
        }));
        let (mut asked, woken) = (0_usize, Arc::new(Woken::default()));
        for step in steps {
            match step {
                Step::Send(weight) if !model.ended => {
                    let number = model.sent;
                    model.sent += 1;
                    model.source.push_back((number, weight.min(shape.most)));
                    world.source.borrow_mut().push_back((number, weight));
                }
                Step::Send(_) => {}
                Step::End => {
                    model.ended = true;
                    world.ended.set(true);
                }
                Step::Finish(which) => {
                    if let Some(number) = model.finish(which) {
                        world.finish(number);
                    }
                }
                Step::Take => {
                    asked += 1;
                    world.wanted.set(world.wanted.get() + 1);
                }
            }
            // Once, and as long as it gives way.
            woken.0.store(true, Relaxed);
            while woken.0.swap(false, Relaxed) && !world.over.get() {
                let waker = Waker::from(Arc::clone(&woken));
                let _ = pump.as_mut().poll(&mut Context::from_waker(&waker));
            }
            model.settle(shape);
            while model.taken.len() < asked && model.take(shape.ordered).is_some() {
                model.settle(shape);
            }
            prop_assert_eq!(&*world.taken.borrow(), &model.taken);
            let running: BTreeSet<_> = model.running.iter().map(|(number, _)| *number).collect();
            prop_assert_eq!(&*world.running.borrow(), &running);
            let empty = model.running.is_empty() && model.source.is_empty() && model.ready.is_empty();
            prop_assert_eq!(world.over.get(), model.ended && empty && asked > model.taken.len());
        }
    }
}
