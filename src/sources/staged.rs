//! What the next commit would bring: the index compared with the commit that is checked out. Files of the
//! worktree are not looked at.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashSet};

use super::history::{LARGEST, visit_names};
use super::{History, Look, SourceError, Special, Suspect, Told, Visit};
use crate::git::history::Label;
use crate::git::{self, Lookup, ObjectId, StagedFile, Trees};
use crate::model::{Appearance, BlobPath, Novelty, PlaceKind};

impl History {
    /// Reads what is staged. A value that the same path holds in the commit is no news and not told; one that
    /// stands elsewhere in it was moved.
    pub(super) fn read_staged(
        &self,
        suspect: Suspect<'_>,
        special: Special<'_>,
        each: &(dyn Fn(Visit<'_>) + Sync),
        look: Look<'_>,
    ) -> Result<Vec<Told>, SourceError> {
        let index = self.repository.index();
        let index = index.map_err(|why| SourceError(format!("the index cannot be read: {why}")))?;
        let Some(index) = index else { return Ok(vec![]) };
        self.tell_gaps(self.repository.problems().iter().chain(self.store.problems()), each);
        let lookup = Lookup::new(&self.store, LARGEST);
        let head = self.head_tree(&self.repository.refs(), &lookup);
        let (git::Staged { mut files, names }, problems) = index.staged(&lookup, head);
        self.tell_gaps(&problems, each);
        visit_names(&names, PlaceKind::Name, each);
        let blobs: BTreeSet<ObjectId> = files.iter().map(|file| file.blob).collect();
        let suspects = self.suspects_among(&blobs, suspect, each);
        let is_special = |file: &StagedFile| {
            let name = file.path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
            special(name)
        };
        files.retain(|file| suspects.contains(&file.blob) || is_special(file));
        if files.is_empty() {
            return Ok(vec![]);
        }
        let mut labels_at = |path: &BlobPath, blob: &ObjectId, in_scope: bool| {
            self.labels_at(path, blob, in_scope, &lookup, each, look)
        };
        let mut brought: Vec<(BlobPath, ObjectId, Label)> = vec![];
        for StagedFile { path, blob, old } in files {
            let path = BlobPath::new(path);
            let there: BTreeSet<Label> = old.iter().flat_map(|old| labels_at(&path, old, false)).collect();
            let labels: BTreeSet<Label> = labels_at(&path, &blob, true).into_iter().collect();
            brought.extend(labels.difference(&there).map(|&label| (path.clone(), blob, label)));
        }
        let known: HashSet<Label> = match (brought.is_empty(), head) {
            (false, Some(head)) => {
                let before = self.suspects_of_tree(head, suspect, &lookup);
                before.iter().flat_map(|(blob, path)| labels_at(path, blob, false)).collect()
            }
            _ => HashSet::default(),
        };
        let told = brought.into_iter().map(|(path, blob, label)| {
            let novelty = if known.contains(&label) { Novelty::Moved } else { Novelty::New };
            let appearance =
                Appearance { object: blob.to_string(), novelty: Some(novelty), ..Appearance::default() };
            Told::new(path, label, appearance)
        });
        Ok(told.collect())
    }

    /// The blobs of a tree that may hold something, each with one of its paths.
    fn suspects_of_tree(
        &self,
        tree: ObjectId,
        suspect: Suspect<'_>,
        lookup: &Lookup<'_>,
    ) -> HashMap<ObjectId, BlobPath> {
        let mut paths: HashMap<ObjectId, BlobPath> = HashMap::default();
        let mut trees = Trees::new(lookup);
        trees.files(tree, &mut |path, blob| {
            paths.entry(blob).or_insert_with(|| BlobPath::new(path));
        });
        let blobs: BTreeSet<ObjectId> = paths.keys().copied().collect();
        let suspects = self.suspects_among(&blobs, suspect, &|_| {});
        paths.retain(|blob, _| suspects.contains(blob));
        paths
    }
}
