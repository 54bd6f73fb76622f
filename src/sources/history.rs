//! All of a repository's history: every blob once, however many commits hold it, then what commits, tags,
//! refs and the configuration say.
//!
//! A blob does not know its path, and most blobs hold nothing. So each is first only suspected or not; the
//! paths are worked out for those that are, and only there somebody has a closer look.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use foldhash::HashSet;

use super::cache::{Cache, Known, tell_unless_kept};
use super::lfs::{Pointer, or_pointer};
use super::stdin::Noting;
use super::{Blob, Content, Nature, SourceError, Visit, tree};
use crate::git::history::{self, CommitCollector, CommitIx, Commits, Label, Labels, Peeled, Reach};
use crate::git::history::{Occurrence, TreeCollector, Wanted};
use crate::git::{self, Kind, Lookup, ObjectId, Objects, Presence, Repository, Store, Trouble};
use crate::model::{Appearance, BlobPath, Commit, Gap, GapReason, Novelty, PlaceKind, is_telling, moment};

/// Larger blobs are not asked for once more to find their place in history, in bytes.
pub(super) const LARGEST: u64 = 512 * 1024 * 1024;

/// How many missing objects are named where a remote promised them, and how many where none did.
const MOST_NAMED: usize = 20;
const MOST_MISSING: usize = 100;

/// How many refs are named for each place.
pub(super) const MOST_REFS: usize = 5;

/// A repository whose history is to be read.
pub struct History {
    pub(super) repository: Repository,
    pub(super) store: Store,
    pub(super) jobs: usize,
    /// Whether every ref and reflog that leads to something is named.
    pub(super) names_all: bool,
    /// What earlier runs knew.
    pub(super) cache: Option<Cache>,
}

/// A label at a path, and what became of it there.
pub struct Told {
    /// Where.
    pub path: BlobPath,
    /// What.
    pub label: Label,
    /// When it came and went.
    pub appearance: Appearance,
    /// For a note, the object that it is about.
    pub note_on: Option<BlobPath>,
}

/// Whether a text may hold something. Yes may be wrong, no is not.
pub type Suspect<'a> = &'a (dyn Fn(&[u8]) -> bool + Sync);

/// Whether a file of this name has to be looked at whatever it holds.
pub type Special<'a> = &'a (dyn Fn(&[u8]) -> bool + Sync);

/// Looks at a blob at a path.
pub type Look<'a> = &'a mut dyn FnMut(Located<'_>) -> Looked;

/// What a blob holds at a path.
#[derive(Debug, Default)]
pub struct Looked {
    /// What it holds: the caller's own numbers.
    pub labels: Vec<Label>,
    /// What it is.
    pub nature: Nature,
    /// What in it could not be opened.
    pub gaps: Vec<Gap>,
}

/// A blob at a path.
pub struct Located<'a> {
    /// Where.
    pub path: &'a BlobPath,
    /// Its id in hex.
    pub object: &'a str,
    /// What it holds; for a pointer of Git LFS what that stands for.
    pub content: Content<'a>,
    /// Whether it is in what was asked for; otherwise it is only looked at to compare.
    pub in_scope: bool,
}

impl History {
    /// The history of the repository at or above `path`; without one, of the repository that git itself
    /// would take here.
    ///
    /// # Errors
    /// When there is no repository, or it cannot be opened.
    pub fn open(path: Option<&Path>, jobs: usize) -> Result<History, SourceError> {
        let found = match path {
            Some(path) => Repository::discover(path),
            None => std::env::current_dir()
                .map_err(|error| SourceError(format!("the current folder cannot be told: {error}")))
                .map(|folder| Repository::from_environment(git::Environment::of_process(), &folder))?,
        };
        let repository = found.map_err(|problem| SourceError(problem.to_string()))?;
        let store = Store::open(&repository);
        Ok(History { repository, store, jobs, names_all: false, cache: None })
    }

