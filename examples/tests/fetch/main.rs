//! Runs the program `fetch` as its users do, and its library part where a fault must be certain.
#![cfg(unix)]

mod bad_input;
mod cancelled;
mod counts;
mod faults;
mod interrupt;
mod run;
mod same_seed;
mod urls;
