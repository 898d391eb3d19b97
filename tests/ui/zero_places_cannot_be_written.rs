use trunnion_patterns::map_concurrent;

fn main() {
    let _ = map_concurrent(0, [1, 2, 3], |item| async move { item });
}
