//! Cancellation tokens: a tree of flags that says why.

use core::fmt;
use core::future::{Future, poll_fn};
use core::hash::{Hash, Hasher};
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use std::vec::Vec;

use crate::{CancelKind, CancelReason, Cancellation, Instant, mutant};

mod attach;
mod callback;
mod cancelled;
mod checkpoint;
mod count;
mod guard;
mod list;
mod state;
mod tree;
mod view;
mod walk;

pub use callback::Registration;
pub use cancelled::{Cancelled, CancelledOwned};
pub use checkpoint::Checkpoint;
pub use guard::CancelGuard;

use state::{Stage, Told};
use tree::Handle;
use view::View;

/// Asks work to stop, and says why: a shared state that whole trees of work look at.
///
/// Clones are the same token. [`child`](Self::child) makes a token that is cancelled with this one and can be cancelled without
/// it; [`any_of`](Self::any_of) one that is cancelled with the first of several.
///
/// * It is a state: once cancelled, cancelled for ever, with the reason that came first.
/// * There are two stages: [`cancel`](Self::cancel) asks to stop, [`kill`](Self::kill) means now. A [`shield`](Self::shield) sees
///   only the second, so that cleanup under it is bounded too.
/// * Everything below is cancelled before anybody is woken. Then callbacks and wakers run in the canceller's call, those below a
///   token before its own, and never under a lock, so that each may use any token.
/// * Dropping tokens cancels nothing; a [`guard`](Self::guard) does.
/// * A deadline is data: whoever holds a timer reads [`deadline`](Self::deadline) and cancels.
///
/// ```
/// use trunnion_core::{CancelKind, CancelToken};
///
/// let server = CancelToken::new();
/// let request = server.child();
/// assert!(!request.is_cancelled());
///
/// server.cancel_with(CancelKind::Shutdown);
/// assert_eq!(request.reason().unwrap().kind(), CancelKind::Shutdown);
/// ```
///
/// # Cost
/// `is_cancelled` is one load, two for a child that nothing has hung on yet; a clone counts one reference. A token is one
/// allocation of 96 bytes. A child is linked into its parent when it first has a waiter, a child or a cancellation of its own:
/// before that, making, cancelling through the parent, and dropping it takes no lock.
#[derive(Clone)]
#[must_use]
pub struct CancelToken {
    node: Handle,
    view: View,
}

impl CancelToken {
    /// Makes a token that nobody but its holders can cancel.
    ///
    /// # Cost
    /// One allocation.
    pub fn new() -> Self {
        Self::plain(Handle::root(false, Instant::FAR_FUTURE))
    }

    const fn plain(node: Handle) -> Self {
        let view = View::Plain;
        Self { node, view }
    }

    /// Makes a token that is cancelled when this one is, with the same reason.
    ///
    /// A child of a cancelled token is born cancelled. A child of a [`shield`](Self::shield) is cancelled by a kill only.
    ///
    /// # Cost
    /// One allocation.
    pub fn child(&self) -> Self {
        self.child_until(Instant::FAR_FUTURE)
    }

    /// Makes a child whose deadline is `at`, or this token's if that is earlier.
    ///
    /// Nothing happens when the deadline comes: whoever waits with a timer is to cancel the token with
    /// [`CancelKind::Deadline`].
    ///
    /// ```
    /// use trunnion_core::{CancelToken, Instant};
    ///
    /// let (soon, late) = (Instant::from_nanos(1), Instant::from_nanos(2));
    /// let token = CancelToken::new().child_until(soon);
    /// assert_eq!(token.child_until(late).deadline(), Some(soon));
    /// ```
    ///
    /// # Cost
    /// One allocation.
    pub fn child_until(&self, at: Instant) -> Self {
        let deadline = at.min(self.until());
        let shielded = self.view == View::Shielded;
        Self::plain(self.node.child(shielded, deadline))
    }

