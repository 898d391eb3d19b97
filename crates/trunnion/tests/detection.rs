//! Finding the current runtime through the facade.
#![cfg(all(feature = "tokio", feature = "smol", feature = "sim"))]

use trunnion::{AnyRuntime, Kind, RuntimeInfo, Spawn, YieldNow, with_runtime};

#[test]
fn a_plain_tokio_program_is_found() {
    let owner = trunnion::tokio::TokioOwned::current_thread().expect("it starts");
    // Tokio's own handle: nothing of trunnion is entered.
    let native = owner.handle().handle().clone();
    let found = native.block_on(async { trunnion::current() });
    assert_eq!(found.expect("tokio runs this").info().name(), "tokio");
}

#[test]
fn outside_the_compiled_runtimes_are_listed() {
    let error = trunnion::current().expect_err("no runtime is current");
    assert_eq!(error.asked, ["tokio", "smol", "sim"]);
}

#[test]
fn each_runtime_finds_itself_in_its_tasks() {
    for kind in Kind::compiled() {
        let found = trunnion::run(*kind, async |rt| {
            let here = trunnion::current().expect("inside").info();
            let there = rt
                .spawn(async { trunnion::current().expect("inside").info() })
                .await
                .expect("it ends");
            assert_eq!(here.id, there.id);
            here.name()
        });
        assert_eq!(found.expect("it starts"), kind.name());
    }
}

#[test]
fn the_scoped_override_wins_and_ends_with_its_future() {
    let outer = Kind::SIM;
    let ids = trunnion::run(outer, async |rt| {
        let other = AnyRuntime::from_static(&trunnion::smol::SmolGlobal);
        let inside = with_runtime(other.clone(), async {
            trunnion::current().expect("inside").info().id
        })
        .await;
        assert_eq!(inside, other.info().id);
        (trunnion::current().expect("inside").info().id, rt.info().id)
    });
    let (after, own) = ids.expect("it starts");
    assert_eq!(after, own);
}

#[test]
fn what_is_left_when_main_ends_is_dropped() {
    struct Note(std::sync::mpsc::Sender<()>);
    impl Drop for Note {
        fn drop(&mut self) {
            self.0.send(()).expect("the test listens");
        }
    }
    for kind in Kind::compiled() {
        let (dropped, drops) = std::sync::mpsc::channel();
        let note = Note(dropped);
        let ended = trunnion::run(*kind, async |rt| {
            rt.spawn_detached(async move {
                let _note = note;
                std::future::pending::<()>().await;
            });
            rt.yield_now().await;
        });
        ended.expect("it starts");
        assert_eq!(drops.try_iter().count(), 1, "{kind}");
    }
}
