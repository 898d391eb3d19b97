//! How the semantics of subjects differ: said once for a scenario, whatever the number of its runtimes.

use super::measured::{Line, Measured};

/// Lists the notes of a scenario, each with the runtimes that it holds for, if it is not for all.
pub(super) fn notes(tables: &[Measured<'_>]) -> Vec<String> {
    collect(tables, |line| {
        let note = line.row.note.as_str();
        (!note.is_empty()).then(|| note.to_owned())
    })
}

/// Lists who cannot do it and why, in the same form.
pub(super) fn reasons(tables: &[Measured<'_>]) -> Vec<String> {
    collect(tables, Line::missing)
}

/// A text about a subject, and the runtimes it was found on.
struct Note<'a> {
    name: &'a str,
    text: String,
    hosts: Vec<&'a str>,
}

fn collect<'a>(tables: &[Measured<'a>], text: impl Fn(&Line<'a>) -> Option<String>) -> Vec<String> {
    let mut notes: Vec<Note<'a>> = Vec::new();
    for measured in tables {
        let host = measured.table.host.as_str();
        for line in measured.rows() {
            let name = line.row.name.as_str();
            let Some(text) = text(&line) else { continue };
            let mut known = notes.iter_mut();
            match known.find(|note| note.name == name && note.text == text) {
                Some(note) => note.hosts.push(host),
                None => notes.push(Note {
                    name,
                    text,
                    hosts: vec![host],
                }),
            }
        }
    }
    notes.iter().map(|note| write(note, tables.len())).collect()
}

fn write(note: &Note<'_>, tables: usize) -> String {
    if note.hosts.len() == tables {
        format!("{}: {}", note.name, note.text)
    } else {
        format!("{} on {}: {}", note.name, note.hosts.join(", "), note.text)
    }
}

#[cfg(test)]
mod tests {
    use super::{notes, reasons};
    use crate::report::measured::scenarios;
    use crate::report::sample;

    #[test]
    fn what_holds_on_every_runtime_is_said_once() {
        let (run, figures) = sample::run();
        let tables = &scenarios(&run, &figures)[0];
        assert_eq!(notes(tables), ["any_spawner: not fair | boxes the future"]);
        let reason = "peer <b>: N/A — has no handle & no result";
        assert_eq!(reasons(tables), [reason]);
    }

    #[test]
    fn what_holds_on_one_runtime_names_it() {
        let (mut run, figures) = sample::run();
        run.tables[0].rows[1].note = "boxed".to_owned();
        run.tables[0].rows[2].note = "boxed".to_owned();
        run.tables[1].rows[3].note = "fair here".to_owned();
        let expected = [
            "static on tokio-current: boxed",
            "erased on tokio-current: boxed",
            "any_spawner on tokio-current: not fair | boxes the future",
            "any_spawner on tokio: fair here",
        ];
        assert_eq!(notes(&scenarios(&run, &figures)[0]), expected);
    }
}
