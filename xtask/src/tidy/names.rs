//! Modules are named after what they hold, and `foo.rs` stands beside `foo/`.

use super::tree::Tree;

const SAY_NOTHING: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc"];

pub(super) fn find(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for source in tree.sources() {
        let path = source.path();
        let stem = path.strip_suffix(".rs").unwrap_or(path);
        if stem.ends_with("/mod") {
            findings.push(format!("{path}: name it after its folder, beside it"));
        }
        let parts = stem.split('/').filter(|part| SAY_NOTHING.contains(part));
        findings.extend(parts.map(|part| format!("{path}: `{part}` does not say what it holds")));
        for line in source.lines() {
            let name = SAY_NOTHING
                .iter()
                .find(|name| line.code.trim_end().ends_with(&format!("mod {name} {{")));
            findings.extend(
                name.map(|name| {
                    format!("{}: `{name}` does not say what it holds", source.at(line))
                }),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree;

    #[test]
    fn names_that_say_nothing_are_found() {
        let bad = [
            "crates/a/src/mod.rs",
            "tests/common/a.rs",
            "xtask/src/util.rs",
            "examples/src/helpers.rs",
        ];
        for path in bad {
            assert_eq!(find(&tree(&[(path, "//! A.\n")])).len(), 1, "{path}");
        }
        assert_eq!(
            find(&tree(&[("a.rs", "pub(crate) mod misc {\n}\n")])).len(),
            1
        );
    }

    #[test]
    fn other_names_are_fine() {
        let tree = tree(&[(
            "crates/a/src/common_words.rs",
            "mod commons {\n}\n// mod misc {\n",
        )]);
        assert!(find(&tree).is_empty());
    }
}
