//! The children that wait, and how their scope stops them.
//!
//! A child that is pending waits here, with an entry that lies in its task. The scope's token is set before the entries are looked
//! through, and a child looks at the token under the same lock before it goes in: one side sees the other. A watch on the token
//! looks through them in the call that cancels or kills, and once more when it goes: a canceller that comes later has nobody to tell.

use core::future::Future;
use core::marker::PhantomData;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::task::Wake;

use pin_project_lite::pin_project;
use trunnion_core::panic::contain;
use trunnion_core::sync::Arc;
use trunnion_core::wait::{Locked, Shared, WaitQueue, Waiter, Wakers};
use trunnion_core::{CancelToken, CancelledOwned, mutant};

/// Queues the children of a scope that are pending, beside the scope's state.
pub(crate) struct Members<C>(PhantomData<fn() -> C>);

impl<C> Members<C> {
    /// Makes the queue of a scope with this state.
    pub(crate) fn around(core: C) -> WaitQueue<Self> {
        WaitQueue::with_open(Self(PhantomData), core)
    }
}

/// Says what stops a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stops {
    /// A cancellation of its scope.
    Cancelled,
    /// A kill: it cleans up meanwhile.
    Killed,
    /// Nothing but the end of the runtime.
    Never,
}

impl Stops {
    /// Tells whether it has come to that.
    #[inline]
    pub(crate) fn has_come(self, token: &CancelToken) -> bool {
        match self {
            Self::Cancelled => token.is_cancelled(),
            Self::Killed => token.is_killed(),
            Self::Never => false,
        }
    }
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) id: u64,
    pub(crate) location: &'static Location<'static>,
    pub(crate) stops: Stops,
    /// It lies in a slot of the roster, too.
    pub(crate) booked: bool,
}

impl<C> Shared for Members<C> {
    type Value = Member;
    type Open = C;

    /// That its scope stops is a state: whoever comes next sees it.
    const PASSES_ON: bool = false;

    /// Those that only a kill stops stay behind: a cancellation is done at the first of them.
    fn goes_first(member: &Member) -> bool {
        member.stops == Stops::Cancelled
    }

    fn pass_on(_: &mut Locked<'_, Self>, _: Member, _: &mut Wakers) {}
}

/// Waits until the child's scope stops it, which `is_stopped` tells.
pub(crate) fn poll_stop<C>(
    waiter: Pin<&mut Waiter<Arc<WaitQueue<Members<C>>>>>,
    cx: &mut Context<'_>,
    is_stopped: impl FnOnce(&C) -> bool,
) -> Poll<()> {
    waiter.poll_wait(cx, |queue| {
        mutant!("scope-child-unchecked", is_stopped(queue.open()), false)
    })
}

/// Stops the children of a scope in the call that cancels it, or kills it.
pub(crate) struct Watch<C> {
    bell: Arc<Bell<C>>,
    waits: Pin<Box<Waits>>,
}

pin_project! {
    /// For each of the token's stages one; both ring the same bell.
    struct Waits {
        #[pin]
        cancelled: CancelledOwned,
        #[pin]
        killed: CancelledOwned,
    }
}

impl<C: Send + Sync + 'static> Watch<C> {
    /// Watches `token` for the children of `members`, which look at it themselves before they wait.
    pub(crate) fn new(members: Arc<WaitQueue<Members<C>>>, token: &CancelToken) -> Self {
        let mut waits = Box::pin(Waits {
            cancelled: token.cancelled_owned(),
            killed: token.shield().cancelled_owned(),
        });
        let token = token.clone();
        let bell = Arc::new(Bell { members, token });
        let waker = Waker::from(Arc::clone(&bell));
        let mut cx = Context::from_waker(&waker);
        let stages = waits.as_mut().project();
        // What has come already found nobody.
        _ = stages.cancelled.poll(&mut cx);
        _ = stages.killed.poll(&mut cx);
        Self { bell, waits }
    }
}

impl<C> Drop for Watch<C> {
    fn drop(&mut self) {
        let stages = self.waits.as_mut().project();
        stages.cancelled.leave();
        stages.killed.leave();
        mutant!("scope-watch-leaves-early", contain(|| self.bell.ring()), ());
    }
}

/// What wakes the children that are to stop.
struct Bell<C> {
    members: Arc<WaitQueue<Members<C>>>,
    token: CancelToken,
}

impl<C> Bell<C> {
    fn ring(&self) {
        let Self { members, token } = self;
        let woken = members.wake_while(|member| member.stops.has_come(token));
        if let Err(panic) = woken {
            panic.resume();
        }
    }
}

impl<C: Send + Sync> Wake for Bell<C> {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}
