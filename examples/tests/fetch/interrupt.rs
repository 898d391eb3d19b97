//! Ctrl-C.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc;
use std::thread;

use crate::run::{WATCHDOG, command, signal, wait};

/// Interrupts a run that has printed one line, and checks how it ends.
fn interrupt(runtime: &str) {
    let args = ["--runtime", runtime, "--requests", "50000", "--faults", "0"];
    let mut child = command(args).spawn().expect("the program can be started");
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
    signal(child.id(), "-INT");
    let output = wait(child);

    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{runtime}: {stderr}");
    let printed = rest.join().expect("the reader ends");
    assert!(printed.ends_with(b"\n"), "{runtime}: ends inside a line");
    let lines = printed.split(|byte| *byte == b'\n').count();
    assert!(lines < 50_000, "{runtime}: it had ended already");
    assert!(stderr.ends_with(": interrupted\n"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn ctrl_c_ends_it_on_tokio() {
    interrupt("tokio");
}

#[test]
fn ctrl_c_ends_it_on_smol() {
    interrupt("smol");
}

#[test]
fn ctrl_c_ends_it_on_the_simulator() {
    interrupt("sim");
}
