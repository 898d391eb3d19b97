//! The demo programs, as a library: each is generic over the runtime, so that tests and benches run them too.

pub mod digest;
pub mod fetch;

mod stop;
