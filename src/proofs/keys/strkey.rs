//! Ed25519 seeds in base32 with a CRC-16, as Stellar writes them and NATS after it.
//!
//! Sources: Stellar, SEP 23 ("Strkeys"); NATS, `nkeys` (its README and `strkey.go`).

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use super::curve::{ed25519, x25519};
use super::public::judged;
use crate::model::{Evidence, ProofLevel};
use crate::proofs::text::random_bytes;
use crate::proofs::{Outcome, Proof};

pub(in crate::proofs) const STELLAR: Proof = Proof {
    name: "stellar-seed",
    summary: "ends with the CRC-16 of all before it; tells the address",
    check: |subject| stellar(subject.value).unwrap_or(Outcome::Wrong),
    forge: |_, _, random| encode(&[&[SEED], &random_bytes(random, 32)[..]].concat()),
};

pub(in crate::proofs) const NKEY: Proof = Proof {
    name: "nkey-seed",
    summary: "ends with the CRC-16 of all before it; tells the kind and the public key",
    check: |subject| nkey(subject.value).unwrap_or(Outcome::Wrong),
    forge: |_, argument, random| {
        let (kind, _) = KINDS.iter().find(|(_, name)| *name == argument).unwrap_or(&KINDS[0]);
        encode(&[&[SEED | kind >> 5, kind << 3], &random_bytes(random, 32)[..]].concat())
    },
};

/// First bits of a seed: the letter S.
const SEED: u8 = 18 << 3;
/// First byte of a public key of Stellar: the letter G.
const ACCOUNT: u8 = 6 << 3;

/// First bytes of NATS's public keys; their upper bits are the letter.
const KINDS: [(u8, &str); 6] = [
    (20 << 3, "user"),
    (0, "account"),
    (14 << 3, "operator"),
    (13 << 3, "server"),
    (2 << 3, "cluster"),
    (CURVE, "curve"),
];
const CURVE: u8 = 23 << 3;

fn stellar(value: &[u8]) -> Option<Outcome> {
    let bytes = decode(value)?;
    let seed: &[u8; 32] = bytes.strip_prefix(&[SEED])?.try_into().ok()?;
    let public = ed25519(seed);
    let address = encode(&[&[ACCOUNT], &public[..]].concat());
    Some(judged(&public, Evidence::of(ProofLevel::Checksum).with("address", address)))
}

/// The two bytes before a seed are the mark of seeds and the public key's first byte, five bits on.
fn nkey(value: &[u8]) -> Option<Outcome> {
    let bytes = decode(value)?;
    let (&[first, second], seed) = bytes.split_first_chunk::<2>()?;
    let (kind, name) =
        KINDS.into_iter().find(|(kind, _)| (SEED | kind >> 5, kind << 3) == (first, second))?;
    let seed: &[u8; 32] = seed.try_into().ok()?;
    let public = if kind == CURVE { x25519(seed) } else { ed25519(seed) };
    let evidence = Evidence::of(ProofLevel::Checksum).with("kind", name);
    Some(judged(&public, evidence.with("public", encode(&[&[kind], &public[..]].concat()))))
}

/// What stands before a right checksum.
fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(BASE32_NOPAD.decode(text).ok()?);
    let (covered, sum) = bytes.split_last_chunk::<2>()?;
    if crc16(covered).to_le_bytes() != *sum {
        return None;
    }
    let length = covered.len();
    bytes.truncate(length);
    Some(bytes)
}

fn encode(covered: &[u8]) -> String {
    BASE32_NOPAD.encode(&[covered, &crc16(covered).to_le_bytes()].concat())
}

/// CRC-16/XMODEM: the polynomial 0x1021, from zero, highest bit first.
fn crc16(covered: &[u8]) -> u16 {
    covered.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ u16::from(byte) << 8, |sum, _| sum << 1 ^ if sum >> 15 == 1 { 0x1021 } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_catalogue() {
        // The check value of CRC-16/XMODEM in Greg Cook's catalogue of parametrised CRC algorithms.
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }

    #[test]
    fn the_account_is_that_of_sep_23() {
        // The first vector of SEP 23: a public key and its address.
        let key = ["3f0c34bf93ad0d9971d04ccc90f705511c838aad9734a4a2fb0d7a03fc7fe89a"].concat();
        let key = data_encoding::HEXLOWER.decode(key.as_bytes()).unwrap();
        let written = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ";
        assert_eq!(encode(&[&[ACCOUNT], &key[..]].concat()), written);
    }

    #[test]
    fn seeds_begin_with_the_letters_of_their_kinds() {
        let mut random = fastrand::Rng::with_seed(1);
        for (kind, start) in [
            ("user", "SU"),
            ("account", "SA"),
            ("operator", "SO"),
            ("server", "SN"),
            ("cluster", "SC"),
            ("curve", "SX"),
        ] {
            let value = (NKEY.forge)("", kind, &mut random);
            assert!(value.starts_with(start) && value.len() == 58, "{kind}: {value}");
            let Some(Outcome::Right(evidence)) = nkey(value.as_bytes()) else { panic!("{kind}") };
            assert!(evidence.facts[1].text.starts_with(&start[1..]), "{kind}");
        }
    }
}
