//! How long to wait before trying again.

mod delays;
mod jitter;
mod power;
mod range;
mod shape;

use core::time::Duration;

use trunnion_core::Entropy;

use crate::refusal::Refusal;
pub use delays::Delays;
pub use jitter::Jitter;
use jitter::Shares;
use range::Range;
use shape::{Shape, saturating_nanos};

/// The cap of a backoff that was given none: 20 seconds.
const DEFAULT_CAP: u64 = 20_000_000_000;
/// How far a decorrelated delay may lie above the one before.
const DECORRELATED: u64 = 3;

/// Says how long to wait before each retry.
///
/// It is a value: inert, `Copy` and made in a `const`. A *shape* gives the raw delay before each retry, which the *floor* and
/// the *cap* bound; a [`Jitter`] (from zero to all of it, if nothing else is said) makes a range of it inside these bounds,
/// and the delay is drawn from the range. Delays never end: how often to try is for the loop to say.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{Entropy, Timer};
/// use trunnion_patterns::Backoff;
///
/// const DIAL: Backoff = Backoff::exponential(Duration::from_millis(100)).cap(Duration::from_secs(5));
///
/// async fn dial<R: Timer + Entropy>(rt: &R, mut connect: impl FnMut() -> Option<u16>) -> u16 {
///     let mut delays = DIAL.delays(rt);
///     loop {
///         match connect() {
///             Some(connection) => break connection,
///             None => rt.sleep(delays.next_delay()).await,
///         }
///     }
/// }
///
/// trunnion_sim::run(|rt| async move {
///     let mut answers = [None, None, Some(7)].into_iter();
///     assert_eq!(dial(&rt, || answers.next().flatten()).await, 7);
/// });
/// ```
///
/// Times are whole nanoseconds; what lies beyond 584 years counts as 584 years. Raw delays never fall from one retry to the
/// next, but for [`steps`](Self::steps), which are taken as they are. What cannot be meant is refused when the value is
/// built, in a `const` by the compiler:
///
/// ```compile_fail,E0080
/// # use std::time::Duration;
/// # use trunnion_patterns::{Backoff, Jitter};
/// const BAD: Backoff = Backoff::fixed(Duration::from_secs(1)).jitter(Jitter::Spread(1.5));
/// # let _ = BAD;
/// ```
///
/// | to wait | use |
/// |---|---|
/// | longer and longer, as is right for a service that may be overloaded | [`exponential`](Self::exponential) |
/// | less steeply | [`fibonacci`](Self::fibonacci), [`linear`](Self::linear), or a smaller [`factor`](Self::factor) |
/// | always the same, or not at all | [`fixed`](Self::fixed) |
/// | by a list | [`steps`](Self::steps) |
/// | independent of how often it was tried | [`decorrelated`](Self::decorrelated) |
///
/// # Cost
/// 56 bytes, and no allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a backoff does nothing unless it is asked for delays"]
pub struct Backoff {
    shape: Shape,
    floor: u64,
    cap: Option<u64>,
    // Not used by the decorrelated shapes, whose jitter is their own.
    jitter: Shares,
}

/// The shapes: each gives the delay `raw(n)` before retry `n`, counted from 0.
impl Backoff {
    /// Waits equally long each time: `raw(n) = delay`.
    ///
    /// Zero is no wait at all: no random number is drawn.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::Backoff;
    /// let at_once = Backoff::fixed(Duration::ZERO);
    /// assert_eq!(at_once.delays(&ThreadEntropy).next_delay(), Duration::ZERO);
    /// ```
    pub const fn fixed(delay: Duration) -> Self {
        Self::new(Shape::Fixed(saturating_nanos(delay)))
    }

    /// Waits `first` longer each time: `raw(n) = first * (n + 1)`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::{Backoff, Jitter};
    /// let backoff = Backoff::linear(Duration::from_secs(1)).jitter(Jitter::None);
    /// assert_eq!(backoff.delay(2, Duration::ZERO, &ThreadEntropy), Duration::from_secs(3));
    /// ```
    pub const fn linear(first: Duration) -> Self {
        Self::new(Shape::Linear(saturating_nanos(first)))
    }

