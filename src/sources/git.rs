//! What a git repository says about its working tree: where it begins and which files it tracks. Nothing
//! of the repository is run.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::git;

/// A repository with a working tree.
pub(super) struct Repository {
    top: PathBuf,
    tracked: OnceLock<Result<Tracked, String>>,
}

/// The paths that the index holds, relative to the top, and every folder above them.
struct Tracked {
    paths: HashSet<Vec<u8>>,
}

impl Repository {
    /// The repository whose working tree begins at `top`, if one does.
    pub(super) fn at(top: &Path) -> Option<Repository> {
        top.join(".git").symlink_metadata().ok()?;
        Some(Repository { top: top.to_owned(), tracked: OnceLock::new() })
    }

    /// Where the working tree begins.
    pub(super) fn top(&self) -> &Path {
        &self.top
    }

    /// Whether the index holds `path` or something below it. The index is read at the first question.
    ///
    /// # Errors
    /// Why the index cannot be read.
    pub(super) fn tracks(&self, path: &Path) -> Result<bool, &str> {
        let tracked = self.tracked.get_or_init(|| read_index(&self.top)).as_ref().map_err(String::as_str)?;
        let relative = path.strip_prefix(&self.top).unwrap_or(path);
        Ok(tracked.paths.contains(&super::tree::bytes_of(relative)))
    }
}

fn read_index(top: &Path) -> Result<Tracked, String> {
    let repository = git::Repository::open(top).map_err(|problem| problem.detail)?;
    let mut paths = HashSet::new();
    for path in repository.index()?.iter().flat_map(git::Index::paths) {
        let slashes = memchr::memchr_iter(b'/', path).map(|slash| path[..slash].to_vec());
        paths.extend(slashes);
        paths.insert(path.strip_suffix(b"/").unwrap_or(path).to_vec());
    }
    Ok(Tracked { paths })
}
