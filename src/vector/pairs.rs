//! Places where a byte of one set stands before a byte of another, as an escape begins.
//!
//! Nibble look-up as for byte classes, of two bytes at a time: a place is told when the entries of all four halves
//! share a bit. Contract: a place may be told in vain, none is left out.

use super::{Vector, bits, padded};

/// Up to eight pairs of sets.
pub(crate) struct Pairs {
    /// For both bytes, by the lower half, the pairs whose set has such a byte.
    low: [[u8; 16]; 2],
    /// The same by the upper half.
    high: [[u8; 16]; 2],
}

/// Bytes that are read for the places of one block.
const REACH: usize = 64 + 1;

impl Pairs {
    /// Pairs of a first and a second byte, out of these.
    pub(crate) const fn of(pairs: &[(&[u8], &[u8])]) -> Pairs {
        assert!(pairs.len() <= 8, "a pair has one of eight bits");
        let mut all = Pairs { low: [[0; 16]; 2], high: [[0; 16]; 2] };
        let mut number = 0;
        while number < pairs.len() {
            let sets = [pairs[number].0, pairs[number].1];
            let mut place = 0;
            while place < 2 {
                let set = sets[place];
                let mut at = 0;
                while at < set.len() {
                    all.low[place][(set[at] & 15) as usize] |= 1 << number;
                    all.high[place][(set[at] >> 4) as usize] |= 1 << number;
                    at += 1;
                }
                place += 1;
            }
            number += 1;
        }
        all
    }

    /// Calls `each` with every place where a pair may begin, from left to right. Past the end of the text stands a zero.
    pub(crate) fn for_each<E>(
        &self,
        text: &[u8],
        mut each: impl FnMut(usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let vector = Vector::detect();
        for from in (0..text.len()).step_by(64) {
            let mut space = [0; REACH];
            let block = padded(&text[from..], &mut space);
            let places = match vector {
                #[cfg(target_arch = "x86_64")]
                Vector::Avx2 => avx2::places(self, block),
                Vector::Portable => self.places(block),
            };
            bits(places).map(|at| from + at).take_while(|&at| at < text.len()).try_for_each(&mut each)?;
        }
        Ok(())
    }

    fn places(&self, block: &[u8; REACH]) -> u64 {
        let pairs = |place: usize, byte: u8| {
            self.low[place][usize::from(byte & 15)] & self.high[place][usize::from(byte >> 4)]
        };
        let may_begin = |at: usize| pairs(0, block[at]) & pairs(1, block[at + 1]) != 0;
        (0..64).map(|at| u64::from(may_begin(at)) << at).sum()
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

    use super::{Pairs, REACH};

    pub(super) fn places(pairs: &Pairs, block: &[u8; REACH]) -> u64 {
        // SAFETY: `Vector::Avx2` is made only where the processor was seen to have AVX2.
        unsafe { places_avx2(pairs, block) }
    }

    #[target_feature(enable = "avx2")]
    fn places_avx2(pairs: &Pairs, block: &[u8; REACH]) -> u64 {
        let both = |from: usize| {
            let [first, second] = [0, 1].map(|place| {
                // SAFETY: 32 bytes from `from + place`, which is at most 33, on lie in the block; the load asks for
                // no alignment.
                let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().add(from + place).cast::<__m256i>()) };
                sets(table(&pairs.low[place]), table(&pairs.high[place]), bytes)
            });
            let none = _mm256_cmpeq_epi8(_mm256_and_si256(first, second), _mm256_setzero_si256());
            !_mm256_movemask_epi8(none).cast_unsigned()
        };
        u64::from(both(0)) | u64::from(both(32)) << 32
    }

    /// The pairs whose sets have these bytes.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn sets(low: __m256i, high: __m256i, bytes: __m256i) -> __m256i {
        let half = _mm256_set1_epi8(15);
        let lower = _mm256_and_si256(bytes, half);
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), half);
        _mm256_and_si256(_mm256_shuffle_epi8(low, lower), _mm256_shuffle_epi8(high, upper))
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
    fn the_twins_agree_and_leave_no_pair_out() {
        let pairs: [(&[u8], &[u8]); 5] =
            [(b"%", b"234567"), (b"\\", b"uUx"), (b"\"'", b" \n\r"), (b"&", b"#qa"), (b"\xff", b"\0")];
        let all = Pairs::of(&pairs);
        let mut random = fastrand::Rng::with_seed(9);
        let alphabet = b"%2\\ux\"' \n&#qaz\xff\0(";
        for length in (0..200).chain([1000]) {
            let text: Vec<u8> =
                std::iter::repeat_with(|| alphabet[random.usize(..alphabet.len())]).take(length).collect();
            let mut seen = vec![];
            all.for_each(&text, |at| {
                seen.push(at);
                Ok::<(), ()>(())
            })
            .unwrap();
            let is_pair = |&at: &usize| {
                let next = text.get(at + 1).copied().unwrap_or(0);
                pairs.iter().any(|(first, second)| first.contains(&text[at]) && second.contains(&next))
            };
            assert!((0..length).filter(is_pair).all(|at| seen.contains(&at)), "length {length}");
            let mut space = [0; REACH];
            let block = padded(&text, &mut space);
            let portable: Vec<usize> = bits(all.places(block)).filter(|&at| at < length).collect();
            let first: Vec<usize> = seen.iter().copied().take_while(|&at| at < 64).collect();
            assert_eq!(first, portable, "length {length}");
        }
    }
}