    /// Waits twice as long each time, or by another [`factor`](Self::factor): `raw(n) = first * 2^n`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::{Backoff, Jitter};
    /// let backoff = Backoff::exponential(Duration::from_millis(100)).jitter(Jitter::None);
    /// assert_eq!(backoff.delay(3, Duration::ZERO, &ThreadEntropy), Duration::from_millis(800));
    /// assert_eq!(backoff.delay(u32::MAX, Duration::ZERO, &ThreadEntropy), Duration::from_secs(20));
    /// ```
    pub const fn exponential(first: Duration) -> Self {
        Self::new(Shape::Exponential {
            first: saturating_nanos(first),
            num: 2,
            den: 1,
        })
    }

    /// Waits as long as the two last times together: `raw(n) = first * (1, 1, 2, 3, 5, ..)`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::{Backoff, Jitter};
    /// let backoff = Backoff::fibonacci(Duration::from_secs(1)).jitter(Jitter::None);
    /// assert_eq!(backoff.delay(4, Duration::ZERO, &ThreadEntropy), Duration::from_secs(5));
    /// ```
    pub const fn fibonacci(first: Duration) -> Self {
        Self::new(Shape::Fibonacci(saturating_nanos(first)))
    }

    /// Draws each delay from `first` to three times the one before: `U[first, min(cap, 3 * previous)]`.
    ///
    /// The previous delay counts as `first` before there is one. Over many retries the delays become very unequal, and
    /// now and then one is short again: for the sum of five of them, one in a hundred is four times the mean. The range is
    /// cut to the cap before the delay is drawn, unlike that of [`decorrelated_aws`](Self::decorrelated_aws).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::Backoff;
    /// let backoff = Backoff::decorrelated(Duration::from_secs(1));
    /// let wait = backoff.delays(&ThreadEntropy).next_delay();
    /// assert!((Duration::from_secs(1)..=Duration::from_secs(3)).contains(&wait));
    /// ```
    pub const fn decorrelated(first: Duration) -> Self {
        Self::new(Shape::Decorrelated(saturating_nanos(first)))
    }

    /// Draws each delay as AWS published it: `min(cap, U[first, 3 * previous])`.
    ///
    /// To compare with published results ("Exponential backoff and jitter", AWS architecture blog, 2015, and its simulator
    /// `aws-arch-backoff-simulator`). In a long outage two delays of three are exactly the cap, so that clients fall into
    /// step: [`decorrelated`](Self::decorrelated) does not do that.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::Backoff;
    /// let backoff = Backoff::decorrelated_aws(Duration::from_millis(5)).cap(Duration::from_secs(2));
    /// assert!(backoff.delays(&ThreadEntropy).next_delay() <= Duration::from_millis(15));
    /// ```
    pub const fn decorrelated_aws(first: Duration) -> Self {
        Self::new(Shape::DecorrelatedAws(saturating_nanos(first)))
    }

    /// Waits as long as the list says, and goes on with its last delay.
    ///
    /// The list may fall as well as rise. It lives as long as the program: in a `const` or `static`, or in a block
    /// `const { &[..] }`.
    ///
    /// # Panics
    /// When the list is empty.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::{Backoff, Jitter};
    /// const STEPS: Backoff = Backoff::steps(&[Duration::ZERO, Duration::from_secs(1)]).jitter(Jitter::None);
    ///
    /// assert_eq!(STEPS.delay(0, Duration::ZERO, &ThreadEntropy), Duration::ZERO);
    /// assert_eq!(STEPS.delay(9, Duration::ZERO, &ThreadEntropy), Duration::from_secs(1));
    /// ```
    #[track_caller]
    pub const fn steps(steps: &'static [Duration]) -> Self {
        assert!(!steps.is_empty(), "steps of a backoff that are empty");
        Self::new(Shape::Steps(steps))
    }

