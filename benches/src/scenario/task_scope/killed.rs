//! Stopping children that wait.
#![expect(
    clippy::disallowed_methods,
    reason = "this is what ours is compared with"
)]

use std::future::pending;
use std::sync::Arc;

use smol::Executor;
use tokio::task::JoinSet;
use trunnion_core::{CancelKind, Runtime, YieldOnce};
use trunnion_patterns::{Discard, TaskScope};
use trunnion_smol::SmolExecutor;
use trunnion_tokio::Tokio;

use super::{Given, JOIN_SET, TASK_TRACKER, TOKIO_ONLY, TRUNNION, repeat};
use crate::host::{Host, Started};
use crate::scenario::Scenario;
use crate::subject::Subject;

const CHILDREN: u32 = 1_000;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "task-scope-killed",
    about: "A task spawns 1,000 children that wait without end, gives way once, so that each has been polled, stops all of them and \
            waits until they are gone. What owns them is made and dropped each time. The price of one child, spawning included.",
    unit: "child",
    operations: CHILDREN,
    threaded: false,
    // On one thread all have been polled when the task has its turn again.
    hosts: &[Host::TokioCurrent, Host::SmolExecutor],
    headline: (Host::TokioCurrent, TRUNNION),
    expected: |iterations| u64::from(iterations) * u64::from(CHILDREN),
    subjects,
};

fn subjects(_: Host, started: &Started) -> Vec<Subject> {
    let tracker = Subject::missing(TASK_TRACKER, "it cannot stop its tasks");
    match started {
        Started::Tokio(runtime) => {
            let rt = Tokio::new(runtime.handle().clone()).expect("the runtime has a timer");
            vec![
                Subject::native(|iterations| repeat(iterations, on_tokio))
                    .note("aborts through handles in a vector, and awaits them"),
                ours(rt),
                Subject::peer(JOIN_SET, |iterations| repeat(iterations, join_set)),
                tracker,
            ]
        }
        Started::SmolExecutor(executor) => {
            let native = Arc::clone(executor);
            let native = Subject::native(move |iterations| {
                let executor = Arc::clone(&native);
                repeat(iterations, move || on_smol(Arc::clone(&executor)))
            });
            vec![
                native.note("cancels through handles in a vector, one after the other"),
                ours(SmolExecutor::new(executor)),
                Subject::missing(JOIN_SET, TOKIO_ONLY),
                tracker,
            ]
        }
        Started::Smol | Started::Sim(_) => Vec::new(),
    }
}

async fn on_tokio() -> u64 {
    let tasks = (0..CHILDREN).map(|_| tokio::spawn(pending::<Given>()));
    let tasks: Vec<_> = tasks.collect();
    YieldOnce::new().await;
    for task in &tasks {
        task.abort();
    }
    let mut stopped = 0;
    for task in tasks {
        stopped += u64::from(task.await.is_err());
    }
    stopped
}

async fn on_smol(executor: Arc<Executor<'static>>) -> u64 {
    let tasks = (0..CHILDREN).map(|_| executor.spawn(pending::<Given>()));
    let tasks: Vec<_> = tasks.collect();
    YieldOnce::new().await;
    let mut stopped = 0;
    for task in tasks {
        stopped += u64::from(task.cancel().await.is_none());
    }
    stopped
}

async fn join_set() -> u64 {
    let mut set = JoinSet::new();
    for _ in 0..CHILDREN {
        set.spawn(pending::<Given>());
    }
    YieldOnce::new().await;
    set.abort_all();
    let mut stopped = 0;
    while let Some(joined) = set.join_next().await {
        stopped += u64::from(joined.is_err());
    }
    stopped
}

fn ours<R: Runtime>(rt: R) -> Subject {
    let work = move |iterations| {
        let rt = rt.clone();
        repeat(iterations, move || scope(rt.clone()))
    };
    Subject::ours(TRUNNION, work).note("kills through the scope's token; no handle is kept")
}

async fn scope<R: Runtime>(rt: R) -> u64 {
    let scope = TaskScope::builder(&rt).joiner(Discard::new());
    let ended = scope.run(async |scope| {
        for _ in 0..CHILDREN {
            scope.spawn_detached(pending::<Given>());
        }
        YieldOnce::new().await;
        scope.token().kill(CancelKind::Requested);
        Ok(())
    });
    u64::from(ended.await.is_err()) * u64::from(CHILDREN)
}
