//! The text that names what is stuck.

use core::fmt::{self, Write as _};
use core::time::Duration;
use std::task::Waker;
use std::thread;

use trunnion_core::Instant;

use crate::queue::Key;
use crate::state::State;
use crate::task::{Body, Entry, Run};

/// Says that nothing can ever run again, and lists every task.
pub(crate) fn deadlock(state: &State, driver: u64, now: Instant) -> String {
    let why = if is_held(state) {
        "nothing is runnable, and the clock is held: nobody in the simulator can let it go"
    } else {
        "nothing is runnable, no deadline is near, and no hold is alive"
    };
    let mut text = format!("deadlock at {:?}: {why}", elapsed(now));
    if state.closed {
        text.push_str("; the simulator was shut down");
    }
    text.push_str("\nstuck:\n");
    list(&mut text, state, driver);
    text.push_str(if state.watch.is_some() {
        NO_THREAD
    } else {
        "note: where another thread is to wake one of them, keep a `hold()` until it has"
    });
    text
}

/// Says that tasks run on and on while the clock stands, and lists every task.
pub(crate) fn livelock(state: &State, driver: u64, now: Instant) -> String {
    let why = if is_held(state) {
        ", because the clock is held"
    } else {
        ""
    };
    let mut text = format!(
        "livelock at {:?}: too many steps at this instant, something is runnable still, and time cannot pass{why}\n\
         all tasks:\n",
        elapsed(now)
    );
    list(&mut text, state, driver);
    text.push_str(if state.watch.is_some() {
        NO_THREAD
    } else {
        "note: where another thread is to end that, keep a `hold()` until it has"
    });
    text
}

/// Says that time passes and passes and the test does not end, and lists every task.
pub(crate) fn endless(state: &State, driver: u64, now: Instant) -> String {
    let steps = state.ready.chooser.steps();
    let mut text = format!(
        "the test has not ended after {steps} steps and {:?}, and something is to run still\nall tasks:\n",
        elapsed(now)
    );
    list(&mut text, state, driver);
    text.push_str("note: end what ticks for ever, or allow more with `Explore::steps`");
    text
}

const NO_THREAD: &str = "note: an exploration waits for no thread, and for no timer or socket of another runtime: use `spawn_blocking`, `sleep` and `duplex` of the simulator";

fn is_held(state: &State) -> bool {
    state.watch.as_ref().is_some_and(|watch| watch.held)
}

/// Says that one task can never run again, and lists the others.
pub(crate) fn lost_waker(state: &State, key: Key, driver: u64, now: Instant) -> String {
    let entry = state.tasks.iter().find(|entry| entry.key == key);
    let mut text = format!("lost waker at {:?}: ", elapsed(now));
    if let Some(entry) = entry {
        let _infallible = write!(text, "{}", Line(entry, state, driver));
    }
    text.push_str("\nall tasks:\n");
    list(&mut text, state, driver);
    text.push_str("note: `lost_wakers` of `Sim` and `Explore` says how strict this check is");
    text
}

/// Says that the run left the way that it was to follow.
pub(crate) fn misfit(state: &State, _driver: u64, now: Instant) -> String {
    let misfit = state.ready.chooser.misfit();
    let misfit = misfit.map(ToString::to_string).unwrap_or_default();
    format!("the choices do not fit at {:?}: {misfit}", elapsed(now))
}

/// Lists every task.
pub(crate) fn dump(state: &State, now: Instant) -> String {
    let mut text = format!("tasks at {:?}:\n", elapsed(now));
    let driver = state.driver.map_or(u64::MAX, |driver| driver.number);
    list(&mut text, state, driver);
    text
}

/// Lists every task in lines of their own below a text, if there are any.
pub(crate) fn tasks(state: &State, now: Instant) -> String {
    if state.tasks.iter().next().is_none() {
        return String::new();
    }
    format!("\n{}", dump(state, now).trim_end())
}

/// Lists the tasks that have not ended, if there are any.
pub(crate) fn leak(state: &State, now: Instant) -> Option<String> {
    state.tasks.iter().next()?;
    let mut text = format!(
        "the test has ended at {:?}, nothing is runnable, and these have not ended:\n",
        elapsed(now)
    );
    list(&mut text, state, u64::MAX);
    text.push_str("note: await or cancel them, or allow them with `Explore::leaks(true)`");
    Some(text)
}

fn elapsed(now: Instant) -> Duration {
    now.duration_since(Instant::ORIGIN)
}

fn list(text: &mut String, state: &State, driver: u64) {
    let mut entries: Vec<&Entry> = state.tasks.iter().collect();
    entries.sort_unstable_by_key(|entry| entry.key.number);
    for entry in entries {
        let _infallible = writeln!(text, "  {}", Line(entry, state, driver));
    }
}

/// One entry: what it is, where it comes from, what it waits for.
struct Line<'a>(&'a Entry, &'a State, u64);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(entry, state, driver) = self;
        write!(f, "{}, ", head(entry))?;
        f.write_str(&reason(entry, state, *driver))
    }
}

/// Says what an entry is, and where it comes from.
pub(crate) fn head(entry: &Entry) -> String {
    let (what, verb) = match entry.body {
        Body::Task => ("task", "spawned"),
        Body::Local(_) => ("local task", "spawned"),
        Body::Root(_) => ("root", "entered"),
        Body::Job(_) => ("blocking closure", "spawned"),
    };
    let name = entry.name.as_ref().map(|name| format!(" `{name}`"));
    let name = name.unwrap_or_default();
    format!(
        "{what} {}{name}, {verb} at {}",
        entry.key.number, entry.place
    )
}

fn reason(entry: &Entry, state: &State, driver: u64) -> String {
    match &entry.body {
        Body::Job(None) => "runs and waits in a `block_on` of its own".to_owned(),
        Body::Job(Some(_)) if entry.slow.is_some() => "is slow, and has not ended".to_owned(),
        Body::Job(Some(_)) => "has not started: too many closures wait in a `block_on`".to_owned(),
        Body::Root(its) if *its != driver => {
            "goes on when the `block_on` inside it has ended".to_owned()
        }
        Body::Local(thread) if *thread != thread::current().id() => {
            "lives on a thread that is not in a `block_on` of this simulator".to_owned()
        }
        Body::Task | Body::Local(_) | Body::Root(_) => match &entry.run {
            Some(run) => waits_for(entry, run, state),
            None => "is running".to_owned(),
        },
    }
}

fn waits_for(entry: &Entry, run: &Run, state: &State) -> String {
    if entry.queued {
        return "is runnable".to_owned();
    }
    match sleep_of(&run.waker, state) {
        Some(Instant::FAR_FUTURE) => return "sleeps until the far future".to_owned(),
        Some(at) => return format!("sleeps until {:?}", elapsed(at)),
        None => {}
    }
    if run.is_awaited() {
        "waits for a wake".to_owned()
    } else if entry.kept {
        "has lost its waker: all that it gave away were dropped without a wake".to_owned()
    } else {
        "gave no waker away when it was polled: nothing can wake it but an abort".to_owned()
    }
}

fn sleep_of(waker: &Waker, state: &State) -> Option<Instant> {
    state.timers.deadline_of(waker).map(Instant::from_nanos)
}
