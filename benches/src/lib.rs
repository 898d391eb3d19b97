//! The comparisons: runtimes with each other, and trunnion with the crates that would be used instead.
//!
//! A [`scenario`] is a piece of work, a [`subject`] one way to do it, a [`host`] the runtime that it runs on.
//! `cargo xtask bench` builds the programs of this package and runs them.

pub mod clock;
pub mod compare;
pub mod contender;
pub mod facts;
pub mod figures;
pub mod host;
pub mod problem;
pub mod process;
pub mod program;
pub mod record;
pub mod report;
pub mod scenario;
pub mod stats;
pub mod store;
pub mod subject;
pub mod worker;
