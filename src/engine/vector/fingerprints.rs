//! Places where one of several texts may stand, told by four bytes of each.
//!
//! Nibble look-up as in Teddy, the algorithm of Hyperscan (Wang et al., "Hyperscan: A Fast Multi-pattern
//! Regex Matcher for Modern CPUs", NSDI 2019): texts are spread over eight buckets, and a place is of
//! interest when some bucket has all four bytes. Four bytes where Teddy mostly takes three keep common
//! words apart.
//!
//! Contract: a place may be told in vain, none is left out.

use super::{Vector, bits, padded};

/// Four bytes of a text; `None` stands for any.
pub(in crate::engine) type Fingerprint = [Option<u8>; 4];

/// How many buckets there are.
const BUCKETS: usize = 8;

/// Fingerprints in their buckets.
#[derive(Clone, Default)]
pub(in crate::engine) struct Fingerprints {
    /// For each of the four bytes, by its lower half, the buckets that have such a byte there.
    low: [[u8; 16]; 4],
    /// The same by the upper half.
    high: [[u8; 16]; 4],
}

/// Bytes that are read for the places of one block.
const REACH: usize = 64 + 3;

impl Fingerprints {
    /// Puts a fingerprint into the bucket where it makes the fewest places more be of interest, in a text
    /// that has each byte as often as `frequency` says.
    pub(in crate::engine) fn add(&mut self, fingerprint: Fingerprint, frequency: fn(u8) -> f64) {
        let more = |bucket: usize| {
            let mut with = self.clone();
            with.put(fingerprint, bucket);
            with.chance(bucket, frequency) - self.chance(bucket, frequency)
        };
        let costs: [f64; BUCKETS] = std::array::from_fn(more);
        let bucket = (0..BUCKETS).min_by(|a, b| costs[*a].total_cmp(&costs[*b])).unwrap_or(0);
        self.put(fingerprint, bucket);
    }

    /// How likely a place is of interest for a bucket.
    fn chance(&self, bucket: usize, frequency: fn(u8) -> f64) -> f64 {
        let halves = |table: &[u8; 16]| {
            let table = *table;
            (0..16u8).filter(move |half| table[usize::from(*half)] >> bucket & 1 == 1)
        };
        let one = |(low, high): (&[u8; 16], &[u8; 16])| -> f64 {
            halves(high).flat_map(|upper| halves(low).map(move |lower| frequency(upper << 4 | lower))).sum()
        };
        self.low.iter().zip(&self.high).map(one).product()
    }

    fn put(&mut self, fingerprint: Fingerprint, bucket: usize) {
        for ((low, high), byte) in self.low.iter_mut().zip(&mut self.high).zip(fingerprint) {
            for half in 0..16 {
                low[half] |= u8::from(byte.is_none_or(|byte| usize::from(byte & 15) == half)) << bucket;
                high[half] |= u8::from(byte.is_none_or(|byte| usize::from(byte >> 4) == half)) << bucket;
            }
        }
    }

    /// Calls `each` with the places of interest. Past the end of the text stand zeros.
    #[inline]
    pub(in crate::engine) fn for_each(&self, vector: Vector, text: &[u8], mut each: impl FnMut(usize)) {
        for from in (0..text.len()).step_by(64) {
            let mut space = [0; REACH];
            let block = padded(&text[from..], &mut space);
            let places = match vector {
                #[cfg(target_arch = "x86_64")]
                Vector::Avx2 => avx2::places(self, block),
                Vector::Portable => self.places(block),
            };
            bits(places).for_each(|at| each(from + at));
        }
    }

    fn places(&self, block: &[u8; REACH]) -> u64 {
        let buckets = |at: usize| {
            let halves = self.low.iter().zip(&self.high).zip(&block[at..at + 4]);
            halves.fold(u8::MAX, |buckets, ((low, high), &byte)| {
                buckets & low[usize::from(byte & 15)] & high[usize::from(byte >> 4)]
            })
        };
        (0..64).map(|at| u64::from(buckets(at) != 0) << at).sum()
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2 {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
        _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setzero_si256,
        _mm256_shuffle_epi8, _mm256_srli_epi16,
    };

    use super::{Fingerprints, REACH};

    pub(super) fn places(fingerprints: &Fingerprints, block: &[u8; REACH]) -> u64 {
        // SAFETY: `Vector::Avx2` is made only where the processor was seen to have AVX2.
        unsafe { places_avx2(fingerprints, block) }
    }

    #[target_feature(enable = "avx2")]
    fn places_avx2(fingerprints: &Fingerprints, block: &[u8; REACH]) -> u64 {
        let all = _mm256_set1_epi8(-1);
        let (mut first, mut second) = (all, all);
        for (byte, (low, high)) in fingerprints.low.iter().zip(&fingerprints.high).enumerate() {
            let (low, high) = (table(low), table(high));
            first = _mm256_and_si256(first, buckets(low, high, block, byte));
            second = _mm256_and_si256(second, buckets(low, high, block, byte + 32));
        }
        u64::from(some(first)) | u64::from(some(second)) << 32
    }

    /// The buckets of the 32 bytes from `from` on, which is at most 35.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn buckets(low: __m256i, high: __m256i, block: &[u8; REACH], from: usize) -> __m256i {
        let bytes = &block[from..from + 32];
        // SAFETY: the pointer is to 32 readable bytes; the load asks for no alignment.
        let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>()) };
        let half = _mm256_set1_epi8(15);
        let lower = _mm256_and_si256(bytes, half);
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), half);
        _mm256_and_si256(_mm256_shuffle_epi8(low, lower), _mm256_shuffle_epi8(high, upper))
    }

    /// Which bytes are not zero.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn some(bytes: __m256i) -> u32 {
        !_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())).cast_unsigned()
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn table(table: &[u8; 16]) -> __m256i {
        // SAFETY: the pointer is to 16 readable bytes; the load asks for no alignment.
        _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast::<__m128i>()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twins_agree_and_leave_no_place_out() {
        let mut random = fastrand::Rng::with_seed(8);
        let texts =
            [&b"wd="[..], b"JQQJ", b"--be", b"://", b"\xff\x00zz", b"cryp", b"\x80\x81\x82\x83", b"~~~~"];
        let mut fingerprints = Fingerprints::default();
        for text in texts {
            fingerprints.add(std::array::from_fn(|at| text.get(at).copied()), |_| 0.01);
        }
        for length in (0..200).chain([1000]) {
            let mut bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(length).collect();
            let (planted, text) = (random.usize(..=length), texts[length % texts.len()]);
            if let Some(place) = bytes.get_mut(planted..planted + text.len()) {
                place.copy_from_slice(text);
            }
            let places = |vector| {
                let mut places = vec![];
                fingerprints.for_each(vector, &bytes, |at| places.push(at));
                places
            };
            let portable = places(Vector::Portable);
            assert_eq!(places(Vector::detect()), portable, "length {length}");
            assert!(portable.contains(&planted) || planted + text.len() > length, "length {length}");
        }
    }
}
