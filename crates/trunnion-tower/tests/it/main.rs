//! The layers in virtual time.

mod limits;
mod retries;
mod server;
mod timeouts;
