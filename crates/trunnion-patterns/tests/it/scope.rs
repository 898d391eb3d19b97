//! Scopes of one task: polled by hand, and in the simulator.

mod ends;
mod handles;
mod panics;
mod races;
mod sweeps;
mod turns;
