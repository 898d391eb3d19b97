//! Hashes a tree of files on each runtime; `digest --help` tells how.

use std::process::ExitCode;

fn main() -> ExitCode {
    trunnion_examples::digest::program::main()
}
