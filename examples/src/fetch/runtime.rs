//! The only file that names the runtimes.

use std::future::Future;
use std::io;

use trunnion_core::{BlockOn, Runtime, SpawnBlocking};
use trunnion_sim::{Schedule, Sim};
use trunnion_smol::SmolOwned;
use trunnion_tokio::TokioOwned;

use super::net::{Net, SimNet, SmolNet, TokioNet};
pub use crate::digest::runtime::Kind;

/// A program that runs on any runtime with its network.
pub trait Job {
    /// What it gives.
    type Output;

    /// Runs it as the runtime's root future.
    ///
    /// # Cancel safety
    /// That of the program.
    fn run<R: Runtime + SpawnBlocking, N: Net>(
        self,
        rt: &R,
        net: &N,
    ) -> impl Future<Output = Self::Output>;
}

/// Starts a runtime, runs `job` on it and ends it; the simulator's choices follow from `seed`.
///
/// # Errors
/// When the runtime cannot start its threads.
pub fn run_on<J: Job>(kind: Kind, seed: u64, job: J) -> io::Result<J::Output> {
    match kind {
        Kind::Tokio => {
            let runtime = TokioOwned::multi_thread()?;
            let rt = runtime.handle();
            Ok(runtime.block_on(job.run(&rt, &TokioNet)))
        }
        Kind::Smol => {
            let runtime = SmolOwned::multi_thread()?;
            let rt = runtime.handle();
            Ok(runtime.block_on(job.run(&rt, &SmolNet)))
        }
        Kind::Sim => {
            // Nobody reads the trace of a run that may have a million steps.
            let runtime = Sim::new().trace_limit(0);
            let runtime = runtime.schedule(Schedule::Random).seed(seed);
            let rt = runtime.handle();
            Ok(runtime.block_on(job.run(&rt, &SimNet::new(&rt))))
        }
    }
}
