//! What happens when the owner of a runtime is dropped.

use core::task::Poll;
use core::time::Duration;

use trunnion_core::{BlockOn, Clock, JoinError, Runtime, Sleep, Spawn, TaskHandle, Timer};

use super::enter;
use crate::limit::{LIMIT, soon, until};
use crate::probe::{Event, Seen, Wakes, occupy};
use crate::{Adapter, foreign};

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! ends_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; ends [
            s07_a_detached_task_is_dropped_once_when_the_runtime_ends,
            s07_a_detached_task_that_never_started_is_dropped_once,
            s16_an_abort_handle_outlives_task_and_runtime,
            s16_a_handle_awaited_after_the_end_gives_shutdown_or_its_value,
            x01_an_awaiter_outside_gets_shutdown_when_the_owner_is_dropped,
            x02_a_spawn_after_the_owner_was_dropped_gives_shutdown,
            x03_a_sleep_polled_after_the_owner_was_dropped_does_not_panic,
            x04_destructors_may_use_the_runtime_when_the_owner_is_dropped,
        ] alone [] }
    };
}

const MS: Duration = Duration::from_millis(1);

/// Waits for an event on this thread, which no runtime needs.
fn happens(event: &Event) {
    assert!(
        event.wait_blocking(LIMIT),
        "what the end of the runtime must cause did not happen"
    );
}

/// While it is pending.
pub fn s07_a_detached_task_is_dropped_once_when_the_runtime_ends<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let seen = Seen::new();
    let all_started = async {
        for _ in 0..10 {
            let one = Seen::new();
            let (counted, started) = (seen.endless(), one.endless());
            rt.spawn(async move { join_both(counted, started).await })
                .detach();
            soon(&rt, one.started().wait()).await;
        }
    };
    owner.block_on(all_started);
    assert_eq!(seen.drops(), 0);
    drop(owner);
    happens(seen.gone());
    all_dropped(&seen, 10);
}

async fn join_both<F: Future<Output = ()>, G: Future<Output = ()>>(first: F, second: G) {
    let (mut first, mut second) = (core::pin::pin!(first), core::pin::pin!(second));
    core::future::poll_fn(|cx| {
        let _pending = first.as_mut().poll(cx);
        second.as_mut().poll(cx)
    })
    .await;
}

/// A runtime may drop its tasks on its own threads, soon after its owner is gone.
fn all_dropped(seen: &Seen, count: usize) {
    let never = Event::new();
    for _ in 0..1_000 {
        if seen.drops() >= count {
            break;
        }
        let _timed_out = never.wait_blocking(10 * MS);
    }
    assert_eq!(seen.drops(), count);
}

/// Whatever the queue it waits in.
pub fn s07_a_detached_task_that_never_started_is_dropped_once<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let seen = Seen::new();
    let occupied = occupy::<A>(&rt);
    for _ in 0..10 {
        rt.spawn_detached(seen.endless());
        rt.spawn(seen.endless()).detach();
    }
    drop(occupied);
    drop(owner);
    all_dropped(&seen, 20);
}

/// Using it afterwards does nothing.
pub fn s16_an_abort_handle_outlives_task_and_runtime<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let seen = Seen::new();
    let (task, ended) = (rt.spawn(seen.endless()), rt.spawn(async {}));
    let (abort, late) = (task.abort_handle(), ended.abort_handle());
    let ids = (task.id(), ended.id());
    owner.block_on(async {
        soon(&rt, ended).await.expect("the task ends");
        soon(&rt, seen.started().wait()).await;
    });
    task.detach();
    drop(owner);
    all_dropped(&seen, 1);
    for abort in [&abort, &late] {
        abort.abort();
        abort.abort();
        assert!(abort.is_finished());
    }
    assert_eq!((abort.id(), late.id()), ids);
    drop(rt);
    abort.abort();
    assert_eq!(seen.drops(), 1);
}

/// It neither hangs nor panics.
pub fn s16_a_handle_awaited_after_the_end_gives_shutdown_or_its_value<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let seen = Seen::new();
    let (task, ended, panics) = (
        rt.spawn(seen.endless()),
        rt.spawn(async { 7 }),
        rt.spawn(async { panic!("on purpose") }),
    );
    owner.block_on(async {
        soon(&rt, seen.started().wait()).await;
        until(&rt, || ended.is_finished() && panics.is_finished()).await;
    });
    drop(owner);
    let error = foreign::block_on(task).expect_err("it never ends by itself");
    assert!(error.is_shutdown(), "{error:?}");
    assert_eq!(foreign::block_on(ended).expect("it had finished"), 7);
    let panicked: Result<(), JoinError> = foreign::block_on(panics);
    assert!(panicked.is_err_and(|error| error.is_panic()));
}

