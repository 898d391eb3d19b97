//! Why something was cancelled.

use core::fmt;

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
#[cfg(feature = "alloc")]
use alloc::sync::Arc;

/// Says what kind of event a cancellation goes back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CancelKind {
    /// Somebody asked for it.
    Requested,
    /// A deadline has passed.
    Deadline,
    /// Another child of the same scope has failed.
    SiblingFailed,
    /// Another child of the same scope has panicked.
    SiblingPanicked,
    /// The result is known without it: a race is won, a quorum is reached.
    Satisfied,
    /// The scope around it has ended.
    ScopeClosed,
    /// A [`CancelGuard`](crate::CancelGuard) was dropped.
    GuardDropped,
    /// The program, or a part of it, shuts down.
    Shutdown,
    /// It had been asked to stop, and had its time for that.
    GraceExpired,
    /// The application's own number.
    Custom(u16),
}

impl fmt::Display for CancelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requested => "requested",
            Self::Deadline => "the deadline has passed",
            Self::SiblingFailed => "a sibling failed",
            Self::SiblingPanicked => "a sibling panicked",
            Self::Satisfied => "the result is known without it",
            Self::ScopeClosed => "its scope has ended",
            Self::GuardDropped => "its guard was dropped",
            Self::Shutdown => "shutdown",
            Self::GraceExpired => "its time to clean up has passed",
            Self::Custom(number) => return write!(f, "reason {number}"),
        })
    }
}

/// Says why something was cancelled: a kind and, where there is an allocator, an error that led to it.
///
/// It is an error itself, so that cancelled work can return it with `?`.
///
/// ```
/// use std::error::Error;
/// use trunnion_core::{CancelKind, CancelReason};
///
/// let plain = CancelReason::new(CancelKind::Shutdown);
/// assert_eq!(plain.to_string(), "cancelled: shutdown");
///
/// let told = CancelReason::new(CancelKind::SiblingFailed).because("no route to host");
/// assert_eq!(told.kind(), CancelKind::SiblingFailed);
/// assert_eq!(told.source().unwrap().to_string(), "no route to host");
/// assert_eq!(told, told.clone());
/// assert_ne!(told, CancelReason::new(CancelKind::SiblingFailed).because("no route to host"));
/// ```
///
/// # Cost
/// A clone counts one reference if there is an error, else nothing.
#[derive(Clone)]
pub struct CancelReason {
    kind: CancelKind,
    #[cfg(feature = "alloc")]
    cause: Option<Arc<Cause>>,
}

/// One word to those who keep it.
#[cfg(feature = "alloc")]
pub(crate) struct Cause(Box<dyn core::error::Error + Send + Sync>);

impl CancelReason {
    /// Makes a reason of one kind.
    #[must_use]
    pub const fn new(kind: CancelKind) -> Self {
        Self {
            kind,
            #[cfg(feature = "alloc")]
            cause: None,
        }
    }

    /// Adds the error, or the text, that led to it.
    ///
    /// # Cost
    /// Two allocations.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn because(self, cause: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        let cause = Some(Arc::new(Cause(cause.into())));
        Self { cause, ..self }
    }

    /// Names the kind of event.
    #[must_use]
    pub const fn kind(&self) -> CancelKind {
        self.kind
    }

    #[cfg(feature = "std")]
    pub(crate) fn from_parts(kind: CancelKind, cause: Option<Arc<Cause>>) -> Self {
        Self { kind, cause }
    }

    #[cfg(feature = "std")]
    pub(crate) const fn cause(&self) -> Option<&Arc<Cause>> {
        self.cause.as_ref()
    }
}

/// Two are equal if they are of one kind and go back to the same error: to the same one, not to one that reads like it.
impl PartialEq for CancelReason {
    fn eq(&self, other: &Self) -> bool {
        #[cfg(feature = "alloc")]
        let same_cause = match (&self.cause, &other.cause) {
            (Some(cause), Some(other)) => Arc::ptr_eq(cause, other),
            (None, None) => true,
            _ => false,
        };
        #[cfg(not(feature = "alloc"))]
        let same_cause = true;
        self.kind == other.kind && same_cause
    }
}

impl Eq for CancelReason {}

impl From<CancelKind> for CancelReason {
    fn from(kind: CancelKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cancelled: {}", self.kind)
    }
}

impl fmt::Debug for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("CancelReason");
        shown.field("kind", &self.kind);
        #[cfg(feature = "alloc")]
        shown.field("cause", &self.cause.as_ref().map(|cause| &cause.0));
        shown.finish()
    }
}

impl core::error::Error for CancelReason {
    #[cfg(feature = "alloc")]
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        let cause = self.cause.as_ref()?;
        Some(&*cause.0)
    }
}
