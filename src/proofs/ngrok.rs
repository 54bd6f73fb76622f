//! ngrok's tokens begin with a KSUID, which tells when they were made.
//!
//! Source: segmentio/ksuid: 27 base62 digits of 20 bytes, the first four a time since 13 May 2014.

use super::text::{random_text, unix_time};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "ngrok-ksuid",
    summary: "begins with a KSUID; tells when it was made",
    check,
    forge: |_, _, random| format!("2{}_{}", random_text(random, 26), random_text(random, 22)),
};

/// Digits of a KSUID.
const LENGTH: usize = 27;
/// Bits below the time.
const PAYLOAD_BITS: u32 = 128;
/// When KSUIDs begin, in Unix time.
const EPOCH: i64 = 1_400_000_000;

fn check(subject: Subject<'_>) -> Outcome {
    match subject.value.get(..LENGTH).and_then(made_at) {
        Some(seconds) => Outcome::Right(
            Evidence::of(ProofLevel::Decoded).with("created", unix_time(EPOCH + i64::from(seconds))),
        ),
        None => Outcome::Wrong,
    }
}

/// The upper 32 of the 160 bits that the digits write; `None` where they write more.
fn made_at(digits: &[u8]) -> Option<u32> {
    let (mut high, mut low) = (0u64, 0u128);
    for &digit in digits {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'Z' => digit - b'A' + 10,
            b'a'..=b'z' => digit - b'a' + 36,
            _ => return None,
        };
        // Two halves of 64 bits keep the product within 128.
        let below = (low & u128::from(u64::MAX)) * 62 + u128::from(digit);
        let above = (low >> 64) * 62 + (below >> 64);
        low = above << 64 | below & u128::from(u64::MAX);
        high = high * 62 + (above >> (PAYLOAD_BITS - 64)) as u64;
        if high > u64::from(u32::MAX) {
            return None;
        }
    }
    u32::try_from(high).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_samples_of_the_format() {
        // From the README of segmentio/ksuid, and the largest KSUID there is.
        assert_eq!(made_at(b"0ujtsYcgvSTl8PAuAdqWYSMnLOv"), Some(107_608_047));
        assert_eq!(made_at(b"aWgEPTl1tmebfsQzFP4bxwgy80V"), Some(u32::MAX));
        assert_eq!(made_at(b"aWgEPTl1tmebfsQzFP4bxwgy80W"), None);
        assert_eq!(made_at(b"0ujtsYcgvSTl8PAuAdqWYSMnLO-"), None);
    }
}
