//! Tokens on one thread, and between threads where nothing is to be seen but the outcome.
#![cfg(not(trunnion_loom))]

mod callback;
mod reentry;
mod rules;
mod shape;
mod waiting;
mod wakes;
