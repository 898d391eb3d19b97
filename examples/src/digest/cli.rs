//! The command line.

use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

use super::runtime::Kind;

/// What `--help` shows.
pub const HELP: &str = "\
Prints the SHA-256 of every file of a tree, in the format of sha256sum.

Usage: digest [PATH] [--runtime tokio|smol|sim|all] [--limit N] [--timeout SECONDS]

  PATH               the file or directory [default: crates]
  --runtime NAME     the runtime; all runs on each and compares the results [default: all]
  --limit N          how many files are read at once [default: twice the processors]
  --timeout SECONDS  how long one file may take, such as 0.5; never reached in the
                     simulator, where reading takes no time [default: 300]

Sums go to standard output, sorted by the bytes of the paths; all else goes to standard error.
Exit code: 0 if every file was hashed, 1 if not, 2 for a wrong command line, 130 for Ctrl-C or SIGTERM.
";

const DEFAULT_PATH: &str = "crates";
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(5);

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Show the help.
    Help,
    /// Hash a tree.
    Digest(Settings),
}

/// The settings of a digest.
#[derive(Debug, PartialEq, Eq)]
pub struct Settings {
    /// The file or directory.
    pub path: PathBuf,
    /// The runtimes, in the order in which they run.
    pub runtimes: Vec<Kind>,
    /// How many files are read at once.
    pub limit: NonZeroUsize,
    /// How long one file may take.
    pub timeout: Duration,
}

/// Says what is wrong with a command line, in one line.
#[derive(Debug, PartialEq, Eq)]
pub struct UsageError(pub(crate) String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (see --help)", self.0)
    }
}

impl std::error::Error for UsageError {}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

impl Default for Settings {
    fn default() -> Self {
        let processors = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            path: DEFAULT_PATH.into(),
            runtimes: Kind::ALL.to_vec(),
            limit: processors.saturating_mul(NonZeroUsize::MIN.saturating_add(1)),
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

/// Reads the arguments that follow the program's name.
///
/// # Errors
/// [`UsageError`] for what the program does not take.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, UsageError> {
    let mut parser = Parser::from_args(args);
    let mut settings = Settings::default();
    let mut path = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Long("runtime") => settings.runtimes = runtimes(parser.value()?)?,
            Arg::Long("limit") => settings.limit = limit(parser.value()?)?,
            Arg::Long("timeout") => settings.timeout = seconds(parser.value()?)?,
            Arg::Value(_) if path.is_some() => return Err(arg.unexpected().into()),
            Arg::Value(value) => path = Some(PathBuf::from(value)),
            _ => return Err(arg.unexpected().into()),
        }
    }
    settings.path = path.unwrap_or(settings.path);
    Ok(Command::Digest(settings))
}

pub(crate) fn runtimes(value: OsString) -> Result<Vec<Kind>, UsageError> {
    let name = value.string()?;
    if name == "all" {
        return Ok(Kind::ALL.to_vec());
    }
    let known = Kind::ALL.map(Kind::name);
    match Kind::ALL.into_iter().find(|kind| kind.name() == name) {
        Some(kind) => Ok(vec![kind]),
        None => Err(UsageError(format!(
            "--runtime {name:?}: unknown runtime, expected {} or all",
            known.join(", ")
        ))),
    }
}

pub(crate) fn limit(value: OsString) -> Result<NonZeroUsize, UsageError> {
    let text = value.string()?;
    let refuse = |why| UsageError(format!("--limit {text:?}: {why}"));
    match text.parse::<usize>() {
        Ok(limit) => NonZeroUsize::new(limit).ok_or_else(|| refuse("must be at least 1")),
        Err(_) => Err(refuse("expected a whole number, at least 1")),
    }
}

pub(crate) fn seconds(value: OsString) -> Result<Duration, UsageError> {
    let text = value.string()?;
    let refuse = |why| UsageError(format!("--timeout {text:?}: {why}"));
    let seconds: f64 = text
        .parse()
        .map_err(|_| refuse("expected a number of seconds"))?;
    if seconds.is_nan() || seconds <= 0.0 {
        return Err(refuse("must be more than zero seconds"));
    }
    match Duration::try_from_secs_f64(seconds) {
        Ok(Duration::ZERO) => Err(refuse("is shorter than a nanosecond")),
        Ok(duration) => Ok(duration),
        // More than the type holds is more than anybody waits for.
        Err(_) => Ok(Duration::MAX),
    }
}
