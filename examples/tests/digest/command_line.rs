//! The command line.

use std::time::Duration;

use trunnion_examples::digest::cli::{Command, Settings, parse};
use trunnion_examples::digest::runtime::Kind;

use crate::run::digest;

fn settings(args: &[&str]) -> Settings {
    match parse(args.iter().map(Into::into)) {
        Ok(Command::Digest(settings)) => settings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_has_a_default() {
    let settings = settings(&[]);
    assert_eq!(settings.runtimes, Kind::ALL);
    assert!(settings.limit.get() >= 2);
}

#[test]
fn options_may_stand_before_and_after_the_path() {
    let given = settings(&["--limit", "3", "here", "--runtime=smol", "--timeout", "1.5"]);
    let limit = 3.try_into().expect("not zero");
    let timeout = Duration::from_millis(1500);
    assert_eq!(
        given,
        Settings {
            path: "here".into(),
            runtimes: vec![Kind::Smol],
            limit,
            timeout
        }
    );
}

#[test]
fn a_timeout_beyond_all_bounds_is_none() {
    assert_eq!(settings(&["--timeout", "1e300"]).timeout, Duration::MAX);
    assert_eq!(settings(&["--timeout", "inf"]).timeout, Duration::MAX);
}

#[test]
fn a_wrong_command_line_is_one_line_that_names_the_culprit_and_code_2() {
    let wrong: [&[&str]; 15] = [
        &["--limit", "0"],
        &["--limit", "-1"],
        &["--limit", "many"],
        &["--limit", "99999999999999999999999"],
        &["--limit"],
        &["--runtime", "async-std"],
        &["--runtime", ""],
        &["--timeout", "0"],
        &["--timeout", "-1"],
        &["--timeout", "soon"],
        &["--timeout", "NaN"],
        &["--timeout", "1e-12"],
        &["--verbose"],
        &["-x"],
        &["one", "two"],
    ];
    for args in wrong {
        let ran = digest(args);
        assert_eq!((ran.code, ran.stdout.len()), (2, 0), "{args:?}");
        let lines: Vec<&str> = ran.stderr.lines().collect();
        let [line] = lines[..] else {
            panic!("{args:?}: {lines:?}")
        };
        let culprit = args
            .iter()
            .rfind(|arg| !arg.is_empty())
            .expect("there is one");
        assert!(
            line.starts_with("digest: ") && line.contains(culprit),
            "{args:?}: {line}"
        );
    }
}

#[test]
fn an_unknown_runtime_is_told_which_there_are() {
    let ran = digest(["--runtime", "async-std"]);
    assert!(
        ran.stderr.contains("tokio, smol, sim or all"),
        "{}",
        ran.stderr
    );
}

#[test]
fn help_goes_to_standard_output() {
    let ran = digest(["--help"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let help = String::from_utf8(ran.stdout).expect("help is text");
    for option in ["--runtime", "--limit", "--timeout", "PATH"] {
        assert!(help.contains(option));
    }
}
