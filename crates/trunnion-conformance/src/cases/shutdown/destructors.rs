//! What still works while a runtime ends, and after it.

use core::future::{Future, pending};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::pin::pin;

use trunnion_core::{
    BlockOn, Clock, Instant, Runtime, ShutdownRuntime, Sleep, Spawn, TaskHandle, Timer, YieldNow,
};

use super::tasks::end;
use crate::Adapter;
use crate::probe::{DropProbe, Drops, Event};

const FAR: Duration = Duration::from_secs(3_600);

fn poll(future: Pin<&mut impl Future<Output = ()>>) -> Poll<()> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Checks that a sleep whose runtime is gone stays pending, and can be asked, moved and dropped.
pub fn x03_a_sleep_outlives_its_runtime<A: Adapter<Owner: ShutdownRuntime>>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let (mut polled, mut unpolled) = (pin!(rt.sleep(FAR)), pin!(rt.sleep(FAR)));
    owner.block_on(core::future::poll_fn(|cx| {
        assert!(polled.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    }));
    end::<A>(owner);
    for mut sleep in [polled.as_mut(), unpolled.as_mut()] {
        assert!(poll(sleep.as_mut()).is_pending());
        assert!(
            poll(sleep.as_mut()).is_pending(),
            "at the second poll as well"
        );
        assert!(!sleep.is_elapsed());
        let later = sleep.deadline() + FAR;
        sleep.as_mut().reset(later);
        assert_eq!(sleep.deadline(), later);
        assert!(poll(sleep).is_pending());
    }
}

/// Checks that a handle whose runtime is gone still makes sleeps.
pub fn x03_a_sleep_made_after_the_end_does_no_harm<A: Adapter<Owner: ShutdownRuntime>>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    end::<A>(owner);
    assert!(poll(pin!(rt.sleep(FAR))).is_pending());
    assert!(poll(pin!(rt.sleep(Duration::MAX))).is_pending());
    let past = pin!(rt.sleep_until(Instant::ORIGIN));
    assert!(
        poll(past).is_ready(),
        "a deadline in the past needs no runtime"
    );
    assert!(rt.now() >= Instant::ORIGIN);
}

/// Uses its runtime when it is dropped.
struct UseInDrop<R: Runtime> {
    rt: R,
    _counted: DropProbe,
}

impl<R: Runtime> Drop for UseInDrop<R> {
    fn drop(&mut self) {
        self.rt.spawn_detached(pending());
        drop(self.rt.spawn(async {}));
        let _ready_or_not = poll(pin!(self.rt.sleep(FAR)));
        let _ready_or_not = poll(pin!(self.rt.yield_now()));
    }
}

/// Checks that the destructors of tasks may use the runtime that ends, without a deadlock or a panic.
pub fn x04_destructors_may_spawn_and_sleep<A: Adapter<Owner: ShutdownRuntime>>() {
    const TASKS: usize = 10;
    let owner = A::start();
    let rt = A::runtime(&owner);
    let drops = Drops::new();
    owner.block_on(async {
        for _ in 0..TASKS {
            let user = UseInDrop {
                rt: rt.clone(),
                _counted: drops.probe(),
            };
            rt.spawn_detached(async move {
                let _user = user;
                pending::<()>().await;
            });
        }
        rt.yield_now().await;
    });
    end::<A>(owner);
    assert_eq!(drops.count(), TASKS);
}

struct PanicInDrop {
    _counted: DropProbe,
}

impl Drop for PanicInDrop {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

/// Checks that one bad destructor neither unwinds into the shutdown nor keeps the others from running.
pub fn x04_a_panic_in_a_destructor_spares_the_other_tasks<A: Adapter<Owner: ShutdownRuntime>>() {
    const TASKS: usize = 5;
    let owner = A::start();
    let rt = A::runtime(&owner);
    let drops = Drops::new();
    owner.block_on(async {
        for _ in 0..TASKS {
            let bad = PanicInDrop {
                _counted: drops.probe(),
            };
            rt.spawn_detached(async move {
                let _bad = bad;
                pending::<()>().await;
            });
        }
        rt.yield_now().await;
    });
    end::<A>(owner);
    assert_eq!(drops.count(), TASKS);
}

/// Checks that the last value of a runtime may be dropped where its tasks are.
pub fn x07_the_last_handle_may_go_with_the_last_task<A: Adapter<Owner: ShutdownRuntime>>() {
    let owner = A::start();
    let (rt, drops) = (A::runtime(&owner), Drops::new());
    let (started, probe) = (Event::new(), drops.probe());
    let inside = started.clone();
    owner.block_on(async move {
        let last = rt.clone();
        rt.spawn_detached(async move {
            let _owned = (last, probe);
            inside.set();
            pending::<()>().await;
        });
        drop(rt);
        started.wait().await;
    });
    end::<A>(owner);
    assert_eq!(drops.count(), 1);
}

/// Checks that what can still be asked of a task after the end has an answer.
pub fn x07_an_abort_handle_outlives_the_runtime<A: Adapter<Owner: ShutdownRuntime>>() {
    let owner = A::start();
    let task = A::runtime(&owner).spawn(pending::<()>());
    let (abort, id) = (task.abort_handle(), task.id());
    end::<A>(owner);
    assert!(abort.is_finished());
    abort.abort();
    task.abort();
    assert_eq!(abort.id(), id);
    assert!(task.is_finished());
}
