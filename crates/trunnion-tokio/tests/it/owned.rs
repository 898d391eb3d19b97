//! Owned runtimes: roots, borrows, panics.

use std::rc::Rc;
use std::thread;

use trunnion_core::panic::catch;
use trunnion_core::{BlockOn, Flavor, RuntimeInfo, Spawn};
use trunnion_tokio::TokioOwned;

fn both() -> [TokioOwned; 2] {
    [
        TokioOwned::multi_thread().expect("tokio starts"),
        TokioOwned::current_thread().expect("tokio starts"),
    ]
}

#[test]
fn the_root_may_borrow_and_need_not_be_send() {
    for owner in both() {
        let local = Rc::new(1);
        let borrowed = &local;
        assert_eq!(owner.block_on(async move { **borrowed + 1 }), 2);
    }
}

#[test]
fn a_panic_in_the_root_unwinds_and_the_runtime_stays_usable() {
    for owner in both() {
        let caught: Result<(), _> = catch(|| owner.block_on(async { panic!("the root") }));
        assert_eq!(caught.unwrap_err().message(), Some("the root"));
        assert_eq!(
            owner.block_on(owner.handle().spawn(async { 2 })).unwrap(),
            2
        );
    }
}

#[test]
fn two_threads_may_be_inside_one_runtime() {
    for owner in both() {
        let rt = owner.handle();
        let (send, receive) = tokio::sync::oneshot::channel();
        thread::scope(|scope| {
            let (owner, rt) = (&owner, &rt);
            scope.spawn(move || {
                owner.block_on(async {
                    rt.spawn(async {}).await.unwrap();
                    receive.await.unwrap();
                });
            });
            owner.block_on(async {
                rt.spawn(async {}).await.unwrap();
                send.send(()).unwrap();
            });
        });
    }
}

#[test]
fn the_description_names_flavour_and_workers() {
    let [multi, single] = both().map(|owner| owner.handle().info());
    assert_eq!(multi.flavor, Flavor::MultiThread);
    assert_eq!(single.flavor, Flavor::CurrentThread);
    assert_eq!(single.workers.map(usize::from), Some(1));
    assert_eq!(single.name(), "tokio");
}
