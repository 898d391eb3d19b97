//! D: finding the current runtime.

mod found;
mod overrides;
mod several;

use std::sync::{Arc, Mutex, PoisonError};

use trunnion_core::{AnyRuntime, Runtime, RuntimeId, RuntimeInfo, Spawn, SpawnBlocking};

use super::enter;
use crate::Adapter;
use crate::probe::Renamed;

pub use found::*;
pub use overrides::*;
pub use several::*;

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! detection_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; detection [
            d01_the_current_runtime_is_found_in_the_root,
            d01_the_current_runtime_is_found_in_a_task,
            d01_the_current_runtime_is_found_in_a_blocking_closure,
            d01_the_current_runtime_is_found_in_a_destructor,
            d01_the_current_runtime_is_found_in_a_waker_that_a_task_calls,
            d01_the_runtime_that_is_found_can_be_used,
            d02_nothing_is_found_after_the_entry,
            d03_an_override_wins_and_nests,
            d03_an_override_ends_with_a_panic,
            d03_an_override_ends_with_a_cancelled_future,
            d03_an_override_holds_in_destructors,
            d04_two_runtimes_in_turn_are_told_apart_at_each_poll,
            d06_a_handle_from_outside_works_inside_another_runtime,
        ] alone [
            d02_outside_nothing_is_found_and_no_thread_is_started,
            d05_the_default_is_set_once_and_asked_last,
        ] }
    };
}

fn current() -> Option<RuntimeId> {
    AnyRuntime::current().ok().map(|any| any.info().id)
}

/// Puts another name on the runtime, so that the two can be told apart.
fn other<R: Runtime + SpawnBlocking>(rt: &R) -> (AnyRuntime, Option<RuntimeId>) {
    let other = AnyRuntime::new(Renamed::new(rt.clone()));
    let id = other.info().id;
    (other, Some(id))
}

/// Remembers what is current when it is dropped.
struct AskInDrop(Arc<Mutex<Option<RuntimeId>>>);

impl Drop for AskInDrop {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = current();
    }
}

/// Checks that the capability is really missing: neither the root nor a task is found to be in the runtime.
pub fn is_missing<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let id = Some(rt.info().id);
        assert_ne!(
            current(),
            id,
            "the root is found: list `detection` under `has`"
        );
        let found = rt.spawn(async { current() }).await.expect("the task ends");
        assert_ne!(found, id, "tasks are found: list `detection` under `has`");
    });
}