    /// Names every ref that leads to something, and every reflog, where otherwise the first refs are enough.
    pub fn naming_all(self) -> History {
        History { names_all: true, ..self }
    }

    /// Passes over blobs of which a run before with the same rules knew that they hold nothing.
    pub fn remembering(self, cache: Cache) -> History {
        History { cache: Some(cache), ..self }
    }

    /// Whether all that leads to something is named.
    pub fn names_all(&self) -> bool {
        self.names_all
    }

    /// Where the files of the repository are checked out, if they are.
    pub fn worktree(&self) -> Option<&Path> {
        self.repository.worktree()
    }

    /// The repository's own folder.
    pub fn folder(&self) -> &Path {
        self.repository.common_dir()
    }

    /// Reads everything once. `each` takes gaps, what was passed without suspicion, and texts that are in no
    /// file; `look` has a closer look at each suspected blob at each of its paths, and what it finds there
    /// is told in the end.
    pub fn read(
        &self,
        suspect: Suspect<'_>,
        special: Special<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
        look: Look<'_>,
    ) -> Vec<Told> {
        let refs = self.repository.refs();
        self.beside(&refs, each);
        match &self.cache {
            Some(cache) => self.read_or_repeat(cache, &refs, suspect, special, each, look),
            None => self.read_objects(&refs, suspect, special, each, look),
        }
    }

    /// Reads all objects.
    pub(super) fn read_objects(
        &self,
        refs: &git::Refs,
        suspect: Suspect<'_>,
        special: Special<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
        look: Look<'_>,
    ) -> Vec<Told> {
        let mut objects = Objects::open(&self.store);
        let problems = [self.repository.problems(), self.store.problems(), objects.problems()];
        self.tell_gaps(problems.into_iter().flatten(), each);
        let commits = self.commits(&objects, suspect, each);
        let suspects = match &self.cache {
            Some(cache) => self.suspects_but(cache, &mut objects, &or_pointer(suspect), each),
            None => self.suspects(&objects, &or_pointer(suspect), each, &|_, _| {}),
        };
        let wanted = Wanted::new(commits.kind(), suspects.iter().copied());
        let presence = objects.presence();
        let Forest { trees, special: more, missing } =
            self.trees(&objects, &wanted, special, &presence, each);
        self.tell_all_missing(missing, &commits, &presence, each);
        if more.is_empty() {
            return self.solve(&commits, refs, &wanted, trees, each, look);
        }
        // Files with such names are rare enough to go through the trees once more for them.
        let wanted = Wanted::new(commits.kind(), suspects.into_iter().chain(more).collect::<BTreeSet<_>>());
        let Forest { trees, .. } = self.trees(&objects, &wanted, special, &presence, &|_| {});
        self.solve(&commits, refs, &wanted, trees, each, look)
    }

