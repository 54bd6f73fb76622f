//! The command line: what was typed becomes what is meant. clap is known in this folder only.

mod args;
mod exit;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use clap::Parser;

pub use exit::Exit;

use crate::commands::{self, CommandError, Ended, FailOn, Hook, Output, Reach, ScanTask, Scope};
use crate::model::Confidence;
use crate::report::{Format, sanitize};
use crate::sources::{Part, Start};

/// Parses the process's arguments, runs what they mean, and tells how it ended.
pub fn main() -> Exit {
    let typed = match args::Typed::try_parse() {
        Ok(typed) => typed,
        Err(error) => return explain(&error),
    };
    match run(typed.command) {
        Ok(exit) => exit,
        Err(error) => {
            complain(&error);
            Exit::Failed
        }
    }
}

/// Prints what clap has to say: that something was typed wrong, or the help or version that was asked for.
fn explain(error: &clap::Error) -> Exit {
    let text = commands::concealed(&error.render().ansi().to_string());
    if error.use_stderr() {
        let _ = write!(anstream::stderr(), "{text}");
        return Exit::Failed;
    }
    match write!(anstream::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Exit::Failed,
        _ => Exit::Clean,
    }
}

fn run(command: args::Command) -> Result<Exit, CommandError> {
    match command {
        args::Command::Scan(typed) => commands::scan(&scan(*typed)?).map(exit),
        args::Command::Git(typed) => git(*typed).map(exit),
        args::Command::Hook(typed) => hook(typed),
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
        args::Rules::New { provider } => commands::rules::create(&provider, Path::new(""), &mut out),
    }
    .or_else(commands::closed_pipe_is_fine)?;
    Ok(Exit::Clean)
}

fn git(typed: args::Git) -> Result<Ended, CommandError> {
    let args::Git {
        repository,
        range,
        branch,
        unpushed,
        staged,
        recurse_submodules,
        purge_plan,
        cache,
        since,
        common,
    } = typed;
    let start = match (range, branch, unpushed, staged) {
        (Some(range), ..) => Start::Range(range),
        (_, Some(branch), ..) => Start::Branch(branch),
        (_, _, true, _) => Start::Unpushed,
        (.., true) => Start::Staged,
        (None, None, false, false) => Start::Refs,
    };
    let part = Part { start, since, names: vec![] };
    let cache = cache.map(|folder| folder.map_or_else(commands::cache_folder, Ok)).transpose()?;
    let task = ScanTask { purge_plan, cache, ..meant(repository.into_iter().collect(), common)? };
    if purge_plan && !matches!(task.format, Format::Human | Format::Json | Format::Jsonl) {
        return Err(CommandError::new(
            "--purge-plan is for the formats human, json and jsonl; choose one of them",
        ));
    }
    let scope = match (part == Part::default(), recurse_submodules) {
        (false, _) => Scope::Part(part),
        (true, true) => Scope::WithSubmodules,
        (true, false) => Scope::Whole,
    };
    commands::git(&task, &scope)
}

fn hook(typed: args::Hook) -> Result<Exit, CommandError> {
    let reach = |global: bool| if global { Reach::Global } else { Reach::Repository };
    match typed {
        args::Hook::Install { global, hook } => {
            let named: Vec<Hook> = hook.into_iter().map(hook_of).collect();
            let chosen = if named.is_empty() { &Hook::ALL[..] } else { &named };
            say(&commands::install(chosen, reach(global))?)
        }
        args::Hook::Uninstall { global } => say(&commands::uninstall(reach(global))?),
        args::Hook::PreCommit { common } => unless_skipped(ON_COMMIT, || {
            let part = Part { start: Start::Staged, ..Part::default() };
            commands::git(&meant(vec![], *common)?, &Scope::Part(part))
        }),
        args::Hook::CommitMsg { file, common } => {
            unless_skipped(ON_MESSAGE, || commands::commit_msg(&meant(vec![], *common)?, &file))
        }
        args::Hook::PrePush { remote, url: _, common } => {
            unless_skipped(ON_PUSH, || commands::pre_push(&meant(vec![], *common)?, remote.as_deref()))
        }
        args::Hook::PreReceive { common } => {
            let ended = commands::pre_receive(&meant(vec![], *common)?)?;
            Ok(advise(ended, ON_SERVER))
        }
    }
}

fn hook_of(typed: args::HookName) -> Hook {
    match typed {
        args::HookName::PreCommit => Hook::PreCommit,
        args::HookName::CommitMsg => Hook::CommitMsg,
        args::HookName::PrePush => Hook::PrePush,
    }
}

/// By this variable people let git go on without a scan, once.
const SKIP: &str = "STANCH_SKIP";

/// What to do after git was stopped: because of findings, and because of gaps.
#[derive(Clone, Copy)]
struct WayOn {
    findings: &'static str,
    gaps: &'static str,
}

