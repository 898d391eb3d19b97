//! S: tasks and their handles.

mod join;
mod memory;
mod pinned;
mod start;
mod stop;
mod turns;
mod value;

pub use join::*;
pub use memory::*;
pub use pinned::*;
pub use start::*;
pub use stop::*;
pub use turns::*;
pub use value::*;

use core::time::Duration;

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! spawn_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; spawn [
            s01_the_output_is_returned,
            s02_a_task_runs_without_being_awaited,
            s03_a_task_can_spawn,
            s03_a_plain_thread_can_spawn,
            s03_a_poll_of_any_future_can_spawn,
            s03_a_destructor_can_spawn,
            s03_a_waker_can_spawn,
            s03_spawn_never_runs_the_future_in_its_caller,
            s04_dropping_the_handle_cancels_the_task,
            s05_a_task_dropped_before_its_first_poll_is_not_polled,
            s06_a_detached_task_runs_to_its_end,
            s08_abort_by_reference_then_await_is_cancelled,
            s09_abort_before_the_first_poll_is_cancelled,
            s10_abort_after_the_end_keeps_the_value,
            s11_abort_while_it_runs_takes_effect_at_the_next_pending_poll,
            s11_a_value_ready_in_the_aborted_poll_is_kept,
            s12_abort_works_twice_and_from_two_threads,
            s13_cancel_returns_after_the_destructor,
            s13_cancel_keeps_the_value_of_a_finished_task,
            s13_cancel_aborts_when_it_is_called,
            s14_a_task_can_abort_itself,
            s15_is_finished_is_true_before_the_awaiter_is_woken,
            s17_a_handle_can_be_awaited_on_another_thread,
            s18_a_task_can_be_awaited_inside_another_runtime,
            s19_the_last_waker_that_polled_the_handle_is_woken,
            s19_a_handle_can_move_between_tasks,
            s21_tasks_spawn_tasks_to_a_depth_of_ten_thousand,
            s22_a_future_of_64_kib_works,
            s23_ids_are_unique_and_names_are_accepted,
            s24_a_future_that_must_not_move_stays_in_place,
            s25_wakes_during_a_poll_schedule_once,
            s26_a_wake_after_the_end_is_ignored,
            s27_wakes_without_reason_do_no_harm,
            s28_yield_now_lets_another_task_run,
            s28_a_loop_of_yields_does_not_starve_timers,
            s29_two_busy_tasks_both_progress,
            s30_an_aborted_future_is_dropped_on_the_runtime,
            s31_the_output_is_dropped_with_the_handle,
        ] alone [
            s20_spawned_tasks_leave_no_memory,
        ] }
    };
}

const MS: Duration = Duration::from_millis(1);
