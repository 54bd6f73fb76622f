//! `stanch hook pre-push` and `stanch hook pre-receive`: what a push brings, before it is sent and before it
//! is accepted.

use std::io::{self, Read};

use super::dismissals::read_dismissed;
use super::git::{Scope, git, read};
use super::scan::{Prepared, finish};
use super::{CommandError, Ended, Known, ScanTask};
use crate::findings::Extent;
use crate::git::{ObjectId, Revisions};
use crate::sources::{History, Part, Start};

/// The ignore file of a server, in the repository's own folder, which no push changes.
const SERVER_IGNORES: &str = "info/stanchignore";

/// Its baseline there.
const SERVER_BASELINE: &str = "info/stanch-baseline";

/// Scans what a push is about to send. Git tells on standard input, one line a ref: its name here and its
/// commit, its name there and the commit that is there now (githooks(5)).
///
/// # Errors
/// As for a scan; and when the lines are not such.
pub fn pre_push(task: &ScanTask, remote: Option<&str>) -> Result<Ended, CommandError> {
    let mut part = Part::default();
    let mut revisions = Revisions::default();
    for line in pushed()? {
        let [_, new, name, old] = words(&line)?;
        part.names.push(name.as_bytes().to_vec());
        revisions.tips.extend(id(new)?);
        revisions.excluded.extend(id(old)?);
    }
    part.start = Start::Push(revisions, remote.map(str::to_owned));
    git(task, &Scope::Part(part))
}

/// Scans what a push brought to a server, before any ref is moved. Git tells on standard input, one line a
/// ref: the commit that is there now, the new one, the name (githooks(5)). Marks in what was pushed count for
/// nothing, and ignored is what the server's own file says.
///
/// # Errors
/// As for a scan; and when the lines are not such.
pub fn pre_receive(task: &ScanTask) -> Result<Ended, CommandError> {
    let prepared = Prepared::of(task)?;
    let history = History::open(None, task.jobs)?;
    let mut part = Part::default();
    let mut tips = vec![];
    for line in lines()? {
        let [_, new, name] = words(&line)?;
        part.names.push(name.as_bytes().to_vec());
        tips.extend(id(new)?);
    }
    part.start = Start::Incoming(tips);
    let own = |name: &str| Some(history.folder().join(name)).filter(|file| file.is_file());
    let known = match (&task.known, own(SERVER_BASELINE)) {
        (Known::OfRoots, Some(file)) => Known::Named(file),
        (known, _) => known.clone(),
    };
    let ignore_file = task.ignore_file.clone().or_else(|| own(SERVER_IGNORES));
    let task = ScanTask { ignore_file, known, inline_marks: false, ..task.clone() };
    let dismissed = read_dismissed(&task, &[])?;
    let seen = read(&history, Some(&part), &prepared)?;
    finish(&task, &prepared, seen, dismissed, Extent::Part)
}

/// The lines that git writes for this hook. The pre-commit framework keeps them for itself and tells of one ref in
/// variables (its documentation, "pre-commit during push").
fn pushed() -> Result<Vec<String>, CommandError> {
    let variable = |name: &str| std::env::var(format!("PRE_COMMIT_{name}")).ok();
    let (Some(new), Some(old)) = (variable("TO_REF"), variable("FROM_REF")) else { return lines() };
    let [here, there] = ["LOCAL_BRANCH", "REMOTE_BRANCH"].map(|name| variable(name).unwrap_or_default());
    Ok(vec![format!("{here} {new} {there} {old}")])
}

/// The lines on standard input.
fn lines() -> Result<Vec<String>, CommandError> {
    let mut bytes = vec![];
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| CommandError::new(format!("standard input: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
}

/// The words of a line; names of refs hold no space.
fn words<const N: usize>(line: &str) -> Result<[&str; N], CommandError> {
    let words: Vec<&str> = line.split(' ').collect();
    words.try_into().map_err(|_| {
        CommandError::new(format!(
            "standard input holds a line that git would not write there ({N} words are needed); this command is for git to call, see githooks(5)"
        ))
    })
}

/// An object; `None` for all zeros, which stand for nothing there.
fn id(hex: &str) -> Result<Option<ObjectId>, CommandError> {
    let id = ObjectId::from_hex(hex.as_bytes()).map_err(|_| {
        CommandError::new("standard input holds no object's id where git would write one; see githooks(5)")
    })?;
    Ok((!id.is_null()).then_some(id))
}
