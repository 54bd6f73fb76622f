//! `stanch revoke`: plans what would be done about leaked tokens, does it once a person said so, and tells from the
//! ledger what was done.

mod apply;
mod consent;
mod plan;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::scan::{Prepared, seen_on_stdin};
use super::verify::{recalled, stdin_whole};
use super::{CommandError, Ended, ScanTask};
use crate::findings::{Dismissed, settle};
use crate::model::{Confidence, Finding, FindingId};
use crate::report::{Listed, ListedPlace, path_of, sanitize};
use crate::revoke::{Choice, Item, ItemPlace, Ledger, LedgerError, Plan};

use apply::carry_out;
use consent::{agreed, permitted};
use plan::{plan, planned};

/// What is to be done.
#[derive(Debug, Clone)]
pub enum RevokeTask {
    /// A plan of what would be done.
    Plan(PlanTask),
    /// A plan carried out.
    Apply {
        /// The plan.
        plan: PathBuf,
        /// Where its secrets are.
        from: Whereabouts,
        /// How secrets are found again and providers asked.
        scan: ScanTask,
        /// How it is carried out.
        how: Applying,
    },
    /// Secrets from standard input, planned and carried out at once.
    Stdin {
        /// How they are recognised and providers asked.
        scan: ScanTask,
        /// How it is carried out.
        how: Applying,
        /// What is done, where the vendor offers several things.
        verb: Option<String>,
    },
}

/// Where the secrets of a plan are found again.
#[derive(Debug, Clone)]
pub enum Whereabouts {
    /// At their places, below the folder or repository that the plan names.
    Places,
    /// At their places below this one.
    Below(PathBuf),
    /// On standard input.
    Stdin,
}

/// A plan that is to be made.
#[derive(Debug, Clone)]
pub struct PlanTask {
    /// What is scanned, or the report that is read, and how providers are asked.
    pub scan: ScanTask,
    /// The folder or repository that a report is about.
    pub below: PathBuf,
    /// Where the plan is written; standard output where there is no file.
    pub output: Option<PathBuf>,
    /// What is done, where the vendor offers several things.
    pub verb: Option<String>,
    /// The ledger.
    pub ledger: PathBuf,
}

/// How a plan is carried out.
#[derive(Debug, Clone)]
pub struct Applying {
    /// What of it.
    pub choice: Choice,
    /// The digest of the plan, instead of an answer on the terminal.
    pub yes: Option<String>,
    /// Whether it may be done in a pipeline.
    pub allow_ci: bool,
    /// For how long it is watched whether a token dies.
    pub wait: Duration,
    /// The ledger.
    pub ledger: PathBuf,
    /// Whether the outcomes are written as JSON.
    pub json: bool,
}

/// What is told of the ledger.
#[derive(Debug, Clone)]
pub struct LedgerTask {
    /// The ledger.
    pub file: PathBuf,
    /// Whether it is only told that its chain is whole.
    pub verify: bool,
    /// Whether it is written as it is stored.
    pub json: bool,
}

/// Plans or carries out.
///
/// # Errors
/// When the task cannot be carried out: a plan that cannot be read, no answer of a person, a ledger that cannot be
/// written. What was not confirmed dead is no error but [`Ended::Unrevoked`].
pub fn revoke(task: &RevokeTask) -> Result<Ended, CommandError> {
    match task {
        RevokeTask::Plan(task) => plan(task),
        RevokeTask::Apply { plan, from, scan, how } => {
            permitted(how)?;
            let text = fs::read_to_string(plan).map_err(|error| failed(plan, &error))?;
            let plan = Plan::read(&text, now()).map_err(|why| failed(plan, &why))?;
            let prepared = Prepared::of(scan)?;
            let asked = agreed(&plan, how)?;
            let found = found_again(&plan, &asked.items, from, &prepared)?;
            carry_out(&plan, &asked, &found, (scan, &prepared), how)
        }
        RevokeTask::Stdin { scan, how, verb } => from_stdin(scan, how, verb.as_deref()),
    }
}

