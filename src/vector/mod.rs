//! What is done to many bytes at once. The one place with vector code; each piece has a portable twin that
//! gives the same answers, and a test that holds the two against each other.

mod classes;
mod filter;
mod fingerprints;
mod pairs;

pub(crate) use classes::{Masks, bits, low_bits};
pub(crate) use filter::{Filter, hash};
pub(crate) use fingerprints::Fingerprints;
pub(crate) use pairs::Pairs;

/// The instructions that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vector {
    /// AVX2 and BMI2, as in all processors of level x86-64-v3.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every processor has.
    Portable,
}

impl Vector {
    /// The fastest that this processor has.
    pub(crate) fn detect() -> Vector {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi2") {
            return Vector::Avx2;
        }
        Vector::Portable
    }
}

/// The first `N` bytes of a text, with zeros for those that it does not have; made in `space` where it is
/// shorter.
#[inline]
pub(crate) fn padded<'a, const N: usize>(text: &'a [u8], space: &'a mut [u8; N]) -> &'a [u8; N] {
    text.first_chunk().unwrap_or_else(|| {
        space[..text.len()].copy_from_slice(text);
        space
    })
}
