//! Trees by look-up: all of them below some, or what is new in one compared with others.

use foldhash::{HashMap, HashSet};
use gix_hash::{ObjectId, oid};
use gix_object::Kind;

use super::history::entries::{Entries, Kind as EntryKind, TreeEntry};
use super::history::headers;
use super::{Lookup, Problem, Trouble};

/// The largest known repositories have some hundred thousand folders; ten folders that each hold the next one
/// ten times have thousands of millions.
const MOST_FOLDERS: usize = 4_000_000;

/// Goes through trees, each once.
pub struct Trees<'a> {
    lookup: &'a Lookup<'a>,
    /// Trees that were looked at, with those that they were compared with.
    seen: HashSet<(ObjectId, Vec<ObjectId>)>,
    problems: Vec<Problem>,
}

/// The tree that a commit or a tag leads to, or that it is; `None` where it leads to a blob or is not there.
///
/// # Errors
/// When an object on the way cannot be read.
pub fn tree_of(lookup: &Lookup<'_>, id: ObjectId) -> Result<Option<ObjectId>, Problem> {
    let (mut id, mut bytes) = (id, vec![]);
    // Longer chains of tags are lies about ids.
    for _ in 0..64 {
        let next = match lookup.find(&id, &mut bytes)? {
            Some(Kind::Tree) => return Ok(Some(id)),
            Some(Kind::Commit) => headers::commit(&bytes, id.kind()).map(|commit| commit.tree),
            Some(Kind::Tag) => headers::tag(&bytes, id.kind()),
            Some(Kind::Blob) | None => return Ok(None),
        };
        id = next.ok_or_else(|| Problem::object(id, Trouble::Corrupt, "cannot be read"))?;
    }
    Ok(None)
}

