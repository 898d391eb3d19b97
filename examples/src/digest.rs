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
pub mod stop;
pub mod table;
pub mod walk;

mod screen;

use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use trunnion_core::{JoinError, Runtime, SpawnBlocking, Timer};
use trunnion_patterns::{map_concurrent, timeout};

use hash::Sum;
use problem::{Problem, Reason};
use sink::{Meter, Sink};
use stop::Stop;
use walk::{Listed, Listing};

/// How often a wait looks at the stop flag, so that a reader that hangs does not delay the end.
const LOOK: Duration = Duration::from_millis(100);

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
    pub stop: Stop,
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
    /// The stop flag was set.
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
/// [`Ended`] when the stop flag was set or the sink failed.
///
/// # Cancel safety
/// Dropping it stops the readers at their next chunk; what the sink was given stays.
pub async fn digest<R: Runtime + SpawnBlocking>(
    rt: &R,
    request: &Request,
    sink: &mut impl Sink,
) -> Result<Summary, Ended> {
    let listing = list(rt, request).await?;
    let mut summary = Summary {
        tasks: 1,
        ..Summary::default()
    };
    sink.planned(&listing);
    for problem in &listing.problems {
        summary.problems += 1;
        sink.problem(problem);
    }
    hash_all(rt, request, listing.files, &mut summary, sink).await?;
    Ok(summary)
}

async fn list<R: Runtime + SpawnBlocking>(rt: &R, request: &Request) -> Result<Listing, Ended> {
    let (root, stop) = (request.root.clone(), request.stop.clone());
    let walk = rt.spawn_blocking(move || walk::list(&root, &stop));
    let listing = until_stopped(rt, &request.stop, walk).await?;
    listing.map_err(Ended::Walk)
}

async fn hash_all<R: Runtime + SpawnBlocking>(
    rt: &R,
    request: &Request,
    files: Vec<Listed>,
    summary: &mut Summary,
    sink: &mut impl Sink,
) -> Result<(), Ended> {
    let mut tasks = 0;
    let mut results = map_concurrent(request.limit, files, |file| {
        tasks += 2;
        hash_in_task(rt, request, file)
    });
    while let Some(result) = until_stopped(rt, &request.stop, results.next()).await? {
        match result {
            // What the flag cut short is no problem of the file.
            Err(Problem {
                reason: Reason::Stopped,
                ..
            }) => return Err(Ended::Stopped),
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

/// Gives one file to a task of the runtime.
fn hash_in_task<R: Runtime + SpawnBlocking>(
    rt: &R,
    request: &Request,
    file: Listed,
) -> impl Future<Output = Result<Sum, Problem>> + use<R> {
    let path = file.path.clone();
    let task = rt.spawn(hash_in_time(rt.clone(), request.clone(), file));
    async move {
        let ended = task.await;
        ended.unwrap_or_else(|error| Err(Problem::new(path, Reason::Join(error))))
    }
}

async fn hash_in_time<R: Runtime + SpawnBlocking>(
    rt: R,
    request: Request,
    file: Listed,
) -> Result<Sum, Problem> {
    let path = file.path.clone();
    let stop = request.stop.child();
    // However this future ends, the reader ends with it.
    let _stop_reader = stop.set_on_drop();
    let reader_stop = stop.clone();
    let reader = rt.spawn_blocking(move || hash::hash(file, &reader_stop, &*request.meter));
    let reason = match timeout(&rt, request.timeout, reader).await {
        Ok(Ok(Ok(sum))) => return Ok(sum),
        Ok(Ok(Err(reason))) => reason,
        Ok(Err(error)) => Reason::Join(error),
        Err(elapsed) => Reason::TimedOut(elapsed),
    };
    Err(Problem::new(path, reason))
}

/// Waits for `future`, and looks at the stop flag before that and meanwhile.
async fn until_stopped<R: Timer, F: Future + Unpin>(
    rt: &R,
    stop: &Stop,
    mut future: F,
) -> Result<F::Output, Ended> {
    while !stop.is_set() {
        if let Ok(output) = timeout(rt, LOOK, &mut future).await {
            return Ok(output);
        }
    }
    Err(Ended::Stopped)
}
