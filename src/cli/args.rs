//! What can be typed.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

/// Finds leaked tokens in code, proves what it can about them, and says how to stop the leak.
#[derive(Debug, Parser)]
#[command(name = "stanch", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Typed {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Scan folders, files or standard input
    #[command(after_help = EXIT_CODES)]
    Scan(Box<Scan>),
    /// Scan all of a git repository's history, each object once
    #[command(after_help = EXIT_CODES)]
    Git(Box<Git>),
    /// Ask providers whether tokens work, whose they are and what for
    #[command(after_help = EXIT_CODES)]
    Verify(Box<Verify>),
    /// Revoke leaked tokens: plan, apply, ledger
    Revoke(Box<Revoke>),
    /// Scan on behalf of git
    #[command(subcommand)]
    Hook(Hook),
    /// Say why something on a line is reported, or why not
    Explain {
        /// `FILE:LINE` or `ARCHIVE!MEMBER:LINE` as reports write it, or `-` for a value on standard input
        #[arg(value_name = "FILE:LINE")]
        place: String,
        /// Use the rules of this file or folder as well; can be given several times
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
        /// Read ignored findings from this file instead of `.stanchignore` in the current folder
        #[arg(long, value_name = "FILE")]
        ignore_file: Option<PathBuf>,
    },
    /// Write down what is no leak, and why
    #[command(after_help = IGNORE_HELP)]
    Ignore(Ignore),
    /// Keep the findings that there are apart from those to come
    #[command(subcommand)]
    Baseline(Baseline),
    /// List, explain, check and start rules
    #[command(subcommand)]
    Rules(Rules),
    /// Plant fresh fake tokens in a temporary project and scan it
    Demo,
}

const EXIT_CODES: &str = "Exit codes: 0 scanned and clean; 1 findings at or above --fail-on; 2 wrong use or the run \
                          failed, or --strict-ignores and entries of no use; 3 no such findings, but something in \
                          scope was not scanned.";

const IGNORE_HELP: &str = "Examples:
  stanch ignore 3e6d2a2f0f0f057d --reason 'revoked in March' --expires 2027-01-31
  stanch ignore --path 'fixtures/' --path '!fixtures/real.env' --reason 'made for tests'
  stanch ignore --gap unreadable /var/lib/secret --reason 'not ours to read'

The file takes one entry a line and is made to be merged; where another entry about the same is there, it is replaced.";

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).multiple(true).args(["ids", "path", "gap"])))]
pub(super) struct Ignore {
    /// Ids of findings, as a report shows them
    #[arg(value_name = "ID")]
    pub(super) ids: Vec<String>,
    /// All findings in paths that match, in the form of a line in .gitignore; `!` takes paths out again; can be given
    /// several times
    #[arg(long, value_name = "GLOB")]
    pub(super) path: Vec<String>,
    /// Accept that something was not scanned: the reason as a report shows it, and paths in the form of a line in
    /// .gitignore; can be given several times
    #[arg(long, num_args = 2, value_names = ["REASON", "GLOB"])]
    pub(super) gap: Vec<String>,
    /// Why it is no leak, or none that matters
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// The last day on which this holds
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) expires: Option<String>,
    /// Who answers for it
    #[arg(long, value_name = "WHO")]
    pub(super) owner: Option<String>,
    /// The file to write [default: `.stanchignore` in the current folder]
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

const BASELINE_CODES: &str = "Exit codes: 0 done; 2 wrong use, or nothing could be done; 3 done, but something in scope \
                              was not scanned.";

#[derive(Debug, Subcommand)]
pub(super) enum Baseline {
    /// Scan, and write down all findings by their ids
    #[command(after_help = BASELINE_CODES)]
    Create {
        #[command(flatten)]
        scanned: Scanned,
        /// Scan all of the history of the repository that PATH names
        #[arg(long)]
        git: bool,
        #[command(flatten)]
        why: EntryWhy,
    },
    /// Scan again, and add what is new; what is there stays as it is
    #[command(after_help = BASELINE_CODES)]
    Update {
        #[command(flatten)]
        scanned: Scanned,
        #[command(flatten)]
        why: EntryWhy,
    },
    /// Scan again, and take out what is not found any more
    #[command(after_help = BASELINE_CODES)]
    Prune {
        #[command(flatten)]
        scanned: Scanned,
        /// Also where something in scope could not be scanned and may hold it
        #[arg(long)]
        despite_gaps: bool,
    },
}

