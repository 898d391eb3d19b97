use std::time::Duration;

use trunnion_core::Runtime;
use trunnion_patterns::{Backoff, Retry};

const RETRY: Retry = Retry::new(Backoff::fixed(Duration::ZERO));

async fn send(line: &mut Vec<u8>) -> Result<(), ()> {
    line.push(1);
    Ok(())
}

async fn lends<R: Runtime>(rt: &R) {
    let mut line = Vec::new();
    let _ = RETRY.run(rt, |_| send(&mut line)).await;
}

fn main() {}