impl<'a> Trees<'a> {
    /// Has seen none yet.
    pub fn new(lookup: &'a Lookup<'a>) -> Trees<'a> {
        Trees { lookup, seen: HashSet::default(), problems: vec![] }
    }

    /// What could not be read.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Calls `each` with every tree at and below `root` that was not told before, as it is stored.
    pub fn below(&mut self, root: ObjectId, each: &mut dyn FnMut(&oid, &[u8])) {
        let mut rest = vec![root];
        while let Some(id) = rest.pop() {
            if !self.seen.insert((id, vec![])) {
                continue;
            }
            let Some(bytes) = self.read(id) else { continue };
            each(&id, &bytes);
            for entry in self.entries(id, &bytes) {
                if let Some((Kind::Tree, below)) = entry.object {
                    rest.push(below);
                }
            }
        }
    }

    /// Calls `each` with every entry at and below `new` that is at the same path in none of `old`. What two
    /// such comparisons would tell both may be told once.
    pub fn changes(&mut self, new: ObjectId, old: &[ObjectId], each: &mut dyn FnMut(TreeEntry<'_>)) {
        let mut rest = vec![(new, old.to_vec())];
        while let Some((new, old)) = rest.pop() {
            if old.contains(&new) || !self.seen.insert((new, old.clone())) {
                continue;
            }
            self.compare(new, &old, |entry, before| {
                each(entry);
                if let Some((Kind::Tree, below)) = entry.object {
                    let trees = before.iter().filter(|(kind, _)| *kind == Kind::Tree).map(|(_, id)| *id);
                    rest.push((below, trees.collect()));
                }
            });
        }
    }

    /// Calls `each` with every entry of the tree `new` that none of the trees `old` has, and with the objects that
    /// stand under its name in those.
    pub(super) fn compare(
        &mut self,
        new: ObjectId,
        old: &[ObjectId],
        mut each: impl FnMut(TreeEntry<'_>, &[(Kind, ObjectId)]),
    ) {
        let Some(bytes) = self.read(new) else { return };
        let old: Vec<Vec<u8>> = old.iter().filter_map(|&old| self.read(old)).collect();
        let old: Vec<HashMap<&[u8], TreeEntry<'_>>> = old
            .iter()
            .map(|bytes| self.entries(new, bytes).into_iter().map(|entry| (entry.name, entry)).collect())
            .collect();
        for entry in self.entries(new, &bytes) {
            let before: Vec<_> = old.iter().filter_map(|old| old.get(entry.name)?.object).collect();
            if entry.object.is_none_or(|object| !before.contains(&object)) {
                each(entry, &before);
            }
        }
    }

    /// Calls `each` with the path and the id of every blob below `root`.
    pub fn files(&mut self, root: ObjectId, each: &mut dyn FnMut(&[u8], ObjectId)) {
        self.paths(root, &mut |path, object| object.into_iter().for_each(|id| each(path, id)));
    }

    /// Calls `each` with the path of every submodule below `root`.
    pub fn links(&mut self, root: ObjectId, each: &mut dyn FnMut(&[u8])) {
        self.paths(root, &mut |path, object| {
            if object.is_none() {
                each(path);
            }
        });
    }

    fn paths(&mut self, root: ObjectId, each: &mut dyn FnMut(&[u8], Option<ObjectId>)) {
        let mut rest = vec![(vec![], root)];
        let mut steps = 0;
        while let Some((path, tree)) = rest.pop() {
            steps += 1;
            if steps > MOST_FOLDERS {
                let detail = format!("has more than {MOST_FOLDERS} folders; those beyond are not read");
                return self.problems.push(Problem::object(root, Trouble::TooLarge, detail));
            }
            let Some(bytes) = self.read(tree) else { continue };
            for entry in self.entries(tree, &bytes) {
                match entry.object {
                    Some((Kind::Tree, id)) => rest.push(([&path[..], entry.name, b"/"].concat(), id)),
                    object => each(&[&path[..], entry.name].concat(), object.map(|(_, id)| id)),
                }
            }
        }
    }

    /// The blob or the tree at a path below `root`; at the empty path it is `root` itself.
    pub fn entry(&mut self, root: ObjectId, path: &[u8]) -> Option<(Kind, ObjectId)> {
        let mut found = (Kind::Tree, root);
        for name in path.split(|&byte| byte == b'/').filter(|name| !name.is_empty()) {
            let (Kind::Tree, tree) = found else { return None };
            let bytes = self.read(tree)?;
            found = self.entries(tree, &bytes).into_iter().find(|entry| entry.name == name)?.object?;
        }
        Some(found)
    }

    pub(super) fn read(&mut self, id: ObjectId) -> Option<Vec<u8>> {
        let mut bytes = vec![];
        match self.lookup.find(&id, &mut bytes) {
            Ok(Some(Kind::Tree)) => return Some(bytes),
            Ok(Some(_)) => {
                self.problems.push(Problem::object(id, Trouble::Corrupt, "is named as a tree and is none"));
            }
            Ok(None) => {
                self.problems.push(Problem::object(id, Trouble::Missing, "is a tree that is not there"));
            }
            Err(problem) => self.problems.push(problem),
        }
        None
    }

    pub(super) fn entries<'b>(&mut self, id: ObjectId, bytes: &'b [u8]) -> Vec<TreeEntry<'b>> {
        let width = id.kind().len_in_bytes();
        let mut entries = Entries::starting(bytes, width, 0);
        let mut all = vec![];
        for entry in &mut entries {
            let object = |kind| {
                let id = bytes.get(entry.name_end + 1..)?.get(..width)?;
                Some((kind, ObjectId::from_bytes_or_panic(id)))
            };
            let object = match entry.kind {
                EntryKind::Blob => object(Kind::Blob),
                EntryKind::Tree => object(Kind::Tree),
                EntryKind::Gitlink => None,
            };
            all.push(TreeEntry { name: &bytes[entry.name..entry.name_end], object });
        }
        if entries.is_malformed() {
            self.problems.push(Problem::object(
                id,
                Trouble::Corrupt,
                "is a tree that cannot be read to its end",
            ));
        }
        all
    }
}
