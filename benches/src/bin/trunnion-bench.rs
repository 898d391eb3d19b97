//! Compares; `cargo xtask bench --help` tells how.

use std::process::ExitCode;

fn main() -> ExitCode {
    trunnion_benches::program::main(None)
}
