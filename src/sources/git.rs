//! What a git repository says about its working tree: where it begins and which files it tracks. Nothing
//! of the repository is run.

use std::collections::HashSet;
use std::fs;
use std::io;
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
    let index = repository.index_file();
    let mut paths = HashSet::new();
    match fs::metadata(index) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err("the index is no regular file".into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Tracked { paths }),
        Err(error) => return Err(error.to_string()),
    }
    let options = gix_index::decode::Options { thread_limit: Some(1), ..Default::default() };
    let file = gix_index::File::at(index, repository.object_format(), true, options).map_err(|error| {
        // The message of this one names a full path.
        let open = error.downcast_any_ref::<gix_index::file::init::OpenError>();
        open.map_or_else(|| error.to_string(), |open| open.source.to_string())
    })?;
    for entry in file.entries() {
        let path: &[u8] = entry.path(&file);
        let slashes = memchr::memchr_iter(b'/', path).map(|slash| path[..slash].to_vec());
        paths.extend(slashes);
        paths.insert(path.strip_suffix(b"/").unwrap_or(path).to_vec());
    }
    Ok(Tracked { paths })
}
