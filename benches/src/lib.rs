//! The place of the comparisons with other crates, which are dependencies here and in `tests/` only.
//!
//! There is none yet: what this release promises in numbers is exact, and stands in `tests/budget.rs`.
