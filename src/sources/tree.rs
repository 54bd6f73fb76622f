//! Folders and files, walked in parallel.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{DirEntry, WalkBuilder, WalkState};

use super::holes::Holed;
use super::ignores::{Ignores, Say};
use super::stdin::Noting;
use super::{Blob, Content, Passed, Source, SourceError, Visit};
use crate::model::{BlobPath, Gap, GapReason, PlaceKind, is_telling};

/// Files up to this size are handed over whole, in bytes.
const WHOLE: usize = 2 * 1024 * 1024;

/// What is asked for at first of a file that calls itself shorter: some files of the system give all they
/// have to the first read and nothing to the next.
const FIRST_READ: usize = 4096;

/// Files and folders as a person named them.
pub struct Tree {
    roots: Vec<Root>,
    /// Where roots begin: a root inside another one is visited on its own, and only there.
    begins: HashSet<PathBuf>,
    options: TreeOptions,
    excludes: Gitignore,
}

/// How a tree is walked.
#[derive(Debug, Clone)]
pub struct TreeOptions {
    /// How many threads walk and scan.
    pub jobs: usize,
    /// Whether `.gitignore` hides anything.
    pub gitignore: bool,
    /// Patterns in the form of `.gitignore`, relative to each root: what they match is left out.
    pub exclude: Vec<String>,
}

/// One path that was named.
struct Root {
    /// As typed.
    typed: PathBuf,
    /// As visited.
    path: PathBuf,
    /// What paths of its blobs begin with.
    shown: BlobPath,
    is_folder: bool,
}

impl Tree {
    /// A tree of these roots.
    ///
    /// # Errors
    /// When a root is not there, is no file or folder, or a pattern is wrong.
    pub fn new(paths: &[PathBuf], options: TreeOptions) -> Result<Tree, SourceError> {
        let alone = paths.len() == 1;
        let mut roots = paths
            .iter()
            .map(|path| Root::new(path, alone, options.gitignore))
            .collect::<Result<Vec<Root>, _>>()?;
        let mut begins = HashSet::new();
        roots.retain(|root| begins.insert(root.path.clone()));
        let excludes = excludes(&options.exclude)?;
        Ok(Tree { roots, begins, options, excludes })
    }
}

/// What patterns in the form of `.gitignore` leave out.
pub(super) fn excludes(patterns: &[String]) -> Result<Gitignore, SourceError> {
    let mut excludes = GitignoreBuilder::new("");
    for pattern in patterns {
        let added = excludes.add_line(None, pattern);
        added.map_err(|error| SourceError(format!("the pattern `{pattern}` of --exclude: {error}")))?;
    }
    excludes.build().map_err(|error| SourceError(format!("--exclude: {error}")))
}

/// What paths below a folder that was named begin with in a report: nothing where it is the only root,
/// else the folder as it was typed.
pub fn folder_as_shown(typed: &Path, alone: bool) -> BlobPath {
    if alone {
        return BlobPath::from("");
    }
    let mut shown = bytes_of(typed);
    if !shown.ends_with(b"/") {
        shown.push(b'/');
    }
    BlobPath::new(shown)
}

impl Root {
    fn new(path: &Path, alone: bool, gitignore: bool) -> Result<Root, SourceError> {
        let metadata = fs::metadata(path).map_err(|error| {
            SourceError(format!(
                "{}: {error}; name a file or a folder, or `-` for standard input",
                path.display()
            ))
        })?;
        if !metadata.is_dir() && !metadata.is_file() {
            let hint =
                "is no file and no folder; special files are not opened: feed it to `stanch scan -` instead";
            return Err(SourceError(format!("{} {hint}", path.display())));
        }
        // A root may be a link; below it none is followed. The folders above tell the repository it is in,
        // and only full paths tell which roots lie in each other.
        let linked = fs::symlink_metadata(path).is_ok_and(|own| own.is_symlink());
        let walked = if linked || gitignore || !alone {
            fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
        } else {
            path.to_owned()
        };
        let shown =
            if metadata.is_dir() { folder_as_shown(path, alone) } else { BlobPath::new(bytes_of(path)) };
        Ok(Root { typed: path.to_owned(), path: walked, shown, is_folder: metadata.is_dir() })
    }

    fn shown(&self, path: &Path) -> BlobPath {
        match [self.shown.as_bytes(), &bytes_of(self.below(path))].concat() {
            // The root itself, where it needs no name.
            shown if shown.is_empty() => BlobPath::from("."),
            shown => BlobPath::new(shown),
        }
    }

