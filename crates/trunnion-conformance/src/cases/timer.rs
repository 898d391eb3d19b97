//! T: sleeps.

mod cancel;
mod far;
mod order;
mod place;
mod reset;
mod when;

pub use cancel::*;
pub use far::*;
pub use order::*;
pub use place::*;
pub use reset::*;
pub use when::*;

use core::time::Duration;

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! timer_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; timer [
            t01_a_sleep_is_never_early,
            t02_lateness_is_reported,
            t03_a_zero_duration_is_ready_at_the_first_poll,
            t04_a_past_deadline_is_ready_at_the_first_poll,
            t05_the_far_future_stays_pending,
            t05_the_far_future_can_be_reset,
            t06_a_reset_to_later_moves_the_end,
            t07_a_reset_to_earlier_wakes_the_task,
            t08_a_reset_after_the_end_arms_it_again,
            t09_a_reset_to_the_past_ends_it,
            t10_another_task_can_reset_it_between_polls,
            t11_a_sleep_polled_after_it_was_ready_is_ready,
            t12_only_the_last_waker_is_woken,
            t13_a_dropped_sleep_wakes_nobody,
            t14_deadlines_fire_in_order,
            t15_a_sleep_made_on_a_plain_thread_works,
            t16_a_sleep_polled_by_a_foreign_executor_works,
            t17_thousands_of_equal_deadlines_starve_nobody,
            t18_the_earlier_of_two_sleeps_wins,
            t19_deadline_and_is_elapsed_agree_with_poll,
        ] alone [
            t13_dropped_sleeps_leave_no_memory,
        ] }
    };
}

const MS: Duration = Duration::from_millis(1);
