//! K: what types can do, checked by the compiler.
//!
//! The body of such a case compiles only where the fact holds; what must not compile is asked with a trait probe, and in
//! the documentation of `trunnion-core`.

use core::cell::Cell;
use core::future::Future;
use core::mem::size_of;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::rc::Rc;

use trunnion_core::task::{LocalTask, Task};
use trunnion_core::{
    AbortHandle, AnyLocalRuntime, AnyRuntime, BlockOn, Instant, JoinError, LocalRuntime, Runtime,
    Spawn, SpawnBlocking, Timer,
};

use super::enter;
use crate::Adapter;

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! types_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; types [
            k01_handles_are_send_and_sync_whatever_they_give,
            k02_a_local_handle_need_not_be_send,
            k03_the_bundle_makes_sleeps_send_and_sync,
            k04_any_runtime_is_a_runtime,
            k05_a_sleep_outlives_the_value_that_made_it,
            k06_one_function_gives_send_futures_and_serves_those_that_are_not,
            k07_a_client_with_a_default_runtime_takes_this_one,
            k08_each_bundle_fits_behind_any,
            k09_an_instant_is_eight_bytes,
        ] alone [] }
    };
}

fn assert_fn<F>(_: F) {}
fn assert_send<T: Send>() {}
fn assert_sync<T: Sync>() {}
fn assert_static<T: 'static>() {}
fn assert_clone<T: Clone>() {}
fn assert_runtime<R: Runtime + SpawnBlocking>() {}
fn assert_local_runtime<R: LocalRuntime>() {}

/// The output needs `Send` only: `Cell` is not `Sync`.
pub fn k01_handles_are_send_and_sync_whatever_they_give<A: Adapter>() {
    assert_send::<<A::Runtime as Spawn>::Task<Cell<u8>>>();
    assert_sync::<<A::Runtime as Spawn>::Task<Cell<u8>>>();
    assert_static::<<A::Runtime as Spawn>::Task<Cell<u8>>>();
    assert_send::<Task<Cell<u8>>>();
    assert_sync::<Task<Cell<u8>>>();
    assert_send::<AbortHandle>();
    assert_sync::<AbortHandle>();
    assert_clone::<AbortHandle>();
    assert_send::<JoinError>();
    assert_sync::<JoinError>();
    enter::<A, _>(|rt| async move {
        let task = rt.spawn(async { Cell::new(7) });
        assert_eq!(task.await.expect("the task ends").get(), 7);
    });
}

/// A local runtime can spawn what holds an `Rc`, and nothing lets the handle leave the thread.
pub fn k02_a_local_handle_need_not_be_send<A: Adapter>() {
    fn of_rc<L: LocalRuntime>(rt: &L) -> L::LocalTask<Rc<u8>> {
        rt.spawn_local(async { Rc::new(7) })
    }
    assert_fn::<fn(&AnyLocalRuntime) -> LocalTask<Rc<u8>>>(of_rc);
    assert!(!crate::__implements!(LocalTask<Rc<u8>>: Send));
    assert!(!crate::__implements!(LocalTask<()>: Send));
    assert!(!crate::__implements!(LocalTask<()>: Sync));
    assert!(!crate::__implements!(AnyLocalRuntime: Send));
    // The probe finds what is there, too.
    assert!(crate::__implements!(Task<()>: Send));
    assert_send::<A::Runtime>();
}

/// Nothing but `R: Runtime` is asked for.
pub fn k03_the_bundle_makes_sleeps_send_and_sync<A: Adapter>() {
    fn implied<R: Runtime>() {
        assert_send::<R::Sleep>();
        assert_sync::<R::Sleep>();
        assert_send::<R::Yield>();
        assert_send::<R>();
        assert_sync::<R>();
        assert_clone::<R>();
        assert_static::<R>();
    }
    implied::<A::Runtime>();
    implied::<AnyRuntime>();
}

/// It has all that a library may ask for.
pub fn k04_any_runtime_is_a_runtime<A: Adapter>() {
    assert_runtime::<AnyRuntime>();
    assert_local_runtime::<AnyLocalRuntime>();
    assert_static::<A::Runtime>();
}

/// A sleep borrows nothing.
pub fn k05_a_sleep_outlives_the_value_that_made_it<A: Adapter>() {
    assert_static::<<A::Runtime as Timer>::Sleep>();
    enter::<A, _>(|rt| async move {
        let copy = rt.clone();
        let sleep = copy.sleep(Duration::from_millis(1));
        drop(copy);
        sleep.await;
    });
}

/// What a library writes once for operations of both kinds.
async fn second_try<R: Timer, Fut: Future<Output = Option<u8>>>(
    rt: &R,
    mut op: impl FnMut() -> Fut,
) -> u8 {
    loop {
        if let Some(value) = op().await {
            return value;
        }
        rt.sleep(Duration::from_millis(1)).await;
    }
}

/// `Send` follows the operation, through a generic runtime too.
pub fn k06_one_function_gives_send_futures_and_serves_those_that_are_not<A: Adapter>() {
    fn sent<F: Future + Send>(future: F) -> F {
        future
    }
    let owner = A::start();
    let rt = A::runtime(&owner);
    let mut tries = 0;
    let sending = sent(second_try(&rt, || {
        tries += 1;
        let value = (tries > 1).then_some(7);
        async move { value }
    }));
    assert_eq!(owner.block_on(sending), 7);
    let shared = Rc::new(Cell::new(0));
    let staying = second_try(&rt, || {
        let tries = Rc::clone(&shared);
        async move {
            tries.set(tries.get() + 1);
            (tries.get() > 1).then(|| tries.get())
        }
    });
    assert_eq!(owner.block_on(staying), 2);
}

/// What a library's public type looks like.
struct Client<R = AnyRuntime> {
    rt: R,
}

impl<R: Runtime> Client<R> {
    const fn with_runtime(rt: R) -> Self {
        Self { rt }
    }

    async fn answer(&self) -> u8 {
        self.rt.sleep(Duration::from_millis(1)).await;
        self.rt.spawn(async { 7 }).await.expect("the task ends")
    }
}

/// The parameter has a default and can be given.
pub fn k07_a_client_with_a_default_runtime_takes_this_one<A: Adapter>() {
    fn by_default(rt: AnyRuntime) -> Client {
        Client::with_runtime(rt)
    }
    assert_fn::<fn(AnyRuntime) -> Client>(by_default);
    enter::<A, _>(|rt| async move {
        assert_eq!(Client::with_runtime(rt).answer().await, 7);
    });
}

/// A struct without a type parameter can hold them.
pub fn k08_each_bundle_fits_behind_any<A: Adapter>() {
    struct Both {
        _many: Vec<AnyRuntime>,
        _local: Option<AnyLocalRuntime>,
    }
    let none = Both {
        _many: Vec::new(),
        _local: None,
    };
    drop(none);
    // The futures of this adapter's runtime fit behind trait objects as well.
    enter::<A, _>(|rt| async move {
        let boxed: core::pin::Pin<Box<dyn trunnion_core::Sleep + Send + Sync>> =
            Box::pin(rt.sleep(Duration::from_millis(1)));
        boxed.await;
    });
}

/// It fits an atomic.
pub fn k09_an_instant_is_eight_bytes<A: Adapter>() {
    assert_eq!(size_of::<Instant>(), 8);
    enter::<A, _>(|rt| async move {
        let now = trunnion_core::Clock::now(&rt);
        let kept = AtomicU64::new(now.as_nanos());
        assert_eq!(Instant::from_nanos(kept.load(Ordering::Relaxed)), now);
    });
}
