//! The one way to run a model: it counts the executions and refuses a run that was cut short.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The recorded floors; the file says its own format.
const MODELS: &str = include_str!("models.txt");

/// More branches in one execution than any model needs: a model that spins fails.
const MAX_BRANCHES: usize = 10_000;

/// Explores `f` as far as the line of the model `name` in `models.txt` says.
///
/// # Panics
/// If an execution of `f` panics or deadlocks, the model is not recorded, fewer executions were explored than recorded, or
/// the environment could cut the run short.
pub(crate) fn model(name: &str, f: impl Fn() + Send + Sync + 'static) {
    refuse_limits();
    check_name(name);
    let (bound, floor) = recorded(name);
    let executions = Arc::new(AtomicU64::new(0));
    let start = now();
    explore(bound, Arc::clone(&executions), f);
    let executions = executions.load(Ordering::Relaxed);
    report(name, bound, (executions, floor), start.elapsed());
    check_floor(name, executions, floor);
}

/// loom calls a run that hits one of its limits a success, so that none may be set from outside.
fn refuse_limits() {
    let set: Vec<_> = env::vars_os()
        .filter_map(|(key, _)| key.into_string().ok())
        .filter(|key| key.starts_with("LOOM_") && key != "LOOM_LOG" && key != "LOOM_LOCATION")
        .collect();
    assert!(set.is_empty(), "not with loom's own limits: unset {set:?}");
}

/// A model is run, reported and named as a killer by the name of its test.
fn check_name(name: &str) {
    // With one test thread the tests run on the main thread.
    let test = thread::current().name().unwrap_or("main").to_owned();
    assert!(
        test == name || test == "main",
        "`{test}` calls itself `{name}`"
    );
}

/// Bound and floor of a model.
fn recorded(name: &str) -> (Option<usize>, u64) {
    let line = MODELS
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .find(|words| words.first() == Some(&name))
        .unwrap_or_else(|| panic!("models.txt has no line for the model `{name}`"));
    let [_, bound, floor] = line[..] else {
        panic!("models.txt: `{name}` wants a bound and a floor")
    };
    let bound = (bound != "all").then(|| bound.parse().expect("a bound is `all` or a number"));
    (bound, floor.parse().expect("a floor is a number"))
}

fn explore(bound: Option<usize>, executions: Arc<AtomicU64>, f: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.max_branches = MAX_BRANCHES;
    builder.preemption_bound = bound;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.checkpoint_file = None;
    builder.check(move || {
        executions.fetch_add(1, Ordering::Relaxed);
        f();
    });
}

/// A seeded bug may shorten a search that it does not fail.
fn check_floor(name: &str, executions: u64, floor: u64) {
    let counted = cfg!(trunnion_mutants) || executions >= floor;
    assert!(
        counted,
        "`{name}` explored {executions} executions, fewer than the {floor} that models.txt records"
    );
}

/// Appends one line of JSON to `$TRUNNION_LOOM_REPORT`, if it is set: `cargo xtask loom` sets it, and starts with no file.
///
/// The floor is there so that a reader sees where it could be raised: the count is the same in each run.
fn report(name: &str, bound: Option<usize>, counts: (u64, u64), took: Duration) {
    if cfg!(trunnion_mutants) {
        return;
    }
    let Some(path) = env::var_os("TRUNNION_LOOM_REPORT").map(PathBuf::from) else {
        return;
    };
    let bound = bound.map_or_else(|| String::from("null"), |bound| bound.to_string());
    let (executions, floor) = counts;
    let ms = took.as_millis();
    let counts = format!("\"executions\":{executions},\"floor\":{floor}");
    let line = format!("{{\"name\":\"{name}\",\"bound\":{bound},{counts},\"ms\":{ms}}}\n");
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .unwrap_or_else(|error| panic!("cannot open {}: {error}", path.display()));
    // One call for the whole line: the models run side by side.
    file.write_all(line.as_bytes())
        .expect("the report can be written");
}

#[expect(clippy::disallowed_methods, reason = "the report shows real time")]
fn now() -> Instant {
    Instant::now()
}
