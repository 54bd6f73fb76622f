//! The command line: what was typed becomes what is meant. clap is known in this folder only.

mod args;
mod exit;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Duration;

use clap::Parser;

pub use exit::Exit;

use crate::commands::{
    self, About, Applying, Asking, BaselineChange, BaselineTask, CommandError, Ended, ExplainTask, FailOn,
    Hook, IgnoreTask, Known, LedgerTask, Output, PlanTask, Reach, RevokeTask, ScanTask, Scope, VerifyTask,
    Whereabouts,
};
use crate::containers::Limits;
use crate::findings::{Extent, Why};
use crate::model::Confidence;
use crate::report::{Format, sanitize};
use crate::revoke::Choice;
use crate::sources::{Part, Start};
use crate::verify::Policy;

/// Parses the process's arguments, runs what they mean, and tells how it ended.
pub fn main() -> Exit {
    leave_no_core();
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

/// The memory of this process holds secrets; it must not be written to a file when the process crashes.
fn leave_no_core() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let none = Rlimit { current: Some(0), ..getrlimit(Resource::Core) };
        // Nobody can be told, and nothing of what was asked for depends on it.
        let _ = setrlimit(Resource::Core, none);
    }
}

/// Prints what clap has to say: that something was typed wrong, or the help or version that was asked for.
fn explain(error: &clap::Error) -> Exit {
    let text = error.render().ansi().to_string();
    if error.use_stderr() {
        // What was typed wrong may be a secret; help and version say nothing of what was typed.
        let _ = write!(anstream::stderr(), "{}", commands::concealed(&text));
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
        args::Command::Verify(typed) => commands::verify(&verify(*typed)?).map(exit),
        args::Command::Revoke(typed) => revoke(*typed),
        args::Command::Hook(typed) => hook(typed),
        args::Command::Ignore(typed) => ignore(typed),
        args::Command::Baseline(typed) => commands::baseline(&baseline(typed)).map(exit),
        args::Command::Demo => commands::demo().map(exit),
        args::Command::Explain { place, rules, ignore_file } => {
            let scan = ScanTask { own_rules: rules, ignore_file, ..usual(vec![PathBuf::from(".")]) };
            let task = ExplainTask { about: About::parse(&place)?, scan };
            commands::explain(&task, &mut io::stdout().lock()).or_else(commands::closed_pipe_is_fine)?;
            Ok(Exit::Clean)
        }
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
        verify,
        asking,
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
    let asking = asked(verify, asking)?;
    let task = ScanTask { purge_plan, cache, asking, ..meant(repository.into_iter().collect(), common)? };
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

fn ignore(typed: args::Ignore) -> Result<Exit, CommandError> {
    let args::Ignore { ids, path, gap, reason, expires, owner, file } = typed;
    let gaps = gap.chunks_exact(2).map(|gap| (gap[0].clone(), gap[1].clone())).collect();
    let why = Why { reason: Some(reason), expires, owner };
    let task = IgnoreTask { ids, paths: path, gaps, why, file };
    commands::ignore(&task, &mut io::stdout().lock())?;
    Ok(Exit::Clean)
}

fn baseline(typed: args::Baseline) -> BaselineTask {
    let why = |args::EntryWhy { reason, expires, owner }| Why { reason, expires, owner };
    let (scanned, change) = match typed {
        args::Baseline::Create { scanned, git, why: said } => {
            let extent = if git { Extent::History } else { Extent::Files };
            (scanned, BaselineChange::Create(extent, why(said)))
        }
        args::Baseline::Update { scanned, why: said } => (scanned, BaselineChange::Update(why(said))),
        args::Baseline::Prune { scanned, despite_gaps } => (scanned, BaselineChange::Prune { despite_gaps }),
    };
    let args::Scanned { paths, output, rules, jobs, no_ignore, ignore_file, no_inline_ignore } = scanned;
    let usual = usual(paths);
    let scan = ScanTask {
        own_rules: rules,
        jobs: jobs.map_or(usual.jobs, usize::from),
        gitignore: !no_ignore,
        ignore_file,
        inline_marks: !no_inline_ignore,
        ..usual
    };
    BaselineTask { scan, file: output, change }
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
        Ended::Clean | Ended::StaleIgnores | Ended::Unrevoked => None,
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
    findings: "nothing is committed. Take the secret out and `git add` the file again, or ignore the finding: \
               `stanch ignore ID --reason \"why\"`.",
    gaps: GAPS,
};

const ON_MESSAGE: WayOn = WayOn {
    findings: "nothing is committed. Take the secret out of the message; git keeps it in .git/COMMIT_EDITMSG, \
               which is not part of any commit.",
    gaps: GAPS,
};

const ON_PUSH: WayOn = WayOn {
    findings: "the push is stopped. Take the secret out of these commits (git rebase -i, git commit --amend), or \
               ignore the finding: `stanch ignore ID --reason \"why\"`. What was ever sent has to be revoked.",
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
    let args::Scan { paths, exclude, no_ignore, rev, verify, asking, common } = typed;
    if rev.is_some() && paths.iter().any(|path| path == Path::new("-")) {
        return Err(CommandError::new(
            "--rev is about a commit, standard input is not in it; leave one of them out",
        ));
    }
    let asking = asked(verify, asking)?;
    Ok(ScanTask { exclude, gitignore: !no_ignore, revision: rev, asking, ..meant(paths, common)? })
}

fn verify(typed: args::Verify) -> Result<VerifyTask, CommandError> {
    let args::Verify { paths, below, dry_run, databases, asking, common } = typed;
    let asking = Some(how(asking, databases)?);
    Ok(VerifyTask { scan: ScanTask { asking, ..meant(paths, common)? }, below, dry_run })
}

fn revoke(typed: args::Revoke) -> Result<Exit, CommandError> {
    let args::Revoke { command, stdin, verb, applying, asking } = typed;
    let scan = |roots: Vec<PathBuf>, rules: Vec<PathBuf>, only: Vec<String>, asking: args::Asking| {
        let asking = Some(how(asking, false)?);
        Ok::<_, CommandError>(ScanTask { own_rules: rules, only_rules: only, asking, ..usual(roots) })
    };
    let task = match command {
        Some(args::RevokeCommand::Ledger { verify, ledger, format }) => {
            let json = matches!(format, args::ListFormat::Json);
            let task = LedgerTask { file: ledger_file(ledger)?, verify, json };
            commands::ledger(&task, &mut io::stdout().lock()).or_else(commands::closed_pipe_is_fine)?;
            return Ok(Exit::Clean);
        }
        Some(args::RevokeCommand::Plan { paths, output, below, verb, ledger, rule, rules, asking }) => {
            let scan = scan(paths, rules, rule, asking)?;
            RevokeTask::Plan(PlanTask { scan, below, output, verb, ledger: ledger_file(ledger)? })
        }
        Some(args::RevokeCommand::Apply { plan, below, stdin, rules, applying, asking }) => {
            let how = carried_out(applying, &asking)?;
            let from = match below {
                Some(folder) => Whereabouts::Below(folder),
                None if stdin => Whereabouts::Stdin,
                None => Whereabouts::Places,
            };
            RevokeTask::Apply { plan, from, how, scan: scan(vec![], rules, vec![], asking)? }
        }
        None if stdin => {
            let how = carried_out(applying, &asking)?;
            RevokeTask::Stdin { how, verb, scan: scan(vec![], vec![], vec![], asking)? }
        }
        None => {
            return Err(CommandError::new(
                "say what is to be done: `stanch revoke plan`, `apply` or `ledger`, or --stdin",
            ));
        }
    };
    commands::revoke(&task).map(exit)
}

fn carried_out(typed: args::Applying, asking: &args::Asking) -> Result<Applying, CommandError> {
    let args::Applying { yes, irreversible, owner, allow_ci, wait, ledger, format } = typed;
    let json = matches!(format, args::ListFormat::Json);
    let only = match &asking.id[..] {
        [] => None,
        [id] => Some(id.clone()),
        _ => return Err(CommandError::new("--id names one finding here; leave the others out")),
    };
    let choice = Choice { irreversible, unconfirmed: asking.unconfirmed, only, owners: owner };
    let (wait, ledger) = (Duration::from_secs(wait), ledger_file(ledger)?);
    Ok(Applying { choice, yes, allow_ci, wait, ledger, json })
}

fn ledger_file(typed: Option<PathBuf>) -> Result<PathBuf, CommandError> {
    typed.map_or_else(|| Ok(commands::state_folder()?.join("ledger.jsonl")), Ok)
}

/// A scan as it is where nothing else was said.
fn usual(roots: Vec<PathBuf>) -> ScanTask {
    ScanTask {
        roots,
        revision: None,
        purge_plan: false,
        cache: None,
        asking: None,
        format: Format::Human,
        output: Output::Stdout,
        confidence: Confidence::Likely,
        fail_on: FailOn::At(Confidence::Likely),
        only_rules: vec![],
        exclude: vec![],
        own_rules: vec![],
        jobs: available_parallelism().map_or(1, |count| count.get()),
        gitignore: true,
        opening: Some(Limits::default()),
        ignore_file: None,
        strict_ignores: false,
        inline_marks: true,
        decode: true,
        known: Known::OfRoots,
        reveal: false,
    }
}

/// How providers are asked, where `--verify` was typed.
fn asked(verify: Option<Option<args::What>>, typed: args::Asking) -> Result<Option<Asking>, CommandError> {
    match verify {
        Some(what) => how(typed, what == Some(args::What::Databases)).map(Some),
        None if typed.is_anything() => Err(CommandError::new(
            "options about asking providers go with --verify; add it, or leave them out",
        )),
        None => Ok(None),
    }
}

fn how(typed: args::Asking, databases: bool) -> Result<Asking, CommandError> {
    let args::Asking {
        id,
        unconfirmed,
        allow_effect,
        endpoint,
        credentials,
        ca_bundle,
        timeout,
        verdicts,
        verbose,
        owners,
    } = typed;
    Ok(Asking {
        policy: Policy { unconfirmed, allow_effect, databases, named: id },
        endpoints: endpoint,
        credentials,
        owners,
        ca_bundle,
        timeout,
        verdicts: verdicts.map(|folder| folder.map_or_else(commands::cache_folder, Ok)).transpose()?,
        loud: verbose > 0,
    })
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
    let usual = usual(roots);
    Ok(ScanTask {
        format,
        output: typed.output.map_or(Output::Stdout, Output::File),
        // What makes the run fail is shown: a lower --fail-on lowers what is shown.
        confidence: match fail_on {
            FailOn::At(level) => shown.min(level),
            FailOn::Live | FailOn::Never => shown,
        },
        fail_on,
        only_rules: typed.rule,
        own_rules: typed.rules,
        jobs: typed.jobs.map_or(usual.jobs, usize::from),
        opening: opening(&typed.archives),
        ignore_file: typed.ignore_file,
        strict_ignores: typed.strict_ignores,
        inline_marks: !typed.no_inline_ignore,
        decode: !typed.no_decode,
        known: match (typed.baseline, typed.no_baseline) {
            (Some(file), _) => Known::Named(file),
            (None, true) => Known::Nothing,
            (None, false) => Known::OfRoots,
        },
        reveal: typed.reveal,
        ..usual
    })
}

/// How far containers are opened, if they are.
fn opening(typed: &args::Archives) -> Option<Limits> {
    let usual = Limits::default();
    (!typed.no_archives).then_some(Limits {
        depth: typed.max_depth.unwrap_or(usual.depth),
        ratio: typed.max_ratio.unwrap_or(usual.ratio),
        members: typed.max_members.unwrap_or(usual.members),
    })
}

fn exit(ended: Ended) -> Exit {
    match ended {
        Ended::Clean => Exit::Clean,
        Ended::Findings => Exit::Findings,
        Ended::StaleIgnores => Exit::Failed,
        Ended::Gaps => Exit::Gaps,
        Ended::Unrevoked => Exit::Unrevoked,
    }
}

/// Says on standard error what went wrong; there is nowhere else to say that this failed.
fn complain(error: &CommandError) {
    let harmless = |message: &String| sanitize(&commands::concealed(message)).into_owned();
    let lines: Vec<String> = error.messages().iter().map(harmless).collect();
    let _ = writeln!(io::stderr(), "stanch: {}", lines.join("\n"));
}
