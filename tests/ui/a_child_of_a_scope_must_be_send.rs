use std::rc::Rc;

use trunnion_patterns::scope;

async fn keeps_an_rc_in_a_child() {
    scope(async |s| {
        let here = Rc::new(1);
        s.spawn_detached(async move { *here + 1 });
    })
    .await;
}

fn main() {
    drop(keeps_an_rc_in_a_child());
}
