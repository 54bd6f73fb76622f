//! `stanch git`: all of a repository's history, each object once.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Mutex;

use super::dismissals::read_dismissed;
use super::examine::{Examined, examine, suspected};
use super::scan::{Prepared, Seen, finish, lock};
use super::{CommandError, Ended, ScanTask};
use crate::findings::Extent;
use crate::git::history::Label;
use crate::model::{Appearance, BlobPath, Gap, GapReason, PlaceKind, Secret, Sighting};
use crate::report::Progress;
use crate::sources::{Blob, Cache, History, Located, Looked, Part, Told, Visit};

/// What of a repository is scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of its history.
    Whole,
    /// The same, and that of its submodules.
    WithSubmodules,
    /// A part of its history.
    Part(Part),
}

/// Scans the history of the repository that is the first root of the task, or of the one at hand where the
/// task has no root, or a part of it, and reports.
///
/// # Errors
/// As for a scan; and when there is no repository, or the part names what is not there.
pub fn git(task: &ScanTask, scope: &Scope) -> Result<Ended, CommandError> {
    task.output.check()?;
    let prepared = Prepared::of(task)?;
    let path = task.roots.first().map(|root| root.as_path());
    let history = History::open(path, task.jobs)?;
    let history = if task.purge_plan { history.naming_all() } else { history };
    let history = match &task.cache {
        Some(folder) => history.remembering(Cache::open(folder, prepared.digest)?),
        None => history,
    };
    let dismissed = read_dismissed(task, history.worktree().map(Path::to_owned).as_slice())?;
    let seen = match scope {
        Scope::Whole => whole(&history, &prepared)?,
        Scope::WithSubmodules => nested(&history, &prepared, DEEPEST)?,
        Scope::Part(part) => read(&history, Some(part), &prepared)?,
    };
    let extent = if matches!(scope, Scope::Part(_)) { Extent::Part } else { Extent::History };
    finish(task, &prepared, seen, dismissed, extent)
}

/// Submodules may have submodules; so many in each other nobody has.
const DEEPEST: usize = 32;

fn whole(history: &History, prepared: &Prepared) -> Result<Seen, CommandError> {
    let mut seen = read(history, None, prepared)?;
    let submodules = history.submodules().here.len() as u64;
    if submodules > 0 {
        let submodules =
            if submodules == 1 { "1 submodule".into() } else { format!("{submodules} submodules") };
        seen.notes.push(format!(
            "the history of {submodules} is here and was not scanned; --recurse-submodules does so"
        ));
    }
    Ok(seen)
}

/// What is in the history and in those of its submodules.
fn nested(history: &History, prepared: &Prepared, depth: usize) -> Result<Seen, CommandError> {
    let mut seen = read(history, None, prepared)?;
    let submodules = history.submodules();
    submodules.absent.into_iter().for_each(|gap| seen.take(Visit::Gap(gap)));
    for (prefix, folder) in submodules.here {
        let unreadable = |detail| Gap { path: prefix.clone(), reason: GapReason::Unreadable, detail };
        match (history.of_submodule(&folder), depth.checked_sub(1)) {
            (Ok(submodule), Some(depth)) => seen.absorb(nested(&submodule, prepared, depth)?, &prefix),
            (Ok(_), None) => {
                seen.take(Visit::Gap(unreadable("submodules lie in each other too deep".into())));
            }
            (Err(error), _) => seen.take(Visit::Gap(unreadable(error.to_string()))),
        }
    }
    Ok(seen)
}

/// What is in the history, or in a part of it.
pub(super) fn read(
    history: &History,
    part: Option<&Part>,
    prepared: &Prepared,
) -> Result<Seen, CommandError> {
    let seen = Mutex::new(Seen::default());
    let progress = Progress::on_stderr();
    let each = |visit: Visit<'_>| match visit {
        Visit::Past(blobs, bytes) => {
            progress.add(blobs, bytes);
            lock(&seen).past(blobs, bytes);
        }
        Visit::Blob(blob) => {
            let (path, kind) = (blob.path, blob.kind);
            let examined = examine(prepared, blob);
            lock(&seen).add_uncounted(path, kind, examined);
        }
        other => lock(&seen).take(other),
    };
    let mut places = Places { lists_all: history.names_all(), ..Places::default() };
    let suspect = |bytes: &[u8]| suspected(prepared, bytes);
    let special = |name: &[u8]| prepared.engine.is_special(name);
    let mut look = |located: Located<'_>| {
        let Located { path, object, content, in_scope } = located;
        let blob = Blob { path, kind: PlaceKind::File, appearance: None, content };
        let Examined { sightings, dropped, nature, gaps, .. } = examine(prepared, blob);
        if in_scope {
            lock(&seen).drop_more(path, dropped);
        }
        Looked { labels: places.add(path, object, &sightings), nature, gaps }
    };
    let told = match part {
        None => history.read(&suspect, &special, &each, &mut look),
        Some(part) => history.read_part(part, &suspect, &special, &each, &mut look)?,
    };
    let mut seen = seen.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    told.into_iter().for_each(|told| seen.sightings.extend(places.take(told)));
    Ok(seen)
}

/// What was seen in the blobs of a history, at each of their paths.
#[derive(Default)]
struct Places {
    labels: HashMap<(&'static str, Secret), Label>,
    /// By path and label: the objects and what was seen in them.
    sightings: HashMap<(BlobPath, Label), Vec<(String, Sighting)>>,
    /// Whether all objects are told that hold something at a path.
    lists_all: bool,
}

impl Places {
    /// Keeps what was seen in an object, and returns a label for each rule and value.
    fn add(&mut self, path: &BlobPath, object: &str, sightings: &[Sighting]) -> Vec<Label> {
        let mut label_of = |sighting: &Sighting| {
            let next = self.labels.len() as Label;
            *self.labels.entry((sighting.rule.id, sighting.secret.clone())).or_insert(next)
        };
        let labels: Vec<Label> = sightings.iter().map(&mut label_of).collect();
        for (sighting, &label) in sightings.iter().zip(&labels) {
            let at = self.sightings.entry((path.clone(), label)).or_default();
            at.push((object.to_owned(), sighting.clone()));
        }
        labels
    }

    /// What was seen where a label came to a path, with what became of it.
    fn take(&self, told: Told) -> Vec<Sighting> {
        let Told { path, label, appearance, note_on } = told;
        let Some(at) = self.sightings.get(&(path, label)) else { return vec![] };
        let there = at.iter().any(|(object, _)| *object == appearance.object);
        let object = if there { appearance.object.clone() } else { at[0].0.clone() };
        let of_object = at.iter().filter(|(other, _)| *other == object);
        let listed = at.iter().filter(|_| self.lists_all).map(|(object, _)| object.clone());
        let objects = listed.collect::<BTreeSet<String>>().into_iter().collect();
        let appearance = Appearance { objects, ..appearance };
        of_object
            .map(|(_, sighting)| {
                let mut sighting = sighting.clone();
                sighting.place.appearance = Some(Box::new(appearance.clone()));
                if let Some(object) = &note_on {
                    (sighting.place.kind, sighting.place.path) = (PlaceKind::Note, object.clone());
                }
                sighting
            })
            .collect()
    }
}
