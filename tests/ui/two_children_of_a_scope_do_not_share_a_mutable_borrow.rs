use trunnion_patterns::scope;

async fn counts_twice() -> u32 {
    let mut count = 0;
    scope(async |s| {
        s.spawn_detached(async { count += 1 });
        s.spawn_detached(async { count += 1 });
    })
    .await;
    count
}

fn main() {
    drop(counts_twice());
}
