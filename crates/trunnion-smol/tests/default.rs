//! An application's default runtime: found everywhere, which makes no thread one of its own.
//!
//! The default belongs to the process, so that this file has one test.

use std::num::NonZeroUsize;
use std::time::Duration;

use trunnion_core::context::set_default;
use trunnion_core::{AnyRuntime, BlockOn, RuntimeInfo, ShutdownRuntime, Spawn};
use trunnion_smol::SmolOwned;

#[test]
fn a_runtime_that_is_the_default_can_be_entered_and_shut_down() {
    let owner = SmolOwned::with_workers(NonZeroUsize::MIN).expect("threads start");
    let rt = owner.handle();
    set_default(AnyRuntime::new(rt.clone())).expect("nobody has set one");
    let found = AnyRuntime::current().expect("the default");
    assert_eq!(found.info().id, rt.info().id);

    assert_eq!(owner.block_on(rt.spawn(async { 1 })).expect("it ends"), 1);
    rt.spawn_detached(std::future::pending());
    let report = owner.shutdown(Duration::from_secs(30));
    assert_eq!(report.expect("this thread is outside").tasks_dropped, 1);
}