    fn below<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.path).unwrap_or(path)
    }

    /// The repository's own place in a path, also where the repository begins above the root.
    fn shown_repository(&self, top: &Path) -> BlobPath {
        match self.path.strip_prefix(top) {
            Ok(above) => {
                let up = b"../".repeat(above.components().count());
                BlobPath::new([self.shown.as_bytes(), &up, b".git"].concat())
            }
            Err(_) => self.shown(&top.join(".git")),
        }
    }
}

impl Source for Tree {
    fn visit(&self, each: &(dyn Fn(Visit<'_>) + Sync)) -> Result<(), SourceError> {
        for root in &self.roots {
            if root.is_folder {
                self.walk(root, each);
            } else if self.leaves_out(&root.typed) {
                each(Visit::Passed(Passed::Excluded));
            } else {
                visit_name(&root.shown, each);
                visit_file(&root.path, &root.shown, each);
            }
        }
        Ok(())
    }
}

impl Tree {
    /// Whether a pattern leaves out a file that was named, or a folder above it.
    fn leaves_out(&self, file: &Path) -> bool {
        // The patterns know relative paths only.
        let relative: PathBuf =
            file.components().filter(|part| matches!(part, Component::Normal(_))).collect();
        self.excludes.matched_path_or_any_parents(relative, false).is_ignore()
    }

    fn walk(&self, root: &Root, each: &(dyn Fn(Visit<'_>) + Sync)) {
        let ignores = Ignores::from(&root.path);
        let walker = WalkBuilder::new(&root.path)
            .standard_filters(false)
            .follow_links(false)
            .threads(self.options.jobs)
            .build_parallel();
        walker.run(|| {
            Box::new(|entry| match entry {
                Ok(entry) => self.visit_entry(root, &ignores, &entry, each),
                Err(error) => {
                    each(Visit::Gap(gap_of(root, &error)));
                    WalkState::Continue
                }
            })
        });
    }

    fn visit_entry(
        &self,
        root: &Root,
        ignores: &Ignores,
        entry: &DirEntry,
        each: &(dyn Fn(Visit<'_>) + Sync),
    ) -> WalkState {
        if entry.depth() == 0 {
            return WalkState::Continue;
        }
        let path = entry.path();
        let Some(kind) = entry.file_type() else { return WalkState::Continue };
        let is_git = kind.is_dir() && entry.file_name() == ".git";
        if is_git || (self.begins.len() > 1 && self.begins.contains(path)) {
            return WalkState::Skip;
        }
        let excludes = &self.excludes;
        if !excludes.is_empty() && excludes.matched(root.below(path), kind.is_dir()).is_ignore() {
            each(Visit::Passed(Passed::Excluded));
            return WalkState::Skip;
        }
        if self.options.gitignore {
            match ignores.say(path, kind.is_dir()) {
                Say::Visible => {}
                Say::Hidden => {
                    each(Visit::Passed(Passed::Ignored));
                    return WalkState::Skip;
                }
                Say::Doubtful { top, why } => each(Visit::Gap(Gap {
                    path: root.shown_repository(&top),
                    reason: GapReason::BrokenIndex,
                    detail: why,
                })),
            }
        }
        let shown = root.shown(path);
        visit_name(&shown, each);
        if kind.is_dir() {
            return WalkState::Continue;
        }
        if kind.is_symlink() {
            visit_link(path, &shown, each);
        } else if kind.is_file() {
            visit_file(path, &shown, each);
        } else {
            each(Visit::Passed(Passed::Special));
        }
        WalkState::Continue
    }
}

/// A path is stored text too; long names with digits may hold a token.
pub(super) fn visit_name(path: &BlobPath, each: &(dyn Fn(Visit<'_>) + Sync)) {
    let name = path.file_name();
    if is_telling(name) {
        each(Visit::Blob(Blob {
            path,
            kind: PlaceKind::Name,
            appearance: None,
            content: Content::Whole(name),
        }));
    }
}

fn visit_link(path: &Path, shown: &BlobPath, each: &(dyn Fn(Visit<'_>) + Sync)) {
    match fs::read_link(path) {
        Ok(target) => {
            let target = bytes_of(&target);
            each(Visit::Blob(Blob {
                path: shown,
                kind: PlaceKind::Name,
                appearance: None,
                content: Content::Whole(&target),
            }));
            each(Visit::Passed(Passed::Symlink));
        }
        Err(error) => each(Visit::Gap(gap(shown, &error))),
    }
}

thread_local! {
    /// What this thread reads files into: kept, so that a file costs no allocation.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(vec![]) };
}

fn visit_file(path: &Path, shown: &BlobPath, each: &(dyn Fn(Visit<'_>) + Sync)) {
    match open(path) {
        Ok(Some((file, metadata))) => {
            BUFFER.with_borrow_mut(|buffer| visit_content(file, &metadata, shown, buffer, each));
        }
        Ok(None) => each(Visit::Passed(Passed::Special)),
        Err(error) => each(Visit::Gap(gap(shown, &error))),
    }
}

fn visit_content(
    file: File,
    metadata: &Metadata,
    path: &BlobPath,
    buffer: &mut Vec<u8>,
    each: &(dyn Fn(Visit<'_>) + Sync),
) {
    let expected = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    let hand_over =
        |content| each(Visit::Blob(Blob { path, kind: PlaceKind::File, appearance: None, content }));
    let (read, error) = if expected < WHOLE {
        let mut file = Noting { reader: file, error: None };
        let filled = read_whole(&mut file, expected, buffer);
        if filled > WHOLE {
            // It grew while it was read; the rest follows what is here already.
            buffer.truncate(filled);
            let mut rest = io::Cursor::new(std::mem::take(buffer)).chain(&mut file);
            hand_over(Content::Stream(&mut rest));
        } else {
            hand_over(Content::Whole(&buffer[..filled]));
        }
        (filled as u64, file.error)
    } else {
        let mut file = Noting { reader: Holed::new(file), error: None };
        let mut ended = Ended { reader: &mut file, at: u64::MAX };
        hand_over(Content::Seekable(&mut ended));
        (ended.at, file.error)
    };
    if let Some(detail) = error {
        each(Visit::Gap(Gap { path: path.clone(), reason: GapReason::Unreadable, detail }));
    } else if read < expected as u64 {
        let detail = format!("{read} of {expected} bytes were left");
        each(Visit::Gap(Gap { path: path.clone(), reason: GapReason::Changed, detail }));
    }
}

/// Reads a file of about `expected` bytes to the start of `buffer`, and returns how many bytes it has; room for
/// one byte more shows that it ends there. Files that claim to be empty, as those of procfs, are read to their end. Where that is more than [`WHOLE`], there may be more.
fn read_whole(file: &mut impl Read, expected: usize, buffer: &mut Vec<u8>) -> usize {
    // It never shrinks: what grows is filled with zeros first.
    buffer.resize(buffer.len().max(FIRST_READ).max(expected + 1), 0);
    let mut filled = 0;
    loop {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
        if filled == expected && expected > 0 && filled < buffer.len() {
            break;
        }
        if filled == buffer.len() {
            if filled > WHOLE {
                break;
            }
            buffer.resize(filled * 2, 0);
        }
    }
    filled
}

/// A file that remembers where its end was met.
struct Ended<R> {
    reader: R,
    at: u64,
}

impl<R: Read + Seek> Read for Ended<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            self.at = self.at.min(self.reader.stream_position()?);
        }
        Ok(read)
    }
}

impl<R: Seek> Seek for Ended<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}

/// Opens a regular file; `None` when it became something else since it was listed. It is neither
/// followed when it became a link, nor waited for when it became a FIFO.
pub(super) fn open(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata)))
}

fn gap(path: &BlobPath, error: &io::Error) -> Gap {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => GapReason::Vanished,
        _ => GapReason::Unreadable,
    };
    Gap { path: path.clone(), reason, detail: error.to_string() }
}

fn gap_of(root: &Root, error: &ignore::Error) -> Gap {
    fn path_of(error: &ignore::Error) -> Option<&Path> {
        match error {
            ignore::Error::WithPath { path, .. } => Some(path),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
            _ => None,
        }
    }
    let path = path_of(error).map_or_else(|| root.shown(&root.path), |path| root.shown(path));
    match error.io_error() {
        Some(error) => gap(&path, error),
        None => Gap { path, reason: GapReason::Unreadable, detail: error.to_string() },
    }
}

/// The bytes of a path as the system stores it.
#[cfg(unix)]
pub(super) fn bytes_of(path: &Path) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
}

/// The path with `/` between its parts; what is not Unicode is lost.
#[cfg(not(unix))]
pub(super) fn bytes_of(path: &Path) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

/// The path that git stores as these bytes.
#[cfg(unix)]
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes))
}

/// The path that git stores as these bytes; what is not Unicode is lost.
#[cfg(not(unix))]
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
