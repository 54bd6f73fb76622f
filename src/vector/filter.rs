//! A bit set over hashes of four bytes that says no to almost every place of a text.
//!
//! Contract: it may say yes wrongly, never no.

use super::{Vector, bits, padded};

/// A set of keys, 2 to the power of `BITS` bits large: a size that fits the first-level cache.
pub(crate) struct Filter<const BITS: u32> {
    words: Box<[u32]>,
}

/// Places that are looked at together: almost none of them is taken.
const TOGETHER: usize = 64;

/// Bytes that are read for so many places.
const REACH: usize = TOGETHER + 16;

impl<const BITS: u32> Filter<BITS> {
    pub(crate) fn of(keys: impl Iterator<Item = u32>) -> Filter<BITS> {
        let mut words = vec![0; 1 << (BITS - 5)].into_boxed_slice();
        for key in keys {
            let bit = hash(key, BITS);
            words[bit >> 5] |= 1 << (bit & 31);
        }
        Filter { words }
    }

    #[inline]
    pub(crate) fn may_hold(&self, key: u32) -> bool {
        let bit = hash(key, BITS);
        self.words[bit >> 5] >> (bit & 31) & 1 == 1
    }

    /// Calls `each` with every place of `text` whose next four bytes may be held, where the bits of `ones`
    /// are set in them and those not in `mask` are not. Past the end stand zeros.
    #[inline]
    pub(crate) fn for_each_place(
        &self,
        vector: Vector,
        text: &[u8],
        (mask, ones): (u32, u32),
        mut each: impl FnMut(usize),
    ) {
        for from in (0..text.len()).step_by(TOGETHER) {
            let mut space = [0; REACH];
            let chunk = padded(&text[from..], &mut space);
            let hits = match vector {
                #[cfg(target_arch = "x86_64")]
                Vector::Avx2 => avx2::places::<BITS>(&self.words, chunk, mask, ones),
                Vector::Portable => self.places(chunk, mask, ones),
            };
            bits(hits).for_each(|at| each(from + at));
        }
    }

    /// The first places of a chunk that may begin a key, one bit each.
    fn places(&self, chunk: &[u8; REACH], mask: u32, ones: u32) -> u64 {
        let may_begin = |at: usize| {
            let bytes = [chunk[at], chunk[at + 1], chunk[at + 2], chunk[at + 3]];
            self.may_hold(u32::from_le_bytes(bytes) & mask | ones)
        };
        (0..TOGETHER).map(|at| u64::from(may_begin(at)) << at).sum()
    }
}

const MULTIPLIER: u32 = 0x9E37_79B1;

/// Multiplicative hashing (Knuth, "The Art of Computer Programming", volume 3, section 6.4).
#[inline]
pub(crate) fn hash(key: u32, bits: u32) -> usize {
    (key.wrapping_mul(MULTIPLIER) >> (32 - bits)) as usize
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2 {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256,
        _mm256_castsi256_ps, _mm256_i32gather_epi32, _mm256_movemask_ps, _mm256_mullo_epi32, _mm256_or_si256,
        _mm256_set1_epi32, _mm256_setr_epi8, _mm256_shuffle_epi8, _mm256_sllv_epi32, _mm256_srli_epi32,
        _mm256_sub_epi32,
    };

    use super::{MULTIPLIER, REACH, TOGETHER};

    pub(super) fn places<const BITS: u32>(words: &[u32], chunk: &[u8; REACH], mask: u32, ones: u32) -> u64 {
        assert_eq!(words.len(), 1 << (BITS - 5));
        // SAFETY: `Vector::Avx2` is made only where the processor was seen to have AVX2, and there are words
        // for all hashes.
        unsafe { all::<BITS>(words, chunk, mask, ones) }
    }

    /// # Safety
    /// `words` must have 2 to the power of `BITS - 5` words.
    #[target_feature(enable = "avx2")]
    unsafe fn all<const BITS: u32>(words: &[u32], chunk: &[u8; REACH], mask: u32, ones: u32) -> u64 {
        let mut places = 0;
        for from in (0..TOGETHER).step_by(8) {
            // SAFETY: handed on; the last eight begin 8 bytes before the places end.
            places |= u64::from(unsafe { eight::<BITS>(words, chunk, from, mask, ones) }) << from;
        }
        places
    }

    /// # Safety
    /// As above, and `from` is below the number of places.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn eight<const BITS: u32>(
        words: &[u32],
        chunk: &[u8; REACH],
        from: usize,
        mask: u32,
        ones: u32,
    ) -> u32 {
        #[rustfmt::skip]
        let four_bytes_each = _mm256_setr_epi8(
            0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6,
            4, 5, 6, 7, 5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10,
        );
        // SAFETY: 16 bytes from `from` on lie in the chunk; the load asks for no alignment.
        let bytes = unsafe { _mm_loadu_si128(chunk.as_ptr().add(from).cast::<__m128i>()) };
        let keys = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), four_bytes_each);
        let keys = _mm256_and_si256(keys, _mm256_set1_epi32(mask.cast_signed()));
        let keys = _mm256_or_si256(keys, _mm256_set1_epi32(ones.cast_signed()));
        let products = _mm256_mullo_epi32(keys, _mm256_set1_epi32(MULTIPLIER.cast_signed()));
        let hashes = shifted(products, 32 - BITS);
        // SAFETY: a hash without its lowest 5 bits is below the number of words.
        let found = unsafe { _mm256_i32gather_epi32::<4>(words.as_ptr().cast(), shifted(hashes, 5)) };
        // Brings the bit of each hash to the top, where the movemask looks.
        let bit = _mm256_and_si256(hashes, _mm256_set1_epi32(31));
        let tops = _mm256_sllv_epi32(found, _mm256_sub_epi32(_mm256_set1_epi32(31), bit));
        _mm256_movemask_ps(_mm256_castsi256_ps(tops)).cast_unsigned()
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn shifted(values: __m256i, count: u32) -> __m256i {
        match count {
            5 => _mm256_srli_epi32::<5>(values),
            15 => _mm256_srli_epi32::<15>(values),
            16 => _mm256_srli_epi32::<16>(values),
            _ => unreachable!("filters have 2 to the power of 16 or 17 bits"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twins_agree_and_miss_no_key() {
        let mut random = fastrand::Rng::with_seed(6);
        let keys: Vec<u32> = (0..300).map(|_| random.u32(..)).collect();
        let filter = Filter::<16>::of(keys.iter().copied());
        for length in (0..100).chain([1000]) {
            let mut text: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(length).collect();
            let planted = random.usize(..=length);
            if let Some(place) = text[planted..].first_chunk_mut() {
                *place = keys[length % keys.len()].to_le_bytes();
            }
            let places = |vector| {
                let mut places = vec![];
                filter.for_each_place(vector, &text, (u32::MAX, 0), |at| places.push(at));
                places
            };
            let portable = places(Vector::Portable);
            assert_eq!(places(Vector::detect()), portable, "length {length}");
            assert!(planted + 4 > length || portable.contains(&planted), "length {length}");
        }
    }
}
