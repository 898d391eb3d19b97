//! Task handles over tokio's: cancelled or shut down, sizes, ids.

use std::future::pending;
use std::mem::size_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use trunnion_core::{BlockOn, JoinError, ShutdownRuntime, Spawn, TaskHandle};
use trunnion_tokio::{Blocking, LocalTask, Task, TokioOwned};

const WORD: usize = size_of::<usize>();
const GRACE: Duration = Duration::from_secs(5);

/// Counts how often it is dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn both() -> [TokioOwned; 2] {
    [
        TokioOwned::multi_thread().expect("tokio starts"),
        TokioOwned::current_thread().expect("tokio starts"),
    ]
}

/// Awaits outside of the runtime, which may have ended.
fn join<T: Send + 'static>(task: Task<T>) -> Result<T, JoinError> {
    let other = TokioOwned::current_thread().expect("tokio starts");
    other.block_on(task)
}

#[test]
fn handles_are_at_most_two_words_larger_than_tokios() {
    let limit = size_of::<JoinHandle<[u8; 64]>>() + 2 * WORD;
    assert!(size_of::<Task<[u8; 64]>>() <= limit);
    assert!(size_of::<LocalTask<[u8; 64]>>() <= limit);
    assert!(size_of::<Blocking<[u8; 64]>>() <= limit);
}

#[test]
fn ids_are_tokios() {
    for owner in both() {
        let task = owner
            .handle()
            .spawn(async { tokio::task::id().to_string() });
        let id = task.id();
        assert_eq!(task.abort_handle().id(), id);
        assert_eq!(owner.block_on(task).unwrap(), id.to_string());
    }
}

#[test]
fn a_task_that_the_shutdown_dropped_reads_shutdown() {
    for owner in both() {
        let task = owner.handle().spawn(pending::<()>());
        owner.shutdown(GRACE).expect("outside");
        assert!(join(task).unwrap_err().is_shutdown());
    }
}

#[test]
fn a_task_that_was_aborted_before_the_shutdown_reads_cancelled() {
    for owner in both() {
        let task = owner.handle().spawn(pending::<()>());
        task.abort();
        owner.shutdown(GRACE).expect("outside");
        assert!(join(task).unwrap_err().is_cancelled());
    }
}

#[test]
fn a_task_that_another_handle_aborted_before_the_shutdown_reads_cancelled() {
    for owner in both() {
        let task = owner.handle().spawn(pending::<()>());
        let (first, second) = (task.abort_handle(), task.abort_handle());
        drop(first);
        second.abort();
        owner.shutdown(GRACE).expect("outside");
        assert!(join(task).unwrap_err().is_cancelled());
    }
}

#[test]
fn a_task_with_an_abort_handle_that_nobody_used_reads_shutdown() {
    for owner in both() {
        let task = owner.handle().spawn(pending::<()>());
        let _unused = task.abort_handle();
        owner.shutdown(GRACE).expect("outside");
        assert!(join(task).unwrap_err().is_shutdown());
    }
}

#[test]
fn an_abort_after_the_shutdown_does_not_change_how_the_task_ended() {
    for owner in both() {
        let rt = owner.handle();
        let (one, other) = (rt.spawn(pending::<()>()), rt.spawn(pending::<()>()));
        let aborter = other.abort_handle();
        owner.shutdown(GRACE).expect("outside");
        one.abort();
        aborter.abort();
        assert!(join(one).unwrap_err().is_shutdown());
        assert!(join(other).unwrap_err().is_shutdown());
    }
}

#[test]
fn an_abort_by_the_handle_is_noted_with_and_without_an_abort_handle() {
    for owner in both() {
        let rt = owner.handle();
        let (one, other) = (rt.spawn(pending::<()>()), rt.spawn(pending::<()>()));
        let _aborter = one.abort_handle();
        one.abort();
        other.abort();
        let late = other.abort_handle();
        owner.shutdown(GRACE).expect("outside");
        assert!(late.is_finished());
        assert!(join(one).unwrap_err().is_cancelled());
        assert!(join(other).unwrap_err().is_cancelled());
    }
}

#[test]
fn a_task_that_another_handle_aborted_reads_cancelled_while_the_runtime_lives() {
    for owner in both() {
        let task = owner.handle().spawn(pending::<()>());
        task.abort_handle().abort();
        assert!(owner.block_on(task).unwrap_err().is_cancelled());
    }
}

#[test]
fn a_task_that_is_spawned_after_the_end_is_dropped_at_once_and_reads_shutdown() {
    for owner in both() {
        let rt = owner.handle();
        drop(owner);
        let drops = Arc::new(AtomicUsize::new(0));
        let dropped = Dropped(Arc::clone(&drops));
        let task = rt.spawn(async move {
            let _dropped = dropped;
        });
        assert_eq!(drops.load(Ordering::SeqCst), 1);
        assert!(task.is_finished());
        assert!(join(task).unwrap_err().is_shutdown());
    }
}

#[test]
fn dropping_the_handle_cancels_the_task() {
    for owner in both() {
        let drops = Arc::new(AtomicUsize::new(0));
        let (alive, gone) = tokio::sync::oneshot::channel::<()>();
        let dropped = Dropped(Arc::clone(&drops));
        let task = owner.handle().spawn(async move {
            let _held = (dropped, alive);
            pending::<()>().await;
        });
        drop(task);
        assert!(owner.block_on(gone).is_err());
        owner.shutdown(GRACE).expect("outside");
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_detached_task_at_shutdown_is_dropped_exactly_once() {
    for owner in both() {
        let drops = Arc::new(AtomicUsize::new(0));
        for _ in 0..100 {
            let dropped = Dropped(Arc::clone(&drops));
            let task = owner.handle().spawn(async move {
                let _dropped = dropped;
                pending::<()>().await;
            });
            task.detach();
        }
        assert_eq!(drops.load(Ordering::SeqCst), 0);
        let report = owner.shutdown(Duration::ZERO).expect("outside");
        assert_eq!(drops.load(Ordering::SeqCst), 100);
        assert_eq!(report.tasks_dropped, 100);
    }
}

#[test]
fn a_panic_arrives_with_its_payload() {
    for owner in both() {
        let task = owner.handle().spawn(async { std::panic::panic_any(42_u8) });
        let Err(JoinError::Panicked(payload)) = owner.block_on(task) else {
            panic!("the task panicked")
        };
        assert_eq!(payload.into_inner().downcast_ref(), Some(&42_u8));
    }
}

#[test]
fn a_value_that_was_ready_before_the_abort_is_kept() {
    for owner in both() {
        let rt = owner.handle();
        owner.block_on(async {
            let task = rt.spawn(async { 7 });
            while !task.is_finished() {
                tokio::task::yield_now().await;
            }
            assert_eq!(task.cancel().await.unwrap(), 7);
        });
    }
}
