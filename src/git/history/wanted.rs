//! The blobs whose places are asked for, and a quick way to see that another one is none of them.

use gix_hash::{ObjectId, oid};

use super::intern::Ids;

/// Bits of the filter for each wanted blob: one in so many other ids passes it by chance.
const BITS_EACH: usize = 64;
/// Fewer bits make nothing faster: 2 KiB stay in the nearest cache.
const FEWEST_BITS: usize = 1 << 14;

/// A set of blobs, numbered from 0 by the order of their ids.
pub struct Wanted {
    ids: Ids,
    filter: Vec<u64>,
}

impl Wanted {
    /// The set of these ids, all of which are of this kind; those of another kind are nowhere.
    pub fn new(kind: gix_hash::Kind, blobs: impl IntoIterator<Item = ObjectId>) -> Wanted {
        let mut blobs: Vec<ObjectId> = blobs.into_iter().filter(|id| id.kind() == kind).collect();
        blobs.sort_unstable();
        let mut ids = Ids::new(kind);
        let bits = (blobs.len() * BITS_EACH).next_power_of_two().max(FEWEST_BITS);
        let mut filter = vec![0; bits / 64];
        for id in &blobs {
            ids.intern(id.as_bytes());
            let bit = bit_of(id.as_bytes(), &filter);
            filter[bit / 64] |= 1 << (bit % 64);
        }
        Wanted { ids, filter }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of a blob.
    pub fn id(&self, blob: u32) -> &oid {
        oid::from_bytes_unchecked(self.ids.get(blob))
    }

    /// The kind of all ids of the repository.
    pub(super) fn kind(&self) -> gix_hash::Kind {
        self.ids.kind()
    }

    /// The number of a blob, if it is wanted.
    #[inline]
    pub(super) fn find(&self, id: &[u8]) -> Option<u32> {
        let bit = bit_of(id, &self.filter);
        if self.filter[bit / 64] >> (bit % 64) & 1 == 0 { None } else { self.ids.find(id) }
    }
}

/// Where an id stands in the filter. Ids are as good as random; whoever makes them alike makes this slower
/// and nothing else.
#[inline]
fn bit_of(id: &[u8], filter: &[u64]) -> usize {
    let word = id.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    word as usize & (filter.len() * 64 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_wanted_and_nothing_else() {
        let mut random = fastrand::Rng::with_seed(5);
        let mut ids: Vec<ObjectId> =
            (0..5_000).map(|_| ObjectId::Sha1(std::array::from_fn(|_| random.u8(..)))).collect();
        let others = ids.split_off(2_000);
        let twice = ids.iter().chain(&ids).copied();
        let wanted = Wanted::new(gix_hash::Kind::Sha1, twice.chain([gix_hash::Kind::Sha256.null()]));
        ids.sort_unstable();
        let found: Vec<Option<u32>> = ids.iter().map(|id| wanted.find(id.as_bytes())).collect();
        assert!(found.into_iter().eq((0..2_000).map(Some)));
        assert!(ids.iter().zip(0..).all(|(id, blob)| **id == *wanted.id(blob)));
        assert!(others.iter().all(|id| wanted.find(id.as_bytes()).is_none()));
        // Differs from a wanted one only where the filter does not look.
        let mut near = ids[0].as_bytes().to_vec();
        near[19] ^= 1;
        assert_eq!(wanted.find(&near), None);
        assert!(Wanted::new(gix_hash::Kind::Sha1, []).find(&near).is_none());
    }
}
