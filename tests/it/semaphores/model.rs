//! Any sequence of calls, against a semaphore that is nothing but a list.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use trunnion_patterns::{AcquireError, AcquireOwned, OwnedPermit, Semaphore, TryAcquireError};

/// What can be done with a semaphore; the numbers of futures and permits count round those that there are.
#[derive(Clone, Copy, Debug)]
enum Call {
    Acquire(usize),
    TryAcquire(usize),
    Poll(usize),
    Cancel(usize),
    Drop(usize),
    Forget(usize),
    Split(usize, usize),
    Merge(usize, usize),
    SetLimit(usize),
    Close,
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        6 => (0..5_usize).prop_map(Call::Acquire),
        2 => (0..5_usize).prop_map(Call::TryAcquire),
        4 => any::<usize>().prop_map(Call::Poll),
        2 => any::<usize>().prop_map(Call::Cancel),
        4 => any::<usize>().prop_map(Call::Drop),
        1 => any::<usize>().prop_map(Call::Forget),
        1 => (any::<usize>(), 0..4_usize).prop_map(|(at, count)| Call::Split(at, count)),
        1 => any::<(usize, usize)>().prop_map(|(to, from)| Call::Merge(to, from)),
        2 => (0..7_usize).prop_map(Call::SetLimit),
        1 => Just(Call::Close),
    ]
}

/// How an acquire stands in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Waiting,
    Granted,
    Refused { closed: bool },
}

/// The model: everything is counted anew from what is out.
#[derive(Default)]
struct Model {
    limit: usize,
    closed: bool,
    // In the order of the line; whoever is answered stays until it is polled or dropped.
    line: VecDeque<(u64, usize, Wait)>,
    held: usize,
}

impl Model {
    /// Everything that is out, granted permits included.
    fn out(&self) -> usize {
        let granted = self
            .line
            .iter()
            .filter(|(_, _, wait)| *wait == Wait::Granted);
        self.held + granted.map(|(_, permits, _)| permits).sum::<usize>()
    }

    fn waits(&self) -> bool {
        self.line.iter().any(|(_, _, wait)| *wait == Wait::Waiting)
    }

    fn fits(&self, permits: usize) -> bool {
        self.out() + permits <= self.limit
    }

    /// Answers from the front until one has to go on waiting.
    fn serve(&mut self) {
        while let Some(at) = self
            .line
            .iter()
            .position(|(_, _, wait)| *wait == Wait::Waiting)
        {
            let permits = self.line[at].1;
            self.line[at].2 = if self.closed {
                Wait::Refused { closed: true }
            } else if permits > self.limit {
                Wait::Refused { closed: false }
            } else if self.fits(permits) {
                Wait::Granted
            } else {
                return;
            };
        }
    }

    /// What somebody who comes now is told; `None` if it has to wait.
    fn arrive(&mut self, permits: usize) -> Option<Result<usize, AcquireError>> {
        let limit = self.limit;
        let wanted = permits;
        if self.closed {
            Some(Err(AcquireError::Closed))
        } else if permits > limit {
            Some(Err(AcquireError::ExceedsLimit { wanted, limit }))
        } else if permits == 0 || (!self.waits() && self.fits(permits)) {
            self.held += permits;
            Some(Ok(permits))
        } else {
            None
        }
    }

    /// Takes an acquire out of the line.
    fn remove(&mut self, id: u64) -> Option<(usize, Wait)> {
        let at = self.line.iter().position(|(other, _, _)| *other == id)?;
        self.line
            .remove(at)
            .map(|(_, permits, wait)| (permits, wait))
    }

    /// What a poll of somebody in the line gives.
    fn poll(&mut self, id: u64) -> Poll<Result<usize, AcquireError>> {
        let found = self.line.iter().find(|(other, _, _)| *other == id);
        if found.is_none_or(|(_, _, wait)| *wait == Wait::Waiting) {
            return Poll::Pending;
        }
        let (permits, wait) = self.remove(id).expect("it was found");
        let limit = self.limit;
        let wanted = permits;
        Poll::Ready(match wait {
            Wait::Refused { closed: true } => Err(AcquireError::Closed),
            Wait::Refused { closed: false } => Err(AcquireError::ExceedsLimit { wanted, limit }),
            _ => {
                self.held += permits;
                Ok(permits)
            }
        })
    }

    fn forget(&mut self, permits: usize) {
        let debt = self.out().saturating_sub(self.limit);
        self.held -= permits;
        self.limit -= permits - permits.min(debt);
        self.serve();
    }
}

/// The semaphore beside its model.
struct Pair {
    semaphore: Semaphore,
    model: Model,
    waiting: Vec<(u64, Pin<Box<AcquireOwned>>)>,
    permits: Vec<OwnedPermit>,
    next_id: u64,
}

/// Polls; a future that gives way first is polled once more.
fn poll(future: Pin<&mut AcquireOwned>) -> Poll<Result<OwnedPermit, AcquireError>> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn counted(polled: &Poll<Result<OwnedPermit, AcquireError>>) -> Poll<Result<usize, AcquireError>> {
    match polled {
        Poll::Pending => Poll::Pending,
        Poll::Ready(result) => Poll::Ready(
            result
                .as_ref()
                .map(OwnedPermit::count)
                .map_err(|error| *error),
        ),
    }
}

