//! Personal access tokens of Azure DevOps in their older form: 32 bytes in base32, four of which are the
//! CRC-32 of the others and stand scattered among them.
//!
//! Source: the `Microsoft.Security.Utilities` project (security-utilities on GitHub).

use super::text::random_bytes;
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "azure-devops-pat",
    summary: "four bytes of the decoded token are the CRC-32 of the others; tells whose it is",
    check,
    forge,
};

const LENGTH: usize = 32;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Where the bytes of the checksum stand, the lowest first.
const SUM_AT: [usize; 4] = [22, 8, 7, 2];

/// What the checksum is combined with, by the kind of owner.
const OWNERS: [(u32, &str); 2] = [(0xE0B9_692D, "user"), (0x1019_F92E, "application")];

fn check(subject: Subject<'_>) -> Outcome {
    let Some(bytes) = decode(subject.value) else { return Outcome::Wrong };
    let written = u32::from_le_bytes(SUM_AT.map(|at| bytes[at]));
    let sum = sum(&bytes);
    match OWNERS.iter().find(|(mask, _)| sum ^ mask == written) {
        Some((_, owner)) => Outcome::Right(Evidence::of(ProofLevel::Checksum).with("owner", *owner)),
        None => Outcome::Wrong,
    }
}

fn forge(_: &str, argument: &str, random: &mut fastrand::Rng) -> String {
    let mut bytes: [u8; LENGTH] = random_bytes(random, LENGTH).try_into().unwrap_or_default();
    let (mask, _) = OWNERS.iter().find(|(_, owner)| *owner == argument).unwrap_or(&OWNERS[0]);
    for (at, byte) in SUM_AT.into_iter().zip((sum(&bytes) ^ mask).to_le_bytes()) {
        bytes[at] = byte;
    }
    encode(&bytes)
}

/// The CRC-32 of all bytes but those of the checksum.
fn sum(bytes: &[u8; LENGTH]) -> u32 {
    let covered: Vec<u8> = (0..LENGTH).filter(|at| !SUM_AT.contains(at)).map(|at| bytes[at]).collect();
    crc32fast::hash(&covered)
}

fn decode(text: &[u8]) -> Option<[u8; LENGTH]> {
    let mut bytes = Vec::with_capacity(LENGTH + 1);
    let (mut bits, mut count) = (0u32, 0);
    for letter in text {
        let digit = ALPHABET.iter().position(|known| known == letter)?;
        bits = bits << 5 | digit as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes.try_into().ok()
}

fn encode(bytes: &[u8; LENGTH]) -> String {
    let mut text = String::new();
    let (mut bits, mut count) = (0u32, 0);
    // A byte more, for the digit that is only begun.
    for &byte in bytes.iter().chain([&0]) {
        bits = bits << 8 | u32::from(byte);
        count += 8;
        while count >= 5 && text.len() < (LENGTH * 8).div_ceil(5) {
            count -= 5;
            text.push(char::from(ALPHABET[(bits >> count & 31) as usize]));
        }
    }
    text
}
