//! How many lines of code a file has: no blank lines, comments, documentation or unit tests.

use super::source::{Kind, Source};
use super::tree::Tree;

const LIMIT: usize = 350;
const ROOMY: usize = 200;

pub(super) fn find(tree: &Tree) -> Vec<String> {
    let counts = tree
        .sources()
        .iter()
        .map(|source| (source, code_lines(source)));
    counts
        .filter(|(_, lines)| *lines > LIMIT)
        .map(|(source, lines)| {
            format!(
                "{}: {lines} lines of code, at most {LIMIT}; split it",
                source.path()
            )
        })
        .collect()
}

/// Files that grow towards the limit.
pub(super) fn note(tree: &Tree) -> Option<String> {
    let counts = tree
        .sources()
        .iter()
        .map(|source| (code_lines(source), source.path()));
    let mut large: Vec<_> = counts.filter(|(lines, _)| *lines > ROOMY).collect();
    large.sort_unstable_by(|a, b| b.cmp(a));
    let names: Vec<_> = large
        .iter()
        .map(|(lines, path)| format!("{path} ({lines})"))
        .collect();
    (!large.is_empty()).then(|| {
        format!(
            "{} files have more than {ROOMY} lines of code: {}",
            large.len(),
            names.join(", ")
        )
    })
}

fn code_lines(source: &Source) -> usize {
    let code = source.lines().iter().filter(|line| line.kind == Kind::Code);
    code.take_while(|line| line.code != "#[cfg(test)]").count() + after_tests(source)
}

/// Unit tests stand last; whatever follows an item under `cfg(test)` counts again.
fn after_tests(source: &Source) -> usize {
    let mut depth = None;
    let mut counted = 0;
    for line in source.lines().iter().filter(|line| line.kind == Kind::Code) {
        depth = match depth {
            None if line.code == "#[cfg(test)]" => Some(Item::Before),
            Some(item) => Some(item.after(&line.code)),
            none => none,
        };
        counted += usize::from(depth.is_some_and(|item| matches!(item, Item::Past)));
    }
    counted
}

/// Where we are around an item under `#[cfg(test)]` of the top level.
#[derive(Clone, Copy)]
enum Item {
    Before,
    Inside,
    Last,
    Past,
}

impl Item {
    fn after(self, code: &str) -> Self {
        match self {
            Self::Last | Self::Past if code == "#[cfg(test)]" => Self::Before,
            Self::Last | Self::Past => Self::Past,
            Self::Inside if code == "}" => Self::Last,
            Self::Inside => Self::Inside,
            Self::Before if code.ends_with(';') => Self::Last,
            Self::Before if code.ends_with('{') => Self::Inside,
            Self::Before => Self::Before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree;

    #[test]
    fn a_long_file_is_found() {
        let text = "//! A.\n".to_owned() + &"let a = 1;\n".repeat(LIMIT);
        assert!(find(&tree(&[("a.rs", &text)])).is_empty());
        let findings = find(&tree(&[("a.rs", &(text + "let b = 2;\n"))]));
        assert_eq!(findings, ["a.rs: 351 lines of code, at most 350; split it"]);
    }

    #[test]
    fn a_roomy_file_is_noted_only() {
        let text = "let a = 1;\n".repeat(ROOMY + 1);
        let tree = tree(&[("a.rs", &text)]);
        assert!(find(&tree).is_empty());
        assert!(note(&tree).is_some_and(|note| note.ends_with("a.rs (201)")));
    }

    #[test]
    fn only_code_outside_of_unit_tests_counts() {
        let text = "//! A.\n\n// why\nlet a = 1; // b\n#[cfg(test)]\nmod tests;\nlet b = 1;\n\
                    #[cfg(test)]\n#[path = \"a.rs\"]\nmod tests {\n    fn a() {\n    }\n}\nlet c = 1;\nlet d = 1;\n";
        assert_eq!(code_lines(&Source::new("a.rs", text)), 4);
    }
}
