//! The report as one page that needs nothing else: no script, no font, no other file.

mod axis;
mod numbers;
mod plot;

use super::facts::facts;
use super::losses::{Losses, losses};
use super::markup::Element;
use super::measured::{Measured, scenarios};
use super::method::{CAVEATS, METHOD, READING};
use super::notes::notes;
use super::tally::tally;
use crate::figures::Figures;
use crate::record::Run;

/// The name of the page.
const TITLE: &str = "trunnion: benchmarks";

/// The anchor of the section on losses.
const LOSSES: &str = "losses";

/// Writes the report as a page.
#[must_use]
pub fn html(run: &Run, figures: &[Figures]) -> String {
    let page = Element::new("html")
        .set("lang", "en")
        .child(head())
        .child(body(run, figures));
    format!("<!doctype html>\n{page}\n")
}

fn head() -> Element {
    let meta = |name: &str, content: &str| {
        Element::new("meta")
            .set("name", name)
            .set("content", content)
    };
    Element::new("head")
        .child(Element::new("meta").set("charset", "utf-8"))
        .child(meta("viewport", "width=device-width, initial-scale=1"))
        .child(meta("color-scheme", "light dark"))
        .child(Element::new("title").text(TITLE))
        .child(Element::new("style").style(include_str!("html/page.css")))
}

fn body(run: &Run, figures: &[Figures]) -> Element {
    let scenarios = scenarios(run, figures);
    let losses = losses(run, figures);
    let sections = scenarios.iter().enumerate();
    let main = Element::new("main")
        .child(Element::new("h1").text(TITLE))
        .children(tally(run, figures).iter().map(|text| paragraph(text)))
        .child(facts_list(run))
        .child(method())
        .child((scenarios.len() > 1).then(|| contents(&scenarios, &losses)))
        .children(sections.map(|(index, tables)| section(index, tables)))
        .child(losing(&losses));
    Element::new("body").child(main)
}

fn paragraph(text: &str) -> Element {
    Element::new("p").text(text)
}

fn span(text: &str) -> Element {
    Element::new("span").text(text)
}

fn list(items: impl IntoIterator<Item = Element>) -> Element {
    let items = items.into_iter();
    Element::new("ul").children(items.map(|item| Element::new("li").child(item)))
}

fn facts_list(run: &Run) -> Element {
    let facts = facts(run).into_iter().flat_map(|(label, value)| {
        let value = Element::new("dd").text(&value);
        [Element::new("dt").text(label), value]
    });
    Element::new("dl").children(facts)
}

fn method() -> Element {
    let sentences = CAVEATS.iter().chain(&METHOD);
    let more = Element::new("details")
        .child(Element::new("summary").text("How it was measured, and what it cannot say"))
        .child(list(sentences.map(|text| span(text))));
    Element::new("section")
        .child(Element::new("h2").text("How to read this"))
        .child(paragraph(READING))
        .child(more)
}

/// Sections are numbered: names of scenarios may hold what an anchor cannot.
fn anchor(index: usize) -> String {
    format!("scenario-{}", index + 1)
}

fn link(anchor: &str, text: &str) -> Element {
    Element::new("a")
        .set("href", format!("#{anchor}"))
        .text(text)
}

fn name<'a>(tables: &[Measured<'a>]) -> &'a str {
    tables.first().map_or("", |first| &first.table.scenario)
}

