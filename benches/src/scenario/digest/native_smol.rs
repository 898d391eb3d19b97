//! The program as it is written for smol.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use smol::future::or;
use smol::{Task, Timer, unblock};
use trunnion_core::CancelToken;
use trunnion_examples::digest::walk::{self, Listed};
use trunnion_examples::digest::{Request, hash};

use super::outcome::{Outcome, problem, take};
use super::{Fold, LOOK};
use crate::contender::SmolSpawn;

/// Hashes the tree.
pub(super) async fn digest(executor: impl SmolSpawn, request: Request, mut fold: Fold) -> Fold {
    let (root, stop) = (request.root.clone(), request.stop.clone());
    let walk = unblock(move || walk::list(&root, &stop));
    let Some(listing) = until_stopped(&request.stop, walk).await else {
        return fold;
    };
    for problem in listing.problems {
        fold.add_problem(problem.to_string());
    }
    // Each place is a running task; the oldest is awaited, so that the order is that of the paths.
    let mut window = VecDeque::with_capacity(request.limit.get());
    for file in listing.files {
        if window.len() == request.limit.get()
            && let Some(oldest) = window.pop_front()
        {
            finish(&request.stop, oldest, &mut fold).await;
        }
        window.push_back(executor.spawn(hash_in_time(request.clone(), file)));
    }
    for task in window {
        finish(&request.stop, task, &mut fold).await;
    }
    fold
}

async fn finish(stop: &CancelToken, task: Task<Outcome>, fold: &mut Fold) {
    if let Some(outcome) = until_stopped(stop, task).await {
        take(outcome, fold);
    }
}

async fn hash_in_time(request: Request, file: Listed) -> Outcome {
    let path = file.path.clone();
    let stop = request.stop.child();
    // However this future ends, the reader ends with it.
    let _stop_reader = stop.guard();
    let reader_stop = stop.clone();
    let reader = unblock(move || hash::hash(file, &reader_stop, &*request.meter));
    match timeout(request.timeout, reader).await {
        Some(Ok(sum)) => Ok(sum),
        Some(Err(reason)) => Err(problem(&path, reason)),
        None => Err(problem(&path, "not done in time")),
    }
}

/// Waits for `future`, and looks at the token before that and meanwhile.
async fn until_stopped<F: Future + Unpin>(stop: &CancelToken, mut future: F) -> Option<F::Output> {
    while !stop.is_cancelled() {
        if let Some(output) = timeout(LOOK, &mut future).await {
            return Some(output);
        }
    }
    None
}

async fn timeout<F: Future>(after: Duration, future: F) -> Option<F::Output> {
    or(async { Some(future.await) }, async {
        Timer::after(after).await;
        None
    })
    .await
}
