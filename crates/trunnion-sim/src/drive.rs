//! The loop that runs everything: one step at a time, and time passes only when there is none.

mod idle;

use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context as TaskContext, Poll};
use std::thread::{self, ThreadId};

use trunnion_core::context::Context;
use trunnion_core::panic::contain;
use trunnion_core::sync::{Arc, MutexGuard};

use crate::LostWakers;
use crate::close;
use crate::local;
use crate::queue::{Attendance, Cause, Key};
use crate::report;
use crate::stall::Stall;
use crate::state::{Driver, Due, Shared, State};
use crate::task::{Body, Job, NewEntry, Run};
use crate::trace::Event;

/// How deep `block_on` may nest through blocking closures: the threads that a pool would have.
const MAX_DEPTH: usize = 64;

/// One `block_on`, from its entry to its end.
pub(crate) struct Drive<'a> {
    shared: &'a Arc<Shared>,
    context: &'a Context,
    outer: Option<Driver>,
    number: u64,
    thread: ThreadId,
    depth: usize,
    root: Key,
    finished: bool,
    woken: Vec<(Key, Cause)>,
    /// What fires at one instant.
    due: Due,
    stall: Stall,
    /// The number of events when the last step began.
    mark: u64,
    /// Steps since the last look at all wakers.
    steps: usize,
    fresh_wakers: bool,
    /// Left before anybody else can drive.
    attendance: Option<Attendance<'a>>,
}

/// What is shared, from the end of one step to the start of the next: one lock for both.
type Between<'a> = MutexGuard<'a, State>;

/// Small enough to be handed over in registers: there is one for each poll.
enum Step {
    Root(Box<Run>),
    Task(Box<Run>),
    Local(Box<Run>),
    Job(Box<(Key, Job)>),
}

impl<'a> Drive<'a> {
    /// Becomes the driver; `None` where that would deadlock.
    pub(crate) fn enter(
        shared: &'a Arc<Shared>,
        context: &'a Context,
        place: &'static Location<'static>,
    ) -> Option<Self> {
        let thread = thread::current().id();
        let mut state = shared.state.lock();
        let outer = state.driver;
        if outer.is_some_and(|outer| outer.thread != thread || !outer.in_job) {
            return None;
        }
        let number = state.drivers;
        state.drivers += 1;
        let depth = outer.map_or(0, |outer| outer.depth + 1);
        state.driver = Some(Driver {
            thread,
            number,
            depth,
            in_job: false,
        });
        let root = state.insert(
            &shared.queue,
            NewEntry {
                body: Body::Root(number),
                place,
                name: None,
                runner: None,
            },
        );
        let fresh_wakers = state.faults.fresh_wakers;
        let explored = state.watch.is_some();
        drop(state);
        shared.queue.push(root, Cause::Started);
        Some(Self {
            shared,
            context,
            outer,
            number,
            thread,
            depth,
            root,
            finished: false,
            woken: Vec::new(),
            due: Due::new(),
            stall: Stall::new(explored),
            mark: 0,
            steps: 0,
            fresh_wakers,
            attendance: Some(shared.queue.attend()),
        })
    }

    /// Runs steps until the root is ready.
    pub(crate) fn run<F: Future>(&mut self, mut root: Pin<&mut F>) -> F::Output {
        let mut state = self.lock();
        loop {
            state = match self.next(state) {
                Some(Step::Root(mut run)) => {
                    self.prepare(&mut run);
                    let poll = root.as_mut().poll(&mut TaskContext::from_waker(&run.waker));
                    if let Poll::Ready(output) = poll {
                        self.finished = true;
                        return output;
                    }
                    self.pending(run)
                }
                Some(Step::Task(run)) => self.poll_task(run),
                Some(Step::Local(run)) => self.poll_local(run),
                Some(Step::Job(job)) => self.run_job(*job),
                None => self.idle(),
            };
            if self.stall.is_due() {
                drop(state);
                self.pass_time();
                state = self.lock();
            }
        }
    }

