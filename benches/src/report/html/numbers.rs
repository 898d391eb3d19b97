//! Tables of the page, each in a box that scrolls by itself where the page is narrow.

use crate::report::cells::{Column, columns};
use crate::report::losses::Losses;
use crate::report::markup::Element;
use crate::report::measured::{Line, Measured};

/// Writes the numbers of one scenario, folded away.
pub(super) fn numbers(tables: &[Measured<'_>]) -> Element {
    let columns = columns(tables);
    let head = columns
        .iter()
        .map(|column| (column.title(), column.is_number()));
    let bodies = tables.iter().map(|&measured| body(measured, &columns));
    Element::new("details")
        .child(Element::new("summary").text("Numbers"))
        .child(scrolling("Numbers", table(head).children(bodies)))
}

/// Writes the losses.
pub(super) fn losses(losses: &Losses) -> Element {
    let head = [
        ("scenario", false),
        ("runtime", false),
        ("pair", false),
        ("ratio", true),
        ("95 %", false),
    ];
    let rows = losses.list.iter().map(|loss| {
        Element::new("tr")
            .child(cell(&loss.scenario, false))
            .child(cell(&loss.host, false))
            .child(cell(&loss.pair, false))
            .child(cell(&loss.ratio, true))
            .child(cell(&loss.interval, false))
    });
    let body = Element::new("tbody").children(rows);
    scrolling(losses.heading, table(head).child(body))
}

/// A region that scrolls must be reachable with the keyboard.
fn scrolling(label: &str, table: Element) -> Element {
    Element::new("div")
        .set("class", "scroll")
        .set("role", "region")
        .set("aria-label", label)
        .set("tabindex", 0)
        .child(table)
}

fn table<'a>(head: impl IntoIterator<Item = (&'a str, bool)>) -> Element {
    let cells = head.into_iter().map(|(title, is_number)| {
        let cell = Element::new("th").set("scope", "col").text(title);
        numeric(cell, is_number)
    });
    let row = Element::new("tr").children(cells);
    Element::new("table").child(Element::new("thead").child(row))
}

fn cell(text: &str, is_number: bool) -> Element {
    numeric(Element::new("td"), is_number).text(text)
}

fn numeric(cell: Element, is_number: bool) -> Element {
    if is_number {
        cell.set("class", "number")
    } else {
        cell
    }
}

fn body(measured: Measured<'_>, columns: &[Column]) -> Element {
    let host = Element::new("th")
        .set("scope", "rowgroup")
        .set("colspan", columns.len())
        .text(&format!("{}, {}", measured.table.host, measured.clock()));
    let null = columns
        .iter()
        .map(|&column| cell(&column.null(measured), column.is_number()));
    let rows = measured.rows().map(|line| row(&line, columns));
    Element::new("tbody")
        .child(Element::new("tr").child(host))
        .child(Element::new("tr").set("class", "null").children(null))
        .children(rows)
}

fn row(line: &Line<'_>, columns: &[Column]) -> Element {
    let row = Element::new("tr");
    let Some(reason) = line.missing() else {
        return row.children(columns.iter().map(|&column| value(line, column)));
    };
    let rest = Element::new("td").set("colspan", columns.len().saturating_sub(1));
    row.set("class", "missing")
        .child(cell(&line.row.name, false))
        .child(rest.text(&reason))
}

fn value(line: &Line<'_>, column: Column) -> Element {
    let cell = cell(&column.cell(line), column.is_number());
    match line.verdict {
        Some(verdict) if column == Column::Verdict => cell.set("class", verdict),
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::numbers;
    use crate::report::measured::scenarios;
    use crate::report::sample;

    #[test]
    fn each_runtime_has_its_rows_and_its_null_control() {
        let (run, figures) = sample::run();
        let table = numbers(&scenarios(&run, &figures)[0]).to_string();
        let bodies: Vec<&str> = table.split("<tbody>").skip(1).collect();
        assert_eq!(bodies.len(), 2);
        assert!(bodies[0].contains(">tokio-current, CPU time of the thread</th>"));
        assert!(bodies[0].contains("<td>null control</td><td class=\"number\">1.000</td>"));
        assert!(bodies[1].contains("<td>noisy, no verdict</td>"));
        assert_eq!(bodies[1].matches("<tr").count(), 7);
    }

    #[test]
    fn a_missing_subject_shows_its_reason_across_the_columns() {
        let (run, figures) = sample::run();
        let table = numbers(&scenarios(&run, &figures)[0]).to_string();
        let row =
            "<td>peer &lt;b&gt;</td><td colspan=\"9\">N/A — has no handle &amp; no result</td>";
        assert!(table.contains(row), "{table}");
    }
}
