//! Four-byte keys: which rules may have a match around a place inside a run.
//!
//! Contract: [`Keys::at`] may name an anchor in vain, it never leaves one out.

use crate::model::{Anchor, ByteSet, Within};

/// The place of a key in a match of a rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyAnchor {
    /// Which rule.
    pub(super) rule: usize,
    /// Smallest distance from the start of the match to the key.
    pub(super) near: usize,
    /// Largest distance from the start of the match to the key.
    pub(super) far: usize,
}

/// All keys of all rules. A bit set that fits the first-level cache says no to almost every place; what
/// passes is looked up in a table sorted by hash.
pub(super) struct Keys {
    filter: Box<[u64; 1 << (FILTER_BITS - 6)]>,
    /// Where the entries of each bucket begin; one more than there are buckets.
    buckets: Box<[u32]>,
    entries: Box<[(u32, u32)]>,
    anchors: Vec<KeyAnchor>,
}

const FILTER_BITS: u32 = 17;
const BUCKET_BITS: u32 = 12;

impl Keys {
    /// The keys that are looked for `within` such places.
    pub(super) fn of<'a>(wanted: Within, rules: impl Iterator<Item = (usize, &'a Anchor)>) -> Keys {
        let mut anchors = vec![];
        let mut entries: Vec<(u32, u32)> = vec![];
        for (rule, anchor) in rules {
            match anchor {
                Anchor::Key { key, within, near, far } if *within == wanted => {
                    let index = anchors.len() as u32;
                    anchors.push(KeyAnchor { rule, near: *near, far: *far });
                    for_each_key(key, |key| entries.push((key, index)));
                }
                _ => {}
            }
        }
        let mut filter = Box::new([0u64; 1 << (FILTER_BITS - 6)]);
        let mut buckets = vec![0u32; (1 << BUCKET_BITS) + 1].into_boxed_slice();
        for &(key, _) in &entries {
            let bit = hash(key, FILTER_BITS);
            filter[bit >> 6] |= 1 << (bit & 63);
            buckets[hash(key, BUCKET_BITS) + 1] += 1;
        }
        for at in 1..buckets.len() {
            buckets[at] += buckets[at - 1];
        }
        let mut next = buckets.clone();
        let mut sorted = vec![(0, 0); entries.len()].into_boxed_slice();
        for entry in entries {
            let slot = &mut next[hash(entry.0, BUCKET_BITS)];
            sorted[*slot as usize] = entry;
            *slot += 1;
        }
        Keys { filter, buckets, entries: sorted, anchors }
    }

    /// How many anchors there are; their numbers count from 0.
    pub(super) fn len(&self) -> usize {
        self.anchors.len()
    }

    /// The anchors, with their numbers, whose key is `bytes`.
    #[inline]
    pub(super) fn at(&self, bytes: [u8; 4]) -> impl Iterator<Item = (usize, KeyAnchor)> + '_ {
        let key = u32::from_le_bytes(bytes);
        let bit = hash(key, FILTER_BITS);
        let entries = if self.filter[bit >> 6] >> (bit & 63) & 1 == 1 {
            let bucket = hash(key, BUCKET_BITS);
            self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize
        } else {
            0..0
        };
        let same = self.entries[entries].iter().filter(move |entry| entry.0 == key);
        same.map(|&(_, anchor)| (anchor as usize, self.anchors[anchor as usize]))
    }
}

/// Multiplicative hashing (Knuth, "The Art of Computer Programming", volume 3, section 6.4).
#[inline]
fn hash(key: u32, bits: u32) -> usize {
    (key.wrapping_mul(0x9E37_79B1) >> (32 - bits)) as usize
}

fn for_each_key(key: &[ByteSet; 4], mut each: impl FnMut(u32)) {
    for a in key[0].iter() {
        for b in key[1].iter() {
            for c in key[2].iter() {
                for d in key[3].iter() {
                    each(u32::from_le_bytes([a, b, c, d]));
                }
            }
        }
    }
}