/// It is woken, wherever it waits.
pub fn x01_an_awaiter_outside_gets_shutdown_when_the_owner_is_dropped<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let seen = Seen::new();
    let mut task = rt.spawn(seen.endless());
    owner.block_on(soon(&rt, seen.started().wait()));
    let wakes = Wakes::new();
    assert!(wakes.poll(&mut task).is_pending());
    drop(owner);
    happens(wakes.woken());
    let Poll::Ready(joined) = wakes.poll(&mut task) else {
        panic!("it was woken, but is pending");
    };
    let error = joined.expect_err("it never ends by itself");
    assert!(error.is_shutdown(), "{error:?}");
    assert_eq!(seen.drops(), 1);
}

/// The future is dropped, and nothing panics.
pub fn x02_a_spawn_after_the_owner_was_dropped_gives_shutdown<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    drop(owner);
    let seen = Seen::new();
    let error =
        foreign::block_on(rt.spawn(seen.endless())).expect_err("there is nothing to run it");
    assert!(error.is_shutdown(), "{error:?}");
    assert_eq!((seen.polls(), seen.drops()), (0, 1));
    rt.spawn(seen.endless()).detach();
    rt.spawn_detached(seen.endless());
    all_dropped(&seen, 3);
    assert_eq!(seen.polls(), 0);
    rt.spawn(seen.endless()).abort();
    all_dropped(&seen, 4);
}

/// Whether it was polled before or not; it may stay pending for ever.
pub fn x03_a_sleep_polled_after_the_owner_was_dropped_does_not_panic<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let wakes = Wakes::new();
    let mut polled = Box::pin(rt.sleep(Duration::from_secs(3_600)));
    let mut short = Box::pin(rt.sleep(3 * MS));
    owner.block_on(async {
        assert!(wakes.poll(&mut polled).is_pending());
        let _either = wakes.poll(&mut short);
    });
    let mut unpolled = Box::pin(rt.sleep(Duration::from_secs(3_600)));
    drop(owner);
    let mut made_after = Box::pin(rt.sleep(Duration::from_secs(3_600)));
    for sleep in [&mut polled, &mut unpolled, &mut made_after] {
        assert!(wakes.poll(sleep).is_pending());
    }
    let _timed_out = Event::new().wait_blocking(5 * MS);
    let ready = wakes.poll(&mut short).is_ready();
    assert!(!ready || rt.now() >= short.deadline(), "it is early");
    polled.as_mut().reset(rt.now() + MS);
    let _either = wakes.poll(&mut polled);
    assert!(
        wakes
            .poll(&mut Box::pin(rt.sleep(Duration::ZERO)))
            .is_ready()
    );
}

/// Spawns, sleeps and reads the clock when it is dropped.
struct UsesInDrop<R: Runtime>(R, Seen);

impl<R: Runtime> Drop for UsesInDrop<R> {
    fn drop(&mut self) {
        self.0.spawn_detached(self.1.endless());
        let _never = Wakes::new().poll(&mut Box::pin(self.0.sleep(MS)));
        let _now = self.0.now();
        drop(self.0.spawn(self.1.endless()));
    }
}

/// What they spawn is dropped as well; nothing waits for itself.
pub fn x04_destructors_may_use_the_runtime_when_the_owner_is_dropped<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let (seen, started) = (Seen::new(), Seen::new());
    let (uses, endless) = (UsesInDrop(rt.clone(), seen.clone()), started.endless());
    rt.spawn_detached(async move {
        endless.await;
        drop(uses);
    });
    owner.block_on(soon(&rt, started.started().wait()));
    drop(owner);
    all_dropped(&seen, 2);
}

/// Checks that dropping the owner does not end the runtime.
pub fn is_missing<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let seen = Seen::new();
    let mut task = rt.spawn(seen.endless());
    owner.block_on(soon(&rt, seen.started().wait()));
    drop(owner);
    let _timed_out = seen.gone().wait_blocking(50 * MS);
    let gone = Wakes::new().poll(&mut task).is_ready() || seen.drops() > 0;
    assert!(
        !gone,
        "dropping the owner ended the runtime: list `ends` under `has`"
    );
    drop(task);
    enter::<A, _>(|rt| async move { soon(&rt, rt.spawn(async {})).await.expect("the task ends") });
}
