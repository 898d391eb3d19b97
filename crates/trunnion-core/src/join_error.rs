//! Why a task gave no value.

use core::fmt;

#[cfg(feature = "alloc")]
use alloc::borrow::Cow;
#[cfg(feature = "alloc")]
use alloc::boxed::Box;
#[cfg(feature = "std")]
use core::any::Any;

/// Says why a task gave no value.
#[derive(Debug)]
#[non_exhaustive]
pub enum JoinError {
    /// The task was aborted, or its handle asked it to stop.
    Cancelled,
    /// The task panicked; the payload is kept.
    Panicked(PanicPayload),
    /// The runtime ended before the task did, or was gone when it was spawned.
    Shutdown,
}

impl JoinError {
    /// Tells whether the task was aborted.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// Tells whether the task panicked.
    #[must_use]
    pub const fn is_panic(&self) -> bool {
        matches!(self, Self::Panicked(_))
    }

    /// Tells whether the runtime ended first.
    #[must_use]
    pub const fn is_shutdown(&self) -> bool {
        matches!(self, Self::Shutdown)
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("the task was cancelled"),
            Self::Panicked(payload) => write!(f, "the task panicked: {payload}"),
            Self::Shutdown => f.write_str("the runtime ended before the task did"),
        }
    }
}

impl core::error::Error for JoinError {}

/// Holds what a task panicked with.
///
/// ```
/// use trunnion_core::PanicPayload;
///
/// let payload = std::panic::catch_unwind(|| panic!("no luck")).unwrap_err();
/// let payload = PanicPayload::new(payload);
/// assert_eq!(payload.message(), Some("no luck"));
/// assert_eq!(*payload.into_inner().downcast::<&str>().unwrap(), "no luck");
/// ```
pub struct PanicPayload {
    // Apart: results in which there could be a panic are moved far more often than there is one.
    #[cfg(feature = "alloc")]
    panic: Box<Panic>,
}

#[cfg(feature = "alloc")]
struct Panic {
    message: Option<Cow<'static, str>>,
    // The lock is never taken: it makes the payload `Sync`, so that the error fits into boxed errors.
    #[cfg(feature = "std")]
    payload: std::sync::Mutex<Box<dyn Any + Send>>,
}

impl PanicPayload {
    /// Keeps what `catch_unwind` caught.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn new(payload: Box<dyn Any + Send>) -> Self {
        let text = payload
            .downcast_ref::<&'static str>()
            .copied()
            .map(Cow::Borrowed);
        let message = text.or_else(|| payload.downcast_ref().cloned().map(Cow::Owned));
        let payload = std::sync::Mutex::new(payload);
        let panic = Box::new(Panic { message, payload });
        Self { panic }
    }

    /// Gives the panic's text, when it was raised with one.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        #[cfg(feature = "alloc")]
        return self.panic.message.as_deref();
        #[cfg(not(feature = "alloc"))]
        None
    }

    /// Gives the value that the task panicked with.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn into_inner(self) -> Box<dyn Any + Send> {
        let Panic { payload, .. } = *self.panic;
        payload
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Raises the panic again in the calling thread, without a second message.
    ///
    /// # Panics
    /// Always: that is its purpose.
    #[cfg(feature = "std")]
    pub fn resume(self) -> ! {
        std::panic::resume_unwind(self.into_inner())
    }
}

impl fmt::Display for PanicPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message().unwrap_or("a value that is not text"))
    }
}

impl fmt::Debug for PanicPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PanicPayload")
            .field(&self.message())
            .finish()
    }
}
