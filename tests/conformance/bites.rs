//! The suite bites: for an adapter that breaks one promise, the cases that check the promise fail.
#![cfg(not(trunnion_loom))]

#[path = "toy/adapter.rs"]
mod adapter;
#[path = "toy/executor.rs"]
mod executor;
#[path = "bites/flawed.rs"]
mod flawed;
#[path = "bites/owner.rs"]
mod owner;

use std::panic::{AssertUnwindSafe, catch_unwind};

use flawed::{Flaw, Of};
use trunnion_conformance::{cases, watched};

/// Checks that `case` fails by itself; a hang would only reach the watchdog.
fn bites(name: &'static str, case: fn()) {
    let failed = catch_unwind(AssertUnwindSafe(|| watched(name, case)));
    let payload = failed.expect_err("the case passed in spite of the flaw");
    let text = payload.downcast_ref::<String>();
    let hung = text.is_some_and(|text| text.contains("hangs"));
    assert!(!hung, "the case hung in place of failing");
}

/// One module for each flaw, one test for each case that must fail.
macro_rules! flaws {
    ($($module:ident: $flaw:ident [$($group:ident::$case:ident),* $(,)?])*) => {
        $(mod $module {
            use super::*;

            struct Broken;

            impl Flaw for Broken {
                const $flaw: bool = true;
            }

            $(#[test]
            fn $case() {
                bites(stringify!($case), cases::$group::$case::<Of<Broken>>);
            })*
        })*
    };
}

flaws! {
    a_dropped_handle_detaches: DETACHES [
        spawn::s04_dropping_the_handle_cancels_the_task,
        spawn::s05_a_task_dropped_before_its_first_poll_is_not_polled,
        spawn::s30_an_aborted_future_is_dropped_on_the_runtime,
    ]
    a_panic_unwinds_into_the_awaiter: UNWINDS [
        panic::p01_a_panic_arrives_with_its_payload_and_harms_nobody_else,
        panic::p03_a_panic_in_the_destructor_of_an_aborted_future_arrives,
        panic::p09_the_payload_is_intact_and_has_a_message,
    ]
    a_cancelled_task_is_not_waited_for: CANCELS_AT_ONCE [
        spawn::s10_abort_after_the_end_keeps_the_value,
        spawn::s13_cancel_returns_after_the_destructor,
        spawn::s13_cancel_keeps_the_value_of_a_finished_task,
    ]
    a_spawn_runs_the_future_in_its_caller: RUNS_INLINE [
        spawn::s03_spawn_never_runs_the_future_in_its_caller,
    ]
    the_first_waker_is_kept: KEEPS_FIRST_WAKER [
        timer::t12_only_the_last_waker_is_woken,
        spawn::s19_the_last_waker_that_polled_the_handle_is_woken,
        spawn::s19_a_handle_can_move_between_tasks,
    ]
    a_sleep_is_pending_at_first: IS_LAZY [
        timer::t03_a_zero_duration_is_ready_at_the_first_poll,
        timer::t04_a_past_deadline_is_ready_at_the_first_poll,
    ]
    a_reset_is_ignored: IGNORES_RESET [
        timer::t05_the_far_future_can_be_reset,
        timer::t06_a_reset_to_later_moves_the_end,
        timer::t07_a_reset_to_earlier_wakes_the_task,
        timer::t08_a_reset_after_the_end_arms_it_again,
        timer::t09_a_reset_to_the_past_ends_it,
    ]
    milliseconds_wrap: WRAPS [
        timer::t01_a_sleep_is_never_early,
        timer::t05_the_far_future_stays_pending,
    ]
    a_sleep_is_early: IS_EARLY [
        clock::c02_now_advances_by_what_was_slept,
        timer::t01_a_sleep_is_never_early,
        timer::t02_lateness_is_reported,
        timer::t19_deadline_and_is_elapsed_agree_with_poll,
    ]
    the_runtime_outlives_its_owner: GOES_ON [
        ends::s07_a_detached_task_is_dropped_once_when_the_runtime_ends,
        ends::x01_an_awaiter_outside_gets_shutdown_when_the_owner_is_dropped,
    ]
}

mod nothing_is_broken {
    use super::*;

    struct Whole;

    impl Flaw for Whole {}

    #[test]
    fn an_end_that_is_not_declared_is_found() {
        bites("is_missing", cases::ends::is_missing::<Of<Whole>>);
    }

    #[test]
    fn the_same_cases_pass() {
        cases::spawn::s04_dropping_the_handle_cancels_the_task::<Of<Whole>>();
        cases::spawn::s24_a_future_that_must_not_move_stays_in_place::<Of<Whole>>();
        cases::panic::p09_the_payload_is_intact_and_has_a_message::<Of<Whole>>();
        cases::timer::t09_a_reset_to_the_past_ends_it::<Of<Whole>>();
        cases::timer::t12_only_the_last_waker_is_woken::<Of<Whole>>();
    }
}
