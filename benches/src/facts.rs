//! Where and with what a run was measured.

use std::fs;
use std::process::{Command, Stdio};

use crate::record::{Facts, Peer};

/// The manifest, in which peers have exact versions.
const MANIFEST: &str = include_str!("../Cargo.toml");

/// Stands behind a commit whose tree has changes.
pub const CHANGES: &str = " + changes";

/// Stands for what could not be found out.
pub const UNKNOWN: &str = "unknown";

/// How the programs are built; see the profile `bench` in the workspace's manifest.
const BUILD: &str = "optimised, thin LTO, one codegen unit";

/// Looks around.
#[must_use]
pub fn look(seed: u64) -> Facts {
    let now = jiff::Timestamp::now();
    Facts {
        date: now.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        processor: processor(),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        system: ask("uname", &["-sr"]).unwrap_or_else(|| std::env::consts::OS.to_owned()),
        load: load().map(|load| (load, load)),
        rustc: ask("rustc", &["--version"]).unwrap_or_else(|| UNKNOWN.to_owned()),
        build: build(),
        commit: commit(),
        seed,
        notes: Vec::new(),
        peers: peers(),
    }
}

/// The load average of the last minute.
#[must_use]
pub fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// Tells whether instructions can be counted here.
#[must_use]
pub fn has_valgrind() -> bool {
    ask("valgrind", &["--version"]).is_some()
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim().to_owned())
    });
    name.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn build() -> String {
    match std::env::var("RUSTFLAGS") {
        Ok(flags) if !flags.is_empty() => format!("{BUILD}, RUSTFLAGS={flags}"),
        _ => BUILD.to_owned(),
    }
}

fn commit() -> String {
    let Some(commit) = ask("git", &["rev-parse", "--short=12", "HEAD"]) else {
        return UNKNOWN.to_owned();
    };
    match ask("git", &["status", "--porcelain"]) {
        Some(changes) if !changes.is_empty() => format!("{commit}{CHANGES}"),
        _ => commit,
    }
}

fn peers() -> Vec<Peer> {
    // What the index on this machine knows: the network is not asked.
    let offline = ["update", "--dry-run", "--verbose", "--offline"];
    let told = Command::new("cargo")
        .args(offline)
        .stdin(Stdio::null())
        .output();
    let told = told.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    pinned(MANIFEST)
        .map(|(name, version)| Peer {
            name: name.to_owned(),
            version: version.to_owned(),
            newer: newer(&told, name, version),
        })
        .collect()
}

/// The dependencies with exact versions.
fn pinned(manifest: &str) -> impl Iterator<Item = (&str, &str)> {
    manifest.lines().filter_map(|line| {
        let (name, value) = line.split_once(" = ")?;
        let (_, version) = value.split_once("\"=")?;
        Some((name, version.split('"').next()?))
    })
}

/// Finds the newer version in what `cargo update` says: `Unchanged name v1.0.0 (available: v1.1.0)`.
fn newer(told: &str, name: &str, version: &str) -> Option<String> {
    let line = told
        .lines()
        .find(|line| line.contains(&format!(" {name} v{version} (")))?;
    let (_, rest) = line.split_once("available: v")?;
    Some(rest.split([')', ',']).next()?.trim().to_owned())
}

/// What a program prints, or nothing when it is not there or fails.
fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let output = command
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_the_dependencies_with_exact_versions() {
        let manifest =
            "a = \"1\"\nb = \"=1.2.3\"\nc = { version = \"=4.5.6\", default-features = false }\n";
        assert_eq!(
            pinned(manifest).collect::<Vec<_>>(),
            [("b", "1.2.3"), ("c", "4.5.6")]
        );
        assert!(pinned(MANIFEST).any(|(name, _)| name == "tokio"));
    }

    #[test]
    fn a_newer_version_is_found_for_the_very_crate() {
        let told = "   Unchanged tokio-util v0.7.0 (available: v0.8.0)\n   Unchanged tokio v1.5.0 (available: v1.6.0, requires Rust 1.99)\n";
        assert_eq!(newer(told, "tokio", "1.5.0").as_deref(), Some("1.6.0"));
        assert_eq!(newer(told, "tokio-util", "0.7.0").as_deref(), Some("0.8.0"));
        assert_eq!(newer(told, "util", "0.7.0"), None);
        assert_eq!(newer(told, "tokio", "1.6.0"), None);
    }
}
