//! Growth by a ratio of integers, for any number of steps.

/// Gives `first * (num / den)^n`, rounded down, at most `u64::MAX`; `num` must not be below `den`, nor `den` be 0.
///
/// It is exact while both powers fit in 64 bits, and where `den` is 1. Beyond that each of the `2 log2(n)` products loses
/// less than one part in 2^63, in all about `n` of those. The result never falls as `n` grows: two terms lie at least
/// one part in 2^16 apart, and 64 bits of growth take fewer than 2^22 steps.
///
/// # Cost
/// Time in proportion to the logarithm of `n`; one shift where it doubles.
pub(super) fn grow(first: u64, num: u16, den: u16, n: u32) -> u64 {
    match (num, den) {
        (2, 1) => double(first, n),
        _ => multiply(first, num, den, n),
    }
}

fn double(first: u64, n: u32) -> u64 {
    match first {
        0 => 0,
        _ if n > first.leading_zeros() => u64::MAX,
        _ => first << n,
    }
}

fn multiply(first: u64, num: u16, den: u16, n: u32) -> u64 {
    let (up, down) = (Power::of(num, n), Power::of(den, n));
    let product = u128::from(first) * u128::from(up.mantissa);
    // Not negative: both powers take the same steps, and the larger base stays ahead.
    let exponent = up.exponent.saturating_sub(down.exponent);
    // Shifted before it is divided, so that small delays keep their fraction.
    let early = exponent.min(u64::from(product.leading_zeros()));
    let quotient = (product << early.min(127)) / u128::from(down.mantissa);
    let late = exponent - early;
    if quotient == 0 {
        return 0;
    }
    if late > u64::from(quotient.leading_zeros()) {
        return u64::MAX;
    }
    u64::try_from(quotient << late).unwrap_or(u64::MAX)
}

/// `mantissa * 2^exponent`, where the mantissa fills its 64 bits as soon as the exponent is not 0.
#[derive(Clone, Copy)]
struct Power {
    mantissa: u64,
    exponent: u64,
}

impl Power {
    /// Raises `base` by squaring.
    fn of(base: u16, n: u32) -> Self {
        let mut square = Self::from(u64::from(base));
        let mut power = Self::from(1);
        let mut rest = n;
        while rest > 0 {
            if rest & 1 == 1 {
                power = power.times(square);
            }
            square = square.times(square);
            rest >>= 1;
        }
        power
    }

    const fn from(mantissa: u64) -> Self {
        Self {
            mantissa,
            exponent: 0,
        }
    }

    /// Multiplies, dropping the bits that do not fit.
    fn times(self, other: Self) -> Self {
        let product = u128::from(self.mantissa) * u128::from(other.mantissa);
        let surplus = 64_u32.saturating_sub(product.leading_zeros());
        Self {
            mantissa: u64::try_from(product >> surplus).unwrap_or(u64::MAX),
            exponent: self.exponent + other.exponent + u64::from(surplus),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{double, multiply};

    #[test]
    fn doubling_is_multiplying_by_two() {
        let firsts = [
            0,
            1,
            3,
            100_000_000,
            1 << 62,
            1 << 63,
            u64::MAX / 3,
            u64::MAX,
        ];
        for first in firsts {
            for n in (0..=130).chain([1_024, 1_025, u32::MAX]) {
                assert_eq!(double(first, n), multiply(first, 2, 1, n), "{first} {n}");
            }
        }
    }
}
