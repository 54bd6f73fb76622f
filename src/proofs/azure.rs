//! Microsoft's identifiable keys: a Marvin32 checksum behind a mark that names the service.
//!
//! Source: the `Microsoft.Security.Utilities` project (security-utilities on GitHub), which writes and
//! checks these keys; its test vectors are the base of the facts used here.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

/// Identifiable keys, first version: the last four of the decoded bytes are the checksum of the others.
pub(super) const HIS: Proof = Proof {
    name: "azure-his",
    summary: "the decoded key ends with its Marvin32 checksum (Microsoft identifiable key); tells the kind",
    check: check_his,
    forge: forge_his,
};

/// Annotated keys: the checksum follows 80 characters as base62.
pub(super) const CASK: Proof = Proof {
    name: "azure-cask",
    summary: "80 characters and their Marvin32 checksum in base62 (Microsoft annotated key)",
    check: check_cask,
    forge: |so_far, _, _| {
        cask_sum(so_far.as_bytes())
            .map_or(String::new(), |sum| String::from_utf8_lossy(&sum[..4]).into_owned())
    },
};

/// Client secrets of Entra applications: the last three characters are the checksum of the others.
pub(super) const ENTRA: Proof = Proof {
    name: "entra-secret",
    summary: "ends with 3 characters of its Marvin32 checksum in base 66",
    check: |subject| {
        let at = subject.value.len().saturating_sub(3);
        let (covered, sum) = subject.value.split_at(at);
        told(entra_sum(covered) == *sum)
    },
    forge: |so_far, _, _| String::from_utf8_lossy(&entra_sum(so_far.as_bytes())).into_owned(),
};

const DEFAULT_SEED: &[u8; 8] = b"Default0";

/// The names of key kinds that serve as seeds.
const SEEDS: &[&[u8; 8]] = &[
    b"ACRDflt0",
    b"AbAcct00",
    b"Access00",
    b"Default0",
    b"Device00",
    b"DpsKey00",
    b"Functi00",
    b"Gatewy00",
    b"GitKey00",
    b"IoTHub00",
    b"Listen00",
    b"Manage00",
    b"MastRO00",
    b"MastRW00",
    b"Master00",
    b"PAdmin00",
    b"Query000",
    b"Send0000",
    b"System00",
    b"Tenant00",
    b"Unknown0",
];

fn told(right: bool) -> Outcome {
    if right { Outcome::Right(Evidence::of(ProofLevel::Checksum)) } else { Outcome::Wrong }
}

fn check_his(subject: Subject<'_>) -> Outcome {
    let text: Vec<u8> = subject.value.iter().copied().filter(|&byte| byte != b'=').collect();
    let Ok(bytes) = STANDARD_NO_PAD.decode(&text).or_else(|_| URL_SAFE_NO_PAD.decode(&text)) else {
        return Outcome::Wrong;
    };
    let Some((covered, sum)) = bytes.split_last_chunk::<4>() else { return Outcome::Wrong };
    let sum = u32::from_le_bytes(*sum);
    match SEEDS.iter().find(|seed| marvin32(covered, seed) == sum) {
        Some(seed) => {
            let kind = String::from_utf8_lossy(*seed);
            let evidence = Evidence::of(ProofLevel::Checksum);
            Outcome::Right(evidence.with("kind", kind.trim_end_matches('0')))
        }
        None => Outcome::Wrong,
    }
}

/// The six characters that end a key: the checksum and the two bits before it.
fn forge_his(so_far: &str, _: &str, _: &mut fastrand::Rng) -> String {
    // Up to two more characters make the covered bytes whole, so that the checksum fills the rest.
    let covered_bytes = (so_far.len() + 6) * 3 / 4 - 4;
    for tail in ["AAAAAA", "AAAAAQ"] {
        let text = format!("{so_far}{tail}");
        let Ok(mut bytes) = STANDARD_NO_PAD.decode(text.trim_end_matches('=')) else { continue };
        let sum = marvin32(&bytes[..covered_bytes], DEFAULT_SEED).to_le_bytes();
        bytes.truncate(covered_bytes);
        bytes.extend(sum);
        return STANDARD_NO_PAD.encode(&bytes)[so_far.len()..].to_owned();
    }
    String::new()
}

fn check_cask(subject: Subject<'_>) -> Outcome {
    let Some((covered, sum)) = subject.value.split_at_checked(80) else { return Outcome::Wrong };
    let Some(expected) = cask_sum(covered) else { return Outcome::Wrong };
    let sum = sum.strip_suffix(b"==").unwrap_or(sum);
    told((4..=6).contains(&sum.len()) && expected.starts_with(sum))
}

fn cask_sum(covered: &[u8]) -> Option<[u8; 6]> {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let bytes = STANDARD_NO_PAD.decode(covered.get(..80)?).ok()?;
    let mut number = marvin32(&bytes, DEFAULT_SEED).swap_bytes();
    let mut digits = vec![];
    while number > 0 {
        digits.push(DIGITS[(number % 62) as usize]);
        number /= 62;
    }
    digits.reverse();
    digits.resize(6, b'0');
    digits.try_into().ok()
}

fn entra_sum(covered: &[u8]) -> [u8; 3] {
    const DIGITS: &[u8; 66] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";
    let mut number = marvin32(covered, b"AadPwd00");
    let mut digits = [b'a'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 66) as usize];
        number /= 66;
    }
    [digits[0], digits[1], digits[2]]
}

/// Marvin32, as in the .NET runtime (`Marvin.ComputeHash32`); the seed is read as a big-endian number.
fn marvin32(bytes: &[u8], seed: &[u8; 8]) -> u32 {
    let seed = u64::from_be_bytes(*seed);
    let (mut p0, mut p1) = (seed as u32, (seed >> 32) as u32);
    let mut mix = |word: u32| {
        p0 = p0.wrapping_add(word);
        p1 ^= p0;
        p0 = p0.rotate_left(20).wrapping_add(p1);
        p1 = p1.rotate_left(9) ^ p0;
        p0 = p0.rotate_left(27).wrapping_add(p1);
        p1 = p1.rotate_left(19);
        p0 ^ p1
    };
    let (words, rest) = bytes.as_chunks::<4>();
    for &word in words {
        mix(u32::from_le_bytes(word));
    }
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    mix(u32::from_le_bytes(last));
    mix(0)
}
