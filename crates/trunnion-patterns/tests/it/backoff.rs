//! Delays before retries: their tables, their bounds, and what peers get wrong.

mod contention;
mod model;
mod peers;
mod properties;
mod refusals;
mod source;
mod tables;
