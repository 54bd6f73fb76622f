//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// Scan on behalf of git
    #[command(subcommand)]
    Hook(Hook),
    /// List, explain, check and start rules
    #[command(subcommand)]
    Rules(Rules),
    /// Plant fresh fake tokens in a temporary project and scan it
    Demo,
}

const EXIT_CODES: &str = "Exit codes: 0 scanned and clean; 1 findings at or above --fail-on; 2 wrong use or the run \
                          failed; 3 no such findings, but something in scope was not scanned.";

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
    #[command(flatten)]
    pub(super) common: Common,
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
    /// Show the secrets themselves: on a terminal, or in an --output file that only you can read
    #[arg(long)]
    pub(super) reveal: bool,
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
