//! Where a repository lies and what form it has (gitrepository-layout(5)). Who owns it does not matter:
//! nothing of it is run, so there is nothing to be safe from.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use bstr::ByteSlice;
use gix_hash::ObjectId;

use super::files::{if_there, path_bytes, path_of, read_short};
use super::format::Format;
use super::{Problem, RefStorage, Trouble, alternates};

/// Files that hold one path.
const LONGEST_POINTER: u64 = 64 * 1024;

/// The ids of a shallow boundary: some fetches cut every branch.
/// Largest file of configuration that is read, in bytes; people write some kilobytes.
const LONGEST_CONFIGURATION: u64 = 64 * 1024 * 1024;

const LONGEST_SHALLOW: u64 = 256 * 1024 * 1024;

/// A repository that was found. It holds paths and facts; nothing stays open.
#[derive(Debug, Clone)]
pub struct Repository {
    git_dir: PathBuf,
    common_dir: PathBuf,
    worktree: Option<PathBuf>,
    index_file: PathBuf,
    format: Format,
    object_folders: Vec<ObjectFolder>,
    problems: Vec<Problem>,
}

/// A folder with objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectFolder {
    /// The folder: `objects` or one like it.
    pub path: PathBuf,
    /// Why its objects are the repository's.
    pub origin: Origin,
}

/// Why a folder's objects are a repository's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It is the repository's own.
    Own,
    /// It holds what a push brought and nobody accepted yet ("quarantine" in git-receive-pack(1)).
    Quarantine,
    /// It is borrowed from.
    Alternate,
}

