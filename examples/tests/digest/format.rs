//! What is printed is what `sha256sum` prints and checks.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::{Ran, digest_in};
use crate::skip;
use crate::tree::Tree;

/// Names that a careless program gets wrong; those that are not UTF-8 only where the system has them.
fn odd_names() -> Vec<OsString> {
    let mut names: Vec<OsString> = [
        "plain",
        " leading space",
        "trailing space ",
        "-leading-dash",
        "back\\slash",
        "line\nfeed",
        "carriage\rreturn",
        "\\n",
        "tab\tstop",
        "*star",
        "\u{e9}\u{1f980}",
        "sub/below",
        "sub.before",
        "sub-other/x",
    ]
    .map(OsString::from)
    .into();
    if cfg!(target_os = "linux") {
        names.push(OsString::from_vec(b"not\xffutf\xfe8".to_vec()));
        names.push(OsString::from_vec(b"bad\xc3\nline".to_vec()));
    }
    names
}

fn odd_tree() -> Tree {
    let tree = Tree::new();
    for (n, name) in odd_names().iter().enumerate() {
        tree.file(name, format!("content {n}").repeat(n * 50).as_bytes());
    }
    tree.file("empty", b"");
    tree.file("large", &vec![7; 1_000_001]);
    tree
}

fn has_sha256sum() -> bool {
    let found = Command::new("sha256sum")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        skip("there is no sha256sum here");
    }
    found
}

fn check(dir: &Path, sums: &[u8]) -> bool {
    let mut command = Command::new("sha256sum");
    command
        .args(["--check", "--strict", "--quiet"])
        .current_dir(dir)
        .stdin(Stdio::piped());
    let mut child = command.spawn().expect("sha256sum can be started");
    let mut stdin = child.stdin.take().expect("it was asked for");
    stdin.write_all(sums).expect("sha256sum reads its input");
    drop(stdin);
    child.wait().expect("sha256sum ends").success()
}

fn assert_clean(ran: &Ran) {
    assert_eq!((ran.code, ran.complaints()), (0, vec![]), "{}", ran.stderr);
}

#[test]
fn sha256sum_accepts_the_output_with_every_odd_name() {
    if !has_sha256sum() {
        return;
    }
    let tree = odd_tree();
    for root in [".", "./", "sub"] {
        let ran = digest_in(tree.path(), [root]);
        assert_clean(&ran);
        assert!(check(tree.path(), &ran.stdout), "with the root {root:?}");
    }
    let ran = digest_in(tree.path(), ["."]);
    assert_eq!(ran.lines().len(), odd_names().len() + 2);
}

#[test]
fn the_bytes_are_those_that_sha256sum_prints() {
    if !has_sha256sum() {
        return;
    }
    let tree = odd_tree();
    let mut paths: Vec<Vec<u8>> = odd_names().into_iter().map(OsString::into_vec).collect();
    paths.extend([b"empty".to_vec(), b"large".to_vec()]);
    for path in &mut paths {
        path.splice(0..0, *b"./");
    }
    paths.sort();
    let mut command = Command::new("sha256sum");
    command
        .current_dir(tree.path())
        .args(paths.iter().map(|path| OsStr::from_bytes(path)));
    let expected = command.output().expect("sha256sum can be started").stdout;
    assert_eq!(digest_in(tree.path(), ["."]).stdout, expected);
}

#[test]
fn a_changed_file_is_refused_by_sha256sum() {
    if !has_sha256sum() {
        return;
    }
    let tree = odd_tree();
    let ran = digest_in(tree.path(), ["."]);
    tree.file("plain", b"something else");
    assert!(!check(tree.path(), &ran.stdout));
}

#[test]
fn links_inside_the_tree_are_passed_over_and_a_link_given_as_the_path_is_followed() {
    let (tree, outside) = (Tree::new(), Tree::new());
    tree.file("real", b"1");
    outside.file("far", b"2");
    symlink(outside.path(), tree.join("to-directory")).expect("a link can be made");
    symlink(outside.join("far"), tree.join("to-file")).expect("a link can be made");
    symlink("nowhere", tree.join("dangling")).expect("a link can be made");
    symlink(".", tree.join("loop")).expect("a link can be made");

    let ran = digest_in(tree.path(), ["."]);
    assert_clean(&ran);
    assert_eq!(ran.lines().len(), 1);
    for (link, printed) in [
        ("to-directory", "  to-directory/far\n"),
        ("to-file", "  to-file\n"),
    ] {
        let ran = digest_in(tree.path(), [link]);
        assert_clean(&ran);
        assert!(ran.stdout.ends_with(printed.as_bytes()));
    }
}

#[test]
fn a_single_file_and_a_file_called_like_an_option_or_standard_input_can_be_given() {
    let tree = Tree::new();
    for name in ["file", "-dash", "-"] {
        tree.file(name, b"");
    }
    for (name, printed) in [
        ("file", "  file\n"),
        ("-dash", "  -dash\n"),
        ("-", "  ./-\n"),
    ] {
        let ran = digest_in(tree.path(), ["--", name]);
        assert_clean(&ran);
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(ran.stdout, format!("{empty}{printed}").as_bytes());
    }
}

#[test]
fn the_default_path_is_crates() {
    let tree = Tree::new();
    tree.file("crates/a", b"");
    tree.file("b", b"");
    let ran = digest_in(tree.path(), <[&str; 0]>::default());
    assert_clean(&ran);
    assert!(ran.lines().len() == 1 && ran.stdout.ends_with(b"  crates/a\n"));
}

#[test]
fn an_empty_directory_is_a_success_without_lines() {
    let tree = Tree::new();
    fs::create_dir(tree.join("empty")).expect("a directory can be made");
    let ran = digest_in(tree.path(), ["empty"]);
    assert_clean(&ran);
    assert!(ran.stdout.is_empty());
}
