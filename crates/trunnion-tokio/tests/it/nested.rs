//! `block_on` inside `block_on`: refused where tokio would panic, working everywhere else.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use tokio::sync::Semaphore;
use trunnion_core::context::unbudgeted;
use trunnion_core::{BlockOn, Spawn, SpawnBlocking};
use trunnion_tokio::TokioOwned;

use crate::hook::panics_seen;

const MANY: usize = 1000;

fn multi() -> TokioOwned {
    TokioOwned::multi_thread().expect("tokio starts")
}

fn single() -> TokioOwned {
    TokioOwned::current_thread().expect("tokio starts")
}

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A `block_on` as an adapter without tokio has it.
fn portable<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        match unbudgeted(|| future.as_mut().poll(&mut cx)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

async fn take(semaphore: &Semaphore) {
    drop(semaphore.acquire().await.expect("it is open"));
}

#[test]
fn a_task_and_a_root_refuse_without_a_panic_and_go_on() {
    for owner in [multi(), single()] {
        let seen = panics_seen(|| {
            owner.block_on(async {
                let refused = owner.try_block_on(async { 1 });
                let future = refused.expect_err("inside the root").into_inner();
                assert_eq!(future.await, 1, "it is given back unpolled");
            });
        });
        assert_eq!(seen, 0);
    }
    let owner = Arc::new(multi());
    let inner = Arc::clone(&owner);
    let task = owner.handle().spawn(async move {
        let refused = inner.try_block_on(async { 1 }).map_err(|_| ());
        (panics_seen(|| drop(inner.try_block_on(async {}))), refused)
    });
    assert_eq!(owner.block_on(task).unwrap(), (0, Err(())));
}

#[test]
fn another_runtimes_poll_refuses_too() {
    let (outer, inner) = (single(), multi());
    assert!(outer.block_on(async { inner.try_block_on(async {}).is_err() }));
    assert!(inner.block_on(async { outer.try_block_on(async {}).is_err() }));
}

#[test]
fn a_poll_without_a_budget_refuses() {
    let owner = single();
    let refused = owner.block_on(tokio::task::unconstrained(async {
        owner.try_block_on(async { 1 }).err()
    }));
    let future = refused.expect("inside the root").into_inner();
    assert_eq!(owner.block_on(future), 1);
}

#[test]
fn asking_leaves_the_budget_as_it_was() {
    use tokio::task::coop::{has_budget_remaining, poll_proceed};
    /// Spends the budget and counts its units.
    fn spend(cx: &mut Context<'_>) -> usize {
        let mut units = 0;
        while has_budget_remaining() {
            if let Poll::Ready(unit) = poll_proceed(cx) {
                unit.made_progress();
            }
            units += 1;
        }
        units
    }
    let owner = single();
    let count = |ask: bool| {
        owner.block_on(std::future::poll_fn(|cx| {
            if ask {
                assert!(owner.try_block_on(async {}).is_err());
            }
            Poll::Ready(spend(cx))
        }))
    };
    assert_eq!(count(true), count(false));
}

#[test]
fn blocking_threads_may_block() {
    for owner in [Arc::new(multi()), Arc::new(single())] {
        let inner = Arc::clone(&owner);
        let rt = owner.handle();
        let seen = owner.block_on(rt.spawn_blocking(move || {
            panics_seen(|| {
                let rt = inner.handle();
                assert_eq!(
                    inner
                        .block_on(async { rt.spawn(async { 5 }).await })
                        .unwrap(),
                    5
                );
            })
        }));
        assert_eq!(seen.unwrap(), 0);
    }
}

#[test]
fn a_thousand_nested_calls_finish_in_block_in_place() {
    let owner = Arc::new(multi());
    let inner = Arc::clone(&owner);
    let task = owner.handle().spawn(async move {
        tokio::task::block_in_place(|| {
            let rt = inner.handle();
            let semaphore = Semaphore::new(1);
            for i in 0..MANY {
                assert_eq!(inner.block_on(rt.spawn(async move { i })).unwrap(), i);
                assert_eq!(portable(rt.spawn(async move { i })).unwrap(), i);
                portable(take(&semaphore));
            }
        });
    });
    owner.block_on(task).unwrap();
}

#[test]
fn a_thousand_portable_calls_finish_inside_a_poll() {
    // Nothing but the semaphore is waited for, so that this is legal on a worker, and the budget would end at 128.
    for owner in [multi(), single()] {
        owner.block_on(async {
            let semaphore = Semaphore::new(1);
            (0..MANY).for_each(|_| portable(take(&semaphore)));
        });
    }
}

#[test]
fn a_thousand_nested_calls_finish_on_an_entered_thread() {
    let owner = multi();
    let rt = owner.handle();
    let _entered = rt.handle().enter();
    let semaphore = Semaphore::new(1);
    for i in 0..MANY {
        assert_eq!(owner.block_on(rt.spawn(async move { i })).unwrap(), i);
        assert_eq!(portable(rt.spawn(async move { i })).unwrap(), i);
        portable(take(&semaphore));
    }
}

#[test]
fn a_panic_in_a_nested_root_unwinds_and_is_not_taken_for_a_refusal() {
    let owner = multi();
    let rt = owner.handle();
    let _entered = rt.handle().enter();
    let caught =
        trunnion_core::panic::catch(|| owner.try_block_on(async { panic!("the root") }).is_ok());
    assert_eq!(caught.unwrap_err().message(), Some("the root"));
    assert_eq!(owner.block_on(async { 1 }), 1);
}
