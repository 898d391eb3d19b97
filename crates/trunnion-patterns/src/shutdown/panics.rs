//! Which panic is raised, if one has to be.

use std::sync::Arc;

use trunnion_core::PanicPayload;
use trunnion_core::panic::{FirstPanic, contain};
use trunnion_core::sync::Mutex;

use super::report::StopReport;
use crate::ChildInfo;

/// Notes who panicked first.
///
/// The panic of a part is told in the report and not raised for itself. That of a waker or a callback has nobody to be told to: it
/// is raised, then there is no report, and the first of all goes on.
#[derive(Clone, Default)]
pub(super) struct Panics(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    // The part that panicked before all others, wakers and callbacks not forgotten: its phase and its number there.
    part: Option<(usize, u64)>,
    raised: FirstPanic,
}

impl Panics {
    /// Notes that a part of the phase with this index panics; its payload goes to the report.
    pub(super) fn part(&self, phase: usize, part: &ChildInfo) {
        let mut kept = self.0.lock();
        if kept.raised.is_empty() {
            kept.part.get_or_insert((phase, part.number()));
        }
    }

    /// Keeps the first panic of a waker or a callback.
    pub(super) fn keep(&self, raised: Result<(), PanicPayload>) {
        let mut kept = self.0.lock();
        if kept.raised.is_empty() {
            kept.raised.keep(raised);
        } else {
            drop(kept);
            contain(|| drop(raised));
        }
    }

    /// Gives the report, or goes on with the first panic.
    pub(super) fn settle(&self, report: StopReport) -> StopReport {
        let Kept { part, mut raised } = core::mem::take(&mut *self.0.lock());
        if raised.is_empty() {
            return report;
        }
        for (index, phase) in report.phases.into_iter().enumerate() {
            for (child, panic) in phase.panicked {
                if part == Some((index, child.number())) {
                    let later = core::mem::take(&mut raised);
                    raised.keep(Err(panic));
                    contain(|| drop(later));
                } else {
                    contain(|| drop(panic));
                }
            }
        }
        raised.resume();
        unreachable!("one was kept")
    }
}
