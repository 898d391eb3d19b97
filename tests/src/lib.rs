//! The package of the tests that need more than one crate; they stand in the folders beside `src`.
