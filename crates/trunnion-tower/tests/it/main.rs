//! The layers in virtual time.

mod counted;
mod limits;
mod retries;
mod server;
mod timeouts;
