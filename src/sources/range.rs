//! A part of a repository's history: what some commits bring that was not there before.
//!
//! Only the commits of the part are walked, and of their trees only what differs from their parents'. What was
//! there before is looked at when something was found: to tell a value that moved from one that is new.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use foldhash::HashSet;

use super::blobs::for_each_blob;
use super::history::{LARGEST, MOST_REFS, People, lock, note_on, visit_line, visit_text};
use super::lfs::Pointer;
use super::{History, Look, SourceError, Special, Suspect, Told, Visit, tree};
use crate::git::history::{self, Arrival, CommitCollector, CommitIx, Commits, Label, Labels, TreeCollector};
use crate::git::{self, Kind, Lookup, ObjectId, Objects, Origin, Revisions, Store, Trees, Walked};
use crate::model::{Appearance, BlobPath, Novelty, PlaceKind, start_of_day};

/// Which part of a history is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Where the history starts.
    pub start: Start,
    /// Names of refs that are part of it.
    pub names: Vec<Vec<u8>>,
    /// Only commits that were made on this day (`YYYY-MM-DD`, from midnight UTC) or later, or since any other
    /// date that git knows.
    pub since: Option<String>,
}

/// Where a part of a history starts, and where it ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Start {
    /// All refs, and all that they lead to.
    #[default]
    Refs,
    /// One branch, and all that it leads to.
    Branch(String),
    /// A range such as `A..B`.
    Range(String),
    /// What the branches here lead to, and no remote's branch does.
    Unpushed,
    /// These objects, without what others lead to.
    Objects(Revisions),
    /// What the index holds and the commit that is checked out does not: what would be committed.
    Staged,
    /// What a push brought, and what these objects of it lead to: what the repository keeps apart as long as
    /// nobody accepted it.
    Incoming(Vec<ObjectId>),
}

/// More blobs than this are not looked up one by one.
const MANY: usize = 20_000;

/// What a push brought, apart from what was there before.
struct Quarantine {
    apart: Store,
    before: Store,
}

/// The commits of a part, and what in it may hold something.
struct Found {
    walked: Walked,
    commits: Commits,
    suspects: BTreeSet<ObjectId>,
    loose: BTreeSet<ObjectId>,
}

/// What of a part was not there before.
#[derive(Default)]
struct Fresh {
    blobs: BTreeSet<ObjectId>,
    /// Blobs with names that ask for a look whatever they hold.
    special: BTreeSet<ObjectId>,
    /// Blobs that a tag or a ref names without a commit.
    loose: BTreeSet<ObjectId>,
    names: BTreeSet<Vec<u8>>,
}

impl History {
    /// Reads a part of the history. As [`History::read`], which reads all of it.
    ///
    /// # Errors
    /// When the part names what is not there.
    pub fn read_part(
        &self,
        part: &Part,
        suspect: Suspect<'_>,
        special: Special<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
        look: Look<'_>,
    ) -> Result<Vec<Told>, SourceError> {
        let suspect_text = suspect;
        let suspect: Suspect<'_> = &|bytes| Pointer::parse(bytes).is_some() || suspect_text(bytes);
        if part.start == Start::Staged {
            return self.read_staged(suspect, special, each, look);
        }
        let (revisions, since) = self.meant(part)?;
        let quarantine = match part.start {
            Start::Incoming(_) => Store::quarantine(&self.repository),
            _ => None,
        };
        let quarantine = quarantine.map(|(apart, before)| Quarantine { apart, before });
        let known = quarantine.as_ref().map(|quarantine| &quarantine.before);
        self.tell_gaps(self.repository.problems().iter().chain(self.store.problems()), each);
        let lookup = Lookup::new(&self.store, LARGEST);
        let mut walked = git::walk(&self.repository, &lookup, &revisions, since, known);
        self.tell_gaps(&walked.problems, each);
        walked.tags.retain(|id| !known.is_some_and(|known| known.contains(id)));
        let commits = self.commits_of(&walked, &lookup, suspect_text, each);
        let mut fresh = self.fresh(&walked, &commits, &lookup, special, each);
        fresh.blobs.retain(|id| !known.is_some_and(|known| known.contains(id)));
        for name in &fresh.names {
            visit_line(&BlobPath::new(name.as_slice()), PlaceKind::Name, name, each);
        }
        for name in part.names.iter().filter(|name| tree::is_telling(name)) {
            visit_line(&BlobPath::new(name.as_slice()), PlaceKind::Ref, name, each);
        }
        let mut suspects = match &quarantine {
            Some(quarantine) => self.suspects_apart(quarantine, &walked, suspect, each),
            None => self.suspects_among(&fresh.blobs, suspect, each),
        };
        fresh.loose.extend(suspects.difference(&fresh.blobs));
        suspects.extend(fresh.special);
        if suspects.is_empty() {
            return Ok(vec![]);
        }
        let found = Found { walked, commits, suspects, loose: fresh.loose };
        Ok(self.tell_part(&found, suspect, each, look))
    }

