//! The wakers of the tasks that wait, so that the end of a runtime reaches every one of them.
//!
//! An executor that is dropped wakes its tasks and clears its queue. A task that another thread is waking just then may be
//! marked as scheduled and not be in the queue yet: the executor misses it, and whoever awaits it hangs. So before the
//! executor is dropped, [`close`](Registry::close) wakes all that wait and each ends itself at its next poll, which comes
//! when the other thread has put it into the queue.

use core::task::Waker;

use trunnion_core::mutant;
use trunnion_core::panic::contain;
use trunnion_core::sync::Mutex;
use trunnion_core::sync::atomic::{AtomicBool, Ordering};

pub(crate) struct Registry {
    closing: AtomicBool,
    places: Mutex<Places>,
}

struct Places {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Self {
            closing: AtomicBool::new(false),
            places: Mutex::new(Places {
                wakers: Vec::new(),
                free: Vec::new(),
            }),
        }
    }

    /// Tells tasks that they are polled for the last time.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Keeps the waker of a task that waits; gives its place.
    pub(crate) fn insert(&self, waker: Waker) -> usize {
        let mut places = self.places.lock();
        if let Some(place) = places.free.pop() {
            places.wakers[place] = Some(waker);
            return place;
        }
        places.wakers.push(Some(waker));
        places.wakers.len() - 1
    }

    /// Forgets a task that has ended.
    pub(crate) fn remove(&self, place: usize) {
        let waker = {
            let mut places = self.places.lock();
            places.free.push(place);
            places.wakers.get_mut(place).and_then(Option::take)
        };
        contain(|| drop(waker));
    }

    /// Tells all tasks to end, and wakes those that wait.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        let wakers: Vec<Waker> = {
            let mut places = self.places.lock();
            // The places stay: their tasks still give them back.
            let all = places.wakers.iter_mut().filter_map(Option::take);
            mutant!("smol-registry-wakes-under-lock", all.collect(), {
                all.for_each(Waker::wake);
                Vec::new()
            })
        };
        for waker in wakers {
            contain(|| mutant!("smol-registry-no-wake", waker.wake(), drop(waker)));
        }
    }
}
