//! Scopes of tasks: what each joiner makes of children that end in any order.

use std::num::NonZeroUsize;

use trunnion_patterns::{
    CollectAll, Discard, Done, FirstDone, FirstSuccess, Flow, Fold, Joiner, Outcome, Quorum,
    ScopeError, TaskScope, Tolerate, Why,
};
use trunnion_sim::SimRuntime;

use crate::harness::{Space, WAKES, explore};
use crate::parts::{Census, Fault, Log};

/// The children of a program: steps, and what comes of it.
type Children = [(usize, Result<u32, Fault>); 3];

const TWO: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

/// Runs the children in a scope with `joiner`; gives the result, and in which order they ended by themselves.
async fn run<J: Joiner<u32, Fault>>(
    rt: &SimRuntime,
    joiner: J,
    children: Children,
) -> (
    Result<J::Output, ScopeError<Fault>>,
    Vec<Result<u32, Fault>>,
) {
    let (census, ends) = (Census::default(), Log::default());
    let scope = TaskScope::builder(rt).joiner(joiner);
    let result = scope.run(async |s| {
        for (steps, result) in children {
            let (child, ends) = (census.steps(steps, result), ends.clone());
            s.spawn_detached(async move {
                let result = child.await;
                ends.add(result);
                result
            });
        }
        Ok(())
    });
    let result = result.await;
    assert_eq!(census.alive(), 0, "a scope that is over has no children");
    (result, ends.take())
}

const GOOD: Children = [(1, Ok(1)), (0, Ok(2)), (0, Ok(3))];
const MIXED: Children = [(1, Ok(1)), (0, Err("two")), (1, Ok(3))];
const BAD: Children = [(0, Err("one")), (0, Err("two")), (1, Ok(3))];

#[test]
fn without_a_joiner_all_values_come_in_the_order_of_the_spawns() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let values = TaskScope::builder(&rt).run(async |s| {
            for (steps, result) in GOOD {
                drop(s.spawn(census.steps(steps, result)));
            }
            Ok(())
        });
        assert_eq!(values.await.unwrap(), [1, 2, 3]);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn without_a_joiner_the_first_error_cancels_the_siblings() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let failed = TaskScope::builder(&rt).run(async |s| {
            s.spawn_detached(census.endless::<Result<u32, Fault>>());
            s.spawn_detached(census.steps(1, Err("a")));
            s.spawn_detached(census.steps(0, Err("b")));
            Ok(())
        });
        let failed = failed.await.unwrap_err();
        let failures = failed.failures().count();
        assert!(
            (1..=2).contains(&failures) && failed.cancelled == 3 - failures,
            "{failed}"
        );
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn collect_all_has_an_outcome_of_each() {
    explore(Space::All, WAKES, |rt| async move {
        let (outcomes, _) = run(&rt, CollectAll::default(), MIXED).await;
        let results = outcomes.unwrap().into_iter().map(|outcome| match outcome {
            Outcome::Ok(value) => Ok(value),
            Outcome::Err(error) => Err(error),
            other => panic!("{other:?}"),
        });
        assert_eq!(results.collect::<Vec<_>>(), MIXED.map(|child| child.1));
    });
}

#[test]
fn discard_gives_the_first_error_that_was_seen() {
    explore(Space::All, WAKES, |rt| async move {
        let (result, ends) = run(&rt, Discard::new(), BAD).await;
        let first = ends.iter().find_map(|end| end.err());
        assert_eq!(result.unwrap_err().into_first(), first);
    });
}

#[test]
fn discard_that_goes_on_lets_all_end() {
    explore(Space::All, WAKES, |rt| async move {
        let (result, ends) = run(&rt, Discard::new().and_go_on(), BAD).await;
        assert_eq!(ends.len(), 3);
        assert_eq!(result.unwrap_err().failures().count(), 2);
    });
}

#[test]
fn first_success_outlives_failures_and_stops_the_rest() {
    explore(Space::All, WAKES, |rt| async move {
        let (result, ends) = run(&rt, FirstSuccess::default(), MIXED).await;
        let first = ends.iter().find_map(|end| end.ok());
        assert_eq!(result.ok(), first);
    });
}

#[test]
fn first_done_is_the_first_whatever_it_is() {
    explore(Space::All, WAKES, |rt| async move {
        let (result, ends) = run(&rt, FirstDone::default(), MIXED).await;
        let done = match result.unwrap() {
            Outcome::Ok(value) => Ok(value),
            Outcome::Err(error) => Err(error),
            other => panic!("{other:?}"),
        };
        assert_eq!(done, ends[0]);
    });
}

#[test]
fn fold_sees_each_once() {
    explore(Space::All, WAKES, |rt| async move {
        let sum = Fold::new(0, |sum: &mut u32, done: Done<u32, Fault>| {
            *sum += done.outcome.ok().unwrap();
            Flow::Continue
        });
        let (result, ends) = run(&rt, sum, GOOD).await;
        assert_eq!((result.unwrap(), ends.len()), (6, 3));
    });
}

#[test]
fn quorum_ends_with_enough() {
    explore(Space::All, WAKES, |rt| async move {
        let (result, ends) = run(&rt, Quorum::new(TWO), MIXED).await;
        let good: Vec<_> = ends.iter().filter_map(|end| end.ok()).collect();
        assert_eq!(result.unwrap().len(), 2);
        assert_eq!(good.len(), 2);
    });
}

#[test]
fn quorum_ends_when_it_is_out_of_reach() {
    explore(Space::All, WAKES, |rt| async move {
        let (result, _) = run(&rt, Quorum::new(TWO), BAD).await;
        assert!(matches!(result.unwrap_err().why, Why::OutOfReach));
    });
}

#[test]
fn tolerate_bears_so_many_failures_and_no_more() {
    explore(Space::All, WAKES, |rt| async move {
        let (result, ends) = run(&rt, Tolerate::new(1), MIXED).await;
        assert!(result.is_ok() && ends.len() == 3);
        let (result, ends) = run(&rt, Tolerate::new(1), BAD).await;
        let outcomes = result.unwrap();
        let cancelled = outcomes
            .iter()
            .filter(|outcome| outcome.is_cancelled())
            .count();
        assert_eq!((outcomes.len(), ends.len() + cancelled), (3, 3));
    });
}
