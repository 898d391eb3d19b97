//! Stopping tasks.

use core::future::{pending, poll_fn};
use core::task::Poll;
use std::sync::mpsc;
use std::thread;

use trunnion_core::{AbortHandle, JoinError, Spawn, TaskHandle, Timer};

use super::MS;
use crate::Adapter;
use crate::cases::enter;
use crate::limit::{soon, until};
use crate::probe::{Event, Seen, occupy};

/// It is not polled again, and its future is dropped once.
pub fn s04_dropping_the_handle_cancels_the_task<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for _ in 0..20 {
            let seen = Seen::new();
            let task = rt.spawn(seen.endless());
            soon(&rt, seen.started().wait()).await;
            drop(task);
            soon(&rt, seen.gone().wait()).await;
            assert_eq!((seen.polls(), seen.drops()), (1, 1));
        }
    });
}

/// Runs `stop` on a task that cannot have started; gives what was seen, and whether that is certain.
fn before_its_first_poll<A: Adapter, T>(
    rt: &A::Runtime,
    stop: impl FnOnce(<A::Runtime as Spawn>::Task<()>) -> T,
) -> (Seen, T, bool) {
    let seen = Seen::new();
    let occupied = occupy::<A>(rt);
    let task = rt.spawn(seen.endless());
    let stopped = stop(task);
    (seen, stopped, occupied.is_some())
}

/// What it owns is dropped.
pub fn s05_a_task_dropped_before_its_first_poll_is_not_polled<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for _ in 0..20 {
            let (seen, (), certain) = before_its_first_poll::<A, _>(&rt, drop);
            soon(&rt, seen.gone().wait()).await;
            assert_eq!(seen.drops(), 1);
            assert!(
                seen.polls() <= usize::from(!certain),
                "it was polled {} times",
                seen.polls()
            );
        }
    });
}

/// The handle is still there to be awaited.
pub fn s08_abort_by_reference_then_await_is_cancelled<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let seen = Seen::new();
        let task = rt.spawn(seen.endless());
        soon(&rt, seen.started().wait()).await;
        assert!(!task.is_finished());
        task.abort();
        let error = soon(&rt, task).await.expect_err("it never ends by itself");
        assert!(error.is_cancelled(), "{error:?}");
        assert_eq!((seen.polls(), seen.drops()), (1, 1));
    });
}

/// It is never polled, and what it owns is dropped.
pub fn s09_abort_before_the_first_poll_is_cancelled<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for _ in 0..20 {
            let abort = |task: <A::Runtime as Spawn>::Task<()>| {
                task.abort();
                task
            };
            let (seen, task, certain) = before_its_first_poll::<A, _>(&rt, abort);
            let error = soon(&rt, task).await.expect_err("it never ends by itself");
            assert!(error.is_cancelled(), "{error:?}");
            assert_eq!(seen.drops(), 1);
            assert!(
                seen.polls() <= usize::from(!certain),
                "it was polled {} times",
                seen.polls()
            );
        }
    });
}

/// Lets a plain thread abort the task whose poll this is, and waits for it.
fn aborted_by_a_thread(handles: &mpsc::Receiver<AbortHandle>) {
    let abort = handles.recv().expect("the spawner sends the handle");
    thread::spawn(move || abort.abort())
        .join()
        .expect("an abort does not panic");
}

/// The poll goes on to its end; nothing after it runs.
pub fn s11_abort_while_it_runs_takes_effect_at_the_next_pending_poll<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let (send, handles) = mpsc::channel();
        let (went_on, seen) = (Event::new(), Seen::new());
        let (mark, endless) = (went_on.clone(), seen.endless());
        let task = rt.spawn(async move {
            aborted_by_a_thread(&handles);
            mark.set();
            endless.await;
        });
        send.send(task.abort_handle())
            .expect("the task waits for it");
        let error = soon(&rt, task).await.expect_err("it is aborted");
        assert!(error.is_cancelled(), "{error:?}");
        assert!(went_on.is_set(), "the poll was cut short");
        assert_eq!((seen.polls(), seen.drops()), (1, 1));
    });
}

