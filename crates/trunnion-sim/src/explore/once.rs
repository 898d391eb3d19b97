//! One run of a test.

use core::future::Future;
use core::panic::Location;

use trunnion_core::sync::Arc;

use super::failure::FailureKind;
use super::hush::{hush, looking};
use crate::LostWakers;
use crate::choice::{Chooser, Pick};
use crate::faults::Faults;
use crate::owned::{Sim, enter_at};
use crate::queue::Cause;
use crate::runtime::SimRuntime;
use crate::state::Watch;
use crate::{close, report};

/// What came of a run.
pub(super) struct Ran {
    pub(super) trouble: Option<Trouble>,
    pub(super) digest: u64,
    pub(super) steps: usize,
    pub(super) points: usize,
    pub(super) picks: Vec<Pick>,
    pub(super) chooser: Chooser,
    /// It ended under a hold.
    pub(super) held: bool,
    pub(super) sim: SimRuntime,
    /// The tasks when the newest panic came, where a table is made too.
    pub(super) dump: String,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(super) kind: FailureKind,
    pub(crate) message: String,
    pub(crate) place: Option<String>,
    /// Where the first panic of the run came from, if that is elsewhere: a task's, whose joiner unwraps.
    pub(super) first: Option<String>,
}

impl Trouble {
    pub(super) const fn new(kind: FailureKind, message: String) -> Self {
        Self {
            kind,
            message,
            place: None,
            first: None,
        }
    }

    fn at(mut self, place: Option<String>) -> Self {
        self.place = place;
        self
    }

    /// Tells whether both look like the same bug.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.kind, &self.place, &self.first) == (other.kind, &other.place, &other.first)
    }

    /// The run came to its end, or to `other`, before choice `point` of those that it was to make.
    pub(super) fn stale(point: usize, points: usize, other: Option<Self>) -> Self {
        let message = format!(
            "the choices do not fit: the run ended after {points} of them, and choice {point} was to come"
        );
        Self::new(FailureKind::Stale, message).explains(other)
    }

    /// Takes the place of what the run ended with, unless that explains itself.
    fn explains(mut self, other: Option<Self>) -> Self {
        match other {
            None => self,
            Some(other) if other.kind.is_outside() => other,
            Some(other) => {
                let ending = format!("; it ended with: {}\n{}", other.kind, other.message);
                self.message.push_str(&ending);
                self
            }
        }
    }

    /// Notes where the panics of the run came from.
    fn after(mut self, places: &[String]) -> Self {
        self.first = places.first().cloned();
        if self.first == self.place {
            self.first = None;
        }
        self
    }
}

/// Says how a run is made.
pub(super) struct Setup<'a> {
    pub(super) seed: u64,
    /// How many events are kept for a table.
    pub(super) trace: usize,
    pub(super) leaks: bool,
    pub(super) steps: usize,
    pub(super) faults: Faults,
    pub(super) lost: LostWakers,
    /// Where the test is, for reports.
    pub(super) place: &'static Location<'static>,
    pub(super) prepare: &'a mut dyn FnMut(&mut Chooser),
}

/// Runs `test` in a simulator of its own.
pub(super) fn once<F: Future>(test: &impl Fn(SimRuntime) -> F, setup: &mut Setup<'_>) -> Ran {
    let sim = Sim::new()
        .seed(setup.seed)
        .trace_limit(setup.trace)
        .faults(setup.faults)
        .lost_wakers(setup.lost);
    let rt = sim.handle();
    watch(&rt, setup.steps);
    (setup.prepare)(&mut rt.shared.state.lock().ready.chooser);
    let look = (setup.trace > 0).then(|| look(&rt));
    let run = || {
        let whole = async {
            drop(test(rt.clone()).await);
            rt.settle().await;
        };
        drop(enter_at(&rt.shared, sim.context(), setup.place, whole));
    };
    let ((result, places), dump) = looking(look, || hush(run));
    let result = result.map_err(|payload| payload.to_string());
    let trouble = end(&sim, (result, places), setup.leaks);
    let mut state = rt.shared.state.lock();
    let mut chooser = core::mem::replace(&mut state.ready.chooser, Chooser::new());
    let ran = Ran {
        trouble,
        digest: state.trace.digest(),
        steps: chooser.steps(),
        points: chooser.points(),
        picks: chooser.take_record(),
        chooser,
        held: state.watch.as_ref().is_some_and(|watch| watch.held),
        sim: rt.clone(),
        dump,
    };
    drop(state);
    ran
}

/// How many steps a run may take unless told otherwise.
pub(crate) const MOST_STEPS: usize = 1_000_000;

/// Lets the simulator of `rt` note what is no ending of a run, and yet a failure; ends a run of more than `most_steps`.
pub(crate) fn watch(rt: &SimRuntime, most_steps: usize) {
    rt.shared.state.lock().watch = Some(Watch {
        most_steps,
        ..Watch::default()
    });
    rt.shared.queue.watch_threads();
}

