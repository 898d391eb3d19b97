use std::time::Duration;

use trunnion_patterns::{Backoff, Retry};

fn main() {
    let _ = Retry::new(Backoff::fixed(Duration::ZERO)).max_attempts(0);
}