    /// The blobs that may hold something of all that a push brought, also of what it leads to nowhere, after a
    /// look at what is written in its other objects.
    fn suspects_apart(
        &self,
        Quarantine { apart, before }: &Quarantine,
        walked: &Walked,
        suspect: Suspect<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) -> BTreeSet<ObjectId> {
        let objects = Objects::open(apart);
        self.tell_gaps(objects.problems(), each);
        let seen: HashSet<&ObjectId> = walked.commits.iter().chain(&walked.tags).collect();
        // A pack is completed with objects that were there before, which its differences are based on.
        let is_new = |id: &git::oid| !before.contains(id) && !seen.contains(&id.to_owned());
        self.visit(&objects, &[Kind::Commit, Kind::Tag], each, &|id, kind, bytes| {
            if suspect(bytes) && is_new(id) {
                visit_text(&id.to_string(), kind == Kind::Tag, bytes, each);
            }
        });
        let suspects = self.suspects(&objects, suspect, each);
        suspects.into_iter().filter(|id| !before.contains(id)).collect()
    }

    fn meant(&self, part: &Part) -> Result<(Revisions, Option<i64>), SourceError> {
        let revisions =
            |of: &str| self.repository.revisions(of).map_err(|problem| SourceError(problem.detail));
        let ids = |wanted: &[&[u8]]| -> Vec<ObjectId> {
            let refs = self.repository.refs();
            let is_wanted = |name: &[u8]| wanted.iter().any(|start| name.starts_with(start));
            let names = refs.all.iter().map(|one| &one.name).filter(|name| is_wanted(name));
            names.filter_map(|name| refs.resolve(name).copied()).collect()
        };
        let revisions = match &part.start {
            Start::Refs => Revisions { tips: ids(&[b"HEAD", b"refs/"]), excluded: vec![] },
            Start::Branch(name) => {
                let branch = revisions(&format!("refs/heads/{name}")).or_else(|_| revisions(name))?;
                if branch.tips.len() != 1 || !branch.excluded.is_empty() {
                    return Err(SourceError(format!("`{name}` is no branch; for a range there is --range")));
                }
                branch
            }
            Start::Range(range) => revisions(range)?,
            Start::Unpushed => {
                Revisions { tips: ids(&[b"HEAD", b"refs/heads/"]), excluded: ids(&[b"refs/remotes/"]) }
            }
            Start::Objects(revisions) => revisions.clone(),
            Start::Staged => Revisions::default(),
            Start::Incoming(tips) => {
                let is_apart = self.repository.object_folders()[0].origin == Origin::Quarantine;
                let excluded = if is_apart { vec![] } else { ids(&[b"HEAD", b"refs/"]) };
                Revisions { tips: tips.clone(), excluded }
            }
        };
        let since = part.since.as_deref().map(|date| match start_of_day(date) {
            Some(seconds) => Ok(seconds),
            None => self.repository.seconds_of(date).map_err(|problem| SourceError(problem.detail)),
        });
        Ok((revisions, since.transpose()?))
    }

    /// The commits of the part, after a look at what is written in them, and those at its boundary.
    fn commits_of(
        &self,
        walked: &Walked,
        lookup: &Lookup<'_>,
        suspect: Suspect<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) -> Commits {
        let mut collector = CommitCollector::new(self.repository.object_format());
        let mut bytes = vec![];
        let mut read = |id: &ObjectId, take: &mut dyn FnMut(&[u8])| match lookup.find(id, &mut bytes) {
            Ok(Some(_)) => take(&bytes),
            Ok(None) => {}
            Err(problem) => self.tell_gaps([&problem], each),
        };
        for id in &walked.commits {
            read(id, &mut |bytes| {
                collector.commit(id, bytes);
                if suspect(bytes) {
                    visit_text(&id.to_string(), false, bytes, each);
                }
            });
        }
        for id in &walked.tags {
            read(id, &mut |bytes| {
                collector.tag(id, bytes);
                if suspect(bytes) {
                    visit_text(&id.to_string(), true, bytes, each);
                }
            });
        }
        for id in &walked.boundary {
            read(id, &mut |bytes| collector.commit(id, bytes));
        }
        Commits::join(self.repository.object_format(), [collector])
    }

