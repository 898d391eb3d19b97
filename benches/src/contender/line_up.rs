//! The rows of a scenario: its measurement done by everybody who can.

use std::future::Future;
use std::sync::Arc;

use agnostic_lite::smol::SmolRuntime;
use agnostic_lite::tokio::TokioRuntime;
use trunnion_core::{AnyRuntime, Runtime, SpawnBlocking};
use trunnion_smol::{SmolExecutor, SmolGlobal};
use trunnion_tokio::Tokio;

use super::{Agnostic, Contender, Global, NativeSmol, NativeTokio, Ours};
use crate::host::{Host, Started};
use crate::subject::Subject;

/// Says who does it, for what there is to say about semantics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The runtime by hand.
    Native,
    /// trunnion, through a value whose type is known.
    Static,
    /// trunnion, through `AnyRuntime`.
    Any,
    /// agnostic-lite.
    Agnostic,
}

/// Measures one primitive, whoever does it.
pub trait Measure: 'static {
    /// It needs the runtime's own executor, not only its timers and threads.
    const SPAWNS: bool;

    /// Does the work so many times and gives its checksum.
    ///
    /// # Cancel safety
    /// It is polled to its end only.
    fn work<C: Contender>(
        contender: C,
        iterations: u32,
    ) -> impl Future<Output = u64> + Send + 'static;

    /// Tells the size of the future of one operation, if it has one.
    #[must_use]
    fn future_bytes<C: Contender>() -> Option<usize> {
        None
    }

    /// Says how the semantics differ on a runtime.
    #[must_use]
    fn note(_who: Who, _host: Host) -> &'static str {
        ""
    }

    /// Gives the row of `any_spawner`.
    fn any_spawner(_started: &Started) -> Subject {
        Subject::missing("any_spawner", "it only spawns, and gives no handle")
    }
}

/// Gives the rows of `M` on a runtime that runs.
///
/// # Panics
/// When the runtime is a tokio without a timer.
#[must_use]
pub fn line_up<M: Measure>(host: Host, started: &Started) -> Vec<Subject> {
    let mut rows = match started {
        Started::Tokio(runtime) => {
            let rt = Tokio::new(runtime.handle().clone()).expect("the runtime has a timer");
            let native = row::<M, _>(Who::Native, host, NativeTokio);
            let peer = row::<M, _>(Who::Agnostic, host, Agnostic::<TokioRuntime>::new());
            around::<M, _>(host, native, rt, peer)
        }
        Started::SmolExecutor(executor) => {
            let rt = SmolExecutor::new(executor);
            let native = row::<M, _>(Who::Native, host, NativeSmol(Arc::clone(executor)));
            let peer = if M::SPAWNS {
                missing("on smol it knows the global executor only")
            } else {
                row::<M, _>(Who::Agnostic, host, Agnostic::<SmolRuntime>::new())
            };
            around::<M, _>(host, native, rt, peer)
        }
        Started::Smol => {
            let native = row::<M, _>(Who::Native, host, NativeSmol(Global));
            let peer = row::<M, _>(Who::Agnostic, host, Agnostic::<SmolRuntime>::new());
            around::<M, _>(host, native, SmolGlobal, peer)
        }
        // The simulator's only way is trunnion's.
        Started::Sim(sim) => {
            let mut rows = ours::<M, _>(host, sim.handle());
            rows.push(missing("it has no simulator"));
            rows
        }
    };
    rows.push(M::any_spawner(started));
    rows
}

fn missing(reason: &'static str) -> Subject {
    Subject::missing("agnostic-lite", reason)
}

fn around<M: Measure, R: Runtime + SpawnBlocking>(
    host: Host,
    native: Subject,
    rt: R,
    peer: Subject,
) -> Vec<Subject> {
    let mut rows = vec![native];
    rows.extend(ours::<M, R>(host, rt));
    rows.push(peer);
    rows
}

fn ours<M: Measure, R: Runtime + SpawnBlocking>(host: Host, rt: R) -> Vec<Subject> {
    vec![
        row::<M, _>(Who::Static, host, Ours(rt.clone())),
        row::<M, _>(Who::Any, host, Ours(AnyRuntime::new(rt))),
    ]
}

fn row<M: Measure, C: Contender>(who: Who, host: Host, contender: C) -> Subject {
    let work = move |iterations| M::work(contender.clone(), iterations);
    let subject = match who {
        Who::Native => Subject::native(work),
        Who::Static => Subject::ours("trunnion", work),
        Who::Any => Subject::ours("AnyRuntime", work),
        Who::Agnostic => Subject::peer("agnostic-lite", work),
    };
    Subject {
        future_bytes: M::future_bytes::<C>(),
        ..subject.note(M::note(who, host))
    }
}
