use std::future::ready;

use trunnion_patterns::race;

fn main() {
    let _ = race((ready(1), ready("two")));
}
