//! What the manifests may depend on, and how.

use super::tree::Tree;

/// The tiers that must not know any runtime.
const BLIND: &[&str] = &[
    "trunnion-core",
    "trunnion-patterns",
    "trunnion-tower",
    "trunnion-conformance",
];
/// What a dependency on a runtime looks like.
const RUNTIMES: &[&str] = &[
    "tokio",
    "smol",
    "async-executor",
    "async-global-executor",
    "async-io",
    "async-std",
    "trunnion-tokio",
    "trunnion-smol",
];

/// A dependency as a manifest writes it.
#[derive(Debug, PartialEq, Eq)]
struct Dependency<'a> {
    number: usize,
    name: &'a str,
    value: &'a str,
}

pub(super) fn runtimes(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for name in BLIND {
        let path = format!("crates/{name}/Cargo.toml");
        let Some(manifest) = tree.page(&path) else {
            findings.push(format!("{path}: is missing"));
            continue;
        };
        for dependency in dependencies(shipped(name, manifest)) {
            if RUNTIMES.contains(&dependency.name) {
                let Dependency {
                    number,
                    name: runtime,
                    ..
                } = dependency;
                findings.push(format!("{path}:{number}: {name} must not know `{runtime}`"));
            }
        }
    }
    findings
}

/// The documentation of the suite shows an adapter at work: what only its examples use, does not count.
fn shipped<'a>(name: &str, manifest: &'a str) -> &'a str {
    match manifest.split_once("[dev-dependencies]") {
        Some((shipped, _)) if name == "trunnion-conformance" => shipped,
        _ => manifest,
    }
}

pub(super) fn pins(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    let root = tree.page("Cargo.toml").unwrap_or_default();
    let version = root
        .lines()
        .find_map(|line| line.strip_prefix("version = "));
    let pin = format!(
        "version = \"={}\"",
        version.unwrap_or_default().trim_matches('"')
    );
    let manifests = tree
        .pages()
        .iter()
        .filter(|(path, _)| path.ends_with("Cargo.toml"));
    for (path, manifest) in manifests {
        let siblings = dependencies(manifest).into_iter();
        for Dependency {
            number,
            name,
            value,
        } in siblings.filter(is_published_sibling)
        {
            let inherited = path != "Cargo.toml" && value.contains("workspace = true");
            if !inherited && !value.contains(&pin) {
                findings.push(format!("{path}:{number}: `{name}` wants `{pin}`"));
            }
        }
    }
    findings
}

/// Crates that are never published need no version.
fn is_published_sibling(dependency: &Dependency<'_>) -> bool {
    let ours = dependency.name == "trunnion" || dependency.name.starts_with("trunnion-");
    ours && !["trunnion-examples", "trunnion-tests", "trunnion-benches"].contains(&dependency.name)
}

/// All dependencies, of every kind, target and spelling.
fn dependencies(manifest: &str) -> Vec<Dependency<'_>> {
    let mut found = Vec::new();
    let mut inside = false;
    for (index, line) in manifest.lines().enumerate() {
        let number = index + 1;
        if let Some(table) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            inside = table.ends_with("dependencies");
            if let Some((_, name)) = table.rsplit_once("dependencies.") {
                found.push(Dependency {
                    number,
                    name,
                    value: "",
                });
            }
        } else if let (true, Some((key, value))) = (inside, line.split_once('=')) {
            let key = key.trim();
            if !key.starts_with('#') {
                let name = key.split('.').next().unwrap_or(key);
                // `a.workspace = true` and `a = { workspace = true }` say the same.
                let value = if key.ends_with(".workspace") {
                    "workspace = true"
                } else {
                    value.trim()
                };
                found.push(Dependency {
                    number,
                    name,
                    value,
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree;

    const CORE: &str = "crates/trunnion-core/Cargo.toml";
    const PATTERNS: &str = "crates/trunnion-patterns/Cargo.toml";
    const TOWER: &str = "crates/trunnion-tower/Cargo.toml";
    const CONFORMANCE: &str = "crates/trunnion-conformance/Cargo.toml";
    const ROOT: &str = "[workspace.package]\nversion = \"0.1.0\"\n[workspace.dependencies]\n";

    #[test]
    fn a_runtime_below_the_adapters_is_found() {
        let tree = tree(&[
            (
                CORE,
                "[features]\nsmol = []\n[dependencies]\ntokio = \"1\"\n",
            ),
            (
                PATTERNS,
                "[target.'cfg(unix)'.dev-dependencies]\ntrunnion-smol.workspace = true\n",
            ),
            (
                TOWER,
                "[dependencies]\ntower-service = \"0.3\"\nsmol = \"2\"\n",
            ),
            (
                CONFORMANCE,
                "[dependencies.async-io]\nversion = \"2\"\n[dev-dependencies]\nsmol = \"2\"\n",
            ),
        ]);
        assert_eq!(
            runtimes(&tree),
            [
                format!("{CORE}:4: trunnion-core must not know `tokio`"),
                format!("{PATTERNS}:2: trunnion-patterns must not know `trunnion-smol`"),
                format!("{TOWER}:3: trunnion-tower must not know `smol`"),
                format!("{CONFORMANCE}:1: trunnion-conformance must not know `async-io`"),
            ]
        );
    }

    #[test]
    fn a_sibling_that_is_not_pinned_is_found() {
        let loose = format!(
            "{ROOT}trunnion-core = {{ path = \"crates/trunnion-core\", version = \"0.1.0\" }}\n"
        );
        assert_eq!(pins(&tree(&[("Cargo.toml", &loose)])).len(), 1);
        let other = format!("{ROOT}trunnion = {{ version = \"=0.2.0\" }}\n");
        assert_eq!(pins(&tree(&[("Cargo.toml", &other)])).len(), 1);
        let own = "[dependencies]\ntrunnion-core = { path = \"../trunnion-core\" }\n";
        assert_eq!(
            pins(&tree(&[("Cargo.toml", ROOT), (PATTERNS, own)])).len(),
            1
        );
    }

    #[test]
    fn pinned_and_inherited_siblings_are_fine() {
        let root = format!(
            "{ROOT}trunnion-core = {{ path = \"a\", version = \"=0.1.0\" }}\ntrunnion-examples = {{ path = \"b\" }}\n"
        );
        let member = "[dependencies]\ntrunnion-core.workspace = true\ntrunnion = { workspace = true, features = [] }\n";
        assert!(pins(&tree(&[("Cargo.toml", &root), (PATTERNS, member)])).is_empty());
    }
}
