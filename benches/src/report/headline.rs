//! The table of `--quick`: one line for each scenario.

use super::grid::Grid;
use super::measured::{Line, Measured, tables};
use super::number;
use crate::figures::Figures;
use crate::record::Run;
use crate::subject::Side;

/// How wide a line may be.
const WIDTH: usize = 140;

/// The headings, and whether their columns stand to the right.
const HEADINGS: [(&str, bool); 9] = [
    ("scenario", false),
    ("runtime", false),
    ("pair", false),
    ("ratio", true),
    ("95 %", false),
    ("verdict", false),
    ("time/op", false),
    ("instr", true),
    ("alloc/op", false),
];

/// Writes the table of a run.
pub(super) fn headline(run: &Run, figures: &[Figures]) -> String {
    let mut grid = Grid::new(HEADINGS);
    for table in tables(run, figures) {
        grid.line(cells(table));
    }
    // Not the scenario: it is what one types to see more.
    grid.shrink(&[2], WIDTH);
    grid.to_string()
}

fn cells(table: Measured<'_>) -> Vec<String> {
    let place = [table.table.scenario.clone(), table.table.host.clone()];
    let reference = table.rows().find(|line| line.is_reference);
    let (Some(subject), Some(reference)) = (subject(table), reference) else {
        return [place.as_slice(), &["nothing to compare".to_owned()]].concat();
    };
    let pair = format!("{} / {}", subject.row.name, reference.row.name);
    let rest = match subject.missing() {
        Some(reason) => vec![reason],
        None => comparison(&subject, &reference, table.figures.is_noisy()),
    };
    [place.as_slice(), &[pair], &rest].concat()
}

/// The run holds the subject of the headline and its reference; of several, ours comes first.
fn subject(table: Measured<'_>) -> Option<Line<'_>> {
    let others = || table.rows().filter(|line| !line.is_reference);
    let measured = || others().filter(|line| line.figure.ratio.is_some());
    measured()
        .find(|line| line.row.side == Side::Ours)
        .or_else(|| measured().next())
        .or_else(|| others().next())
}

fn comparison(subject: &Line<'_>, reference: &Line<'_>, noisy: bool) -> Vec<String> {
    let ratio = subject.figure.ratio;
    let verdict = subject.verdict.map(|verdict| verdict.to_string());
    let instructions = |line: &Line<'_>| line.row.instructions.map(|count| count.each);
    let allocated = |line: &Line<'_>| line.row.allocations.map(|count| count.each);
    let quotient = instructions(subject)
        .zip(instructions(reference))
        .map(|(ours, theirs)| number::ratio(ours / theirs));
    let cells = [
        ratio.map(|ratio| number::ratio(ratio.estimate)),
        ratio.as_ref().map(number::interval),
        verdict.or_else(|| noisy.then(|| "noisy".to_owned())),
        both(subject.figure.ns, reference.figure.ns, number::times),
        quotient,
        both(allocated(subject), allocated(reference), |ours, theirs| {
            format!("{} / {}", number::count(ours), number::count(theirs))
        }),
    ];
    cells.map(Option::unwrap_or_default).to_vec()
}

fn both(ours: Option<f64>, theirs: Option<f64>, write: fn(f64, f64) -> String) -> Option<String> {
    Some(write(ours?, theirs?))
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, headline};
    use crate::report::sample;

    #[test]
    fn a_line_has_the_pair_and_what_both_cost() {
        let (run, figures) = sample::run();
        let text = headline(&run, &figures);
        let line = text.lines().nth(1).expect("there is a line");
        for cell in [
            "spawn-join",
            "static / native",
            "1.004",
            "[0.998, 1.009]",
            " = ",
            "124 / 123 ns",
            "1.003",
            "1 / 1",
        ] {
            assert!(line.contains(cell), "{cell} in {line}");
        }
    }

    #[test]
    fn a_noisy_line_says_so() {
        let (run, figures) = sample::run();
        let text = headline(&run, &figures);
        let line = text.lines().nth(2).expect("there is a line");
        assert!(line.contains("  noisy"), "{line}");
    }

    #[test]
    fn long_names_leave_the_table_narrow() {
        let (mut run, figures) = sample::run();
        run.tables[0].rows[1].name = "somebody::who::has::a::long::path".repeat(2);
        let text = headline(&run, &figures);
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        assert!(text.contains("[0.998, 1.009]  ="), "{text}");
    }

    #[test]
    fn the_name_of_a_scenario_is_never_cut() {
        let (mut run, figures) = sample::run();
        run.tables[0].scenario = "a-scenario-with-a-rather-long-name".to_owned();
        run.tables[0].rows[1].name = "somebody::who::has::a::long::path".repeat(3);
        assert!(headline(&run, &figures).contains("a-scenario-with-a-rather-long-name  "));
    }
}
