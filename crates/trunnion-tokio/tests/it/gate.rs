//! Holding a blocking closure until the test goes on.

use std::sync::mpsc::{Receiver, Sender, channel};

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
