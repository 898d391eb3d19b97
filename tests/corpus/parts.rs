//! What the programs are made of: a value that tasks watch, a line in which they wait, and ways to take steps.

use core::future::{Future, poll_fn};
use core::task::{Poll, Waker};
use std::collections::VecDeque;

use trunnion_core::Spawn;
use trunnion_core::sync::{Arc, Mutex};
use trunnion_sim::SimRuntime;

/// A value that is shared; a change wakes all who wait for one.
pub(crate) struct Shared<T>(Arc<Mutex<(T, Vec<Waker>)>>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(Mutex::new((value, Vec::new()))))
    }

    /// Looks at the value, or changes what nobody waits for.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.lock().0)
    }

    pub(crate) fn change<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let mut state = self.0.lock();
        let result = f(&mut state.0);
        let woken = core::mem::take(&mut state.1);
        drop(state);
        woken.into_iter().for_each(Waker::wake);
        result
    }

    /// Waits until `f` gives something; it is asked again after each change.
    pub(crate) async fn until<R>(&self, mut f: impl FnMut(&mut T) -> Option<R>) -> R {
        poll_fn(|cx| {
            let mut state = self.0.lock();
            if let Some(result) = f(&mut state.0) {
                return Poll::Ready(result);
            }
            if !state.1.iter().any(|waker| waker.will_wake(cx.waker())) {
                state.1.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}

impl<T: Copy> Shared<T> {
    pub(crate) fn get(&self) -> T {
        self.with(|value| *value)
    }

    /// Puts a value there, and wakes those who wait.
    pub(crate) fn put(&self, value: T) {
        self.change(|old| *old = value);
    }
}

impl Shared<bool> {
    /// Waits until it is true.
    pub(crate) async fn set(&self) {
        self.until(|set| set.then_some(())).await;
    }
}

/// Those who wait, in their order: a semaphore, a fair lock, or a bell that only those hear who wait.
#[derive(Clone)]
pub(crate) struct Line {
    state: Shared<Waiting>,
    /// Permits are kept while nobody waits.
    keeps: bool,
    /// Who leaves before its turn passes the turn on.
    tidy: bool,
}

#[derive(Default)]
struct Waiting {
    free: u32,
    next: u64,
    line: VecDeque<u64>,
    served: Vec<u64>,
}

impl Line {
    pub(crate) fn permits(free: u32) -> Self {
        Self {
            state: Shared::new(Waiting {
                free,
                ..Waiting::default()
            }),
            keeps: true,
            tidy: true,
        }
    }

    pub(crate) fn bell() -> Self {
        Self {
            keeps: false,
            ..Self::permits(0)
        }
    }

    /// Who leaves keeps its place, or its turn.
    pub(crate) fn untidy(mut self, untidy: bool) -> Self {
        self.tidy = !untidy;
        self
    }

    /// Serves the first in the line.
    pub(crate) fn give(&self) {
        let keeps = self.keeps;
        self.state.change(|state| match state.line.pop_front() {
            Some(first) => state.served.push(first),
            None => state.free += u32::from(keeps),
        });
    }

    /// Serves all who are in the line.
    pub(crate) fn ring(&self) {
        self.state.change(|state| {
            let all = core::mem::take(&mut state.line);
            state.served.extend(all);
        });
    }

    /// Waits for its turn.
    pub(crate) async fn turn(&self) {
        let mut place = Place {
            line: self,
            number: self.enter(),
            over: false,
        };
        let number = place.number;
        let served = |state: &mut Waiting| {
            let at = state.served.iter().position(|served| *served == number)?;
            state.served.swap_remove(at);
            Some(())
        };
        self.state.until(served).await;
        place.over = true;
    }

    /// Waits for its turn, and gives it on when the permit is dropped.
    pub(crate) async fn permit(&self) -> Permit<'_> {
        self.turn().await;
        Permit(self)
    }

    fn enter(&self) -> u64 {
        self.state.with(|state| {
            state.next += 1;
            if state.free > 0 {
                state.free -= 1;
                state.served.push(state.next);
            } else {
                state.line.push_back(state.next);
            }
            state.next
        })
    }
}

struct Place<'a> {
    line: &'a Line,
    number: u64,
    over: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.over || !self.line.tidy {
            return;
        }
        let served = self.line.state.with(|state| {
            let before = state.served.len();
            state.served.retain(|number| *number != self.number);
            state.line.retain(|number| *number != self.number);
            state.served.len() < before
        });
        if served {
            self.line.give();
        }
    }
}

pub(crate) struct Permit<'a>(&'a Line);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.give();
    }
}

pub(crate) type Task = <SimRuntime as Spawn>::Task<()>;

/// Starts a task with its own clone of what the program shares.
#[track_caller]
pub(crate) fn start<S: Clone, F>(
    rt: &SimRuntime,
    state: &S,
    task: impl FnOnce(SimRuntime, S) -> F,
) -> Task
where
    F: Future<Output = ()> + Send + 'static,
{
    rt.spawn(task(rt.clone(), state.clone()))
}

/// Waits for all of them.
pub(crate) async fn join(tasks: impl IntoIterator<Item = Task>) {
    for task in tasks {
        if let Err(error) = task.await {
            assert!(!error.is_panic(), "{error}");
        }
    }
}

/// Asks another task, and waits for its answer, so many times. It is no yield: a priority stays what it was.
pub(crate) async fn calls(rt: &SimRuntime, times: usize) {
    for _ in 0..times {
        join([rt.spawn(async {})]).await;
    }
}

/// A task that answers whoever asks, from the start of a program to its end: unlike a new task it has its priority before anybody has asked.
#[derive(Clone)]
pub(crate) struct Server(Shared<Asked>);

type Asked = (VecDeque<Shared<bool>>, bool);

impl Server {
    #[track_caller]
    pub(crate) fn start(rt: &SimRuntime) -> (Self, Task) {
        let asked = Shared::new((VecDeque::new(), false));
        let task = start(rt, &asked, |_, asked| async move {
            let next = |(asked, over): &mut Asked| match asked.pop_front() {
                None if *over => Some(None),
                None => None,
                answer => Some(answer),
            };
            while let Some(answer) = asked.until(next).await {
                answer.put(true);
            }
        });
        (Self(asked), task)
    }

    /// Asks, and waits for the answer, so many times.
    pub(crate) async fn ask(&self, times: usize) {
        for _ in 0..times {
            let answer = Shared::new(false);
            self.0.change(|(asked, _)| asked.push_back(answer.clone()));
            answer.set().await;
        }
    }

    /// Ends when it has answered all.
    pub(crate) async fn end(self, task: Task) {
        self.0.change(|(_, over)| *over = true);
        join([task]).await;
    }
}
