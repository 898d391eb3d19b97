//! T20: a runtime without its timer.

use crate::TimerOff;

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! timer_off_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; timer_off [t20_a_runtime_without_a_timer_is_an_error] alone [] }
    };
}

/// There is no value whose first sleep panics; the error says what is missing.
pub fn t20_a_runtime_without_a_timer_is_an_error<A: TimerOff>() {
    let error = A::start_without_timer()
        .err()
        .expect("there is no runtime value without a timer");
    let text = error.to_string();
    assert!(
        text.contains("time"),
        "the error does not name the timer: {text}"
    );
}
