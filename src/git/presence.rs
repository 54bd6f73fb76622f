//! Whether objects are there, asked millions of times: every entry of every tree names one.

use std::hash::{BuildHasherDefault, Hasher};

use gix_hash::oid;
use hashbrown::HashSet;

use super::{Objects, Store};

/// The objects of a store by the first bytes of their ids, which takes some 10 bytes for each.
pub struct Presence<'a> {
    store: &'a Store,
    starts: HashSet<u64, BuildHasherDefault<Start>>,
}

impl Objects<'_> {
    /// What is there.
    pub fn presence(&self) -> Presence<'_> {
        let packed = self.store.packs.iter().map(|pack| &pack.index);
        let packed = packed.flat_map(|index| (0..index.num_objects()).map(|at| index.oid_at_index(at)));
        let loose = self.loose.iter().map(|row| &*row.id);
        let starts = packed.chain(loose).map(|id| start(id.as_bytes())).collect();
        Presence { store: self.store, starts }
    }
}

impl Presence<'_> {
    /// Whether the object with this id is there. Yes may be wrong for an id that was made to begin like another
    /// one's first eight bytes.
    #[inline]
    pub fn has(&self, id: &oid) -> bool {
        self.starts.contains(&start(id.as_bytes())) || self.store.contains(id)
    }
}

fn start(id: &[u8]) -> u64 {
    id.first_chunk().map_or(0, |start| u64::from_le_bytes(*start))
}

/// Ids are as good as hashes.
#[derive(Default)]
struct Start(u64);

impl Hasher for Start {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = start(bytes);
    }

    fn write_u64(&mut self, start: u64) {
        self.0 = start;
    }
}
