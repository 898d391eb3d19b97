//! The report for the terminal and for `report.txt`.

use super::cells::columns;
use super::facts::facts;
use super::grid::{Grid, wrap};
use super::headline::headline;
use super::losses::{Losses, losses};
use super::measured::{Measured, scenarios};
use super::notes::notes;
use super::tally::tally;
use crate::figures::Figures;
use crate::record::Run;

/// Where prose is broken.
const WIDTH: usize = 100;

/// Writes the report as text, for a quick run as one table.
#[must_use]
pub fn text(run: &Run, figures: &[Figures]) -> String {
    let mut parts = vec![header(run)];
    if run.request.quick {
        parts.push(headline(run, figures));
    } else {
        parts.extend(
            scenarios(run, figures)
                .iter()
                .flat_map(|tables| scenario(tables)),
        );
    }
    parts.push(prose(&tally(run, figures).join(" ")));
    parts.push(losing(&losses(run, figures)));
    parts.join("\n\n") + "\n"
}

fn header(run: &Run) -> String {
    let line = |(label, value): &(&str, String)| {
        let indent = format!("\n{:11}", "");
        format!("{label:<11}{}", wrap(value, WIDTH - 11).join(&indent))
    };
    let lines: Vec<String> = facts(run).iter().map(line).collect();
    lines.join("\n")
}

fn prose(text: &str) -> String {
    wrap(text, WIDTH).join("\n")
}

/// What is measured is the same on each runtime and said once.
fn scenario(tables: &[Measured<'_>]) -> Vec<String> {
    let head = tables.first().map(|first| {
        let mut lines = vec![format!("== {} ==", first.table.scenario)];
        lines.push(prose(&first.table.about));
        lines.extend(notes(tables).iter().map(|note| item(note)));
        lines.join("\n")
    });
    head.into_iter()
        .chain(tables.iter().map(|&measured| table(measured)))
        .collect()
}

fn item(text: &str) -> String {
    format!("* {}", wrap(text, WIDTH - 2).join("\n  "))
}

fn table(measured: Measured<'_>) -> String {
    format!(
        "{}, per {}, {}; {}\n{}",
        measured.place(),
        measured.table.unit,
        measured.clock(),
        measured.null(),
        grid(measured)
    )
}

fn grid(measured: Measured<'_>) -> Grid {
    let columns = columns(&[measured]);
    let headings = columns
        .iter()
        .map(|column| (column.title(), column.is_number()));
    let mut grid = Grid::new(headings);
    for line in measured.rows() {
        match line.missing() {
            Some(reason) => grid.line([line.row.name.clone(), reason]),
            None => grid.line(columns.iter().map(|column| column.cell(&line))),
        }
    }
    grid
}

fn losing(losses: &Losses) -> String {
    let mut lines = vec![format!("== {} ==", losses.heading)];
    if losses.list.is_empty() {
        lines.push(Losses::NONE.to_owned());
    } else {
        lines.push(losing_grid(losses).to_string());
    }
    lines.extend(losses.caveat().map(|caveat| prose(&caveat)));
    lines.join("\n")
}

fn losing_grid(losses: &Losses) -> Grid {
    let headings = [
        ("scenario", false),
        ("runtime", false),
        ("pair", false),
        ("ratio", true),
        ("95 %", false),
    ];
    let mut grid = Grid::new(headings);
    for loss in &losses.list {
        let cells = [
            &loss.scenario,
            &loss.host,
            &loss.pair,
            &loss.ratio,
            &loss.interval,
        ];
        grid.line(cells.map(Clone::clone));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::report::sample;

    /// The lines of the table with this title.
    fn table<'a>(text: &'a str, title: &str) -> Vec<&'a str> {
        let lines = text.lines().skip_while(|line| !line.starts_with(title));
        lines.take_while(|line| !line.is_empty()).collect()
    }

    #[test]
    fn a_losing_row_is_shown_like_the_others() {
        let (run, figures) = sample::run();
        let text = text(&run, &figures);
        let table = table(&text, "spawn-join on tokio-current");
        let cells = table[4].split("  ").map(str::trim);
        let cells: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
        assert_eq!(cells[..4], ["erased", "1.120", "[1.110, 1.131]", "slower"]);
        assert!(text.contains("== Where trunnion loses ==\n"));
        assert!(text.contains("erased / native  1.120  [1.110, 1.131]"));
    }

    #[test]
    fn a_noisy_table_gives_no_verdict() {
        let (run, figures) = sample::run();
        let text = text(&run, &figures);
        let table = table(&text, "spawn-join on tokio, per task");
        assert!(table[0].ends_with("null 1.050 [1.000, 1.100]: noisy, no verdict"));
        for word in ["faster", "slower", "same", "unclear"] {
            assert!(table.iter().all(|line| !line.contains(word)), "{table:?}");
        }
        assert!(text.contains("Too noisy to judge: spawn-join on tokio."));
    }

    #[test]
    fn a_missing_subject_shows_its_reason() {
        let (run, figures) = sample::run();
        let text = text(&run, &figures);
        assert!(
            text.contains("\npeer <b>     N/A — has no handle & no result\n"),
            "{text}"
        );
    }

    #[test]
    fn columns_line_up() {
        let (run, figures) = sample::run();
        let text = text(&run, &figures);
        let table = table(&text, "spawn-join on tokio-current");
        let starts = |line: &str, cell: &str| {
            let at = line.find(cell).expect("the cell is there");
            line[..at].chars().count()
        };
        let start = starts(table[1], "verdict");
        for (line, word) in [(3, "= "), (4, "slower"), (5, "faster")] {
            assert_eq!(starts(table[line], word), start, "{}", table[line]);
        }
    }

    #[test]
    fn a_run_without_losses_says_nowhere() {
        let (run, mut figures) = sample::run();
        figures[0].losses.clear();
        assert!(text(&run, &figures).contains("loses ==\nNowhere in this run.\n"));
    }

    #[test]
    fn what_is_measured_is_said_once_and_not_in_a_quick_run() {
        let (mut run, figures) = sample::run();
        let about = "Spawns a task";
        assert_eq!(text(&run, &figures).matches(about).count(), 1);
        run.request.quick = true;
        assert_eq!(text(&run, &figures).matches(about).count(), 0);
    }

    #[test]
    fn a_note_stands_once_above_the_tables() {
        let (run, figures) = sample::run();
        let text = text(&run, &figures);
        let note = "not measured.\n* any_spawner: not fair | boxes the future\n\nspawn-join on";
        assert!(text.contains(note), "{text}");
        assert_eq!(text.matches("boxes the future").count(), 1);
    }

    #[test]
    fn the_cpu_column_is_for_tables_that_have_it() {
        let (run, figures) = sample::run();
        let text = text(&run, &figures);
        assert!(!table(&text, "spawn-join on tokio-current")[1].contains("cpu/op"));
        assert!(table(&text, "spawn-join on tokio, per task")[1].contains("cpu/op"));
    }

    #[test]
    fn two_revisions_are_compared_in_the_same_form() {
        let (run, figures) = sample::against();
        let text = text(&run, &figures);
        let table = table(&text, "spawn-join static on sim");
        assert!(table[2].starts_with("before"), "{table:?}");
        assert!(table[3].starts_with("after"), "{table:?}");
        assert!(text.contains("== Where it got slower ==\n"));
    }
}
