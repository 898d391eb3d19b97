//! SHA-256 of every file of a tree, on any runtime.
//!
//! [`digest`] is the library function: it names no runtime and reads no clock. The other modules are the program around
//! it.

pub mod cli;
pub mod hash;
pub mod line;
pub mod problem;
pub mod program;
pub mod runtime;
pub mod sink;
pub mod table;
pub mod walk;

mod screen;

use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use trunnion_core::{CancelToken, JoinError, Runtime, SpawnBlocking};
use trunnion_patterns::{Discard, ShutdownGuard, TaskScope, each, map_concurrent, timeout};

use hash::Sum;
use problem::{Problem, Reason};
use sink::{Meter, Sink};
use walk::{Listed, Listing};

/// Says what to hash and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// The file or the directory to walk.
    pub root: PathBuf,
    /// How many files are read at once.
    pub limit: NonZeroUsize,
    /// How long one file may take, counted from when its turn has come.
    pub timeout: Duration,
    /// Ends everything early.
    pub stop: CancelToken,
    /// Is held by whatever reads, so that a shutdown can wait for it.
    pub hold: Option<Arc<ShutdownGuard>>,
    /// Is told of every chunk that was read.
    pub meter: Arc<dyn Meter>,
}

/// Counts what a digest has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The files that were hashed.
    pub files: u64,
    /// The bytes of these files.
    pub bytes: u64,
    /// The tasks and blocking closures that the runtime was given.
    pub tasks: u64,
    /// The files and directories that could not be read.
    pub problems: u64,
}

/// Says why a digest ended early.
#[derive(Debug)]
pub enum Ended {
    /// The token was cancelled.
    Stopped,
    /// The results could not be written.
    Output(io::Error),
    /// The tree could not be walked, because the runtime ended or the walk panicked.
    Walk(JoinError),
}

/// Hashes every regular file under a root and gives the results to `sink`, in the order of their paths' bytes.
///
/// Each file is a task of its own that waits for a blocking closure, up to `limit` files at once. A file that cannot be
/// read, or not in time, is a [`Problem`] that is told to the sink; the others go on. In the simulator a blocking closure
/// takes no time, so that no file times out there.
///
/// # Errors
/// [`Ended`] when the token was cancelled or the sink failed.
///
/// # Cancel safety
/// Dropping it stops the readers at their next chunk; what the sink was given stays.
pub async fn digest<R: Runtime + SpawnBlocking>(
    rt: &R,
    request: &Request,
    sink: &mut impl Sink,
) -> Result<Summary, Ended> {
    let mut summary = Summary {
        tasks: 1,
        ..Summary::default()
    };
    let scope = TaskScope::builder(rt).token(&request.stop);
    let done = scope.joiner(Discard::new()).run(async |tasks| {
        let listing = list(rt, request).await.map_err(Ended::Walk)?;
        sink.planned(&listing);
        for problem in &listing.problems {
            summary.problems += 1;
            sink.problem(problem);
        }
        hash_all(&tasks, rt, request, listing.files, &mut summary, sink).await
    });
    match done.await {
        Ok(()) => Ok(summary),
        Err(error) => Err(error.into_first().unwrap_or(Ended::Stopped)),
    }
}

async fn list<R: SpawnBlocking>(rt: &R, request: &Request) -> Result<Listing, JoinError> {
    let request = request.clone();
    let walk = move || {
        let request = request;
        walk::list(&request.root, &request.stop)
    };
    rt.spawn_blocking(walk).await
}

async fn hash_all<R: Runtime + SpawnBlocking>(
    scope: &Tasks<R>,
    rt: &R,
    request: &Request,
    files: Vec<Listed>,
    summary: &mut Summary,
    sink: &mut impl Sink,
) -> Result<(), Ended> {
    let mut tasks = 0;
    // Each operation is a task of its own, which does not wait for this loop.
    let results = map_concurrent(request.limit, each(files), |file| {
        tasks += 2;
        hash_in_task(scope, rt, request, file)
    });
    let mut results = results.lazy_stream();
    while let Some(result) = results.next().await {
        match result {
            // What was cut short is no problem of the file.
            Err(_) if request.stop.is_cancelled() => return Err(Ended::Stopped),
            Err(problem) => {
                summary.problems += 1;
                sink.problem(&problem);
            }
            Ok(sum) => {
                summary.files += 1;
                summary.bytes += sum.bytes;
                sink.sum(&sum).map_err(Ended::Output)?;
            }
        }
    }
    drop(results);
    summary.tasks += tasks;
    Ok(())
}

/// The scope of the files' tasks.
type Tasks<R> = TaskScope<R, (), Ended>;

/// Gives one file to a task of the scope.
fn hash_in_task<R: Runtime + SpawnBlocking>(
    scope: &Tasks<R>,
    rt: &R,
    request: &Request,
    file: Listed,
) -> impl Future<Output = Result<Sum, Problem>> + use<R> {
    let path = file.path.clone();
    let task = scope.spawn_with_handle(hash_in_time(rt.clone(), request.clone(), file));
    async move {
        let ended = task.await;
        ended.unwrap_or_else(|error| Err(Problem::new(path, Reason::Join(error))))
    }
}

async fn hash_in_time<R: Runtime + SpawnBlocking>(
    rt: R,
    mut request: Request,
    file: Listed,
) -> Result<Sum, Problem> {
    let (path, limit) = (file.path.clone(), request.timeout);
    request.stop = request.stop.child();
    // However this future ends, the reader ends with it.
    let _stop_reader = request.stop.guard();
    let reader = rt.spawn_blocking(move || {
        let request = request; // all of it: also what it holds
        hash::hash(file, &request.stop, &*request.meter)
    });
    let reason = match timeout(&rt, limit, reader).await {
        Ok(Ok(Ok(sum))) => return Ok(sum),
        Ok(Ok(Err(reason))) => reason,
        Ok(Err(error)) => Reason::Join(error),
        Err(elapsed) => Reason::TimedOut(elapsed),
    };
    Err(Problem::new(path, reason))
}
