//! A part of a repository's history: what some commits bring that was not there before.
//!
//! Only the commits of the part are walked, and of their trees only what differs from their parents'. What was
//! there before is looked at when something was found: to tell a value that moved from one that is new.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use foldhash::HashSet;

use super::blobs::for_each_blob;
use super::history::{LARGEST, MOST_REFS, People, collect, labels_of, lock, visit_names, visit_text};
use super::lfs::or_pointer;
use super::{History, Look, SourceError, Special, Suspect, Told, Visit};
use crate::git::history::{self, Arrival, CommitCollector, CommitIx, Commits, TreeCollector};
use crate::git::{self, Kind, Lookup, ObjectId, Objects, Quarantine, Revisions, Trees, Walked};
use crate::model::{BlobPath, Novelty, PlaceKind, is_telling, start_of_day};

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
    /// What a push is about to send, without what the branches of this remote, or of all, are known to lead to.
    Push(Revisions, Option<String>),
    /// What the index holds and the commit that is checked out does not: what would be committed.
    Staged,
    /// What a push brought, and what these objects of it lead to: what the repository keeps apart as long as
    /// nobody accepted it.
    Incoming(Vec<ObjectId>),
}

/// What the names of all refs begin with.
const ALL: &[&[u8]] = &[b"HEAD", b"refs/"];

/// More blobs than this are not looked up one by one.
const MANY: usize = 20_000;

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
        let suspect_blob: Suspect<'_> = &or_pointer(suspect);
        if part.start == Start::Staged {
            return self.read_staged(suspect_blob, special, each, look);
        }
        let quarantine = match part.start {
            Start::Incoming(_) => Quarantine::open(&self.repository),
            _ => None,
        };
        let known = quarantine.as_ref().map(|quarantine| &quarantine.before);
        let is_new = |id: &ObjectId| known.is_none_or(|known| !known.contains(id));
        let (revisions, since) = self.meant(part, known.is_some())?;
        self.tell_gaps(self.repository.problems().iter().chain(self.store.problems()), each);
        let lookup = Lookup::new(&self.store, LARGEST);
        let mut walked = git::walk(&self.repository, &lookup, &revisions, since, known);
        self.tell_gaps(&walked.problems, each);
        walked.tags.retain(is_new);
        let commits = self.commits_of(&walked, &lookup, suspect, each);
        let mut fresh = self.fresh(&walked, &commits, &lookup, special, each);
        fresh.blobs.retain(is_new);
        visit_names(&fresh.names, PlaceKind::Name, each);
        visit_names(&part.names, PlaceKind::Ref, each);
        let mut suspects = match &quarantine {
            Some(quarantine) => self.suspects_apart(quarantine, &walked, suspect_blob, each),
            None => self.suspects_among(&fresh.blobs, suspect_blob, each),
        };
        fresh.loose.extend(suspects.difference(&fresh.blobs));
        suspects.extend(fresh.special);
        if suspects.is_empty() {
            return Ok(vec![]);
        }
        let found = Found { walked, commits, suspects, loose: fresh.loose };
        Ok(self.tell_part(&found, suspect_blob, each, look))
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
                visit_text(&id.to_string(), kind, bytes, each);
            }
        });
        let suspects = self.suspects(&objects, suspect, each, &|_, _| {});
        suspects.into_iter().filter(|id| !before.contains(id)).collect()
    }

    /// Which commits a part starts from and ends at; `is_apart` tells that those of a push are kept apart.
    fn meant(&self, part: &Part, is_apart: bool) -> Result<(Revisions, Option<i64>), SourceError> {
        let revisions =
            |of: &str| self.repository.revisions(of).map_err(|problem| SourceError(problem.detail));
        let refs = || self.repository.refs();
        let revisions = match &part.start {
            Start::Refs => Revisions { tips: refs().tips(ALL), excluded: vec![] },
            Start::Branch(name) => {
                let branch = revisions(&format!("refs/heads/{name}")).or_else(|_| revisions(name))?;
                if branch.tips.len() != 1 || !branch.excluded.is_empty() {
                    return Err(SourceError(format!("`{name}` is no branch; for a range there is --range")));
                }
                branch
            }
            Start::Range(range) => revisions(range)?,
            Start::Unpushed => {
                let refs = refs();
                Revisions {
                    tips: refs.tips(&[b"HEAD", b"refs/heads/"]),
                    excluded: refs.tips(&[b"refs/remotes/"]),
                }
            }
            Start::Push(revisions, remote) => {
                let remote = remote.as_ref().map_or(String::new(), |remote| format!("{remote}/"));
                let there = refs().tips(&[format!("refs/remotes/{remote}").as_bytes()]);
                let Revisions { tips, excluded } = revisions.clone();
                Revisions { tips, excluded: [excluded, there].concat() }
            }
            Start::Staged => Revisions::default(),
            Start::Incoming(tips) => {
                let excluded = if is_apart { vec![] } else { refs().tips(ALL) };
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
        let texts = walked.commits.iter().map(|id| (id, Kind::Commit));
        for (id, kind) in texts.chain(walked.tags.iter().map(|id| (id, Kind::Tag))) {
            read(id, &mut |bytes| {
                collect(&mut collector, id, kind, bytes);
                if suspect(bytes) {
                    visit_text(&id.to_string(), kind, bytes, each);
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
            if is_telling(entry.name) && !fresh.names.contains(entry.name) {
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
                each(Visit::Past(1, bytes.len() as u64));
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
                each(Visit::Past(1, bytes.len() as u64));
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

    pub(super) fn head_tree(&self, refs: &git::Refs, lookup: &Lookup<'_>) -> Option<ObjectId> {
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
        let (_, labels) = labels_of(&past, &mut labels_at);
        let (arrivals, problem) = past.arrivals(&labels, &range);
        let problems = past.problems().iter().chain(&problem);
        problems.for_each(|problem| each(Visit::Gap(self.about_history(problem))));
        let all_refs = self.repository.refs();
        let head = self.head_tree(&all_refs, &lookup);
        let refs = self.tips(&all_refs, commits);
        let occurrences: Vec<_> = arrivals.iter().map(|arrival| arrival.occurrence.clone()).collect();
        let tips: Vec<CommitIx> = refs.tips.iter().map(|(_, commit)| *commit).collect();
        let reach = past.reach(&labels, &occurrences, &tips, MOST_REFS);
        let people = People { lookup: Lookup::new(&self.store, LARGEST), commits };
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
                Told::new(path, occurrence.label, appearance)
            })
            .collect();
        for blob in loose.intersection(suspects) {
            told.extend(Told::without_path(blob, Some(Novelty::New), |path| {
                self.labels_at(path, blob, true, &lookup, each, look)
            }));
        }
        told
    }
}
