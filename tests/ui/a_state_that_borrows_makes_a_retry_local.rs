use std::time::Duration;

use trunnion_core::Runtime;
use trunnion_patterns::{Backoff, Retry};

const RETRY: Retry = Retry::new(Backoff::fixed(Duration::ZERO));

async fn send(line: &mut Vec<u8>, _: &str) -> Result<(), ()> {
    line.push(1);
    Ok(())
}

fn passes_references<R: Runtime>(rt: &R) {
    let owned = rt.clone();
    drop(rt.spawn(async move {
        let (mut line, name) = (Vec::new(), String::new());
        let mut state = (&mut line, &name);
        let sent = RETRY.run_with(&owned, &mut state, async |state: &mut (&mut Vec<u8>, &String), _| {
            send(state.0, state.1).await
        });
        sent.await
    }));
}

fn main() {}
