//! Submodules: repositories in a repository, each with a history of its own (gitsubmodules(7)).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::history::LARGEST;
use super::tree::{bytes_of, path_of};
use super::{History, SourceError};
use crate::git::{Lookup, Repository, Store, Trees};
use crate::model::{BlobPath, Gap, GapReason};

/// Names of submodules may have slashes in them, and so their folders lie in others.
const DEEPEST: usize = 32;

/// The submodules of a repository.
pub struct Submodules {
    /// Those whose repositories are here, each with what its paths begin with in a report.
    pub here: Vec<(BlobPath, PathBuf)>,
    /// Those that the commit that is checked out names and that are not here.
    pub absent: Vec<Gap>,
}

impl History {
    /// The submodules whose repositories are in this one, or in its worktree as older versions of git had it.
    pub fn submodules(&self) -> Submodules {
        let mut found = vec![];
        repositories(&self.repository.common_dir().join("modules"), DEEPEST, &mut found);
        let named = self.gitlinks();
        let mut here: Vec<(BlobPath, PathBuf)> = vec![];
        for folder in found {
            here.push((BlobPath::new([&self.place_of(&folder)[..], b"/"].concat()), folder));
        }
        if let Some(top) = self.worktree() {
            let own = named.iter().map(|path| (path, top.join(path_of(path)).join(".git")));
            let own = own.filter(|(_, folder)| is_repository(folder));
            here.extend(own.map(|(path, folder)| (BlobPath::new([&path[..], b"/"].concat()), folder)));
        }
        here.sort();
        here.dedup_by(|a, b| a.0 == b.0);
        let is_here =
            |path: &[u8]| here.iter().any(|(shown, _)| shown.as_bytes().strip_suffix(b"/") == Some(path));
        let absent = named.iter().filter(|path| !is_here(path)).map(|path| Gap {
            path: BlobPath::new(path.as_slice()),
            reason: GapReason::Missing,
            detail: "the submodule's repository is not here; `git submodule update --init` brings it".into(),
        });
        Submodules { absent: absent.collect(), here }
    }

    /// The history of a submodule.
    ///
    /// # Errors
    /// When its repository cannot be opened.
    pub fn of_submodule(&self, folder: &Path) -> Result<History, SourceError> {
        let repository = Repository::open(folder).map_err(|problem| SourceError(problem.to_string()))?;
        let store = Store::open(&repository);
        Ok(History {
            repository,
            store,
            jobs: self.jobs,
            names_all: self.names_all,
            cache: self.cache.clone(),
        })
    }

    /// Where submodules are in the commit that is checked out.
    fn gitlinks(&self) -> BTreeSet<Vec<u8>> {
        let lookup = Lookup::new(&self.store, LARGEST);
        let mut links = BTreeSet::new();
        if let Some(head) = self.head_tree(&self.repository.refs(), &lookup) {
            Trees::new(&lookup).links(head, &mut |path| {
                links.insert(path.to_vec());
            });
        }
        links
    }

    /// Where a submodule is checked out, as its own configuration says; else its place in the repository.
    fn place_of(&self, folder: &Path) -> Vec<u8> {
        let checked_out = || {
            let top = fs::canonicalize(self.worktree()?).ok()?;
            let module = Repository::open(folder).ok()?;
            // It need not be checked out now.
            let place = module.worktree()?;
            let place = fs::canonicalize(place).or_else(|_| std::path::absolute(place)).ok()?;
            Some(bytes_of(place.strip_prefix(top).ok()?))
        };
        checked_out().filter(|place| !place.is_empty()).unwrap_or_else(|| {
            let below = folder.strip_prefix(self.repository.common_dir()).unwrap_or(folder);
            [b".git/", &bytes_of(below)[..]].concat()
        })
    }
}

fn is_repository(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir()
}

/// The repositories in a folder and the folders below it; what is inside of them is theirs.
fn repositories(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        match is_repository(&path) {
            true => found.push(path),
            false => repositories(&path, depth, found),
        }
    }
}
