//! Byte classes of a text as bit masks, 64 bytes at a time.

use super::{Vector, padded};
use crate::model::ByteSet;

/// Classes of 64 bytes; bit `i` speaks of byte `i`. Bytes past the end of the text are in no class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Masks {
    /// Token characters: [`ByteSet::TOKEN`].
    pub(crate) token: u64,
    /// ASCII letters and digits.
    pub(crate) alnum: u64,
    /// ASCII digits.
    pub(crate) digit: u64,
}

impl Vector {
    /// Classifies `bytes` into one mask for each 64 bytes begun.
    ///
    /// # Panics
    /// When `masks` is too short.
    pub(crate) fn classify(self, bytes: &[u8], masks: &mut [Masks]) {
        let masks = &mut masks[..bytes.len().div_ceil(64)];
        let (blocks, rest) = bytes.as_chunks::<64>();
        match self {
            #[cfg(target_arch = "x86_64")]
            Vector::Avx2 => avx2::classify(blocks, masks),
            Vector::Portable => portable::classify(blocks, masks),
        }
        if let Some(last) = masks.get_mut(blocks.len()) {
            *last = self.block(rest);
        }
    }

    /// Classifies the first 64 bytes of `bytes`, or all there are.
    #[inline]
    pub(crate) fn block(self, bytes: &[u8]) -> Masks {
        let mut space = [0; 64];
        let block = padded(bytes, &mut space);
        match self {
            #[cfg(target_arch = "x86_64")]
            Vector::Avx2 => avx2::block(block),
            Vector::Portable => portable::block(block),
        }
    }
}

impl Masks {
    /// The classes of the first `count` bytes alone.
    #[inline]
    pub(crate) fn first(self, count: usize) -> Masks {
        let kept = low_bits(count);
        Masks { token: self.token & kept, alnum: self.alnum & kept, digit: self.digit & kept }
    }
}

/// The places of the bits that are set, from the lowest.
#[inline]
pub(crate) fn bits(bits: impl Into<u64>) -> impl Iterator<Item = usize> {
    let mut rest = bits.into();
    std::iter::from_fn(move || {
        let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
        rest &= rest - 1;
        Some(bit)
    })
}

/// The lowest `count` bits, or all.
pub(crate) fn low_bits(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

mod portable {
    use super::{ByteSet, Masks};

    const TOKEN: u8 = 1;
    const ALNUM: u8 = 2;
    const DIGIT: u8 = 4;

    static CLASS: [u8; 256] = {
        let mut class = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            class[byte] = (ByteSet::TOKEN.contains(byte as u8) as u8 * TOKEN)
                | (ByteSet::ALNUM.contains(byte as u8) as u8 * ALNUM)
                | ((byte as u8).is_ascii_digit() as u8 * DIGIT);
            byte += 1;
        }
        class
    };

    pub(super) fn classify(blocks: &[[u8; 64]], masks: &mut [Masks]) {
        for (bytes, masks) in blocks.iter().zip(masks) {
            *masks = block(bytes);
        }
    }

    pub(super) fn block(bytes: &[u8; 64]) -> Masks {
        let mut masks = Masks::default();
        for (i, &byte) in bytes.iter().enumerate() {
            let class = CLASS[usize::from(byte)];
            masks.token |= u64::from(class & TOKEN) << i;
            masks.alnum |= u64::from(class >> 1 & 1) << i;
            masks.digit |= u64::from(class >> 2) << i;
        }
        masks
    }
}

