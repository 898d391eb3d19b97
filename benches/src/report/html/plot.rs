//! A forest plot: for each subject a line with its name and its ratio, and below it a dot on its interval.

use super::axis::{Place, Scale};
use crate::report::grid::{clip, wrap};
use crate::report::markup::Element;
use crate::report::measured::{Line, Measured, estimate};
use crate::report::number;
use crate::stats::{Interval, Verdict};

/// The width of the drawing; it is narrow so that letters stay legible when it shrinks to a phone.
const WIDTH: f64 = 360.0;

/// Where text starts.
const INDENT: f64 = 4.0;

/// The height of a line of text.
const TEXT: f64 = 15.0;

/// The height of a row's lower half, which holds the interval.
const MARK: f64 = 21.0;

/// How many letters of a name and a label fit beside each other.
const LETTERS: usize = 50;

/// Draws one table.
pub(super) fn plot(measured: Measured<'_>, scale: &Scale) -> Element {
    let mut y = 4.0;
    let mut rows = Vec::new();
    for line in measured.rows() {
        let (row, height) = row(measured, &line, scale, y);
        rows.push(row);
        y += height;
    }
    let height = y + 40.0;
    Element::new("svg")
        .set("viewBox", format!("0 0 {WIDTH} {height}"))
        .set("role", "img")
        .set("aria-label", summary(measured))
        .child(band(measured, scale, y))
        .children(axis(measured, scale, y))
        .children(rows)
}

/// Says in words what the plot shows.
fn summary(measured: Measured<'_>) -> String {
    let rows: Vec<String> = measured
        .rows()
        .map(|line| format!("{}: {}", line.row.name, label(measured, &line)))
        .collect();
    format!("{}, ratios of times. {}", measured.place(), rows.join("; "))
}

/// Writes what stands to the right of a name.
fn label(measured: Measured<'_>, line: &Line<'_>) -> String {
    if let Some(reason) = line.missing() {
        return reason;
    }
    if line.is_reference {
        return measured.null();
    }
    let ratio = line.figure.ratio.as_ref();
    let ratio = ratio.map_or_else(|| "no samples".to_owned(), estimate);
    let verdict = line.verdict.map(|verdict| format!(" {verdict}"));
    ratio + &verdict.unwrap_or_default()
}

fn row(measured: Measured<'_>, line: &Line<'_>, scale: &Scale, y: f64) -> (Element, f64) {
    let group = Element::new("g").set("class", class(line));
    if let Some(reason) = line.missing() {
        return missing(group, line, &reason, y);
    }
    let (interval, label) = if line.is_reference {
        (measured.figures.null, null(measured))
    } else {
        (line.figure.ratio, label(measured, line))
    };
    let name = clip(
        &line.row.name,
        LETTERS.saturating_sub(label.chars().count()),
    );
    let middle = y + TEXT + 8.0;
    let marks = interval.filter(is_drawable);
    let marks = marks.map(|interval| whisker(&interval, line, scale, middle));
    let group = group
        .child(title(line))
        .child(stroke("track", [Scale::LEFT, middle, Scale::RIGHT, middle]))
        .child(text(INDENT, y + 12.0, "start", &name))
        .child(text(WIDTH - INDENT, y + 12.0, "end", &label).set("class", "label"))
        .children(marks.into_iter().flatten());
    (group, TEXT + MARK)
}

/// The row of the reference shows the null control; that it is noisy stands above the plot.
fn null(measured: Measured<'_>) -> String {
    let null = measured.figures.null.as_ref().map(estimate);
    format!("null {}", null.unwrap_or_else(|| "not measured".to_owned()))
}

fn is_drawable(interval: &Interval) -> bool {
    let ends = [interval.low, interval.estimate, interval.high];
    ends.iter().all(|ratio| !ratio.is_nan())
}

/// Shows the reason in full, in as many lines as it needs.
fn missing(group: Element, line: &Line<'_>, reason: &str, y: f64) -> (Element, f64) {
    let lines = wrap(reason, LETTERS);
    let name = text(INDENT, y + 12.0, "start", &clip(&line.row.name, LETTERS));
    let mut group = group.child(name);
    let mut height = TEXT;
    for part in &lines {
        group = group.child(text(INDENT, y + height + 12.0, "start", part));
        height += TEXT;
    }
    (group, height + 6.0)
}

