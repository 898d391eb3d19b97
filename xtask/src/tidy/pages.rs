//! Documentation: its code runs, and the first page stays short.

use std::path::Path;

use super::source::Kind;
use super::tree::Tree;

const README: &str = "README.md";
const README_LINES: usize = 120;
const UNRUN: &[&str] = &["ignore", "no_run"];

pub(super) fn unrun_blocks(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    let mut find = |path: &str, number: usize, text: &str| {
        findings.extend(
            unrun(text)
                .map(|word| format!("{path}:{number}: a code block marked `{word}`; make it run")),
        );
    };
    for source in tree.sources() {
        for line in source.lines().iter().filter(|line| line.kind == Kind::Doc) {
            find(
                source.path(),
                line.number,
                line.text.trim_start().trim_start_matches(['/', '!']),
            );
        }
    }
    for (path, text) in tree.pages().iter().filter(|(path, _)| is_prose(path)) {
        for (index, line) in text.lines().enumerate() {
            find(path, index + 1, line);
        }
    }
    findings
}

fn is_prose(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "md")
}

/// The word that keeps a code block from running.
fn unrun(line: &str) -> Option<&str> {
    let info = line.trim().strip_prefix("```")?;
    let mut words = info.split([',', ' ']);
    words.find(|word| UNRUN.iter().any(|unrun| word.starts_with(unrun)))
}

pub(super) fn readme(tree: &Tree) -> Vec<String> {
    let lines = tree.page(README).map(|text| text.lines().count());
    match lines {
        None => vec![format!("{README}: is missing")],
        Some(lines) if lines > README_LINES => {
            vec![format!("{README}: {lines} lines, at most {README_LINES}")]
        }
        Some(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree;

    #[test]
    fn blocks_that_do_not_run_are_found() {
        let source = "//! ```no_run\n//! ```\n/// ```rust,ignore\n/// ```\n    /// ```ignore-wasm\n    /// ```\n";
        let findings = unrun_blocks(&tree(&[
            ("a.rs", source),
            ("README.md", "```ignore\n```\n"),
        ]));
        assert_eq!(findings.len(), 4, "{findings:?}");
        assert!(findings[3].starts_with("README.md:1: "));
    }

    #[test]
    fn blocks_that_run_or_must_not_compile_are_fine() {
        let source = "/// ```\n/// ```compile_fail\n/// ```text\n/// never ignore\n// ```ignore\n";
        assert!(unrun_blocks(&tree(&[("a.rs", source)])).is_empty());
    }

    #[test]
    fn a_long_or_missing_readme_is_found() {
        assert_eq!(readme(&tree(&[])), ["README.md: is missing"]);
        let long = "a\n".repeat(121);
        assert_eq!(
            readme(&tree(&[(README, &long)])),
            ["README.md: 121 lines, at most 120"]
        );
        assert!(readme(&tree(&[(README, &long[2..])])).is_empty());
    }
}
