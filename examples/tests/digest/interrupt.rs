//! Ctrl-C.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;

use trunnion_core::{Clock, RealClock};

use crate::run::{WATCHDOG, command, signal, wait};
use crate::tree::Tree;

/// Interrupts a run that has printed one line and hashes an endless file, and checks how it ends.
fn interrupt_during_a_long_file(runtime: &str) {
    let tree = Tree::new();
    tree.file("a", b"1");
    tree.file("b", b"2");
    tree.sparse("endless", 1 << 40);
    // One at a time: in the simulator the endless file would else be one step that comes before the first line.
    let mut command = command(["--runtime", runtime, "--limit", "1"]);
    command
        .arg(tree.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program can be started");
    let mut stdout = BufReader::new(child.stdout.take().expect("it was asked for"));
    let (first, first_line) = mpsc::channel();
    let rest = thread::spawn(move || {
        let mut printed = Vec::new();
        let read = stdout.read_until(b'\n', &mut printed);
        let _hung = first.send(read.expect("it can be read"));
        stdout.read_to_end(&mut printed).expect("it can be read");
        printed
    });
    if first_line.recv_timeout(WATCHDOG).is_err() {
        signal(child.id(), "-KILL");
        panic!("{runtime}: there was no first line");
    }

    let start = RealClock.now();
    signal(child.id(), "-INT");
    let output = wait(child);
    let took = RealClock.now() - start;
    let _closed = writeln!(std::io::stderr(), "{runtime}: ended {took:?} after Ctrl-C");

    assert_eq!(output.status.code(), Some(130), "{runtime}");
    let printed = rest.join().expect("the reader ends");
    assert!(printed.ends_with(b"\n"), "{runtime}: ends inside a line");
    let lines = printed
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    assert!(lines.clone().count() >= 1 && lines.clone().all(|line| line.len() > 66));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("interrupted"), "{stderr}");
}

#[test]
fn ctrl_c_ends_it_on_tokio() {
    interrupt_during_a_long_file("tokio");
}

#[test]
fn ctrl_c_ends_it_on_smol() {
    interrupt_during_a_long_file("smol");
}

#[test]
fn ctrl_c_ends_it_on_the_simulator() {
    interrupt_during_a_long_file("sim");
}

#[test]
fn ctrl_c_ends_all_runtimes_at_once() {
    interrupt_during_a_long_file("all");
}
