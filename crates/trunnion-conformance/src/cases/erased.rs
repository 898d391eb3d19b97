//! A: the same behaviour behind `AnyRuntime`; A1 is the whole suite, run once more in the module `erased`.

use trunnion_core::{AnyRuntime, Clock, RuntimeInfo, Sleep, Spawn, SpawnBlocking, Timer, YieldNow};

use super::enter;
use crate::Adapter;
use crate::probe::Renamed;

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! erased_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; erased [
            a01_the_erased_runtime_says_the_same_of_itself,
            a01_every_capability_works_through_the_erased_runtime,
            a02_a_nested_any_collapses,
            a03_the_type_comes_back_by_downcast,
        ] alone [] }
    };
}

/// Checks that erasing changes neither name, kind nor resolution.
pub fn a01_the_erased_runtime_says_the_same_of_itself<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    let owner = A::start();
    let rt = A::runtime(&owner);
    let any = AnyRuntime::new(rt.clone());
    assert_eq!(any.info(), rt.info());
    assert_eq!(any.granularity(), rt.granularity());
}

/// Checks that a runtime and its erased value are one: what one starts the other sees.
pub fn a01_every_capability_works_through_the_erased_runtime<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    enter::<A, _>(|rt| async move {
        let any = AnyRuntime::new(rt.clone());
        assert_eq!(any.spawn(async { 1 }).await.expect("the task ends"), 1);
        assert_eq!(any.spawn_blocking(|| 2).await.expect("the closure ends"), 2);
        any.yield_now().await;
        let before = rt.now();
        let sleep = any.sleep(any.granularity());
        let deadline = sleep.deadline();
        sleep.await;
        assert!(
            before <= deadline && deadline <= rt.now(),
            "both read one time line"
        );
    });
}

/// Checks that erasing an erased runtime gives it back.
pub fn a02_a_nested_any_collapses<A: Adapter<Runtime: SpawnBlocking>>() {
    let owner = A::start();
    let once = AnyRuntime::new(A::runtime(&owner));
    let twice = AnyRuntime::new(once.clone());
    assert!(
        twice.downcast_ref::<AnyRuntime>().is_none(),
        "one is inside the other"
    );
    assert_eq!(twice.info(), once.info());
}

/// Checks that the type inside can be had back, and no other.
pub fn a03_the_type_comes_back_by_downcast<A: Adapter<Runtime: SpawnBlocking>>() {
    let owner = A::start();
    let inner = Renamed::new(A::runtime(&owner));
    let id = inner.info().id;
    let any = AnyRuntime::new(inner);
    let back = any
        .downcast_ref::<Renamed<A::Runtime>>()
        .expect("it is that type");
    assert_eq!(back.info().id, id);
    assert!(any.downcast_ref::<Renamed<Renamed<A::Runtime>>>().is_none());
}
