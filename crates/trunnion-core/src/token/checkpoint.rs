//! Stopping, and giving way, in work that never has to wait.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::CancelToken;
use crate::{CancelReason, coop};

/// Looks whether a token is cancelled and gives way now and then; made by [`CancelToken::checkpoint`].
///
/// # Cancel safety
/// Dropping it changes nothing.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Checkpoint<'a> {
    token: &'a CancelToken,
    gave_way: bool,
}

impl<'a> Checkpoint<'a> {
    pub(super) const fn new(token: &'a CancelToken) -> Self {
        let gave_way = false;
        Self { token, gave_way }
    }
}

impl Future for Checkpoint<'_> {
    type Output = Result<(), CancelReason>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(reason) = self.token.reason() {
            return Poll::Ready(Err(reason));
        }
        if !self.gave_way && coop::poll_proceed(cx).is_pending() {
            self.gave_way = true;
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}
