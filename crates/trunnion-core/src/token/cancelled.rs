//! Waiting for a token.

use core::borrow::Borrow;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use super::CancelToken;
use super::state::Told;
use super::view::Views;
use crate::CancelReason;
use crate::wait::{Home, Locked, Waiter};

/// Waits until a token is cancelled; made by [`CancelToken::cancelled`].
///
/// # Cancel safety
/// Dropping it changes nothing; a cancellation is not lost, for it is a state.
///
/// # Cost
/// No allocation, 56 bytes. The first pending poll of a token's life may put the token into its tree, behind one lock; each poll
/// that waits takes the token's own lock. Polled with the waker of the poll before, it clones none.
pub type Cancelled<'a> = Waiter<&'a CancelToken>;

/// Waits until a token is cancelled, and owns the token; made by [`CancelToken::cancelled_owned`].
///
/// # Cancel safety
/// Dropping it changes nothing; a cancellation is not lost, for it is a state.
pub type CancelledOwned = Waiter<CancelToken>;

impl<H> Future for Waiter<H>
where
    H: Home<Shared = Views> + Borrow<CancelToken>,
{
    type Output = CancelReason;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CancelReason> {
        let mut this = self;
        let token: &CancelToken = this.home().borrow();
        if !token.is_cancelled_or_attached() {
            let waits = |home: &H, _: &mut Locked<'_, Views>| {
                let token: &CancelToken = home.borrow();
                token.node.state.wait().is_at(token.stage())
            };
            ready!(this.as_mut().poll_home(cx, waits));
        }
        let token: &CancelToken = this.home().borrow();
        Poll::Ready(token.node.reason_now())
    }
}

impl CancelToken {
    /// Tells whether the token is cancelled; if not, it is attached: from then on its own word says all.
    #[inline]
    fn is_cancelled_or_attached(&self) -> bool {
        match self.node.state.load().tells(self.view) {
            Told::No => false,
            Told::Yes => true,
            Told::AskParent(own) => {
                let told = self.node.inherits(own, self.stage());
                if !told {
                    self.node.attach();
                }
                told
            }
        }
    }
}
