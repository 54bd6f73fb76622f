//! Reads trees for the entries that lead somewhere.
//!
//! Packs keep versions of a folder next to each other, so a tree mostly is the one before it with another
//! id in one place. What it shares with that one at its start and at its end is not read again.

use std::ops::Range;

use super::Wanted;
use super::entries::{Entries, Kind};
use super::paths::MOST_BYTES;

/// An entry that leads to a tree or to a wanted blob.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// Where the name begins.
    pub(super) name: u32,
    /// Where it ends; a NUL and the id follow.
    pub(super) name_end: u32,
    /// The wanted blob; otherwise it is a tree.
    pub(super) blob: Option<u32>,
    /// Random bits that stand for the name, the id and what it leads to.
    pub(super) mark: u64,
}

/// What a tree has that is not read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unread {
    /// All from some byte on.
    pub(super) rest: bool,
    /// Something whose name is too long for a path.
    pub(super) long_name: bool,
}

/// Reads trees; knows the last one.
pub(super) struct Reader<'a> {
    wanted: &'a Wanted,
    bytes: Vec<u8>,
    /// Where each of its entries ends.
    ends: Vec<u32>,
    found: Vec<Found>,
    /// What is read anew of the tree at hand.
    fresh_ends: Vec<u32>,
    fresh: Vec<Found>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(wanted: &'a Wanted) -> Reader<'a> {
        Reader { wanted, bytes: vec![], ends: vec![], found: vec![], fresh_ends: vec![], fresh: vec![] }
    }

    /// The entries that lead somewhere, of the tree that was read last.
    pub(super) fn found(&self) -> &[Found] {
        &self.found
    }

    /// Reads a tree of less than 4 GiB. `mark` gives the random bits for a name with its id, and whether
    /// that is of a tree. `fresh` is told the kind, name and id of every entry that the tree before did not have
    /// in the same place.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        mark: impl Fn(&[u8], bool) -> u64,
        fresh: &mut impl FnMut(Kind, &[u8], &[u8]),
    ) -> Unread {
        let start = shared_start(&self.bytes, bytes);
        let end = shared_end(&self.bytes[start..], &bytes[start..]);
        let kept = self.ends.partition_point(|&at| at as usize <= start);
        let from = kept.checked_sub(1).map_or(0, |last| self.ends[last]);
        // Once the entries meet again in the shared end, the rest is known.
        let old_end = (self.bytes.len() - end) as u32;
        let meeting = self.ends.partition_point(|&at| at < old_end);
        let shift = (bytes.len() as u32).wrapping_sub(self.bytes.len() as u32);
        let until = self.ends.get(meeting).copied();

        let mut entries = Entries::starting(bytes, self.wanted.kind().len_in_bytes(), from as usize);
        let until_now = until.map(|at| at.wrapping_add(shift) as usize);
        let unread = self.read_fresh(bytes, &mut entries, until_now, mark, fresh);
        match until.filter(|_| until_now == Some(entries.at())) {
            Some(until) => self.replace(kept..meeting + 1, from..until, shift),
            None => self.replace(kept..self.ends.len(), from..u32::MAX, shift),
        }
        self.remember(bytes, start, end);
        if unread.rest {
            self.bytes.clear();
            self.ends.clear();
        }
        unread
    }

    /// Reads entries until a position or the end.
    fn read_fresh(
        &mut self,
        bytes: &[u8],
        entries: &mut Entries,
        until: Option<usize>,
        mark: impl Fn(&[u8], bool) -> u64,
        fresh: &mut impl FnMut(Kind, &[u8], &[u8]),
    ) -> Unread {
        self.fresh.clear();
        self.fresh_ends.clear();
        let mut long_name = false;
        while until != Some(entries.at()) {
            let Some(entry) = entries.next() else { break };
            let end = entries.at();
            self.fresh_ends.push(end as u32);
            fresh(entry.kind, &bytes[entry.name..entry.name_end], &bytes[entry.name_end + 1..end]);
            let blob = match entry.kind {
                Kind::Tree => None,
                Kind::Gitlink => continue,
                Kind::Blob => match self.wanted.find(&bytes[entry.name_end + 1..end]) {
                    None => continue,
                    wanted => wanted,
                },
            };
            if entry.name_end - entry.name > MOST_BYTES {
                long_name = true;
                continue;
            }
            let mark = mark(&bytes[entry.name..end], blob.is_none());
            let (name, name_end) = (entry.name as u32, entry.name_end as u32);
            self.fresh.push(Found { name, name_end, blob, mark });
        }
        Unread { rest: entries.is_malformed(), long_name }
    }

    /// Puts what was read anew in the place of some entries, which stood in these bytes.
    fn replace(&mut self, entries: Range<usize>, bytes: Range<u32>, shift: u32) {
        let place = |at: u32| self.found.partition_point(|found| found.name < at);
        let found = place(bytes.start)..place(bytes.end);
        if shift != 0 {
            for end in &mut self.ends[entries.end..] {
                *end = end.wrapping_add(shift);
            }
            for found in &mut self.found[found.end..] {
                found.name = found.name.wrapping_add(shift);
                found.name_end = found.name_end.wrapping_add(shift);
            }
        }
        self.ends.splice(entries, self.fresh_ends.drain(..));
        self.found.splice(found, self.fresh.drain(..));
    }

    /// Keeps the bytes of a tree that shares so many with the last one.
    fn remember(&mut self, bytes: &[u8], start: usize, end: usize) {
        if self.bytes.len() == bytes.len() {
            let changed = start..bytes.len() - end;
            self.bytes[changed.clone()].copy_from_slice(&bytes[changed]);
        } else {
            self.bytes.clear();
            self.bytes.extend_from_slice(bytes);
        }
    }
}

