//! Collects trees as they come by: what each of them leads to, as far as it may lead to a wanted blob.
//!
//! A tree may come before the trees below it, so all that leads to another tree has to be kept until the
//! end. Two versions of a folder are nearly the same, though: the list of a tree is cut into chunks at
//! places that its entries choose by themselves, and each distinct chunk is kept once. A folder of 8,000
//! folders that changed 100,000 times takes some 2 KB a change, not 64, and what lies below a chunk is
//! worked out once.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use gix_hash::{ObjectId, oid};
use gix_object::Kind;

use super::chunks::{Chunks, cut};
use super::entries::{Kind as EntryKind, TreeEntry};
use super::intern::{Ids, Lists, Slices};
use super::packed::{Child, MOST, Packed};
use super::reader::Reader;
use super::{Problem, Wanted};

/// What one thread saw of the trees of a repository.
pub struct TreeCollector<'a> {
    wanted: &'a Wanted,
    pub(super) seen: Seen,
    pub(super) problems: Vec<Problem>,
    reader: Reader<'a>,
    recent: Recent,
    /// Those of the tree at hand.
    chunks: Vec<u32>,
}

/// Entries that came of late, by kind, name and id. Nearly every entry of a tree stood in another one not long before.
struct Recent {
    hasher: RandomState,
    /// By their own lowest bits; zero stands for none.
    hashes: Box<[u64]>,
}

/// How many are remembered: what stays in the second-level cache.
const RECENT: usize = 1 << 15;

/// Trees and what they lead to, by numbers.
pub(super) struct Seen {
    /// All trees that came or that another tree names.
    pub(super) trees: Ids,
    /// What is known of each of them.
    pub(super) states: Vec<State>,
    pub(super) names: Slices<u8>,
    pub(super) chunks: Chunks,
    pub(super) chunk_lists: Lists<u32>,
}

/// What is known of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It was named, and did not come.
    Absent,
    /// It leads neither to trees nor to wanted blobs.
    Leaf,
    /// It is made of these chunks: the number of a list.
    Chunks(u32),
}

impl<'a> TreeCollector<'a> {
    /// Has seen nothing yet.
    pub fn new(wanted: &'a Wanted) -> TreeCollector<'a> {
        TreeCollector {
            wanted,
            seen: Seen::new(wanted.kind()),
            problems: vec![],
            reader: Reader::new(wanted),
            recent: Recent { hasher: RandomState::default(), hashes: vec![0; RECENT].into() },
            chunks: vec![],
        }
    }

    /// Takes a tree, as it is stored. One that came already changes nothing.
    pub fn tree(&mut self, id: &oid, bytes: &[u8]) {
        self.tree_with(id, bytes, &mut |_| {});
    }

    /// The same, and calls `fresh` for its entries, but for most of those that one of the trees before had in
    /// common with it.
    pub fn tree_with(&mut self, id: &oid, bytes: &[u8], fresh: &mut impl FnMut(TreeEntry<'_>)) {
        // An entry takes more than one byte.
        if self.seen.trees.len() + bytes.len() >= MOST || id.kind() != self.wanted.kind() {
            return self.problems.push(Problem::UnusableTree(id.to_owned()));
        }
        let tree = self.seen.number(id.as_bytes()) as usize;
        if self.seen.states[tree] != State::Absent {
            return;
        }
        let mark = |entry: &[u8], is_tree: bool| self.seen.chunks.mark(entry, is_tree);
        let recent = &mut self.recent;
        let unread = self.reader.read(bytes, mark, &mut |kind, name, id| {
            if !recent.add(kind, name, id) {
                return;
            }
            let object = |kind| Some((kind, ObjectId::from_bytes_or_panic(id)));
            let object = match kind {
                EntryKind::Blob => object(Kind::Blob),
                EntryKind::Tree => object(Kind::Tree),
                EntryKind::Gitlink => None,
            };
            fresh(TreeEntry { name, object });
        });
        if unread.rest {
            self.problems.push(Problem::MalformedTree(id.to_owned()));
        }
        if unread.long_name {
            self.problems.push(Problem::LongName(id.to_owned()));
        }
        self.seen.states[tree] = match self.reader.found() {
            [] => State::Leaf,
            _ => self.keep(bytes),
        };
    }

    /// Keeps the entries that were found.
    fn keep(&mut self, bytes: &[u8]) -> State {
        let width = self.wanted.kind().len_in_bytes();
        let TreeCollector { seen, reader, chunks, .. } = self;
        let Seen { trees, states, names, chunks: known, chunk_lists } = seen;
        let found = reader.found();
        chunks.clear();
        for piece in cut(found.len(), |at, mask| found[at].mark & mask == mask) {
            let piece = &found[piece];
            let edges = piece.iter().map(|found| {
                let (name, end) = (found.name as usize, found.name_end as usize);
                let child = match found.blob {
                    Some(blob) => Child::Blob(blob),
                    None => Child::Tree(trees.intern(&bytes[end + 1..][..width])),
                };
                Packed::new(names.intern(&bytes[name..end]), child)
            });
            chunks.push(known.intern(piece.iter().map(|found| found.mark), edges));
        }
        states.resize(trees.len(), State::Absent);
        State::Chunks(chunk_lists.push(chunks.iter().copied()))
    }
}

impl Recent {
    /// Whether it did not come of late, as far as is known.
    #[inline]
    fn add(&mut self, kind: EntryKind, name: &[u8], id: &[u8]) -> bool {
        let start = id.first_chunk().map_or(0, |start| u64::from_le_bytes(*start));
        let hash = self.hasher.hash_one((kind, name)) ^ start;
        let slot = &mut self.hashes[hash as usize % RECENT];
        std::mem::replace(slot, hash) != hash || hash == 0
    }
}

impl Seen {
    fn new(kind: gix_hash::Kind) -> Seen {
        Seen {
            trees: Ids::new(kind),
            states: vec![],
            names: Slices::new(),
            chunks: Chunks::new(),
            chunk_lists: Lists::new(),
        }
    }

    /// The number of a tree.
    fn number(&mut self, id: &[u8]) -> u32 {
        let number = self.trees.intern(id);
        self.states.resize(self.trees.len(), State::Absent);
        number
    }
}

#[cfg(test)]
mod tests {
    use gix_hash::{Kind as Hash, ObjectId};

    use super::*;

    /// A folder of 2,000 folders that changed 500 times: a million entries.
    #[test]
    fn versions_of_a_large_folder_share_what_they_can() {
        let wanted = Wanted::new(Hash::Sha1, []);
        let mut collector = TreeCollector::new(&wanted);
        let mut random = fastrand::Rng::with_seed(4);
        let mut id = || ObjectId::Sha1(std::array::from_fn(|_| random.u8(..)));
        let mut folders: Vec<ObjectId> = (0..2_000).map(|_| id()).collect();
        for version in 0..500 {
            folders[version * 3] = id();
            let entry = |(at, id): (usize, &ObjectId)| {
                [format!("40000 {at:04}\0").as_bytes(), id.as_bytes()].concat()
            };
            let bytes: Vec<u8> = folders.iter().enumerate().flat_map(entry).collect();
            collector.tree(&id(), &bytes);
        }
        let chunks = &mut collector.seen.chunks;
        let (edges, count) = (chunks.edges_mut().len(), chunks.len());
        assert!(edges < 2_000 + 500 * 150, "{edges} edges in {count} chunks");
    }
}
