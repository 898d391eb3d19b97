//! The project's commands: `cargo xtask <command>`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "commands talk to whoever runs them"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "commands time real processes, not virtual ones"
)]

mod artifact;
mod bench;
mod ci;
mod cli;
mod demo;
mod error;
mod loom;
mod step;
mod tally;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use cli::Command;
use error::Result;
use lexopt::prelude::*;

const COMMANDS: &[Command] = &[
    test::COMMAND,
    loom::COMMAND,
    demo::COMMAND,
    bench::COMMAND,
    ci::COMMAND,
    tidy::COMMAND,
];

fn main() -> ExitCode {
    match dispatch(lexopt::Parser::from_env()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            error.exit_code()
        }
    }
}

fn dispatch(mut args: lexopt::Parser) -> Result<ExitCode> {
    match args.next()? {
        None | Some(Short('h') | Long("help")) => {
            println!("{}", overview());
            Ok(ExitCode::SUCCESS)
        }
        Some(Value(name)) => {
            let command = COMMANDS.iter().find(|command| name == command.name);
            match command {
                Some(command) => (command.run)(args),
                None => Err(cli::unknown(
                    "command",
                    &name,
                    COMMANDS.iter().map(|c| c.name),
                )),
            }
        }
        Some(other) => Err(cli::unknown_option(&other, &["--help"])),
    }
}

fn overview() -> String {
    let rows = COMMANDS
        .iter()
        .map(|command| format!("  {:<6} {}", command.name, command.about));
    format!(
        "The project's commands.\n\nUsage: cargo xtask <command>\n\n{}\n\n{}",
        rows.collect::<Vec<_>>().join("\n"),
        "`cargo xtask <command> --help` says more about one."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_command_names_the_known_ones() {
        let error = dispatch(lexopt::Parser::from_args(["tset"])).expect_err("it is unknown");
        assert_eq!(
            error.to_string(),
            "unknown command `tset`; known ones: test, loom, demo, bench, ci, tidy"
        );
        assert!(error.is_usage());
    }

    #[test]
    fn every_command_refuses_an_unknown_option() {
        for command in COMMANDS {
            let args = lexopt::Parser::from_args(["--no-such-option"]);
            let error = (command.run)(args).expect_err("it is unknown");
            assert!(error.is_usage(), "{}: {error}", command.name);
            let text = error.to_string();
            assert!(
                text.contains("`--no-such-option`"),
                "{}: {text}",
                command.name
            );
            assert!(text.contains("--help"), "{}: {text}", command.name);
        }
    }
}
