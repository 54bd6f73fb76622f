//! What a git repository says about its working tree: where it begins and which files it tracks. Nothing
//! of the repository is run.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

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
    let folder = git_folder(top)?;
    let index = folder.join("index");
    let mut paths = HashSet::new();
    match fs::metadata(&index) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err("the index is no regular file".into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Tracked { paths }),
        Err(error) => return Err(error.to_string()),
    }
    let options = gix_index::decode::Options { thread_limit: Some(1), ..Default::default() };
    let file = gix_index::File::at(&index, hash_kind(&folder), true, options).map_err(|error| {
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

/// The repository's own folder: `.git`, or where a `.git` file points to (gitrepository-layout(5)).
fn git_folder(top: &Path) -> Result<PathBuf, String> {
    let dot_git = top.join(".git");
    if dot_git.is_dir() {
        return Ok(dot_git);
    }
    let text = read_short(&dot_git)?;
    let target = text.strip_prefix("gitdir:").ok_or("the .git file does not begin with `gitdir:`")?.trim();
    Ok(top.join(target))
}

/// The text of a short file. What lies in a repository may be made by anyone: it is not waited for, and
/// not read without end.
fn read_short(path: &Path) -> Result<String, String> {
    const LONGEST: u64 = 1024 * 1024;
    if !fs::metadata(path).map_err(|error| error.to_string())?.is_file() {
        return Err("a file of the repository is no regular file".into());
    }
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
    read.map(|_| text).map_err(|error| error.to_string())
}

/// The object format that the repository's configuration names; it decides the size of ids in the index.
fn hash_kind(folder: &Path) -> gix_hash::Kind {
    let common =
        read_short(&folder.join("commondir")).map_or(folder.to_owned(), |path| folder.join(path.trim()));
    let config = read_short(&common.join("config")).unwrap_or_default();
    let names_sha256 = |line: &str| {
        let (key, value) = line.split_once('=').unwrap_or_default();
        key.trim().eq_ignore_ascii_case("objectformat") && value.trim().eq_ignore_ascii_case("sha256")
    };
    if config.lines().any(names_sha256) { gix_hash::Kind::Sha256 } else { gix_hash::Kind::Sha1 }
}
