//! Cleanup that always runs.

use trunnion_core::{Spawn, TaskHandle};
use trunnion_patterns::{BracketError, TaskScope, bracket};

use crate::harness::{Space, WAKES, explore};
use crate::parts::{Census, Fault, Member, pass};

/// Notes that the resource was released.
async fn release((member, released): (Member, Census)) -> Result<(), Fault> {
    pass(1).await;
    drop(released.join());
    drop(member);
    Ok(())
}

#[test]
fn what_is_acquired_is_released_wherever_the_caller_is_dropped() {
    explore(Space::All, WAKES, |rt| async move {
        let (held, released) = (Census::default(), Census::default());
        let whole = {
            let (rt, held, released) = (rt.clone(), held.clone(), released.clone());
            rt.clone().spawn(async move {
                let acquire = async {
                    pass(1).await;
                    Ok((held.join(), released.clone()))
                };
                let usage = async |_: &mut (Member, Census)| {
                    pass(1).await;
                    Ok(7)
                };
                bracket(&rt, acquire, usage, release).await
            })
        };
        pass(3).await;
        match whole.cancel().await {
            Ok(value) => assert_eq!(value.ok(), Some(7)),
            Err(error) => assert!(error.is_cancelled()),
        }
        rt.settle().await;
        assert_eq!((held.alive(), released.entered()), (0, held.entered()));
    });
}

#[test]
fn a_scope_waits_for_the_release_of_a_child_that_is_cancelled() {
    explore(Space::All, WAKES, |rt| async move {
        let (held, released) = (Census::default(), Census::default());
        let ended = TaskScope::builder(&rt).run(async |s| {
            let (inside, held, released) = (s.clone(), held.clone(), released.clone());
            s.spawn_detached(async move {
                let acquire = async { Ok((held.join(), released.clone())) };
                let usage = async |_: &mut (Member, Census)| {
                    pass(1).await;
                    Ok(())
                };
                let used = bracket(&inside, acquire, usage, release).await;
                used.map_err(|_| "not used")
            });
            pass(1).await;
            s.token().cancel();
            Ok(())
        });
        drop(ended.await);
        assert_eq!((held.alive(), released.entered()), (0, held.entered()));
    });
}

#[test]
fn errors_of_use_and_release_are_both_told() {
    explore(Space::All, WAKES, |rt| async move {
        let released = Census::default();
        let (fails, ends) = (rt.spawn(pass(1)), rt.spawn(pass(0)));
        let acquire = async { Ok(released.join()) };
        let usage = async |_: &mut Member| {
            fails.await.unwrap();
            Err::<(), _>("use")
        };
        let release = |member| async move {
            ends.await.unwrap();
            drop(member);
            Err("release")
        };
        let error = bracket(&rt, acquire, usage, release).await.unwrap_err();
        assert!(matches!(
            error,
            BracketError::Use("use", Some(trunnion_patterns::Fault::Error("release")))
        ));
        assert_eq!(released.alive(), 0);
    });
}
