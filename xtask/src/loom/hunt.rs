//! Switching each seeded bug on and seeing which models catch it.

use std::path::Path;

use xshell::Shell;

use super::table::{self, Fate, Killer, Mutant};
use super::trial::{self, Trial, Verdict};
use super::{MUTANT_FLAGS, cargo};
use crate::artifact;
use crate::error::Result;
use crate::step::Step;
use crate::tally::Tally;

/// Bugs and models with what the tables say about them.
struct Hunt<'a> {
    mutants: Vec<&'a Mutant>,
    models: Vec<&'a str>,
    full: bool,
}

pub(super) fn run(sh: &Shell, filter: Option<&str>, full: bool) -> Result<Tally> {
    let models = sh.read_file("tests/loom/models.txt")?;
    let models = table::models(&models);
    let mutants = table::mutants(&sh.read_file("tests/loom/mutants.txt")?)?;
    let mut tally = Tally::default();
    if filter.is_none() {
        compare_with_sources(sh, &mutants, &mut tally)?;
        for model in table::idle(&models, &mutants) {
            tally.fail(format!(
                "{model}: catches no seeded bug that no other model catches"
            ));
        }
    }
    let build = artifact::with_messages(cargo(sh).arg("--no-run"));
    let program = artifact::build(Step::new(build).env("RUSTFLAGS", MUTANT_FLAGS), "loom")?;
    tally.check(
        "the models pass without a seeded bug",
        passes(sh, &program, &models)?,
    );
    let wanted = mutants
        .iter()
        .filter(|mutant| filter.is_none_or(|filter| mutant.name.contains(filter)));
    let hunt = Hunt {
        mutants: wanted.collect(),
        models,
        full,
    };
    hunt.run(&program, &mut tally)?;
    Ok(tally)
}

/// Every model is there and passes, so that a failure below is the bug's.
fn passes(sh: &Shell, program: &Path, models: &[&str]) -> Result<bool> {
    let run = sh.cmd(program).arg("--exact").args(models);
    let output = Step::new(run).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let all = text.contains(&format!("test result: ok. {} passed; ", models.len()));
    if !all {
        print!("{text}");
    }
    Ok(all && output.status.success())
}

/// A bug in the code without a row, or a row without a bug.
fn compare_with_sources(sh: &Shell, mutants: &[Mutant], tally: &mut Tally) -> Result<()> {
    let mut seeded = Vec::new();
    let mut folders = sh.read_dir("crates")?;
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            folders.extend(sh.read_dir(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = sh.read_file(&path)?;
            let code: Vec<_> = source
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            seeded.extend(
                table::seeded(&code.join("\n"))
                    .into_iter()
                    .map(String::from),
            );
        }
    }
    for name in seeded
        .iter()
        .filter(|name| mutants.iter().all(|mutant| mutant.name != **name))
    {
        tally.fail(format!(
            "{name}: is seeded, but mutants.txt has no row for it"
        ));
    }
    for mutant in mutants
        .iter()
        .filter(|mutant| !seeded.contains(&mutant.name))
    {
        tally.fail(format!(
            "{}: has a row in mutants.txt, but is not seeded",
            mutant.name
        ));
    }
    Ok(())
}

impl Hunt<'_> {
    fn run(&self, program: &Path, tally: &mut Tally) -> Result<()> {
        let mut trials = Vec::new();
        for mutant in &self.mutants {
            let models = self.models_for(mutant).into_iter();
            trials.extend(models.map(|model| Trial {
                mutant: &mutant.name,
                model,
            }));
        }
        println!(
            "{} seeded bugs, {} trials",
            self.mutants.len(),
            trials.len()
        );
        let verdicts = trial::all(program, &trials)?;
        let outcomes: Vec<_> = trials.iter().copied().zip(verdicts).collect();
        for mutant in &self.mutants {
            let own = outcomes
                .iter()
                .filter(|(trial, _)| trial.mutant == mutant.name);
            let own: Vec<_> = own
                .map(|(trial, verdict)| (trial.model, *verdict))
                .collect();
            judge(mutant, &own, tally);
        }
        Ok(())
    }

    /// The models that the table names, or all of them.
    fn models_for<'b>(&'b self, mutant: &'b Mutant) -> Vec<&'b str> {
        match &mutant.fate {
            _ if self.full => self.models.clone(),
            Fate::Killed(killers) => killers.iter().map(|killer| killer.model.as_str()).collect(),
            Fate::Equivalent(_) => Vec::new(),
        }
    }
}

