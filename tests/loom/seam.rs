//! The seam itself: that loom explores what the other models rely on.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use trunnion_core::sync::atomic::{AtomicU8, Ordering};
use trunnion_core::sync::thread;

use crate::harness::model;

/// A thread that loads before it writes hides none of the orders (see `sync::model::atomic` in core).
#[test]
fn a_load_hides_no_order() {
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&outcomes);
    model("seam::a_load_hides_no_order", move || {
        let word = Arc::new(AtomicU8::new(0));
        let writer = {
            let word = Arc::clone(&word);
            thread::spawn(move || {
                let before = word.load(Ordering::Acquire);
                word.fetch_or(1, Ordering::AcqRel);
                before
            })
        };
        let loaded = word.load(Ordering::Acquire);
        let replaced = word.fetch_or(2, Ordering::AcqRel);
        let outcome = (loaded, replaced, writer.join().unwrap());
        seen.lock().unwrap().insert(outcome);
    });
    // Load and write of the one, then of the other; each inside the other; and a load that gives an old value.
    let expected = BTreeSet::from([(0, 0, 0), (0, 0, 2), (0, 1, 0), (1, 1, 0)]);
    assert_eq!(*outcomes.lock().unwrap(), expected);
}
