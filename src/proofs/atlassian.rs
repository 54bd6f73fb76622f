//! Tokens of Atlassian: those of the Data Center products hold their number and 20 random bytes, the old ones of
//! the cloud end with the start of a hash.
//!
//! Source: observed alike by all who publish the formats; the number is the id that the products' REST API
//! revokes the token by.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use md5::{Digest as _, Md5};

use super::text::{self, body, random_bytes};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "atlassian-datacenter",
    summary: "decodes to the token's decimal id, a colon and 20 bytes",
    check,
    forge: |_, _, random| {
        let id = random.u64(100_000_000_000..999_999_999_999).to_string();
        STANDARD_NO_PAD.encode([id.as_bytes(), b":", &random_bytes(random, 20)].concat())
    },
};

/// Tokens of the cloud from before 2023.
pub(super) const LEGACY: Proof = Proof {
    name: "atlassian-legacy",
    summary: "ends with the first 4 hex digits of the MD5 of all before them",
    check: |subject| match subject.value.split_last_chunk::<4>() {
        Some((covered, sum)) if md5_start(covered) == *sum => {
            Outcome::Right(Evidence::of(ProofLevel::Checksum))
        }
        _ => Outcome::Wrong,
    },
    forge: |so_far, _, _| String::from_utf8_lossy(&md5_start(so_far.as_bytes())).into_owned(),
};

/// Four hex digits.
fn md5_start(covered: &[u8]) -> [u8; 4] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let hash = Md5::digest(covered);
    std::array::from_fn(|at| DIGITS[usize::from(hash[at / 2] >> (4 * (1 - at % 2)) & 0xf)])
}

fn check(subject: Subject<'_>) -> Outcome {
    let bytes = text::base64(body(subject.value, subject.prefix)).unwrap_or_default();
    let Some((id, b":")) = bytes.split_last_chunk::<20>().and_then(|(head, _)| head.split_at_checked(12))
    else {
        return Outcome::Wrong;
    };
    if !id.iter().all(u8::is_ascii_digit) {
        return Outcome::Wrong;
    }
    let id = String::from_utf8_lossy(id).into_owned();
    Outcome::Right(Evidence::of(ProofLevel::Structure).with("token", id))
}
