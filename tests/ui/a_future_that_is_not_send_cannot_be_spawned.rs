use std::rc::Rc;

use trunnion_core::Runtime;

fn keeps_an_rc_across_an_await<R: Runtime>(rt: &R) {
    let sleeper = rt.clone();
    let task = rt.spawn(async move {
        let here = Rc::new(1);
        sleeper.yield_now().await;
        *here
    });
    drop(task);
}

fn main() {}