    fn lock(&self) -> Between<'a> {
        let shared: &'a Shared = self.shared;
        shared.state.lock()
    }

    fn next(&mut self, mut state: Between<'a>) -> Option<Step> {
        loop {
            let key = state.ready.pop()?;
            if let Some(misfit) = state.ready.chooser.misfit() {
                let kind = misfit.kind();
                drop(state);
                self.stop(kind, report::misfit);
            }
            if let Some(step) = self.take(&mut state, key) {
                state.trace.polled(key.number);
                self.mark = state.trace.total();
                self.steps += 1;
                if !state.faults.clock_jitter.is_zero() {
                    self.jitter(state);
                }
                return Some(step);
            }
        }
    }

    /// Lets the step before have taken longer than it did.
    #[cold]
    fn jitter(&self, mut state: Between<'a>) {
        let most = state.faults.clock_jitter;
        let jitter = state.delay("the step before took longer", most);
        drop(state);
        self.shared.pass(jitter);
    }

    /// Takes what is to run out of the table; puts aside what only another driver can run.
    fn take(&self, state: &mut State, key: Key) -> Option<Step> {
        let entry = state.tasks.get(key)?;
        let mine = match &entry.body {
            Body::Task => true,
            Body::Local(thread) => *thread == self.thread,
            Body::Root(driver) => *driver == self.number,
            Body::Job(_) => self.depth < MAX_DEPTH,
        };
        if !mine {
            state.stranded.push(key);
            return None;
        }
        entry.queued = false;
        if matches!(entry.body, Body::Job(_)) {
            return self.take_job(state, key);
        }
        let run = entry.run.take()?;
        Some(match entry.body {
            Body::Root(_) => Step::Root(run),
            Body::Local(_) => Step::Local(run),
            Body::Task | Body::Job(_) => Step::Task(run),
        })
    }

    /// Takes a closure that is to run, unless it is slow and lets others run first.
    fn take_job(&self, state: &mut State, key: Key) -> Option<Step> {
        if state.postpones(&self.shared.queue, self.shared.now(), key) {
            return None;
        }
        let Body::Job(job) = &mut state.tasks.get(key)?.body else {
            return None;
        };
        let job = job.take()?;
        state.driver.as_mut()?.in_job = true;
        Some(Step::Job(Box::new((key, job))))
    }

    /// Takes the wake that the poll answers; the poll may get a waker of its own.
    fn prepare(&self, run: &mut Run) {
        run.signal.accept();
        if self.fresh_wakers {
            run.freshen();
        }
    }

    fn poll_task(&mut self, mut run: Box<Run>) -> Between<'a> {
        self.prepare(&mut run);
        let mut cx = TaskContext::from_waker(&run.waker);
        let runner = run.runner.as_mut();
        match runner.map(|runner| Pin::new(runner).poll(&mut cx)) {
            Some(Poll::Pending) => self.pending(run),
            Some(Poll::Ready(())) | None => self.done(run),
        }
    }

    fn poll_local(&mut self, mut run: Box<Run>) -> Between<'a> {
        self.prepare(&mut run);
        let mut cx = TaskContext::from_waker(&run.waker);
        match local::poll(self.shared.id, run.key.number, &mut cx) {
            Poll::Pending => self.pending(run),
            Poll::Ready(()) => self.done(run),
        }
    }

    fn run_job(&mut self, (key, job): (Key, Job)) -> Between<'a> {
        self.context.clone().blocking().enter(job);
        if let Some(driver) = &mut self.lock().driver {
            driver.in_job = false;
        }
        self.ended(key)
    }

    /// Puts a task back that is not ready, and takes in what it woke.
    fn pending(&mut self, run: Box<Run>) -> Between<'a> {
        let key = run.key;
        // Read before the queue is drained: a waker that was woken and then dropped elsewhere is seen in the queue.
        let kept = run.is_awaited();
        self.shared.queue.drain(&mut self.woken);
        let only_self = matches!(self.woken[..], [(woken, _)] if woken == key);
        let mut state = self.lock();
        let idle = state.trace.total() == self.mark;
        state.admit(&mut self.woken, Some(key));
        let Some(entry) = state.tasks.get(key) else {
            drop(state);
            contain(|| drop(run));
            return self.lock();
        };
        let lost = !kept && !entry.queued;
        entry.kept = kept;
        entry.run = Some(run);
        let queued = entry.queued;
        if state.closed && key != self.root {
            return self.closed(state, key);
        }
        if state.faults.spurious_wakes && !queued && !state.closed {
            state.wake_spuriously(key);
        }
        let (runnable, tasks) = (state.ready.len(), state.tasks.places());
        self.stall.count(only_self && idle, runnable, tasks);
        if lost && self.is_certain(state.lost, key) {
            drop(state);
            self.lost_waker(key);
        }
        state
    }

    /// Drops a task that was polled while the simulator ended.
    #[cold]
    fn closed(&self, mut state: Between<'a>, key: Key) -> Between<'a> {
        let entry = state.retire(key, Event::Drop);
        drop(state);
        close::drop_entry(self.shared.id, entry);
        self.lock()
    }

    /// Tells whether a task that gave no waker away ends the run.
    fn is_certain(&self, lost: LostWakers, key: Key) -> bool {
        match lost {
            LostWakers::Strict => true,
            LostWakers::Certain => key == self.root,
            LostWakers::Ignore => false,
        }
    }

    /// Takes out a task whose poll was ready.
    fn done(&mut self, run: Box<Run>) -> Between<'a> {
        let key = run.key;
        drop(run);
        self.ended(key)
    }

    fn ended(&mut self, key: Key) -> Between<'a> {
        self.shared.queue.drain(&mut self.woken);
        let mut state = self.lock();
        state.admit(&mut self.woken, None);
        let entry = state.retire(key, Event::Done);
        self.stall.count(false, 0, state.tasks.places());
        drop(state);
        contain(|| drop(entry));
        self.lock()
    }
}

impl Drop for Drive<'_> {
    fn drop(&mut self) {
        self.attendance = None;
        let mut state = self.shared.state.lock();
        state.driver = self.outer;
        let event = if self.finished {
            Event::Done
        } else {
            Event::Drop
        };
        let entry = state.retire(self.root, event);
        for key in core::mem::take(&mut state.stranded) {
            state.ready.push(key);
        }
        drop(state);
        contain(|| drop(entry));
    }
}
