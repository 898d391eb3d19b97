//! Scopes of tasks with so many places.

use std::num::NonZeroUsize;

use trunnion_core::Spawn;
use trunnion_patterns::{CollectAll, TaskScope};

use crate::harness::{Space, WAKES, explore};
use crate::parts::{Census, Fault, pass};

const ONE: NonZeroUsize = NonZeroUsize::MIN;
const TWO: NonZeroUsize = ONE.saturating_add(1);

#[test]
fn so_many_run_at_once_and_all_do() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let values = TaskScope::builder(&rt).limit(TWO).run(async |s| {
            for n in 0..3 {
                let child = census.clone();
                let placed = s.spawn(async move { child.steps(1, Ok::<_, Fault>(n)).await });
                drop(placed.await.unwrap());
            }
            Ok(())
        });
        assert_eq!(values.await.unwrap(), [0, 1, 2]);
        assert!(census.alive() == 0 && census.peak() <= 2);
    });
}

#[test]
fn who_waits_for_a_place_gets_the_one_of_a_child_that_is_aborted() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let scope = TaskScope::builder(&rt)
            .limit(ONE)
            .joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            let endless = s
                .spawn(census.endless::<Result<u32, Fault>>())
                .await
                .unwrap();
            let aborts = rt.spawn(async move {
                pass(1).await;
                endless.abort();
            });
            let next = s.spawn(census.steps(0, Ok(2))).await;
            assert!(next.is_ok());
            aborts.await.unwrap();
            Ok(())
        });
        let outcomes = outcomes.await.unwrap();
        assert!(outcomes[0].is_cancelled() && outcomes[1].is_ok());
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn who_waits_for_a_place_is_refused_when_the_scope_is_cancelled() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let ended = TaskScope::builder(&rt).limit(ONE).run(async |s| {
            drop(s.spawn(census.endless::<Result<(), Fault>>()).await);
            let token = s.token().clone();
            let cancels = rt.spawn(async move { token.cancel() });
            let refused = s.spawn(census.steps(0, Ok(()))).await;
            assert!(refused.is_err(), "there is no place");
            drop(refused);
            drop(cancels.await);
            Ok(())
        });
        drop(ended.await.unwrap_err());
        assert_eq!(census.alive(), 0);
    });
}