/// Bytes that are compared at once.
const BLOCK: usize = 32;

/// How many bytes are the same at the start.
fn shared_start(one: &[u8], other: &[u8]) -> usize {
    let (blocks, other_blocks) = (one.as_chunks::<BLOCK>().0, other.as_chunks::<BLOCK>().0);
    let same = blocks.iter().zip(other_blocks).take_while(|(one, other)| one == other).count() * BLOCK;
    same + one[same..].iter().zip(&other[same..]).take_while(|(one, other)| one == other).count()
}

/// How many bytes are the same at the end.
fn shared_end(one: &[u8], other: &[u8]) -> usize {
    let (blocks, other_blocks) = (one.as_rchunks::<BLOCK>().1, other.as_rchunks::<BLOCK>().1);
    let pairs = blocks.iter().rev().zip(other_blocks.iter().rev());
    let same = pairs.take_while(|(one, other)| one == other).count() * BLOCK;
    let (one, other) = (&one[..one.len() - same], &other[..other.len() - same]);
    same + one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use gix_hash::{Kind, ObjectId};

    use super::*;

    /// What was found, as text.
    fn told(reader: &Reader, bytes: &[u8]) -> Vec<String> {
        let name =
            |found: &Found| bytes[found.name as usize..found.name_end as usize].escape_ascii().to_string();
        reader
            .found()
            .iter()
            .map(|found| format!("{} {:?} {}", name(found), found.blob, found.mark))
            .collect()
    }

    fn mark(bytes: &[u8], is_tree: bool) -> u64 {
        bytes.iter().fold(u64::from(is_tree), |sum, &byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))
    }

    /// Trees that share much or nothing with the one before, whole and broken: each is read as if it were
    /// the first.
    #[test]
    fn the_tree_before_changes_nothing() {
        let ids: Vec<ObjectId> = (0..20u8).map(|at| ObjectId::Sha1([at * 12; 20])).collect();
        let wanted = Wanted::new(Kind::Sha1, ids[..10].iter().copied());
        let mut random = fastrand::Rng::with_seed(3);
        let mut reader = Reader::new(&wanted);
        let mut entries: Vec<Vec<u8>> = vec![];
        let (mut broken, mut seen) = (0, HashSet::new());
        for _ in 0..20_000 {
            for _ in 0..random.u8(..3) {
                let mode = random.choice(["100644", "40000", "160000", "120000"]).unwrap();
                let name = "n".repeat(random.usize(..40));
                let id = random.choice(&ids).unwrap();
                let at = random.usize(..=entries.len());
                match random.u8(..3) {
                    0 if at < entries.len() => drop(entries.remove(at)),
                    1 if entries.len() > 30 => entries.clear(),
                    _ => entries
                        .insert(at, [mode.as_bytes(), b" ", name.as_bytes(), b"\0", id.as_bytes()].concat()),
                }
            }
            let mut bytes = entries.concat();
            if random.u8(..10) == 0 {
                bytes.truncate(random.usize(..=bytes.len()));
            }
            let mut told_fresh = HashSet::new();
            let unread = reader.read(&bytes, mark, &mut |_, name, id| {
                told_fresh.insert((name.to_vec(), id.to_vec()));
            });
            let mut fresh = Reader::new(&wanted);
            let mut all = HashSet::new();
            let whole = fresh.read(&bytes, mark, &mut |_, name, id| {
                all.insert((name.to_vec(), id.to_vec()));
            });
            assert_eq!(unread, whole);
            // What is not told anew was told with the trees before.
            seen.extend(told_fresh);
            assert!(all.is_subset(&seen));
            assert_eq!(told(&reader, &bytes), told(&fresh, &bytes));
            broken += usize::from(unread.rest);
        }
        assert!(broken > 500, "{broken}");
    }

    #[test]
    fn what_is_shared() {
        let text: Vec<u8> = (0..100).collect();
        let cases: [(&[u8], &[u8], usize, usize); 5] = [
            (b"", b"", 0, 0),
            (&text, &text, 100, 100),
            (&text, &text[..70], 70, 0),
            (&text, &text[65..], 0, 35),
            (b"abc-xyz", b"abc+yz", 3, 2),
        ];
        for (one, other, start, end) in cases {
            assert_eq!((shared_start(one, other), shared_end(one, other)), (start, end));
            assert_eq!((shared_start(other, one), shared_end(other, one)), (start, end));
        }
    }
}
