//! Holding a blocking closure until the test goes on.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// Makes both ends of a gate: the closure says that it has started and waits until the other end is dropped.
pub(crate) fn gate() -> (Gate, impl FnOnce() + Send + 'static) {
    let (started, has_started) = channel();
    let (open, closed) = channel::<()>();
    let wait = move || {
        let _started = started.send(());
        let _opened = closed.recv();
    };
    (
        Gate {
            has_started,
            _open: open,
        },
        wait,
    )
}

/// Opens when it is dropped.
pub(crate) struct Gate {
    has_started: Receiver<()>,
    _open: Sender<()>,
}

impl Gate {
    pub(crate) fn await_start(&self) {
        self.has_started.recv().expect("the closure starts");
    }
}

/// Opens the gate when what is returned is dropped, or after ten seconds: a test that waits for the closure then fails
/// instead of hanging.
pub(crate) fn opens_late(gate: Gate) -> Sender<()> {
    let (keep, kept) = channel();
    thread::spawn(move || {
        let _over = kept.recv_timeout(Duration::from_secs(10));
        drop(gate);
    });
    keep
}
