//! Awaiting tasks.

use core::future::poll_fn;
use core::task::Poll;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;

use trunnion_core::{AbortHandle, BlockOn, Clock, Spawn, TaskHandle, Timer};

use super::MS;
use crate::Adapter;
use crate::cases::enter;
use crate::foreign;
use crate::limit::{soon, until};
use crate::probe::{Event, Wakes, poll_by};

/// What a waker saw of the task that woke it.
struct Witness {
    task: AbortHandle,
    // 1 for a task that had not finished, 2 for one that had.
    saw: AtomicUsize,
    woken: Event,
}

impl Wake for Witness {
    fn wake(self: Arc<Self>) {
        self.saw
            .store(1 + usize::from(self.task.is_finished()), Ordering::SeqCst);
        self.woken.set();
    }
}

/// And false before the end.
pub fn s15_is_finished_is_true_before_the_awaiter_is_woken<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let go = Event::new();
        let mut task = rt.spawn(go.wait());
        let abort = task.abort_handle();
        let witness = Arc::new(Witness {
            task: task.abort_handle(),
            saw: AtomicUsize::new(0),
            woken: Event::new(),
        });
        assert!(poll_by(&Waker::from(Arc::clone(&witness)), &mut task).is_pending());
        rt.sleep(MS).await;
        assert!(!task.is_finished() && !abort.is_finished());
        go.set();
        soon(&rt, witness.woken.wait()).await;
        assert_eq!(
            witness.saw.load(Ordering::SeqCst),
            2,
            "the task had not finished for the one it woke"
        );
        assert!(task.is_finished() && abort.is_finished());
        soon(&rt, task).await.expect("the task ends");
        assert!(abort.is_finished());
    });
}

/// Without a runtime there.
pub fn s17_a_handle_can_be_awaited_on_another_thread<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let _hold = rt.hold();
        let (go, done) = (Event::new(), Event::new());
        let wait = go.wait();
        let task = rt.spawn(async move {
            wait.await;
            7
        });
        let awaiting = thread::spawn({
            let done = done.clone();
            move || {
                let value = foreign::block_on(async {
                    go.set();
                    task.await
                });
                done.set();
                value.expect("the task ends")
            }
        });
        soon(&rt, done.wait()).await;
        assert_eq!(awaiting.join().expect("awaiting does not panic"), 7);
    });
}

/// Both keep running; a sleep of the first is awaited as well.
pub fn s18_a_task_can_be_awaited_inside_another_runtime<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let _hold = rt.hold();
        let (go, done) = (Event::new(), Event::new());
        let wait = go.wait();
        let task = rt.spawn(async move {
            wait.await;
            7
        });
        let awaiting = thread::spawn({
            let done = done.clone();
            move || {
                let other = A::start();
                let _hold = A::runtime(&other).hold();
                let value = other.block_on(async {
                    go.set();
                    A::runtime(&other).spawn(task).await
                });
                done.set();
                value
                    .expect("the other runtime's task ends")
                    .expect("the task ends")
            }
        });
        soon(&rt, done.wait()).await;
        assert_eq!(awaiting.join().expect("awaiting does not panic"), 7);
    });
}

/// Whoever polled it before is not.
pub fn s19_the_last_waker_that_polled_the_handle_is_woken<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let go = Event::new();
        let mut task = rt.spawn(go.wait());
        let (first, second, last) = (Wakes::new(), Wakes::new(), Wakes::new());
        for wakes in [&first, &second, &second, &last] {
            assert!(wakes.poll(&mut task).is_pending());
        }
        go.set();
        soon(&rt, last.woken().wait()).await;
        assert!(last.poll(&mut task).is_ready());
        rt.sleep(MS).await;
        assert_eq!((first.count(), second.count(), last.count()), (0, 0, 1));
    });
}

/// The second awaits what the first has begun to await.
pub fn s19_a_handle_can_move_between_tasks<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let go = Event::new();
        let wait = go.wait();
        let mut task = Some(rt.spawn(async move {
            wait.await;
            7
        }));
        // It polls the handle in its own task and then gives it away.
        let first = rt.spawn(poll_fn(move |cx| {
            let mut task = task.take().expect("it is polled once");
            assert!(poll_by(cx.waker(), &mut task).is_pending());
            Poll::Ready(task)
        }));
        let task = soon(&rt, first).await.expect("the first awaiter ends");
        let second = rt.spawn(task);
        rt.sleep(MS).await;
        go.set();
        let value = soon(&rt, second).await.expect("the second awaiter ends");
        assert_eq!(value.expect("the task ends"), 7);
    });
}

/// An abort that comes too late changes nothing.
pub fn s10_abort_after_the_end_keeps_the_value<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let task = rt.spawn(async { 7 });
        until(&rt, || task.is_finished()).await;
        task.abort();
        task.abort_handle().abort();
        assert_eq!(soon(&rt, task).await.expect("it had finished"), 7);
    });
}