    /// Answers what was asked, once all objects have come.
    fn solve(
        &self,
        commits: &Commits,
        refs: &git::Refs,
        wanted: &Wanted,
        trees: Vec<TreeCollector<'_>>,
        each: &(dyn Fn(Visit<'_>) + Sync),
        look: Look<'_>,
    ) -> Vec<Told> {
        let past = history::History::new(commits, wanted, trees);
        let problems = commits.problems().iter().chain(past.problems());
        problems.for_each(|problem| each(Visit::Gap(self.about_history(problem))));
        self.cut_off(commits, each);
        let refs = self.refs(refs, commits);
        self.tell(&past, commits, wanted, &refs, each, look)
    }

    /// Takes commits and tags, and looks at what is written in them.
    fn commits(
        &self,
        objects: &Objects<'_>,
        suspect: Suspect<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) -> Commits {
        let kind = self.repository.object_format();
        let collectors = Pool::default();
        self.visit(objects, &[Kind::Commit, Kind::Tag], each, &|id, kind_of, bytes| {
            collectors
                .with(|| CommitCollector::new(kind), |collector| collect(collector, id, kind_of, bytes));
            if suspect(bytes) {
                visit_text(&id.to_string(), kind_of, bytes, each);
            }
        });
        Commits::join(kind, collectors.into_all())
    }

    /// The blobs that may hold something, but for those of which an earlier run knew that they do not. What is
    /// known now is kept.
    fn suspects_but(
        &self,
        cache: &Cache,
        objects: &mut Objects<'_>,
        suspect: Suspect<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) -> Vec<ObjectId> {
        let before = cache.known(&self.repository);
        let mut known = Known::default();
        // To see whether packs are what they were takes a look at all their bytes.
        if !before.is_empty() {
            objects.leave_out(&mut |id| {
                let hash = cache.hash(id);
                let size = before.get(&hash);
                size.is_some_and(|&size| known.insert(hash, size).is_none())
            });
        }
        let (passed, bytes) = (known.len() as u64, known.values().sum());
        each(Visit::Past(passed, bytes));
        let known = Mutex::new(known);
        let clean = |id: &git::oid, size: u64| {
            lock(&known).insert(cache.hash(id), size);
        };
        let suspects = self.suspects(objects, suspect, each, &clean);
        let known = known.into_inner().unwrap_or_else(PoisonError::into_inner);
        if passed > 0 {
            let of = match known.len() as u64 - passed {
                0 => "all blobs without a sign of a secret were".into(),
                new => format!("{passed} of {} blobs without a sign of a secret were", passed + new),
            };
            each(Visit::Remark(format!("{of} scanned before with the same rules")));
        }
        if known != before {
            tell_unless_kept(cache.keep(&self.repository, &known), each);
        }
        suspects
    }

    /// The blobs that may hold something; `clean` is told of each other one and its size. Those that are too large
    /// to be held are scanned at once.
    pub(super) fn suspects(
        &self,
        objects: &Objects<'_>,
        suspect: Suspect<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
        clean: &(dyn Fn(&git::oid, u64) + Sync),
    ) -> Vec<ObjectId> {
        let suspected = Mutex::new(vec![]);
        let problems = objects.visit(&[Kind::Blob], self.jobs, &|object| match object.content {
            git::Content::Whole(bytes) => {
                each(Visit::Past(1, bytes.len() as u64));
                match suspect(bytes) {
                    true => lock(&suspected).push(object.id.to_owned()),
                    false => clean(object.id, bytes.len() as u64),
                }
            }
            git::Content::Stream(reader, size) => {
                each(Visit::Past(1, size));
                let appearance = Appearance { object: object.id.to_string(), ..Appearance::default() };
                let path = BlobPath::from(appearance.object.as_str());
                let (kind, content) = (PlaceKind::File, Content::Stream(reader));
                each(Visit::Blob(Blob { path: &path, kind, appearance: Some(&appearance), content }));
            }
        });
        self.tell_gaps(&problems, each);
        suspected.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes trees, and looks at the names in them.
    fn trees<'w>(
        &self,
        objects: &Objects<'_>,
        wanted: &'w Wanted,
        special: Special<'_>,
        presence: &Presence<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) -> Forest<'w> {
        let pool = Pool::default();
        self.visit(objects, &[Kind::Tree], each, &|id, _, bytes| {
            let new = || (TreeCollector::new(wanted), HashSet::<Vec<u8>>::default(), Forest::default());
            pool.with(new, |(collector, names, forest)| {
                collector.tree_with(id, bytes, &mut |entry| {
                    if is_telling(entry.name) && !names.contains(entry.name) {
                        names.insert(entry.name.to_vec());
                    }
                    let Some((_, id)) = entry.object else { return };
                    if special(entry.name) {
                        forest.special.insert(id);
                    }
                    if !presence.has(&id) {
                        forest.missing.insert(id);
                    }
                });
            });
        });
        let (mut all, mut all_names) = (Forest::default(), BTreeSet::new());
        for (collector, names, forest) in pool.into_all() {
            all.trees.push(collector);
            all.special.extend(forest.special);
            all.missing.extend(forest.missing);
            all_names.extend(names);
        }
        visit_names(&all_names, PlaceKind::Name, each);
        all
    }

    /// Visits objects that are held as a whole.
    pub(super) fn visit(
        &self,
        objects: &Objects<'_>,
        kinds: &[Kind],
        each: &(dyn Fn(Visit<'_>) + Sync),
        take: &(dyn Fn(&git::oid, Kind, &[u8]) + Sync),
    ) {
        let problems = objects.visit(kinds, self.jobs, &|object| match object.content {
            git::Content::Whole(bytes) => take(object.id, object.kind, bytes),
            git::Content::Stream(_, size) => each(Visit::Gap(Gap {
                path: BlobPath::from(object.id.to_string().as_str()),
                reason: GapReason::TooLarge,
                detail: format!("a {} of {size} bytes is not read", object.kind),
            })),
        });
        self.tell_gaps(&problems, each);
    }

    /// Tells of objects that commits and trees name and that are not here: a partial clone does not have them,
    /// or they were lost.
    fn tell_all_missing(
        &self,
        mut missing: BTreeSet<ObjectId>,
        commits: &Commits,
        presence: &Presence<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) {
        let trees = commits.iter().map(|commit| commits.tree(commit));
        missing.extend(trees.filter(|id| !presence.has(id)).map(|id| id.to_owned()));
        if missing.is_empty() {
            return;
        }
        let ids = || missing.iter().map(|id| id.to_string());
        if !self.repository.is_partial() {
            for id in missing.iter().take(MOST_MISSING) {
                self.tell_missing(*id, each);
            }
            if missing.len() > MOST_MISSING {
                let detail = format!("{} objects more are named and not here", missing.len() - MOST_MISSING);
                each(Visit::Gap(Gap { path: BlobPath::from(".git"), reason: GapReason::Missing, detail }));
            }
            return;
        }
        // As git itself fetches what a remote promised (fetch_objects in its promisor-remote.c).
        let remote = self.repository.promisor().unwrap_or("origin");
        let (shown, command) = match missing.len() {
            ..=MOST_NAMED => {
                let ids: Vec<String> = ids().collect();
                let fetch = "git -c fetch.negotiationAlgorithm=noop fetch --no-tags --no-write-fetch-head";
                (
                    ids.join(" "),
                    format!("{fetch} --recurse-submodules=no --filter=blob:none {remote} {}", ids.join(" ")),
                )
            }
            _ => {
                let first: Vec<String> = ids().take(MOST_NAMED).collect();
                (format!("{} ...", first.join(" ")), format!("git fetch --refetch --no-filter {remote}"))
            }
        };
        let count = missing.len();
        let objects = if count == 1 { "1 object is".to_owned() } else { format!("{count} objects are") };
        let detail = format!(
            "{objects} promised by the remote {remote} and not here: {shown}; `{command}` brings what is missing"
        );
        each(Visit::Gap(Gap { path: BlobPath::from(".git"), reason: GapReason::Missing, detail }));
    }

    /// What a shallow clone does not have.
    fn cut_off(&self, commits: &Commits, each: &(dyn Fn(Visit<'_>) + Sync)) {
        if !commits.missing_parents().is_empty() {
            each(Visit::Gap(Gap {
                path: BlobPath::from(".git"),
                reason: GapReason::Missing,
                detail: "older commits are not here; `git fetch --unshallow` brings them".to_owned(),
            }));
        }
    }

    /// What is in no object: names of refs, their logs, the configuration.
    fn beside(&self, refs: &git::Refs, each: &(dyn Fn(Visit<'_>) + Sync)) {
        self.tell_gaps(&refs.problems, each);
        visit_names(refs.all.iter().map(|one| &one.name), PlaceKind::Ref, each);
        let problems = self.repository.reflogs(&mut |log| {
            // Behind the two ids stands who did it, and after a tab why.
            let words = log.line.splitn(3, |&byte| byte == b' ').nth(2).unwrap_or_default();
            visit_line(&BlobPath::new([b"logs/", log.name].concat()), PlaceKind::Ref, words, each);
        });
        self.tell_gaps(&problems, each);
        self.config(each);
    }

    /// The refs that lead to commits, and the logs that do where all are named.
    fn refs(&self, refs: &git::Refs, commits: &Commits) -> Refs {
        let mut tips = self.tips(refs, commits);
        if self.names_all {
            let mut logged = BTreeSet::new();
            // What cannot be read of them was told.
            let _ = self.repository.reflogs(&mut |log| {
                let name = || format!("reflog of {}", String::from_utf8_lossy(log.name));
                let commits = log.old.iter().chain(&log.new).filter_map(|id| commits.find(id));
                logged.extend(commits.map(|commit| (name(), commit)));
            });
            tips.tips.extend(logged);
        }
        tips
    }

    /// The refs that lead to these commits.
    pub(super) fn tips(&self, refs: &git::Refs, commits: &Commits) -> Refs {
        let tip = |id: &ObjectId| match commits.peel(id) {
            Peeled::Commit(commit) => Some(commit),
            Peeled::Other(_) => None,
        };
        let named = refs.all.iter().filter_map(|one| match &one.target {
            git::Target::Object(id) => Some((String::from_utf8_lossy(&one.name).into_owned(), tip(id)?)),
            git::Target::Ref(_) => None,
        });
        Refs { head: refs.resolve(b"HEAD").and_then(tip), tips: named.collect() }
    }

    /// The configuration may hold addresses with passwords, and headers with tokens.
    fn config(&self, each: &(dyn Fn(Visit<'_>) + Sync)) {
        let problems = self.repository.configuration(&mut |file, text| {
            let (path, content) = (self.shown(file), Content::Whole(text));
            each(Visit::Blob(Blob { path: &path, kind: PlaceKind::Config, appearance: None, content }));
        });
        self.tell_gaps(&problems, each);
    }

    fn tell(
        &self,
        past: &history::History<'_>,
        commits: &Commits,
        wanted: &Wanted,
        refs: &Refs,
        each: &(dyn Fn(Visit<'_>) + Sync),
        look: Look<'_>,
    ) -> Vec<Told> {
        let lookup = Lookup::new(&self.store, LARGEST);
        let mut labels_at =
            |path: &BlobPath, blob: u32| self.labels_at(path, wanted.id(blob), true, &lookup, each, look);
        let (at_places, labels) = labels_of(past, &mut labels_at);
        let heads: Vec<CommitIx> = refs.head.into_iter().collect();
        let history::Events { occurrences, problem } = past.events(&labels, &heads);
        problem.iter().for_each(|problem| each(Visit::Gap(self.about_history(problem))));
        let tips: Vec<CommitIx> = refs.tips.iter().map(|(_, commit)| *commit).collect();
        let most = if self.names_all { usize::MAX } else { MOST_REFS };
        let reach = past.reach(&labels, &occurrences, &tips, most);
        let people = People { lookup: Lookup::new(&self.store, LARGEST), commits };
        let mut told: Vec<Told> = occurrences
            .iter()
            .zip(&reach)
            .map(|(occurrence, reach)| {
                let path = BlobPath::new(past.path(occurrence.path));
                Told::new(path, occurrence.label, people.appearance(occurrence, reach, wanted, refs))
            })
            .collect();
        // What stands in no commit is told all the same.
        let homeless = past
            .places()
            .iter()
            .zip(&at_places)
            .filter(|(place, _)| place.standing == history::Standing::Loose);
        for (place, labels) in homeless {
            let appearance =
                Appearance { object: wanted.id(place.blob).to_string(), ..Appearance::default() };
            let path = BlobPath::new(past.path(place.path));
            told.extend(labels.iter().map(|&label| Told::new(path.clone(), label, appearance.clone())));
        }
        for &blob in past.nowhere() {
            told.extend(Told::without_path(wanted.id(blob), None, |path| labels_at(path, blob)));
        }
        told
    }

    /// What a blob holds at a path.
    pub(super) fn labels_at(
        &self,
        path: &BlobPath,
        id: &git::oid,
        in_scope: bool,
        lookup: &Lookup<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
        look: Look<'_>,
    ) -> Vec<Label> {
        let mut bytes = vec![];
        let mut looked = Looked::default();
        match lookup.find(id, &mut bytes) {
            Ok(Some(_)) => {
                let object = id.to_string();
                let told: &(dyn Fn(Visit<'_>) + Sync) = if in_scope { each } else { &|_| {} };
                self.with_content(path, &bytes, told, &mut |mut content| {
                    let content = content.reborrow();
                    looked = look(Located { path, object: &object, content, in_scope });
                });
                told(Visit::Nature(looked.nature));
                std::mem::take(&mut looked.gaps).into_iter().for_each(|gap| told(Visit::Gap(gap)));
            }
            Ok(None) => {}
            Err(problem) => each(Visit::Gap(self.gap(&problem))),
        }
        looked.labels
    }

    /// Calls `take` with what a blob holds; for a pointer of Git LFS with what that stands for, if it is here.
    pub(super) fn with_content(
        &self,
        path: &BlobPath,
        bytes: &[u8],
        each: &(dyn Fn(Visit<'_>) + Sync),
        take: &mut dyn FnMut(Content<'_>),
    ) {
        let Some(pointer) = Pointer::parse(bytes) else { return take(Content::Whole(bytes)) };
        let gap = |reason, detail| each(Visit::Gap(Gap { path: path.clone(), reason, detail }));
        let oid = pointer.oid();
        match pointer.open(&self.repository.lfs_folder()) {
            Ok(Some(file)) => {
                let mut file = Noting { reader: file, error: None };
                take(Content::Seekable(&mut file));
                if let Some(error) = file.error {
                    gap(GapReason::Unreadable, format!("its content, {oid} of Git LFS: {error}"));
                }
            }
            Ok(None) => gap(
                GapReason::Missing,
                format!(
                    "its content, {oid} of Git LFS, is not here; `git lfs fetch --all` brings all such files"
                ),
            ),
            Err(error) => gap(GapReason::Unreadable, format!("its content, {oid} of Git LFS: {error}")),
        }
    }

    /// Tells of an object that is named and not there.
    pub(super) fn tell_missing(&self, id: ObjectId, each: &(dyn Fn(Visit<'_>) + Sync)) {
        each(Visit::Gap(Gap {
            path: BlobPath::from(id.to_string().as_str()),
            reason: GapReason::Missing,
            detail: "is named by a tree and is not there".to_owned(),
        }));
    }

    pub(super) fn tell_gaps<'p>(
        &self,
        problems: impl IntoIterator<Item = &'p git::Problem>,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) {
        problems.into_iter().for_each(|problem| each(Visit::Gap(self.gap(problem))));
    }

    fn gap(&self, problem: &git::Problem) -> Gap {
        let reason = match problem.trouble {
            Trouble::Unreadable => GapReason::Unreadable,
            Trouble::Corrupt => GapReason::Corrupt,
            Trouble::Missing => GapReason::Missing,
            Trouble::TooLarge => GapReason::TooLarge,
            Trouble::Unsupported => GapReason::Unsupported,
        };
        let shown = match &problem.place {
            git::Place::File(path) => self.shown(path),
            git::Place::Ref(name) => BlobPath::new(name.as_slice()),
            git::Place::Object(id) => BlobPath::from(id.to_string().as_str()),
            git::Place::Entry(pack, _) => self.shown(pack),
        };
        Gap { path: shown, reason, detail: problem.detail.clone() }
    }

    pub(super) fn about_history(&self, problem: &history::Problem) -> Gap {
        Gap { path: BlobPath::from(".git"), reason: GapReason::Corrupt, detail: problem.to_string() }
    }

    /// A path of the repository's own without the place where it lies on this machine.
    fn shown(&self, path: &Path) -> BlobPath {
        let below = path
            .strip_prefix(self.repository.common_dir())
            .or_else(|_| path.strip_prefix(self.repository.git_dir()));
        below.map_or_else(
            |_| BlobPath::new(tree::bytes_of(Path::new(path.file_name().unwrap_or_default()))),
            |below| BlobPath::new([b".git/", &tree::bytes_of(below)[..]].concat()),
        )
    }
}

impl Told {
    /// A label at a path, which may be that of a note.
    pub(super) fn new(path: BlobPath, label: Label, appearance: Appearance) -> Told {
        let note_on = note_on(path.as_bytes(), &appearance);
        Told { path, label, appearance, note_on }
    }

    /// The labels of a blob that stands at no path.
    pub(super) fn without_path(
        id: &git::oid,
        novelty: Option<Novelty>,
        labels_at: impl FnOnce(&BlobPath) -> Vec<Label>,
    ) -> impl Iterator<Item = Told> {
        let object = id.to_string();
        let path = BlobPath::from(object.as_str());
        let labels = labels_at(&path);
        let appearance = Appearance { object, novelty, ..Appearance::default() };
        labels.into_iter().map(move |label| Told::new(path.clone(), label, appearance.clone()))
    }
}

/// The object that a note is about. Notes are files in a history of their own, whose paths are the ids of what they
/// are about, cut into folders (git-notes(1)).
fn note_on(path: &[u8], appearance: &Appearance) -> Option<BlobPath> {
    let refs = &appearance.refs;
    if refs.is_empty() || !refs.iter().all(|name| name.starts_with("refs/notes/")) {
        return None;
    }
    let id: Vec<u8> = path.iter().copied().filter(|&byte| byte != b'/').collect();
    let is_id = matches!(id.len(), 40 | 64) && id.iter().all(u8::is_ascii_hexdigit);
    is_id.then(|| BlobPath::new(id))
}

/// The labels at each place of a history, and the same for questions about it.
pub(super) fn labels_of(
    past: &history::History<'_>,
    labels_at: &mut dyn FnMut(&BlobPath, u32) -> Vec<Label>,
) -> (Vec<Vec<Label>>, Labels) {
    let at_places: Vec<Vec<Label>> = past
        .places()
        .iter()
        .map(|place| labels_at(&BlobPath::new(past.path(place.path)), place.blob))
        .collect();
    let mut next = at_places.iter();
    let labels = Labels::new(past, |_| next.next().map_or(&[], Vec::as_slice));
    (at_places, labels)
}

/// All trees.
#[derive(Default)]
struct Forest<'w> {
    trees: Vec<TreeCollector<'w>>,
    /// Blobs with names that ask for a look whatever they hold.
    special: BTreeSet<ObjectId>,
    /// Objects that trees name and that are not here.
    missing: BTreeSet<ObjectId>,
}

/// Refs that lead to commits.
pub(super) struct Refs {
    pub(super) head: Option<CommitIx>,
    pub(super) tips: Vec<(String, CommitIx)>,
}

/// Knows who made which commit.
pub(super) struct People<'a> {
    pub(super) lookup: Lookup<'a>,
    pub(super) commits: &'a Commits,
}

impl People<'_> {
    pub(super) fn appearance(
        &self,
        occurrence: &Occurrence,
        reach: &Reach,
        wanted: &Wanted,
        refs: &Refs,
    ) -> Appearance {
        let first = occurrence.introduced.first();
        // Gone is what no head and no tip has any more.
        let removed = occurrence.removed.last().filter(|_| !occurrence.in_head && !reach.at_tip);
        let names = reach.refs.iter().filter_map(|&number| refs.tips.get(number as usize));
        let mut refs: Vec<String> = names.map(|(name, _)| name.clone()).collect();
        let named = refs.len();
        // A reflog is named once, however many of its lines lead here.
        refs.dedup();
        Appearance {
            introduced: first.map(|introduction| self.commit(introduction.commit)),
            introduced_again: occurrence.introduced.len().saturating_sub(1) as u64,
            removed: removed.map(|removal| self.commit(removal.commit)),
            object: first.map_or(String::new(), |introduction| wanted.id(introduction.blob).to_string()),
            in_head: occurrence.in_head,
            more_refs: u64::from(reach.count).saturating_sub(named as u64),
            refs,
            novelty: None,
            objects: vec![],
        }
    }

    fn commit(&self, commit: CommitIx) -> Commit {
        let id = self.commits.id(commit);
        let mut bytes = vec![];
        let author = match self.lookup.find(id, &mut bytes) {
            Ok(Some(_)) => person(&bytes, b"author "),
            _ => (String::new(), self.commits.time(commit)),
        };
        Commit { id: id.to_string(), author: author.0, date: moment(author.1) }
    }
}

/// Name and address of the person in a header line, and the second since 1970 at its end.
fn person(object: &[u8], header: &[u8]) -> (String, i64) {
    let line =
        object.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(header)).unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let (who, when) = line.rsplit_once('>').map_or((&*line, ""), |(who, when)| (who, when));
    let seconds = when.split_whitespace().next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    (format!("{who}{}", if line.contains('>') { ">" } else { "" }), seconds)
}

/// Takes a commit or a tag.
pub(super) fn collect(collector: &mut CommitCollector, id: &git::oid, kind: Kind, bytes: &[u8]) {
    match kind {
        Kind::Tag => collector.tag(id, bytes),
        _ => collector.commit(id, bytes),
    }
}

/// A commit or a tag: who made it, and its message.
pub(super) fn visit_text(id: &str, kind: Kind, bytes: &[u8], each: &(dyn Fn(Visit<'_>) + Sync)) {
    let path = BlobPath::from(id);
    let end = memchr::memmem::find(bytes, b"\n\n").unwrap_or(bytes.len());
    let people = bytes[..end].split(|&byte| byte == b'\n').filter(|line| {
        [&b"author "[..], b"committer ", b"tagger "].iter().any(|header| line.starts_with(header))
    });
    people.for_each(|line| visit_line(&path, PlaceKind::Author, line, each));
    let message = bytes.get(end + 2..).unwrap_or_default();
    let kind = if kind == Kind::Tag { PlaceKind::Tag } else { PlaceKind::Message };
    visit_line(&path, kind, message, each);
}

/// Names that may hold something.
pub(super) fn visit_names<'n>(
    names: impl IntoIterator<Item = &'n Vec<u8>>,
    kind: PlaceKind,
    each: &(dyn Fn(Visit<'_>) + Sync),
) {
    for name in names.into_iter().filter(|name| is_telling(name)) {
        visit_line(&BlobPath::new(name.as_slice()), kind, name, each);
    }
}

pub(super) fn visit_line(path: &BlobPath, kind: PlaceKind, text: &[u8], each: &(dyn Fn(Visit<'_>) + Sync)) {
    each(Visit::Blob(Blob { path, kind, appearance: None, content: Content::Whole(text) }));
}

/// One of a kind for each thread that asks.
struct Pool<T>(Mutex<Vec<T>>);

impl<T> Default for Pool<T> {
    fn default() -> Pool<T> {
        Pool(Mutex::new(vec![]))
    }
}

impl<T> Pool<T> {
    fn with(&self, new: impl FnOnce() -> T, with: impl FnOnce(&mut T)) {
        let free = lock(&self.0).pop();
        let mut one = free.unwrap_or_else(new);
        with(&mut one);
        lock(&self.0).push(one);
    }

    fn into_all(self) -> Vec<T> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
