use std::rc::Rc;

use trunnion_core::Runtime;
use trunnion_patterns::{ScopeError, TaskScope};

async fn keeps_an_rc_in_a_child<R: Runtime>(rt: &R) -> Result<Vec<u32>, ScopeError<u32>> {
    TaskScope::builder(rt)
        .run(async |s| {
            let here = Rc::new(1);
            let child = s.spawn(async move { Ok(*here) });
            drop(child);
            Ok(())
        })
        .await
}

fn main() {
    let _ = keeps_an_rc_in_a_child::<trunnion_core::AnyRuntime>;
}
