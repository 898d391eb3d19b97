//! Every combination of features.

use xshell::{Shell, cmd};

use super::cargo;
use crate::error::Result;
use crate::step::Step;
use crate::tally::Tally;
use crate::workspace;

pub(super) fn run(sh: &Shell) -> Result<Tally> {
    let mut tally = Tally::default();
    for (package, features) in combinations(sh)? {
        let features = features.join(",");
        // Through Clippy a warning becomes an error without building the dependencies again.
        let (tool, deny) = if cargo::has_clippy(sh) {
            ("clippy", &["--", "-D", "warnings"][..])
        } else {
            ("check", &[][..])
        };
        let check = cmd!(
            sh,
            "cargo {tool} --package {package} --no-default-features --features={features} {deny...}"
        );
        let passed = Step::new(check).run()?;
        tally.check(&format!("{package} with features [{features}]"), passed);
    }
    Ok(tally)
}

/// All subsets of the features of each published crate.
fn combinations(sh: &Shell) -> Result<Vec<(String, Vec<String>)>> {
    let mut all = Vec::new();
    for package in workspace::packages(sh)? {
        if !package.is_published() {
            continue;
        }
        let manifest = sh.read_file(package.dir.join("Cargo.toml"))?;
        let subsets = subsets(&features(&manifest));
        all.extend(
            subsets
                .into_iter()
                .map(|subset| (package.name.clone(), subset)),
        );
    }
    Ok(all)
}

/// The names in the table `[features]`, without the default.
fn features(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[features]";
        } else if let (true, Some((name, _))) = (inside, line.split_once(" = ")) {
            names.push(name.trim().to_owned());
        }
    }
    names.retain(|name| name != "default" && !name.starts_with('#'));
    names
}

fn subsets(names: &[String]) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    for name in names {
        let with = all.clone().into_iter().map(|mut subset: Vec<String>| {
            subset.push(name.clone());
            subset
        });
        all.extend(with.collect::<Vec<_>>());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_read_without_the_default_and_comments() {
        let manifest = "[package]\nname = \"a\"\n[features]\ndefault = [\"std\"]\n# a = b\nalloc = []\n\
                        std = [\"alloc\"]\n\n[dependencies]\nlexopt = \"0.3\"\n";
        assert_eq!(features(manifest), ["alloc", "std"]);
    }

    #[test]
    fn three_features_have_eight_subsets() {
        let names = ["tokio", "smol", "sim"].map(String::from);
        let subsets = subsets(&names);
        assert_eq!(subsets.len(), 8);
        assert!(subsets.contains(&vec![]) && subsets.contains(&names.to_vec()));
    }

    #[test]
    fn the_facade_is_checked_in_all_thirty_two() {
        let sh = workspace::shell().expect("the workspace is there");
        let all = combinations(&sh).expect("every manifest is readable");
        assert_eq!(
            all.iter()
                .filter(|(package, _)| package == "trunnion")
                .count(),
            32
        );
        for adapter in ["trunnion-tokio", "trunnion-smol", "trunnion-sim"] {
            assert!(all.contains(&(adapter.into(), Vec::new())));
        }
    }
}
