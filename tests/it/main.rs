//! Tests of what no adapter can show alone.
#![cfg(not(trunnion_loom))]

mod combinators;
mod detection;
mod flows;
mod foreign_runtimes;
mod foreign_tokens;
mod layers;
mod ledger;
mod lent;
mod maps;
mod nested_entry;
mod paused_clock;
mod primitives;
mod retries;
mod retry_budgets;
mod runtimes;
mod scopes;
mod semaphores;
mod shutdowns;
mod signals;
mod streams;
mod supervisors;
mod task_scopes;
mod tokens;
mod waits;
