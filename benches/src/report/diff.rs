//! Two stored runs beside each other.

use super::cells::instructions;
use super::facts::peer;
use super::grid::{Grid, wrap};
use super::measured::{Line, Measured, estimate, tables};
use super::number;
use crate::figures::Figures;
use crate::record::{Facts, Peer, Run};
use crate::stats::Interval;

/// What comes first.
const CAVEAT: &str = "These are ratios of two runs, each to the reference of its own run: what differs between the \
                      runs themselves moves them too.";

/// What stands for the ratio of a reference.
const REFERENCE: &str = "reference";

/// Writes how the rows that both runs have differ, and which rows only one has.
#[must_use]
pub fn diff(before: (&Run, &[Figures]), after: (&Run, &[Figures])) -> String {
    let mut parts = vec![wrap(CAVEAT, 100).join(
        "
",
    )];
    let facts = facts(&before.0.facts, &after.0.facts);
    parts.extend((!facts.is_empty()).then(|| facts.join("\n")));
    let (before, after) = (entries(before), entries(after));
    parts.push(rows(&before, &after));
    parts.extend(alone("before", &before, &after));
    parts.extend(alone("after", &after, &before));
    parts.join("\n\n") + "\n"
}

/// A row with its place.
struct Entry<'a> {
    table: Measured<'a>,
    line: Line<'a>,
}

impl Entry<'_> {
    fn key(&self) -> (&str, &str, &str) {
        let table = self.table.table;
        (&table.scenario, &table.host, &self.line.row.name)
    }
}

fn entries<'a>((run, figures): (&'a Run, &'a [Figures])) -> Vec<Entry<'a>> {
    let all = tables(run, figures).flat_map(|table| {
        let lines = table.rows().filter(|line| line.row.missing.is_none());
        lines.map(move |line| Entry { table, line })
    });
    all.collect()
}

/// What differs in the circumstances.
fn facts(before: &Facts, after: &Facts) -> Vec<String> {
    let peers = |peers: &[Peer]| peers.iter().map(peer).collect::<Vec<_>>();
    let mut pairs = vec![
        ("date", before.date.clone(), after.date.clone()),
        (
            "processor",
            before.processor.clone(),
            after.processor.clone(),
        ),
        (
            "processors",
            before.processors.to_string(),
            after.processors.to_string(),
        ),
        ("system", before.system.clone(), after.system.clone()),
        ("rustc", before.rustc.clone(), after.rustc.clone()),
        ("build", before.build.clone(), after.build.clone()),
        ("commit", before.commit.clone(), after.commit.clone()),
    ];
    let (older, newer) = (peers(&before.peers), peers(&after.peers));
    let only = |these: &[String], those: &[String]| {
        let only = these.iter().filter(|peer| !those.contains(peer));
        only.cloned().collect::<Vec<_>>().join(", ")
    };
    pairs.push(("peers", only(&older, &newer), only(&newer, &older)));
    let differ = pairs
        .into_iter()
        .filter(|(_, before, after)| before != after);
    differ
        .map(|(label, before, after)| {
            format!("{label:<11}{} → {}", or_none(before), or_none(after))
        })
        .collect()
}

fn or_none(text: String) -> String {
    if text.is_empty() {
        "none".to_owned()
    } else {
        text
    }
}

fn rows(before: &[Entry<'_>], after: &[Entry<'_>]) -> String {
    let titles = [
        "scenario", "runtime", "subject", "before", "after", "ratio", "instr/op", "alloc/op",
    ];
    let mut grid = Grid::new(titles.map(|title| (title, false)));
    let mut shared = 0;
    for old in before {
        if let Some(new) = after.iter().find(|new| new.key() == old.key()) {
            shared += 1;
            let cells = cells(old, new);
            if !says_nothing(&cells) {
                grid.line(cells);
            }
        }
    }
    if shared == 0 {
        return "No row is in both runs.".to_owned();
    }
    grid.to_string()
}

/// Of the reference only what was counted can change.
fn says_nothing([.., before, after, _, instructions, allocations]: &[String; 8]) -> bool {
    let is_reference = before == REFERENCE && after == REFERENCE;
    is_reference && instructions.is_empty() && allocations.is_empty()
}

fn cells(old: &Entry<'_>, new: &Entry<'_>) -> [String; 8] {
    let (scenario, host, subject) = old.key();
    let (then, now) = (&old.line, &new.line);
    let each = |line: &Line<'_>| line.row.instructions.map(|count| count.each);
    let allocated = |line: &Line<'_>| line.row.allocations.map(|count| count.each);
    [
        scenario.to_owned(),
        host.to_owned(),
        subject.to_owned(),
        ratio(then),
        ratio(now),
        word(old, new).to_owned(),
        changed(
            each(then).zip(each(now)),
            [instructions(then), instructions(now)],
        ),
        changed(
            allocated(then).zip(allocated(now)),
            [then, now].map(|line| allocated(line).map(number::count)),
        ),
    ]
}

fn ratio(line: &Line<'_>) -> String {
    if line.is_reference {
        return REFERENCE.to_owned();
    }
    line.figure.ratio.as_ref().map(estimate).unwrap_or_default()
}

/// Says whether the ratio moved, where that can be said.
fn word(old: &Entry<'_>, new: &Entry<'_>) -> &'static str {
    let reference = |entry: &Entry<'_>| entry.table.name(entry.table.table.reference).to_owned();
    let (Some(then), Some(now)) = (old.line.figure.ratio, new.line.figure.ratio) else {
        return "";
    };
    if reference(old) != reference(new) {
        "other reference"
    } else if old.table.figures.is_noisy() || new.table.figures.is_noisy() {
        "noisy"
    } else if are_apart(&then, &now) {
        "moved"
    } else {
        "same"
    }
}

