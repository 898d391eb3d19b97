//! What a run measures, and how long for.

use std::num::NonZeroUsize;

use crate::host::Host;
use crate::problem::{Problem, Result};
use crate::process::Target;
use crate::record::Request;
use crate::scenario::{self, Scenario};

/// What a table gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// How many fresh processes measure it.
    pub(super) processes: usize,
    /// How many milliseconds of rounds each process measures.
    pub(super) millis: u32,
    /// Whether its instructions are counted, where they can be.
    pub(super) instructions: bool,
}

const WHOLE: Pace = Pace {
    processes: 9,
    millis: 500,
    instructions: true,
};

/// With `--quick`.
const QUICK: Pace = Pace {
    processes: 5,
    millis: 250,
    instructions: true,
};

/// With `--quick`, for more tables than [`FEW`] of one revision.
const BRIEF: Pace = Pace {
    processes: 3,
    millis: 50,
    instructions: false,
};

/// As many tables as [`QUICK`] does within a minute.
const FEW: usize = 20;

/// What is measured, and how long for.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The tables.
    pub(super) targets: Vec<Target>,
    /// What each gets.
    pub(super) pace: Pace,
    /// What the machine cannot measure, and why.
    pub(super) notes: Vec<String>,
}

impl Plan {
    /// Finds what was asked for.
    ///
    /// # Errors
    /// When nothing is: the problem lists what there is.
    pub(super) fn new(request: &Request) -> Result<Self> {
        let host = request.host.as_deref().map(host).transpose()?;
        let mut targets: Vec<Target> = chosen(request.filter.as_deref())?
            .into_iter()
            .flat_map(|scenario| of_scenario(scenario, host, request.quick))
            .collect();
        if targets.is_empty() {
            return Err(Problem::usage(format!(
                "nothing to measure: no scenario with this name runs on `{}`{}",
                request.host.as_deref().unwrap_or("any runtime"),
                if request.quick { " with `--quick`" } else { "" }
            )));
        }
        let mut notes = leave_out(&mut targets, processors());
        if targets.is_empty() {
            return Err(Problem::new(notes.join("; ")));
        }
        let pace = pace(request, targets.len());
        if pace == BRIEF {
            notes.push("a brief look at many tables; name a scenario for a longer one".to_owned());
        }
        Ok(Self {
            targets,
            pace,
            notes,
        })
    }
}

fn pace(request: &Request, tables: usize) -> Pace {
    match request.quick {
        false => WHOLE,
        true if tables > FEW && request.against.is_none() => BRIEF,
        true => QUICK,
    }
}

fn host(name: &str) -> Result<Host> {
    Host::find(name).ok_or_else(|| {
        let known: Vec<_> = Host::ALL.iter().map(|host| host.id()).collect();
        Problem::usage(format!(
            "unknown runtime `{name}`; known ones: {}",
            known.join(", ")
        ))
    })
}

/// The scenarios whose names contain the filter; a hidden one must be named in full.
fn chosen(filter: Option<&str>) -> Result<Vec<&'static Scenario>> {
    let Some(filter) = filter else {
        return Ok(scenario::ALL.iter().collect());
    };
    let all = scenario::ALL.iter();
    let found: Vec<_> = all
        .filter(|scenario| scenario.id.contains(filter))
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    if let Some(hidden) = scenario::find(filter) {
        return Ok(vec![hidden]);
    }
    let known: Vec<_> = scenario::ALL.iter().map(|scenario| scenario.id).collect();
    Err(Problem::usage(format!(
        "unknown scenario `{filter}`; known ones: {}",
        known.join(", ")
    )))
}

