//! Keeping a runtime's workers busy, so that nothing else starts.

use core::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use trunnion_core::{Flavor, RuntimeInfo, Spawn};

use super::Event;
use crate::Adapter;
use crate::limit::LIMIT;

/// Two cases that each hold some workers of one shared runtime would wait for each other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Keeps all workers busy until dropped.
#[derive(Debug)]
#[must_use = "the workers are busy only while this guard lives"]
pub struct Occupied {
    release: Event,
    _turn: MutexGuard<'static, ()>,
}

impl Drop for Occupied {
    fn drop(&mut self) {
        self.release.set();
    }
}

/// Blocks all workers, so that what is spawned meanwhile does not start; `None` where their number is not known.
///
/// # Panics
/// When fewer workers than the runtime tells of start a task.
pub fn occupy<A: Adapter>(rt: &A::Runtime) -> Option<Occupied> {
    let workers = workers::<A>(rt)?;
    let occupied = Occupied {
        release: Event::new(),
        _turn: ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner),
    };
    let started: Vec<Event> = (0..workers)
        .map(|_| block_one(rt, &occupied.release))
        .collect();
    let all = started.iter().all(|started| started.wait_blocking(LIMIT));
    assert!(
        all,
        "the runtime tells of {workers} workers, but not all of them take a task"
    );
    Some(occupied)
}

/// Without workers in the background the caller's thread runs the tasks, and it is busy with the caller.
fn workers<A: Adapter>(rt: &A::Runtime) -> Option<usize> {
    let info = rt.info();
    if !A::RUNS_IN_BACKGROUND {
        return Some(0);
    }
    match info.flavor {
        Flavor::MultiThread => info.workers.map(NonZeroUsize::get),
        _ => Some(1),
    }
}

fn block_one<R: Spawn>(rt: &R, release: &Event) -> Event {
    let started = Event::new();
    let (start, release) = (started.clone(), release.clone());
    rt.spawn_detached(async move {
        start.set();
        let _released = release.wait_blocking(LIMIT * 3);
    });
    started
}