fn contents(scenarios: &[Vec<Measured<'_>>], losses: &Losses) -> Element {
    let links = scenarios.iter().enumerate();
    let links = links.map(|(index, tables)| link(&anchor(index), name(tables)));
    let last = format!("{} ({})", losses.heading, losses.list.len());
    Element::new("nav")
        .set("aria-label", "Contents")
        .child(Element::new("h2").text("Contents"))
        .child(list(links.chain([link(LOSSES, &last)])))
}

fn section(index: usize, tables: &[Measured<'_>]) -> Element {
    let about = tables.first().map(|first| {
        paragraph(&format!(
            "{} Figures are per {}.",
            first.table.about, first.table.unit
        ))
    });
    let notes = notes(tables);
    let scale = axis::Scale::over(tables);
    let plots = tables.iter().map(|&measured| figure(measured, &scale));
    Element::new("section")
        .set("id", anchor(index))
        .child(Element::new("h2").text(name(tables)))
        .child(about)
        .child((!notes.is_empty()).then(|| list(notes.iter().map(|note| span(note)))))
        .child(Element::new("div").set("class", "plots").children(plots))
        .child(numbers::numbers(tables))
}

fn figure(measured: Measured<'_>, scale: &axis::Scale) -> Element {
    let caption = Element::new("figcaption")
        .child(Element::new("strong").text(&measured.table.host))
        .text(&format!(", {}", measured.clock()))
        .child(measured.figures.is_noisy().then(noisy));
    Element::new("figure")
        .child(caption)
        .child(plot::plot(measured, scale))
}

fn noisy() -> Element {
    Element::new("em").text(super::measured::NOISY)
}

fn losing(losses: &Losses) -> Element {
    let list = if losses.list.is_empty() {
        paragraph(Losses::NONE)
    } else {
        numbers::losses(losses)
    };
    Element::new("section")
        .set("id", LOSSES)
        .child(Element::new("h2").text(losses.heading))
        .child(list)
        .child(losses.caveat().map(|caveat| paragraph(&caveat)))
}

#[cfg(test)]
mod tests {
    use super::html;
    use crate::report::sample;

    #[test]
    fn the_page_needs_nothing_else() {
        let (run, figures) = sample::run();
        let page = html(&run, &figures);
        for foreign in ["<script", "<link", "http", "src=", "url(", "@import"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        for needed in [
            "<!doctype html>",
            "lang=\"en\"",
            "<title>",
            "name=\"viewport\"",
        ] {
            assert!(page.contains(needed), "{needed}");
        }
    }

    #[test]
    fn notes_stand_above_the_plots() {
        let (run, figures) = sample::run();
        let page = html(&run, &figures);
        let note = "<li><span>any_spawner: not fair | boxes the future</span></li></ul><div class=\"plots\">";
        assert!(page.contains(note));
    }

    #[test]
    fn names_are_escaped() {
        let (mut run, figures) = sample::run();
        run.facts.commit = "<i>".to_owned();
        let page = html(&run, &figures);
        for raw in ["<fast>", "<b>", "<i>", "handle & no"] {
            assert!(!page.contains(raw), "{raw}");
        }
        for escaped in ["now &lt;fast&gt;", "peer &lt;b&gt;", "handle &amp; no"] {
            assert!(page.contains(escaped), "{escaped}");
        }
    }

    #[test]
    fn a_losing_row_is_shown_like_the_others() {
        let (run, figures) = sample::run();
        let page = html(&run, &figures);
        assert!(page.contains("<td>erased</td><td class=\"number\">1.120</td>"));
        assert!(page.contains("<td>static</td><td class=\"number\">1.004</td>"));
        let losses = page.split("id=\"losses\"").nth(1).expect("a section");
        assert!(losses.contains("<td>erased / native</td>"));
        assert!(losses.contains("Too noisy to judge: spawn-join on tokio."));
    }

    #[test]
    fn a_run_without_losses_says_nowhere() {
        let (run, mut figures) = sample::run();
        figures[0].losses.clear();
        assert!(html(&run, &figures).contains("<p>Nowhere in this run.</p>"));
    }

    #[test]
    fn a_noisy_table_says_so() {
        let (run, figures) = sample::run();
        let page = html(&run, &figures);
        assert!(page.contains("<strong>tokio</strong>, wall clock<em>noisy, no verdict</em>"));
    }

    #[test]
    fn contents_link_to_every_section_when_there_are_several() {
        let (mut run, mut figures) = sample::run();
        let page = html(&run, &figures);
        for anchor in ["scenario-1", "scenario-2", "losses"] {
            assert!(page.contains(&format!("href=\"#{anchor}\"")), "{anchor}");
            assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
        }
        run.tables.truncate(2);
        figures.truncate(2);
        assert!(!html(&run, &figures).contains("<nav"));
    }

    #[test]
    fn every_element_that_starts_ends() {
        let (run, figures) = sample::run();
        let page = html(&run, &figures);
        for name in [
            "section", "svg", "g", "table", "tr", "td", "th", "p", "figure", "ul", "li",
        ] {
            let starts = page.matches(&format!("<{name} ")).count()
                + page.matches(&format!("<{name}>")).count();
            let ends = page.matches(&format!("</{name}>")).count();
            assert_eq!(starts, ends, "{name}");
        }
    }
}
