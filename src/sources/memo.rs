//! What a run told of a repository, kept for a run that finds it unchanged.
//!
//! Kept are the places at which something is, not what is there: those objects are scanned again. Even so, such
//! a file can be read only by who has the key of the cache and the repository as it was: both take part in the
//! key with which it is encrypted.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::cache::{Cache, tell_unless_kept};
use super::history::{LARGEST, lock, visit_text};
use super::lfs::Pointer;
use super::{Blob, Content, History, Look, Nature, Special, Suspect, Told, Visit};
use crate::git::history::Label;
use crate::git::{self, Lookup, ObjectId, Target};
use crate::model::{Appearance, BlobPath, Commit, Gap, GapReason, PlaceKind};

/// All that a run told of the objects of a repository.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Memo {
    blobs: u64,
    bytes: u64,
    nature: Nature,
    /// Commits and tags in which something may be written, in hex.
    texts: BTreeSet<String>,
    /// Path, reason and detail.
    gaps: Vec<(Vec<u8>, String, String)>,
    /// Paths and blobs that had labels, in the order in which they were looked at.
    places: Vec<(Vec<u8>, String)>,
    told: Vec<Entry>,
}

/// What was told of a label at a path.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    path: Vec<u8>,
    label: Label,
    introduced: Option<(String, String, String)>,
    introduced_again: u64,
    removed: Option<(String, String, String)>,
    object: String,
    in_head: bool,
    refs: Vec<String>,
    more_refs: u64,
}

/// Writes down what a run tells.
#[derive(Default)]
struct Recorder {
    memo: Mutex<Memo>,
    /// Something was told that cannot be told again without a full run.
    is_unfit: AtomicBool,
}

impl History {
    /// Tells again what a run before told of the same state, or reads all objects.
    pub(super) fn read_or_repeat(
        &self,
        cache: &Cache,
        refs: &git::Refs,
        suspect: Suspect<'_>,
        special: Special<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
        look: Look<'_>,
    ) -> Vec<Told> {
        let state = self.state(refs);
        if let Some(memo) = state.and_then(|state| cache.memo(&self.repository, state)) {
            each(Visit::Remark("nothing changed since a run with the same rules".into()));
            return self.repeat(memo, each, look);
        }
        let recorder = Recorder::default();
        let told = self.read_objects(
            refs,
            &|bytes| {
                // What Git LFS has is not part of the state.
                recorder.is_unfit.fetch_or(Pointer::parse(bytes).is_some(), Ordering::Relaxed);
                suspect(bytes)
            },
            special,
            &|visit| {
                recorder.note(&visit, suspect);
                each(visit);
            },
            &mut |located| {
                let (path, object) = (located.path.as_bytes().to_owned(), located.object.to_owned());
                let looked = look(located);
                if !looked.labels.is_empty() {
                    lock(&recorder.memo).places.push((path, object));
                }
                looked
            },
        );
        // What changed on the way may have been read before or after.
        let is_settled = state.is_some() && state == self.state(&self.repository.refs());
        if let (Some(state), Some(memo)) = (state.filter(|_| is_settled), recorder.memo(&told)) {
            tell_unless_kept(cache.keep_memo(&self.repository, state, &memo), each);
        }
        told
    }

    /// A digest of all that decides what is told of the objects. `None` where a part of it cannot be read.
    fn state(&self, refs: &git::Refs) -> Option<[u8; 32]> {
        let mut hasher = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        if !self.repository.problems().is_empty() || !refs.problems.is_empty() {
            return None;
        }
        self.store.digest(&mut add).ok()?;
        for one in &refs.all {
            add(&one.name);
            match &one.target {
                Target::Object(id) => add(id.as_bytes()),
                Target::Ref(name) => add(name),
            }
        }
        let problems = self.repository.reflogs(&mut |log| {
            add(log.name);
            add(log.line);
        });
        self.repository.shallow().ok()?.iter().for_each(|id| add(id.as_bytes()));
        add(&[u8::from(self.names_all), u8::from(self.repository.is_partial())]);
        add(self.repository.promisor().unwrap_or_default().as_bytes());
        problems.is_empty().then(|| hasher.finalize().into())
    }