fn unless_skipped(
    way_on: WayOn,
    scan: impl FnOnce() -> Result<Ended, CommandError>,
) -> Result<Exit, CommandError> {
    if std::env::var_os(SKIP).is_some_and(|value| !value.is_empty()) {
        let _ = writeln!(io::stderr(), "stanch: nothing is scanned, since {SKIP} is set");
        return Ok(Exit::Clean);
    }
    scan().map(|ended| advise(ended, way_on))
}

/// Tells how to go on after git was stopped.
fn advise(ended: Ended, way_on: WayOn) -> Exit {
    let way_on = match ended {
        Ended::Clean => None,
        Ended::Findings => Some(way_on.findings),
        Ended::Gaps => Some(way_on.gaps),
    };
    if let Some(way_on) = way_on {
        let _ = writeln!(io::stderr(), "stanch: {way_on}");
    }
    exit(ended)
}

fn say(lines: &[String]) -> Result<Exit, CommandError> {
    let mut out = io::stdout().lock();
    lines.iter().try_for_each(|line| writeln!(out, "{}", sanitize(line))).map_err(CommandError::from)?;
    Ok(Exit::Clean)
}

const ON_COMMIT: WayOn = WayOn {
    findings: "nothing is committed. Take the secret out and `git add` the file again, or ignore the finding by \
               its id, with a reason, in .stanchignore.",
    gaps: GAPS,
};

const ON_MESSAGE: WayOn = WayOn {
    findings: "nothing is committed. Take the secret out of the message; git keeps it in .git/COMMIT_EDITMSG, \
               which is not part of any commit.",
    gaps: GAPS,
};

const ON_PUSH: WayOn = WayOn {
    findings: "the push is stopped. Take the secret out of these commits (git rebase -i, git commit --amend), or \
               ignore the finding by its id, with a reason, in .stanchignore. What was ever sent has to be revoked.",
    gaps: GAPS,
};

const ON_SERVER: WayOn = WayOn {
    findings: "the push is stopped. Take the secret out of these commits (git rebase -i, git commit --amend) and \
               push again, or ask whoever runs this server to ignore the finding by its id. What is here was \
               sent: revoke it.",
    gaps: "not everything could be scanned, so the push is stopped. Whoever runs this server can mend what is said \
           above or, where that is right, accept it in info/stanchignore.",
};

const GAPS: &str = "not everything could be scanned, so git is stopped. What is said above has to be mended or, where \
                    that is right, accepted in .stanchignore; STANCH_SKIP=1 lets a commit or a push pass as it is.";

fn scan(typed: args::Scan) -> Result<ScanTask, CommandError> {
    let args::Scan { paths, exclude, no_ignore, rev, common } = typed;
    if rev.is_some() && paths.iter().any(|path| path == Path::new("-")) {
        return Err(CommandError::new(
            "--rev is about a commit, standard input is not in it; leave one of them out",
        ));
    }
    Ok(ScanTask { exclude, gitignore: !no_ignore, revision: rev, ..meant(paths, common)? })
}

/// What was typed, checked and with the defaults filled in.
fn meant(roots: Vec<PathBuf>, typed: args::Common) -> Result<ScanTask, CommandError> {
    let shown = match typed.confidence {
        args::Level::Possible => Confidence::Possible,
        args::Level::Likely => Confidence::Likely,
        args::Level::Proven => Confidence::Proven,
    };
    let fail_on = match typed.fail_on {
        None => FailOn::At(shown.max(Confidence::Likely)),
        Some(args::FailOn::Possible) => FailOn::At(Confidence::Possible),
        Some(args::FailOn::Likely) => FailOn::At(Confidence::Likely),
        Some(args::FailOn::Proven) => FailOn::At(Confidence::Proven),
        Some(args::FailOn::Live) => FailOn::Live,
        Some(args::FailOn::Never) => FailOn::Never,
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
        roots,
        revision: None,
        purge_plan: false,
        cache: None,
        format,
        output: typed.output.map_or(Output::Stdout, Output::File),
        // What makes the run fail is shown: a lower --fail-on lowers what is shown.
        confidence: match fail_on {
            FailOn::At(level) => shown.min(level),
            FailOn::Live | FailOn::Never => shown,
        },
        fail_on,
        only_rules: typed.rule,
        exclude: vec![],
        own_rules: typed.rules,
        jobs: typed.jobs.map_or_else(|| available_parallelism().map_or(1, |count| count.get()), usize::from),
        gitignore: true,
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
    let harmless = |message: &String| sanitize(&commands::concealed(message)).into_owned();
    let lines: Vec<String> = error.messages().iter().map(harmless).collect();
    let _ = writeln!(io::stderr(), "stanch: {}", lines.join("\n"));
}
