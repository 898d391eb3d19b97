//! E5: wherever a nested `block_on` is legal, 1,000 of them around tokio's primitives finish.
//!
//! Tokio gives each poll a budget of 128 operations. A plain `block_on` inside a poll never gets a new one, so that its
//! 129th operation stays pending for ever.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::Semaphore;
use trunnion_core::{BlockOn, Spawn, SpawnBlocking};
use trunnion_smol::{SmolGlobal, SmolOwned};
use trunnion_tokio::TokioOwned;

use crate::runtimes::ALL;

const TIMES: usize = 1_000;

fn two_workers() -> TokioOwned {
    let two = NonZeroUsize::MIN.saturating_add(1);
    TokioOwned::with_workers(two).expect("tokio starts")
}

/// Blocks 1,000 times on something that costs budget.
fn block_often(owner: &impl BlockOn) {
    let semaphore = Semaphore::new(1);
    for _ in 0..TIMES {
        let permit = owner.block_on(semaphore.acquire());
        drop(permit.expect("the semaphore is open"));
    }
}

/// Blocks once on 1,000 such operations.
fn block_once(owner: &impl BlockOn) {
    let semaphore = Semaphore::new(1);
    owner.block_on(async {
        for _ in 0..TIMES {
            drop(semaphore.acquire().await.expect("the semaphore is open"));
        }
    });
}

#[test]
fn e05_on_an_entered_thread() {
    let owner = two_workers();
    let entered = owner.handle();
    let _guard = entered.handle().enter();
    block_often(&owner);
    block_once(&owner);
}

#[test]
fn e05_in_block_in_place() {
    let owner = Arc::new(two_workers());
    let inside = owner.clone();
    let task = owner.handle().spawn(async move {
        tokio::task::block_in_place(|| {
            block_often(&*inside);
            block_often(&SmolGlobal);
            block_once(&*inside);
        });
    });
    owner.block_on(task).expect("the task ends");
}

#[test]
fn e05_in_a_blocking_closure() {
    let owner = Arc::new(two_workers());
    let inside = owner.clone();
    let closure = owner.handle().spawn_blocking(move || {
        block_often(&*inside);
        block_once(&*inside);
    });
    owner.block_on(closure).expect("the closure ends");
}

#[test]
fn e05_around_tasks_of_tokio() {
    let owner = Arc::new(two_workers());
    let (inside, rt) = (owner.clone(), owner.handle());
    let closure = owner.handle().spawn_blocking(move || {
        for number in 0..TIMES {
            assert_eq!(
                inside.block_on(rt.spawn(async move { number })).ok(),
                Some(number)
            );
        }
    });
    owner.block_on(closure).expect("the closure ends");
}

#[test]
fn e05_in_the_root_of_another_runtime() {
    let smol = SmolOwned::with_workers(NonZeroUsize::MIN).expect("the thread starts");
    for (_, start) in ALL {
        let outer = start();
        outer.block_on(async {
            // Smol blocks wherever its own tasks do not run: here inside a poll of tokio as well.
            block_often(&smol);
            block_once(&smol);
        });
    }
}

#[test]
fn e05_in_a_task_of_another_runtime() {
    let smol = Arc::new(SmolOwned::with_workers(NonZeroUsize::MIN).expect("the thread starts"));
    for (name, start) in ALL {
        let outer = start();
        let inside = smol.clone();
        let task = outer.runtime().spawn(async move {
            block_often(&*inside);
            block_once(&*inside);
        });
        assert!(outer.block_on(task).is_ok(), "{name}");
    }
}

/// The reason for all this, so that a tokio that changes it is noticed: without trunnion the budget ends.
#[test]
fn e05_a_plain_block_on_stops_at_128() {
    use std::task::{Context, Poll, Waker};

    let owner = TokioOwned::current_thread().expect("tokio starts");
    let finished = owner.block_on(owner.handle().spawn(async {
        let semaphore = Semaphore::new(1);
        let mut cx = Context::from_waker(Waker::noop());
        let ready = |_: &usize| {
            let acquire = std::pin::pin!(semaphore.acquire());
            matches!(acquire.poll(&mut cx), Poll::Ready(Ok(_)))
        };
        (0..TIMES).take_while(ready).count()
    }));
    assert_eq!(finished.expect("the task ends"), 128);
}
