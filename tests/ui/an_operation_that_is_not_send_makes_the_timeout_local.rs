use std::rc::Rc;
use std::time::Duration;

use trunnion_core::Runtime;
use trunnion_patterns::timeout;

fn spawns_a_local_operation<R: Runtime>(rt: &R) {
    let timer = rt.clone();
    let task = rt.spawn(async move {
        let shared = Rc::new(1);
        timeout(&timer, Duration::from_secs(1), async move { *shared }).await
    });
    drop(task);
}

fn main() {}
