//! Command lines that are refused.

use crate::run::fetch;

/// What is given, and what the answer says.
const CASES: &[(&[&str], &str)] = &[
    (
        &["https://example.org/"],
        "\"https://example.org/\": https is not supported",
    ),
    (&["ftp://example.org/"], "unknown scheme, expected http://"),
    (
        &["example.org"],
        "\"example.org\": not a whole URL, expected http://HOST/PATH",
    ),
    (&["/page"], "not a whole URL"),
    (&["http://exa mple/"], "\"http://exa mple/\": not a URL: "),
    (&["http://"], "not a URL"),
    (
        &["http://a:b@host/"],
        "a user name or password is not supported",
    ),
    (
        &["http://host:0/"],
        "the port must be a number from 1 to 65535",
    ),
    (&["http://host:65536/"], "\"http://host:65536/\": "),
    (&["http://host:x/"], "\"http://host:x/\": "),
    (&["http://:80/"], "\"http://:80/\": "),
    (&["http://host/\nx"], "\"http://host/\\nx\": "),
    (
        &["--runtime", "sim", "http://host/"],
        "the simulator has no network",
    ),
    (&["--runtime", "smoll"], "unknown runtime"),
    (
        &["--faults", "1", "http://host/"],
        "--faults is for the embedded server",
    ),
    (
        &["--faults", "101"],
        "--faults \"101\": must be at most 100",
    ),
    (&["--faults", "300"], "--faults \"300\": "),
    (&["--seed", "-1"], "--seed \"-1\": "),
    (&["--requests", "0"], "--requests \"0\": "),
    (&["--attempts", "0"], "--attempts \"0\": "),
    (&["--limit", "0"], "--limit \"0\": must be at least 1"),
    (
        &["--timeout", "0"],
        "--timeout \"0\": must be more than zero seconds",
    ),
    (&["--colour"], "--colour"),
];

#[test]
fn each_is_refused_in_one_line_that_names_it() {
    for (args, expected) in CASES {
        let ran = fetch(*args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert_eq!(
            (ran.stdout.as_str(), ran.stderr.lines().count()),
            ("", 1),
            "{args:?}"
        );
        assert!(
            ran.stderr.starts_with("fetch: "),
            "{args:?}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn help_is_printed_and_names_every_option() {
    let ran = fetch(["--help"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    for option in [
        "runtime", "limit", "attempts", "timeout", "seed", "requests", "faults",
    ] {
        assert!(ran.stdout.contains(&format!("--{option} ")), "{option}");
    }
}
