//! Children that are restarted.

use std::time::Duration;

use trunnion_core::{CancelToken, Spawn, Timer};
use trunnion_patterns::{
    Backoff, ChildSpec, Restart, StopMode, Strategy, Supervisor, SupervisorBuilder, SupervisorEnd,
    SupervisorError,
};
use trunnion_sim::SimRuntime;

use crate::harness::{LATE, Space, explore};
use crate::parts::{Census, Fault, Log, MOMENT, pass};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// What a child did, and which of its incarnations.
type Deed = (char, &'static str, u64);

/// A child that is ready after a step, and waits to be stopped; the first incarnation of `fails` fails instead.
fn child(census: &Census, log: &Log<Deed>, name: &'static str, fails: &str) -> ChildSpec<Fault> {
    let (census, log, fails) = (census.clone(), log.clone(), fails == name);
    ChildSpec::new(name, move |ctx| {
        let (member, log) = (census.join(), log.clone());
        async move {
            let _member = member;
            log.add(('+', name, ctx.restarts()));
            pass(1).await;
            ctx.ready();
            if fails && ctx.restarts() == 0 {
                pass(1).await;
                log.add(('!', name, 0));
                return Err("failed");
            }
            ctx.token().cancelled().await;
            log.add(('-', name, ctx.restarts()));
            Ok(())
        }
    })
}

fn supervisor(
    rt: &SimRuntime,
    strategy: Strategy,
    token: &CancelToken,
) -> SupervisorBuilder<SimRuntime, Fault> {
    Supervisor::builder(rt)
        .strategy(strategy)
        .restarts(2, Duration::from_mins(1))
        .backoff(Backoff::fixed(MOMENT))
        .token(token)
}

/// Runs children of which `b` fails once, until all are up again; gives who did what before that failure, until then, and at the end.
async fn restarted(rt: &SimRuntime, strategy: Strategy) -> [Vec<Deed>; 3] {
    let (census, log, token) = (Census::default(), Log::default(), CancelToken::new());
    let mut builder = supervisor(rt, strategy, &token);
    for name in NAMES {
        builder = builder.child(child(&census, &log, name, "b"));
    }
    let parts = {
        let (census, log, clock) = (census.clone(), log.clone(), rt.clone());
        rt.spawn(async move {
            let mut deeds = Vec::new();
            for _ in 0..100 {
                clock.sleep(MOMENT).await;
                deeds.extend(log.take());
                if deeds.contains(&('+', "b", 1)) && census.alive() == 3 {
                    break;
                }
            }
            clock.sleep(9 * MOMENT).await;
            deeds.extend(log.take());
            token.cancel();
            let failed = deeds.iter().position(|deed| deed.0 == '!').unwrap();
            let after = deeds.split_off(failed);
            [deeds, after]
        })
    };
    let ended = builder.build().unwrap().run().await;
    assert!(matches!(ended, Ok(SupervisorEnd::Cancelled(_))));
    assert_eq!(census.alive(), 0);
    let [before, after] = parts.await.unwrap();
    [before, after, log.take()]
}

/// Those of whom it is told, in the order in which it is.
fn of(deeds: &[Deed], kind: char) -> Vec<&'static str> {
    let deeds = deeds.iter().filter(|deed| deed.0 == kind);
    deeds.map(|deed| deed.1).collect()
}

/// A supervisor whose second child fails once stops `stops`, then `starts` come up in this order; at the end all stop.
#[track_caller]
fn restarts(strategy: Strategy, stops: &[&str], starts: &[&str]) {
    explore(Space::Preemptions(1), LATE, |rt| async move {
        let [before, after, end] = restarted(&rt, strategy).await;
        let told = [&before[..], &after, &end].concat();
        // The third may start while the second fails, or be kept from it.
        let stopped = of(&after, '-');
        let third_was_up = of(&before, '+').contains(&"c");
        let without_third = stops.iter().copied().filter(|name| *name != "c");
        assert!(
            stopped == stops || (!third_was_up && without_third.eq(stopped)),
            "{told:?}"
        );
        if strategy != Strategy::OneForOne {
            assert!(of(&after, '+').ends_with(starts), "{told:?}");
        }
        for name in NAMES {
            let own = told.iter().filter(|deed| deed.1 == name);
            let begins = own.map(|deed| deed.0 == '+').collect::<Vec<_>>();
            let pairs = begins.chunks(2).all(|pair| pair == [true, false]);
            assert!(pairs, "one incarnation at a time: {told:?}");
        }
        assert_eq!(of(&end, '-'), ["c", "b", "a"], "in reverse order");
    });
}

#[test]
fn one_for_one_restarts_who_failed() {
    restarts(Strategy::OneForOne, &[], &["b"]);
}

#[test]
fn one_for_all_stops_in_reverse_and_starts_in_order() {
    restarts(Strategy::OneForAll, &["c", "a"], &NAMES);
}

#[test]
fn rest_for_one_leaves_those_before_alone() {
    restarts(Strategy::RestForOne, &["c"], &["b", "c"]);
}

#[test]
fn too_many_restarts_fail_it_and_stop_all() {
    explore(Space::All, LATE, |rt| async move {
        let (census, token) = (Census::default(), CancelToken::new());
        let (fails, stays) = (census.clone(), census.clone());
        let fails = ChildSpec::new("fails", move |ctx| {
            let member = fails.join();
            async move {
                let _member = member;
                ctx.ready();
                pass(1).await;
                Err("again")
            }
        });
        let stays = ChildSpec::new("stays", move |_| stays.endless::<Result<(), Fault>>());
        let failed = supervisor(&rt, Strategy::OneForOne, &token)
            .child(stays.ready_at_once().stop(StopMode::Kill))
            .child(fails)
            .build()
            .unwrap()
            .run()
            .await;
        let Err(SupervisorError::RestartsExceeded { child, .. }) = failed else {
            panic!("{failed:?}")
        };
        assert_eq!((&*child, census.alive(), census.entered()), ("fails", 0, 4));
    });
}

#[test]
fn a_supervisor_ends_when_nobody_is_to_come_back() {
    explore(Space::All, LATE, |rt| async move {
        let (census, token) = (Census::default(), CancelToken::new());
        let mut builder = supervisor(&rt, Strategy::OneForAll, &token);
        for (name, restart) in [("once", Restart::Temporary), ("well", Restart::Transient)] {
            let census = census.clone();
            let child = ChildSpec::new(name, move |ctx| {
                let work = census.steps(1, Ok::<_, Fault>(()));
                async move {
                    ctx.ready();
                    work.await
                }
            });
            builder = builder.child(child.restart(restart));
        }
        let ended = builder.build().unwrap().run().await;
        assert!(matches!(ended, Ok(SupervisorEnd::Completed)));
        assert_eq!((census.alive(), census.entered()), (0, 2));
    });
}

#[test]
fn a_token_that_is_cancelled_anywhere_stops_all() {
    explore(Space::All, LATE, |rt| async move {
        let (census, log, token) = (Census::default(), Log::default(), CancelToken::new());
        let builder = supervisor(&rt, Strategy::OneForAll, &token)
            .child(child(&census, &log, "a", "b"))
            .child(child(&census, &log, "b", "b"));
        let cancels = rt.spawn(async move {
            pass(2).await;
            token.cancel();
        });
        let ended = builder.build().unwrap().run().await;
        assert!(
            matches!(ended, Ok(SupervisorEnd::Cancelled(_))),
            "{ended:?}"
        );
        assert_eq!(census.alive(), 0);
        cancels.await.unwrap();
    });
}
