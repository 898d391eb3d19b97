//! What the programs are made of.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use trunnion_core::{Timer, YieldOnce};
use trunnion_sim::SimRuntime;

pub(crate) const MOMENT: Duration = Duration::from_millis(1);

/// What programs fail with.
pub(crate) type Fault = &'static str;

/// Counts those that are alive, and the most that ever were at once.
#[derive(Clone, Default)]
pub(crate) struct Census(Arc<Counts>);

#[derive(Default)]
struct Counts {
    alive: AtomicUsize,
    peak: AtomicUsize,
    entered: AtomicUsize,
}

/// One of a census.
pub(crate) struct Member(Census);

impl Census {
    pub(crate) fn join(&self) -> Member {
        let now = self.0.alive.fetch_add(1, Relaxed) + 1;
        self.0.peak.fetch_max(now, Relaxed);
        self.0.entered.fetch_add(1, Relaxed);
        Member(self.clone())
    }

    pub(crate) fn alive(&self) -> usize {
        self.0.alive.load(Relaxed)
    }

    pub(crate) fn peak(&self) -> usize {
        self.0.peak.load(Relaxed)
    }

    /// Counts all that ever were.
    pub(crate) fn entered(&self) -> usize {
        self.0.entered.load(Relaxed)
    }

    /// Is alive until it is dropped: it never ends by itself.
    pub(crate) fn endless<T>(&self) -> impl Future<Output = T> + Send + use<T> {
        let member = self.join();
        async move {
            let _member = member;
            std::future::pending().await
        }
    }

    /// Is alive for so many steps, then gives `value`.
    pub(crate) fn steps<T>(&self, steps: usize, value: T) -> impl Future<Output = T> + use<T> {
        let member = self.join();
        async move {
            let _member = member;
            pass(steps).await;
            value
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.0.0.alive.fetch_sub(1, Relaxed);
    }
}

/// Lets others run so many times.
pub(crate) async fn pass(steps: usize) {
    for _ in 0..steps {
        YieldOnce::new().await;
    }
}

/// Gives `value` after so many moments.
pub(crate) fn after<T>(
    rt: &SimRuntime,
    moments: u32,
    value: T,
) -> impl Future<Output = T> + use<T> {
    let sleep = rt.sleep(moments * MOMENT);
    async move {
        sleep.await;
        value
    }
}

/// Notes what happens, in its order.
pub(crate) struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T> Log<T> {
    pub(crate) fn add(&self, entry: T) {
        self.0.lock().unwrap().push(entry);
    }

    pub(crate) fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}
