//! What is counted on each runtime.

use std::num::NonZeroUsize;
use std::time::Duration;

use trunnion_examples::fetch::cli::Settings;
use trunnion_examples::fetch::runtime::Kind;

use crate::run::fetched;

fn settings(seed: u64, faults: u8) -> Settings {
    Settings {
        seed,
        faults,
        requests: NonZeroUsize::new(24).expect("it is not zero"),
        ..Settings::default()
    }
}

#[test]
fn without_faults_every_page_comes_on_every_runtime() {
    for kind in Kind::ALL {
        // Nothing is late, however busy the machine is.
        let timeout = Duration::from_mins(1);
        let done = fetched(
            kind,
            &Settings {
                timeout,
                ..settings(1, 0)
            },
        );
        let summary = &done.row.summary;
        assert_eq!((summary.fetched, summary.retries, done.faults), (24, 0, 0));
    }
}

#[test]
fn each_fault_is_retried_or_a_failure_in_the_simulator() {
    let (mut failed, mut rejections) = (0, 0);
    for seed in 0..256 {
        let done = fetched(Kind::Sim, &settings(seed, 40));
        let summary = &done.row.summary;
        assert_eq!(done.faults, summary.retries + summary.failed, "seed {seed}");
        failed += summary.failed;
        rejections += summary.rejections;
    }
    assert!(failed > 0 && rejections > 0, "{failed}, {rejections}");
}

#[test]
fn no_fault_goes_unseen_on_real_sockets() {
    for kind in [Kind::Tokio, Kind::Smol] {
        let done = fetched(kind, &settings(3, 40));
        let summary = &done.row.summary;
        // On a busy machine a good answer may be late as well.
        assert!(summary.retries + summary.failed >= done.faults, "{done:?}");
        assert!(done.faults > 0);
    }
}

#[test]
fn a_server_that_is_down_is_not_asked_much_more_often_for_being_down() {
    let settings = Settings {
        requests: NonZeroUsize::new(200).expect("it is not zero"),
        ..settings(1, 100)
    };
    let summary = fetched(Kind::Sim, &settings).row.summary;
    assert_eq!(summary.failed, 200);
    // The budget's 100 tokens pay for 10 to 20 retries, and for one more in 25 to 50 seconds.
    assert!((10..40).contains(&summary.retries), "{summary:?}");
    assert!(summary.rejections > 150, "{summary:?}");
}
