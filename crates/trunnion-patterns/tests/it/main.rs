//! Behaviour of the patterns, with time and operations moved by hand.

mod hand;
mod map_concurrent;
mod timeout;
