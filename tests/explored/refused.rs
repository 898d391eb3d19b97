//! Task scopes on a runtime that refuses to spawn.

use trunnion_patterns::{CollectAll, Failed, Fault as Lost, Outcome, TaskScope};

use crate::harness::{REFUSED, Space, explore};
use crate::parts::{Census, Fault, Log};

#[test]
fn a_child_that_the_runtime_refuses_is_told_and_the_others_go_on() {
    explore(Space::All, REFUSED, |rt| async move {
        let (census, ran) = (Census::default(), Log::default());
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            for n in 0..3 {
                let (child, ran) = (census.steps(1, n), ran.clone());
                s.spawn_detached(async move {
                    let value = child.await;
                    ran.add(value);
                    Ok::<_, Fault>(value)
                });
            }
            Ok(())
        });
        let outcomes = outcomes.await.unwrap();
        let gone = |outcome: &Outcome<_, _>| matches!(outcome, Outcome::Shutdown);
        let refused = outcomes.iter().filter(|outcome| gone(outcome)).count();
        let mut ran = ran.take();
        ran.sort_unstable();
        let kept: Vec<usize> = outcomes.into_iter().filter_map(Outcome::ok).collect();
        assert_eq!((kept.len() + refused, census.alive()), (3, 0));
        assert_eq!(kept, ran, "who ran gave its value");
    });
}

#[test]
fn a_scope_that_needs_all_its_children_fails_when_one_is_refused() {
    explore(Space::All, REFUSED, |rt| async move {
        let census = Census::default();
        let all = TaskScope::builder(&rt).run(async |s| {
            for n in 0..2 {
                s.spawn_detached(census.steps(1, Ok::<_, Fault>(n)));
            }
            Ok(())
        });
        let all = all.await;
        assert_eq!(census.alive(), 0, "it is over when its children are");
        match all {
            Ok(values) => assert_eq!(values, [0, 1]),
            Err(failed) => {
                let refused = |failed: &Failed<_>| matches!(failed.fault, Lost::Shutdown);
                assert!(failed.failures().any(refused), "{failed}");
            }
        }
    });
}
