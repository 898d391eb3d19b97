use std::time::Duration;

use trunnion_patterns::timeout;

async fn passes_no_runtime() {
    let _ = timeout(&"tokio", Duration::from_secs(1), async {}).await;
}

fn main() {}
