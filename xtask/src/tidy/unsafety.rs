//! Unsafe code lives in the files that ARCHITECTURE.md lists.

use super::tree::Tree;
use super::words::has_word;

const PAGE: &str = "ARCHITECTURE.md";
const HEADING: &str = "Where unsafe lives";

pub(super) fn find(tree: &Tree) -> Vec<String> {
    let Some(listed) = tree.page(PAGE).and_then(listed) else {
        return vec![format!(
            "{PAGE}: wants a section \"{HEADING}\" with one file in each item of its list"
        )];
    };
    let mut findings = Vec::new();
    let mut used = Vec::new();
    for source in tree.sources() {
        let Some(line) = source
            .lines()
            .iter()
            .find(|line| has_word(&line.code, "unsafe"))
        else {
            continue;
        };
        if listed.contains(&source.path()) {
            used.push(source.path());
        } else {
            let place = source.at(line);
            findings.push(format!(
                "{place}: `unsafe` in a file that {PAGE} does not list under \"{HEADING}\""
            ));
        }
    }
    let idle = listed.iter().filter(|path| !used.contains(path));
    findings.extend(idle.map(|path| format!("{PAGE}: lists {path}, which has no `unsafe`")));
    findings
}

/// The file that begins each item of the list under the heading; nothing without the heading.
fn listed(page: &str) -> Option<Vec<&str>> {
    let mut lines = page.lines();
    lines.find(|line| line.starts_with('#') && line.trim_start_matches('#').trim() == HEADING)?;
    let section = lines.take_while(|line| !line.starts_with('#'));
    let items = section.filter_map(|line| line.strip_prefix("* `").or(line.strip_prefix("- `")));
    Some(items.filter_map(|item| item.split('`').next()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree;

    const ARCHITECTURE: &str = "# Map\n\n## Where unsafe lives\n\nHere:\n\n\
                                * `crates/a/src/cell.rs`: see `other.rs`\n\n## Next\n\n* `crates/b.rs`\n";
    const UNSAFE: &str = "//! A.\n#![expect(unsafe_code)]\nunsafe impl Send for A {}\n";

    #[test]
    fn unsafe_in_another_file_is_found() {
        let tree = tree(&[
            (PAGE, ARCHITECTURE),
            ("crates/a/src/cell.rs", UNSAFE),
            ("crates/b.rs", UNSAFE),
        ]);
        let findings = find(&tree);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].starts_with("crates/b.rs:3: "), "{findings:?}");
    }

    #[test]
    fn a_listed_file_without_unsafe_is_found() {
        let safe = "//! unsafe\n#![deny(unsafe_code)]\nlet a = \"unsafe\";\n";
        let findings = find(&tree(&[
            (PAGE, ARCHITECTURE),
            ("crates/a/src/cell.rs", safe),
        ]));
        assert_eq!(
            findings,
            ["ARCHITECTURE.md: lists crates/a/src/cell.rs, which has no `unsafe`"]
        );
    }

    #[test]
    fn a_page_without_the_list_is_found() {
        assert_eq!(find(&tree(&[(PAGE, "# Map\n")])).len(), 1);
        assert_eq!(find(&tree(&[])).len(), 1);
    }

    #[test]
    fn unsafe_where_it_is_listed_is_fine() {
        let tree = tree(&[(PAGE, ARCHITECTURE), ("crates/a/src/cell.rs", UNSAFE)]);
        assert!(find(&tree).is_empty());
    }
}