/// A ready value is never lost.
pub fn s11_a_value_ready_in_the_aborted_poll_is_kept<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let (send, handles) = mpsc::channel();
        let task = rt.spawn(async move {
            aborted_by_a_thread(&handles);
            7
        });
        send.send(task.abort_handle())
            .expect("the task waits for it");
        assert_eq!(soon(&rt, task).await.expect("the value was ready"), 7);
    });
}

/// The future is dropped once all the same.
pub fn s12_abort_works_twice_and_from_two_threads<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for _ in 0..50 {
            let seen = Seen::new();
            let task = rt.spawn(seen.endless());
            let aborts = [task.abort_handle(), task.abort_handle().clone()];
            task.abort();
            let threads = aborts.map(|abort| {
                thread::spawn(move || {
                    abort.abort();
                    abort.abort();
                })
            });
            for thread in threads {
                thread.join().expect("an abort does not panic");
            }
            task.abort();
            let error = soon(&rt, task).await.expect_err("it never ends by itself");
            assert!(error.is_cancelled(), "{error:?}");
            assert_eq!(seen.drops(), 1);
        }
    });
}

/// Takes its time to be dropped.
struct SlowToDrop(Event);

impl Drop for SlowToDrop {
    fn drop(&mut self) {
        let _never = Event::new().wait_blocking(3 * MS);
        self.0.set();
    }
}

/// And after the destructors of all that it owns.
pub fn s13_cancel_returns_after_the_destructor<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for started in [true, false, true] {
            let (gone, start) = (Event::new(), Event::new());
            let (owned, mark) = (SlowToDrop(gone.clone()), start.clone());
            let task = rt.spawn(async move {
                mark.set();
                pending::<()>().await;
                drop(owned);
            });
            if started {
                soon(&rt, start.wait()).await;
            }
            let error = soon(&rt, task.cancel())
                .await
                .expect_err("it never ends by itself");
            assert!(gone.is_set(), "the destructor had not finished");
            assert!(error.is_cancelled(), "{error:?}");
        }
    });
}

/// Nothing is lost.
pub fn s13_cancel_keeps_the_value_of_a_finished_task<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let task = rt.spawn(async { 7 });
        until(&rt, || task.is_finished()).await;
        assert_eq!(soon(&rt, task.cancel()).await.expect("it had finished"), 7);
    });
}

/// The future that waits need not be polled.
pub fn s13_cancel_aborts_when_it_is_called<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let seen = Seen::new();
        let task = rt.spawn(seen.endless());
        soon(&rt, seen.started().wait()).await;
        let waiting = task.cancel();
        soon(&rt, seen.gone().wait()).await;
        drop(waiting);
        assert_eq!(seen.drops(), 1);
    });
}

/// It goes on to its next pending poll.
pub fn s14_a_task_can_abort_itself<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let (send, handles) = mpsc::channel::<AbortHandle>();
        let seen = Seen::new();
        let endless = seen.endless();
        let task = rt.spawn(async move {
            let abort = handles.recv().expect("the spawner sends the handle");
            abort.abort();
            abort.abort();
            endless.await;
        });
        send.send(task.abort_handle())
            .expect("the task waits for it");
        let error = soon(&rt, task).await.expect_err("it aborts itself");
        assert!(matches!(error, JoinError::Cancelled), "{error:?}");
        assert_eq!((seen.polls(), seen.drops()), (1, 1));
    });
}

/// Not in the stack of whoever lets it go.
pub fn s30_an_aborted_future_is_dropped_on_the_runtime<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let seen = Seen::new();
        let task = rt.spawn(seen.endless());
        soon(&rt, seen.started().wait()).await;
        let letting_go = thread::spawn(move || {
            drop(task);
            thread::current().id()
        });
        let elsewhere = letting_go.join().expect("dropping a handle does not panic");
        soon(&rt, seen.gone().wait()).await;
        assert_ne!(seen.dropped_on().expect("it was dropped"), elsewhere);
        // The same for a future that gives up its place while it is polled for the first time.
        let once = poll_fn(|_| Poll::Ready(thread::current().id()));
        assert_ne!(
            soon(&rt, rt.spawn(once)).await.expect("the task ends"),
            elsewhere
        );
        rt.sleep(MS).await;
    });
}
