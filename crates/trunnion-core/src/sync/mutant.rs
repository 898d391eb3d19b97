//! Seeded bugs, for the proof that the models bite.

/// Chooses between the right code and a seeded bug.
///
/// `mutant!("name", right, wrong)` is `right`, except under `--cfg trunnion_mutants` in a run whose environment variable
/// `TRUNNION_MUTANT` is `name`.
#[doc(hidden)]
#[macro_export]
macro_rules! mutant {
    ($name:literal, $right:expr, $wrong:expr) => {{
        #[cfg(trunnion_mutants)]
        let chosen = if $crate::sync::mutant($name) {
            $wrong
        } else {
            $right
        };
        #[cfg(not(trunnion_mutants))]
        let chosen = $right;
        chosen
    }};
}

/// Tells whether the seeded bug `name` is switched on.
#[must_use]
pub fn mutant(name: &str) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<std::string::String>> = std::sync::OnceLock::new();
    CHOSEN
        .get_or_init(|| std::env::var("TRUNNION_MUTANT").ok())
        .as_deref()
        == Some(name)
}