impl Pair {
    fn new(limit: usize) -> Self {
        Self {
            semaphore: Semaphore::new(limit),
            model: Model {
                limit,
                ..Model::default()
            },
            waiting: Vec::new(),
            permits: Vec::new(),
            next_id: 0,
        }
    }

    fn acquire(&mut self, permits: usize) {
        let mut future = Box::pin(self.semaphore.acquire_many_owned(permits));
        let mut polled = poll(future.as_mut());
        if polled.is_pending() && self.semaphore.stats().waiting == self.waits() {
            polled = poll(future.as_mut()); // it gave way
        }
        let expected = self
            .model
            .arrive(permits)
            .map_or(Poll::Pending, Poll::Ready);
        assert_eq!(counted(&polled), expected);
        match polled {
            Poll::Ready(result) => self.permits.extend(result.ok()),
            Poll::Pending => {
                let id = self.next_id;
                self.next_id += 1;
                self.model.line.push_back((id, permits, Wait::Waiting));
                self.waiting.push((id, future));
            }
        }
    }

    fn waits(&self) -> usize {
        let waits = |wait: &&(u64, usize, Wait)| wait.2 == Wait::Waiting;
        self.model.line.iter().filter(waits).count()
    }

    fn try_acquire(&mut self, permits: usize) {
        let result = self.semaphore.try_acquire_many_owned(permits);
        let expected = match self.model.arrive(permits) {
            Some(result) => result.map_err(TryAcquireError::from),
            None => Err(TryAcquireError::NoPermits),
        };
        assert_eq!(
            result.as_ref().map(OwnedPermit::count),
            expected.as_ref().copied()
        );
        self.permits.extend(result.ok());
    }

    fn poll(&mut self, at: usize) {
        let (id, future) = &mut self.waiting[at];
        let polled = poll(future.as_mut());
        assert_eq!(counted(&polled), self.model.poll(*id));
        if let Poll::Ready(result) = polled {
            self.permits.extend(result.ok());
            drop(self.waiting.swap_remove(at));
        }
    }

    fn cancel(&mut self, at: usize) {
        let (id, future) = self.waiting.swap_remove(at);
        drop(future);
        self.model.remove(id);
        self.model.serve();
    }

    fn give_back(&mut self, at: usize) {
        let permit = self.permits.swap_remove(at);
        self.model.held -= permit.count();
        drop(permit);
        self.model.serve();
    }

    fn forget(&mut self, at: usize) {
        let permit = self.permits.swap_remove(at);
        self.model.forget(permit.count());
        permit.forget();
    }

    fn split(&mut self, at: usize, count: usize) {
        let before = self.permits[at].count();
        let split = self.permits[at].split(count);
        assert_eq!(split.is_some(), count <= before);
        self.permits.extend(split);
    }

    fn merge(&mut self, to: usize, from: usize) {
        let other = self.permits.swap_remove(from);
        let to = to % self.permits.len();
        let both = self.permits[to].count() + other.count();
        self.permits[to].merge(other);
        assert_eq!(self.permits[to].count(), both);
    }

    fn call(&mut self, call: Call) {
        let (waiting, permits) = (self.waiting.len(), self.permits.len());
        match call {
            Call::Acquire(count) => self.acquire(count),
            Call::TryAcquire(count) => self.try_acquire(count),
            Call::Poll(at) if waiting > 0 => self.poll(at % waiting),
            Call::Cancel(at) if waiting > 0 => self.cancel(at % waiting),
            Call::Drop(at) if permits > 0 => self.give_back(at % permits),
            Call::Forget(at) if permits > 0 => self.forget(at % permits),
            Call::Split(at, count) if permits > 0 => self.split(at % permits, count),
            Call::Merge(to, from) if permits > 1 => self.merge(to, from % permits),
            Call::SetLimit(limit) => {
                self.semaphore.set_limit(limit);
                self.model.limit = limit;
                self.model.serve();
            }
            Call::Close => {
                self.semaphore.close();
                self.model.closed = true;
                self.model.serve();
            }
            _ => {}
        }
        self.check();
    }

    fn check(&self) {
        let (stats, model) = (self.semaphore.stats(), &self.model);
        let granted = model
            .line
            .iter()
            .filter(|(_, _, wait)| *wait == Wait::Granted);
        assert_eq!(stats.limit, model.limit);
        assert_eq!(stats.held, model.held);
        assert_eq!(stats.assigned, model.out() - model.held);
        assert_eq!(stats.granted_unclaimed, granted.count());
        assert_eq!(stats.waiting, self.waits());
        assert_eq!(stats.available, model.limit.saturating_sub(model.out()));
        assert_eq!(stats.debt, model.out().saturating_sub(model.limit));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_calls_do_what_the_model_does(
        limit in 0..6_usize,
        calls in prop::collection::vec(call(), 0..60),
    ) {
        let mut pair = Pair::new(limit);
        for next in calls {
            pair.call(next);
        }
        while !pair.waiting.is_empty() {
            pair.cancel(0);
            pair.check();
        }
        while !pair.permits.is_empty() {
            pair.give_back(0);
            pair.check();
        }
        let stats = pair.semaphore.stats();
        prop_assert_eq!(stats.available, stats.limit);
    }
}
