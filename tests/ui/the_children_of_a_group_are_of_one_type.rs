use std::future::{pending, ready};

use trunnion_patterns::group;

async fn mixes() {
    group(async |s| {
        s.spawn_detached(ready(1));
        s.spawn_detached(pending::<u32>());
    })
    .await;
}

fn main() {
    drop(mixes());
}
