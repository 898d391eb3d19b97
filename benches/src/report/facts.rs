//! Where and with what a run was measured, as pairs of a label and a value.

use crate::record::{Facts, Peer, Request, Run};

/// Lists what a reader must know of the machine, the build and the request.
pub(super) fn facts(run: &Run) -> Vec<(&'static str, String)> {
    let facts = &run.facts;
    let mut list = vec![
        ("date", facts.date.clone()),
        ("processor", processor(facts)),
        ("system", facts.system.clone()),
        ("load", load(facts)),
        ("rustc", facts.rustc.clone()),
        ("build", facts.build.clone()),
        ("commit", facts.commit.clone()),
        ("seed", facts.seed.to_string()),
        (
            "peers",
            facts.peers.iter().map(peer).collect::<Vec<_>>().join(", "),
        ),
        ("command", command(&run.request)),
    ];
    let notes = facts.notes.iter();
    list.extend(notes.map(|note| ("note", note.clone())));
    list
}

/// Gives the command that asks for the same.
pub(super) fn command(request: &Request) -> String {
    let mut words = vec!["cargo xtask bench"];
    words.extend(request.filter.as_deref());
    if request.quick {
        words.push("--quick");
    }
    for (option, value) in [
        ("--runtime", &request.host),
        ("--against", &request.against),
    ] {
        if let Some(value) = value {
            words.extend([option, value]);
        }
    }
    words.join(" ")
}

/// Names a crate with its version, and the newer one that was not measured.
pub(super) fn peer(peer: &Peer) -> String {
    let newer = peer.newer.as_ref();
    let newer = newer.map_or_else(String::new, |newer| format!(" (newer: {newer})"));
    format!("{} {}{newer}", peer.name, peer.version)
}

fn processor(facts: &Facts) -> String {
    let plural = if facts.processors == 1 { "" } else { "s" };
    format!(
        "{}, {} processor{plural} used",
        facts.processor, facts.processors
    )
}

fn load(facts: &Facts) -> String {
    facts.load.map_or_else(
        || "not known".to_owned(),
        |(before, after)| format!("{before:.2} before, {after:.2} after"),
    )
}

#[cfg(test)]
mod tests {
    use super::{command, facts, peer};
    use crate::record::{Peer, Request};
    use crate::report::sample;

    #[test]
    fn a_peer_that_is_old_says_which_is_newer() {
        let mut smol = Peer {
            name: "smol".to_owned(),
            version: "2.0.2".to_owned(),
            newer: None,
        };
        assert_eq!(peer(&smol), "smol 2.0.2");
        smol.newer = Some("2.1.0".to_owned());
        assert_eq!(peer(&smol), "smol 2.0.2 (newer: 2.1.0)");
    }

    #[test]
    fn the_command_asks_for_the_same_again() {
        let request = Request {
            quick: true,
            filter: Some("spawn".to_owned()),
            host: Some("smol".to_owned()),
            against: Some("main~1".to_owned()),
        };
        assert_eq!(
            command(&request),
            "cargo xtask bench spawn --quick --runtime smol --against main~1"
        );
    }

    #[test]
    fn what_could_not_be_measured_is_noted() {
        let (mut run, _) = sample::run();
        assert!(facts(&run).iter().all(|(label, _)| *label != "note"));
        let note = "no instructions: valgrind is not installed".to_owned();
        run.facts.notes.push(note.clone());
        assert_eq!(facts(&run).pop(), Some(("note", note)));
    }
}
