//! The tables beside the models: which models there are, and which seeded bugs each catches.

use crate::error::{Error, Result};

/// A seeded bug and what becomes of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mutant {
    pub(super) name: String,
    pub(super) fate: Fate,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Each of these models catches it, and no other.
    Killed(Vec<Killer>),
    /// No model can see it, because of this.
    Equivalent(String),
}

/// A model that catches a bug.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Killer {
    pub(super) model: String,
    /// It does not end, rather than fail.
    pub(super) hangs: bool,
}

impl Killer {
    fn new(word: &str) -> Self {
        let hanging = word.strip_prefix("hang:");
        Self {
            model: hanging.unwrap_or(word).into(),
            hangs: hanging.is_some(),
        }
    }
}

/// The names in `models.txt`: the first word of each line.
pub(super) fn models(text: &str) -> Vec<&str> {
    rows(text)
        .filter_map(|(_, line)| line.split_whitespace().next())
        .collect()
}

/// The rows of `mutants.txt`.
pub(super) fn mutants(text: &str) -> Result<Vec<Mutant>> {
    let mut mutants: Vec<Mutant> = Vec::new();
    for (number, line) in rows(text) {
        let wrong = |why: &str| Error::new(format!("mutants.txt:{number}: {why}: `{line}`"));
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if mutants.iter().any(|mutant| mutant.name == name) {
            return Err(wrong("a second row of the same name"));
        }
        let fate = fate(rest.trim())
            .ok_or_else(|| wrong("wants its killers, or `equivalent` and the reason"))?;
        mutants.push(Mutant {
            name: name.into(),
            fate,
        });
    }
    Ok(mutants)
}

fn fate(text: &str) -> Option<Fate> {
    if let Some(reason) = text.strip_prefix("equivalent") {
        let reason = reason.trim_start_matches([':', ' ']);
        return (!reason.is_empty()).then(|| Fate::Equivalent(reason.into()));
    }
    let killers: Vec<_> = text.split_whitespace().map(Killer::new).collect();
    (!killers.is_empty()).then_some(Fate::Killed(killers))
}

/// Lines without comments, with their numbers.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate();
    lines
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Models that catch nothing that no other model catches: by the table they could go.
pub(super) fn idle<'a>(models: &[&'a str], mutants: &[Mutant]) -> Vec<&'a str> {
    let alone = |model: &str| {
        let mut fates = mutants.iter().map(|mutant| &mutant.fate);
        fates.any(|fate| matches!(fate, Fate::Killed(killers) if matches!(&killers[..], [one] if one.model == model)))
    };
    let models = models.iter().copied();
    models.filter(|model| !alone(model)).collect()
}

/// The seeded bugs that a source file holds.
pub(super) fn seeded(source: &str) -> Vec<&str> {
    let calls = source.split("mutant!(").skip(1);
    calls
        .filter_map(|call| call.trim_start().strip_prefix('"')?.split('"').next())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# name killers\n\na_relaxed  task::one hang:task::two\nb_swapped task::two\n\
                         c_weak equivalent: a lock follows\n";

    #[test]
    fn rows_are_read() {
        let mutants = mutants(TABLE).expect("it is right");
        assert_eq!(mutants.len(), 3);
        assert_eq!(
            mutants[0].fate,
            Fate::Killed(vec![
                Killer::new("task::one"),
                Killer::new("hang:task::two")
            ])
        );
        assert_eq!(mutants[2].fate, Fate::Equivalent("a lock follows".into()));
    }

    #[test]
    fn rows_without_a_fate_and_twins_are_refused() {
        for bad in ["a", "a equivalent", "a equivalent:", "a m\na m"] {
            assert!(mutants(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_model_that_is_never_alone_is_idle() {
        let mutants = mutants(TABLE).expect("it is right");
        assert_eq!(idle(&["task::one", "task::two"], &mutants), ["task::one"]);
    }

    #[test]
    fn models_are_the_first_words() {
        assert_eq!(
            models("# a\n\ntask::one all 2\ntask::two 3 40\n"),
            ["task::one", "task::two"]
        );
    }

    #[test]
    fn seeded_bugs_are_found_in_the_source() {
        let source = "let a = mutant!(\"one\", a, b);\nlet b = mutant!(\n    \"two\",\n    a,\n    b);\nmutant!($name);\n";
        assert_eq!(seeded(source), ["one", "two"]);
    }
}
