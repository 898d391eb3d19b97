//! What the models of the task cell are built of: a future that keeps books, and the polls after the race.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trunnion_core::JoinError;
use trunnion_core::task::{Runner, Task};

use crate::payload::Payload;
use crate::waker::{Count, Signal, poll};

/// Counts what happened in one execution.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) polls: Count,
    pub(super) futures_dropped: Count,
    pub(super) outputs_made: Count,
    pub(super) outputs_dropped: Count,
}

/// What a task's future does at each poll, the last for ever.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Wait,
    Value,
    Panic,
}

/// The future of the modelled tasks. It asserts nothing: the cell would catch that.
pub(super) struct Work {
    ledger: Arc<Ledger>,
    steps: &'static [Step],
    panics_when_dropped: bool,
    read_when_dropped: Option<Payload>,
}

impl Work {
    pub(super) fn new(ledger: &Arc<Ledger>, steps: &'static [Step]) -> Self {
        Self {
            ledger: Arc::clone(ledger),
            steps,
            panics_when_dropped: false,
            read_when_dropped: None,
        }
    }

    /// Its destructor reads what the aborter wrote before the abort.
    pub(super) fn reading(mut self, payload: &Payload) -> Self {
        self.read_when_dropped = Some(payload.clone());
        self
    }

    pub(super) fn with_bad_destructor(mut self) -> Self {
        self.panics_when_dropped = true;
        self
    }
}

impl Future for Work {
    type Output = Value;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Value> {
        self.ledger.polls.add();
        let step = self.steps[0];
        if self.steps.len() > 1 {
            self.steps = &self.steps[1..];
        }
        match step {
            Step::Wait => Poll::Pending,
            Step::Value => Poll::Ready(Value::new(&self.ledger)),
            Step::Panic => quietly_panic(),
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // Before the count: the cell catches what loom says about a race, and the missing count tells.
        if let Some(payload) = &self.read_when_dropped {
            payload.read();
        }
        self.ledger.futures_dropped.add();
        if self.panics_when_dropped {
            quietly_panic();
        }
    }
}

/// Unwinds without the panic hook, which would print at each of thousands of executions.
fn quietly_panic() -> ! {
    std::panic::resume_unwind(Box::new("a task's panic"))
}

/// The output of [`Work`].
pub(super) struct Value(Arc<Ledger>);

impl Value {
    fn new(ledger: &Arc<Ledger>) -> Self {
        ledger.outputs_made.add();
        Self(Arc::clone(ledger))
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.0.outputs_dropped.add();
    }
}

/// Polls the runner as long as its last waker is woken; true if it has ended.
pub(super) fn settle(runner: &mut Runner, last: Poll<()>, signal: &Arc<Signal>) -> bool {
    let mut last = last;
    while last.is_pending() && signal.take() {
        last = poll(runner, signal);
    }
    last.is_ready()
}

/// Polls the handle once more if its last waker was woken.
pub(super) fn settle_join<T: 'static>(
    task: &mut Task<T>,
    last: Poll<Result<T, JoinError>>,
    signal: &Arc<Signal>,
) -> Poll<Result<T, JoinError>> {
    if last.is_pending() && signal.take() {
        poll(task, signal)
    } else {
        last
    }
}