    const fn new(shape: Shape) -> Self {
        Self {
            shape,
            floor: 0,
            cap: None,
            jitter: Jitter::Full.shares(),
        }
    }
}

/// What bounds the delays, and how far they stray.
impl Backoff {
    /// Makes an exponential backoff grow by `num / den` each time instead of by 2.
    ///
    /// Both are small integers, so that delays are the same on every machine: 3 / 2 for half as much again.
    ///
    /// # Panics
    /// When `den` is 0 or above `num` (the delays would fall), and when the backoff is not exponential.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::{Backoff, Jitter};
    /// let backoff = Backoff::exponential(Duration::from_millis(100)).factor(3, 2).jitter(Jitter::None);
    /// assert_eq!(backoff.delay(2, Duration::ZERO, &ThreadEntropy), Duration::from_millis(225));
    /// ```
    #[track_caller]
    pub const fn factor(mut self, num: u16, den: u16) -> Self {
        let Shape::Exponential { first, .. } = self.shape else {
            panic!("a factor for a backoff that is not exponential");
        };
        if den == 0 || num < den {
            let refusal = Refusal::new("a backoff factor of ").number(num as u64);
            let refusal = refusal.text(" / ").number(den as u64);
            refusal.text(" is not 1 or more").raise();
        }
        // Reduced, so that equal factors are equal values, and their powers fit longer.
        let divisor = common_divisor(num, den);
        self.shape = Shape::Exponential {
            first,
            num: num / divisor,
            den: den / divisor,
        };
        self
    }

    /// Makes no delay longer than `cap`.
    ///
    /// A cap below the first delay is kept too. Without this step it is 20 seconds, the longest delay that was given
    /// (the first, or the step) or twice the floor, whichever is the longest.
    ///
    /// # Panics
    /// When the floor is above it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::{Backoff, Jitter};
    /// let backoff = Backoff::exponential(Duration::from_secs(1)).cap(Duration::from_secs(3)).jitter(Jitter::None);
    /// assert_eq!(backoff.delay(2, Duration::ZERO, &ThreadEntropy), Duration::from_secs(3));
    /// ```
    #[track_caller]
    pub const fn cap(mut self, cap: Duration) -> Self {
        let cap = saturating_nanos(cap);
        self.cap = Some(cap);
        check_bounds(self.floor, cap);
        self
    }

    /// Lets delays grow up to 584 years.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::{Backoff, Jitter};
    /// let backoff = Backoff::exponential(Duration::from_secs(1)).uncapped().jitter(Jitter::None);
    /// assert_eq!(backoff.delay(10, Duration::ZERO, &ThreadEntropy), Duration::from_secs(1024));
    /// ```
    pub const fn uncapped(mut self) -> Self {
        self.cap = Some(u64::MAX);
        self
    }

    /// Makes no delay shorter than `floor`; zero, if nothing else is said.
    ///
    /// Jitter keeps its room above it, so that delays still differ: a raw delay counts as at least `floor * (1 + p)`, where
    /// `p` is the jitter's share (1 for full, 0.5 for equal, 0 for none).
    ///
    /// # Panics
    /// When it is above a cap that was given.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::Backoff;
    /// let backoff = Backoff::exponential(Duration::from_secs(1)).floor(Duration::from_millis(10));
    /// assert!(backoff.delays(&ThreadEntropy).next_delay() >= Duration::from_millis(10));
    /// ```
    #[track_caller]
    pub const fn floor(mut self, floor: Duration) -> Self {
        self.floor = saturating_nanos(floor);
        if let Some(cap) = self.cap {
            check_bounds(self.floor, cap);
        }
        self
    }

