//! The files of a commit, read from the object database without a checkout.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use ignore::gitignore::Gitignore;

use super::blobs::for_each_blob;
use super::history::LARGEST;
use super::tree::{bytes_of, excludes, path_of, visit_name};
use super::{Blob, History, Passed, Source, SourceError, Visit, folder_as_shown};
use crate::git::{self, Kind, Lookup, ObjectId, Trees};
use crate::model::{BlobPath, PlaceKind};

/// Files of a commit.
pub struct Revision {
    roots: Vec<Root>,
    excludes: Gitignore,
}

/// A part of a commit's files.
struct Root {
    history: History,
    /// The folder or file in the commit.
    entry: (Kind, ObjectId),
    /// What paths below it begin with in a report.
    shown: BlobPath,
}

impl Revision {
    /// What stood in the commit (or tag, or tree) `name` at these paths, each in the repository around it.
    ///
    /// # Errors
    /// When a path lies in no repository, or `name` stands for no tree there or the path is not in it.
    pub fn new(
        name: &str,
        paths: &[PathBuf],
        jobs: usize,
        exclude: &[String],
    ) -> Result<Revision, SourceError> {
        let alone = paths.len() == 1;
        let roots = paths.iter().map(|path| Root::new(name, path, alone, jobs));
        Ok(Revision { roots: roots.collect::<Result<_, _>>()?, excludes: excludes(exclude)? })
    }
}

impl Root {
    fn new(name: &str, path: &Path, alone: bool, jobs: usize) -> Result<Root, SourceError> {
        let absolute =
            std::path::absolute(path).map_err(|error| SourceError(format!("{}: {error}", path.display())))?;
        // What the commit has need not be here any more.
        let there = absolute.ancestors().find(|path| path.exists()).unwrap_or(&absolute);
        let history = History::open(Some(there), jobs)?;
        let wrong = |problem: git::Problem| SourceError(problem.detail);
        let id = history.repository.revision(name).map_err(wrong)?;
        let lookup = Lookup::new(&history.store, LARGEST);
        let tree = git::tree_of(&lookup, id).map_err(|problem| SourceError(problem.to_string()))?;
        let tree = tree.ok_or_else(|| {
            SourceError(format!("`{name}` leads to no files here; name a commit, a branch or a tag"))
        })?;
        let prefix = history.worktree().map_or_else(Vec::new, |top| below(top, &absolute));
        let entry = Trees::new(&lookup).entry(tree, &prefix).ok_or_else(|| {
            let prefix = String::from_utf8_lossy(&prefix);
            SourceError(format!("{prefix} is not in `{name}`; name a path that is"))
        })?;
        let shown = match entry.0 {
            Kind::Tree => folder_as_shown(path, alone),
            _ => BlobPath::new(bytes_of(path)),
        };
        Ok(Root { history, entry, shown })
    }

    fn visit(&self, excludes: &Gitignore, each: &(dyn Fn(Visit<'_>) + Sync)) {
        let History { store, jobs, .. } = &self.history;
        let lookup = Lookup::new(store, LARGEST);
        let mut trees = Trees::new(&lookup);
        let mut files: Vec<(ObjectId, Vec<u8>)> = vec![];
        match self.entry {
            (Kind::Tree, tree) => trees.files(tree, &mut |path, id| files.push((id, path.to_vec()))),
            (_, blob) => files.push((blob, vec![])),
        }
        self.history.tell_gaps(trees.problems(), each);
        files.retain(|(_, path)| {
            let stays = excludes.is_empty()
                || !excludes.matched_path_or_any_parents(path_of(path), false).is_ignore();
            if !stays {
                each(Visit::Passed(Passed::Excluded));
            }
            stays
        });
        let folders: BTreeSet<&[u8]> = files
            .iter()
            .flat_map(|(_, path)| memchr::memchr_iter(b'/', path).map(|slash| &path[..slash]))
            .collect();
        folders.into_iter().for_each(|folder| visit_name(&self.shown(folder), each));
        for_each_blob(store, *jobs, &files, &|(id, path), read| match read {
            Ok(Some(bytes)) => {
                let path = self.shown(path);
                visit_name(&path, each);
                self.history.with_content(&path, bytes, each, &mut |mut content| {
                    let content = content.reborrow();
                    each(Visit::Blob(Blob { path: &path, kind: PlaceKind::File, appearance: None, content }));
                });
            }
            Ok(None) => self.history.tell_missing(*id, each),
            Err(problem) => self.history.tell_gaps([&problem], each),
        });
    }

    fn shown(&self, path: &[u8]) -> BlobPath {
        BlobPath::new([self.shown.as_bytes(), path].concat())
    }
}

impl Source for Revision {
    fn visit(&self, each: &(dyn Fn(Visit<'_>) + Sync)) -> Result<(), SourceError> {
        self.roots.iter().for_each(|root| root.visit(&self.excludes, each));
        Ok(())
    }
}

/// The path below the top of a worktree, with slashes.
fn below(top: &Path, path: &Path) -> Vec<u8> {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let path = real(path);
    let relative = path.strip_prefix(real(top)).unwrap_or(Path::new(""));
    let parts = relative.components().filter(|part| matches!(part, Component::Normal(_)));
    bytes_of(&parts.collect::<PathBuf>())
}
