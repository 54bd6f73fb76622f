//! Ed25519 keys written as pairs: 64 bytes, of which the second half is the public half of the first.
//!
//! Sources: RFC 8032 for the public half; the form is that of NaCl, which Solana, NEAR, Nix and Coinbase write
//! in different ways.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::curve::ed25519;
use super::forge::seed;
use super::public::judged;
use crate::model::{Evidence, ProofLevel};
use crate::proofs::{Outcome, Proof};

pub(in crate::proofs) const BASE58: Proof = Proof {
    name: "ed25519-base58",
    summary: "decodes to an Ed25519 key and the public half that belongs to it; tells the latter",
    check: |subject| {
        // Behind a name the public half is no address.
        let key = after_name(subject.value);
        let label = if key.len() == subject.value.len() { "address" } else { "public" };
        check(bs58::decode(key).into_vec().ok(), label, |public| bs58::encode(public).into_string())
    },
    forge: |_, _, random| bs58::encode(pair(random)).into_string(),
};

pub(in crate::proofs) const BASE64: Proof = Proof {
    name: "ed25519-base64",
    summary: "decodes to an Ed25519 key and the public half that belongs to it; tells the latter",
    check: |subject| {
        let pair = STANDARD.decode(after_name(subject.value)).ok();
        check(pair, "public", |public| STANDARD.encode(public))
    },
    forge: |_, _, random| STANDARD.encode(pair(random)),
};

/// A list of 64 numbers, which is how Solana's tools write a file.
pub(in crate::proofs) const ARRAY: Proof = Proof {
    name: "ed25519-array",
    summary: "lists the bytes of an Ed25519 key and of the public half that belongs to it; tells the latter",
    check: |subject| check(numbers(subject.value), "address", |public| bs58::encode(public).into_string()),
    forge: |_, separator, random| {
        let numbers = pair(random).map(|byte| byte.to_string());
        format!("[{}]", numbers.join(if separator.is_empty() { "," } else { separator }))
    },
};

fn check(pair: Option<Vec<u8>>, label: &'static str, write: fn(&[u8]) -> String) -> Outcome {
    let Some(pair) = pair.map(Zeroizing::new) else { return Outcome::Wrong };
    match pair.split_first_chunk::<32>() {
        Some((seed, public)) if ed25519(seed) == public => {
            judged(public, Evidence::of(ProofLevel::Checksum).with(label, write(public)))
        }
        _ => Outcome::Wrong,
    }
}

/// Some write a name and a colon before the key.
fn after_name(value: &[u8]) -> &[u8] {
    value.rsplit(|&byte| byte == b':').next().unwrap_or(value)
}

fn numbers(list: &[u8]) -> Option<Vec<u8>> {
    std::str::from_utf8(list)
        .ok()?
        .split(|letter: char| !letter.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse().ok())
        .collect()
}

fn pair(random: &mut fastrand::Rng) -> [u8; 64] {
    let seed = seed(random);
    let mut pair = [0; 64];
    pair[..32].copy_from_slice(&seed);
    pair[32..].copy_from_slice(&ed25519(&seed));
    pair
}
