//! Waiting for several futures.
//!
//! Each future waits for a task of its own, so that it is the schedule that says which is ready first.

use std::future::Future;

use trunnion_core::{JoinError, Spawn};
use trunnion_patterns::{as_completed, gather, race, race_ok, settle, try_gather};
use trunnion_sim::SimRuntime;

use crate::harness::{Space, WAKES, explore};
use crate::parts::{Census, Fault, Log, pass};

/// A task that gives `value` after so many steps, and the future that waits for it and is counted.
fn told<T: Send + 'static>(
    rt: &SimRuntime,
    census: &Census,
    steps: usize,
    value: T,
) -> impl Future<Output = T> + use<T> {
    let (task, member) = (
        rt.spawn(async move { (pass(steps).await, value).1 }),
        census.join(),
    );
    async move {
        let _member = member;
        task.await.unwrap()
    }
}

#[test]
fn gather_gives_each_output_in_its_place() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let told = |steps, value| told(&rt, &census, steps, value);
        let (a, b, c) = gather((told(1, 'a'), told(0, 'b'), async { 'c' })).await;
        assert_eq!([a, b, c], ['a', 'b', 'c']);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn gather_of_many_misses_no_wake() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let many: Vec<_> = (0..3).map(|n| told(&rt, &census, 0, n)).collect();
        assert_eq!(gather(many).await, [0, 1, 2]);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn try_gather_gives_the_first_error_once_the_others_are_gone() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let first = Log::default();
        let fails = |steps: usize, error: Fault| {
            let (told, first) = (told(&rt, &census, steps, error), first.clone());
            async move {
                let error = told.await;
                first.add(error);
                Err::<(), _>(error)
            }
        };
        let endless = census.endless::<Result<(), Fault>>();
        let failed = try_gather((fails(1, "a"), fails(0, "b"), endless)).await;
        assert_eq!(census.alive(), 0);
        let errors = failed.unwrap_err();
        assert_eq!(errors.iter().copied().collect::<Vec<_>>(), first.take());
    });
}

#[test]
fn settle_gives_errors_in_their_places() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let of = |steps, value: Result<u32, Fault>| told(&rt, &census, steps, value);
        let settled = settle((of(1, Err("a")), of(0, Ok(2)))).await;
        assert_eq!(settled, (Err("a"), Ok(2)));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn race_gives_one_that_was_ready_and_drops_the_others() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let ready = Log::default();
        let runs = |steps: usize, name: char| {
            let (told, ready) = (told(&rt, &census, steps, name), ready.clone());
            async move {
                let name = told.await;
                ready.add(name);
                name
            }
        };
        let won = race((runs(0, 'a'), runs(1, 'b'), runs(0, 'c'))).await;
        assert_eq!(census.alive(), 0);
        assert_eq!(
            ready.take(),
            [won],
            "what was ready first has won, and no other was polled to its end"
        );
    });
}

#[test]
fn race_of_ready_futures_begins_anywhere() {
    let begun = Log::default();
    explore(Space::All, WAKES, |_| {
        let begun = begun.clone();
        async move {
            let won = race((async { 0_usize }, async { 1 }, async { 2 })).await;
            begun.add(won);
        }
    });
    let begun = begun.take();
    for first in 0..3 {
        assert!(begun.contains(&first), "no race began with {first}");
    }
}

#[test]
fn race_ok_gives_a_success_or_all_errors() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let of = |steps, value: Result<u32, Fault>| told(&rt, &census, steps, value);
        let won = race_ok((of(0, Err("a")), of(1, Ok(2)), of(0, Err("c")))).await;
        assert_eq!(won.unwrap(), 2);
        assert_eq!(census.alive(), 0);
        let lost = race_ok((of(0, Err::<u32, _>("a")), of(0, Err("b")))).await;
        assert_eq!(
            lost.unwrap_err().errors,
            ["a", "b"],
            "in the order of the futures"
        );
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn as_completed_gives_each_once_in_the_order_of_their_ends() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let ends = Log::default();
        let many = [1, 0, 0].into_iter().enumerate().map(|(number, steps)| {
            let (told, ends) = (told(&rt, &census, steps, number), ends.clone());
            async move {
                let number = told.await;
                ends.add(number);
                number
            }
        });
        let mut completed = as_completed(many);
        let mut given = Vec::new();
        while let Some((_, number)) = completed.next().await {
            given.push(number);
        }
        assert_eq!((given.len(), census.alive()), (3, 0));
        assert_eq!(given, ends.take());
    });
}

#[test]
fn a_gather_that_is_dropped_anywhere_drops_its_futures() {
    explore(Space::All, WAKES, |rt| async move {
        let census = Census::default();
        let gathers = rt.spawn({
            let (a, b) = (told(&rt, &census, 1, 'a'), told(&rt, &census, 0, 'b'));
            async move { gather(vec![a, b]).await }
        });
        pass(1).await;
        match trunnion_core::TaskHandle::cancel(gathers).await {
            Ok(given) => assert_eq!(given, ['a', 'b']),
            Err(error) => assert!(matches!(error, JoinError::Cancelled)),
        }
        assert_eq!(census.alive(), 0);
    });
}
