//! CRC-32 in base62 at the end of a token, over the random characters after the prefix: GitHub, npm.
//!
//! Source: GitHub engineering, "Behind GitHub's new authentication token formats" (2021): the last six
//! characters are a CRC-32 of the rest in base62, padded with zeros.

use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof { name: "crc32-base62", check, forge };

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 6;

fn check(subject: Subject<'_>) -> Outcome {
    let body = &subject.value[subject.prefix.len()..];
    let Some((random, sum)) = body.len().checked_sub(LENGTH).map(|at| body.split_at(at)) else {
        return Outcome::Wrong;
    };
    if encode(crc32fast::hash(random)) == sum {
        Outcome::Right(Evidence::of(ProofLevel::Checksum))
    } else {
        Outcome::Wrong
    }
}

/// The six checksum characters over all that stands after the last `_`.
fn forge(so_far: &str, _: &str, _: &mut fastrand::Rng) -> String {
    let random = so_far.rsplit('_').next().unwrap_or(so_far);
    String::from_utf8_lossy(&encode(crc32fast::hash(random.as_bytes()))).into_owned()
}

fn encode(mut number: u32) -> [u8; LENGTH] {
    let mut text = [b'0'; LENGTH];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    text
}
