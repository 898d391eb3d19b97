//! The runtimes that scenarios run on, each driven so that it measures inside one of its own tasks.
//!
//! The root future of a `block_on` pays for the driver at each wake; what a program does, it does in tasks.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use smol::Executor;
use trunnion_core::{BlockOn, Spawn, Timer, YieldOnce};
use trunnion_sim::Sim;

/// How many threads a runtime with several has, on every machine alike.
pub const WORKERS: usize = 2;

/// Names a runtime that scenarios run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Tokio on the measuring thread.
    TokioCurrent,
    /// Tokio with [`WORKERS`] threads.
    Tokio,
    /// An executor of `async-executor` on the measuring thread.
    SmolExecutor,
    /// smol's global executor, with the one thread that it has unless told otherwise.
    Smol,
    /// The simulator.
    Sim,
}

impl Host {
    /// All of them, in the order of the report.
    pub const ALL: &[Self] = &[
        Self::TokioCurrent,
        Self::Tokio,
        Self::SmolExecutor,
        Self::Smol,
        Self::Sim,
    ];

    /// Gives the name on the command line and in the report.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::TokioCurrent => "tokio-current",
            Self::Tokio => "tokio",
            Self::SmolExecutor => "smol-executor",
            Self::Smol => "smol",
            Self::Sim => "sim",
        }
    }

    /// Finds the runtime with this name.
    #[must_use]
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|host| host.id() == id)
    }

    /// Tells whether tasks run on several threads, so that only the wall clock sees all the work.
    #[must_use]
    pub const fn is_threaded(self) -> bool {
        matches!(self, Self::Tokio)
    }

    /// Tells whether tasks run on the thread that started the runtime, so that callgrind sees them.
    #[must_use]
    pub const fn is_on_this_thread(self) -> bool {
        matches!(self, Self::TokioCurrent | Self::SmolExecutor | Self::Sim)
    }

    /// Starts the runtime.
    ///
    /// # Errors
    /// What the operating system says when it refuses a thread or a driver.
    pub fn start(self) -> io::Result<Started> {
        Ok(match self {
            Self::TokioCurrent => Started::Tokio(
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?,
            ),
            Self::Tokio => Started::Tokio(
                tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(WORKERS)
                    .enable_all()
                    .build()?,
            ),
            Self::SmolExecutor => Started::SmolExecutor(Arc::new(Executor::new())),
            Self::Smol => Started::Smol,
            Self::Sim => Started::Sim(Sim::new().trace_limit(0)),
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// A runtime that runs.
#[derive(Debug)]
pub enum Started {
    /// Tokio of either flavour.
    Tokio(tokio::runtime::Runtime),
    /// An executor that this thread drives.
    SmolExecutor(Arc<Executor<'static>>),
    /// smol's global executor.
    Smol,
    /// The simulator.
    Sim(Sim),
}

impl Started {
    /// Runs `future` as a task and waits for it.
    ///
    /// # Panics
    /// When the future panics.
    pub fn run<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> T {
        match self {
            Self::Tokio(runtime) => runtime
                .block_on(runtime.spawn(future))
                .expect("the task runs to its end"),
            Self::SmolExecutor(executor) => smol::block_on(executor.run(executor.spawn(future))),
            Self::Smol => smol::block_on(smol::spawn(future)),
            Self::Sim(sim) => sim
                .block_on(sim.handle().spawn(future))
                .expect("the task runs to its end"),
        }
    }

    /// Makes what a task awaits between two samples: others have their turn, and its cooperative budget is renewed.
    ///
    /// The simulator takes a task that never lets time pass for one that spins.
    pub fn pause(&self) -> impl Fn() -> Pause + Send + Sync + use<> {
        let rt = match self {
            Self::Sim(sim) => Some(sim.handle()),
            _ => None,
        };
        move || {
            let rt = rt.clone();
            Box::pin(async move {
                YieldOnce::new().await;
                if let Some(rt) = rt {
                    rt.sleep(Duration::from_millis(1)).await;
                }
            })
        }
    }
}

/// Lets the runtime breathe between two samples.
pub type Pause = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
