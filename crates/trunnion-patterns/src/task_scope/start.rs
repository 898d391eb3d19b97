//! Children that say when they are ready.

use core::error::Error;
use core::fmt;
use core::future::poll_fn;
use core::pin::pin;
use std::sync::Arc;

use trunnion_core::panic::{catch, contain};
use trunnion_core::wait::{Locked, Shared, WaitQueue, Waiter, Wakers};
use trunnion_core::{JoinError, Spawn};

use super::child::Child;
use super::outcome::Outcome;
use super::runner::{Joined, Route, panicked};

/// Says why a child did not get ready.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError<E> {
    /// It failed before it was ready; its scope is not told.
    Failed(E),
    /// It ended without being ready.
    NeverReady,
    /// It panicked, was cancelled or lost its runtime. A panic is raised by its scope as well.
    Join(JoinError),
    /// The scope takes no more children.
    Refused,
}

impl<E: fmt::Display> fmt::Display for StartError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "failed before it was ready: {error}"),
            Self::NeverReady => f.write_str("ended without being ready"),
            Self::Join(error) => error.fmt(f),
            Self::Refused => f.write_str("the scope takes no more children"),
        }
    }
}

impl<E: Error + 'static> Error for StartError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Join(error) => Some(error),
            _ => None,
        }
    }
}

/// What passes between a child that starts and who waits for it.
pub(super) enum Hand<V> {
    Starting,
    Ready(Option<V>),
    Gone,
}

impl<V> Shared for Hand<V> {
    type Value = ();
    type Open = ();

    /// It is a state: there is nothing to pass on.
    fn pass_on(_: &mut Locked<'_, Self>, (): (), _: &mut Wakers) {}
}

type Hands<V> = Arc<WaitQueue<Hand<V>>>;

/// Says that a child is ready; dropping it unused says that it never will be.
pub struct Ready<V>(Hands<V>);

impl<V> Ready<V> {
    /// Hands `value` to who waits in [`start`](super::TaskScope::start). From now on the child is its scope's alone.
    ///
    /// Where the child has ended meanwhile it was never ready, and `value` is dropped.
    pub fn send(self, value: V) {
        settle(&self.0, Hand::Ready(Some(value)));
    }
}

/// Says how the start went, unless that was said before.
fn settle<V>(hands: &Hands<V>, mut hand: Hand<V>) {
    let told = hands.lock_and_wake(|queue, wakers| {
        if matches!(queue.shared(), Hand::Starting) {
            core::mem::swap(queue.shared(), &mut hand);
            queue.wake_front(wakers);
        }
    });
    contain(|| drop(told));
    // A value that came too late; not under the lock.
    contain(|| drop(hand));
}

impl<V> Drop for Ready<V> {
    fn drop(&mut self) {
        settle(&self.0, Hand::Gone);
    }
}

impl<V> fmt::Debug for Ready<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready").finish_non_exhaustive()
    }
}

/// Until it is ready, all goes to who waits for that; then to the joiner.
pub(super) struct ToStarter<V>(Hands<V>);

pub(super) fn pair<V>() -> (Ready<V>, ToStarter<V>, Hands<V>) {
    let hands = Arc::new(WaitQueue::new(Hand::Starting));
    let (ready, route) = (Ready(Arc::clone(&hands)), ToStarter(Arc::clone(&hands)));
    (ready, route, hands)
}

impl<V, T, E> Route<Result<T, E>, T, E> for ToStarter<V> {
    type Handed = Option<Result<(), E>>;
    type Given = Joined<Self::Handed>;

    fn value(
        &self,
        value: Result<T, E>,
        tells: bool,
    ) -> (Option<Outcome<T, E>>, Joined<Self::Handed>) {
        if tells {
            return (Some(value.into()), Ok(None));
        }
        // Nobody takes the value: what its destructor does is the child's.
        match catch(|| value.map(drop)) {
            Ok(ended) => (None, Ok(Some(ended))),
            Err(panic) => panicked(panic),
        }
    }

    /// The child has ended: where it was not ready by now, it never will be.
    fn tells(&self) -> bool {
        settle(&self.0, Hand::Gone);
        matches!(self.0.lock().shared(), Hand::Ready(_))
    }

    fn give(joined: Self::Given) -> Self::Given {
        joined
    }
}

/// A child that is stopped unless it gets ready.
struct Starting<R: Spawn, E: Send + 'static>(Option<Child<R, Option<Result<(), E>>>>);

impl<R: Spawn, E: Send + 'static> Drop for Starting<R, E> {
    fn drop(&mut self) {
        if let Some(child) = &self.0 {
            child.abort();
        }
    }
}

/// Waits until the child is ready, or has ended without.
pub(super) async fn started<R: Spawn, V, E: Send + 'static>(
    child: Child<R, Option<Result<(), E>>>,
    hands: Hands<V>,
) -> Result<V, StartError<E>> {
    let mut starting = Starting(Some(child));
    let mut waiter = pin!(Waiter::new(Arc::clone(&hands), ()));
    let told = |queue: &mut Locked<'_, Hand<V>>| !matches!(queue.shared(), Hand::Starting);
    poll_fn(|cx| waiter.as_mut().poll_wait(cx, told)).await;
    let value = match hands.lock().shared() {
        Hand::Ready(value) => value.take(),
        _ => None,
    };
    if let Some(value) = value {
        // It is the scope's now: the handle goes, the child stays.
        drop(starting.0.take());
        return Ok(value);
    }
    // It stays where its drop stops it: that it will not be ready does not mean that it ends.
    let Some(child) = &mut starting.0 else {
        return Err(StartError::Refused);
    };
    Err(match child.await {
        Ok(Some(Err(error))) => StartError::Failed(error),
        Ok(_) => StartError::NeverReady,
        Err(error) => StartError::Join(error),
    })
}
