//! Patterns for async programs on any runtime: waiting for several futures, scopes of tasks, timeouts, ticks, retries with
//! budgets, and bounded concurrency.
//!
//! Each is generic over the smallest capability it needs and, but for [`TaskScope`], [`Supervisor`], [`Shutdown`] and the release of a [`bracket`](fn@bracket),
//! runs inside the task that awaits it. Nothing runs before it is awaited, but for the parts of a `Shutdown`, which run from when they are
//! registered. Dropping a future drops, or kills, all that it was running; a release goes on.
//!
//! | to | use | needs |
//! |---|---|---|
//! | wait for all, outputs in order | [`gather`](fn@gather) | nothing |
//! | wait for all, or for the first error | [`try_gather`](fn@try_gather) | nothing |
//! | wait for all, whatever fails | [`settle`](fn@settle) | nothing |
//! | take the first that ends | [`race`](fn@race) | nothing |
//! | take the first that succeeds | [`race_ok`](fn@race_ok) | nothing |
//! | take outputs as they come | [`as_completed`](fn@as_completed) | nothing |
//! | let at most so many do something at once, wherever they are | [`Semaphore`] | nothing |
//! | process a stream, at most so many items at once | [`map_concurrent`](fn@map_concurrent) | nothing |
//! | start children that borrow, and wait for all of them | [`scope`](fn@scope), [`try_scope`], [`local_scope`] | nothing |
//! | the same with many children of one type | [`group`](fn@group) | nothing |
//! | start tasks and wait for all of them | [`TaskScope`] | `Timer + Spawn` |
//! | keep tasks running: restart those that fail | [`Supervisor`] | `Timer + Spawn + Entropy` |
//! | release what was acquired, whatever happens | [`bracket`](fn@bracket) | `Spawn`, or a `TaskScope`, or a phase of a `Shutdown` |
//! | end a program in phases | [`Shutdown`] | `Timer + Spawn` |
//! | do something periodically | [`interval`](fn@interval), [`interval_at`] | `Timer` |
//! | let a fast producer meet a slow consumer | [`flow::channel`] | nothing |
//! | handle items in groups | [`batch`](fn@batch) | `Timer` |
//! | take one item of a burst, or one at each beat | [`debounce`](fn@debounce), [`sample`](fn@sample) | `Timer` |
//! | keep items to a rate | [`shape`](fn@shape) | `Timer` |
//! | give up after a while | [`timeout`](fn@timeout) | `Timer` |
//! | give up at a point in time | [`timeout_at`] | `Timer` |
//! | ask an operation to stop at a point in time, and wait until it has | [`with_deadline`](fn@with_deadline) | `Timer` |
//! | have one error type for a timeout and what is in it | [`Failure`], [`FlattenFailure`] | nothing |
//! | ask before giving up | [`Timeout::grace`] | `Timer` |
//! | try again what failed | [`Retry`] | `Timer + Entropy` |
//! | keep retries from making an outage worse | [`RetryBudget`], [`Budget`] | `Clock` |
//! | wait longer before each retry | [`Backoff`] | `Entropy` |
//!
//! # When one of several fails
//!
//! | | errors | panics |
//! |---|---|---|
//! | `gather`, `as_completed`, `settle`, `race` | are outputs like others | the other futures are dropped, then it goes on |
//! | `try_gather` | the first stops the others; they are gone before it is given | the same |
//! | `race_ok` | are kept until one succeeds or all have failed | the same |
//! | `scope`, `local_scope`, `group` | are the children's outputs | body and children are dropped, then it goes on |
//! | `try_scope` | the body's drops the children, before it is given | the same |
//! | `TaskScope` | its joiner decides | the other tasks are cancelled and awaited, then it goes on |
//! | `Supervisor` | the child is restarted, until that is too often | the same |
//! | `Shutdown` | are the parts' own | the shutdown begins, and its report tells of it |
//!
//! A hook that its pattern calls in its own future (`on_end`, `on_straggler`) and that panics is a panic of the pattern: what was started is
//! stopped, and it goes on when all are gone. One that is called where nobody waits (`on_panic` in the task of a child, `on_orphan`
//! in a drop) has told the process's panic hook, and changes nothing.
//!
//! # In which order they are polled
//!
//! The first time in their order; of `race` and `race_ok` beginning with the one that
//! [`choose`](trunnion_core::choose()) says. Then a tuple polls all that are pending, in that order, and the others poll those
//! that were woken, in the order of the wakes. One round of them is made before the task gives way, so that a future that is
//! always ready to go on keeps nobody from running.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod alarm;
mod as_completed;
mod backoff;
mod batch;
mod bracket;
mod budget;
mod debounce;
mod elapsed;
mod errors;
mod failure;
pub mod flow;
mod foreign;
mod gather;
mod interval;
#[doc(hidden)]
pub mod map_concurrent;
mod own;
mod race;
mod race_ok;
mod refusal;
mod retry;
mod sample;
mod scope;
mod semaphore;
mod settle;
mod shape;
mod shutdown;
mod supervisor;
mod task_scope;
mod timeout;
#[doc(hidden)]
pub mod together;
mod try_gather;
mod with_deadline;

