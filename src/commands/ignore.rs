//! `stanch ignore`: writes entries into an ignore file.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::conceal::concealed;
use super::dismissals::{IGNORE_FILE, placed, read, today};
use super::output::to_file;
use super::{CommandError, closed_pipe_is_fine};
use crate::findings::{Covers, EntryFile, Pattern, Put, Why, finding_id, gap_reason};
use crate::git::{Environment, Repository};
use crate::report::sanitize;

/// What is to be ignored, as typed.
#[derive(Debug, Clone, Default)]
pub struct IgnoreTask {
    /// Ids of findings.
    pub ids: Vec<String>,
    /// Patterns of paths.
    pub paths: Vec<String>,
    /// Gaps: their reasons and patterns of paths.
    pub gaps: Vec<(String, String)>,
    /// Why, until when, and who answers for it.
    pub why: Why,
    /// The ignore file, where it is not the one in the current folder.
    pub file: Option<PathBuf>,
}

/// Puts entries into the file, and tells what became of each.
///
/// # Errors
/// When something that was typed is not what it should be, or the file has faults or cannot be written. It stays as it
/// was then.
pub fn ignore(task: &IgnoreTask, out: &mut dyn Write) -> Result<(), CommandError> {
    let covers = meant(task)?;
    check(&task.why)?;
    if task.paths.iter().chain(task.gaps.iter().map(|(_, glob)| glob)).any(|glob| holds_secret(glob)) {
        return Err(CommandError::new(
            "a pattern holds what looks like a secret; ignore the finding by its id, or say `*` for that part",
        ));
    }
    let path = task.file.clone().unwrap_or_else(|| PathBuf::from(IGNORE_FILE));
    let shown = path.display();
    let mut file = open(&path)?;
    let mut told = vec![];
    for (what, covers) in covers {
        told.push(match file.put(covers, task.why.clone()) {
            Put::Added => format!("{shown}: {what}"),
            Put::Replaced => format!("{shown}: {what}; the entry that said so before is replaced"),
        });
    }
    write(&path, &file.text(), "ignore file", "--file")?;
    if task.file.is_none() {
        point_to_top();
    }
    told.iter()
        .try_for_each(|line| writeln!(out, "{}", sanitize(line)))
        .map_err(CommandError::from)
        .or_else(closed_pipe_is_fine)
}

/// Tells where git's hooks look, if that is not in the current folder. Where there is no repository, nobody does.
fn point_to_top() {
    let Ok(here) = std::env::current_dir().and_then(fs::canonicalize) else { return };
    let Ok(repository) = Repository::from_environment(Environment::of_process(), &here) else { return };
    let above = repository.worktree().and_then(|top| here.strip_prefix(fs::canonicalize(top).ok()?).ok());
    if let Some(below) = above.filter(|below| below.components().next().is_some()) {
        let up = "../".repeat(below.components().count());
        let _ = writeln!(
            io::stderr(),
            "stanch: this is for scans of this folder; hooks and `stanch git` read {up}{IGNORE_FILE} (--file {up}{IGNORE_FILE})"
        );
    }
}

/// What the entries are about, each after what it comes to; all faults at once.
fn meant(task: &IgnoreTask) -> Result<Vec<(String, Covers)>, CommandError> {
    let ids = task.ids.iter().map(|id| {
        let no_id = |_| format!("`{id}` is no finding's id, which has 16 hex digits; reports show it");
        let id = finding_id(id).map_err(no_id)?;
        Ok((format!("finding {id} is ignored"), Covers::Id(id)))
    });
    let paths = task.paths.iter().map(|glob| {
        let what = match glob.strip_prefix('!') {
            Some(glob) => format!("findings in {glob} are reported again"),
            None => format!("findings in {glob} are ignored"),
        };
        Ok((what, Covers::Path(Pattern::new(glob)?)))
    });
    let gaps = task.gaps.iter().map(|(reason, glob)| {
        Ok((format!("the gap `{reason}` in {glob} is accepted"), Covers::gap(gap_reason(reason)?, glob)?))
    });
    let (good, bad): (Vec<_>, Vec<_>) = ids.chain(paths).chain(gaps).partition(Result::is_ok);
    let faults: Vec<String> = bad.into_iter().filter_map(Result::err).collect();
    match faults.is_empty() {
        true => Ok(good.into_iter().flatten().collect()),
        false => Err(CommandError::all(faults)),
    }
}

/// Whether a person may say this of entries.
pub(super) fn check(why: &Why) -> Result<(), CommandError> {
    why.fits(&today()).map_err(CommandError::new)?;
    match [&why.reason, &why.owner].into_iter().flatten().any(|text| holds_secret(text)) {
        true => {
            Err(CommandError::new("the reason or the owner holds what looks like a secret; say it without"))
        }
        false => Ok(()),
    }
}

/// The file is for everyone to read.
fn holds_secret(text: &str) -> bool {
    concealed(text) != text
}

fn open(path: &Path) -> Result<EntryFile, CommandError> {
    let text = if is_there(path) { read(path, "ignore file")? } else { String::new() };
    EntryFile::parse(&text).map_err(|faults| CommandError::all(placed(path, faults)))
}

/// Whether there is something at a path, be it a link that leads nowhere.
pub(super) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Writes a file whole or not at all.
pub(super) fn write(path: &Path, text: &str, what: &str, option: &str) -> Result<(), CommandError> {
    to_file(path, false, |out| out.write_all(text.as_bytes())).map_err(|error: io::Error| {
        let path = path.display();
        CommandError::new(format!(
            "{path}: the {what} cannot be written: {error}; it is as it was; choose another place with {option}"
        ))
    })
}
