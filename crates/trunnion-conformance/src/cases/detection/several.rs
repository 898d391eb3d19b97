//! D4, D5, D6: two runtimes at once, and the application's default.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use std::thread;

use trunnion_core::context::set_default;
use trunnion_core::{
    AnyRuntime, BlockOn, Clock, RuntimeInfo, Spawn, SpawnBlocking, YieldNow, with_runtime,
};

use super::{current, enter, other};
use crate::Adapter;
use crate::probe::Event;

/// Checks that two futures of one task keep their own contexts.
pub fn d04_two_runtimes_in_turn_are_told_apart_at_each_poll<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    async fn sees(rt: AnyRuntime, turns: usize) {
        let id = rt.info().id;
        for _ in 0..turns {
            assert_eq!(current(), Some(id));
            rt.yield_now().await;
        }
    }
    enter::<A, _>(|rt| async move {
        let (one, two) = (other(&rt).0, other(&rt).0);
        let mut one = pin!(with_runtime(one.clone(), sees(one, 100)));
        let mut two = pin!(with_runtime(two.clone(), sees(two, 50)));
        let mut ended = (false, false);
        poll_fn(|cx| {
            ended.0 = ended.0 || one.as_mut().poll(cx).is_ready();
            ended.1 = ended.1 || two.as_mut().poll(cx).is_ready();
            if ended == (true, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    });
}

/// Checks the application's default: once, and only where nothing else is current.
pub fn d05_the_default_is_set_once_and_asked_last<A: Adapter<Runtime: SpawnBlocking>>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let (default, default_id) = other(&rt);
    let (second, second_id) = other(&rt);
    assert_eq!(current(), None);
    assert!(set_default(default).is_ok());
    let refused = set_default(second).expect_err("there is one").0;
    assert_eq!(
        Some(refused.info().id),
        second_id,
        "what was refused comes back"
    );
    assert_eq!(current(), default_id, "outside");
    owner.block_on(async {
        assert_eq!(
            current(),
            Some(rt.info().id),
            "the running runtime is asked before"
        );
        let found = rt.spawn(async { current() }).await.expect("the task ends");
        assert_eq!(found, Some(rt.info().id));
    });
    let elsewhere = thread::spawn(current).join().expect("the thread ends");
    assert_eq!(elsewhere, default_id, "on any other thread");
}

/// Checks that a value reaches its runtime from anywhere, and that its tasks are at home there.
pub fn d06_a_handle_from_outside_works_inside_another_runtime<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    let (first, second) = (A::start(), A::start());
    let (one, two) = (A::runtime(&first), A::runtime(&second));
    let (entered, leave) = (Event::new(), Event::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            let _hold = one.hold();
            first.block_on(async {
                entered.set();
                leave.wait().await;
            });
        });
        let _leaving = leave.on_drop();
        entered.expect("the first runtime is entered");
        let _hold = two.hold();
        second.block_on(async {
            let found = one.spawn(async { current() }).await.expect("the task ends");
            assert_eq!(found, Some(one.info().id), "the task is at home");
            assert_eq!(
                current(),
                Some(two.info().id),
                "its awaiter stays where it is"
            );
        });
    });
}
