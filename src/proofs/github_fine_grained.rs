//! GitHub's fine-grained tokens hold their owner's number.
//!
//! Source: observed on published samples; GitHub documents only the prefix. That is why a token that holds
//! no number is not held against it.

use super::text::body;
use super::{Outcome, Proof};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "github-fine-grained",
    summary: "names the number of the owner",
    check: |subject| match owner(body(subject.value, b"github_pat_")) {
        Some(owner) => {
            Outcome::Right(Evidence::of(ProofLevel::Decoded).with("owner", format!("user {owner}")))
        }
        None => Outcome::Silent,
    },
    forge: |_, _, random| {
        let (bits, body) = (u64::from(random.u32(1_000_000..200_000_000)) << 3, random);
        let owner: String =
            (0..7).rev().map(|at| char::from(BASE32[(bits >> (5 * at) & 31) as usize])).collect();
        let mut text = |count| super::text::random_text(body, count);
        format!("11{owner}0{}_{}", text(12), text(59))
    },
};

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Seven base32 digits after `11`: a number of 32 bits and three zero bits.
fn owner(body: &[u8]) -> Option<u64> {
    let digits = body.strip_prefix(b"11")?.get(..7)?;
    let bits = digits.iter().try_fold(0u64, |bits, digit| {
        Some(bits << 5 | BASE32.iter().position(|known| known == digit)? as u64)
    })?;
    (bits & 7 == 0).then_some(bits >> 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_owner_where_there_is_one() {
        let body = |digits: &str| format!("11{digits}0{}", "a".repeat(70));
        assert_eq!(owner(body("AAAAAJI").as_bytes()), Some(37));
        assert_eq!(owner(body("AAAAAJJ").as_bytes()), None);
        assert_eq!(owner(body("AAAAA1I").as_bytes()), None);
    }
}
