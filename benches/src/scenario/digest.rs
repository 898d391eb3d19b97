//! A whole program: the SHA-256 of every file of a tree.

mod fold;
mod native_smol;
mod native_tokio;
mod outcome;
mod tree;

use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use trunnion_core::{AnyRuntime, CancelToken, Runtime, SpawnBlocking};
use trunnion_examples::digest::{Request, digest};
use trunnion_smol::{SmolExecutor, SmolGlobal};
use trunnion_tokio::Tokio;

use super::Scenario;
use crate::contender::{Global, SmolSpawn};
use crate::host::{Host, Started};
use crate::subject::{Subject, Work};
use fold::Fold;
use tree::Tree;

/// How many files are read at once.
const LIMIT: NonZeroUsize = NonZeroUsize::new(8).expect("8 is not zero");

/// How long a file may take; none does.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How often a wait of the programs for one runtime looks at the token.
const LOOK: Duration = Duration::from_millis(100);

pub(super) const SCENARIO: Scenario = Scenario {
    id: "digest",
    about: "The demo `digest`: a tree of 60 files is walked and each file hashed by a task that awaits a blocking closure with a \
            timeout, 8 at once, the sums in the order of the paths. Walking, reading and hashing are the same code in all rows, and \
            most of the time; the lines are not printed.",
    unit: "tree",
    operations: 1,
    threaded: true,
    hosts: Host::ALL,
    headline: (Host::Tokio, "trunnion"),
    expected: |iterations| tree::fold().wrapping_mul(u64::from(iterations)),
    subjects,
};

fn subjects(_: Host, started: &Started) -> Vec<Subject> {
    let tree = Arc::new(Tree::write());
    match started {
        Started::Tokio(runtime) => {
            let rt = Tokio::new(runtime.handle().clone()).expect("the runtime has a timer");
            around(by_hand_on_tokio(&tree), &rt, &tree)
        }
        Started::SmolExecutor(executor) => {
            let rt = SmolExecutor::new(executor);
            around(by_hand_on_smol(Arc::clone(executor), &tree), &rt, &tree)
        }
        Started::Smol => around(by_hand_on_smol(Global, &tree), &SmolGlobal, &tree),
        Started::Sim(sim) => Vec::from(ours(&sim.handle(), &tree)),
    }
}

fn around<R: Runtime + SpawnBlocking>(native: Subject, rt: &R, tree: &Arc<Tree>) -> Vec<Subject> {
    let mut rows = vec![native];
    rows.extend(ours(rt, tree));
    rows
}

fn by_hand_on_tokio(tree: &Arc<Tree>) -> Subject {
    let tree = Arc::clone(tree);
    Subject::native(move |iterations| repeated(Arc::clone(&tree), native_tokio::digest, iterations))
        .note("an early end leaves up to 8 tasks running: a dropped handle does not cancel")
}

fn by_hand_on_smol(executor: impl SmolSpawn, tree: &Arc<Tree>) -> Subject {
    let tree = Arc::clone(tree);
    Subject::native(move |iterations| {
        let executor = executor.clone();
        let program = move |request, fold| native_smol::digest(executor.clone(), request, fold);
        repeated(Arc::clone(&tree), program, iterations)
    })
    .note("a panic in a task goes on in the program; elsewhere it is a line for its file")
}

fn ours<R: Runtime + SpawnBlocking>(rt: &R, tree: &Arc<Tree>) -> [Subject; 2] {
    let any = AnyRuntime::new(rt.clone());
    [
        Subject::ours("trunnion", through(rt.clone(), tree)),
        Subject::ours("AnyRuntime", through(any, tree)),
    ]
}

fn through<R: Runtime + SpawnBlocking>(rt: R, tree: &Arc<Tree>) -> Work {
    let tree = Arc::clone(tree);
    Box::new(move |iterations| {
        let rt = rt.clone();
        let program = move |request, fold| with_trunnion(rt.clone(), request, fold);
        Box::pin(repeated(Arc::clone(&tree), program, iterations))
    })
}

async fn with_trunnion<R: Runtime + SpawnBlocking>(
    rt: R,
    request: Request,
    mut fold: Fold,
) -> Fold {
    let summary = digest(&rt, &request, &mut fold).await;
    summary.expect("nothing ends the program early");
    fold
}

/// Runs a program so many times over the tree, which lives as long as the work does.
async fn repeated<P, F>(tree: Arc<Tree>, program: P, iterations: u32) -> u64
where
    P: Fn(Request, Fold) -> F,
    F: Future<Output = Fold>,
{
    let mut sum: u64 = 0;
    for _ in 0..iterations {
        let done = program(request(&tree), Fold::default()).await;
        sum = sum.wrapping_add(done.finish());
    }
    sum
}

fn request(tree: &Tree) -> Request {
    Request {
        root: tree.root().to_owned(),
        limit: LIMIT,
        timeout: TIMEOUT,
        stop: CancelToken::new(),
        hold: None,
        meter: Arc::new(()),
    }
}
