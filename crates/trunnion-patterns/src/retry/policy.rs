//! What a retry is parameterised by.

use crate::Budget;

use super::verdict::OnError;

/// Joins what judges results, what pays for retries and what is told of them: the one parameter of [`Retry`](crate::Retry).
///
/// [`RetryRules`] is one, made by the methods of `Retry`; a type of one's own names a policy that is used in many places.
///
/// ```
/// use std::time::Duration;
/// use trunnion_patterns::{Backoff, OnError, Retry, RetryBudget, RetryPolicy};
///
/// static BUDGET: RetryBudget = RetryBudget::new();
///
/// /// How the mirrors are asked.
/// struct Mirrors;
///
/// impl RetryPolicy for Mirrors {
///     type Classifier = OnError;
///     type Budget = RetryBudget;
///     type Observer = ();
///
///     fn classifier(&self) -> &OnError {
///         &OnError
///     }
///     fn budget(&self) -> &RetryBudget {
///         &BUDGET
///     }
///     fn observer(&self) -> &() {
///         &()
///     }
/// }
///
/// static MIRRORS: Retry<Mirrors> = Retry::with_policy(Backoff::exponential(Duration::from_millis(50)), Mirrors);
/// # assert!(format!("{MIRRORS:?}").contains("max_attempts"));
/// ```
pub trait RetryPolicy {
    /// What judges results: it is to be a [`Classify`](crate::Classify) of them.
    type Classifier;
    /// What pays for retries.
    type Budget: Budget;
    /// What is told: it is to be a [`RetryObserver`](crate::RetryObserver) of the results.
    type Observer;

    /// Gives what judges results.
    fn classifier(&self) -> &Self::Classifier;

    /// Gives what pays for retries.
    fn budget(&self) -> &Self::Budget;

    /// Gives what is told.
    fn observer(&self) -> &Self::Observer;
}

/// Holds a policy's three parts; what was not chosen tries every error again, pays nothing and tells nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryRules<C = OnError, B = (), O = ()> {
    /// What judges results.
    pub classifier: C,
    /// What pays for retries.
    pub budget: B,
    /// What is told.
    pub observer: O,
}

impl<C, B: Budget, O> RetryPolicy for RetryRules<C, B, O> {
    type Classifier = C;
    type Budget = B;
    type Observer = O;

    #[inline]
    fn classifier(&self) -> &C {
        &self.classifier
    }

    #[inline]
    fn budget(&self) -> &B {
        &self.budget
    }

    #[inline]
    fn observer(&self) -> &O {
        &self.observer
    }
}
