//! `stanch baseline`: makes a baseline of what a scan finds, adds what is new, and takes out what is gone.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::conceal::concealed;
use super::dismissals::{BASELINE, placed, read, read_ignores};
use super::git::read as read_history;
use super::ignore::{check, is_there, write};
use super::scan::{Prepared, visit_roots};
use super::{CommandError, Ended, Known, ScanTask};
use crate::findings::{EntryFile, Extent, Settled, Why, empty_baseline, parse_baseline, settle};
use crate::model::{Confidence, FindingId};
use crate::report::sanitize;
use crate::sources::History;

/// Which baseline, and what is scanned for it.
#[derive(Debug, Clone)]
pub struct BaselineTask {
    /// The scan; its only root is a repository where a history is scanned.
    pub scan: ScanTask,
    /// The baseline, where it is not the one of the root.
    pub file: Option<PathBuf>,
    /// What is done with it.
    pub change: BaselineChange,
}

/// What is done with a baseline.
#[derive(Debug, Clone)]
pub enum BaselineChange {
    /// It is made, with this said of its entries.
    Create(Extent, Why),
    /// What it does not have is added, with this said of it.
    Update(Why),
    /// What is not found any more is taken out, `despite_gaps` also where something was not scanned.
    Prune {
        /// Whether gaps are no hindrance.
        despite_gaps: bool,
    },
}

/// Changes a baseline, and tells on standard output what was done.
///
/// # Errors
/// As for a scan; and when the baseline is there or is not, has faults or cannot be written, or where entries should be
/// taken out of which nobody knows whether they are still needed. It stays as it was then.
pub fn baseline(task: &BaselineTask) -> Result<Ended, CommandError> {
    if task.scan.roots.iter().any(|root| root == Path::new("-")) {
        return Err(CommandError::new("a baseline is of files or of a history, not of standard input"));
    }
    match &task.change {
        BaselineChange::Create(extent, why) => create(task, *extent, why),
        BaselineChange::Update(why) => update(task, why),
        BaselineChange::Prune { despite_gaps } => prune(task, *despite_gaps),
    }
}

fn create(task: &BaselineTask, extent: Extent, why: &Why) -> Result<Ended, CommandError> {
    check(why)?;
    let path = place(task, extent == Extent::History)?;
    if is_there(&path) {
        return Err(CommandError::new(format!(
            "{}: there is a file already, and it stays; `stanch baseline update` adds what is new, `stanch baseline prune` takes out what is gone",
            path.display()
        )));
    }
    let settled = look(&task.scan, extent)?;
    let (_, mut file) = parse_baseline(&empty_baseline(extent)).map_err(CommandError::all)?;
    let ids = ids(&settled);
    file.put_new(&ids, why);
    save(&path, &file)?;
    say(&format!("{}: made with {}", path.display(), entries(ids.len())))?;
    Ok(after(&settled))
}

fn update(task: &BaselineTask, why: &Why) -> Result<Ended, CommandError> {
    check(why)?;
    let (path, extent, mut file) = open(task)?;
    let settled = look(&task.scan, extent)?;
    let known: BTreeSet<FindingId> = file.ids().cloned().collect();
    let new = ids(&settled).into_iter().filter(|id| !known.contains(id)).collect();
    file.put_new(&new, why);
    if !new.is_empty() {
        save(&path, &file)?;
    }
    say(&format!("{}: {} added, {} as before", path.display(), entries(new.len()), known.len()))?;
    Ok(after(&settled))
}

fn prune(task: &BaselineTask, despite_gaps: bool) -> Result<Ended, CommandError> {
    let (path, extent, mut file) = open(task)?;
    let settled = look(&task.scan, extent)?;
    let found = ids(&settled);
    let gone = file.keep_ids(|id| found.contains(id));
    if gone > 0 && !settled.gaps.is_empty() && !despite_gaps {
        return Err(CommandError::new(format!(
            "{}: nothing is taken out: {}, and what was not found ({}) may be there; mend that, or use --despite-gaps",
            path.display(),
            unscanned(&settled),
            entries(gone)
        )));
    }
    if gone > 0 {
        save(&path, &file)?;
    }
    say(&format!("{}: {} taken out, {} kept", path.display(), entries(gone), file.ids().count()))?;
    Ok(after(&settled))
}