/// What a baseline is made of: it says itself whether that is files or a history.
#[derive(Debug, Args)]
pub(super) struct Scanned {
    /// Folders and files, or a repository
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) paths: Vec<PathBuf>,
    /// The baseline [default: `.stanch-baseline` in the folder that is scanned]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Use the rules of this file or folder as well; can be given several times
    #[arg(long, value_name = "PATH")]
    pub(super) rules: Vec<PathBuf>,
    /// How many threads scan [default: as many as there are processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Scan what .gitignore hides as well
    #[arg(long)]
    pub(super) no_ignore: bool,
    /// Leave out what this file says instead of `.stanchignore` in each scanned folder
    #[arg(long, value_name = "FILE")]
    pub(super) ignore_file: Option<PathBuf>,
    /// Take in what a mark in the text has ignored
    #[arg(long)]
    pub(super) no_inline_ignore: bool,
}

/// What is said of entries that are new.
#[derive(Debug, Args)]
pub(super) struct EntryWhy {
    /// Why what is new may stay for now
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// The last day on which entries that are new hold
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) expires: Option<String>,
    /// Who answers for what is new
    #[arg(long, value_name = "WHO")]
    pub(super) owner: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Scan {
    /// Folders and files to scan; `-` is standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) paths: Vec<PathBuf>,
    /// Leave out what matches, in the form of a line in .gitignore; can be given several times
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,
    /// Scan what .gitignore hides as well
    #[arg(long)]
    pub(super) no_ignore: bool,
    /// Scan the files of this commit, branch or tag instead of those that are there now, without a checkout
    #[arg(long, value_name = "REV", conflicts_with = "no_ignore")]
    pub(super) rev: Option<String>,
    /// Ask providers about the findings; `=databases` logs in at databases as well
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true)]
    pub(super) verify: Option<Option<What>>,
    #[command(flatten)]
    pub(super) asking: Asking,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// A report of `--format json` or `jsonl`, or folders and files to scan
    #[arg(value_name = "REPORT|PATH", default_value = ".")]
    pub(super) paths: Vec<PathBuf>,
    /// The folder or repository that the report is about
    #[arg(long = "in", value_name = "FOLDER", default_value = ".")]
    pub(super) below: PathBuf,
    /// Only tell what would be asked of whom, without the secrets; nothing is sent
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Log in at databases as well, at the host that stands in the secret
    #[arg(long)]
    pub(super) databases: bool,
    #[command(flatten)]
    pub(super) asking: Asking,
    #[command(flatten)]
    pub(super) common: Common,
}

const REVOKE_CODES: &str = "Exit codes: 0 all that was planned is dead; 2 wrong use or nothing could be done; 3 \
                            something in scope was not scanned; 4 a revocation was refused, failed, or is not known \
                            to have worked.";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = REVOKE_CODES)]
pub(super) struct Revoke {
    #[command(subcommand)]
    pub(super) command: Option<RevokeCommand>,
    /// Read secrets from standard input, one a line, and revoke them once you agreed on the terminal
    #[arg(long)]
    pub(super) stdin: bool,
    /// What is done where the vendor offers several things: `deactivate`, `delete`
    #[arg(long, value_name = "VERB")]
    pub(super) verb: Option<String>,
    #[command(flatten)]
    pub(super) applying: Applying,
    #[command(flatten)]
    pub(super) asking: Asking,
}