/// Compares what happened to a bug with its row.
fn judge(mutant: &Mutant, outcomes: &[(&str, Verdict)], tally: &mut Tally) {
    let name = &mutant.name;
    let killers: &[Killer] = match &mutant.fate {
        Fate::Killed(killers) => killers,
        Fate::Equivalent(_) => &[],
    };
    let failures = tally.failures().len();
    for (model, verdict) in outcomes {
        let killer = killers.iter().find(|killer| killer.model == *model);
        match verdict {
            Verdict::Killed if killer.is_none() => {
                tally.fail(format!(
                    "{name}: {model} kills it, but its row does not say so"
                ));
            }
            Verdict::Survived if killer.is_some() => {
                tally.fail(format!("{name}: {model} does not kill it, against its row"));
            }
            Verdict::TimedOut if killer.is_none_or(|killer| !killer.hangs) => {
                tally.fail(format!("{name}: {model} did not end in time"));
            }
            Verdict::Killed | Verdict::Survived | Verdict::TimedOut => {}
        }
    }
    if tally.failures().len() > failures {
        return;
    }
    match &mutant.fate {
        Fate::Killed(killers) => {
            let models: Vec<_> = killers.iter().map(|killer| killer.model.as_str()).collect();
            println!("{name} ... killed by {}", models.join(", "));
            tally.pass(1);
        }
        Fate::Equivalent(reason) => tally.skip(format!("{name} is equivalent: {reason}"), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(row: &str, outcomes: &[(&str, Verdict)]) -> Tally {
        let mutants = table::mutants(row).expect("it is right");
        let mut tally = Tally::default();
        judge(&mutants[0], outcomes, &mut tally);
        tally
    }

    #[test]
    fn a_bug_that_each_named_model_kills_passes() {
        let outcomes = [
            ("one", Verdict::Killed),
            ("two", Verdict::Killed),
            ("three", Verdict::Survived),
        ];
        assert_eq!(
            judged("a one two", &outcomes).to_string(),
            "1 passed, 0 failed, 0 skipped"
        );
    }

    #[test]
    fn a_bug_that_one_named_model_misses_fails() {
        let tally = judged(
            "a one two",
            &[("one", Verdict::Killed), ("two", Verdict::Survived)],
        );
        assert_eq!(
            tally.failures(),
            ["a: two does not kill it, against its row"]
        );
    }

    #[test]
    fn a_killer_that_the_row_forgets_fails() {
        for row in ["a one", "a equivalent: nobody sees it"] {
            let tally = judged(row, &[("two", Verdict::Killed)]);
            assert_eq!(
                tally.failures(),
                ["a: two kills it, but its row does not say so"]
            );
        }
    }

    #[test]
    fn a_hang_fails_unless_it_is_told_and_an_equivalent_bug_is_skipped_with_its_reason() {
        assert_eq!(
            judged("a one", &[("one", Verdict::TimedOut)])
                .failures()
                .len(),
            1
        );
        let tally = judged(
            "a equivalent: a lock follows",
            &[("one", Verdict::Survived)],
        );
        assert_eq!(tally.to_string(), "0 passed, 0 failed, 1 skipped");
        assert!(
            tally
                .into_skipped()
                .contains_key("a is equivalent: a lock follows")
        );
    }
}