/// What is found, apart from what the ignore file and marks are about.
fn look(task: &ScanTask, extent: Extent) -> Result<Settled, CommandError> {
    let task = &ScanTask { known: Known::Nothing, ..task.clone() };
    let prepared = Prepared::of(task)?;
    let (mut seen, roots) = match extent {
        Extent::History => {
            let history = history(task)?;
            let worktree = history.worktree().map(Path::to_owned);
            (read_history(&history, None, &prepared)?, worktree.into_iter().collect())
        }
        Extent::Files | Extent::Part => (visit_roots(task, &prepared)?, task.roots.clone()),
    };
    if !task.inline_marks {
        seen.unmark();
    }
    let mut dismissed = read_ignores(task, &roots)?;
    Ok(settle(seen.sightings, seen.gaps, &mut dismissed, Confidence::Possible))
}

fn ids(settled: &Settled) -> BTreeSet<&FindingId> {
    settled.findings.iter().map(|finding| &finding.id).collect()
}

fn history(task: &ScanTask) -> Result<History, CommandError> {
    match &task.roots[..] {
        [root] => Ok(History::open(Some(root), task.jobs)?),
        _ => Err(CommandError::new("a history is that of one repository; name one")),
    }
}

/// The baseline that is there, what it was made of, and its lines.
fn open(task: &BaselineTask) -> Result<(PathBuf, Extent, EntryFile), CommandError> {
    let path = place(task, false)?;
    if !is_there(&path) {
        return Err(CommandError::new(format!(
            "{}: there is no baseline; `stanch baseline create` makes one",
            path.display()
        )));
    }
    let parsed = parse_baseline(&read(&path, "baseline")?);
    let (extent, file) = parsed.map_err(|faults| CommandError::all(placed(&path, faults)))?;
    Ok((path, extent, file))
}

/// Where the baseline is: where a scan of these roots looks for it.
fn place(task: &BaselineTask, is_of_history: bool) -> Result<PathBuf, CommandError> {
    match (&task.file, &task.scan.roots[..]) {
        (Some(file), _) => Ok(file.clone()),
        (None, _) if is_of_history => match history(&task.scan)?.worktree() {
            Some(top) => Ok(from_here(top.join(BASELINE))),
            None => Err(CommandError::new(
                "this repository has no files; say with --output where the baseline is",
            )),
        },
        (None, [root]) if root == Path::new(".") => Ok(PathBuf::from(BASELINE)),
        (None, [root]) if root.is_dir() => Ok(root.join(BASELINE)),
        (None, roots) if roots.iter().all(|root| root.is_file()) => Ok(PathBuf::from(BASELINE)),
        (None, _) => Err(CommandError::new(
            "a baseline is that of one root, where a scan looks for it; name one folder, or say with --output where it is",
        )),
    }
}

/// A path as short as it can be said in the current folder.
fn from_here(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().and_then(std::fs::canonicalize).unwrap_or_default();
    path.strip_prefix(here).map(Path::to_owned).unwrap_or(path)
}

fn save(path: &Path, file: &EntryFile) -> Result<(), CommandError> {
    write(path, &file.text(), "baseline", "--output")
}

/// How it ended. What was not scanned is told on standard error.
fn after(settled: &Settled) -> Ended {
    if settled.gaps.is_empty() {
        return Ended::Clean;
    }
    // Nothing is lost where nobody can be told.
    let _ = writeln!(io::stderr(), "stanch: {}", sanitize(&concealed(&unscanned(settled))));
    Ended::Gaps
}

fn unscanned(settled: &Settled) -> String {
    let first = settled.gaps.first().map(|gap| gap.path.to_lossy().into_owned()).unwrap_or_default();
    let which = match settled.gaps.len() {
        1 => first,
        number => format!("{first} and {} more", number - 1),
    };
    format!("not everything in scope could be scanned ({which}; a scan tells why)")
}

fn entries(number: usize) -> String {
    format!("{number} {}", if number == 1 { "entry" } else { "entries" })
}

fn say(line: &str) -> Result<(), CommandError> {
    writeln!(io::stdout().lock(), "{}", sanitize(line))
        .map_err(CommandError::from)
        .or_else(super::closed_pipe_is_fine)
}
