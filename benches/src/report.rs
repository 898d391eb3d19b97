//! Showing what a run found: as text, as a page, as BENCHMARKS.md, and beside another run.
//!
//! What a cell says is decided once, in `cells` and `number`; the three forms only arrange it.

mod cells;
mod diff;
mod facts;
mod grid;
mod headline;
mod html;
mod losses;
mod markdown;
mod markup;
mod measured;
mod method;
mod notes;
mod number;
mod tally;
mod text;

#[cfg(test)]
mod sample;

pub use diff::diff;
pub use html::html;
pub use markdown::markdown;
pub use text::text;
