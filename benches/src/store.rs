//! The directory of a run: raw samples, what was counted, and the reports.
//!
//! It has a name that ends in `.partial` until everything in it is written, and goes if that fails.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::problem::{Problem, Result};
use crate::record::{FORMAT, Round, Run};

const SAMPLES: &str = "samples.jsonl";
const RUN: &str = "run.json";

/// Writes the directory of a run.
#[derive(Debug)]
pub struct Store {
    partial: PathBuf,
    samples: Option<BufWriter<File>>,
}

impl Store {
    /// Makes the directory `dir`, under its partial name.
    ///
    /// # Errors
    /// When the file system refuses, or somebody else is writing it.
    pub fn create(dir: &Path) -> Result<Self> {
        let partial = dir.with_extension("partial");
        let refused = |error| Problem::file("make", &partial, &error);
        dir.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .map_err(refused)?;
        fs::create_dir(&partial).map_err(refused)?;
        let path = partial.join(SAMPLES);
        // From here on, a failure removes the directory.
        let mut store = Self {
            partial,
            samples: None,
        };
        let file = File::create(&path).map_err(|error| Problem::file("write", &path, &error))?;
        store.samples = Some(BufWriter::new(file));
        Ok(store)
    }

    /// Gives the directory to put temporary files into.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        &self.partial
    }

    /// Appends rounds.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn append(&mut self, rounds: &[Round]) -> Result<()> {
        let path = self.partial.join(SAMPLES);
        if let Some(samples) = &mut self.samples {
            write_lines(samples, rounds).map_err(|error| Problem::file("write", &path, &error))?;
        }
        Ok(())
    }

    /// Writes what was counted and the reports, and gives the directory its name.
    ///
    /// # Errors
    /// When the file system refuses; nothing is left then.
    pub fn finish(self, run: &Run, reports: &[(&str, String)]) -> Result<PathBuf> {
        let json =
            serde_json::to_string_pretty(run).map_err(|error| Problem::new(error.to_string()))?;
        write(&self.partial.join(RUN), &json)?;
        for (name, text) in reports {
            write(&self.partial.join(name), text)?;
        }
        let dir = self.partial.with_extension("");
        fs::rename(&self.partial, &dir).map_err(|error| Problem::file("make", &dir, &error))?;
        Ok(dir)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.samples = None;
        // Gone already when the run is complete.
        let _gone = fs::remove_dir_all(&self.partial);
    }
}

fn write_lines(out: &mut impl Write, rounds: &[Round]) -> std::io::Result<()> {
    for round in rounds {
        serde_json::to_writer(&mut *out, round)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Writes a file as a whole or not at all.
///
/// # Errors
/// When the file system refuses; a file that was there before stays as it was.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = fs::write(&partial, text).and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| {
        let _gone = fs::remove_file(&partial);
        Problem::file("write", path, &error)
    })
}

/// Reads a directory that [`Store`] has written.
///
/// # Errors
/// When it is not one, or one of another version.
pub fn read(dir: &Path) -> Result<(Run, Vec<Round>)> {
    let path = dir.join(RUN);
    let text = fs::read_to_string(&path).map_err(|error| {
        Problem::new(format!(
            "{} is no directory of results: cannot read {RUN}: {error}",
            dir.display()
        ))
    })?;
    let version: Version =
        serde_json::from_str(&text).map_err(|error| Problem::file("understand", &path, &error))?;
    if version.format != FORMAT {
        return Err(Problem::new(format!(
            "{} was written by another version (format {}, this one reads {FORMAT}); measure again",
            dir.display(),
            version.format
        )));
    }
    let run =
        serde_json::from_str(&text).map_err(|error| Problem::file("understand", &path, &error))?;
    Ok((run, samples(&dir.join(SAMPLES))?))
}

#[derive(serde::Deserialize)]
struct Version {
    format: u32,
}

fn samples(path: &Path) -> Result<Vec<Round>> {
    let file = File::open(path).map_err(|error| Problem::file("read", path, &error))?;
    let mut rounds = Vec::new();
    for line in BufReader::new(file).lines() {
        let line = line.map_err(|error| Problem::file("read", path, &error))?;
        rounds.push(
            serde_json::from_str(&line)
                .map_err(|error| Problem::file("understand", path, &error))?,
        );
    }
    Ok(rounds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Facts, Lane, Request};

    fn empty() -> Run {
        Run {
            format: FORMAT,
            facts: Facts::default(),
            request: Request::default(),
            tables: Vec::new(),
        }
    }

    /// A folder of the test's own, removed when the guard goes.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let dir =
                std::env::temp_dir().join(format!("trunnion-store-{name}-{}", std::process::id()));
            fs::create_dir_all(&dir).expect("it can be made");
            Self(dir)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }

    fn round() -> Round {
        let lane = Lane {
            row: Some(0),
            ns: 1.5,
            cpu: None,
        };
        Round {
            table: 0,
            process: 0,
            lanes: vec![lane],
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        let folder = Folder::new("back");
        let mut store = Store::create(&folder.0.join("a")).expect("it can be made");
        store.append(&[round()]).expect("it is writable");
        let dir = store
            .finish(&empty(), &[("report.txt", "text".into())])
            .expect("it is writable");
        let (run, rounds) = read(&dir).expect("it is readable");
        assert_eq!((run.tables.len(), rounds), (0, vec![round()]));
        assert_eq!(
            fs::read_to_string(dir.join("report.txt")).expect("it is there"),
            "text"
        );
    }

    #[test]
    fn a_run_that_fails_leaves_nothing_behind() {
        let folder = Folder::new("fails");
        let mut store = Store::create(&folder.0.join("a")).expect("it can be made");
        store.append(&[round()]).expect("it is writable");
        let missing = store.finish(&empty(), &[("no/such/folder", String::new())]);
        assert!(missing.is_err());
        assert_eq!(fs::read_dir(&folder.0).expect("it is there").count(), 0);
    }

    #[test]
    fn a_directory_of_another_version_is_refused() {
        let folder = Folder::new("version");
        let store = Store::create(&folder.0.join("a")).expect("it can be made");
        let run = Run {
            format: FORMAT + 1,
            ..empty()
        };
        let dir = store.finish(&run, &[]).expect("it is writable");
        let text = read(&dir)
            .expect_err("it is of another version")
            .to_string();
        assert!(
            text.contains("another version (format 2, this one reads 1)"),
            "{text}"
        );
    }

    #[test]
    fn a_directory_without_results_is_refused() {
        let folder = Folder::new("none");
        let text = read(&folder.0).expect_err("it is empty").to_string();
        assert!(text.contains("is no directory of results"), "{text}");
    }

    #[test]
    fn a_file_that_cannot_be_replaced_stays_as_it_was() {
        let folder = Folder::new("whole");
        let path = folder.0.join("page");
        write(&path, "old").expect("it is writable");
        // A folder in the way of the partial file.
        fs::create_dir(folder.0.join("page.partial")).expect("it can be made");
        assert!(write(&path, "new").is_err());
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "old");
    }
}