/// Names the colour.
fn class(line: &Line<'_>) -> &'static str {
    match line.verdict {
        _ if line.row.missing.is_some() => "missing",
        _ if line.is_reference => "reference",
        Some(Verdict::Faster) => "faster",
        Some(Verdict::Slower) => "slower",
        Some(Verdict::Same) => "same",
        Some(Verdict::Unclear) | None => "unclear",
    }
}

/// What a pointer that rests on the row shows.
fn title(line: &Line<'_>) -> Element {
    let time = line.figure.ns.map(number::time);
    let time = time.unwrap_or_else(|| "no samples".to_owned());
    let name = &line.row.name;
    Element::new("title").text(&format!("{name}: {time}"))
}

fn text(x: f64, y: f64, anchor: &str, content: &str) -> Element {
    Element::new("text")
        .set("x", format!("{x:.1}"))
        .set("y", format!("{y:.1}"))
        .set("text-anchor", anchor)
        .text(content)
}

fn stroke(class: &str, [x1, y1, x2, y2]: [f64; 4]) -> Element {
    Element::new("line")
        .set("class", class)
        .set("x1", format!("{x1:.1}"))
        .set("y1", format!("{y1:.1}"))
        .set("x2", format!("{x2:.1}"))
        .set("y2", format!("{y2:.1}"))
}

/// Draws an interval, with an arrow at the edge where it goes on.
fn whisker(interval: &Interval, line: &Line<'_>, scale: &Scale, y: f64) -> Vec<Element> {
    let [low, middle, high] =
        [interval.low, interval.estimate, interval.high].map(|ratio| scale.place(ratio));
    let mut marks = vec![stroke("whisker", [low.x(), y, high.x(), y])];
    marks.extend([low, high].into_iter().filter_map(|end| arrow(end, y)));
    if let Place::On(x) = middle {
        marks.push(mark(line, x, y));
    }
    marks
}

fn arrow(end: Place, y: f64) -> Option<Element> {
    let (tip, back) = match end {
        Place::On(_) => return None,
        Place::Left(x) => (x - 6.0, x + 3.0),
        Place::Right(x) => (x + 6.0, x - 3.0),
    };
    let (above, below) = (y - 5.0, y + 5.0);
    let path = format!("M{tip:.1} {y:.1}L{back:.1} {above:.1}V{below:.1}Z");
    Some(Element::new("path").set("class", "mark").set("d", path))
}

/// Draws the estimate: a square where it is slower, a diamond for the reference, else a dot.
fn mark(line: &Line<'_>, x: f64, y: f64) -> Element {
    let path = |path: String| Element::new("path").set("class", "mark").set("d", path);
    if line.is_reference {
        let (top, bottom, left, right) = (y - 5.0, y + 5.0, x - 5.0, x + 5.0);
        path(format!(
            "M{x:.1} {top:.1}L{right:.1} {y:.1}L{x:.1} {bottom:.1}L{left:.1} {y:.1}Z"
        ))
    } else if line.verdict == Some(Verdict::Slower) {
        let (left, top) = (x - 4.0, y - 4.0);
        path(format!("M{left:.1} {top:.1}h8v8h-8Z"))
    } else {
        Element::new("circle")
            .set("class", "mark")
            .set("cx", format!("{x:.1}"))
            .set("cy", format!("{y:.1}"))
            .set("r", 4)
    }
}

/// Draws what counts as equal, and the line at 1.
fn band(measured: Measured<'_>, scale: &Scale, bottom: f64) -> Element {
    let band = measured.figures.band;
    let [low, high] = [band.low, band.high].map(|edge| scale.place(edge).x());
    let one = scale.place(1.0).x();
    // A band of one percent on a wide axis would be too thin to see.
    let (low, high) = (low.min(one - 1.5), high.max(one + 1.5));
    let rect = Element::new("rect")
        .set("class", "band")
        .set("x", format!("{low:.1}"))
        .set("y", 0)
        .set("width", format!("{:.1}", high - low))
        .set("height", format!("{bottom:.1}"));
    Element::new("g")
        .child(rect)
        .child(stroke("one", [one, 0.0, one, bottom]))
}

fn axis(measured: Measured<'_>, scale: &Scale, y: f64) -> Vec<Element> {
    let mut parts = vec![stroke("axis", [Scale::LEFT, y, Scale::RIGHT, y])];
    for mark in scale.marks() {
        let x = scale.place(mark).x();
        parts.push(stroke("axis", [x, y, x, y + 4.0]));
        parts.push(text(x, y + 16.0, "middle", &mark.to_string()).set("class", "tick"));
    }
    let caption = |x, anchor, words: &str| text(x, y + 33.0, anchor, words).set("class", "tick");
    let reference = clip(measured.name(measured.table.reference), LETTERS / 2);
    parts.push(caption(INDENT, "start", "← faster"));
    parts.push(caption(
        WIDTH / 2.0,
        "middle",
        &format!("time / {reference}"),
    ));
    parts.push(caption(WIDTH - INDENT, "end", "slower →"));
    parts
}

#[cfg(test)]
mod tests {
    use super::plot;
    use crate::figures::Figures;
    use crate::record::Run;
    use crate::report::html::axis::Scale;
    use crate::report::measured::tables;
    use crate::report::sample;

    fn drawn(run: &Run, figures: &[Figures]) -> String {
        let all: Vec<_> = tables(run, figures).collect();
        plot(all[0], &Scale::over(&all)).to_string()
    }

    /// The row of the subject with this name.
    fn row<'a>(svg: &'a str, name: &str) -> &'a str {
        let mut rows = svg.split("<g ");
        rows.find(|row| row.contains(&format!(">{name}</text>")))
            .expect("the row is drawn")
    }

    #[test]
    fn a_losing_row_is_drawn_like_the_others() {
        let (run, figures) = sample::run();
        let svg = drawn(&run, &figures);
        for (name, label) in [
            ("static", "1.004 [0.998, 1.009] ="),
            ("erased", "1.120 [1.110, 1.131] slower"),
            ("any_spawner", "0.731 [0.720, 0.740] faster"),
        ] {
            let row = row(&svg, name);
            assert!(row.contains(label), "{row}");
            assert!(row.contains("class=\"whisker\"") && row.contains("class=\"mark\""));
        }
    }

    #[test]
    fn what_is_off_the_scale_has_an_arrow_and_its_number() {
        let (run, mut figures) = sample::run();
        let arrows = |svg: &str| row(svg, "erased").matches("<path").count();
        // Its mark is a path, too.
        assert_eq!(arrows(&drawn(&run, &figures)), 1);
        figures[0].rows[2].ratio = Some(sample::interval([28.0, 30.0, 31.0]));
        let svg = drawn(&run, &figures);
        assert_eq!(arrows(&svg), 2);
        assert!(row(&svg, "erased").contains("30.0 [28.0, 31.0] slower"));
    }

    #[test]
    fn a_missing_subject_shows_its_reason() {
        let (run, figures) = sample::run();
        let svg = drawn(&run, &figures);
        let row = row(&svg, "peer &lt;b&gt;");
        assert!(row.contains("N/A — has no handle &amp; no result"), "{row}");
        assert!(!row.contains("class=\"mark\""));
    }

    #[test]
    fn the_label_of_the_picture_says_what_it_shows() {
        let (run, figures) = sample::run();
        let svg = drawn(&run, &figures);
        assert!(svg.contains("role=\"img\" aria-label=\"spawn-join on tokio-current"));
        assert!(svg.contains("erased: 1.120 [1.110, 1.131] slower;"));
    }

    #[test]
    fn what_is_no_number_breaks_nothing() {
        let (run, mut figures) = sample::run();
        figures[0].rows[1].ratio = Some(sample::interval([f64::NAN; 3]));
        assert!(!drawn(&run, &figures).contains("NaN"));
    }
}
