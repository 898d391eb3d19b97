//! X: the end of a runtime.

mod destructors;
mod leaks;
mod tasks;

pub use destructors::*;
pub use leaks::*;
pub use tasks::*;

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! shutdown_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; shutdown [
            x01_pending_tasks_are_dropped_once_and_read_shutdown,
            x01_tasks_that_never_ran_are_dropped_once_and_read_shutdown,
            x01_an_awaiter_in_another_runtime_is_told,
            x01_a_value_that_was_ready_is_kept,
            x02_a_task_for_a_runtime_that_has_ended_is_dropped_unpolled,
            x02_a_detached_task_for_a_runtime_that_has_ended_is_dropped,
            x03_a_sleep_outlives_its_runtime,
            x03_a_sleep_made_after_the_end_does_no_harm,
            x04_destructors_may_spawn_and_sleep,
            x04_a_panic_in_a_destructor_spares_the_other_tasks,
            x06_a_shutdown_in_a_task_is_refused_and_the_runtime_goes_on,
            x06_a_shutdown_inside_another_runtime_ends_or_is_refused,
            x07_the_last_handle_may_go_with_the_last_task,
            x07_an_abort_handle_outlives_the_runtime,
            x09_the_report_counts_the_tasks_that_were_dropped,
            x09_the_report_of_an_idle_runtime_is_empty,
        ] alone [x08_a_hundred_runtimes_leave_nothing_behind] }
    };
}
