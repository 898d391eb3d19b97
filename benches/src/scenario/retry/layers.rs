//! Layers of tower around a service.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use tower::retry::budget::{Budget, TpsBudget};
use tower::retry::{Policy, Retry};
use tower::{Layer, Service, service_fn};
use tower_resilience_retry::RetryLayer;

use super::Case;
use crate::subject::Subject;

pub(super) fn subjects<C: Case>() -> Vec<Subject> {
    vec![
        Subject::peer("tower", tower::<C>).note("its policy is written by hand, and does not wait"),
        Subject::peer("tower-resilience", resilience::<C>).note("boxes each call"),
    ]
}

/// Tries a request again as often as it says, which is how often it fails.
#[derive(Clone)]
pub(in crate::scenario) struct Attempts {
    left: u32,
    budget: Option<Arc<TpsBudget>>,
}

impl Attempts {
    /// With a budget, which gets a deposit for each success.
    pub(in crate::scenario) fn with_budget() -> Self {
        let budget = TpsBudget::new(Duration::from_secs(10), 10, 0.2);
        Self {
            left: 2,
            budget: Some(Arc::new(budget)),
        }
    }
}

impl Policy<u32, u64, ()> for Attempts {
    type Future = Ready<()>;

    fn retry(&mut self, request: &mut u32, result: &mut Result<u64, ()>) -> Option<Ready<()>> {
        if result.is_ok() {
            self.budget.iter().for_each(|budget| budget.deposit());
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        let paid = self.budget.as_ref().is_none_or(|budget| budget.withdraw());
        *request = request.saturating_sub(1);
        paid.then(|| ready(()))
    }

    fn clone_request(&mut self, request: &u32) -> Option<u32> {
        Some(*request)
    }
}

pub(in crate::scenario) fn serve(failures: u32) -> Ready<Result<u64, ()>> {
    ready(if failures == 0 { Ok(1) } else { Err(()) })
}

async fn call(policy: Attempts, failures: u32, iterations: u32) -> u64 {
    let mut service = Retry::new(policy, service_fn(serve));
    let mut sum = 0;
    for _ in 0..iterations {
        sum += service
            .call(std::hint::black_box(failures))
            .await
            .unwrap_or(0);
    }
    sum
}

async fn tower<C: Case>(iterations: u32) -> u64 {
    let policy = Attempts {
        left: 2,
        budget: None,
    };
    call(policy, C::FAILURES, iterations).await
}

/// tower with its budget, which gets a deposit for each success.
pub(super) async fn with_budget(iterations: u32) -> u64 {
    call(Attempts::with_budget(), 0, iterations).await
}

async fn resilience<C: Case>(iterations: u32) -> u64 {
    let layer = RetryLayer::<u32, u64, ()>::builder()
        .max_attempts(3)
        .fixed_backoff(C::DELAY)
        .build();
    let left = Arc::new(AtomicU32::new(0));
    let shared = Arc::clone(&left);
    let mut service = layer.layer(service_fn(move |_: u32| {
        let failed = shared.load(Relaxed);
        shared.store(failed.saturating_sub(1), Relaxed);
        serve(failed)
    }));
    let mut sum = 0;
    for _ in 0..iterations {
        left.store(std::hint::black_box(C::FAILURES), Relaxed);
        sum += service.call(0).await.unwrap_or(0);
    }
    sum
}
