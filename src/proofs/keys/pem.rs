//! Private keys in an armour of hyphens: PEM (RFC 7468), OpenSSL's own encryption, OpenSSH and others that
//! write `-----BEGIN ...-----`.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD, STANDARD_NO_PAD};
use bstr::ByteSlice as _;
use zeroize::Zeroizing;

use super::key::{Key, is_random};
use super::plain::{base64_of, plain};
use super::{asn1, forge, pgp, ssh};
use crate::model::{Evidence, ProofLevel};
use crate::proofs::{Outcome, Proof};

pub(in crate::proofs) const PROOF: Proof = Proof {
    name: "pem",
    summary: "the private key decodes and belongs to its public half; tells algorithm and fingerprint",
    check: |subject| check(subject.value),
    forge: forge::pem,
};

/// A whole PEM file, encoded once more.
pub(in crate::proofs) const WRAPPED: Proof = Proof {
    name: "pem-base64",
    summary: "base64 of a private key for which the proof `pem` holds",
    check: |subject| match decode(&plain(subject.value, b"=")) {
        Some(text) if Block::of(&text).is_some() => check(&text),
        Some(text) => check_cut(&text),
        None => Outcome::Wrong,
    },
    forge: |so_far, argument, random| STANDARD.encode(forge::pem(so_far, argument, random) + "\n"),
};

/// A key whose END line is missing.
pub(in crate::proofs) const CUT: Proof = Proof {
    name: "pem-cut",
    summary: "what there is of the private key begins as one does; a whole one is looked at as by `pem`",
    check: |subject| check_cut(subject.value),
    forge: |so_far, argument, random| {
        let text = forge::pem(so_far, argument, random);
        text[..text.len() * 3 / 5].to_owned()
    },
};

/// A block that was taken out of its surroundings.
struct Block {
    text: Zeroizing<Vec<u8>>,
    label: Range<usize>,
    /// What is between BEGIN and END.
    inner: Range<usize>,
}

impl Block {
    /// The block that `value` is; `None` where its two labels differ.
    fn of(value: &[u8]) -> Option<Block> {
        const HYPHENS: &[char] = &['-', ' '];
        let text = Zeroizing::new(plain(value, b"--"));
        let begin =
            text.find(b"BEGIN ").filter(|&at| text[..at].trim_with(|c| HYPHENS.contains(&c)).is_empty())?;
        let label = begin + "BEGIN ".len()..text[begin..].find_byte(b'-')? + begin;
        let start = text.len() - text[label.end..].trim_start_with(|c| c == '-').len();
        let label = label.start..label.start + text[label].trim_ascii_end().len();
        let end = text.rfind([b"END ", &text[label.clone()], b"-"].concat()).or_else(|| {
            // SSH.com sets a blank before the hyphens.
            text.rfind([b"END ", &text[label.clone()], b" -"].concat())
        })?;
        let inner = start..start + text.get(start..end)?.trim_end_with(|c| HYPHENS.contains(&c)).len();
        Some(Block { text, label, inner })
    }

    fn key(&self) -> Option<Key> {
        let inner = &self.text[self.inner.clone()];
        match &self.text[self.label.clone()] {
            b"PGP PRIVATE KEY BLOCK" => pgp::key(inner),
            b"SSH2 ENCRYPTED PRIVATE KEY" => ssh::commercial(&decode(after_head(inner))?),
            b"OpenVPN Static key V1" => openvpn(inner),
            b"ENCRYPTED SIGSTORE PRIVATE KEY" | b"ENCRYPTED COSIGN PRIVATE KEY" => cosign(&decode(inner)?),
            _ => match inner.find(b"DEK-Info:") {
                Some(at) => traditional_encrypted(&inner[at + b"DEK-Info:".len()..]),
                None => of_bytes(&decode(inner)?),
            },
        }
    }
}

/// What follows the lines of a head; only they hold a colon.
pub(super) fn after_head(inner: &[u8]) -> &[u8] {
    let colon = inner.rfind_byte(b':').unwrap_or(0);
    &inner[inner[colon..].find_byte(b'\n').filter(|_| colon > 0).map_or(0, |end| colon + end)..]
}

fn check(value: &[u8]) -> Outcome {
    Block::of(value).and_then(|block| block.key()).map_or(Outcome::Wrong, Key::outcome)
}

fn check_cut(value: &[u8]) -> Outcome {
    let text = Zeroizing::new(plain(value, b"="));
    let label = memchr::memmem::find(&text, b"PRIVATE KEY-----").map(|at| at + b"PRIVATE KEY-----".len());
    let Some(mut body) = label.and_then(|end| base64_of(&text[end..])).map(Zeroizing::new) else {
        return Outcome::Wrong;
    };
    // A single character of a group of four holds no whole byte.
    let whole = body.len() - usize::from(body.len() % 4 == 1);
    body.truncate(whole);
    let Some(bytes) = LENIENT.decode(&body[..]).ok().map(Zeroizing::new) else { return Outcome::Wrong };
    match of_bytes(&bytes) {
        Some(key) => key.outcome(),
        None if ssh::is_openssh(&bytes) || asn1::is_cut(&bytes) => {
            Outcome::Right(Evidence::of(ProofLevel::Decoded))
        }
        None => Outcome::Wrong,
    }
}

fn of_bytes(bytes: &[u8]) -> Option<Key> {
    if ssh::is_openssh(bytes) { ssh::openssh(bytes) } else { asn1::key(bytes) }
}

/// Base64 that may end in the middle of a byte.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));

/// The bytes of a body in base64, padded or not.
pub(super) fn decode(body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = Zeroizing::new(base64_of(body)?);
    STANDARD_NO_PAD.decode(&text[..]).ok().map(Zeroizing::new)
}

/// OpenSSL's own encryption: a cipher, its initialisation vector in hex, and the body.
fn traditional_encrypted(after: &[u8]) -> Option<Key> {
    let after = after.trim_ascii_start();
    let (cipher, rest) = after.split_once_str(",")?;
    let vector = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let cipher = std::str::from_utf8(cipher).ok().filter(|name| name.len() <= 24)?;
    let block = if cipher.starts_with("DES") || cipher.starts_with("BF") { 8 } else { 16 };
    let body = decode(&rest[vector..])?;
    let whole = !cipher.ends_with("CBC") || vector == 2 * block && body.len() % block == 0;
    (whole && body.len() >= 32 && is_random(&body)).then(|| Key::named("").encrypted(cipher.to_owned()))
}

/// 2048 bits in hex, of which `tls-auth` and `tls-crypt` take what they need.
fn openvpn(inner: &[u8]) -> Option<Key> {
    let digits: Zeroizing<Vec<u8>> = base64_of(inner)?.into();
    let is_hex = digits.len() == 512 && digits.iter().all(u8::is_ascii_hexdigit);
    // Chance leaves no digit out of so many.
    let varied = (b'0'..=b'9').all(|digit| digits.contains(&digit));
    (is_hex && varied).then(|| Key::named("OpenVPN, 2048 bits"))
}

/// JSON that names how the password becomes a key, the cipher, and what it wrote.
fn cosign(json: &[u8]) -> Option<Key> {
    let file: serde_json::Value = serde_json::from_slice(json).ok()?;
    let name = |part: &str| file.get(part)?.get("name")?.as_str();
    let text = file.get("ciphertext")?.as_str().filter(|text| text.len() >= 64)?;
    let how = format!("{}, {}", name("cipher")?, name("kdf")?);
    is_random(&STANDARD.decode(text).ok()?).then(|| Key::named("").encrypted(how))
}
