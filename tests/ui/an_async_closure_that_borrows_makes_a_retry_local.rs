use std::time::Duration;

use trunnion_core::Runtime;
use trunnion_patterns::{Backoff, Retry};

const RETRY: Retry = Retry::new(Backoff::fixed(Duration::ZERO));

async fn send(line: &mut Vec<u8>) -> Result<(), ()> {
    line.push(1);
    Ok(())
}

fn borrows_its_captures<R: Runtime>(rt: &R) {
    let owned = rt.clone();
    drop(rt.spawn(async move {
        let mut line = Vec::new();
        RETRY.run_mut(&owned, async |_| send(&mut line).await).await
    }));
}

fn main() {}
