//! What the models report: one line of JSON each.

use crate::error::{Error, Result};

/// One model that was explored to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) name: String,
    /// Preemptions at most; every interleaving without.
    bound: Option<u64>,
    executions: u64,
    ms: u64,
}

pub(super) fn parse(text: &str) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for line in text.lines() {
        let run = run(line);
        runs.push(run.ok_or_else(|| Error::new(format!("the loom report has the line `{line}`")))?);
    }
    runs.sort_by(|a: &Run, b| a.name.cmp(&b.name));
    Ok(runs)
}

fn run(line: &str) -> Option<Run> {
    Some(Run {
        name: field(line, "name")?.trim_matches('"').to_owned(),
        bound: match field(line, "bound")? {
            "null" => None,
            bound => Some(bound.parse().ok()?),
        },
        executions: field(line, "executions")?.parse().ok()?,
        ms: field(line, "ms")?.parse().ok()?,
    })
}

/// The text of a value that holds no comma.
fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("\"{key}\":"))?;
    rest.split([',', '}']).next().map(str::trim)
}

/// A table of all runs with their sum.
pub(super) fn show(runs: &[Run]) -> String {
    let width = runs.iter().map(|run| run.name.len()).max().unwrap_or(0);
    let mut lines = vec![format!("{:<width$}  bound  executions       ms", "model")];
    lines.extend(runs.iter().map(|run| {
        let Run {
            name,
            bound,
            executions,
            ms,
        } = run;
        let bound = bound.map_or_else(|| "all".into(), |bound| bound.to_string());
        format!("{name:<width$}  {bound:>5}  {executions:>10} {ms:>8}")
    }));
    let executions: u64 = runs.iter().map(|run| run.executions).sum();
    lines.push(format!("{} models, {executions} executions", runs.len()));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"name":"task::a","bound":null,"executions":120,"ms":7}"#;

    #[test]
    fn lines_are_read_and_sorted_by_name() {
        let text = format!("{{\"name\":\"z\",\"bound\":3,\"executions\":9,\"ms\":1}}\n{LINE}\n");
        let runs = parse(&text).expect("it is right");
        let expected = Run {
            name: "task::a".into(),
            bound: None,
            executions: 120,
            ms: 7,
        };
        assert_eq!(runs[0], expected);
        assert_eq!(runs[1].bound, Some(3));
        assert!(show(&runs).ends_with("\n2 models, 129 executions"));
    }

    #[test]
    fn a_broken_line_is_an_error() {
        assert!(parse("{\"name\":\"a\"}\n").is_err());
        assert!(parse(&LINE.replace("120", "many")).is_err());
    }
}
