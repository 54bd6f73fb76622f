//! Where git looks for hooks (githooks(5)), and what their user configured about them.

use std::path::{Path, PathBuf};

use super::child::{self, Scope};
use super::{Problem, Repository};

/// The hooks that git runs, but for those whose mere presence changes what it does (`proc-receive`,
/// `push-to-checkout`). Where the folder of hooks is changed for all repositories, those that a repository has of
/// its own are hidden, whatever their names.
pub const HOOKS: &[&str] = &[
    "applypatch-msg",
    "commit-msg",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "reference-transaction",
    "sendemail-validate",
    "update",
];

/// Which lines of a commit message are no part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comments {
    /// Those that begin like this.
    Begin(String),
    /// Nobody knows: git chooses at each commit what they begin with, or stores them.
    Unknown,
}

impl Repository {
    /// Where the hooks of this repository are, as its user configured it.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn hooks_folder(&self) -> Result<PathBuf, Problem> {
        let base = self.worktree().unwrap_or(self.git_dir());
        let set = child::configured(Scope::Here(base), &["--type=path", "--get", "core.hooksPath"])?;
        Ok(set.map_or_else(|| self.common_dir().join("hooks"), |path| base.join(path)))
    }

    /// What comments in commit messages look like.
    pub fn comments(&self) -> Comments {
        let base = self.worktree().unwrap_or(self.git_dir());
        let set = |key| child::configured(Scope::Here(base), &["--get", key]).ok().flatten();
        if set("commit.cleanup").is_some_and(|mode| !matches!(mode.as_str(), "default" | "strip")) {
            return Comments::Unknown;
        }
        match set("core.commentString").or_else(|| set("core.commentChar")) {
            None => Comments::Begin("#".into()),
            Some(value) if value == "auto" => Comments::Unknown,
            Some(value) => Comments::Begin(value),
        }
    }
}

/// The folder of hooks that the user set for all repositories.
///
/// # Errors
/// When git cannot be asked.
pub fn global_hooks_folder() -> Result<Option<PathBuf>, Problem> {
    let set = child::configured(Scope::User, &["--type=path", "--get", "core.hooksPath"])?;
    Ok(set.map(PathBuf::from))
}

/// Sets that folder, or takes the setting away.
///
/// # Errors
/// When git cannot do so.
pub fn set_global_hooks_folder(folder: Option<&Path>) -> Result<(), Problem> {
    let done = match folder {
        Some(folder) => {
            let folder = folder.display().to_string();
            child::configured(Scope::User, &["core.hooksPath", &folder])
        }
        None => child::configured(Scope::User, &["--unset", "core.hooksPath"]),
    };
    done.map(drop)
}
