//! Behaviour of the patterns, with time and operations moved by hand.

mod backoff;
mod failure;
mod hand;
mod interval;
mod map_concurrent;
mod set;
mod timeout;
