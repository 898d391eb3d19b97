//! How many verdicts there are, and how many of them chance may have made.

use super::measured::tables;
use crate::figures::Figures;
use crate::record::Run;
use crate::stats::Verdict;

/// With fewer verdicts, what chance does to them is not worth a line.
const FEW: usize = 20;

/// The part of the intervals that misses the truth, in per cent.
const MISSED: usize = 5;

/// Counts the verdicts, and says what to make of so many.
pub(super) fn tally(run: &Run, figures: &[Figures]) -> Vec<String> {
    let mut sentences = vec![verdicts(run, figures)];
    let total = words(run, figures).count();
    if total > FEW {
        let missed = (total * MISSED + 50) / 100;
        sentences.push(format!(
            "Of 95 % intervals about {MISSED} in 100 miss the true ratio by chance: of these, about {missed}. \
             One surprising row is worth a second run."
        ));
    }
    sentences
}

fn verdicts(run: &Run, figures: &[Figures]) -> String {
    let of = |verdict| words(run, figures).filter(|&word| word == verdict).count();
    let kinds = [
        Verdict::Faster,
        Verdict::Slower,
        Verdict::Same,
        Verdict::Unclear,
    ];
    let names = ["faster", "slower", "equal (=)", "undecided (?)"];
    let kinds = kinds.map(of).into_iter().zip(names);
    let kinds: Vec<_> = kinds
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    let noisy = tables(run, figures).filter(|table| table.figures.is_noisy());
    let noisy = match noisy.count() {
        0 => String::new(),
        1 => "; 1 table is noisy and has no verdict".to_owned(),
        many => format!("; {many} tables are noisy and have no verdict"),
    };
    format!(
        "{} ratios: {}{noisy}.",
        words(run, figures).count(),
        kinds.join(", ")
    )
}

fn words<'a>(run: &'a Run, figures: &'a [Figures]) -> impl Iterator<Item = Verdict> {
    tables(run, figures).flat_map(|table| table.rows().filter_map(|line| line.verdict))
}

#[cfg(test)]
mod tests {
    use super::tally;
    use crate::report::sample;

    #[test]
    fn verdicts_are_counted_by_their_words() {
        let (run, figures) = sample::run();
        assert_eq!(
            tally(&run, &figures),
            [
                "4 ratios: 2 faster, 1 slower, 1 equal (=), 0 undecided (?); 1 table is noisy and has no verdict."
            ]
        );
    }

    #[test]
    fn many_verdicts_are_said_to_err() {
        let (mut run, mut figures) = sample::run();
        for _ in 0..7 {
            run.tables.push(run.tables[0].clone());
            figures.push(figures[0].clone());
        }
        let sentences = tally(&run, &figures);
        assert!(sentences[0].starts_with("25 ratios"), "{sentences:?}");
        assert!(sentences[1].contains("about 1."), "{sentences:?}");
    }
}
