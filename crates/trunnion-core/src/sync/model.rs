//! Loom's side of the seam.

pub use loom::cell::UnsafeCell;
pub use loom::sync::MutexGuard;
pub use loom::sync::atomic;
pub use loom::thread;

/// A lock without poison.
#[derive(Debug)]
pub struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    /// Wraps `value`.
    pub fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    /// Waits for the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
