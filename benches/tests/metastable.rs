//! Whether a service recovers from a stall, by what pays for retries: one seed. `metastable_deep` has five.

#[path = "metastable/cells.rs"]
mod cells;
#[path = "metastable/world.rs"]
mod world;

#[test]
fn calls_recover_from_a_stall_or_never_as_published() {
    cells::check(&[1]);
}
