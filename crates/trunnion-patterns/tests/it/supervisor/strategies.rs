//! Who is restarted when a child ends: each strategy, each kind of child, each end.

use trunnion_core::{CancelToken, Timer};
use trunnion_patterns::{Restart, Strategy, SupervisorEnd};

use super::{End, Log, MOMENT, child, eager, in_each_schedule, in_schedules};

pub(super) const STRATEGIES: [Strategy; 3] = [
    Strategy::OneForOne,
    Strategy::OneForAll,
    Strategy::RestForOne,
];

/// What OTP's documentation says of a line `a b c` of which `b` ends.
fn expected(strategy: Strategy, restart: Restart, end: End) -> &'static str {
    let again = match restart {
        Restart::Permanent => true,
        Restart::Transient => end != End::Ok,
        _ => false,
    };
    match strategy {
        _ if !again => "+a +b +c -b -c -a",
        Strategy::OneForOne => "+a +b +c -b +b -c -b -a",
        Strategy::OneForAll => "+a +b +c -b -c -a +a +b +c -c -b -a",
        _ => "+a +b +c -b -c +b +c -c -b -a",
    }
}

#[test]
fn each_strategy_with_each_kind_of_child_and_each_end() {
    for strategy in STRATEGIES {
        for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
            for (end, ends) in [
                (End::Ok, &[(10, End::Ok)]),
                (End::Err, &[(10, End::Err)]),
                (End::Panic, &[(10, End::Panic)]),
            ] {
                in_schedules(16, |rt| async move {
                    let (log, token) = (Log::default(), CancelToken::new());
                    let supervisor = eager(&rt)
                        .strategy(strategy)
                        .token(&token)
                        .child(child(&rt, &log, "a", &[]))
                        .child(child(&rt, &log, "b", ends).restart(restart))
                        .child(child(&rt, &log, "c", &[]))
                        .build()
                        .expect("it is sound");
                    let stop = async {
                        rt.sleep(100 * MOMENT).await;
                        token.cancel();
                    };
                    let (ended, ()) = trunnion_patterns::gather((supervisor.run(), stop)).await;
                    assert!(matches!(ended, Ok(SupervisorEnd::Cancelled(_))));
                    let expected = expected(strategy, restart, end);
                    assert_eq!(log.text(), expected, "{strategy:?} {restart:?} {end:?}");
                });
            }
        }
    }
}

/// Runs `a b c`, with these ends and kinds, for 100 moments.
fn line(strategy: Strategy, ends: [&'static [(u32, End)]; 3], kinds: [Restart; 3], expected: &str) {
    in_each_schedule(|rt| async move {
        let (log, token) = (Log::default(), CancelToken::new());
        let mut builder = eager(&rt).strategy(strategy).token(&token);
        for ((name, ends), kind) in ["a", "b", "c"].into_iter().zip(ends).zip(kinds) {
            builder = builder.child(child(&rt, &log, name, ends).restart(kind));
        }
        let stop = async {
            rt.sleep(100 * MOMENT).await;
            token.cancel();
        };
        let supervisor = builder.build().expect("it is sound");
        let (ended, ()) = trunnion_patterns::gather((supervisor.run(), stop)).await;
        assert!(matches!(ended, Ok(SupervisorEnd::Cancelled(_))));
        assert_eq!(log.text(), expected);
    });
}

#[test]
fn the_first_of_a_line_takes_all_with_it_and_the_last_nobody() {
    let kinds = [Restart::Permanent; 3];
    let rest = Strategy::RestForOne;
    line(
        rest,
        [&[(10, End::Err)], &[], &[]],
        kinds,
        "+a +b +c -a -c -b +a +b +c -c -b -a",
    );
    line(
        rest,
        [&[], &[], &[(10, End::Err)]],
        kinds,
        "+a +b +c -c +c -c -b -a",
    );
}

#[test]
fn a_temporary_sibling_is_stopped_with_the_others_and_does_not_come_back() {
    let kinds = [Restart::Temporary, Restart::Permanent, Restart::Temporary];
    line(
        Strategy::OneForAll,
        [&[], &[(10, End::Err)], &[]],
        kinds,
        "+a +b +c -b -c -a +b -b",
    );
}

#[test]
fn a_transient_sibling_that_had_come_to_its_end_runs_again_with_the_others() {
    let kinds = [Restart::Permanent, Restart::Permanent, Restart::Transient];
    line(
        Strategy::RestForOne,
        [&[], &[(10, End::Err)], &[(5, End::Ok)]],
        kinds,
        "+a +b +c -c -b +b +c -c -b -a",
    );
}

#[test]
fn a_sibling_before_it_that_fails_later_takes_it_along() {
    // `c` fails and comes back alone; then `a` fails, and all are restarted.
    line(
        Strategy::RestForOne,
        [&[(10, End::Err)], &[], &[(9, End::Panic)]],
        [Restart::Permanent; 3],
        "+a +b +c -c +c -a -c -b +a +b +c -c -b -a",
    );
}

#[test]
fn children_of_a_one_for_one_supervisor_that_fail_together_are_restarted_alone() {
    in_each_schedule(|rt| async move {
        let (log, token) = (Log::default(), CancelToken::new());
        let supervisor = eager(&rt)
            .token(&token)
            .child(child(&rt, &log, "a", &[(10, End::Err)]))
            .child(child(&rt, &log, "b", &[(10, End::Panic)]))
            .build()
            .expect("it is sound");
        let stop = async {
            rt.sleep(20 * MOMENT).await;
            assert_eq!(log.alive(), 2);
            token.cancel();
        };
        let (ended, ()) = trunnion_patterns::gather((supervisor.run(), stop)).await;
        assert!(ended.is_ok());
        let log = log.text();
        assert!(log.starts_with("+a +b -"), "{log}");
        assert!(log.ends_with(" -b -a"), "{log}");
        assert_eq!(log.matches('+').count(), 4, "{log}");
    });
}
