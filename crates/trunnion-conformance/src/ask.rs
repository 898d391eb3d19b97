//! The two answers to the question whether a type has a trait.

/// The type has the trait.
pub trait Implemented {
    /// Answers.
    fn is_there(&self) -> bool {
        true
    }
}

/// Any type, one reference further away.
pub trait Otherwise {
    /// Answers.
    fn is_there(&self) -> bool {
        false
    }
}
