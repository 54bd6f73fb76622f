//! One file a subcommand; each reads as a table of contents of what happens.

mod asking;
mod baseline;
mod ci;
mod commit_msg;
mod conceal;
mod credentials;
mod demo;
mod dismissals;
mod examine;
mod explain;
mod git;
mod hook;
mod ignore;
mod output;
mod push;
mod registries;
mod revoke;
pub mod rules;
mod scan;
mod texts;
mod unwrap;
mod verify;
mod xdg;

pub use asking::Asking;
pub use baseline::{BaselineChange, BaselineTask, baseline};
pub use commit_msg::commit_msg;
pub use conceal::concealed;
pub use demo::demo;
pub use dismissals::Known;
pub use explain::{About, ExplainTask, explain};
pub use git::{Scope, git};
pub use hook::{Hook, Reach, install, uninstall};
pub use ignore::{IgnoreTask, ignore};
pub use output::Output;
pub use push::{pre_push, pre_receive};
pub use revoke::{Applying, LedgerTask, PlanTask, RevokeTask, Whereabouts, ledger, revoke};
pub use scan::{Ended, FailOn, ScanTask, scan};
pub use verify::{VerifyTask, verify};
pub use xdg::{cache_folder, state_folder};

use std::io;

use crate::git::Problem;
use crate::sources::SourceError;

/// Why a command failed: what, on what, and what to do next, for each thing that is wrong.
#[derive(Debug)]
pub struct CommandError {
    messages: Vec<String>,
    closed_pipe: bool,
}

impl CommandError {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> CommandError {
        CommandError::all(vec![message.into()])
    }

    /// Several things that are wrong.
    pub fn all(messages: Vec<String>) -> CommandError {
        CommandError { messages, closed_pipe: false }
    }

    /// One message for each thing that is wrong, at least one. What stands in them may be anyone's text.
    pub fn messages(&self) -> &[String] {
        &self.messages
    }
}

impl std::fmt::Display for CommandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.messages.join("\n"))
    }
}

impl std::error::Error for CommandError {}

impl From<SourceError> for CommandError {
    fn from(error: SourceError) -> CommandError {
        CommandError::new(error.to_string())
    }
}

impl From<Problem> for CommandError {
    fn from(problem: Problem) -> CommandError {
        CommandError::new(problem.to_string())
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> CommandError {
        let closed_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        CommandError { messages: vec![format!("standard output: {error}")], closed_pipe }
    }
}

/// Whoever reads the output may stop when it has read enough.
///
/// # Errors
/// Every other error.
pub fn closed_pipe_is_fine(error: CommandError) -> Result<(), CommandError> {
    if error.closed_pipe { Ok(()) } else { Err(error) }
}
