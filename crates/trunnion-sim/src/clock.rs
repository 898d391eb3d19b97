//! The virtual clock.

use trunnion_core::sync::Arc;
use trunnion_core::{AdvanceHold, Clock, Instant};

use crate::runtime::SimRuntime;
use crate::state::Shared;
use crate::trace::Event;

/// Starts at [`Instant::ORIGIN`] and moves from deadline to deadline.
///
/// The conversions to and from the standard library's instants put the origin where [`RealClock`](trunnion_core::RealClock)
/// has it; they do not read the operating system's clock while the simulator runs.
///
/// # Cost
/// One atomic load; a hold allocates once.
impl Clock for SimRuntime {
    fn now(&self) -> Instant {
        self.shared.now()
    }

    fn hold(&self) -> AdvanceHold {
        hold(&self.shared)
    }
}

fn hold(shared: &Arc<Shared>) -> AdvanceHold {
    shared.queue.hold();
    shared.state.lock().trace.add(Event::Hold);
    let shared = Arc::clone(shared);
    AdvanceHold::new(move || {
        shared.state.lock().trace.add(Event::Release);
        shared.queue.release();
    })
}
