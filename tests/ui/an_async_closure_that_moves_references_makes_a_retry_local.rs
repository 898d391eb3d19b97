use std::time::Duration;

use trunnion_core::Runtime;
use trunnion_patterns::{Backoff, Retry};

const RETRY: Retry = Retry::new(Backoff::fixed(Duration::ZERO));

async fn ask(_: &str) -> Result<(), ()> {
    Ok(())
}

fn moves_references<R: Runtime>(rt: &R) {
    let owned = rt.clone();
    drop(rt.spawn(async move {
        let name = String::new();
        let borrowed = &name;
        RETRY.run_mut(&owned, async move |_| ask(borrowed).await).await
    }));
}

fn main() {}
