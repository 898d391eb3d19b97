//! Layers of tower for retry, timeout and concurrency limit, on any runtime.
//!
//! They are the patterns of [`trunnion_patterns`] as [`Service`](tower_service::Service)s: a runtime is a value, the futures have names, nothing is
//! boxed where nobody waits, and what is `Send` follows from the parts.
//!
//! | to | use | needs |
//! |---|---|---|
//! | try a request again that failed | [`RetryLayer`] | `Timer + Entropy` |
//! | give up on a response after a while | [`TimeoutLayer`] | `Timer + Clone` |
//! | let at most so many requests be under way | [`ConcurrencyLimitLayer`] | nothing |
//! | have one failure of several layers | [`FlattenLayer`] | nothing |
//!
//! # The order of layers
//!
//! From the outside in: what takes the longest time limit first, then the retry, then the limit, then what limits one attempt. A retry
//! outside of a limit waits for a permit with each attempt and holds none between them; inside of it, it would hold one while it waits.
//!
//! ```
//! use std::num::NonZeroUsize;
//! use std::time::Duration;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use trunnion_core::Timer;
//! use trunnion_patterns::{Backoff, Failure, OnFailure, Retry, RetryBudget};
//! use trunnion_tower::{ConcurrencyLimitLayer, FlattenLayer, RetryLayer, TimeoutLayer};
//!
//! static BUDGET: RetryBudget = RetryBudget::new();
//!
//! trunnion_sim::run(|rt| async move {
//!     let retry = Retry::new(Backoff::exponential(Duration::from_millis(100)))
//!         .classify(OnFailure)
//!         .budget(&BUDGET);
//!     let server = service_fn(|text: &'static str| async move {
//!         if text.is_empty() { Err("nothing was asked") } else { Ok(text.len()) }
//!     });
//!     let service = ServiceBuilder::new()
//!         .layer(FlattenLayer)
//!         .layer(RetryLayer::new(rt.clone(), retry).deadline_after(Duration::from_secs(9)))
//!         .layer(FlattenLayer)
//!         .layer(ConcurrencyLimitLayer::new(NonZeroUsize::new(100).unwrap()))
//!         .layer(TimeoutLayer::new(rt.clone(), Duration::from_secs(1)))
//!         .service(server);
//!     let answer: Result<usize, Failure<&str>> = service.clone().oneshot("hello").await;
//!     assert_eq!(answer, Ok(5));
//!     assert_eq!(service.oneshot("").await, Err(Failure::Op("nothing was asked")));
//! });
//! ```
//!
//! # Errors
//!
//! Each layer gives a [`Failure`](trunnion_patterns::Failure): the service's own error, or what the layer did instead. Of two layers
//! [`FlattenLayer`] makes one failure. Under a retry, [`OnFailure`](trunnion_patterns::OnFailure) does not try
//! again what a cancellation or a closed limit has ended.
//!
//! # Readiness
//!
//! A service that was ready and is not called keeps what it reserved until it is dropped; this is tower's contract. Here
//! nothing else does: a clone reserves nothing, an attempt that is given up leaves no place in a line, and
//! [`ConcurrencyLimitService::release`] gives back what `poll_ready` took.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod concurrency_limit;
mod flatten;
mod retry;
mod timeout;

pub use concurrency_limit::{
    ConcurrencyLimitFuture, ConcurrencyLimitLayer, ConcurrencyLimitService,
};
pub use flatten::{FlattenFuture, FlattenLayer, FlattenService};
pub use retry::{RetryFuture, RetryLayer, RetryService};
pub use timeout::{TimeoutFuture, TimeoutLayer, TimeoutService};
