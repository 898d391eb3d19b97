//! Entering a runtime, or finding out that this would panic.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::{Handle, LocalRuntime, Runtime};
use trunnion_core::WouldDeadlock;
use trunnion_core::panic::{catch, contain};

use crate::detect::Place;

/// What both kinds of tokio runtime can do.
pub(crate) trait Native {
    fn handle(&self) -> &Handle;

    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Ends the runtime and waits this long for its threads.
    fn end(self, wait: Duration);
}

impl Native for Runtime {
    fn handle(&self) -> &Handle {
        self.handle()
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.block_on(future)
    }

    fn end(self, wait: Duration) {
        self.shutdown_timeout(wait);
    }
}

/// The handles to a local runtime hold it weakly; its owner has the one lasting reference.
impl Native for Rc<LocalRuntime> {
    fn handle(&self) -> &Handle {
        LocalRuntime::handle(self)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        LocalRuntime::block_on(self, future)
    }

    fn end(self, wait: Duration) {
        if let Some(runtime) = Rc::into_inner(self) {
            runtime.shutdown_timeout(wait);
        }
    }
}

/// Runs `future` on `runtime`, or gives it back where tokio would panic.
pub(super) fn try_block_on<N: Native, F: Future>(
    runtime: &N,
    future: F,
) -> Result<F::Output, WouldDeadlock<F>> {
    match Place::here() {
        Place::Outside => Ok(runtime.block_on(future)),
        Place::Poll => Err(WouldDeadlock::new(future)),
        Place::Entered => attempt(runtime, future),
    }
}

/// Tries where nothing tells whether tokio would panic: it would do so before it polls.
fn attempt<N: Native, F: Future>(runtime: &N, future: F) -> Result<F::Output, WouldDeadlock<F>> {
    let mut unpolled = Some(future);
    let root = async {
        let future = unpolled.take();
        future.expect("the root is started once").await
    };
    match catch(|| runtime.block_on(root)) {
        Ok(output) => Ok(output),
        Err(payload) => match unpolled {
            Some(future) => {
                contain(|| drop(payload));
                Err(WouldDeadlock::new(future))
            }
            None => payload.resume(),
        },
    }
}