    /// Makes a token that is cancelled as soon as one of `parents` is, with that one's reason and the earliest deadline.
    ///
    /// It keeps nothing in its parents once it is dropped. While it is held, so is the memory of its parents: in a loop that joins the
    /// token it made before to another one, memory grows, as it does not with [`child`](Self::child).
    ///
    /// ```
    /// use trunnion_core::CancelToken;
    ///
    /// let (server, client) = (CancelToken::new(), CancelToken::new());
    /// let either = CancelToken::any_of([&server, &client]);
    /// client.cancel();
    /// assert!(either.is_cancelled() && !server.is_cancelled());
    /// ```
    ///
    /// # Cost
    /// Two or three allocations and one more for each parent; each parent's lock is taken.
    pub fn any_of<'a>(parents: impl IntoIterator<Item = &'a Self>) -> Self {
        let parents: Vec<_> = parents.into_iter().collect();
        let deadlines = parents.iter().map(|parent| parent.until());
        let deadline = deadlines.min().unwrap_or(Instant::FAR_FUTURE);
        let nodes: Vec<_> = parents
            .iter()
            .map(|parent| (&parent.node, parent.view == View::Shielded))
            .collect();
        let joined = Handle::joined(&nodes, deadline);
        for parent in parents {
            // What came before the relay was there; nobody waits yet, so that nothing can panic.
            if let Some(stage) = mutant!("token-joined-unchecked", parent.reached(), None) {
                let _ = walk::stop(&joined, stage, &parent.node.reason_now());
            }
        }
        Self::plain(joined)
    }

    /// Asks to stop. True if this call cancelled the token, false if it was cancelled already.
    ///
    /// When it returns true, everything below that existed is cancelled, and the waiters and callbacks there have been woken and have
    /// run; where another call cancels a part of it at the same time, that call wakes that part. When it returns false, another call
    /// may still be on its way.
    ///
    /// # Panics
    /// With the first panic of a waker or callback, once all have run.
    #[expect(clippy::must_use_candidate, reason = "it is called for its effect")]
    pub fn cancel(&self) -> bool {
        self.cancel_with(CancelKind::Requested)
    }

    /// Asks to stop and says why; see [`cancel`](Self::cancel). A reason that is not the first is dropped.
    ///
    /// ```
    /// use trunnion_core::{CancelKind, CancelReason, CancelToken};
    ///
    /// let token = CancelToken::new();
    /// assert!(token.cancel_with(CancelReason::new(CancelKind::SiblingFailed).because("disk full")));
    /// assert!(!token.cancel_with(CancelKind::Shutdown), "it is cancelled already");
    /// assert_eq!(token.reason().unwrap().kind(), CancelKind::SiblingFailed);
    /// ```
    ///
    /// # Panics
    /// As [`cancel`](Self::cancel).
    pub fn cancel_with(&self, reason: impl Into<CancelReason>) -> bool {
        self.stop(Stage::Cancel, &reason.into())
    }

    /// Stops now: cancels the token, if it is not cancelled, and tells shields too. True if this call did.
    ///
    /// The reason is the first one's: it stays, if the token was cancelled before.
    ///
    /// ```
    /// use trunnion_core::{CancelKind, CancelToken};
    ///
    /// let token = CancelToken::new();
    /// token.cancel_with(CancelKind::Shutdown);
    /// assert!(token.kill(CancelKind::GraceExpired));
    /// assert!(token.is_killed() && token.shield().is_cancelled());
    /// assert_eq!(token.reason().unwrap().kind(), CancelKind::Shutdown);
    /// ```
    ///
    /// # Panics
    /// As [`cancel`](Self::cancel).
    pub fn kill(&self, reason: impl Into<CancelReason>) -> bool {
        self.stop(Stage::Kill, &reason.into())
    }

    fn stop(&self, stage: Stage, reason: &CancelReason) -> bool {
        match walk::stop(&self.node, stage, reason) {
            Ok(won) => won,
            Err(panic) => panic.resume(),
        }
    }

    /// Looks at this token through a shield: it is cancelled only once it is killed.
    ///
    /// Cleanup runs under it. Its children inherit kills only; it has no deadline, for a deadline cancels. Cancelling the shield
    /// cancels the token, which the shield does not show.
    ///
    /// ```
    /// use trunnion_core::{CancelKind, CancelToken};
    ///
    /// let token = CancelToken::new();
    /// let cleanup = token.shield();
    /// token.cancel();
    /// assert!(!cleanup.is_cancelled());
    /// token.kill(CancelKind::GraceExpired);
    /// assert!(cleanup.is_cancelled());
    /// ```
    pub fn shield(&self) -> Self {
        let view = View::Shielded;
        Self {
            node: self.node.clone(),
            view,
        }
    }

    /// Tells whether the token is cancelled; a shield, whether it is killed.
    #[must_use]
    #[inline]
    pub fn is_cancelled(&self) -> bool {
        match self.node.state.load().tells(self.view) {
            Told::No => false,
            Told::Yes => true,
            Told::AskParent(own) => self.node.inherits(own, self.stage()),
        }
    }

    /// Tells whether the token is killed.
    #[must_use]
    #[inline]
    pub fn is_killed(&self) -> bool {
        self.node.is_at(Stage::Kill)
    }

    /// Says why, once the token is cancelled; a shield, once it is killed.
    #[must_use]
    pub fn reason(&self) -> Option<CancelReason> {
        self.is_cancelled().then(|| self.node.reason_now())
    }

    /// Tells when whoever holds the timer is to cancel this token.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let at = self.until();
        (at != Instant::FAR_FUTURE).then_some(at)
    }

    fn until(&self) -> Instant {
        match self.view {
            View::Plain => self.node.deadline,
            View::Shielded => Instant::FAR_FUTURE,
        }
    }

    /// The stage at which this view is cancelled.
    const fn stage(&self) -> Stage {
        match self.view {
            View::Plain => Stage::Cancel,
            View::Shielded => Stage::Kill,
        }
    }

    /// The stage that comes to a child of this view.
    fn reached(&self) -> Option<Stage> {
        if self.is_killed() {
            return Some(Stage::Kill);
        }
        self.is_cancelled().then_some(Stage::Cancel)
    }

    /// Waits until the token is cancelled.
    ///
    /// ```
    /// use std::future::Future;
    /// use std::pin::pin;
    /// use std::task::{Context, Waker};
    /// use trunnion_core::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// let mut cx = Context::from_waker(Waker::noop());
    /// let mut cancelled = pin!(token.cancelled());
    /// assert!(cancelled.as_mut().poll(&mut cx).is_pending());
    /// token.cancel();
    /// assert!(cancelled.as_mut().poll(&mut cx).is_ready());
    /// ```
    ///
    /// # Cancel safety
    /// Dropping it changes nothing; a cancellation is not lost, for it is a state.
    ///
    /// # Cost
    /// No allocation.
    pub fn cancelled(&self) -> Cancelled<'_> {
        Cancelled::new(self, self.view)
    }

    /// Waits until the token is cancelled, and keeps the token meanwhile.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing; a cancellation is not lost, for it is a state.
    ///
    /// # Cost
    /// A clone of the token.
    pub fn cancelled_owned(&self) -> CancelledOwned {
        CancelledOwned::new(self.clone(), self.view)
    }

    /// Runs `callback` in the call that cancels the token, or here and now if it is cancelled.
    ///
    /// Callbacks below a token run before its own; of one token, the last one registered, and those of its shields after its own. One
    /// that panics stops no other.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use std::sync::Arc;
    /// use trunnion_core::CancelToken;
    ///
    /// let (token, closed) = (CancelToken::new(), Arc::new(AtomicBool::new(false)));
    /// let flag = Arc::clone(&closed);
    /// let _registration = token.on_cancel(move |_reason| flag.store(true, Ordering::Relaxed));
    /// token.cancel();
    /// assert!(closed.load(Ordering::Relaxed));
    /// ```
    ///
    /// # Panics
    /// If the token is cancelled already and the callback panics.
    ///
    /// # Cost
    /// Two allocations.
    pub fn on_cancel<F>(&self, callback: F) -> Registration
    where
        F: FnOnce(&CancelReason) + Send + 'static,
    {
        Registration::new(self, callback)
    }

    /// Makes a guard that cancels the token when it is dropped.
    pub fn guard(&self) -> CancelGuard {
        CancelGuard::new(self.clone())
    }

    /// Runs `future` until it is ready or the token is cancelled.
    ///
    /// If the token is cancelled at the first poll, `future` is dropped unpolled. From then on `future` is polled first, so that what
    /// is ready in the instant of the cancellation is not lost.
    ///
    /// ```
    /// use std::future::{Future, pending, ready};
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    /// use trunnion_core::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// let mut cx = Context::from_waker(Waker::noop());
    /// assert!(matches!(pin!(token.run_until_cancelled(ready(1))).poll(&mut cx), Poll::Ready(Ok(1))));
    ///
    /// let mut endless = pin!(token.run_until_cancelled(pending::<()>()));
    /// assert!(endless.as_mut().poll(&mut cx).is_pending());
    /// token.cancel();
    /// assert!(matches!(endless.as_mut().poll(&mut cx), Poll::Ready(Err(_))));
    /// ```
    ///
    /// # Errors
    /// The reason, if the token was cancelled before `future` was ready.
    ///
    /// # Cancel safety
    /// That of `future`.
    ///
    /// # Cost
    /// What [`is_cancelled`](Self::is_cancelled) costs, if `future` is ready at its first poll.
    pub async fn run_until_cancelled<F: Future>(
        &self,
        future: F,
    ) -> Result<F::Output, CancelReason> {
        if self.is_cancelled() {
            return Err(self.node.reason_now());
        }
        let (mut future, mut wait) = (pin!(future), pin!(None));
        poll_fn(move |cx| match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending => self.poll_made(wait.as_mut(), cx).map(Err),
        })
        .await
    }

    /// Waits with what is made at the first call: what is ready at once needs none. Apart, so that it is there once for all futures.
    #[inline(never)]
    fn poll_made<'a>(
        &'a self,
        mut wait: Pin<&mut Option<Cancelled<'a>>>,
        cx: &mut Context<'_>,
    ) -> Poll<CancelReason> {
        if wait.is_none() {
            wait.set(Some(self.cancelled()));
        }
        match wait.as_pin_mut() {
            Some(wait) => wait.poll(cx),
            None => Poll::Pending,
        }
    }

    /// Stops here if the token is cancelled, and lets other tasks run now and then: for loops that never have to wait.
    ///
    /// ```
    /// use trunnion_core::{CancelReason, CancelToken};
    ///
    /// async fn sum(numbers: &[u64], token: &CancelToken) -> Result<u64, CancelReason> {
    ///     let mut sum = 0_u64;
    ///     for number in numbers {
    ///         token.checkpoint().await?;
    ///         sum = sum.wrapping_add(*number);
    ///     }
    ///     Ok(sum)
    /// }
    /// ```
    ///
    /// # Errors
    /// The reason, if the token is cancelled.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    ///
    /// # Cost
    /// A load and a thread-local count; a wake of its own task every 128th time.
    pub const fn checkpoint(&self) -> Checkpoint<'_> {
        Checkpoint::new(self)
    }
}

impl Cancellation for CancelToken {
    type Cancelled = CancelledOwned;

    fn is_cancelled(&self) -> bool {
        self.is_cancelled()
    }

    fn reason(&self) -> Option<CancelReason> {
        self.reason()
    }

    fn cancelled_owned(&self) -> CancelledOwned {
        self.cancelled_owned()
    }
}

impl Default for CancelToken {
    fn default() -> Self {
        Self::new()
    }
}

/// Two are equal if they are the same token in the same view.
impl PartialEq for CancelToken {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(&raw const *self.node, &raw const *other.node) && self.view == other.view
    }
}

impl Eq for CancelToken {}

impl Hash for CancelToken {
    fn hash<S: Hasher>(&self, state: &mut S) {
        core::ptr::hash(&raw const *self.node, state);
        self.view.hash(state);
    }
}

// What a panic can leave behind here is a state that only goes forward.
impl UnwindSafe for CancelToken {}
impl RefUnwindSafe for CancelToken {}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("reason", &self.reason())
            .field("is_killed", &self.is_killed())
            .field("deadline", &self.deadline())
            .finish_non_exhaustive()
    }
}
