//! URLs of a server that is not the embedded one.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::run::{Ran, fetch};

const RUNTIMES: [&str; 2] = ["tokio", "smol"];

/// Answers every connection with the same bytes, and gives the port.
fn server(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let port = listener.local_addr().expect("it is bound").port();
    let answer_one = move |mut stream: TcpStream| {
        let _gone = stream.read(&mut [0; 4096]);
        let _gone = stream.write_all(answer);
    };
    // It ends with the process.
    thread::spawn(move || listener.incoming().flatten().for_each(answer_one));
    port
}

fn run(runtime: &str, url: &str) -> Ran {
    fetch(["--runtime", runtime, url])
}

#[test]
fn a_page_is_fetched_by_address_and_by_name() {
    let port = server(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    for runtime in RUNTIMES {
        for host in ["127.0.0.1", "localhost"] {
            let url = format!("http://{host}:{port}/a?b=c");
            let ran = run(runtime, &url);
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            let line = format!("{runtime}  200  5 bytes  1 attempt  {url}\n");
            assert!(ran.stdout.starts_with(&line), "{}", ran.stdout);
        }
    }
}

#[test]
fn an_answer_that_more_attempts_would_not_change_is_told_after_one() {
    let missing = server(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    let foreign = server(b"220 this is no web server\r\n\r\n");
    for runtime in RUNTIMES {
        for (port, why) in [(missing, "status 404 Not Found"), (foreign, "HTTP")] {
            let ran = run(runtime, &format!("http://127.0.0.1:{port}/"));
            assert_eq!(ran.code, Some(1), "{}", ran.stderr);
            assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
            assert!(ran.stderr.contains(why), "{}", ran.stderr);
            assert!(ran.stderr.contains("(1 attempt; "), "{}", ran.stderr);
        }
    }
}

#[test]
fn a_port_that_nobody_listens_on_is_named_after_all_attempts() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    for runtime in RUNTIMES {
        let url = format!("http://127.0.0.1:{port}/");
        let ran = run(runtime, &url);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        let start = format!("fetch: {runtime}: {url}: ");
        assert!(ran.stderr.starts_with(&start), "{}", ran.stderr);
        assert!(ran.stderr.contains("cannot connect: "), "{}", ran.stderr);
        assert!(ran.stderr.contains("(5 attempts; "), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
}
