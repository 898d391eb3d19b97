//! The cancellation token of core: the invariants K1 to K6 of its tree.

mod callback;
mod joined;
mod orphan;
mod parts;
mod tree;
