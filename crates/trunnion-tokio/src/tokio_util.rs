//! Bridges to the tokens of tokio-util. Neither needs a task.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use pin_project_lite::pin_project;
use trunnion_core::{CancelKind, CancelReason, CancelToken, Cancellation, Registration};

/// Lends a token of tokio-util to whatever takes a [`Cancellation`].
///
/// tokio-util knows no reasons: this one's is always [`CancelKind::Requested`].
///
/// ```
/// use ::tokio_util::sync::CancellationToken;
/// use trunnion_core::Cancellation;
/// use trunnion_tokio::UtilToken;
///
/// let theirs = CancellationToken::new();
/// let ours = UtilToken::from(theirs.clone());
/// theirs.cancel();
/// assert!(ours.is_cancelled());
/// ```
#[derive(Clone, Debug)]
pub struct UtilToken(CancellationToken);

impl From<CancellationToken> for UtilToken {
    fn from(token: CancellationToken) -> Self {
        Self(token)
    }
}

impl From<UtilToken> for CancellationToken {
    fn from(token: UtilToken) -> Self {
        token.0
    }
}

fn reason() -> CancelReason {
    CancelReason::new(CancelKind::Requested)
}

impl Cancellation for UtilToken {
    type Cancelled = UtilCancelled;

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    fn reason(&self) -> Option<CancelReason> {
        self.is_cancelled().then(reason)
    }

    fn cancelled_owned(&self) -> UtilCancelled {
        UtilCancelled {
            inner: self.0.clone().cancelled_owned(),
        }
    }
}

pin_project! {
    /// Waits until a token of tokio-util is cancelled.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct UtilCancelled {
        #[pin]
        inner: WaitForCancellationFutureOwned,
    }
}

impl Future for UtilCancelled {
    type Output = CancelReason;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CancelReason> {
        ready!(self.project().inner.poll(cx));
        Poll::Ready(reason())
    }
}

/// Holds a token of tokio-util that is cancelled when a [`CancelToken`] is, in the same call.
///
/// Dropping it cuts the link and cancels nothing. Cancelling the token inside does not reach the [`CancelToken`].
///
/// ```
/// use trunnion_core::CancelToken;
/// use trunnion_tokio::UtilChild;
///
/// let ours = CancelToken::new();
/// let theirs = UtilChild::new(&ours);
/// ours.cancel();
/// assert!(theirs.token().is_cancelled());
/// ```
#[derive(Debug)]
pub struct UtilChild {
    token: CancellationToken,
    _registration: Registration,
}

impl UtilChild {
    /// Makes a token that follows `parent`; it is cancelled at once if `parent` is.
    #[must_use]
    pub fn new(parent: &CancelToken) -> Self {
        let token = CancellationToken::new();
        let cancelled = token.clone();
        Self {
            _registration: parent.on_cancel(move |_| cancelled.cancel()),
            token,
        }
    }

    /// Gives the token; its clones follow as long as this value is kept.
    #[must_use]
    pub const fn token(&self) -> &CancellationToken {
        &self.token
    }
}

impl From<&CancelToken> for UtilChild {
    fn from(parent: &CancelToken) -> Self {
        Self::new(parent)
    }
}
