//! What a runtime leaves behind.

use core::time::Duration;

use trunnion_core::{BlockOn, ShutdownRuntime, Spawn, Timer};

use super::tasks::end;
use crate::Adapter;
use crate::probe::{Event, process};

/// Starts a runtime, lets it work and ends it.
fn cycle<A: Adapter<Owner: ShutdownRuntime>>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    owner.block_on(async {
        let task = rt.spawn(async { vec![0_u8; 4_096] });
        assert_eq!(task.await.expect("the task ends").len(), 4_096);
        rt.sleep(rt.granularity()).await;
        rt.spawn_detached(core::future::pending());
    });
    end::<A>(owner);
}

/// Waits until at most `limit` threads are left: some end a little after their runtime.
fn threads_end(limit: usize) {
    for _ in 0..500 {
        if process::threads().is_none_or(|threads| threads <= limit) {
            return;
        }
        let _never = Event::new().wait_blocking(Duration::from_millis(20));
    }
    panic!(
        "{:?} threads are left, there were {limit}",
        process::threads()
    );
}

/// Checks that threads, files and memory stay as they are over 100 runtimes.
pub fn x08_a_hundred_runtimes_leave_nothing_behind<A: Adapter<Owner: ShutdownRuntime>>() {
    const SLACK: usize = 2 << 20;
    for _ in 0..20 {
        cycle::<A>();
    }
    threads_end(process::threads().unwrap_or(0));
    let before = (
        process::threads(),
        process::open_files(),
        process::resident_bytes(),
    );
    for _ in 0..100 {
        cycle::<A>();
    }
    threads_end(before.0.unwrap_or(0));
    assert_eq!(process::open_files(), before.1, "open files");
    if let (Some(before), Some(after)) = (before.2, process::resident_bytes()) {
        assert!(after < before + SLACK, "{before} bytes became {after}");
    }
}
