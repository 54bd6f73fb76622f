//! The index: what the next commit will hold (gitformat-index(5)).

use std::collections::BTreeSet;
use std::fs;
use std::io;

use foldhash::HashMap;
use gix_hash::ObjectId;
use gix_index::entry::{Flags, Mode};
use gix_index::{Entry, File, extension};
use gix_object::Kind;

use super::{Lookup, Problem, Repository, TreeEntry, Trees};

/// The index of a worktree.
pub struct Index(File);

/// What an index holds that a commit does not.
#[derive(Debug, Default)]
pub struct Staged {
    /// Files, each with the blob that is at its path in the commit.
    pub files: Vec<StagedFile>,
    /// Names of files and folders whose paths are not in the commit.
    pub names: BTreeSet<Vec<u8>>,
}

/// A file that is not in the commit as it is in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedFile {
    /// Where it is.
    pub path: Vec<u8>,
    /// What it holds.
    pub blob: ObjectId,
    /// What is there in the commit.
    pub old: Option<ObjectId>,
}

impl Repository {
    /// The index; `None` where none was written yet.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn index(&self) -> Result<Option<Index>, String> {
        let path = self.index_file();
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err("the index is no regular file".into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        }
        let options = gix_index::decode::Options { thread_limit: Some(1), ..Default::default() };
        let file = File::at(path, self.object_format(), true, options).map_err(|error| {
            // The message of this one names a full path.
            let open = error.downcast_any_ref::<gix_index::file::init::OpenError>();
            open.map_or_else(|| error.to_string(), |open| open.source.to_string())
        })?;
        Ok(Some(Index(file)))
    }
}

impl Index {
    /// The paths it holds; that of a folder of which only the whole is known ends with a slash.
    pub fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.0.entries().iter().map(|entry| -> &[u8] { entry.path(&self.0) })
    }

    /// What it holds that the tree `head` does not, where no tree holds nothing. Folders that it knows to be
    /// as in that tree are not looked at. All sides of an unresolved conflict are told; a path that is only
    /// intended to be added holds nothing yet.
    pub fn staged(&self, lookup: &Lookup<'_>, head: Option<ObjectId>) -> (Staged, Vec<Problem>) {
        let mut comparison =
            Comparison { index: &self.0, trees: Trees::new(lookup), staged: Staged::default() };
        let mut rest = vec![Folder { entries: self.0.entries(), at: 0, known: self.0.tree(), head }];
        while let Some(folder) = rest.pop() {
            comparison.folder(folder, &mut rest);
        }
        (comparison.staged, comparison.trees.problems().to_vec())
    }
}

/// A folder to be compared.
struct Folder<'a> {
    entries: &'a [Entry],
    /// Where in their paths the names in this folder begin.
    at: usize,
    /// What the index knows of the tree that it was.
    known: Option<&'a extension::Tree>,
    /// The tree that it is in the commit.
    head: Option<ObjectId>,
}

struct Comparison<'a> {
    index: &'a File,
    trees: Trees<'a>,
    staged: Staged,
}

impl<'a> Comparison<'a> {
    /// Compares what is in a folder; those in it come to the `others`.
    fn folder(&mut self, folder: Folder<'a>, others: &mut Vec<Folder<'a>>) {
        let Folder { entries, at, known, head } = folder;
        let is_same = |known: &extension::Tree| known.num_entries.is_some() && Some(known.id) == head;
        if known.is_some_and(is_same) {
            return;
        }
        let bytes = head.and_then(|head| self.trees.read(head)).unwrap_or_default();
        let old = head.map(|head| self.trees.entries(head, &bytes)).unwrap_or_default();
        let old: HashMap<&[u8], TreeEntry<'_>> = old.into_iter().map(|entry| (entry.name, entry)).collect();
        let mut rest = entries;
        while let Some(first) = rest.first() {
            let path: &[u8] = first.path(self.index);
            let name = &path[at..];
            let slash = memchr::memchr(b'/', name);
            let name = &name[..slash.unwrap_or(name.len())];
            let before = old.get(name).and_then(|entry| entry.object);
            if before.is_none() {
                self.staged.names.insert(name.to_vec());
            }
            let old_tree = before.filter(|(kind, _)| *kind == Kind::Tree).map(|(_, id)| id);
            let old_blob = before.filter(|(kind, _)| *kind == Kind::Blob).map(|(_, id)| id);
            match slash {
                Some(_) if first.mode == Mode::DIR => {
                    self.whole_folder(path, first.id, old_tree);
                    rest = &rest[1..];
                }
                Some(length) => {
                    let folder = &path[..at + length + 1];
                    let is_in = |entry: &Entry| entry.path(self.index).starts_with(folder);
                    let (inside, after) = rest.split_at(rest.partition_point(is_in).max(1));
                    let known =
                        known.and_then(|known| known.children.iter().find(|child| child.name[..] == *name));
                    others.push(Folder { entries: inside, at: at + length + 1, known, head: old_tree });
                    rest = after;
                }
                None => {
                    let holds = !first.mode.is_submodule() && !first.flags.contains(Flags::INTENT_TO_ADD);
                    if holds && old_blob != Some(first.id) {
                        let path = path.to_vec();
                        self.staged.files.push(StagedFile { path, blob: first.id, old: old_blob });
                    }
                    rest = &rest[1..];
                }
            }
        }
    }

    /// A folder of a sparse index, of which only its tree is known.
    fn whole_folder(&mut self, path: &[u8], tree: ObjectId, old: Option<ObjectId>) {
        let mut rest = vec![(path.to_vec(), tree, old)];
        while let Some((path, tree, old)) = rest.pop() {
            if Some(tree) == old {
                continue;
            }
            self.trees.compare(tree, old.as_slice(), |entry, before| {
                let same_kind = |kind| before.iter().find(|before| before.0 == kind).map(|before| before.1);
                let below = [&path[..], entry.name].concat();
                match entry.object {
                    Some((Kind::Tree, id)) => {
                        rest.push(([&below[..], b"/"].concat(), id, same_kind(Kind::Tree)));
                    }
                    Some((_, blob)) => {
                        let old = same_kind(Kind::Blob);
                        self.staged.files.push(StagedFile { path: below, blob, old });
                    }
                    None => {}
                }
                if before.is_empty() {
                    self.staged.names.insert(entry.name.to_vec());
                }
            });
        }
    }
}
