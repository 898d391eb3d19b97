//! Whether a service recovers from a stall, by what pays for retries: the mean of five seeds, as published.

#[path = "metastable/cells.rs"]
mod cells;
#[path = "metastable/world.rs"]
mod world;

#[test]
fn calls_recover_from_a_stall_or_never_in_five_seeds() {
    cells::check(&[1, 2, 3, 4, 5]);
}
