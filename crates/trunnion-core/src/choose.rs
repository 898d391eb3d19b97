//! Choosing where an order is free.

use std::cell::Cell;

use crate::simulation;

std::thread_local! {
    static TURN: Cell<usize> = const { Cell::new(0) };
}

/// Chooses one of `n` equals, and gives a number below `n` (0 for none at all).
///
/// It is for places where an order is free and nobody should rely on it: the start of a race, say. The choice rotates, one
/// turn a thread; inside the simulator it is the simulator's, so that it is repeated for the same seed.
///
/// ```
/// use trunnion_core::choose;
///
/// let first = choose(3);
/// assert_eq!(choose(3), (first + 1) % 3);
/// assert_eq!((choose(1), choose(0)), (0, 0));
/// ```
///
/// # Cost
/// Two thread-local accesses.
#[must_use]
pub fn choose(n: usize) -> usize {
    if n < 2 {
        return 0;
    }
    match simulation::current() {
        Some(simulation) => simulation.choose(n) % n,
        None => rotate() % n,
    }
}

/// Counts; during thread exit it stands still.
fn rotate() -> usize {
    let next = TURN.try_with(|turn| turn.replace(turn.get().wrapping_add(1)));
    next.unwrap_or(0)
}
