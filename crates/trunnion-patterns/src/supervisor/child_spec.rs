//! What is said of a child before it runs.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::sync::Arc;

use super::child_ctx::ChildCtx;

/// How long a child has to end once it is asked to; OTP's number.
const GRACE: Duration = Duration::from_secs(5);

/// Says when a child that has ended is started again.
///
/// A child that its supervisor has stopped because of a sibling comes back with that sibling, unless it is temporary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Restart {
    /// Always, also when it ended with `Ok`.
    #[default]
    Permanent,
    /// When it gave an error or panicked.
    Transient,
    /// Never.
    Temporary,
}

/// Says how a child is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopMode {
    /// Its future is dropped at its next pending poll; for a child that does not look at its token.
    Kill,
    /// Its token is cancelled; if it has not ended after so long, its future is dropped.
    Grace(Duration),
    /// Its token is cancelled, and it ends when it likes; for a child that is a supervisor itself.
    Wait,
}

impl Default for StopMode {
    /// Five seconds of grace.
    fn default() -> Self {
        Self::Grace(GRACE)
    }
}

/// What an incarnation of a child runs.
type Run<E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send>>;

/// Makes an incarnation of a child.
type Factory<E> = dyn Fn(ChildCtx) -> Run<E> + Send + Sync;

/// Describes a child of a [`Supervisor`](super::Supervisor): its name, how it is made, when it is restarted, how it is stopped.
///
/// The factory is called for each start, in the task of the child, so that its panic is the child's.
///
/// ```
/// use std::io;
/// use trunnion_patterns::{ChildCtx, ChildSpec, Restart, StopMode};
///
/// async fn serve(ctx: ChildCtx) -> io::Result<()> {
///     // Here it would bind its port; the next child starts when it has.
///     ctx.ready();
///     ctx.token().cancelled().await;
///     Ok(())
/// }
///
/// let server = ChildSpec::new("server", serve);
/// let ticker = ChildSpec::new("ticker", |_| std::future::pending::<io::Result<()>>())
///     .ready_at_once()
///     .restart(Restart::Transient)
///     .stop(StopMode::Kill);
/// assert_eq!((server.name(), ticker.name()), ("server", "ticker"));
/// ```
pub struct ChildSpec<E> {
    pub(super) name: Arc<str>,
    pub(super) factory: Arc<Factory<E>>,
    pub(super) restart: Restart,
    pub(super) stop: StopMode,
    pub(super) ready_at_once: bool,
}

impl<E> ChildSpec<E> {
    /// Describes a child that is permanent and has five seconds to stop.
    ///
    /// # Cost
    /// Each start puts the future that `factory` makes into a box.
    pub fn new<F, Fut>(name: impl Into<Arc<str>>, factory: F) -> Self
    where
        F: Fn(ChildCtx) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        Self {
            name: name.into(),
            factory: Arc::new(move |ctx| Box::pin(factory(ctx))),
            restart: Restart::default(),
            stop: StopMode::default(),
            ready_at_once: false,
        }
    }

    /// Chooses when it is restarted.
    #[must_use]
    pub fn restart(self, restart: Restart) -> Self {
        Self { restart, ..self }
    }

    /// Chooses how it is stopped.
    #[must_use]
    pub fn stop(self, stop: StopMode) -> Self {
        Self { stop, ..self }
    }

    /// Counts it as ready as soon as it is started: it does not call [`ChildCtx::ready`].
    ///
    /// Without this, the children after it wait until it is ready, and an error before that fails the supervisor.
    #[must_use]
    pub fn ready_at_once(self) -> Self {
        let ready_at_once = true;
        Self {
            ready_at_once,
            ..self
        }
    }

    /// Gives its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<E> fmt::Debug for ChildSpec<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("name", &self.name)
            .field("restart", &self.restart)
            .field("stop", &self.stop)
            .field("ready_at_once", &self.ready_at_once)
            .finish_non_exhaustive()
    }
}
