//! What a scope makes of its children's outcomes.

mod all;
mod collect;
mod discard;
mod first;
mod fold;
mod quorum;
mod tolerate;

use core::num::NonZeroUsize;

use trunnion_core::CancelReason;

use super::error::{ScopeError, Why};
use super::outcome::{ChildInfo, Outcome};

pub use all::AllOrFirstError;
pub use collect::CollectAll;
pub use discard::Discard;
pub use first::{FirstDone, FirstSuccess};
pub use fold::Fold;
pub use quorum::Quorum;
pub use tolerate::Tolerate;

/// Decides what a scope gives, and when it is over.
///
/// The scope calls it from the task that awaits the scope, one call at a time. A joiner that panics cancels the scope; the panic is
/// raised when all children are gone.
///
/// A joiner that keeps the longest name:
///
/// ```
/// use trunnion_core::BlockOn;
/// use trunnion_patterns::{Done, Flow, Joiner, Over, ScopeError, TaskScope};
///
/// #[derive(Default)]
/// struct Longest(String);
///
/// impl<E> Joiner<String, E> for Longest {
///     type Output = String;
///
///     fn on_done(&mut self, done: Done<String, E>) -> Flow {
///         if let Some(name) = done.outcome.ok().filter(|name| name.len() > self.0.len()) {
///             self.0 = name;
///         }
///         Flow::Continue
///     }
///
///     fn finish(self, _: &Over) -> Result<String, ScopeError<E>> {
///         Ok(self.0)
///     }
/// }
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// let longest = sim.block_on(TaskScope::builder(&rt).joiner(Longest::default()).run(async |s| {
///     for name in ["Ada", "Barbara", "Grace"] {
///         drop(s.spawn(async move { Ok(name.to_owned()) }));
///     }
///     Ok::<_, std::io::Error>(())
/// }));
/// assert_eq!(longest.unwrap(), "Barbara");
/// ```
pub trait Joiner<T, E>: Sized {
    /// What the scope gives.
    type Output;

    /// Tells whether [`on_done`](Self::on_done) is to see `outcome`; what is not seen is dropped in the child's task.
    ///
    /// A panic is kept in any case, and where this panics itself, that is kept as the child's.
    fn keeps(outcome: &Outcome<T, E>) -> bool {
        let _ = outcome;
        true
    }

    /// Takes the outcome of a child.
    fn on_done(&mut self, done: Done<T, E>) -> Flow;

    /// Learns that the body has ended, with `running` children of which [`on_done`](Self::on_done) may still tell.
    ///
    /// It is called again when one of these has left without that: one of [`start`](super::TaskScope::start) that ended before it was ready.
    fn on_body_end(&mut self, running: usize) -> Flow {
        let _ = running;
        Flow::Continue
    }

    /// Gives the result when all children are gone.
    ///
    /// # Errors
    /// What the joiner calls a failure.
    fn finish(self, over: &Over) -> Result<Self::Output, ScopeError<E>>;

    /// Checks what can be checked before anything runs: when the scope is built, or when it is run.
    ///
    /// # Errors
    /// Why the joiner cannot work with `limit`.
    fn check(&self, limit: Option<NonZeroUsize>) -> Result<(), Why> {
        let _ = limit;
        Ok(())
    }
}

/// Says how a scope goes on.
#[derive(Clone, Debug)]
pub enum Flow {
    /// As before.
    Continue,
    /// The children that are left are cancelled.
    Cancel(CancelReason),
}

/// A child that has ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Done<T, E> {
    /// Which child.
    pub child: ChildInfo,
    /// What became of it.
    pub outcome: Outcome<T, E>,
    /// The scope had been cancelled when this was seen.
    pub after_cancel: bool,
    /// How many children of which the joiner may still be told have not been seen to end, this one not counted. Those of
    /// [`spawn_with_handle`](super::TaskScope::spawn_with_handle), scopes inside this one and releases of brackets are none of them.
    pub running: usize,
}

/// How a scope came to its end.
#[derive(Debug)]
#[non_exhaustive]
pub struct Over {
    /// Why it was cut short, if it was: neither by its joiner nor by its body.
    pub cut: Option<Why>,
}

impl Over {
    /// Gives the error of a scope that was cut short.
    ///
    /// # Errors
    /// `failures`, with the reason, if the scope was cut short.
    pub fn check<E>(&self, failures: ScopeError<E>) -> Result<(), ScopeError<E>> {
        match &self.cut {
            None => Ok(()),
            Some(_) => Err(self.explain(failures)),
        }
    }

    /// Says of `failures` that the scope was cut short, if it was; those that came after that then stand beside it, and none is the first.
    #[must_use]
    pub fn explain<E>(&self, mut failures: ScopeError<E>) -> ScopeError<E> {
        if let Some(why) = &self.cut {
            failures.why = why.clone();
            failures.set_answer_aside();
        }
        failures
    }

    /// Gives `failures` as the error, if there are any or the scope was cut short.
    pub(super) fn fail<E>(&self, failures: ScopeError<E>) -> Result<(), ScopeError<E>> {
        match &failures.first {
            None => self.check(failures),
            Some(first) if first.after_cancel => Err(self.explain(failures)),
            Some(_) => Err(failures),
        }
    }
}
