//! Layers around a service: ours and tower's. The service is always ready, and so is its response.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::num::NonZeroUsize;

use tower::limit::ConcurrencyLimit;
use tower::retry::Retry;
use tower::timeout::Timeout;
use tower::{Layer, Service, ServiceExt, service_fn};
use trunnion_tokio::Tokio;
use trunnion_tower::{ConcurrencyLimitLayer, RetryLayer, TimeoutLayer};

use super::Scenario;
use super::far::HOUR;
use super::retry::layers::{Attempts, serve};
use super::retry::{budget, runtime};
use crate::host::{Host, Started};
use crate::subject::Subject;

const TRUNNION: &str = "trunnion";

pub(super) const RETRY: Scenario = scenario(
    "layer-retry",
    "A request through a layer that would try it again, answered at once, so that its budget gets a deposit. \
     Ours is empty at first and has room for all of them: each deposit is written.",
    |_, started| {
        let tower = |n| ask(Retry::new(Attempts::with_budget(), service_fn(serve)), n);
        let note = "its policy is written by hand; its budget takes a lock for each deposit";
        let retries = |rt: Tokio, n| {
            let retry = budget::retry(budget::empty(&rt));
            ask(RetryLayer::new(rt, retry).layer(service_fn(serve)), n)
        };
        vec![
            Subject::peer("tower", tower).note(note),
            ours(started, retries),
        ]
    },
);

pub(super) const TIMEOUT: Scenario = scenario(
    "layer-timeout",
    "A request through a layer with a timeout of an hour, answered at once.",
    |_, started| {
        let tower = |n| ask(Timeout::new(service_fn(answer), black_box(HOUR)), n);
        let note = "reads the clock when it is called; boxes errors";
        let timeouts = |rt, n| {
            let layer = TimeoutLayer::new(rt, black_box(HOUR));
            ask(layer.layer(service_fn(answer)), n)
        };
        vec![
            Subject::peer("tower", tower).note(note),
            ours(started, timeouts),
        ]
    },
);

pub(super) const LIMIT: Scenario = scenario(
    "layer-limit",
    "A request through a layer that lets ten be under way, answered at once; nobody waits or comes meanwhile.",
    |_, started| {
        const TEN: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9);
        let tower = |n| ask(ConcurrencyLimit::new(service_fn(answer), TEN.get()), n);
        let limits = |_, n| ask(ConcurrencyLimitLayer::new(TEN).layer(service_fn(answer)), n);
        vec![Subject::peer("tower", tower), ours(started, limits)]
    },
);

const fn scenario(
    id: &'static str,
    about: &'static str,
    subjects: fn(Host, &Started) -> Vec<Subject>,
) -> Scenario {
    Scenario {
        id,
        about,
        unit: "request",
        operations: 1,
        threaded: false,
        hosts: &[Host::TokioCurrent],
        headline: (Host::TokioCurrent, TRUNNION),
        expected: |iterations| u64::from(iterations),
        subjects,
    }
}

fn ours<F>(started: &Started, work: impl Fn(Tokio, u32) -> F + Send + Sync + 'static) -> Subject
where
    F: Future<Output = u64> + Send + 'static,
{
    match runtime(started) {
        Some(rt) => Subject::ours(TRUNNION, move |n| work(rt.clone(), n)),
        None => Subject::missing(TRUNNION, "layers are measured on tokio"),
    }
}

fn answer(_: u32) -> Ready<Result<u64, Infallible>> {
    ready(Ok(black_box(1)))
}

/// Sends so many requests, one after the other.
async fn ask<S: Service<u32, Response = u64>>(mut service: S, requests: u32) -> u64 {
    let mut sum = 0;
    for _ in 0..requests {
        if let Ok(service) = service.ready().await {
            sum += service.call(black_box(0)).await.unwrap_or(0);
        }
    }
    sum
}
