//! Patterns for async programs on any runtime: timeouts, delays before retries, and bounded concurrency.
//!
//! Each is generic over the smallest capability it needs, runs inside the task that awaits it, and starts neither a task
//! nor a thread. Nothing runs before it is awaited, and dropping a future drops all that it was running.
//!
//! | to | use | needs |
//! |---|---|---|
//! | do something periodically | [`interval`](fn@interval), [`interval_at`] | `Timer` |
//! | give up after a while | [`timeout`](fn@timeout) | `Timer` |
//! | give up at a point in time | [`timeout_at`] | `Timer` |
//! | wait longer before each retry | [`Backoff`] | `Entropy` |
//! | have one error type for a timeout and what is in it | [`Failure`], [`FlattenFailure`] | nothing |
//! | run at most so many operations at once, outputs in order | [`map_concurrent`](fn@map_concurrent) | nothing |
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
mod elapsed;
mod failure;
mod interval;
mod map_concurrent;
mod timeout;

pub use backoff::{Backoff, Delays, Jitter};
pub use elapsed::Elapsed;
pub use failure::{Failure, FlattenFailure};
pub use interval::{Interval, MissedTick, Tick, ZeroPeriod, interval, interval_at};
pub use map_concurrent::{MapConcurrent, Next, map_concurrent};
pub use timeout::{Timeout, timeout, timeout_at};
