//! What must not compile, and what the compiler then says.
//!
//! The expected text belongs to one compiler: `cargo xtask ci compile-fail` skips and counts this test on another.
#![cfg(not(trunnion_loom))]

#[test]
fn misuse_is_refused_with_a_useful_message() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}

#[test]
fn what_is_refused_beside_works() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}