/// The parts of retries and timeouts for what owns its runtime: shared with siblings, without a promise of stability.
#[doc(hidden)]
pub mod owned {
    pub use crate::retry::{Course, Next, Outcome, arm, poll_limit};
    pub use crate::timeout::Limit;
}

pub use as_completed::{AsCompleted, NextCompleted, as_completed};
pub use backoff::{Backoff, Delays, Jitter};
pub use batch::{Batch, Batches, Flush, batch};
#[doc(hidden)]
pub use bracket::Started;
pub use bracket::{BracketError, ReleaseOn, bracket};
pub use budget::{
    Budget, BudgetToken, ConcurrencyBudget, Expense, Fund, GrpcThrottle, RatioBudget, RetryBudget,
    Spent,
};
pub use debounce::{Debounce, Edge, debounce};
pub use elapsed::Elapsed;
pub use errors::{AllFailed, Empty, Errors};
pub use failure::{Failure, FlattenFailure};
pub use gather::{Gather, gather};
pub use interval::{Interval, MissedTick, Tick, ZeroPeriod, interval, interval_at};
pub use map_concurrent::{
    Collect, CutShort, LazyStream, MapConcurrent, Next, Outputs, Pump, Settle, Settled,
    map_concurrent,
};
pub use race::{Race, race};
pub use race_ok::{RaceOk, race_ok};
pub use retry::{
    Attempt, Classify, Hint, Hints, OnError, OnFailure, Reported, Retry, RetryCall, RetryCheck,
    RetryIf, RetryObserver, RetryPolicy, RetryReport, RetryRules, RetryRun, RetryStop, Retrying,
    Stopped, UntilCancelled, Verdict,
};
pub use sample::{Sample, sample};
#[doc(hidden)]
pub use scope::{AnyLocal, AnySend, Direct, Holds, Placed, Route, Same};
pub use scope::{
    ChildOf, Group, GroupChild, LocalScope, LocalScopeChild, Scope, ScopeChild, ScopeFuture,
    ScopeOf, group, local_scope, scope, try_scope,
};
pub use semaphore::{
    Acquire, AcquireError, AcquireOwned, Drained, OwnedPermit, Permit, Semaphore, SemaphoreStats,
    TryAcquireError,
};
pub use settle::settle;
pub use shape::{Shape, shape};
pub use shutdown::{
    PhaseReport, RegisterError, Shutdown, ShutdownBuilder, ShutdownGuard, ShutdownHandle,
    ShutdownReleases, StopReport,
};
pub use supervisor::{
    AfterEnd, ChildCtx, ChildEnd, ChildSpec, Restart, StopMode, Strategy, Supervisor,
    SupervisorBuilder, SupervisorEnd, SupervisorError, SupervisorRefused,
};
pub use task_scope::{
    AllOrFirstError, Child, ChildInfo, CollectAll, Discard, Done, Failed, Fault, FirstDone,
    FirstSuccess, Flow, Fold, Joiner, Limited, LimitedScope, Outcome, Over, PanicPolicy, Quorum,
    Ready, ScopeEnd, ScopeError, ScopeReport, SpawnError, StartError, TaskScope, TaskScopeBuilder,
    Tolerate, Unlimited, Why,
};
#[doc(hidden)]
pub use task_scope::{By, Policy, Standard};
pub use timeout::{Graceful, Timeout, timeout, timeout_at};
pub use together::{Each, Together, each};
pub use try_gather::{TryGather, try_gather};
pub use with_deadline::{Finished, WithDeadline, with_deadline};
