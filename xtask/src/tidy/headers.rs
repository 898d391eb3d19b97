//! Every module begins with a `//!` line.

use super::source::{Kind, Source};
use super::tree::Tree;

pub(super) fn find(tree: &Tree) -> Vec<String> {
    let modules = tree.sources().iter().filter(|source| !is_sample(source));
    let bare = modules.filter(|source| !has_header(source));
    bare.map(|source| {
        format!(
            "{}: begin with a `//!` line that says what it holds",
            source.path()
        )
    })
    .collect()
}

/// Programs that must not compile are named by what they show.
fn is_sample(source: &Source) -> bool {
    source.path().starts_with("tests/ui/")
}

/// Inner attributes and comments may come first; a page may stand for the header.
fn has_header(source: &Source) -> bool {
    let page = source.lines().iter().find(|line| line.kind == Kind::Code);
    if page.is_some_and(|line| line.code.starts_with("#![doc = include_str!(")) {
        return true;
    }
    let mut inside = false;
    let first = source.lines().iter().find(|line| {
        let code = line.code.trim();
        let attribute = inside || code.starts_with("#!");
        inside = attribute && line.kind == Kind::Code && !code.ends_with(']');
        !(attribute || matches!(line.kind, Kind::Blank | Kind::Comment))
    });
    first.is_some_and(|line| line.text.trim_start().starts_with("//!"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree;

    #[test]
    fn a_module_without_a_header_is_found() {
        for bad in [
            "mod a;\n",
            "",
            "/// Not this.\nmod a;\n",
            "mod a;\n//! Late.\n",
            "#![no_std]\nuse a;\n//! Late.",
        ] {
            let findings = find(&tree(&[("crates/a/src/lib.rs", bad)]));
            assert_eq!(findings.len(), 1, "{bad:?}");
            assert!(findings[0].starts_with("crates/a/src/lib.rs: "));
        }
    }

    #[test]
    fn attributes_and_comments_may_come_first() {
        let good = "// why\n#![cfg(trunnion_loom)]\n#![expect(\n    lint,\n    reason = \"a\"\n)]\n\n//! Yes.\n";
        assert!(find(&tree(&[("tests/loom/a.rs", good)])).is_empty());
        assert!(find(&tree(&[("tests/ui/a.rs", "fn main() {}")])).is_empty());
        let page = "#![doc = include_str!(\"../README.md\")]\nmod a;\n";
        assert!(find(&tree(&[("crates/a/src/lib.rs", page)])).is_empty());
    }
}
