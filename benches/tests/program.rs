//! The program as a user meets it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use trunnion_benches::figures::{Figures, figures};
use trunnion_benches::record::{FORMAT, Run};
use trunnion_benches::stats::Verdict;
use trunnion_benches::store;

/// A folder for results, removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _absent = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).expect("it can be made");
        Self(dir)
    }

    fn entries(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).expect("it is there");
        entries
            .map(|entry| entry.expect("it is readable").path())
            .collect()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = bench();
        command.args(arguments).arg("--results").arg(&self.0);
        command.output().expect("the program starts")
    }

    /// The one run in it.
    fn read(&self) -> (Run, Vec<Figures>) {
        let entries = self.entries();
        assert_eq!(entries.len(), 1, "{entries:?}");
        let (run, rounds) = store::read(&entries[0]).expect("it is complete");
        let figures = figures(&run, &rounds);
        (run, figures)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _absent = fs::remove_dir_all(&self.0);
    }
}

fn bench() -> Command {
    Command::new(env!("CARGO_BIN_EXE_trunnion-bench"))
}

/// The only line on standard error.
fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(text.lines().count(), 1, "one clear line: {text}");
    text.trim_end().to_owned()
}

fn refused(arguments: &[&str], code: i32) -> String {
    let output = bench()
        .args(arguments)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    told(&output)
}

#[test]
fn a_slowdown_of_five_percent_shows_up_as_slower() {
    // A table that is noisy has no verdict; it must never have another one.
    for attempt in 0..5 {
        let folder = Folder::new("slowdown");
        let output = folder.run(&["run", "--quick", "--filter", "seeded-slowdown"]);
        assert!(output.status.success(), "{output:?}");
        let (run, figures) = folder.read();
        assert_eq!(run.tables[0].rows[1].name, "5 % more");
        match figures[0].verdict(1) {
            Some(verdict) => {
                assert_eq!(verdict, Verdict::Slower);
                assert_eq!(figures[0].losses.len(), 1, "it is listed as a loss");
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(text.contains("slower"), "{text}");
                return;
            }
            // Noisy: once more.
            None => assert!(figures[0].is_noisy(), "attempt {attempt}"),
        }
    }
    panic!("the machine is too noisy for a verdict");
}

#[test]
fn the_reports_are_complete_and_can_be_made_anew() {
    let folder = Folder::new("anew");
    let output = folder.run(&["run", "--filter", "seeded-slowdown"]);
    assert!(output.status.success(), "{output:?}");
    let dir = folder.entries().remove(0);
    let (run, _) = folder.read();
    assert!(
        run.tables[0].rows[2].missing.is_some(),
        "a row that cannot do it stays"
    );
    let files = ["report.txt", "report.html"];
    let before = files.map(|file| fs::read_to_string(dir.join(file)).expect("it is there"));
    assert!(before.iter().all(|text| text.contains("seeded-slowdown")));
    for file in files {
        fs::remove_file(dir.join(file)).expect("it is there");
    }
    let again = bench()
        .arg("report")
        .arg(&dir)
        .output()
        .expect("the program starts");
    assert!(again.status.success(), "{again:?}");
    let after = files.map(|file| fs::read_to_string(dir.join(file)).expect("it is there"));
    assert_eq!(before, after, "the same samples give the same reports");
    let diff = bench()
        .arg("diff")
        .args([&dir, &dir])
        .output()
        .expect("the program starts");
    assert!(diff.status.success() && !diff.stdout.is_empty(), "{diff:?}");
}

