//! The only file that names the runtimes.

use std::future::Future;
use std::io;

use trunnion_core::{BlockOn, Runtime, SpawnBlocking};
use trunnion_sim::Sim;
use trunnion_smol::SmolOwned;
use trunnion_tokio::TokioOwned;

/// Names a runtime that the program can run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// tokio with several threads.
    Tokio,
    /// smol with an executor of its own.
    Smol,
    /// The simulator.
    Sim,
}

/// A program that runs on any runtime.
pub trait Job {
    /// What it gives.
    type Output;

    /// Runs it as the runtime's root future.
    ///
    /// # Cancel safety
    /// That of the program.
    fn run<R: Runtime + SpawnBlocking>(self, rt: &R) -> impl Future<Output = Self::Output>;
}

impl Kind {
    /// All of them, in the order in which `all` runs them.
    pub const ALL: [Self; 3] = [Self::Tokio, Self::Smol, Self::Sim];

    /// Names it as on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Smol => "smol",
            Self::Sim => "sim",
        }
    }
}

/// Starts a runtime, runs `job` on it and ends it.
///
/// # Errors
/// When the runtime cannot start its threads.
pub fn run_on<J: Job>(kind: Kind, job: J) -> io::Result<J::Output> {
    match kind {
        Kind::Tokio => {
            let runtime = TokioOwned::multi_thread()?;
            let rt = runtime.handle();
            Ok(runtime.block_on(job.run(&rt)))
        }
        Kind::Smol => {
            let runtime = SmolOwned::multi_thread()?;
            let rt = runtime.handle();
            Ok(runtime.block_on(job.run(&rt)))
        }
        Kind::Sim => {
            // Nobody reads the trace of a run that may have a million steps.
            let runtime = Sim::new().trace_limit(0);
            let rt = runtime.handle();
            Ok(runtime.block_on(job.run(&rt)))
        }
    }
}