#[derive(Debug, Subcommand)]
pub(super) enum RevokeCommand {
    /// Find the secrets again, ask about them, and write what would be done; nothing is revoked
    #[command(after_help = REVOKE_CODES)]
    Plan {
        /// A report of `--format json` or `jsonl`, or folders and files to scan; `-` is standard input
        #[arg(value_name = "REPORT|PATH", default_value = ".")]
        paths: Vec<PathBuf>,
        /// Write the plan to this file and a summary to standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// The folder or repository that the report is about
        #[arg(long = "in", value_name = "FOLDER", default_value = ".")]
        below: PathBuf,
        /// What is done where the vendor offers several things: `deactivate`, `delete`
        #[arg(long, value_name = "VERB")]
        verb: Option<String>,
        /// The ledger [default: `stanch/ledger.jsonl` in the user's state folder]
        #[arg(long, value_name = "FILE")]
        ledger: Option<PathBuf>,
        /// Plan for this rule only; can be given several times
        #[arg(long, value_name = "ID")]
        rule: Vec<String>,
        /// Use the rules of this file or folder as well; can be given several times
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
        #[command(flatten)]
        asking: Asking,
    },
    /// Carry out a plan, once you agreed on the terminal or by its digest
    #[command(after_help = REVOKE_CODES)]
    Apply {
        /// The plan
        plan: PathBuf,
        /// The folder or repository that the plan is about, where that is another than when it was made
        #[arg(long = "in", value_name = "FOLDER")]
        below: Option<PathBuf>,
        /// Find the secrets on standard input, where the plan was made of it as well
        #[arg(long, conflicts_with = "below")]
        stdin: bool,
        /// Use the rules of this file or folder as well; can be given several times
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
        #[command(flatten)]
        applying: Applying,
        #[command(flatten)]
        asking: Asking,
    },
    /// Print what was done, or check that nothing of it was changed
    Ledger {
        /// Check the chain instead of printing
        #[arg(long)]
        verify: bool,
        /// The ledger [default: `stanch/ledger.jsonl` in the user's state folder]
        #[arg(long, value_name = "FILE")]
        ledger: Option<PathBuf>,
        /// How it is written
        #[arg(long, value_name = "FORMAT", default_value = "human")]
        format: ListFormat,
    },
}

/// How a plan is carried out.
#[derive(Debug, Args)]
#[command(next_help_heading = "Revoking")]
pub(super) struct Applying {
    /// Agree to the plan with this digest instead of answering on the terminal; not for `stanch revoke --stdin`, of
    /// which there is no plan before
    #[arg(long, value_name = "DIGEST")]
    pub(super) yes: Option<String>,
    /// Also what the vendor cannot undo
    #[arg(long)]
    pub(super) irreversible: bool,
    /// Only tokens of this login, organization or mail domain, as their provider says; can be given several times
    #[arg(long, value_name = "OWNER")]
    pub(super) owner: Vec<String>,
    /// Revoke in a pipeline as well; never in one of a pull request from a fork
    #[arg(long)]
    pub(super) allow_ci: bool,
    /// For how many seconds it is watched whether a token dies
    #[arg(long, value_name = "SECONDS", default_value_t = 90)]
    pub(super) wait: u64,
    /// The ledger [default: `stanch/ledger.jsonl` in the user's state folder]
    #[arg(long, value_name = "FILE")]
    pub(super) ledger: Option<PathBuf>,
    /// How what came of it is written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(super) format: ListFormat,
}

