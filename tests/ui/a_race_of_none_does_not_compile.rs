use trunnion_patterns::{race, race_ok};

fn main() {
    let _ = race(());
    let _ = race_ok(());
}
