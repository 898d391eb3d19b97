//! The command line.

use std::ffi::OsString;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

use super::runtime::Kind;
use super::target::Target;
pub use crate::digest::cli::UsageError;
use crate::digest::cli::{limit, runtimes, seconds};

/// What `--help` shows.
pub const HELP: &str = "\
Fetches pages over HTTP and tries again what fails, as far as a retry budget pays.

Usage: fetch [URL...] [--runtime tokio|smol|sim|all] [--limit N] [--attempts N] [--timeout SECONDS]
             [--seed N] [--requests N] [--faults PERCENT]

  URL                http://HOST[:PORT]/PATH; without one, pages of an embedded server on this
                     machine, whose errors, stalls, resets and Retry-After follow from the seed
  --runtime NAME     the runtime; all runs on each [default: all]; the simulator has no network
                     but the embedded server
  --limit N          how many pages are fetched at once [default: 8]
  --attempts N       how often each page is tried at most [default: 5]
  --timeout SECONDS  how long one attempt may take, such as 0.5 [default: 1; with URLs 30]
  --seed N           what the faults, and all choices of the simulator, follow from [default: 1]
  --requests N       how many pages of the embedded server are fetched [default: 32]
  --faults PERCENT   how many of its answers go wrong, 0 to 100 [default: 20]

Pages and the final table go to standard output, failures to standard error. Redirects are not followed.
In the simulator time is virtual, and the same seed prints the same.
Exit code: 0 if every page was fetched, 1 if not, 2 for a wrong command line, 130 for Ctrl-C or SIGTERM.
";

const EMBEDDED_TIMEOUT: Duration = Duration::from_secs(1);
const URL_TIMEOUT: Duration = Duration::from_secs(30);

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Show the help.
    Help,
    /// Fetch pages.
    Fetch(Settings),
}

/// The settings of a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The pages; none for those of the embedded server.
    pub targets: Vec<Target>,
    /// The runtimes, in the order in which they run.
    pub runtimes: Vec<Kind>,
    /// How many pages are fetched at once.
    pub limit: NonZeroUsize,
    /// How often each page is tried at most.
    pub attempts: NonZeroU32,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// What all that is random follows from.
    pub seed: u64,
    /// How many pages of the embedded server are fetched.
    pub requests: NonZeroUsize,
    /// How many of a hundred answers of the embedded server go wrong.
    pub faults: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            targets: Vec::new(),
            runtimes: Kind::ALL.to_vec(),
            limit: NonZeroUsize::MIN.saturating_add(7),
            attempts: NonZeroU32::MIN.saturating_add(4),
            timeout: EMBEDDED_TIMEOUT,
            seed: 1,
            requests: NonZeroUsize::MIN.saturating_add(31),
            faults: 20,
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
    let (mut timeout, mut embedded) = (None, None);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Long("runtime") => settings.runtimes = runtimes(parser.value()?)?,
            Arg::Long("limit") => settings.limit = limit(parser.value()?)?,
            Arg::Long("attempts") => settings.attempts = attempts(parser.value()?)?,
            Arg::Long("timeout") => timeout = Some(seconds(parser.value()?)?),
            Arg::Long("seed") => settings.seed = number("--seed", parser.value()?)?,
            Arg::Long("requests") => {
                embedded = Some("--requests");
                settings.requests = number("--requests", parser.value()?)?;
            }
            Arg::Long("faults") => {
                embedded = Some("--faults");
                settings.faults = percent(parser.value()?)?;
            }
            Arg::Value(value) => settings.targets.push(target(value)?),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if !settings.targets.is_empty() {
        settings.timeout = URL_TIMEOUT;
        for_urls(&mut settings, embedded)?;
    }
    settings.timeout = timeout.unwrap_or(settings.timeout);
    Ok(Command::Fetch(settings))
}

/// Refuses what makes no sense beside URLs.
fn for_urls(settings: &mut Settings, embedded: Option<&str>) -> Result<(), UsageError> {
    if let Some(option) = embedded {
        return Err(UsageError(format!(
            "{option} is for the embedded server: leave out the URLs"
        )));
    }
    settings.runtimes.retain(|kind| *kind != Kind::Sim);
    if settings.runtimes.is_empty() {
        return Err(UsageError(
            "--runtime sim: the simulator has no network: leave out the URLs".to_owned(),
        ));
    }
    Ok(())
}

fn target(value: OsString) -> Result<Target, UsageError> {
    Target::parse(&value.string()?).map_err(|error| UsageError(error.to_string()))
}

fn number<N: std::str::FromStr<Err: std::fmt::Display>>(
    option: &str,
    value: OsString,
) -> Result<N, UsageError> {
    let text = value.string()?;
    text.parse()
        .map_err(|error| UsageError(format!("{option} {text:?}: {error}")))
}

fn attempts(value: OsString) -> Result<NonZeroU32, UsageError> {
    number("--attempts", value)
}

fn percent(value: OsString) -> Result<u8, UsageError> {
    match number("--faults", value)? {
        percent @ 0..=100 => Ok(percent),
        more => Err(UsageError(format!(
            "--faults \"{more}\": must be at most 100"
        ))),
    }
}