/// The variables by which git is told where things are ("The Git Repository" in git(1)).
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `GIT_DIR`
    pub git_dir: Option<PathBuf>,
    /// `GIT_COMMON_DIR`
    pub common_dir: Option<PathBuf>,
    /// `GIT_WORK_TREE`
    pub worktree: Option<PathBuf>,
    /// `GIT_INDEX_FILE`
    pub index_file: Option<PathBuf>,
    /// `GIT_OBJECT_DIRECTORY`
    pub object_directory: Option<PathBuf>,
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES`
    pub alternates: Option<OsString>,
    /// `GIT_QUARANTINE_PATH`
    pub quarantine: Option<PathBuf>,
}

impl Environment {
    /// Those of this process. A variable that is empty counts as not set.
    pub fn of_process() -> Environment {
        Environment::from_lookup(|name| std::env::var_os(name))
    }

    fn from_lookup(variable: impl Fn(&str) -> Option<OsString>) -> Environment {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let path = |name| set(name).map(PathBuf::from);
        Environment {
            git_dir: path("GIT_DIR"),
            common_dir: path("GIT_COMMON_DIR"),
            worktree: path("GIT_WORK_TREE"),
            index_file: path("GIT_INDEX_FILE"),
            object_directory: path("GIT_OBJECT_DIRECTORY"),
            alternates: set("GIT_ALTERNATE_OBJECT_DIRECTORIES"),
            quarantine: path("GIT_QUARANTINE_PATH"),
        }
    }

    /// With every path relative to `folder`.
    fn below(mut self, folder: &Path) -> Environment {
        let paths = [
            &mut self.git_dir,
            &mut self.common_dir,
            &mut self.worktree,
            &mut self.index_file,
            &mut self.object_directory,
            &mut self.quarantine,
        ];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
        self
    }
}

impl Repository {
    /// The repository at `path`: its working tree's top, or its own folder. No variable is looked at.
    ///
    /// # Errors
    /// When there is none, or it has a form that cannot be read.
    pub fn open(path: &Path) -> Result<Repository, Problem> {
        match find(path)? {
            Some(found) => Repository::build(found, Environment::default(), path),
            None => Err(no_repository(path, "is no git repository")),
        }
    }

    /// The repository that `path` lies in: at `path` or the nearest folder above. No variable is looked at.
    ///
    /// # Errors
    /// As [`Repository::open`].
    pub fn discover(path: &Path) -> Result<Repository, Problem> {
        Repository::build(search(path)?, Environment::default(), path)
    }

    /// The repository that git itself would take when it runs in `folder` with these variables; what a
    /// hook has to ask for.
    ///
    /// # Errors
    /// As [`Repository::open`].
    pub fn from_environment(environment: Environment, folder: &Path) -> Result<Repository, Problem> {
        let environment = environment.below(folder);
        let found = match &environment.git_dir {
            Some(git_dir) => Found { git_dir: followed(git_dir)?, worktree: Some(folder.to_owned()) },
            None => search(folder)?,
        };
        Repository::build(found, environment, folder)
    }

    fn build(found: Found, environment: Environment, base: &Path) -> Result<Repository, Problem> {
        let Found { git_dir, worktree } = found;
        let linked_to = match environment.common_dir {
            Some(common) => Some(common),
            None => common_of(&git_dir)?,
        };
        let is_linked = linked_to.is_some();
        let common_dir = linked_to.unwrap_or_else(|| git_dir.clone());
        let objects = environment.object_directory.clone().unwrap_or_else(|| common_dir.join("objects"));
        if !git_dir.is_dir() || !objects.is_dir() {
            return Err(no_repository(&git_dir, "is no git repository: it has no objects"));
        }
        let format = Format::read(&git_dir, &common_dir)?;
        let worktree = match environment.worktree {
            Some(worktree) => Some(worktree),
            None if is_linked => linked_worktree(&git_dir, worktree)?,
            None => main_worktree(&git_dir, worktree, &format),
        };
        let mut problems = vec![];
        for name in &format.unknown {
            let detail = format!(
                "names the extension {name:?}, of which nothing is known here; a newer version of stanch may"
            );
            problems.push(Problem::file(&common_dir.join("config"), Trouble::Unsupported, detail));
        }
        let quarantined = environment.quarantine.is_some_and(|path| is_same(&path, &objects));
        let origin = if quarantined { Origin::Quarantine } else { Origin::Own };
        let extra = environment.alternates.map(|list| path_bytes(Path::new(&list))).unwrap_or_default();
        let extra = alternates::listed(&extra, base);
        let object_folders =
            alternates::folders(ObjectFolder { path: objects, origin }, extra, &mut problems);
        let index_file = environment.index_file.unwrap_or_else(|| git_dir.join("index"));
        Ok(Repository { git_dir, common_dir, worktree, index_file, format, object_folders, problems })
    }

    /// The repository's own folder; of a linked worktree, that worktree's part of it.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The part that all worktrees share: refs, objects, configuration.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// Where the working tree begins; a bare repository has none. Its own configuration may name any
    /// folder of the machine.
    pub fn worktree(&self) -> Option<&Path> {
        self.worktree.as_deref()
    }

    /// The index, which need not be there.
    pub fn index_file(&self) -> &Path {
        &self.index_file
    }

    /// How objects are named.
    pub fn object_format(&self) -> gix_hash::Kind {
        self.format.hash
    }

    /// How refs are stored.
    pub fn ref_storage(&self) -> RefStorage {
        self.format.refs
    }

    /// The folders that hold objects, the own one first, each once.
    pub fn object_folders(&self) -> &[ObjectFolder] {
        &self.object_folders
    }

    /// What was amiss with the repository as a whole.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether objects may be missing because a remote promises to give them later (a partial clone).
    pub fn is_partial(&self) -> bool {
        self.format.promisor.is_some()
            || self.object_folders.iter().any(|folder| {
                let packs = fs::read_dir(folder.path.join("pack")).into_iter().flatten().flatten();
                packs
                    .into_iter()
                    .any(|file| Path::new(&file.file_name()).extension() == Some(OsStr::new("promisor")))
            })
    }

    /// Calls `each` with the name and the text of each file of configuration that is the repository's own: that
    /// of all worktrees, and those of single ones. A link is not followed: it may lead to any file of the machine.
    pub fn configuration(&self, each: &mut dyn FnMut(&Path, &[u8])) -> Vec<Problem> {
        let of_worktrees = self.worktree_dirs().into_iter().map(|(dir, _)| dir.join("config.worktree"));
        let mut problems = vec![];
        for path in std::iter::once(self.common_dir.join("config")).chain(of_worktrees) {
            let is_link = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink());
            if is_link {
                let detail = "is a link, which is not followed";
                problems.push(Problem::file(&path, Trouble::Unsupported, detail));
                continue;
            }
            match if_there(read_short(&path, LONGEST_CONFIGURATION)) {
                Ok(text) => text.iter().for_each(|text| each(&path, text)),
                Err(error) => problems.push(Problem::io(&path, &error)),
            }
        }
        problems
    }

    /// The remote that promises objects which are not here, where one is named.
    pub fn promisor(&self) -> Option<&str> {
        self.format.promisor.as_deref()
    }

    /// Where Git LFS keeps the content of large files (`lfs.storage` in git-lfs-config(5)).
    pub fn lfs_folder(&self) -> PathBuf {
        let storage = self.format.lfs_storage.as_deref().unwrap_or(Path::new("lfs"));
        self.common_dir.join(storage).join("objects")
    }

    /// The commits whose parents were cut off (a shallow clone), sorted; none in a whole repository.
    ///
    /// # Errors
    /// When the list is there and cannot be read.
    pub fn shallow(&self) -> Result<Vec<ObjectId>, Problem> {
        let path = self.common_dir.join("shallow");
        let read =
            if_there(read_short(&path, LONGEST_SHALLOW)).map_err(|error| Problem::io(&path, &error))?;
        let text = read.unwrap_or_default();
        let ids = text.lines().map(|line| {
            let id = ObjectId::from_hex(line.trim_ascii_end()).ok();
            let id = id.filter(|id| id.kind() == self.object_format());
            id.ok_or_else(|| Problem::file(&path, Trouble::Corrupt, "holds a line that is no object id"))
        });
        let mut ids = ids.collect::<Result<Vec<ObjectId>, Problem>>()?;
        ids.sort_unstable();
        Ok(ids)
    }
}

/// A repository's own folder, and where it was found from.
struct Found {
    git_dir: PathBuf,
    /// The folder that holds `.git`.
    worktree: Option<PathBuf>,
}

fn search(path: &Path) -> Result<Found, Problem> {
    let start = fs::canonicalize(path).map_err(|error| Problem::io(path, &error))?;
    for folder in start.ancestors() {
        if let Some(found) = find(folder)? {
            return Ok(found);
        }
    }
    Err(no_repository(path, "lies in no git repository"))
}

fn find(folder: &Path) -> Result<Option<Found>, Problem> {
    let dot_git = folder.join(".git");
    let worktree = Some(folder.to_owned());
    if dot_git.is_file() {
        return Ok(Some(Found { git_dir: followed(&dot_git)?, worktree }));
    }
    // Without a HEAD it is damaged, which is no reason to leave its objects alone.
    if has_objects(&dot_git) {
        return Ok(Some(Found { git_dir: dot_git, worktree }));
    }
    let is_one = folder.join("HEAD").symlink_metadata().is_ok() && has_objects(folder);
    Ok(is_one.then(|| Found { git_dir: folder.to_owned(), worktree: None }))
}

fn has_objects(git_dir: &Path) -> bool {
    git_dir.join("objects").is_dir() || git_dir.join("commondir").is_file()
}

/// The folder that is meant: the path itself, or what a `.git` file points to.
fn followed(path: &Path) -> Result<PathBuf, Problem> {
    if !path.is_file() {
        return Ok(path.to_owned());
    }
    let text = read_short(path, LONGEST_POINTER).map_err(|error| Problem::io(path, &error))?;
    let Some(target) = text.strip_prefix(b"gitdir:") else {
        let detail = "does not begin with `gitdir:`, as a file in the place of a repository does";
        return Err(Problem::file(path, Trouble::Corrupt, detail));
    };
    let target = pointed(path, target)?;
    if !target.is_dir() {
        return Err(Problem::file(path, Trouble::Missing, "points to a folder that is not there"));
    }
    Ok(target)
}

/// The path that a file holds, relative to the folder the file is in.
fn pointed(file: &Path, text: &[u8]) -> Result<PathBuf, Problem> {
    let path = path_of(text.trim_ascii()).map_err(|error| Problem::io(file, &error))?;
    let path = file.parent().unwrap_or(file).join(path);
    // Without `..`, so that people can read it.
    Ok(fs::canonicalize(&path).unwrap_or(path))
}

/// The shared part of the repository that a linked worktree belongs to.
fn common_of(git_dir: &Path) -> Result<Option<PathBuf>, Problem> {
    let file = git_dir.join("commondir");
    let text = if_there(read_short(&file, LONGEST_POINTER)).map_err(|error| Problem::io(&file, &error))?;
    text.map(|text| pointed(&file, &text)).transpose()
}

/// What the configuration says is about the main worktree, so a linked one is not looked up there.
fn linked_worktree(git_dir: &Path, found_in: Option<PathBuf>) -> Result<Option<PathBuf>, Problem> {
    if found_in.is_some() {
        return Ok(found_in);
    }
    let file = git_dir.join("gitdir");
    let text = if_there(read_short(&file, LONGEST_POINTER)).map_err(|error| Problem::io(&file, &error))?;
    let dot_git = text.map(|text| pointed(&file, &text)).transpose()?;
    Ok(dot_git.and_then(|path| path.parent().map(Path::to_owned)))
}

fn main_worktree(git_dir: &Path, found_in: Option<PathBuf>, format: &Format) -> Option<PathBuf> {
    if format.bare == Some(true) {
        return None;
    }
    if let Some(worktree) = &format.worktree {
        let path = git_dir.join(worktree);
        return Some(fs::canonicalize(&path).unwrap_or(path));
    }
    let above = || git_dir.parent().filter(|_| git_dir.file_name() == Some(OsStr::new(".git")));
    found_in.or_else(|| above().map(Path::to_owned))
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

fn no_repository(path: &Path, what: &str) -> Problem {
    let detail = format!("{what}; name a working tree or a bare repository");
    Problem::file(path, Trouble::Missing, detail)
}
