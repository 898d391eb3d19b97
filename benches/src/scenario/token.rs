//! Tokens of cancellation: ours, tokio-util's and those of peers. No runtime takes part.

pub(super) mod cancel_children;
pub(super) mod cancel_new;
pub(super) mod cancel_waiters;
pub(super) mod child;
pub(super) mod child_wait;
pub(super) mod copy;
pub(super) mod deep;
pub(super) mod is_cancelled;
pub(super) mod made;
pub(super) mod run_until_cancelled;
pub(super) mod two_threads;
pub(super) mod wait;

use std::future::Future;
use std::sync::Mutex;

use stop_token::future::FutureExt as _;
use stop_token::{StopSource, StopToken};
use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::far::is_pending;
use crate::host::Host;
use crate::subject::Subject;

const TOKIO_UTIL: &str = "tokio-util";
const TRUNNION: &str = "trunnion";
const STOP_TOKEN: &str = "stop-token";
const LIMIT: &str = "limit";

/// Where tokens are measured: any runtime would do.
const HOSTS: &[Host] = &[Host::TokioCurrent];
const HEADLINE: (Host, &str) = (Host::TokioCurrent, TRUNNION);

/// What an operation under a token gives: its number, if it came to its end.
///
/// No future is put around another's to make the outputs the same: it would be measured too.
trait Done {
    /// Gives the number, or zero.
    fn value(self) -> u64;
}

impl Done for Option<u64> {
    #[inline]
    fn value(self) -> u64 {
        self.unwrap_or(0)
    }
}

impl<E> Done for Result<u64, E> {
    #[inline]
    fn value(self) -> u64 {
        self.unwrap_or(0)
    }
}

/// What can be cancelled and waited for.
trait Cancel: Send + Sync + Sized + 'static {
    /// Makes what nobody else can cancel.
    fn new() -> Self;

    /// Cancels it.
    fn cancel(&self);

    /// Waits until it is cancelled.
    ///
    /// # Cancel safety
    /// Dropping it leaves nothing behind.
    fn cancelled(&self) -> impl Future<Output: Send> + Send;

    /// Waits until it is cancelled, and keeps what it needs.
    ///
    /// # Cancel safety
    /// Dropping it leaves nothing behind.
    fn cancelled_owned(&self) -> impl Future<Output: Send> + Send + use<Self>;

    /// Runs an operation until it is cancelled.
    ///
    /// # Cancel safety
    /// That of the operation.
    fn run_until_cancelled<F>(&self, operation: F) -> impl Future<Output: Done> + Send
    where
        F: Future<Output = u64> + Send;
}

/// A token whose clones are the same, and which has children.
trait Token: Cancel + Clone {
    /// Makes a child.
    fn child(&self) -> Self;

    /// Tells whether it is cancelled.
    fn is_cancelled(&self) -> bool;
}

impl Cancel for CancellationToken {
    #[inline]
    fn new() -> Self {
        Self::new()
    }

    #[inline]
    fn cancel(&self) {
        self.cancel();
    }

    #[inline]
    fn cancelled(&self) -> impl Future<Output: Send> + Send {
        self.cancelled()
    }

    #[inline]
    fn cancelled_owned(&self) -> impl Future<Output: Send> + Send + use<> {
        self.clone().cancelled_owned()
    }

    #[inline]
    fn run_until_cancelled<F>(&self, operation: F) -> impl Future<Output: Done> + Send
    where
        F: Future<Output = u64> + Send,
    {
        self.run_until_cancelled(operation)
    }
}

impl Token for CancellationToken {
    #[inline]
    fn child(&self) -> Self {
        self.child_token()
    }

    #[inline]
    fn is_cancelled(&self) -> bool {
        self.is_cancelled()
    }
}

impl Cancel for CancelToken {
    #[inline]
    fn new() -> Self {
        Self::new()
    }

    #[inline]
    fn cancel(&self) {
        self.cancel();
    }

    #[inline]
    fn cancelled(&self) -> impl Future<Output: Send> + Send {
        self.cancelled()
    }

    #[inline]
    fn cancelled_owned(&self) -> impl Future<Output: Send> + Send + use<> {
        self.cancelled_owned()
    }

    #[inline]
    fn run_until_cancelled<F>(&self, operation: F) -> impl Future<Output: Done> + Send
    where
        F: Future<Output = u64> + Send,
    {
        self.run_until_cancelled(operation)
    }
}

impl Token for CancelToken {
    #[inline]
    fn child(&self) -> Self {
        self.child()
    }

    #[inline]
    fn is_cancelled(&self) -> bool {
        self.is_cancelled()
    }
}

/// stop-token's pair: dropping the source cancels the token.
struct Stop {
    source: Mutex<Option<StopSource>>,
    token: StopToken,
}

impl Cancel for Stop {
    fn new() -> Self {
        let source = StopSource::new();
        let token = source.token();
        let source = Mutex::new(Some(source));
        Self { source, token }
    }

    fn cancel(&self) {
        drop(self.source.lock().expect("nobody panics under it").take());
    }

    #[inline]
    fn cancelled(&self) -> impl Future<Output: Send> + Send {
        self.token.clone()
    }

    #[inline]
    fn cancelled_owned(&self) -> impl Future<Output: Send> + Send + use<> {
        self.token.clone()
    }

    #[inline]
    fn run_until_cancelled<F>(&self, operation: F) -> impl Future<Output: Done> + Send
    where
        F: Future<Output = u64> + Send,
    {
        operation.timeout_at(self.token.clone())
    }
}

/// Gives the row of tokio-util, the reference.
fn tokio_util<F>(work: impl Fn(u32) -> F + Send + Sync + 'static) -> Subject
where
    F: Future<Output = u64> + Send + 'static,
{
    Subject::peer(TOKIO_UTIL, work)
}

/// Gives the row of trunnion.
fn trunnion<F>(work: impl Fn(u32) -> F + Send + Sync + 'static) -> Subject
where
    F: Future<Output = u64> + Send + 'static,
{
    Subject::ours(TRUNNION, work)
}

/// Gives the rows of two trees of tokens, and of two peers that have none.
fn trees(tokio_util: Subject, ours: impl IntoIterator<Item = Subject>) -> Vec<Subject> {
    let mut rows = vec![tokio_util];
    rows.extend(ours);
    rows.push(Subject::missing(STOP_TOKEN, "it has no children"));
    rows.push(on_one_thread());
    rows
}

/// Gives the row of stop-token where a token is asked.
fn never_asked() -> Subject {
    Subject::missing(STOP_TOKEN, "it can be awaited and not asked")
}

/// Gives the row of async-cancellation-token, which is not comparable.
fn on_one_thread() -> Subject {
    Subject::missing(
        "async-cancellation-token",
        "it counts with `Rc`, so that it does not leave its thread, and a wait that is dropped leaves its waker behind",
    )
}

/// Waits once and gives up, after which a token of ours is linked into its tree.
async fn wait_once(token: &impl Cancel) -> bool {
    is_pending(std::pin::pin!(token.cancelled())).await
}