    fn fresh(
        &self,
        walked: &Walked,
        commits: &Commits,
        lookup: &Lookup<'_>,
        special: Special<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) -> Fresh {
        let mut fresh = Fresh::default();
        let mut trees = Trees::new(lookup);
        let take = |fresh: &mut Fresh, entry: git::TreeEntry<'_>, is_loose: bool| {
            if let Some((Kind::Blob, id)) = entry.object {
                fresh.blobs.insert(id);
                if special(entry.name) {
                    fresh.special.insert(id);
                }
                if is_loose {
                    fresh.loose.insert(id);
                }
            }
            if tree::is_telling(entry.name) && !fresh.names.contains(entry.name) {
                fresh.names.insert(entry.name.to_vec());
            }
        };
        for commit in walked.commits.iter().filter_map(|id| commits.find(id)) {
            let old: Vec<ObjectId> =
                commits.parents(commit).flatten().map(|parent| commits.tree(parent).to_owned()).collect();
            trees.changes(commits.tree(commit).to_owned(), &old, &mut |entry| take(&mut fresh, entry, false));
        }
        for &(id, kind) in &walked.others {
            match kind {
                Kind::Blob => {
                    fresh.blobs.insert(id);
                    fresh.loose.insert(id);
                }
                _ => trees.changes(id, &[], &mut |entry| take(&mut fresh, entry, true)),
            }
        }
        self.tell_gaps(trees.problems(), each);
        fresh
    }

    /// The blobs that may hold something.
    pub(super) fn suspects_among(
        &self,
        blobs: &BTreeSet<ObjectId>,
        suspect: Suspect<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) -> BTreeSet<ObjectId> {
        match blobs.len() {
            ..=MANY => self.suspects_looked_up(blobs, suspect, each),
            _ => self.suspects_in_packs(blobs, suspect, each),
        }
    }

    fn suspects_looked_up(
        &self,
        blobs: &BTreeSet<ObjectId>,
        suspect: Suspect<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) -> BTreeSet<ObjectId> {
        let suspected = Mutex::new(BTreeSet::new());
        let blobs: Vec<(ObjectId, ())> = blobs.iter().map(|&id| (id, ())).collect();
        for_each_blob(&self.store, self.jobs, &blobs, &|&(id, ()), read| match read {
            Ok(Some(bytes)) => {
                each(Visit::Past(bytes.len() as u64));
                if suspect(bytes) {
                    lock(&suspected).insert(id);
                }
            }
            Ok(None) => self.tell_missing(id, each),
            Err(problem) => self.tell_gaps([&problem], each),
        });
        suspected.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same in the order of the packs, where each blob is decoded once along its chain of differences: from
    /// some number on that is faster than to look them up, although others are decoded as well.
    fn suspects_in_packs(
        &self,
        blobs: &BTreeSet<ObjectId>,
        suspect: Suspect<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) -> BTreeSet<ObjectId> {
        let objects = Objects::open(&self.store);
        let presence = objects.presence();
        blobs.iter().filter(|id| !presence.has(id)).for_each(|&id| self.tell_missing(id, each));
        let wanted: HashSet<&git::oid> = blobs.iter().map(|id| &**id).collect();
        let (suspected, large) = (Mutex::new(BTreeSet::new()), Mutex::new(BTreeSet::new()));
        let problems = objects.visit(&[Kind::Blob], self.jobs, &|object| match object.content {
            _ if !wanted.contains(object.id) => {}
            git::Content::Whole(bytes) => {
                each(Visit::Past(bytes.len() as u64));
                if suspect(bytes) {
                    lock(&suspected).insert(object.id.to_owned());
                }
            }
            git::Content::Stream(..) => drop(lock(&large).insert(object.id.to_owned())),
        });
        let about = |problem: &&git::Problem| match problem.place {
            git::Place::Object(id) => blobs.contains(&id),
            _ => true,
        };
        self.tell_gaps(problems.iter().filter(about), each);
        let large = large.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut suspected = suspected.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !large.is_empty() {
            suspected.extend(self.suspects_looked_up(&large, suspect, each));
        }
        suspected
    }

    /// The blobs that may hold something of what was there before.
    fn suspects_before(
        &self,
        range: &history::Range,
        commits: &Commits,
        suspect: Suspect<'_>,
    ) -> BTreeSet<ObjectId> {
        let lookup = Lookup::new(&self.store, LARGEST);
        let (mut trees, mut blobs) = (Trees::new(&lookup), BTreeSet::new());
        for &commit in range.before() {
            trees.changes(commits.tree(commit).to_owned(), &[], &mut |entry| {
                blobs.extend(entry.object.filter(|(kind, _)| *kind == Kind::Blob).map(|(_, id)| id));
            });
        }
        // What is not here of it is no part of what was asked for.
        self.suspects_among(&blobs, suspect, &|_| {})
    }

    pub(super) fn head_tree(&self, lookup: &Lookup<'_>) -> Option<ObjectId> {
        let refs = self.repository.refs();
        git::tree_of(lookup, *refs.resolve(b"HEAD")?).ok().flatten()
    }

    fn tell_part(
        &self,
        found: &Found,
        suspect: Suspect<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
        look: Look<'_>,
    ) -> Vec<Told> {
        let Found { walked, commits, suspects, loose } = found;
        let lookup = Lookup::new(&self.store, LARGEST);
        let find = |ids: &[ObjectId]| ids.iter().filter_map(|id| commits.find(id)).collect::<Vec<CommitIx>>();
        let range = commits.range(&find(&walked.tips), &find(&walked.boundary));
        let before = self.suspects_before(&range, commits, suspect);
        let wanted = history::Wanted::new(commits.kind(), suspects.iter().chain(&before).copied());
        let mut collector = TreeCollector::new(&wanted);
        let mut trees = Trees::new(&lookup);
        for commit in commits.iter() {
            trees.below(commits.tree(commit).to_owned(), &mut |id, bytes| collector.tree(id, bytes));
        }
        let past = history::History::new(commits, &wanted, vec![collector]);
        let mut labels_at = |path: &BlobPath, blob: u32| {
            let id = wanted.id(blob);
            self.labels_at(path, id, suspects.contains(id), &lookup, each, look)
        };
        let at_places: Vec<Vec<Label>> = past
            .places()
            .iter()
            .map(|place| labels_at(&BlobPath::new(past.path(place.path)), place.blob))
            .collect();
        let mut next = at_places.iter();
        let labels = Labels::new(&past, |_| next.next().map_or(&[], Vec::as_slice));
        let (arrivals, problem) = past.arrivals(&labels, &range);
        let problems = past.problems().iter().chain(&problem);
        problems.for_each(|problem| each(Visit::Gap(self.about_history(problem))));
        let refs = self.tips(&self.repository.refs(), commits);
        let occurrences: Vec<_> = arrivals.iter().map(|arrival| arrival.occurrence.clone()).collect();
        let tips: Vec<CommitIx> = refs.tips.iter().map(|(_, commit)| *commit).collect();
        let reach = past.reach(&labels, &occurrences, &tips, MOST_REFS);
        let people = People { lookup: Lookup::new(&self.store, LARGEST), commits };
        let head = self.head_tree(&lookup);
        let mut told: Vec<Told> = arrivals
            .iter()
            .zip(&reach)
            .map(|(Arrival { occurrence, novelty }, reach)| {
                let path = BlobPath::new(past.path(occurrence.path));
                let mut appearance = people.appearance(occurrence, reach, &wanted, &refs);
                let entry = head.and_then(|tree| Trees::new(&lookup).entry(tree, path.as_bytes()));
                appearance.in_head = entry.is_some_and(|(kind, blob)| {
                    kind == Kind::Blob
                        && self
                            .labels_at(&path, &blob, false, &lookup, each, look)
                            .contains(&occurrence.label)
                });
                appearance.novelty = Some(match novelty {
                    history::Novelty::New => Novelty::New,
                    history::Novelty::Moved => Novelty::Moved,
                });
                {
                    let note_on = note_on(path.as_bytes(), &appearance);
                    Told { path, label: occurrence.label, appearance, note_on }
                }
            })
            .collect();
        for blob in loose.intersection(suspects) {
            let object = blob.to_string();
            let path = BlobPath::from(object.as_str());
            let appearance = Appearance { object, novelty: Some(Novelty::New), ..Appearance::default() };
            let labels = self.labels_at(&path, blob, true, &lookup, each, look);
            told.extend(labels.into_iter().map(|label| Told {
                path: path.clone(),
                label,
                appearance: appearance.clone(),
                note_on: None,
            }));
        }
        told
    }
}
