//! Pieces of trees, each distinct one stored once.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::intern::Lists;
use super::packed::Packed;

/// Chunks by their numbers, from 0.
pub(super) struct Chunks {
    /// Tells chunks apart by 64 bits. Nobody outside of the process knows its key, so nobody can make two
    /// chunks that it takes for one; by chance that happens to one in a million repositories of the size of
    /// Linux, where one version of a folder would be taken for another.
    state: RandomState,
    keys: Vec<u64>,
    table: HashTable<u32>,
    edges: Lists<Packed>,
}

impl Chunks {
    pub(super) fn new() -> Chunks {
        Chunks { state: RandomState::default(), keys: vec![], table: HashTable::new(), edges: Lists::new() }
    }

    /// What stands for an entry of a tree in a chunk's identity.
    #[inline]
    pub(super) fn mark(&self, name_and_id: &[u8], is_tree: bool) -> u64 {
        self.state.hash_one((name_and_id, is_tree))
    }

    /// The number of the chunk whose entries have these marks; `edges` says what they are, if they are new.
    pub(super) fn intern(
        &mut self,
        marks: impl Iterator<Item = u64>,
        edges: impl Iterator<Item = Packed>,
    ) -> u32 {
        let mut hasher = self.state.build_hasher();
        marks.for_each(|mark| hasher.write_u64(mark));
        let key = hasher.finish();
        let Chunks { keys, table, edges: lists, .. } = self;
        let is_same = |&number: &u32| keys[number as usize] == key;
        match table.entry(key, is_same, |&number| keys[number as usize]) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                let number = lists.push(edges);
                free.insert(number);
                keys.push(key);
                number
            }
        }
    }

    pub(super) fn get(&self, chunk: u32) -> &[Packed] {
        self.edges.get(chunk)
    }

    pub(super) fn len(&self) -> usize {
        self.edges.len()
    }

    pub(super) fn edges_mut(&mut self) -> &mut [Packed] {
        self.edges.items_mut()
    }
}

/// Cuts a list into pieces of about the square root of its length, where the items themselves say so: then a
/// change of one item makes about as much new as the list of the pieces takes. The lengths are rounded so
/// that lists of nearly the same length are cut by the same rule. `ends` says whether a piece may end with
/// the item at a position, given a mask: when random bits of the item are all set under it.
pub(super) fn cut(length: usize, ends: impl Fn(usize, u64) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mask = (1u64 << (length.max(1).ilog2() / 2)) - 1;
    let mut start = 0;
    std::iter::from_fn(move || {
        let from = start;
        let last = length.checked_sub(1).filter(|&last| from <= last)?;
        start = (from..last).find(|&at| ends(at, mask)).unwrap_or(last) + 1;
        Some(from..start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(marks: &[u64]) -> Vec<Range<usize>> {
        cut(marks.len(), |at, mask| marks[at] & mask == mask).collect()
    }

    #[test]
    fn pieces_make_up_the_list() {
        let mut random = fastrand::Rng::with_seed(1);
        for length in 0..300 {
            let marks: Vec<u64> = (0..length).map(|_| random.u64(..)).collect();
            let pieces = pieces(&marks);
            assert!(pieces.iter().all(|piece| !piece.is_empty()));
            assert!(pieces.into_iter().flatten().eq(0..length as usize));
        }
    }

    #[test]
    fn a_change_of_one_item_makes_few_new_pieces() {
        let mut random = fastrand::Rng::with_seed(2);
        let mut marks: Vec<u64> = (0..4_000).map(|_| random.u64(..)).collect();
        let before: Vec<Vec<u64>> = pieces(&marks).into_iter().map(|piece| marks[piece].to_vec()).collect();
        assert!((60..200).contains(&before.len()), "{}", before.len());
        for at in [0, 1_999, 3_999] {
            marks[at] = random.u64(..);
            let after = pieces(&marks);
            let new =
                after.iter().filter(|piece| !before.contains(&marks[(*piece).clone()].to_vec())).count();
            assert!(new <= 2 * 3, "{new}");
        }
    }
}
