//! Secret keys of minisign and of OpenBSD's signify: Ed25519 with a checksum, both behind an optional
//! passphrase.
//!
//! Sources: the file formats in the minisign manual and in `signify.c` of OpenBSD.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use sha2::{Digest, Sha512};

use super::curve;
use super::forge::seed;
use super::key::{Key, is_random};
use crate::proofs::text::random_bytes;
use crate::proofs::{Outcome, Proof};

pub(in crate::proofs) const MINISIGN: Proof = Proof {
    name: "minisign",
    summary: "the parts of a minisign key are sound; without a password it belongs to its public half",
    check: |subject| told(subject.value, minisign),
    forge: forge_minisign,
};

pub(in crate::proofs) const SIGNIFY: Proof = Proof {
    name: "signify",
    summary: "the parts of a signify key are sound; without a passphrase its checksum is right",
    check: |subject| told(subject.value, signify),
    forge: forge_signify,
};

/// Largest cost that a writer of minisign keys asks of scrypt; the usual one is 2^25.
const MOST_WORK: u64 = 1 << 40;

/// Most rounds of bcrypt; `signify` asks for 42.
const MOST_ROUNDS: u32 = 1 << 20;

fn told(value: &[u8], key: fn(&[u8]) -> Option<Key>) -> Outcome {
    let bytes = STANDARD.decode(value).ok().map(zeroize::Zeroizing::new);
    bytes.and_then(|bytes| key(&bytes)).map_or(Outcome::Wrong, Key::outcome)
}

/// Algorithms (6 bytes), salt (32), operations and memory of scrypt (8 each, lowest byte first), then key
/// id (8), key pair (64) and checksum (32), these three encrypted where there is a password.
fn minisign(file: &[u8]) -> Option<Key> {
    let (kind, rest) = file.split_first_chunk::<6>()?;
    let (_salt, rest) = rest.split_first_chunk::<32>()?;
    let (operations, rest) = rest.split_first_chunk::<8>()?;
    let (memory, rest) = rest.split_first_chunk::<8>()?;
    let (_id, pair) = rest.split_first_chunk::<8>()?;
    match kind {
        b"EdSc\x42\x32" => {
            let sane = |cost: &[u8; 8]| (1..=MOST_WORK).contains(&u64::from_le_bytes(*cost));
            let sound = sane(operations) && sane(memory) && is_random(pair);
            sound.then(|| Key::named("Ed25519").encrypted("scrypt".into()))
        }
        b"Ed\0\0\x42\x32" => Key::ed25519(pair.first_chunk()?, Some(pair.get(32..64)?)),
        _ => None,
    }
}

/// Algorithms (4 bytes), rounds of bcrypt (4), salt (16), checksum (8), key id (8) and key pair (64), which
/// is encrypted where there are rounds.
fn signify(file: &[u8]) -> Option<Key> {
    let (kind, rest) = file.split_first_chunk::<4>()?;
    let (rounds, rest) = rest.split_first_chunk::<4>()?;
    let (_salt, rest) = rest.split_first_chunk::<16>()?;
    let (sum, rest) = rest.split_first_chunk::<8>()?;
    let (_id, pair) = rest.split_first_chunk::<8>()?;
    match u32::from_be_bytes(*rounds) {
        _ if kind != b"EdBK" => None,
        0 if Sha512::digest(pair)[..8] == *sum => Key::ed25519(pair.first_chunk()?, Some(pair.get(32..64)?)),
        0 => None,
        rounds => (rounds <= MOST_ROUNDS && is_random(pair))
            .then(|| Key::named("Ed25519").encrypted(format!("bcrypt with {rounds} rounds"))),
    }
}

fn pair(random: &mut Rng) -> Vec<u8> {
    let seed = seed(random);
    [seed, curve::ed25519(&seed)].concat()
}

/// `{minisign}` without a password, `{minisign:encrypted}` with one.
fn forge_minisign(_: &str, argument: &str, random: &mut Rng) -> String {
    let (kind, cost): (&[u8; 6], [u64; 2]) =
        if argument.is_empty() { (b"Ed\0\0B2", [0, 0]) } else { (b"EdScB2", [1 << 25, 1 << 30]) };
    let cost = cost.map(u64::to_le_bytes).concat();
    let file = [
        &kind[..],
        &random_bytes(random, 32),
        &cost,
        &random_bytes(random, 8),
        &pair(random),
        &random_bytes(random, 32),
    ];
    STANDARD.encode(file.concat())
}

/// `{signify}` without a passphrase, `{signify:encrypted}` with one.
fn forge_signify(_: &str, argument: &str, random: &mut Rng) -> String {
    let rounds = if argument.is_empty() { 0u32 } else { 42 };
    let (salt, id, pair) = (random_bytes(random, 16), random_bytes(random, 8), pair(random));
    let sum = &Sha512::digest(&pair)[..8];
    STANDARD.encode([b"EdBK", &rounds.to_be_bytes()[..], &salt, sum, &id, &pair].concat())
}