/// Ends a simulator after its run; what went wrong, by the text with which it panicked, and where its panics came from.
pub(crate) fn end(
    sim: &Sim,
    (result, places): (Result<(), String>, Vec<String>),
    leaks: bool,
) -> Option<Trouble> {
    let rt = sim.handle();
    let trouble = match result {
        Ok(()) => unjoined(&rt, &places).or_else(|| leaks.then(|| left(&rt)).flatten()),
        Err(message) => Some(ended(&rt, message, places)),
    };
    let trouble = outside(&rt, trouble);
    let (_, places) = hush(|| close_all(sim, &rt, trouble.is_some()));
    let trouble = trouble
        .or_else(|| places.first().map(|place| dropped(place)))
        .or_else(|| leaked(&rt));
    strayed(&rt, trouble)
}

/// Lists the tasks, while they are what they are.
fn look(rt: &SimRuntime) -> Box<dyn Fn() -> String> {
    let rt = rt.clone();
    Box::new(move || rt.dump().to_string())
}

/// Ends the simulator; the order in which tasks are dropped is a choice unless the run has failed already.
fn close_all(sim: &Sim, rt: &SimRuntime, failed: bool) {
    if failed {
        rt.shared.state.lock().ready.chooser.finish();
    }
    close::close(&rt.shared, sim.context());
}

/// A panic that nobody could join, although the test came to its end.
fn unjoined(rt: &SimRuntime, places: &[String]) -> Option<Trouble> {
    let state = rt.shared.state.lock();
    let (message, place) = state.watch.as_ref()?.panic.clone()?;
    let trouble = Trouble::new(FailureKind::Panic, message).at(place);
    Some(trouble.after(places))
}

/// What came from outside of the simulator explains what the run ended with.
fn outside(rt: &SimRuntime, other: Option<Trouble>) -> Option<Trouble> {
    if rt.shared.queue.was_woken_elsewhere() {
        return Some(foreign(rt).explains(other));
    }
    let state = rt.shared.state.lock();
    let read = state.watch.as_ref().and_then(|watch| watch.real_clock);
    match read {
        Some(place) => Some(real_clock(place).explains(other)),
        None => other,
    }
}

/// The operating system's clock was read.
fn real_clock(place: &'static Location<'static>) -> Trouble {
    let message = "the real clock is read inside the simulator, so that the run cannot be repeated; read the clock of the runtime that the code is given";
    Trouble::new(FailureKind::Foreign, message.to_owned()).at(Some(place.to_string()))
}

/// A thread that the simulator does not know woke a task.
fn foreign(rt: &SimRuntime) -> Trouble {
    // What it woke at last nobody has taken in.
    let mut woken = Vec::new();
    rt.shared.queue.drain(&mut woken);
    let mut state = rt.shared.state.lock();
    for (key, _) in woken.iter().filter(|(_, cause)| *cause == Cause::Foreign) {
        state.note_foreign(*key);
    }
    let task = state.watch.as_ref().and_then(|watch| watch.foreign.clone());
    let message = format!(
        "{} was woken from a thread that is not the simulator's, so that the run cannot be repeated; use `spawn_blocking` of the simulator in place of a thread{}",
        task.as_deref().unwrap_or("a task"),
        report::tasks(&state, rt.shared.now())
    );
    Trouble::new(FailureKind::Foreign, message)
}

/// The run left the way that it was to follow, which explains what it ended with; no step need have come after that.
fn strayed(rt: &SimRuntime, other: Option<Trouble>) -> Option<Trouble> {
    let state = rt.shared.state.lock();
    let Some(misfit) = state.ready.chooser.misfit() else {
        return other;
    };
    let message = report::misfit(&state, 0, rt.shared.now());
    Some(Trouble::new(misfit.kind(), message).explains(other))
}

/// Why the simulator ended the run, or that the test panicked.
fn ended(rt: &SimRuntime, message: String, mut places: Vec<String>) -> Trouble {
    let state = rt.shared.state.lock();
    let ending = state.watch.as_ref().and_then(|watch| watch.ending);
    // The simulator's own panic came from within, which tells nobody anything.
    let place = places.pop().filter(|_| ending.is_none());
    places.extend(place.clone());
    let kind = ending.unwrap_or(FailureKind::Panic);
    Trouble::new(kind, message).at(place).after(&places)
}

/// The tasks that are left now that nothing is runnable.
fn left(rt: &SimRuntime) -> Option<Trouble> {
    let state = rt.shared.state.lock();
    let message = report::leak(&state, rt.shared.now())?;
    Some(Trouble::new(FailureKind::Leak, message))
}

/// A destructor panicked when the simulator ended.
fn dropped(place: &str) -> Trouble {
    let message = "a destructor panicked when the simulator ended";
    Trouble::new(FailureKind::Panic, message.to_owned()).at(Some(place.to_owned()))
}

/// What outlives the simulator: sleeps and wakers that somebody keeps where the simulator does not look.
fn leaked(rt: &SimRuntime) -> Option<Trouble> {
    let state = rt.shared.state.lock();
    let timers = state.watch.as_ref().map_or(0, |watch| watch.timers);
    // A waker holds the queue, and so does the simulator.
    let wakers = Arc::strong_count(&rt.shared.queue) - 1;
    let message = match (timers, wakers) {
        (0, 0) => return None,
        (0, wakers) => format!(
            "the wakers of {wakers} tasks are kept although the tasks are gone: take them out, or drop what keeps them"
        ),
        (timers, _) => {
            format!("{timers} sleeps are armed although the tasks are gone: something keeps them")
        }
    };
    Some(Trouble::new(FailureKind::Leak, message))
}
