//! Tasks that one owner waits for: `TaskScope`, handles in a vector, and what tokio and tokio-util have.

mod killed;
mod native;
mod peer;

use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;

use trunnion_core::{Runtime, YieldOnce};
use trunnion_patterns::{Discard, TaskScope};
use trunnion_smol::{SmolExecutor, SmolGlobal};
use trunnion_tokio::Tokio;

use super::Scenario;
use crate::contender::{Global, NativeSmol, NativeTokio};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(super) use killed::SCENARIO as KILLED;

const TRUNNION: &str = "trunnion";
const JOIN_SET: &str = "JoinSet";
const TASK_TRACKER: &str = "TaskTracker";
/// Why a row of tokio's is missing elsewhere.
const TOKIO_ONLY: &str = "it is tokio's alone";

const HOSTS: &[Host] = &[
    Host::TokioCurrent,
    Host::Tokio,
    Host::SmolExecutor,
    Host::Smol,
];

pub(super) const READY_100: Scenario = ready::<100>("task-scope-100");
pub(super) const READY_1000: Scenario = ready::<1_000>("task-scope-1000");
pub(super) const WAITS_100: Scenario = waits::<100>("task-scope-waits-100");
pub(super) const WAITS_1000: Scenario = waits::<1_000>("task-scope-waits-1000");

const fn ready<const CHILDREN: u32>(id: &'static str) -> Scenario {
    let about = "A task spawns children, each ready at its first poll, and waits until all have ended; what they give is not kept. What \
                 owns them is made and dropped each time. The price of one child, the wakes of the task that waits included; the name \
                 says how many there are.";
    scenario::<CHILDREN, false>(id, about)
}

const fn waits<const CHILDREN: u32>(id: &'static str) -> Scenario {
    let about = "A task spawns children, each of which wakes itself and is pending at its first poll, and waits until all have ended; \
                 what they give is not kept. What owns them is made and dropped each time. The price of one child, the wakes of the \
                 task that waits included; the name says how many there are.";
    scenario::<CHILDREN, true>(id, about)
}

const fn scenario<const CHILDREN: u32, const WAITS: bool>(
    id: &'static str,
    about: &'static str,
) -> Scenario {
    Scenario {
        id,
        about,
        unit: "child",
        operations: CHILDREN,
        threaded: false,
        hosts: HOSTS,
        headline: (Host::TokioCurrent, TRUNNION),
        expected: |iterations| u64::from(iterations) * u64::from(CHILDREN),
        subjects: subjects::<CHILDREN, WAITS>,
    }
}

/// What a child gives: nothing, and it cannot fail.
type Given = Result<(), Infallible>;

async fn child<const WAITS: bool>(number: u32) -> Given {
    black_box(number);
    if WAITS {
        YieldOnce::new().await;
    }
    Ok(())
}

fn subjects<const CHILDREN: u32, const WAITS: bool>(_: Host, started: &Started) -> Vec<Subject> {
    match started {
        Started::Tokio(runtime) => {
            let rt = Tokio::new(runtime.handle().clone()).expect("the runtime has a timer");
            let mut rows = vec![native::row::<CHILDREN, WAITS, _>(NativeTokio)];
            rows.push(native::limit::<CHILDREN, WAITS, _>(NativeTokio));
            rows.extend(ours::<CHILDREN, WAITS, _>(rt));
            rows.extend(peer::rows::<CHILDREN, WAITS>());
            rows
        }
        Started::SmolExecutor(executor) => {
            let native = native::row::<CHILDREN, WAITS, _>(NativeSmol(executor.clone()));
            on_smol(
                native,
                ours::<CHILDREN, WAITS, _>(SmolExecutor::new(executor)),
            )
        }
        Started::Smol => {
            let native = native::row::<CHILDREN, WAITS, _>(NativeSmol(Global));
            on_smol(native, ours::<CHILDREN, WAITS, _>(SmolGlobal))
        }
        Started::Sim(_) => Vec::new(),
    }
}

fn on_smol(native: Subject, ours: [Subject; 2]) -> Vec<Subject> {
    let mut rows = vec![native];
    rows.extend(ours);
    rows.extend([JOIN_SET, TASK_TRACKER].map(|name| Subject::missing(name, TOKIO_ONLY)));
    rows
}

fn ours<const CHILDREN: u32, const WAITS: bool, R: Runtime>(rt: R) -> [Subject; 2] {
    let with_handles = rt.clone();
    [
        Subject::ours(TRUNNION, move |iterations| {
            let rt = rt.clone();
            repeat(iterations, move || detached::<CHILDREN, WAITS, _>(rt.clone()))
        })
        .note("children can be killed, an error or a panic of one stops the others, and none outlives the scope"),
        Subject::ours("trunnion, handles", move |iterations| {
            let rt = with_handles.clone();
            repeat(iterations, move || held::<CHILDREN, WAITS, _>(rt.clone()))
        })
        .note("the same; each child gives a handle, which is dropped"),
    ]
}

async fn detached<const CHILDREN: u32, const WAITS: bool, R: Runtime>(rt: R) -> u64 {
    let scope = TaskScope::builder(&rt).joiner(Discard::new());
    let ended = scope.run(async |scope| {
        for number in 0..CHILDREN {
            scope.spawn_detached(child::<WAITS>(number));
        }
        Ok(())
    });
    u64::from(ended.await.is_ok()) * u64::from(CHILDREN)
}

async fn held<const CHILDREN: u32, const WAITS: bool, R: Runtime>(rt: R) -> u64 {
    let scope = TaskScope::builder(&rt).joiner(Discard::new());
    let ended = scope.run(async |scope| {
        for number in 0..CHILDREN {
            drop(scope.spawn(child::<WAITS>(number)));
        }
        Ok(())
    });
    u64::from(ended.await.is_ok()) * u64::from(CHILDREN)
}

/// Adds up what so many lives give.
async fn repeat<F: Future<Output = u64>>(iterations: u32, life: impl Fn() -> F) -> u64 {
    let mut sum = 0;
    for _ in 0..iterations {
        sum += life().await;
    }
    sum
}
