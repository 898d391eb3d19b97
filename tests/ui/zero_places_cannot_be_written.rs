use trunnion_patterns::{each, map_concurrent};

fn main() {
    let _ = map_concurrent(0, each([1, 2, 3]), |item| async move { item });
}
