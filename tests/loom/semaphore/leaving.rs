//! Those who leave the line.

use std::task::Poll;

use trunnion_core::sync::thread;

use super::acquire::Acquire;
use super::{assert_free, give_back, with_out};
use crate::harness::model;

/// S2, S5: the first leaves while permits come for more than one batch of those behind: each gets his.
#[test]
fn a_head_leaves_more_behind_than_a_batch() {
    model(
        "semaphore::leaving::a_head_leaves_more_behind_than_a_batch",
        || {
            let core = with_out(4, 4);
            let head = Acquire::waiting(&core, 4);
            let mut behind = [(); 3].map(|()| Acquire::waiting(&core, 1));
            let leaving = thread::spawn(move || drop(head));
            give_back(&core, 3);
            leaving.join().unwrap();
            for acquire in &mut behind {
                assert_eq!(acquire.wakes(), 1, "it sleeps beside a permit");
                assert_eq!(acquire.poll(), Poll::Ready(Ok(1)));
            }
            give_back(&core, 4);
            assert_free(&core, 4);
        },
    );
}