#[test]
fn a_wrong_checksum_ends_the_run_and_leaves_no_report() {
    let folder = Folder::new("checksum");
    let output = folder.run(&["run", "--filter", "wrong-checksum"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = told(&output);
    assert!(
        told.starts_with("error: wrong-checksum on tokio-current failed: "),
        "{told}"
    );
    assert!(told.contains("checksum"), "{told}");
    assert!(folder.entries().is_empty(), "{:?}", folder.entries());
}

#[test]
fn without_valgrind_the_report_says_so() {
    let folder = Folder::new("valgrind");
    let mut command = bench();
    command.args(["run", "--quick", "--filter", "seeded-slowdown", "--results"]);
    // Nothing is found there, valgrind as little as git.
    let output = command
        .arg(&folder.0)
        .env("PATH", "")
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("valgrind is not installed"), "{text}");
    assert!(folder.read().0.tables[0].rows[0].instructions.is_none());
}

#[test]
fn a_revision_against_itself_has_grown_nowhere() {
    let folder = Folder::new("against");
    let this = env!("CARGO_BIN_EXE_trunnion-bench");
    let arguments = [
        "run",
        "--quick",
        "--filter",
        "seeded-slowdown",
        "--gate",
        "--against",
        "itself",
        "--before",
        this,
    ];
    let output = folder.run(&arguments);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = text.lines().last().expect("it says something");
    assert!(
        last.contains(" passed, 0 failed, ") && !last.starts_with('0'),
        "{last}"
    );
    let (run, figures) = folder.read();
    assert_eq!(run.tables[0].scenario, "seeded-slowdown: 5 % more");
    let names: Vec<_> = run.tables[0]
        .rows
        .iter()
        .map(|row| row.name.as_str())
        .collect();
    assert_eq!(names, ["before", "after"]);
    let verdict = figures[0].verdict(1);
    assert!(
        !matches!(verdict, Some(Verdict::Slower | Verdict::Faster)),
        "{verdict:?}"
    );
}

#[test]
fn a_revision_whose_program_is_not_there_fails_and_leaves_nothing() {
    let folder = Folder::new("nowhere");
    let arguments = [
        "run",
        "--filter",
        "seeded-slowdown",
        "--gate",
        "--against",
        "x",
        "--before",
        "/no/such/program",
    ];
    let output = folder.run(&arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = told(&output);
    assert!(
        told.starts_with("error: seeded-slowdown on tokio-current failed: "),
        "{told}"
    );
    assert!(folder.entries().is_empty());
}

#[test]
fn unknown_names_are_told_with_the_known_ones() {
    let told = refused(&["run", "--filter", "spwan"], 2);
    assert!(
        told.starts_with("error: unknown scenario `spwan`; known ones: spawn-join, "),
        "{told}"
    );
    let told = refused(&["run", "--runtime", "glommio"], 2);
    assert!(
        told.starts_with("error: unknown runtime `glommio`; known ones: "),
        "{told}"
    );
}

#[test]
fn a_part_of_a_run_is_not_published() {
    let told = refused(&["run", "--quick", "--publish"], 2);
    assert!(
        told.contains("BENCHMARKS.md is written from a full run"),
        "{told}"
    );
}

#[test]
fn results_of_another_version_are_refused() {
    let folder = Folder::new("version");
    let text = format!("{{\"format\": {}, \"tables\": 7}}", FORMAT + 1);
    fs::write(folder.0.join("run.json"), text).expect("it is writable");
    let dir = folder.0.display().to_string();
    let told = refused(&["report", &dir], 1);
    assert!(told.contains("was written by another version"), "{told}");
    assert_eq!(refused(&["diff", &dir, &dir], 1), told);
}

#[test]
fn a_directory_without_results_is_refused() {
    let folder = Folder::new("empty");
    let told = refused(&["report", &folder.0.display().to_string()], 1);
    assert!(told.contains("is no directory of results"), "{told}");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = Folder::new("place");
    let file = folder.0.join("file");
    fs::write(&file, "in the way").expect("it is writable");
    let place = file.display().to_string();
    let told = refused(
        &["run", "--filter", "seeded-slowdown", "--results", &place],
        1,
    );
    assert!(told.starts_with("error: cannot make "), "{told}");
}

#[test]
fn the_list_names_every_scenario() {
    let output = bench().arg("list").output().expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for scenario in trunnion_benches::scenario::ALL {
        assert!(text.contains(scenario.id), "{}", scenario.id);
    }
    assert!(
        !text.contains("seeded-slowdown"),
        "what only tests run is not listed"
    );
}
