//! What is known of the next bytes of a text, looked up by four of them.
//!
//! Contract: none that stands there is left out.

use crate::model::ByteSet;
use crate::vector::{Filter, Vector, hash, padded};

/// Values by keys of four bytes; several may have the same key. What passes the filter is looked up in
/// buckets of entries.
pub(super) struct Table<T> {
    /// Which bits of four bytes make a key, and which of a key are set for certain.
    form: Form,
    filter: Filter<17>,
    /// Where the entries of each bucket begin; one more than there are buckets.
    buckets: Box<[u32]>,
    entries: Box<[(u32, T)]>,
}

/// How bytes become a key: the bits of `mask`, with those of `ones` set. Bytes that become the same key are given
/// once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    mask: u32,
    ones: u32,
}

impl Form {
    /// Four bytes as they are.
    pub(super) const EXACT: Form = Form { mask: u32::MAX, ones: 0 };

    /// Four bytes without regard to the case of letters.
    pub(super) const CASELESS: Form = Form { mask: u32::MAX, ones: 0x2020_2020 };

    #[inline]
    pub(super) fn key(self, bytes: [u8; 4]) -> u32 {
        u32::from_le_bytes(bytes) & self.mask | self.ones
    }
}

const BUCKET_BITS: u32 = 12;

impl<T: Copy> Table<T> {
    pub(super) fn of(form: Form, entries: impl IntoIterator<Item = ([u8; 4], T)>) -> Table<T> {
        let unsorted: Vec<(u32, T)> =
            entries.into_iter().map(|(bytes, value)| (form.key(bytes), value)).collect();
        let mut buckets = vec![0u32; (1 << BUCKET_BITS) + 1].into_boxed_slice();
        for (key, _) in &unsorted {
            buckets[hash(*key, BUCKET_BITS) + 1] += 1;
        }
        for at in 1..buckets.len() {
            buckets[at] += buckets[at - 1];
        }
        let (mut next, mut entries) = (buckets.clone(), unsorted.clone());
        for &entry in &unsorted {
            let place = &mut next[hash(entry.0, BUCKET_BITS)];
            entries[*place as usize] = entry;
            *place += 1;
        }
        let filter = Filter::of(entries.iter().map(|(key, _)| *key));
        Table { form, filter, buckets, entries: entries.into() }
    }

    /// Whether there may be values for these bytes.
    #[inline]
    pub(super) fn may_have(&self, bytes: [u8; 4]) -> bool {
        self.filter.may_hold(self.form.key(bytes))
    }

    /// The values for these bytes.
    #[inline]
    pub(super) fn at(&self, bytes: [u8; 4]) -> impl Iterator<Item = T> {
        let key = self.form.key(bytes);
        let bucket = if self.filter.may_hold(key) { self.bucket(key) } else { &[] };
        bucket.iter().filter(move |entry| entry.0 == key).map(|entry| entry.1)
    }

    /// Calls `each` with the places of `text` for which there are values, from left to right, and each
    /// value. Past the end of the text stand zeros.
    pub(super) fn for_each_in(&self, vector: Vector, text: &[u8], mut each: impl FnMut(usize, T)) {
        self.filter.for_each_place(vector, text, (self.form.mask, self.form.ones), |at| {
            let mut space = [0; 4];
            let key = self.form.key(*padded(text.get(at..).unwrap_or_default(), &mut space));
            for entry in self.bucket(key).iter().filter(|entry| entry.0 == key) {
                each(at, entry.1);
            }
        });
    }

    fn bucket(&self, key: u32) -> &[(u32, T)] {
        let bucket = hash(key, BUCKET_BITS);
        &self.entries[self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize]
    }
}

/// Calls `each` with all bytes that a text of letters in either case may have at its start, in the form of
/// [`Form::CASELESS`]: the bit that tells the cases apart is set, also in whatever follows a short text.
pub(super) fn for_each_caseless_key(text: &[u8], each: impl FnMut([u8; 4])) {
    let any: ByteSet = (0..=u8::MAX).filter(|byte| byte & 0x20 != 0).collect();
    let byte = |at| text.get(at).map_or(any, |&byte| ByteSet::EMPTY.with(byte));
    for_each_key(&std::array::from_fn(byte), each);
}

/// Where a word begins in `text`, in either case, if the bytes that begin at `from` in it stand at `at`.
#[inline]
pub(super) fn begins(text: &[u8], word: &[u8], from: usize, at: usize) -> Option<usize> {
    let start = at.checked_sub(from)?;
    text.get(start..start + word.len())?.eq_ignore_ascii_case(word).then_some(start)
}

/// The four bytes that are in these sets.
pub(super) fn for_each_key(key: &[ByteSet; 4], mut each: impl FnMut([u8; 4])) {
    for a in key[0].iter() {
        for b in key[1].iter() {
            for c in key[2].iter() {
                for d in key[3].iter() {
                    each([a, b, c, d]);
                }
            }
        }
    }
}