/// How providers are asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Asking providers")]
pub(super) struct Asking {
    /// Ask about this finding or by this rule even where it is only possible or several providers claim it; can be
    /// given several times
    #[arg(long = "id", value_name = "ID")]
    pub(super) id: Vec<String>,
    /// Ask what no vendor documents as well
    #[arg(long)]
    pub(super) unconfirmed: bool,
    /// Ask what changes something or can lock an account as well
    #[arg(long)]
    pub(super) allow_effect: bool,
    /// Learn whose tokens are without using them, with administrators' credentials from the environment (GITHUB_ORG
    /// and GITHUB_ADMIN_TOKEN, ...; `stanch rules explain ID` names them)
    #[arg(long)]
    pub(super) owners: bool,
    /// Your own server of a service: `gitlab=https://git.example.com`; `npm=npmrc` and `cargo-registry=cargo` are the
    /// registries of your own settings; can be given several times
    #[arg(long, value_name = "NAME=URL")]
    pub(super) endpoint: Vec<String>,
    /// Take administrators' credentials from the settings of a tool instead of the environment: `aws=PROFILE`, `gh=HOST`,
    /// `glab=HOST`; can be given several times
    #[arg(long, value_name = "TOOL[=NAME]")]
    pub(super) credentials: Vec<String>,
    /// Trust the certificates in this file (PEM) beside those of the system
    #[arg(long, value_name = "FILE")]
    pub(super) ca_bundle: Option<PathBuf>,
    /// How many seconds a request may take
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=300))]
    pub(super) timeout: Option<u64>,
    /// Keep verdicts for later runs, under ids that only you can work out [default folder: `stanch` in the user's
    /// cache]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub(super) verdicts: Option<Option<PathBuf>>,
    /// Tell every request on standard error: method, host, path as the rule writes it, status
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

impl Asking {
    /// Whether anything of it was typed.
    pub(super) fn is_anything(&self) -> bool {
        !self.id.is_empty()
            || self.unconfirmed
            || self.allow_effect
            || self.owners
            || !self.endpoint.is_empty()
            || !self.credentials.is_empty()
            || self.ca_bundle.is_some()
            || self.timeout.is_some()
            || self.verdicts.is_some()
            || self.verbose > 0
    }
}

/// What is asked besides the usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum What {
    Databases,
}

#[derive(Debug, Args)]
pub(super) struct Git {
    /// The repository, or a folder in it [default: the one that git itself would take here]
    #[arg(value_name = "REPO")]
    pub(super) repository: Option<PathBuf>,
    /// Only what these commits bring: `A..B`, or any range that git knows
    #[arg(long, value_name = "RANGE", group = "start")]
    pub(super) range: Option<String>,
    /// Only what this branch leads to
    #[arg(long, value_name = "NAME", group = "start")]
    pub(super) branch: Option<String>,
    /// Only what local branches lead to and no remote's branch does
    #[arg(long, group = "start")]
    pub(super) unpushed: bool,
    /// Only what is staged, as a commit would store it
    #[arg(long, group = "start", conflicts_with = "since")]
    pub(super) staged: bool,
    /// Scan the histories of submodules as well
    #[arg(long, conflicts_with_all = ["start", "since"])]
    pub(super) recurse_submodules: bool,
    /// Tell as well how the findings are taken out of the history: what keeps them there, and the commands
    #[arg(long, conflicts_with_all = ["start", "since"])]
    pub(super) purge_plan: bool,
    /// Remember in a folder which objects hold nothing, and pass over them in later runs with the same rules
    /// [default folder: `stanch` in the user's cache]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, conflicts_with_all = ["start", "since"])]
    pub(super) cache: Option<Option<PathBuf>>,
    /// Only what commits since this date bring: `2026-01-31`, or any date that git knows
    #[arg(long, value_name = "DATE")]
    pub(super) since: Option<String>,
    /// Ask providers about the findings; `=databases` logs in at databases as well
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true)]
    pub(super) verify: Option<Option<What>>,
    #[command(flatten)]
    pub(super) asking: Asking,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Subcommand)]
