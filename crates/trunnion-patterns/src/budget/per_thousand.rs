//! Ratios that stay exact in decimal digits.

use crate::refusal::Refusal;

/// Turns a number into thousandths, or refuses it: what is not from 0 to `most`.
#[track_caller]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number was checked"
)]
pub(super) const fn per_thousand(what: &str, number: f64, most: u32) -> u32 {
    if number.is_nan() {
        refuse(Refusal::new(what).text(" of NaN"), most);
    }
    if number < 0.0 {
        refuse(shown(Refusal::new(what).text(" of -"), -number), most);
    }
    if number > most as f64 {
        refuse(shown(Refusal::new(what).text(" of "), number), most);
    }
    (number * 1_000.0 + 0.5) as u32
}

/// Writes a positive number with three decimals, saturating.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "casts saturate, and the text is for people"
)]
const fn shown(refusal: Refusal, number: f64) -> Refusal {
    let whole = number as u64;
    let rest = ((number - whole as f64) * 1_000.0) as u64;
    refusal.number(whole).text(".").digits(rest, 3)
}

#[track_caller]
const fn refuse(refusal: Refusal, most: u32) -> ! {
    let refusal = refusal.text(" is not from 0 to ");
    refusal.number(most as u64).raise()
}
