//! Whatever is wrong with a path is one line; the other files are hashed all the same.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::run::{Ran, command, digest, finish, wait};
use crate::skip;
use crate::tree::Tree;

const RUNTIMES: [&str; 4] = ["tokio", "smol", "sim", "all"];

/// Runs on one runtime with the tree as the path.
fn digest_on(runtime: &str, tree: &Tree) -> Ran {
    digest([
        tree.path().as_os_str(),
        "--runtime".as_ref(),
        runtime.as_ref(),
    ])
}

/// A tree with two good files, before and after all others.
fn good_tree() -> Tree {
    let tree = Tree::new();
    tree.file("a-good", b"1");
    tree.file("z-good", b"2");
    tree
}

#[test]
fn a_missing_path_is_named() {
    let tree = Tree::new();
    let missing = tree.join("missing");
    for runtime in RUNTIMES {
        let ran = digest([missing.as_os_str(), "--runtime".as_ref(), runtime.as_ref()]);
        assert_eq!((ran.code, ran.stdout.len()), (1, 0), "{runtime}");
        ran.complains_once(&missing, "No such file");
    }
}

#[test]
fn a_named_pipe_is_skipped_without_waiting_for_a_writer() {
    let tree = good_tree();
    let pipe = tree.named_pipe("pipe");
    for runtime in RUNTIMES {
        let ran = digest_on(runtime, &tree);
        assert_eq!((ran.code, ran.lines().len()), (1, 2), "{runtime}");
        ran.complains_once(&pipe, "named pipe");
    }
    let ran = digest([pipe.as_os_str()]);
    assert_eq!((ran.code, ran.lines().len()), (1, 0), "given as the path");
    ran.complains_once(&pipe, "named pipe");
}

#[test]
fn a_socket_is_skipped() {
    // Names of sockets are short: not under the build's directory.
    let tree = Tree::in_dir(&std::env::temp_dir());
    tree.file("good", b"1");
    let path = tree.join("socket");
    let _listener = UnixListener::bind(&path).expect("a socket can be made");
    let ran = digest_on("tokio", &tree);
    assert_eq!((ran.code, ran.lines().len()), (1, 1));
    ran.complains_once(&path, "a socket");
}

#[test]
fn a_name_with_a_line_feed_is_complained_of_in_one_line() {
    let tree = good_tree();
    tree.named_pipe("two\nlines");
    let ran = digest_on("smol", &tree);
    assert_eq!((ran.code, ran.lines().len()), (1, 2));
    ran.complains_once(Path::new("two\\nlines"), "named pipe");
}

/// Runs the program so that permissions bind it; `None` where that cannot be arranged.
fn digest_without_privilege(tree: &Tree, unreadable: &Path) -> Option<Ran> {
    if File::open(unreadable).is_err() {
        return Some(digest_on("all", tree));
    }
    // Root reads everything: run a copy as somebody else.
    let copy = tree
        .join("../")
        .join(format!("digest-copy-{}", std::process::id()));
    fs::copy(env!("CARGO_BIN_EXE_digest"), &copy).ok()?;
    let mut command = Command::new(&copy);
    command
        .uid(65534)
        .gid(65534)
        .arg(tree.path())
        .stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let ran = command.spawn().ok().map(|child| wait(child).into());
    let _left_behind = fs::remove_file(copy);
    ran
}

#[test]
fn unreadable_files_and_directories_are_named_and_the_others_hashed() {
    // The system's directory for temporary files can be entered by everybody, the build's perhaps not.
    let tree = Tree::in_dir(&std::env::temp_dir());
    tree.file("a-good", b"1");
    tree.file("z-good", b"2");
    let file = tree.file("file", b"secret");
    let inside = tree.file("directory/inside", b"secret");
    let directory = inside.parent().expect("it has one");
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    set(tree.path(), 0o755);
    set(&file, 0o000);
    set(directory, 0o000);
    let ran = digest_without_privilege(&tree, &file);
    set(directory, 0o755);
    let Some(ran) = ran else {
        return skip("root reads everything, and nothing can be run as somebody else");
    };
    assert_eq!((ran.code, ran.lines().len()), (1, 2), "{}", ran.stderr);
    assert_eq!(ran.complaints().len(), 2, "{}", ran.stderr);
    for path in [&*file, directory] {
        let path = path.to_str().expect("plain names");
        let named = |line: &&str| line.contains(path) && line.contains("Permission denied");
        assert!(ran.complaints().iter().any(named), "{}", ran.stderr);
    }
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_file_that_grows_while_it_is_read_has_no_line() {
    let tree = good_tree();
    let path = tree.sparse("growing", 16 << 20);
    let over = AtomicBool::new(false);
    let ran = thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = OpenOptions::new()
                .append(true)
                .open(&path)
                .expect("it is ours");
            while !over.load(Ordering::Relaxed) {
                file.write_all(b"more").expect("it can grow");
            }
        });
        // However the run ends, so does the writer.
        let _end = SetOnDrop(&over);
        digest_on("tokio", &tree)
    });
    assert_eq!((ran.code, ran.lines().len()), (1, 2), "{}", ran.stderr);
    ran.complains_once(&path, "changed while being read");
}

#[test]
fn a_file_that_takes_too_long_is_named_its_reader_stops_and_the_others_are_hashed() {
    for runtime in ["tokio", "smol"] {
        let tree = good_tree();
        // Hashing this takes far longer than the watchdog allows.
        let slow = tree.sparse("slow", 1 << 40);
        let args = ["--runtime", runtime, "--timeout", "0.25", "--limit", "1"];
        let mut command = command(args);
        command.arg(tree.path());
        let ran = finish(command);
        assert_eq!(
            (ran.code, ran.lines().len()),
            (1, 2),
            "{runtime}: {}",
            ran.stderr
        );
        ran.complains_once(&slow, "timed out after 250ms");
    }
}

#[test]
fn a_reader_of_the_output_that_leaves_ends_the_program_quietly() {
    let tree = Tree::new();
    for n in 0..2_000 {
        tree.file(format!("file-{n}"), b"");
    }
    let mut command = command([tree.path()]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program can be started");
    drop(child.stdout.take());
    let ran = Ran::from(wait(child));
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
}

#[test]
fn a_full_disk_is_told() {
    let full = match OpenOptions::new().write(true).open("/dev/full") {
        Ok(full) => full,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return skip("there is no /dev/full here");
        }
        Err(error) => panic!("{error}"),
    };
    let tree = good_tree();
    let mut command = command([tree.path()]);
    command.stdout(full).stderr(Stdio::piped());
    let ran = Ran::from(wait(command.spawn().expect("the program can be started")));
    assert_eq!(ran.code, 1);
    ran.complains_once(Path::new("standard output"), "No space left");
}