/// The findings of these items, as far as they are found again.
fn found_again(
    plan: &Plan,
    items: &[&Item],
    from: &Whereabouts,
    prepared: &Prepared,
) -> Result<Vec<Finding>, CommandError> {
    let listed: Vec<Listed> = items.iter().map(|item| listed(item)).collect();
    let seen = match from {
        Whereabouts::Places => recalled(&listed, Path::new(&plan.below), prepared)?,
        Whereabouts::Below(folder) => recalled(&listed, folder, prepared)?,
        Whereabouts::Stdin => seen_on_stdin(&stdin_whole()?, prepared),
    };
    Ok(settle(seen.sightings, vec![], &mut Dismissed::default(), Confidence::Possible).findings)
}

/// Prints the ledger, or checks it.
///
/// # Errors
/// When it cannot be read, or its chain is broken.
pub fn ledger(task: &LedgerTask, out: &mut dyn Write) -> Result<(), CommandError> {
    let ledger = Ledger::read(&task.file)?;
    if task.verify {
        let records = ledger.records().len();
        writeln!(
            out,
            "{records} records, each bound to the one before it; nothing was taken out or changed."
        )?;
    } else if task.json {
        for record in ledger.records() {
            writeln!(
                out,
                "{}",
                serde_json::to_string(record).map_err(|error| CommandError::new(error.to_string()))?
            )?;
        }
    } else {
        for record in ledger.records() {
            let line = format!(
                "{} by {}@{}: {} {}",
                record.sentence(),
                record.user,
                record.host,
                record.rule,
                record.finding
            );
            writeln!(out, "{}", sanitize(&line))?;
        }
    }
    if ledger.is_torn() {
        writeln!(
            out,
            "The last line was cut while it was written; what it was about is asked again by the next run."
        )?;
    }
    Ok(())
}

fn from_stdin(scan: &ScanTask, how: &Applying, verb: Option<&str>) -> Result<Ended, CommandError> {
    permitted(how)?;
    if how.yes.is_some() {
        return Err(CommandError::new(
            "--yes agrees to a plan that was looked at, and of secrets on standard input there is none yet; make one, \
             `stanch revoke plan - -o plan.json`, and give the same secrets to \
             `stanch revoke apply plan.json --stdin --yes DIGEST`",
        ));
    }
    let prepared = Prepared::of(scan)?;
    let bytes = stdin_whole()?;
    let seen = seen_on_stdin(&bytes, &prepared);
    let found = settle(seen.sightings, vec![], &mut Dismissed::default(), Confidence::Likely).findings;
    let typed = bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    if found.len() < typed {
        tell(&format!(
            "{} of {typed} lines hold no token that a rule knows; they are left alone.\n",
            typed - found.len()
        ));
    }
    let ledger = Ledger::read(&how.ledger)?;
    let plan = planned(found.clone(), "", (scan, &prepared), verb, &ledger)?;
    let items = agreed(&plan, how)?;
    carry_out(&plan, &items, &found, (scan, &prepared), how)
}

fn listed(item: &Item) -> Listed {
    let place = |place: &ItemPlace| {
        ListedPlace::of(&place.path, place.path_base64.as_deref(), &place.kind, place.object.as_deref())
    };
    Listed {
        id: FindingId(item.id.clone()),
        rule: item.rule.clone(),
        places: item.places.iter().map(place).collect(),
        parts: item.parts.iter().map(|part| path_of(&part.path, part.path_base64.as_deref())).collect(),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn say(text: &str) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(CommandError::from)
        .or_else(super::closed_pipe_is_fine)
}

/// Tells the person beside the output proper.
fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

fn failed(path: &Path, why: &dyn std::fmt::Display) -> CommandError {
    CommandError::new(format!("{}: {why}", path.display()))
}

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> CommandError {
        CommandError::new(error.to_string())
    }
}
