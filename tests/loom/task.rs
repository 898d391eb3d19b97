//! The task cell: M1 to M7 and what else its seeded bugs asked for.
//!
//! Each model lets two or three parties race, joins them, polls on whatever was woken (`Polled::settle`), and then looks at
//! the ledger. A wake that is lost shows as a runner or a handle that is pending and was not woken.

mod abort;
mod ends;
mod handle;
mod parts;
