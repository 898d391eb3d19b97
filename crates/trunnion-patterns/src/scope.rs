//! Scopes of one task: children that borrow, run inside the task that awaits their scope, and end with it.

mod child;
mod children;
mod driver;
mod handle;
mod held;
mod member;
mod seats;
mod value;

use core::future::Future;

pub use child::{ChildOf, GroupChild, LocalScopeChild, ScopeChild};
pub use driver::ScopeFuture;
pub use handle::{Group, LocalScope, Scope, ScopeOf};
#[doc(hidden)]
pub use held::{AnyLocal, AnySend, Holds, Same};
#[doc(hidden)]
pub use value::{Direct, Placed, Route};

/// The number of a child that its scope did not take; no other has it.
pub(crate) const REFUSED: u64 = seats::Card::REFUSED.id;

/// Runs `body` with children that borrow what lies outside, and waits for all of them.
///
/// Python's `TaskGroup` and Trio's nursery in one task: body and children are polled by the task that awaits the scope, one
/// at a time, so that they need no lock between them, and children go on while the body awaits. Children may be of any
/// type; they may borrow whatever outlives the scope, also mutably, but nothing of the body's own.
///
/// ```
/// use trunnion_patterns::scope;
///
/// async fn fill(left: &mut Vec<u32>, right: &mut Vec<u32>, source: &[u32]) -> usize {
///     scope(async |s| {
///         s.spawn_detached(async { left.extend(source) });
///         let counted = s.spawn(async {
///             right.extend(source.iter().rev());
///             right.len()
///         });
///         counted.await.unwrap_or(0)
///     })
///     .await
/// }
/// # use trunnion_core::BlockOn;
/// # let (mut left, mut right) = (Vec::new(), Vec::new());
/// # assert_eq!(trunnion_sim::Sim::new().block_on(fill(&mut left, &mut right, &[1, 2])), 2);
/// # assert_eq!((left, right), (vec![1, 2], vec![2, 1]));
/// ```
///
/// The result is the body's, once all children have ended. The body is polled first whenever the scope is; of the children
/// only those that were woken, in the order of the spawns and wakes, one round before the task gives way.
///
/// # Panics
/// The returned future panics with the first panic of the body or a child, when all the others have been dropped.
///
/// # Cancel safety
/// Dropping the returned future drops the body, then the children, the last spawned first.
///
/// # Cost
/// Three allocations for a scope with up to 16 children, and those of its children: see [`ScopeOf::spawn`].
pub fn scope<'env, F, Fut>(body: F) -> ScopeFuture<AnySend<'env>, F, Fut>
where
    F: FnOnce(Scope<'env>) -> Fut,
    Fut: Future,
{
    ScopeFuture::new(body, |_| false)
}

/// Runs `body` as [`scope`](fn@crate::scope) does, and drops the children when it gives an error.
///
/// To stop the others when a child fails, let the body await the children and return the error:
///
/// ```
/// use std::future::pending;
/// use trunnion_patterns::try_scope;
///
/// async fn checked(names: &[&str]) -> Result<usize, &'static str> {
///     try_scope(async |s| {
///         s.spawn_detached(pending::<()>());
///         let named = s.spawn(async { names.first().ok_or("no name") });
///         Ok(named.await.map_err(|_| "stopped")??.len())
///     })
///     .await
/// }
/// # use trunnion_core::BlockOn;
/// # assert_eq!(trunnion_sim::Sim::new().block_on(checked(&[])), Err("no name"));
/// ```
///
/// # Errors
/// That of the body, when all children are gone.
///
/// # Panics
/// As for [`scope`](fn@crate::scope).
///
/// # Cancel safety
/// As for [`scope`](fn@crate::scope).
pub fn try_scope<'env, F, Fut, T, E>(body: F) -> ScopeFuture<AnySend<'env>, F, Fut>
where
    F: FnOnce(Scope<'env>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    ScopeFuture::new(body, Result::is_err)
}

/// Runs `body` as [`scope`](fn@crate::scope) does, with children that need not be `Send`; neither is the scope.
///
/// ```
/// use std::cell::Cell;
/// use trunnion_patterns::local_scope;
///
/// async fn count(words: &[&str]) -> usize {
///     let letters = Cell::new(0);
///     local_scope(async |s| {
///         for word in words {
///             let letters = &letters;
///             s.spawn_detached(async move { letters.set(letters.get() + word.len()) });
///         }
///     })
///     .await;
///     letters.get()
/// }
/// # use trunnion_core::BlockOn;
/// # assert_eq!(trunnion_sim::Sim::new().block_on(count(&["one", "three"])), 8);
/// ```
///
/// # Panics
/// As for [`scope`](fn@crate::scope).
///
/// # Cancel safety
/// As for [`scope`](fn@crate::scope).
pub fn local_scope<'env, F, Fut>(body: F) -> ScopeFuture<AnyLocal<'env>, F, Fut>
where
    F: FnOnce(LocalScope<'env>) -> Fut,
    Fut: Future,
{
    ScopeFuture::new(body, |_| false)
}

/// Runs `body` as [`scope`](fn@crate::scope) does, with children of one type, which need no box.
///
/// The type is that of the first spawn: call one `async fn`, or one closure that returns a future, for all of them. The
/// scope is `Send` if they are.
///
/// ```
/// use trunnion_patterns::group;
///
/// async fn length(word: &str) -> usize {
///     word.len()
/// }
///
/// async fn lengths(words: &[&str]) -> Vec<usize> {
///     group(async |s| {
///         let children: Vec<_> = words.iter().map(|word| s.spawn(length(word))).collect();
///         let mut lengths = Vec::new();
///         for child in children {
///             lengths.extend(child.await);
///         }
///         lengths
///     })
///     .await
/// }
/// # use trunnion_core::BlockOn;
/// # assert_eq!(trunnion_sim::Sim::new().block_on(lengths(&["one", "three"])), [3, 5]);
/// ```
///
/// # Panics
/// As for [`scope`](fn@crate::scope).
///
/// # Cancel safety
/// As for [`scope`](fn@crate::scope).
///
/// # Cost
/// No allocation for a child but the growth of the tables, which double.
pub fn group<Child, F, Fut>(body: F) -> ScopeFuture<Same<Child>, F, Fut>
where
    Child: Future,
    F: FnOnce(Group<Child>) -> Fut,
    Fut: Future,
{
    ScopeFuture::new(body, |_| false)
}
