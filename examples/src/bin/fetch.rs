//! Fetches pages over HTTP on each runtime; `fetch --help` tells how.

use std::process::ExitCode;

fn main() -> ExitCode {
    trunnion_examples::fetch::program::main()
}
