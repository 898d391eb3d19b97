//! The program as it is written for tokio.
#![expect(
    clippy::disallowed_methods,
    reason = "this is what trunnion is compared with"
)]

use std::collections::VecDeque;
use std::future::Future;
use std::path::PathBuf;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;
use trunnion_core::CancelToken;
use trunnion_examples::digest::walk::{self, Listed};
use trunnion_examples::digest::{Request, hash};

use super::outcome::{Outcome, problem, take};
use super::{Fold, LOOK};

/// Hashes the tree.
pub(super) async fn digest(request: Request, mut fold: Fold) -> Fold {
    let (root, stop) = (request.root.clone(), request.stop.clone());
    let walk = spawn_blocking(move || walk::list(&root, &stop));
    let listing = until_stopped(&request.stop, walk).await;
    let Some(Ok(listing)) = listing else {
        return fold;
    };
    for problem in listing.problems {
        fold.add_problem(problem.to_string());
    }
    // Each place is a file's path and its task; the oldest is awaited, so that the order is that of the paths.
    let mut window = VecDeque::with_capacity(request.limit.get());
    for file in listing.files {
        if window.len() == request.limit.get()
            && let Some(oldest) = window.pop_front()
        {
            finish(&request.stop, oldest, &mut fold).await;
        }
        let path = file.path.clone();
        window.push_back((path, tokio::spawn(hash_in_time(request.clone(), file))));
    }
    for running in window {
        finish(&request.stop, running, &mut fold).await;
    }
    fold
}

async fn finish(stop: &CancelToken, running: (PathBuf, JoinHandle<Outcome>), fold: &mut Fold) {
    let (path, task) = running;
    match until_stopped(stop, task).await {
        Some(Ok(outcome)) => take(outcome, fold),
        Some(Err(error)) => fold.add_problem(problem(&path, error)),
        None => {}
    }
}

async fn hash_in_time(request: Request, file: Listed) -> Outcome {
    let path = file.path.clone();
    let stop = request.stop.child();
    // However this future ends, the reader ends with it.
    let _stop_reader = stop.guard();
    let reader_stop = stop.clone();
    let reader = spawn_blocking(move || hash::hash(file, &reader_stop, &*request.meter));
    match timeout(request.timeout, reader).await {
        Ok(Ok(Ok(sum))) => Ok(sum),
        Ok(Ok(Err(reason))) => Err(problem(&path, reason)),
        Ok(Err(error)) => Err(problem(&path, error)),
        Err(elapsed) => Err(problem(&path, elapsed)),
    }
}

/// Waits for `future`, and looks at the token before that and meanwhile.
async fn until_stopped<F: Future + Unpin>(stop: &CancelToken, mut future: F) -> Option<F::Output> {
    while !stop.is_cancelled() {
        if let Ok(output) = timeout(LOOK, &mut future).await {
            return Some(output);
        }
    }
    None
}