fn are_apart(a: &Interval, b: &Interval) -> bool {
    a.high < b.low || b.high < a.low
}

/// Shows a count that changed.
fn changed(values: Option<(f64, f64)>, [before, after]: [Option<String>; 2]) -> String {
    match (values, before, after) {
        (Some((old, new)), Some(before), Some(after)) if before != after => {
            format!("{before} → {after} ({})", number::change(old, new))
        }
        (_, None, Some(after)) => format!("none → {after}"),
        (_, Some(before), None) => format!("{before} → none"),
        _ => String::new(),
    }
}

/// Lists the rows that only one run has.
fn alone(which: &str, rows: &[Entry<'_>], others: &[Entry<'_>]) -> Option<String> {
    let is_alone = |row: &&Entry<'_>| others.iter().all(|other| other.key() != row.key());
    let only = rows.iter().filter(is_alone);
    let lines: Vec<String> = only
        .map(|entry| format!("  {}: {}", entry.table.place(), entry.line.row.name))
        .collect();
    (!lines.is_empty()).then(|| format!("Only {which}:\n{}", lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::diff;
    use crate::record::Count;
    use crate::record::Run;
    use crate::report::sample;

    /// The cells of the row of this subject on this runtime.
    fn cells(text: &str, host: &str, subject: &str) -> Vec<String> {
        let rows = text.lines().map(|line| {
            let cells = line.split("  ").map(str::trim);
            let cells = cells.filter(|cell| !cell.is_empty()).map(str::to_owned);
            cells.collect::<Vec<_>>()
        });
        let mut rows = rows.filter(|cells| cells.len() > 3 && cells[1] == host);
        rows.find(|cells| cells[2] == subject)
            .expect("the row is there")
    }

    #[test]
    fn it_says_first_that_the_runs_differ() {
        let (run, figures) = sample::run();
        let text = diff((&run, &figures), (&run, &figures));
        assert!(text.starts_with("These are ratios of two runs"));
    }

    #[test]
    fn a_ratio_moved_when_the_intervals_are_apart() {
        let (run, figures) = sample::run();
        let mut later = figures.clone();
        later[0].rows[1].ratio = Some(sample::interval([1.008, 1.01, 1.02]));
        later[0].rows[2].ratio = Some(sample::interval([1.2, 1.21, 1.22]));
        let text = diff((&run, &figures), (&run, &later));
        let same = cells(&text, "tokio-current", "static");
        assert_eq!(
            same[3..],
            ["1.004 [0.998, 1.009]", "1.010 [1.008, 1.020]", "same"]
        );
        assert_eq!(cells(&text, "tokio-current", "erased")[5], "moved");
    }

    #[test]
    fn a_noisy_table_does_not_move() {
        let (run, figures) = sample::run();
        let mut later = figures.clone();
        later[1].rows[2].ratio = Some(sample::interval([1.2, 1.21, 1.22]));
        let text = diff((&run, &figures), (&run, &later));
        assert_eq!(cells(&text, "tokio", "erased")[5], "noisy");
    }

    #[test]
    fn another_reference_is_not_compared() {
        let (run, figures) = sample::run();
        let mut later = run.clone();
        later.tables[0].rows[0].name = "other".to_owned();
        let text = diff((&run, &figures), (&later, &figures));
        assert_eq!(
            cells(&text, "tokio-current", "erased")[5],
            "other reference"
        );
    }

    #[test]
    fn counts_show_when_they_changed() {
        let (run, figures) = sample::run();
        let mut later = run.clone();
        let row = &mut later.tables[0].rows[2];
        row.allocations = Some(Count::and(None, 2.0));
        row.instructions.as_mut().expect("it was counted").each = 1650.0;
        let text = diff((&run, &figures), (&later, &figures));
        let row = cells(&text, "tokio-current", "erased");
        assert_eq!(row[6..], ["1,500 → 1,650 (+10.0 %)", "1 → 2 (+100.0 %)"]);
        assert_eq!(cells(&text, "tokio-current", "static").len(), 6);
    }

    #[test]
    fn a_reference_is_listed_when_its_counts_changed() {
        let (run, figures) = sample::run();
        let mut later = run.clone();
        let references = |later: &Run| {
            let text = diff((&run, &figures), (later, &figures));
            text.matches("reference  ").count()
        };
        assert_eq!(references(&later), 0);
        later.tables[0].rows[0].allocations = Some(Count::and(None, 0.0));
        assert_eq!(references(&later), 2);
    }

    #[test]
    fn rows_of_one_run_only_are_listed() {
        let (run, figures) = sample::run();
        let mut later = run.clone();
        later.tables[2].rows[1].name = "new".to_owned();
        let text = diff((&run, &figures), (&later, &figures));
        assert!(
            text.contains("Only before:\n  now <fast> on sim: trunnion\n"),
            "{text}"
        );
        assert!(
            text.contains("Only after:\n  now <fast> on sim: new\n"),
            "{text}"
        );
    }

    #[test]
    fn only_facts_that_differ_are_named() {
        let (run, figures) = sample::run();
        let mut later = run.clone();
        later.facts.commit = "89abcde".to_owned();
        later.facts.peers[0].version = "0.3.1".to_owned();
        later.facts.peers[0].newer = None;
        let text = diff((&run, &figures), (&later, &figures));
        assert!(
            text.contains("commit     0123456 + changes → 89abcde\n"),
            "{text}"
        );
        assert!(text.contains("any_spawner 0.3.0 (newer: 0.3.1) → any_spawner 0.3.1\n"));
        assert!(!text.contains("rustc"));
    }
}