    /// Tells what was told before, after a new look at all that holds something.
    fn repeat(&self, memo: Memo, each: &(dyn Fn(Visit<'_>) + Sync), look: Look<'_>) -> Vec<Told> {
        each(Visit::Past(memo.blobs, memo.bytes));
        each(Visit::Nature(memo.nature));
        let told: BTreeSet<Gap> = memo.gaps.into_iter().map(gap_of).collect();
        told.iter().for_each(|gap| each(Visit::Gap(gap.clone())));
        let lookup = Lookup::new(&self.store, LARGEST);
        let mut bytes = vec![];
        for text in &memo.texts {
            let found = ObjectId::from_hex(text.as_bytes()).ok().map(|id| lookup.find(&id, &mut bytes));
            if let Some(Ok(Some(kind))) = found {
                visit_text(text, kind, &bytes, each);
            }
        }
        let uncounted = |visit: Visit<'_>| match visit {
            Visit::Nature(..) => {}
            Visit::Gap(gap) if told.contains(&gap) => {}
            other => each(other),
        };
        for (path, object) in memo.places {
            if let Ok(id) = ObjectId::from_hex(object.as_bytes()) {
                // The labels come out as they did before: they are numbered in the order of the places.
                self.labels_at(&BlobPath::new(path), &id, true, &lookup, &uncounted, look);
            }
        }
        memo.told.into_iter().map(Entry::told).collect()
    }
}

fn gap_of((path, reason, detail): (Vec<u8>, String, String)) -> Gap {
    let reason = GapReason::ALL.into_iter().find(|known| known.as_str() == reason);
    Gap { path: BlobPath::new(path), reason: reason.unwrap_or(GapReason::Unreadable), detail }
}

impl Recorder {
    fn note(&self, visit: &Visit<'_>, suspect: Suspect<'_>) {
        let mut memo = lock(&self.memo);
        match visit {
            Visit::Past(blobs, bytes) => {
                memo.blobs += blobs;
                memo.bytes += bytes;
            }
            Visit::Nature(nature) => memo.nature += *nature,
            Visit::Gap(Gap { path, reason, detail }) => {
                memo.gaps.push((path.as_bytes().to_owned(), reason.as_str().to_owned(), detail.clone()));
            }
            Visit::Blob(Blob {
                path, kind: PlaceKind::Author | PlaceKind::Message | PlaceKind::Tag, ..
            }) => {
                memo.texts.insert(path.to_lossy().into_owned());
            }
            // Names that hold nothing need not be looked at again.
            Visit::Blob(Blob { kind: PlaceKind::Name, content: Content::Whole(name), .. })
                if !suspect(name) => {}
            Visit::Blob(_) | Visit::Passed(_) => self.is_unfit.store(true, Ordering::Relaxed),
            Visit::Remark(_) => {}
        }
    }

    fn memo(self, told: &[Told]) -> Option<Memo> {
        let memo = self.memo.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let told = told.iter().map(Entry::of).collect();
        (!self.is_unfit.into_inner()).then_some(Memo { told, ..memo })
    }
}

impl Entry {
    fn of(told: &Told) -> Entry {
        let Appearance { introduced, introduced_again, removed, object, in_head, refs, more_refs, .. } =
            told.appearance.clone();
        let parts = |commit: Commit| (commit.id, commit.author, commit.date);
        Entry {
            path: told.path.as_bytes().to_owned(),
            label: told.label,
            introduced: introduced.map(parts),
            introduced_again,
            removed: removed.map(parts),
            object,
            in_head,
            refs,
            more_refs,
        }
    }

    fn told(self) -> Told {
        let commit = |(id, author, date)| Commit { id, author, date };
        let appearance = Appearance {
            introduced: self.introduced.map(commit),
            introduced_again: self.introduced_again,
            removed: self.removed.map(commit),
            object: self.object,
            in_head: self.in_head,
            refs: self.refs,
            more_refs: self.more_refs,
            novelty: None,
            objects: vec![],
        };
        Told::new(BlobPath::new(self.path), self.label, appearance)
    }
}