/// The tables of a scenario: all its runtimes, or with `quick` the headline alone, on the runtime that was asked for.
fn of_scenario(scenario: &'static Scenario, host: Option<Host>, quick: bool) -> Vec<Target> {
    let (headline, row) = scenario.headline;
    let hosts = scenario.hosts.iter().copied();
    let wanted = hosts.filter(|one| match host {
        Some(host) => *one == host,
        None => !quick || *one == headline,
    });
    let rows = if quick {
        vec![row.to_owned()]
    } else {
        Vec::new()
    };
    wanted
        .map(|host| Target {
            scenario,
            host,
            rows: rows.clone(),
        })
        .collect()
}

fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// On one processor threads would only take turns: what needs several is left out.
fn leave_out(targets: &mut Vec<Target>, processors: NonZeroUsize) -> Vec<String> {
    if processors > NonZeroUsize::MIN {
        return Vec::new();
    }
    let threaded = |target: &Target| target.scenario.is_threaded(target.host);
    let (out, rest): (Vec<_>, Vec<_>) = targets.drain(..).partition(threaded);
    *targets = rest;
    if out.is_empty() {
        return Vec::new();
    }
    let out: Vec<_> = out.iter().map(ToString::to_string).collect();
    vec![format!(
        "one processor, where threads only take turns; left out: {}",
        out.join(", ")
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(filter: &str) -> Request {
        Request {
            filter: Some(filter.to_owned()),
            ..Request::default()
        }
    }

    #[test]
    fn an_unknown_scenario_names_the_known_ones() {
        let problem = Plan::new(&request("spwan")).expect_err("it is unknown");
        assert!(problem.is_usage());
        let text = problem.to_string();
        assert!(
            text.starts_with("unknown scenario `spwan`; known ones: spawn-join, "),
            "{text}"
        );
    }

    #[test]
    fn an_unknown_runtime_names_the_known_ones() {
        let request = Request {
            host: Some("glommio".to_owned()),
            ..Request::default()
        };
        let problem = Plan::new(&request).expect_err("it is unknown").to_string();
        assert!(
            problem.starts_with("unknown runtime `glommio`; known ones: tokio-current, "),
            "{problem}"
        );
    }

    #[test]
    fn quick_has_one_table_for_each_scenario() {
        let request = Request {
            quick: true,
            ..Request::default()
        };
        let plan = Plan::new(&request).expect("there is something");
        let alone = processors() == NonZeroUsize::MIN;
        assert!(alone || plan.targets.len() == scenario::ALL.len());
        assert!(plan.targets.iter().all(|target| target.rows.len() == 1));
    }

    #[test]
    fn a_quick_run_of_many_tables_is_brief_and_says_so() {
        let many = Request {
            quick: true,
            ..Request::default()
        };
        let plan = Plan::new(&many).expect("there is something");
        assert_eq!(plan.pace, BRIEF);
        assert!(plan.notes.iter().any(|note| note.contains("brief")));
        let few = Request {
            quick: true,
            ..request("sleep-reset")
        };
        let plan = Plan::new(&few).expect("there is something");
        assert_eq!(plan.pace, QUICK);
        let whole = Plan::new(&Request::default()).expect("there is something");
        assert_eq!(whole.pace, WHOLE);
    }

    #[test]
    fn a_scenario_that_only_tests_run_must_be_named_in_full() {
        assert!(Plan::new(&request("seeded")).is_err());
        assert_eq!(
            Plan::new(&request("seeded-slowdown"))
                .expect("it is there")
                .targets
                .len(),
            1
        );
    }

    #[test]
    fn on_one_processor_what_needs_threads_is_left_out_and_named() {
        let mut targets = of_scenario(
            scenario::find("spawn-join").expect("it is there"),
            None,
            false,
        );
        let all = targets.len();
        assert!(leave_out(&mut targets, NonZeroUsize::MIN.saturating_add(1)).is_empty());
        assert_eq!(targets.len(), all);
        let notes = leave_out(&mut targets, NonZeroUsize::MIN);
        assert_eq!(
            notes,
            ["one processor, where threads only take turns; left out: spawn-join on tokio"]
        );
        assert_eq!(targets.len(), all - 1);
    }
}
