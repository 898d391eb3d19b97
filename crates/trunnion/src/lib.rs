//! Lets one async library run on any runtime.
// The README is the front page; its examples need every runtime.
#![cfg_attr(
    all(feature = "tokio", feature = "smol", feature = "sim"),
    doc = concat!("\n", include_str!("../README.md"))
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

pub mod guide;
mod kind;
mod run;
#[cfg(feature = "signal")]
pub mod signal;
mod test_on_all;

#[doc(no_inline)]
pub use trunnion_core::*;
#[doc(no_inline)]
pub use trunnion_patterns::*;

#[cfg(feature = "sim")]
#[doc(no_inline)]
pub use trunnion_sim as sim;
#[cfg(feature = "smol")]
#[doc(no_inline)]
pub use trunnion_smol as smol;
#[cfg(feature = "tokio")]
#[doc(no_inline)]
pub use trunnion_tokio as tokio;
#[cfg(feature = "tower")]
#[doc(no_inline)]
pub use trunnion_tower as tower;

pub use kind::{Kind, UnknownRuntime};
pub use run::{current, run};
#[doc(hidden)]
pub use test_on_all::on;
