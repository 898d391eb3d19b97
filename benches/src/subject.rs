//! What is compared: one way to do the work of a scenario.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// The future of one sample; it gives the checksum of the work.
pub type Sample = Pin<Box<dyn Future<Output = u64> + Send>>;

/// Makes the future that does the work so many times.
pub type Work = Box<dyn Fn(u32) -> Sample + Send + Sync>;

/// Whose code a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The runtime itself, used by hand.
    Native,
    /// Another crate.
    Peer,
    /// trunnion.
    Ours,
}

/// One way to do the work of a scenario, or the reason why somebody has none.
pub struct Subject {
    /// What the row is called.
    pub name: &'static str,
    /// Whose code it is.
    pub side: Side,
    /// How its semantics differ from the others'; empty when they do not.
    pub note: &'static str,
    /// The size of the future of one operation, where it has one of its own.
    pub future_bytes: Option<usize>,
    /// The work, or why this subject cannot do it.
    pub work: Result<Work, &'static str>,
}

impl Subject {
    /// Takes the runtime's own way, used by hand.
    pub fn native<F>(work: impl Fn(u32) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = u64> + Send + 'static,
    {
        Self::new("native", Side::Native, work)
    }

    /// Takes the way of another crate.
    pub fn peer<F>(name: &'static str, work: impl Fn(u32) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = u64> + Send + 'static,
    {
        Self::new(name, Side::Peer, work)
    }

    /// Takes trunnion's way.
    pub fn ours<F>(name: &'static str, work: impl Fn(u32) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = u64> + Send + 'static,
    {
        Self::new(name, Side::Ours, work)
    }

    fn new<F>(
        name: &'static str,
        side: Side,
        work: impl Fn(u32) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = u64> + Send + 'static,
    {
        Self {
            name,
            side,
            note: "",
            future_bytes: None,
            work: Ok(Box::new(move |iterations| Box::pin(work(iterations)))),
        }
    }

    /// Says that another crate cannot do it, and why.
    #[must_use]
    pub fn missing(name: &'static str, reason: &'static str) -> Self {
        Self {
            name,
            side: Side::Peer,
            note: "",
            future_bytes: None,
            work: Err(reason),
        }
    }

    /// Says how the semantics differ.
    #[must_use]
    pub fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// Adds the size of the future of one operation.
    #[must_use]
    pub fn future_bytes(mut self, bytes: usize) -> Self {
        self.future_bytes = Some(bytes);
        self
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("name", &self.name)
            .field("side", &self.side)
            .finish_non_exhaustive()
    }
}
