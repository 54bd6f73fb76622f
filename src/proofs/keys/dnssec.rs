//! Private keys of DNSSEC as BIND writes them: the number has the length that its algorithm asks for.
//!
//! Sources: BIND 9, `dst_parse.c`, for the file; IANA, "DNS Security Algorithm Numbers".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::curve::{CURVES, Curve, P256};
use super::key::{Key, is_random};
use crate::proofs::text::random_bytes;
use crate::proofs::{Outcome, Proof, Subject};

pub(in crate::proofs) const PROOF: Proof = Proof {
    name: "dnssec-key",
    summary: "a number that can be a key of the algorithm that a DNSSEC key names; tells algorithm and fingerprint",
    check: |subject| check(subject).unwrap_or(Outcome::Wrong),
    forge: |_, argument, random| STANDARD.encode(random_bytes(random, argument.parse().unwrap_or(32))),
};

/// Shortest private exponent of RSA, in bytes; of a modulus of 512 bits it has most of 64.
const RSA_SHORTEST: usize = 48;

fn check(subject: Subject<'_>) -> Option<Outcome> {
    let key = Zeroizing::new(STANDARD.decode(subject.value).ok()?);
    let key = match algorithm(subject.matched)? {
        1 | 5 | 7 | 8 | 10 if key.len() >= RSA_SHORTEST && is_random(&key) => Key::named("RSA"),
        13 => on_curve(&P256, &key)?,
        14 => on_curve(CURVES.iter().find(|curve| curve.size == 48)?, &key)?,
        15 => Key::ed25519(key[..].try_into().ok()?, None)?,
        16 if key.len() == 57 && is_random(&key) => Key::named("Ed448"),
        // Others are rare and of many forms.
        3 | 6 | 12 | 17.. => return Some(Outcome::Silent),
        _ => return None,
    };
    Some(key.outcome())
}

fn on_curve(curve: &Curve, key: &[u8]) -> Option<Key> {
    if key.len() == curve.size { Key::ec(curve, key, None) } else { None }
}

/// The number behind the word.
fn algorithm(file: &[u8]) -> Option<u8> {
    const WORD: &[u8] = b"Algorithm: ";
    let at = memchr::memmem::find(file, WORD)? + WORD.len();
    let mut digits = file[at..].iter().take_while(|byte| byte.is_ascii_digit()).take(3);
    digits.try_fold(0u8, |sum, digit| sum.checked_mul(10)?.checked_add(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_must_fit_the_algorithm() {
        for (number, length, expected) in [
            (13, 32, true),
            (13, 48, false),
            (14, 48, true),
            (15, 32, true),
            (15, 33, false),
            (16, 57, true),
            (8, 256, true),
            (8, 32, false),
            (0, 32, false),
        ] {
            let mut random = fastrand::Rng::with_seed(6);
            let value = (PROOF.forge)("", &length.to_string(), &mut random);
            let file = format!("Private-key-format: v1.3\nAlgorithm: {number} (X)\nPrivateKey: {value}");
            let subject = Subject { value: value.as_bytes(), prefix: b"", matched: file.as_bytes() };
            let right = matches!((PROOF.check)(subject), Outcome::Right(_));
            assert_eq!(right, expected, "{number} {length}");
        }
    }
}
