//! Files that change at exactly the wrong moment: the library's reader, with a meter that does the harm.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use trunnion_core::CancelToken;
use trunnion_examples::digest::hash::{Sum, hash};
use trunnion_examples::digest::problem::Reason;
use trunnion_examples::digest::sink::Meter;
use trunnion_examples::digest::walk::Listed;

use crate::tree::Tree;

/// Does something once, when the first chunk has been read.
struct AtFirstChunk<F> {
    done: AtomicBool,
    action: F,
}

impl<F> fmt::Debug for AtFirstChunk<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtFirstChunk").finish_non_exhaustive()
    }
}

impl<F: Fn() + Send + Sync> Meter for AtFirstChunk<F> {
    fn read(&self, _bytes: u64) {
        if !self.done.swap(true, Ordering::Relaxed) {
            (self.action)();
        }
    }
}

fn listed(path: &Path) -> Listed {
    Listed {
        path: path.to_owned(),
        bytes: 0,
        is_root: false,
    }
}

fn hash_while(
    path: &Path,
    stop: &CancelToken,
    action: impl Fn() + Send + Sync,
) -> Result<Sum, Reason> {
    hash(
        listed(path),
        stop,
        &AtFirstChunk {
            done: AtomicBool::new(false),
            action,
        },
    )
}

fn reason(result: Result<Sum, Reason>) -> String {
    result.expect_err("there is no sum").to_string()
}

#[test]
fn a_file_that_is_left_alone_has_a_sum_and_every_byte_is_counted() {
    #[derive(Debug, Default)]
    struct Total(AtomicU64);
    impl Meter for Total {
        fn read(&self, bytes: u64) {
            self.0.fetch_add(bytes, Ordering::Relaxed);
        }
    }
    let tree = Tree::new();
    let path = tree.file("file", &vec![1; 300_000]);
    let total = Total::default();
    let sum = hash(listed(&path), &CancelToken::new(), &total).expect("it is left alone");
    assert_eq!((sum.bytes, total.0.into_inner()), (300_000, 300_000));
}

#[test]
fn growing_shrinking_and_rewriting_are_changes() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 3] = [
        ("grows", |path| {
            let mut file = OpenOptions::new()
                .append(true)
                .open(path)
                .expect("it is there");
            file.write_all(b"more").expect("it can grow");
        }),
        ("shrinks", |path| {
            let file = OpenOptions::new()
                .write(true)
                .open(path)
                .expect("it is there");
            file.set_len(5).expect("it can shrink");
        }),
        ("is rewritten", |path| {
            fs::write(path, vec![2; 300_000]).expect("it can be written");
            let file = OpenOptions::new()
                .write(true)
                .open(path)
                .expect("it is there");
            file.set_modified(std::time::UNIX_EPOCH)
                .expect("its time can be set");
        }),
    ];
    for (what, harm) in harms {
        let tree = Tree::new();
        let path = tree.file("file", &vec![1; 300_000]);
        let result = hash_while(&path, &CancelToken::new(), || harm(&path));
        assert_eq!(reason(result), "changed while being read", "it {what}");
    }
}

#[test]
fn a_file_that_vanishes_before_or_while_it_is_read_is_named() {
    let tree = Tree::new();
    let path = tree.file("file", &vec![1; 300_000]);
    let remove = || fs::remove_file(&path).expect("it is there");
    assert_eq!(
        reason(hash_while(&path, &CancelToken::new(), remove)),
        "deleted while being read"
    );
    let gone = reason(hash_while(&path, &CancelToken::new(), || ()));
    assert!(gone.contains("No such file"), "{gone}");
}

#[test]
fn a_file_that_became_a_pipe_or_a_link_after_the_walk_is_neither_waited_for_nor_followed() {
    let tree = Tree::new();
    let pipe = tree.named_pipe("pipe");
    let result = hash_while(&pipe, &CancelToken::new(), || ());
    assert_eq!(reason(result), "skipped: a named pipe, not a regular file");
    let link = tree.join("link");
    symlink(tree.file("target", b"1"), &link).expect("a link can be made");
    assert!(hash_while(&link, &CancelToken::new(), || ()).is_err());
}

#[test]
fn a_cancelled_token_stops_the_reader_before_and_between_chunks() {
    let tree = Tree::new();
    let path = tree.file("file", &vec![1; 300_000]);
    let outer = CancelToken::new();
    let stop = outer.child();
    let result = hash_while(&path, &stop, || _ = outer.cancel());
    assert_eq!(reason(result), "interrupted");
    let untouched = hash_while(&path, &stop, || panic!("nothing is read"));
    assert_eq!(reason(untouched), "interrupted");
}

#[test]
fn files_of_the_kernel_whose_length_reads_zero_are_hashed() {
    let path = Path::new("/proc/version");
    let Ok(content) = fs::read(path) else {
        return crate::skip("there is no /proc/version here");
    };
    let sum = hash(listed(path), &CancelToken::new(), &()).expect("it does not change");
    assert_eq!(sum.bytes, content.len() as u64);
}
