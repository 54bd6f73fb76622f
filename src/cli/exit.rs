//! Exit codes, written once.

use std::process::ExitCode;

/// How a run ended, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: all that was asked for was scanned, and nothing at or above `--fail-on` was found.
    Clean,
    /// 1: findings at or above `--fail-on`. Wins over [`Exit::Gaps`].
    Findings,
    /// 2: wrong use, bad configuration, or the run failed; `--strict-ignores` and entries that are of no use or have
    /// expired.
    Failed,
    /// 3: no such findings, but something in scope was not scanned.
    Gaps,
    /// 4: a revocation was refused, failed, or is not known to have worked.
    Unrevoked,
}

impl Exit {
    /// The number that the process exits with.
    pub fn code(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Failed => 2,
            Exit::Gaps => 3,
            Exit::Unrevoked => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
