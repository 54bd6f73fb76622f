//! Fly.io's tokens are macaroons in MessagePack: nonce, location, caveats, signature.
//!
//! Source: superfly/macaroon, `Macaroon` and its encoding as an array of four.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::{self, random_bytes};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "fly-macaroon",
    summary: "decodes to the four parts of a macaroon in MessagePack; tells its location",
    check,
    forge: |_, _, random| {
        let (key, nonce) = (random_bytes(random, 40), random_bytes(random, 16));
        let (ticket, signature) = (random_bytes(random, 60), random_bytes(random, 32));
        let location = b"https://api.fly.io/v1";
        let bytes = [
            &[0x94, 0x93, 0xc4, 40][..],
            &key,
            &[0xc4, 16],
            &nonce,
            &[0xc2, 0xa0 | location.len() as u8],
            location,
            &[0x91, 0xc4, 60],
            &ticket,
            &[0xc4, 32],
            &signature,
        ];
        STANDARD.encode(bytes.concat())
    },
};

/// MessagePack's mark of an array of four.
const FOUR: u8 = 0x94;

fn check(subject: Subject<'_>) -> Outcome {
    let body = subject.value.splitn(2, |&byte| byte == b'_').nth(1).unwrap_or_default();
    let location = text::base64(body).as_deref().and_then(location);
    match location {
        Some(location) => Outcome::Right(Evidence::of(ProofLevel::Structure).with("location", location)),
        None => Outcome::Wrong,
    }
}

/// The location of a macaroon that has all its parts and nothing else.
fn location(bytes: &[u8]) -> Option<String> {
    let after_nonce = skip(bytes.strip_prefix(&[FOUR])?)?;
    let after_location = skip(after_nonce)?;
    let (&mark, location) = after_nonce[..after_nonce.len() - after_location.len()].split_first()?;
    let signature = skip(after_location)?;
    let is_text = (0xa0..0xc0).contains(&mark) || mark == 0xd9;
    let location = if mark == 0xd9 { location.get(1..)? } else { location };
    let whole = skip(signature)?.is_empty() && signature.starts_with(&[0xc4, 32]);
    (is_text && whole).then(|| String::from_utf8(location.to_vec()).ok())?
}

/// What follows the value at the start (MessagePack specification, "Formats").
fn skip(mut bytes: &[u8]) -> Option<&[u8]> {
    let mut values = 1usize;
    while values > 0 {
        let (&mark, rest) = bytes.split_first()?;
        let number = |size: usize| {
            let digits = rest.get(..size)?;
            Some(digits.iter().fold(0usize, |number, &byte| number << 8 | usize::from(byte)))
        };
        let (content, inner) = match mark {
            0x00..=0x7f | 0xc0..=0xc3 | 0xe0..=0xff => (0, 0),
            0x80..=0x8f => (0, 2 * usize::from(mark & 15)),
            0x90..=0x9f => (0, usize::from(mark & 15)),
            0xa0..=0xbf => (usize::from(mark & 31), 0),
            0xc4 | 0xd9 => (1 + number(1)?, 0),
            0xc5 | 0xda => (2 + number(2)?, 0),
            0xc6 | 0xdb => (4 + number(4)?, 0),
            0xc7 => (2 + number(1)?, 0),
            0xc8 => (3 + number(2)?, 0),
            0xc9 => (5 + number(4)?, 0),
            0xcc | 0xd0 => (1, 0),
            0xcd | 0xd1 => (2, 0),
            0xca | 0xce | 0xd2 => (4, 0),
            0xcb | 0xcf | 0xd3 => (8, 0),
            0xd4..=0xd8 => (1 + (1 << (mark - 0xd4)), 0),
            0xdc => (2, number(2)?),
            0xdd => (4, number(4)?),
            0xde => (2, 2 * number(2)?),
            0xdf => (4, 2 * number(4)?),
        };
        bytes = rest.get(content..)?;
        values = (values - 1).checked_add(inner)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_macaroon_must_be_whole() {
        let value = format!("fm2_{}", (PROOF.forge)("fm2_", "", &mut fastrand::Rng::with_seed(1)));
        let outcome = |value: &str| check(Subject { value: value.as_bytes(), prefix: b"", matched: b"" });
        let evidence = Evidence::of(ProofLevel::Structure).with("location", "https://api.fly.io/v1");
        assert_eq!(outcome(&value), Outcome::Right(evidence));
        assert_eq!(outcome(&value[..value.len() - 4]), Outcome::Wrong);
    }
}
