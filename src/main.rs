//! The `stanch` program: parses, runs, exits.

use std::process::ExitCode;

fn main() -> ExitCode {
    stanch::cli::main().into()
}