    /// Draws delays from the range that `jitter` names instead of from [`Jitter::Full`]'s.
    ///
    /// # Panics
    /// When a share is below 0, above 1 or not a number, and when the backoff is decorrelated, which is a jitter of its own.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::{Backoff, Jitter};
    /// let backoff = Backoff::fixed(Duration::from_secs(1)).jitter(Jitter::Equal);
    /// assert!(backoff.delays(&ThreadEntropy).next_delay() >= Duration::from_millis(500));
    /// ```
    #[track_caller]
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        if let Shape::Decorrelated(_) | Shape::DecorrelatedAws(_) = self.shape {
            panic!("a jitter for a backoff that is decorrelated");
        }
        self.jitter = jitter.shares();
        self
    }
}

/// The delays.
impl Backoff {
    /// Starts the delays of one call, with random numbers from `entropy`.
    ///
    /// Calls share nothing but that source: their delays differ, and the same seed gives the same ones again. A supervisor
    /// whose child ran well for a while starts anew.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_patterns::Backoff;
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let backoff = Backoff::exponential(Duration::from_secs(1));
    ///     let (mut one, mut other) = (backoff.delays(&rt), backoff.delays(&rt));
    ///     assert_ne!(one.next_delay(), other.next_delay());
    /// });
    /// ```
    pub const fn delays<'a, E: Entropy + ?Sized>(&self, entropy: &'a E) -> Delays<'a, E> {
        Delays::new(*self, entropy)
    }

    /// Gives the delay before retry `n`, counted from 0, after a delay of `previous`; for a state that is kept elsewhere.
    ///
    /// Only a decorrelated backoff looks at `previous`, which is zero before the first retry; only the others look at `n`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trunnion_core::ThreadEntropy;
    /// # use trunnion_patterns::Backoff;
    /// let backoff = Backoff::exponential(Duration::from_millis(100));
    /// assert!(backoff.delay(0, Duration::ZERO, &ThreadEntropy) <= Duration::from_millis(100));
    /// ```
    ///
    /// # Cost
    /// At most one random number, and none where there is no choice. Time at most in proportion to the logarithm of `n`, and
    /// no allocation.
    #[must_use]
    pub fn delay<E: Entropy + ?Sized>(&self, n: u32, previous: Duration, entropy: &E) -> Duration {
        let cap = self.cap_at(n);
        let nanos = match self.shape {
            Shape::Decorrelated(first) => {
                let Range { low, high } = self.uncut(first, previous);
                let (low, high) = (low.min(cap), high.min(cap));
                Range { low, high }.draw(entropy)
            }
            Shape::DecorrelatedAws(first) => self.uncut(first, previous).draw(entropy).min(cap),
            _ => self.range(n, cap).draw(entropy),
        };
        Duration::from_nanos(nanos)
    }

    /// The default gives way to what was given explicitly.
    fn cap_at(&self, n: u32) -> u64 {
        let default = || {
            let twice_floor = self.floor.saturating_mul(2);
            DEFAULT_CAP.max(self.shape.given(n)).max(twice_floor)
        };
        self.cap.unwrap_or_else(default)
    }

    /// The jitter's range, inside the bounds; cutting the delay afterwards would make many delays equal.
    fn range(&self, n: u32, cap: u64) -> Range {
        let Shares { down, up } = self.jitter;
        let room = self.floor.saturating_add(down.of(self.floor));
        let raw = self.shape.raw(n).max(room).min(cap);
        Range {
            low: (raw - down.of(raw)).max(self.floor),
            high: raw.saturating_add(up.of(raw)).min(cap),
        }
    }

    /// The range of a decorrelated delay, before the cap.
    fn uncut(&self, first: u64, previous: Duration) -> Range {
        let low = first.max(self.floor);
        let high = saturating_nanos(previous).max(low);
        Range {
            low,
            high: high.saturating_mul(DECORRELATED),
        }
    }
}

/// Euclid's, for two numbers of which the second is not 0.
const fn common_divisor(mut a: u16, mut b: u16) -> u16 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[track_caller]
const fn check_bounds(floor: u64, cap: u64) {
    if floor > cap {
        let refusal = Refusal::new("a backoff floor of ").number(floor);
        let refusal = refusal.text(" ns is above its cap of ").number(cap);
        refusal.text(" ns").raise();
    }
}
