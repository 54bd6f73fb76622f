//! Where the objects of a repository are: its packs and folders of loose objects.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use gix_hash::oid;

use super::pack::Pack;
use super::refs::entries;
use super::{ObjectFolder, Origin, Problem, Repository, Trouble, loose};

/// The object database of a repository, opened for reading. Shared by all who look for objects.
pub struct Store {
    pub(super) hash: gix_hash::Kind,
    pub(super) packs: Vec<Pack>,
    pub(super) folders: Vec<ObjectFolder>,
    problems: Vec<Problem>,
}

/// What a push brought and nobody accepted yet, apart from what was there before ("quarantine" in
/// git-receive-pack(1)).
pub struct Quarantine {
    /// What the push brought.
    pub apart: Store,
    /// What was there before.
    pub before: Store,
}

impl Quarantine {
    /// That of a repository; `None` where nothing is kept apart.
    pub fn open(repository: &Repository) -> Option<Quarantine> {
        let is_apart = |folder: &ObjectFolder| folder.origin == Origin::Quarantine;
        let (apart, others): (Vec<_>, Vec<_>) =
            repository.object_folders().iter().cloned().partition(is_apart);
        let store = |folders| Store::of_folders(repository, folders);
        (!apart.is_empty()).then(|| Quarantine { apart: store(apart), before: store(others) })
    }
}

impl Store {
    /// Opens all packs. What cannot be opened is among the [`Store::problems`].
    pub fn open(repository: &Repository) -> Store {
        Store::of_folders(repository, repository.object_folders().to_vec())
    }

    /// The same for some of the repository's object folders only, such as that with what a push brought.
    ///
    /// Where packs were replaced by others meanwhile, as `git gc` does at any time, it begins anew; git lists them
    /// again then too (`reprepare_packed_git` in its packfile.c).
    pub fn of_folders(repository: &Repository, folders: Vec<ObjectFolder>) -> Store {
        let mut store = Store::as_listed(repository, folders);
        for pause in PAUSES {
            if store.problems.is_empty() {
                break;
            }
            // Packs go after others came, their files one by one.
            let before = listed(&store.folders);
            thread::sleep(Duration::from_millis(pause));
            let is_settled = pause > PAUSES[0] && listed(&store.folders) == before;
            store = Store::as_listed(repository, store.folders);
            if is_settled {
                break;
            }
        }
        store
    }

    fn as_listed(repository: &Repository, folders: Vec<ObjectFolder>) -> Store {
        let hash = repository.object_format();
        let mut store = Store { hash, packs: vec![], folders, problems: vec![] };
        for folder in &store.folders {
            for index in indices(&folder.path.join("pack"), &mut store.problems) {
                match Pack::open(&index, hash) {
                    Ok(pack) => store.packs.push(pack),
                    Err(problem) => store.problems.push(problem),
                }
            }
        }
        store
    }

    /// Calls `add` with what tells one state of all objects from another: checksums of all bytes of the packs and
    /// of the loose objects.
    ///
    /// # Errors
    /// When something of it cannot be read.
    pub fn digest(&self, add: &mut dyn FnMut(&[u8])) -> Result<(), Problem> {
        let mut problems = self.problems.clone();
        let read = |path: &Path| fs::read(path).map_err(|error| Problem::io(path, &error));
        for pack in &self.packs {
            add(&crc32fast::hash(&read(&pack.path.with_extension("idx"))?).to_le_bytes());
            pack.checksums()?.iter().for_each(|sum| add(&sum.to_le_bytes()));
        }
        for folder in &self.folders {
            for id in loose::list(&folder.path, self.hash, &mut problems) {
                add(id.as_bytes());
                add(&crc32fast::hash(&read(&loose::path(&folder.path, &id))?).to_le_bytes());
            }
        }
        problems.into_iter().next().map_or(Ok(()), Err)
    }

    /// Whether the object is there. It may still turn out to be damaged.
    pub fn contains(&self, id: &oid) -> bool {
        self.packs.iter().any(|pack| pack.index.lookup(id).is_some()) || self.loose_paths(id).next().is_some()
    }

    /// The packs and their numbers, beginning with that of number `first`.
    pub(super) fn packs_from(&self, first: usize) -> impl Iterator<Item = (usize, &Pack)> {
        let (before, from) = self.packs.split_at(first.min(self.packs.len()));
        (first..).zip(from).chain((0..).zip(before))
    }

    /// Where an object lies in a file of its own; often nowhere.
    pub(super) fn loose_paths(&self, id: &oid) -> impl Iterator<Item = PathBuf> {
        let paths = self.folders.iter().map(move |folder| loose::path(&folder.path, id));
        paths.filter(|path| path.is_file())
    }

    /// What could not be opened.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// How long it is waited before packs are opened again, in milliseconds; a folder that is the same after the
/// second pause has packs that are broken for good.
const PAUSES: [u64; 4] = [20, 80, 200, 400];

/// The names of all files beside packs.
fn listed(folders: &[ObjectFolder]) -> BTreeSet<PathBuf> {
    let files = |folder: &ObjectFolder| fs::read_dir(folder.path.join("pack"));
    folders
        .iter()
        .filter_map(|folder| files(folder).ok())
        .flatten()
        .flatten()
        .map(|file| file.path())
        .collect()
}

/// The indices of a folder with packs, sorted. A pack without one is a problem: git does not read it
/// either, but something is in it.
fn indices(folder: &Path, problems: &mut Vec<Problem>) -> BTreeSet<PathBuf> {
    let mut indices = BTreeSet::new();
    let mut packs = vec![];
    for entry in entries(folder, problems) {
        let path = entry.path();
        match path.extension().and_then(OsStr::to_str) {
            Some("idx") => drop(indices.insert(path)),
            Some("pack") => packs.push(path),
            _ => {}
        }
    }
    packs.sort();
    for pack in packs {
        if !indices.contains(&pack.with_extension("idx")) {
            let detail = "has no index, so its objects cannot be read; `git index-pack` makes one";
            problems.push(Problem::file(&pack, Trouble::Missing, detail));
        }
    }
    indices
}
