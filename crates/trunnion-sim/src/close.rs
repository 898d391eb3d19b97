//! The end of a simulator: every pending future is dropped once, in the order of the schedule.

use std::thread;

use trunnion_core::RuntimeId;
use trunnion_core::context::Context;
use trunnion_core::panic::contain;

use crate::local;
use crate::queue::Key;
use crate::state::{Shared, State};
use crate::task::{Body, Entry};
use crate::trace::Event;

/// Refuses new tasks and drops those that are there, in `context`; counts the tasks.
///
/// A task that is just polled is dropped by its driver. A local task of another thread stays there until its thread ends
/// or touches the simulator again, for it can be dropped nowhere else.
pub(crate) fn close(shared: &Shared, context: &Context) -> usize {
    let mut state = shared.state.lock();
    if !state.closed {
        state.closed = true;
        state.trace.add(Event::Shutdown);
    }
    let mut keys = state.tasks.keys();
    state.ready.chooser.arrange(&mut keys);
    drop(state);
    let count = context.enter(|| {
        let dropped = keys.into_iter().filter(|key| drop_one(shared, *key));
        dropped.count()
    });
    drop_wakers(shared);
    shared.queue.poke();
    count
}

/// Drops a future or closure; true if it was a task.
fn drop_one(shared: &Shared, key: Key) -> bool {
    let mut state = shared.state.lock();
    if !can_drop(&mut state, key) {
        return false;
    }
    let entry = state.retire(key, Event::Drop);
    drop(state);
    let is_task = entry
        .as_ref()
        .is_some_and(|entry| !matches!(entry.body, Body::Job(_)));
    drop_entry(shared.id, entry);
    is_task
}

fn can_drop(state: &mut State, key: Key) -> bool {
    state.tasks.get(key).is_some_and(|entry| match &entry.body {
        Body::Root(_) => false,
        Body::Task | Body::Local(_) => entry.run.is_some(),
        Body::Job(job) => job.is_some(),
    })
}

/// Drops what an entry holds, and its local future if that lives on this thread.
pub(crate) fn drop_entry(id: RuntimeId, entry: Option<Entry>) {
    let Some(entry) = entry else { return };
    if matches!(&entry.body, Body::Local(thread) if *thread == thread::current().id()) {
        local::drop_task(id, entry.key.number);
    }
    contain(|| drop(entry));
}

/// Nothing fires any more, and nothing is runnable: who settles goes on, wherever it runs. The wakers may keep the simulator alive.
fn drop_wakers(shared: &Shared) {
    let mut state = shared.state.lock();
    let timers = state.timers.clear();
    if let Some(watch) = &mut state.watch {
        watch.timers += timers.len();
    }
    let settlers = core::mem::take(&mut state.settlers);
    drop(state);
    for waker in timers {
        contain(|| drop(waker));
    }
    for (_, waker) in settlers {
        contain(|| waker.wake());
    }
}
