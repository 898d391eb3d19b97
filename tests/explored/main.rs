//! The patterns under exploration: small programs with an oracle, each run under thousands of schedules.
//!
//! `cargo test --test explored -- --nocapture` prints a row for each program. What fails is replayed by the line that its report ends with.
#![cfg(not(trunnion_loom))]
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod brackets;
mod budgets;
mod flows;
mod harness;
mod joiners;
mod joining;
mod limits;
mod maps;
mod parts;
mod refused;
mod retries;
mod scopes;
mod semaphores;
mod shutdowns;
mod streams;
mod supervisors;
mod task_scopes;
mod times;
mod tokens;