/// Nibble look-up as in Muła and Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions"
/// (2018): a byte is in a class when the table entries of its two halves share a bit.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
        _mm256_set1_epi8, _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_slli_epi16,
        _mm256_srli_epi16,
    };

    use super::Masks;

    /// `+ - . /`, upper half 2.
    const SIGN: i8 = 1;
    /// `0` to `9`, upper half 3.
    const DIGIT: i8 = 2;
    /// `A` to `O` and `a` to `o`, upper halves 4 and 6.
    const FIRST: i8 = 4;
    /// `P` to `Z` and `p` to `z`, upper halves 5 and 7.
    const LAST: i8 = 8;
    /// `_`, upper half 5.
    const UNDERSCORE: i8 = 16;
    /// `~`, upper half 7.
    const TILDE: i8 = 32;

    pub(super) fn classify(blocks: &[[u8; 64]], masks: &mut [Masks]) {
        // SAFETY: `Vector::Avx2` is made only where the processor was seen to have AVX2.
        unsafe { classify_avx2(blocks, masks) }
    }

    pub(super) fn block(bytes: &[u8; 64]) -> Masks {
        // SAFETY: as above.
        unsafe { block_avx2(bytes) }
    }

    #[target_feature(enable = "avx2")]
    fn classify_avx2(blocks: &[[u8; 64]], masks: &mut [Masks]) {
        for (block, masks) in blocks.iter().zip(masks) {
            *masks = block_avx2(block);
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn block_avx2(block: &[u8; 64]) -> Masks {
        let (halves, _) = block.as_chunks::<32>();
        let (low, high) = (half(&halves[0]), half(&halves[1]));
        Masks {
            token: u64::from(low.0) | u64::from(high.0) << 32,
            alnum: u64::from(low.1) | u64::from(high.1) << 32,
            digit: u64::from(low.2) | u64::from(high.2) << 32,
        }
    }

    /// Masks of 32 bytes: token characters, letters and digits, digits.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn half(bytes: &[u8; 32]) -> (u32, u32, u32) {
        const BOTH: i8 = DIGIT | FIRST | LAST;
        #[rustfmt::skip]
        let by_low = _mm256_setr_epi8(
            DIGIT | LAST, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, FIRST | LAST, SIGN | FIRST,
            FIRST, SIGN | FIRST, SIGN | FIRST | TILDE, SIGN | FIRST | UNDERSCORE,
            DIGIT | LAST, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, FIRST | LAST, SIGN | FIRST,
            FIRST, SIGN | FIRST, SIGN | FIRST | TILDE, SIGN | FIRST | UNDERSCORE,
        );
        #[rustfmt::skip]
        let by_high = _mm256_setr_epi8(
            0, 0, SIGN, DIGIT, FIRST, LAST | UNDERSCORE, FIRST, LAST | TILDE, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, SIGN, DIGIT, FIRST, LAST | UNDERSCORE, FIRST, LAST | TILDE, 0, 0, 0, 0, 0, 0, 0, 0,
        );
        // SAFETY: the pointer is to 32 readable bytes; the load asks for no alignment.
        let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>()) };
        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0f));
        // A byte of 0x80 or more looks up zero, as the shuffle does for a set top bit.
        let class = _mm256_and_si256(_mm256_shuffle_epi8(by_low, bytes), _mm256_shuffle_epi8(by_high, high));
        let zero = _mm256_setzero_si256();
        let none = _mm256_movemask_epi8(_mm256_cmpeq_epi8(class, zero));
        let of_word = _mm256_and_si256(class, _mm256_set1_epi8(DIGIT | FIRST | LAST));
        let no_alnum = _mm256_movemask_epi8(_mm256_cmpeq_epi8(of_word, zero));
        let digit = _mm256_movemask_epi8(_mm256_slli_epi16::<6>(class));
        (!none.cast_unsigned(), !no_alnum.cast_unsigned(), digit.cast_unsigned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(vector: Vector, bytes: &[u8]) -> Vec<Masks> {
        let mut masks = vec![Masks::default(); bytes.len().div_ceil(64)];
        vector.classify(bytes, &mut masks);
        masks
    }

    #[test]
    fn every_byte_at_every_place_is_in_its_classes() {
        for vector in [Vector::detect(), Vector::Portable] {
            for byte in 0..=255u8 {
                for at in 0..64 {
                    let mut bytes = [b' '; 64];
                    bytes[at] = byte;
                    let expected = Masks {
                        token: u64::from(ByteSet::TOKEN.contains(byte)) << at,
                        alnum: u64::from(byte.is_ascii_alphanumeric()) << at,
                        digit: u64::from(byte.is_ascii_digit()) << at,
                    };
                    assert_eq!(masks(vector, &bytes), [expected], "{vector:?}, byte {byte:#x} at {at}");
                }
            }
        }
    }

    #[test]
    fn the_twins_agree_on_random_bytes_of_every_length() {
        let mut random = fastrand::Rng::with_seed(1);
        for length in 0..300 {
            let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(length).collect();
            assert_eq!(masks(Vector::detect(), &bytes), masks(Vector::Portable, &bytes), "length {length}");
        }
    }
}
