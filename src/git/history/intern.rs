//! Numbers for things that come again and again: each distinct thing is stored once.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Lists in one piece of memory, numbered from 0.
pub(super) struct Lists<T> {
    items: Vec<T>,
    ends: Vec<usize>,
}

impl<T: Copy> Lists<T> {
    pub(super) fn new() -> Lists<T> {
        Lists { items: vec![], ends: vec![] }
    }

    /// Whoever adds sees to it that the numbers stay below 2^32.
    pub(super) fn push(&mut self, list: impl IntoIterator<Item = T>) -> u32 {
        self.items.extend(list);
        self.ends.push(self.items.len());
        (self.ends.len() - 1) as u32
    }

    pub(super) fn get(&self, number: u32) -> &[T] {
        let at = number as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.items[start..self.ends[at]]
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All that is in the lists, whichever it is in.
    pub(super) fn items_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

/// Distinct slices, numbered from 0 in the order in which they first came.
pub(super) struct Slices<T> {
    lists: Lists<T>,
    table: HashTable<u32>,
    state: RandomState,
}

impl<T: Copy + Eq + Hash> Slices<T> {
    pub(super) fn new() -> Slices<T> {
        Slices { lists: Lists::new(), table: HashTable::new(), state: RandomState::default() }
    }

    /// The number of a slice. Whoever adds sees to it that they stay below 2^32.
    pub(super) fn intern(&mut self, slice: &[T]) -> u32 {
        let Slices { lists, table, state } = self;
        let is_same = |&number: &u32| lists.get(number) == slice;
        let hash_of = |&number: &u32| state.hash_one(lists.get(number));
        match table.entry(state.hash_one(slice), is_same, hash_of) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                let number = lists.push(slice.iter().copied());
                free.insert(number);
                number
            }
        }
    }

    pub(super) fn get(&self, number: u32) -> &[T] {
        self.lists.get(number)
    }

    pub(super) fn len(&self) -> usize {
        self.lists.len()
    }
}

/// Distinct object ids of one length, numbered from 0 in the order in which they first came.
pub(super) struct Ids {
    kind: gix_hash::Kind,
    width: usize,
    bytes: Vec<u8>,
    table: HashTable<u32>,
    state: RandomState,
}

impl Ids {
    pub(super) fn new(kind: gix_hash::Kind) -> Ids {
        let state = RandomState::default();
        Ids { kind, width: kind.len_in_bytes(), bytes: vec![], table: HashTable::new(), state }
    }

    /// The number of an id. Whoever adds sees to it that they stay below 2^32.
    pub(super) fn intern(&mut self, id: &[u8]) -> u32 {
        let Ids { width, bytes, table, state, .. } = self;
        let of = |number: u32| &bytes[number as usize * *width..][..*width];
        let is_same = |&number: &u32| of(number) == id;
        let hash_of = |&number: &u32| state.hash_one(of(number));
        match table.entry(state.hash_one(id), is_same, hash_of) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                let number = (bytes.len() / *width) as u32;
                free.insert(number);
                bytes.extend_from_slice(id);
                number
            }
        }
    }

    pub(super) fn find(&self, id: &[u8]) -> Option<u32> {
        self.table.find(self.state.hash_one(id), |&number| self.get(number) == id).copied()
    }

    pub(super) fn get(&self, number: u32) -> &[u8] {
        &self.bytes[number as usize * self.width..][..self.width]
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() / self.width
    }

    /// The kind of all of them.
    pub(super) fn kind(&self) -> gix_hash::Kind {
        self.kind
    }
}
