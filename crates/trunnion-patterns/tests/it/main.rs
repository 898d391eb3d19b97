//! Behaviour of the patterns, with time and operations moved by hand.

mod backoff;
mod bracket;
mod budget;
mod failure;
mod flow;
mod foreign;
mod gather;
mod hand;
mod interval;
mod map_concurrent;
mod order;
mod race;
mod retry;
mod scope;
mod semaphore;
mod set;
mod shutdown;
mod streams;
mod supervisor;
mod task_scope;
mod timeout;
mod with_deadline;
