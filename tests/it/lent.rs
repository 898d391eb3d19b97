//! What a future under test borrows, and gives back wherever it is dropped.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

/// A place from which one thing is lent.
pub(crate) struct Place<T>(Arc<Mutex<Option<T>>>);

impl<T> Place<T> {
    pub(crate) fn new(thing: T) -> Self {
        Self(Arc::new(Mutex::new(Some(thing))))
    }

    /// Takes it until what is given here is dropped; `None` while somebody has it.
    pub(crate) fn take(&self) -> Option<Lent<T>> {
        let thing = self.0.lock().expect("nobody panics under it").take()?;
        let home = self.clone();
        let thing = Some(thing);
        Some(Lent { home, thing })
    }
}

impl<T> Clone for Place<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Gives back what was lent when it is dropped.
pub(crate) struct Lent<T> {
    home: Place<T>,
    thing: Option<T>,
}

impl<T> Deref for Lent<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.thing.as_ref().expect("it is there until the drop")
    }
}

impl<T> DerefMut for Lent<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.thing.as_mut().expect("it is there until the drop")
    }
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        *self.home.0.lock().expect("nobody panics under it") = self.thing.take();
    }
}
