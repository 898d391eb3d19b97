//! The adapters for tokio and smol have the same files, so that they can be read side by side.

use super::tree::Tree;

const ADAPTERS: &[&str] = &["trunnion-tokio", "trunnion-smol"];
const FILES: &[&str] = &[
    "clock", "sleep", "spawn", "task", "blocking", "owned", "local", "detect",
];

pub(super) fn find(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for adapter in ADAPTERS {
        for file in FILES {
            let path = format!("crates/{adapter}/src/{file}.rs");
            if !tree.sources().iter().any(|source| source.path() == path) {
                findings.push(format!("{path}: is missing; the other adapters have it"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree;

    #[test]
    fn a_file_that_one_adapter_lacks_is_found() {
        let mut paths = Vec::new();
        for adapter in ADAPTERS {
            paths.extend(
                FILES
                    .iter()
                    .map(|file| format!("crates/{adapter}/src/{file}.rs")),
            );
        }
        let mut files: Vec<_> = paths
            .iter()
            .map(|path| (path.as_str(), "//! A.\n"))
            .collect();
        assert!(find(&tree(&files)).is_empty());
        files.remove(1);
        let findings = find(&tree(&files));
        assert_eq!(
            findings,
            ["crates/trunnion-tokio/src/sleep.rs: is missing; the other adapters have it"]
        );
    }
}
