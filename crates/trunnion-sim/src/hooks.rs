//! What core asks and tells the simulator of its thread.

use core::panic::Location;

use trunnion_core::sync::Arc;
use trunnion_core::{PanicPayload, Simulation};

use crate::explore::last_place;
use crate::state::Shared;
use crate::trace::Event;

/// One for each `block_on`.
pub(crate) struct Hooks(pub(crate) Arc<Shared>);

impl Simulation for Hooks {
    fn choose(&self, n: usize) -> usize {
        let mut state = self.0.state.lock();
        let nth = state.ready.chooser.choose(n);
        state.trace.add(Event::Choice("start", nth));
        nth
    }

    fn lost_panic(&self, payload: &PanicPayload) {
        let message = format!("a task that nobody joins panicked: {payload}");
        if let Some(watch) = &mut self.0.state.lock().watch {
            watch.panic.get_or_insert((message, last_place()));
        }
    }

    fn real_clock(&self, place: &'static Location<'static>) {
        if let Some(watch) = &mut self.0.state.lock().watch {
            watch.real_clock.get_or_insert(place);
        }
    }
}