pub(super) enum Hook {
    /// Let git scan before commits, their messages and pushes; hooks that are there already run first
    Install {
        /// For all repositories of this user
        #[arg(long)]
        global: bool,
        /// Only this hook; can be given several times
        #[arg(long, value_name = "NAME")]
        hook: Vec<HookName>,
    },
    /// Take the hooks away again and put back what was there before
    Uninstall {
        /// For all repositories of this user
        #[arg(long)]
        global: bool,
    },
    /// Scan the message of a commit, as git will store it
    CommitMsg {
        /// The file that holds it, as git gives it to its hook
        file: PathBuf,
        #[command(flatten)]
        common: Box<Common>,
    },
    /// Scan what is staged, as a commit would store it
    PreCommit {
        #[command(flatten)]
        common: Box<Common>,
    },
    /// Scan what a push is about to send; git tells on standard input what that is
    PrePush {
        /// Name of the remote, as git gives it to its hook
        remote: Option<String>,
        /// Address of the remote, as git gives it to its hook; it is not looked at
        #[arg(hide = true)]
        url: Option<String>,
        #[command(flatten)]
        common: Box<Common>,
    },
    /// Scan on a server what a push brought, before it is accepted; git tells on standard input what that is
    PreReceive {
        #[command(flatten)]
        common: Box<Common>,
    },
}

/// What every scan can be told.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// How the report is written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(super) format: ReportFormat,
    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Show findings at least this sure
    #[arg(long, value_name = "LEVEL", default_value = "likely")]
    pub(super) confidence: Level,
    /// Exit with code 1 for findings at least this sure [default: likely, or --confidence where that is
    /// higher]
    #[arg(long, value_name = "LEVEL")]
    pub(super) fail_on: Option<FailOn>,
    /// Look only for this rule; can be given several times
    #[arg(long, value_name = "ID")]
    pub(super) rule: Vec<String>,
    /// Use the rules of this file or folder as well; can be given several times
    #[arg(long, value_name = "PATH")]
    pub(super) rules: Vec<PathBuf>,
    /// How many threads scan [default: as many as there are processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Read ignored findings from this file instead of `.stanchignore` in each scanned folder
    #[arg(long, value_name = "FILE")]
    pub(super) ignore_file: Option<PathBuf>,
    /// Read findings that were there before from this file instead of `.stanch-baseline` in each scanned folder
    #[arg(long, value_name = "FILE", conflicts_with = "no_baseline")]
    pub(super) baseline: Option<PathBuf>,
    /// Report what a baseline has as well
    #[arg(long)]
    pub(super) no_baseline: bool,
    /// Report what a mark in the text has ignored as well
    #[arg(long)]
    pub(super) no_inline_ignore: bool,
    /// Do not look into what stands there in encoded form: base64, hex, escapes, joined literals
    #[arg(long)]
    pub(super) no_decode: bool,
    /// Exit with code 2 for entries of ignore files and baselines that match nothing or have expired
    #[arg(long)]
    pub(super) strict_ignores: bool,
    #[command(flatten)]
    pub(super) archives: Archives,
    /// Show the secrets themselves: on a terminal, or in an --output file that only you can read
    #[arg(long)]
    pub(super) reveal: bool,
}

/// How far containers are opened.
#[derive(Debug, Args)]
#[command(next_help_heading = "Archives")]
pub(super) struct Archives {
    /// Scan archives and other files that hold files as they are stored, without opening them
    #[arg(long, conflicts_with_all = ["max_depth", "max_ratio", "max_members"])]
    pub(super) no_archives: bool,
    /// How many of them are opened in each other [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(super) max_depth: Option<u32>,
    /// How many times its size a file may unpack to [default: 200]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_ratio: Option<u64>,
    /// How many members of a file are read, those of archives in it included [default: 1000000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_members: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Rules {
    /// Every rule with its provider, severity and proof
    List {
        /// How the list is written
        #[arg(long, value_name = "FORMAT", default_value = "human")]
        format: ListFormat,
    },
    /// What a rule looks for, why it matters, how to revoke by hand
    Explain {
        /// Id of the rule
        id: String,
    },
    /// Check rule files: all faults at once, with line and column
    Check {
        /// Rule files, or folders of them
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Start a rule file for a provider
    New {
        /// Name of the provider; the file is named after it
        provider: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum HookName {
    PreCommit,
    CommitMsg,
    PrePush,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ReportFormat {
    Human,
    Json,
    Jsonl,
    Sarif,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ListFormat {
    Human,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Level {
    Possible,
    Likely,
    Proven,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FailOn {
    Possible,
    Likely,
    Proven,
    Live,
    Never,
}
