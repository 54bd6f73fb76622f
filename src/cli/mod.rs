//! The command line: what was typed becomes what is meant. clap is known in this folder only.

mod args;
mod exit;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::thread::available_parallelism;

use clap::Parser;

pub use exit::Exit;

use crate::commands::{self, CommandError, Ended, FailOn, Output, ScanTask};
use crate::model::Confidence;
use crate::report::{Format, sanitize};

/// Parses the process's arguments, runs what they mean, and tells how it ended.
pub fn main() -> Exit {
    let typed = match args::Typed::try_parse() {
        Ok(typed) => typed,
        Err(error) => {
            // Help and version are printed here too; a closed pipe is nobody's fault.
            let _ = error.print();
            return if error.use_stderr() { Exit::Failed } else { Exit::Clean };
        }
    };
    match run(typed.command) {
        Ok(exit) => exit,
        Err(error) => {
            complain(&error);
            Exit::Failed
        }
    }
}

fn run(command: args::Command) -> Result<Exit, CommandError> {
    match command {
        args::Command::Scan(typed) => commands::scan(&meant(*typed)?).map(exit),
        args::Command::Demo => commands::demo().map(exit),
        args::Command::Rules(typed) => rules(typed),
    }
}

fn rules(typed: args::Rules) -> Result<Exit, CommandError> {
    let mut out = io::stdout().lock();
    match typed {
        args::Rules::List { format: args::ListFormat::Human } => commands::rules::list(&mut out),
        args::Rules::List { format: args::ListFormat::Json } => commands::rules::list_json(&mut out),
        args::Rules::Explain { id } => commands::rules::explain(&id, &mut out),
        args::Rules::Check { paths } => commands::rules::check(&paths, &mut out),
        args::Rules::New { provider } => commands::rules::create(&provider, Path::new("."), &mut out),
    }
    .or_else(commands::closed_pipe_is_fine)?;
    Ok(Exit::Clean)
}

/// What was typed, checked and with the defaults filled in.
fn meant(typed: args::Scan) -> Result<ScanTask, CommandError> {
    let fail_on = match typed.fail_on {
        args::FailOn::Possible => FailOn::At(Confidence::Possible),
        args::FailOn::Likely => FailOn::At(Confidence::Likely),
        args::FailOn::Proven => FailOn::At(Confidence::Proven),
        args::FailOn::Live => FailOn::Live,
        args::FailOn::Never => FailOn::Never,
    };
    let shown = match typed.confidence {
        args::Level::Possible => Confidence::Possible,
        args::Level::Likely => Confidence::Likely,
        args::Level::Proven => Confidence::Proven,
    };
    let format = match typed.format {
        args::ReportFormat::Human => Format::Human,
        args::ReportFormat::Json => Format::Json,
        args::ReportFormat::Jsonl => Format::Jsonl,
        args::ReportFormat::Sarif => Format::Sarif,
    };
    if typed.reveal && typed.output.is_none() && !io::stdout().is_terminal() {
        return Err(CommandError::new(
            "--reveal shows secrets on a terminal only; add --output FILE to write them to a file that only you can read",
        ));
    }
    if typed.reveal && !format.can_reveal() {
        return Err(CommandError::new(format!(
            "the {} format is made for upload and shows no secret; choose another --format",
            format.as_str()
        )));
    }
    Ok(ScanTask {
        roots: typed.paths,
        format,
        output: typed.output.map_or(Output::Stdout, Output::File),
        // What makes the run fail is shown: a lower --fail-on lowers what is shown.
        confidence: match fail_on {
            FailOn::At(level) => shown.min(level),
            FailOn::Live | FailOn::Never => shown,
        },
        fail_on,
        only_rules: typed.rule,
        exclude: typed.exclude,
        own_rules: typed.rules,
        jobs: typed
            .jobs
            .map_or_else(|| available_parallelism().map_or(1, |count| count.get()), |jobs| jobs.get()),
        gitignore: !typed.no_ignore,
        ignore_file: typed.ignore_file,
        reveal: typed.reveal,
    })
}

fn exit(ended: Ended) -> Exit {
    match ended {
        Ended::Clean => Exit::Clean,
        Ended::Findings => Exit::Findings,
        Ended::Gaps => Exit::Gaps,
    }
}

/// Says on standard error what went wrong; there is nowhere else to say that this failed.
fn complain(error: &CommandError) {
    let text: Vec<String> = error.to_string().lines().map(|line| sanitize(line).into_owned()).collect();
    let _ = writeln!(io::stderr(), "stanch: {}", text.join("\n"));
}
