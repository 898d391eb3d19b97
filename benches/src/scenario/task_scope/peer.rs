//! What tokio and tokio-util have.

use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use super::{JOIN_SET, TASK_TRACKER, child, repeat};
use crate::subject::Subject;

pub(super) fn rows<const CHILDREN: u32, const WAITS: bool>() -> [Subject; 2] {
    [
        Subject::peer(JOIN_SET, |iterations| {
            repeat(iterations, join_set::<CHILDREN, WAITS>)
        })
        .note("a drop aborts the tasks and does not wait for them"),
        Subject::peer(TASK_TRACKER, |iterations| {
            repeat(iterations, task_tracker::<CHILDREN, WAITS>)
        })
        .note("it counts the tasks: it cannot stop them, and does not see their errors and panics"),
    ]
}

async fn join_set<const CHILDREN: u32, const WAITS: bool>() -> u64 {
    let mut set = JoinSet::new();
    for number in 0..CHILDREN {
        set.spawn(child::<WAITS>(number));
    }
    let mut ended = 0;
    while let Some(joined) = set.join_next().await {
        ended += u64::from(joined.is_ok());
    }
    ended
}

async fn task_tracker<const CHILDREN: u32, const WAITS: bool>() -> u64 {
    let tracker = TaskTracker::new();
    for number in 0..CHILDREN {
        drop(tracker.spawn(child::<WAITS>(number)));
    }
    tracker.close();
    tracker.wait().await;
    u64::from(CHILDREN) * u64::from(tracker.is_empty())
}
