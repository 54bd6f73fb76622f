//! Random bytes in base64 or base32: whoever encodes them leaves the bits of the last character that no byte
//! needs at zero. What was made up, cut or changed by hand mostly does not.
//!
//! Sources: RFC 4648, section 3.5; `ApiKeyV4.cs` in NuGetGallery's source for the two parts of its keys.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use data_encoding::BASE32_NOPAD;
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use super::keys::is_random;
use super::text::{body, random_bytes};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const BASE64: Proof = Proof {
    name: "canonical-base64",
    summary: "base64 of whole bytes that were drawn at random, with no bits left over",
    check: |subject| match last_part(subject) {
        // Some print the same key in hex.
        hex if hex.len() >= 64 && hex.iter().all(u8::is_ascii_hexdigit) => Outcome::Silent,
        text => told(base64(&percent_decode(text).collect::<Vec<u8>>())),
    },
    forge: |_, argument, random| {
        let (length, form) = argument.split_once(',').unwrap_or((argument, ""));
        let engine = match form {
            "bare" => &STANDARD_NO_PAD,
            "url" => &URL_SAFE,
            "url-bare" => &URL_SAFE_NO_PAD,
            _ => &STANDARD,
        };
        written(random, length, |bytes| engine.encode(bytes))
    },
};

pub(super) const BASE32: Proof = Proof {
    name: "canonical-base32",
    summary: "base32 of whole bytes that were drawn at random, with no bits left over",
    check: |subject| {
        let part = subject.value.rsplit(|byte| !byte.is_ascii_alphanumeric()).next();
        told(part.and_then(base32))
    },
    forge: |_, length, random| {
        written(random, length, |bytes| BASE32_NOPAD.encode(bytes).to_ascii_lowercase())
    },
};

/// Two parts in base32, of which the first begins with the letters `v4`.
pub(super) const NUGET: Proof = Proof {
    name: "nuget-key",
    summary: "both parts of a NuGet key are base32 of whole bytes; the first begins with v4",
    check: |subject| {
        let Some((id, password)) = subject.value.split_at_checked(NUGET_ID) else { return Outcome::Wrong };
        let begins = base32(id).is_some_and(|id| id.starts_with(NUGET_MARK) && !id.contains(&0));
        told(base32(password).filter(|password| begins && password.len() == NUGET_PASSWORD))
    },
    forge: |_, argument, random| {
        let drawn: Vec<u8> = std::iter::repeat_with(|| random.u8(1..)).take(10).collect();
        let id = [NUGET_MARK, &drawn].concat();
        let text = [id, random_bytes(random, NUGET_PASSWORD)].map(|part| BASE32_NOPAD.encode(&part)).concat();
        if argument == "upper" { text } else { text.to_ascii_lowercase() }
    },
};

/// Characters of the first part.
const NUGET_ID: usize = 20;

/// Bytes of the second part.
const NUGET_PASSWORD: usize = 16;

const NUGET_MARK: &[u8] = b"v4";

const STRICT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// The two alphabets, of which a text has one.
static ENGINES: [GeneralPurpose; 2] =
    [GeneralPurpose::new(&alphabet::STANDARD, STRICT), GeneralPurpose::new(&alphabet::URL_SAFE, STRICT)];

type Bytes = Zeroizing<Vec<u8>>;

fn told(bytes: Option<Bytes>) -> Outcome {
    match bytes {
        Some(_) => Outcome::Right(Evidence::of(ProofLevel::Decoded)),
        None => Outcome::Wrong,
    }
}

/// What follows the prefix, or the last dot.
fn last_part(subject: Subject<'_>) -> &[u8] {
    let body = body(subject.value, subject.prefix);
    body.rsplit(|&byte| byte == b'.').next().unwrap_or(body)
}

fn base64(text: &[u8]) -> Option<Bytes> {
    // Padding that stands there is whole: the engines take a part of it.
    let padded = text.ends_with(b"=");
    if padded && !text.len().is_multiple_of(4) {
        return None;
    }
    ENGINES
        .iter()
        .find_map(|engine| engine.decode(text).ok())
        .filter(|bytes| drawn(bytes))
        .map(Zeroizing::new)
}

fn base32(text: &[u8]) -> Option<Bytes> {
    // One case or the other, never both.
    if text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    BASE32_NOPAD.decode(&text.to_ascii_uppercase()).ok().filter(|bytes| drawn(bytes)).map(Zeroizing::new)
}

/// Random bytes that have a digit when they are written, which rules ask for that rest on words nearby.
fn written(random: &mut fastrand::Rng, length: &str, write: impl Fn(&[u8]) -> String) -> String {
    const ATTEMPTS: usize = 100;
    let length = length.parse().unwrap_or(32);
    let mut texts = std::iter::repeat_with(|| write(&random_bytes(random, length))).take(ATTEMPTS);
    texts.find(|text| text.bytes().any(|byte| byte.is_ascii_digit())).unwrap_or_default()
}

fn drawn(bytes: &[u8]) -> bool {
    !bytes.is_empty() && is_random(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_right(proof: &Proof, value: &str, prefix: &str) -> bool {
        let subject = Subject { value: value.as_bytes(), prefix: prefix.as_bytes(), matched: b"" };
        matches!((proof.check)(subject), Outcome::Right(_))
    }

    #[test]
    fn bits_left_over_are_wrong() {
        // Section 10 of RFC 4648 has the words; the others differ in bits that no byte needs.
        for (proof, value, expected) in [
            (&BASE64, "Zm8=", true),
            (&BASE64, "Zm8", true),
            (&BASE64, "Zm9=", false),
            (&BASE64, "Zm9vYg==", true),
            (&BASE64, "Zm9vYg=", false),
            (&BASE64, "Zm9vYh==", false),
            (&BASE64, "Zm9vYmE=", true),
            (&BASE64, "t1.Zm9v.Zm8", true),
            (&BASE64, "-_8", true),
            (&BASE64, "+/8", true),
            (&BASE64, "+_8", false),
            (&BASE64, "%2B%2f8%3D", true),
            (&BASE64, "Zm9vY", false),
            (&BASE64, "", false),
            (&BASE32, "mzxq", true),
            (&BASE32, "MZXQ", true),
            (&BASE32, "MZXq", false),
            (&BASE32, "mzxr", false),
            (&BASE32, "mzx1", false),
        ] {
            assert_eq!(is_right(proof, value, ""), expected, "{} {value}", proof.name);
        }
        assert!(is_right(&BASE64, "SWMKEY-1-Zm8", "SWMKEY-1-"));
        assert!(!is_right(&BASE64, &"A".repeat(43), ""));
    }

    #[test]
    fn keys_of_nuget_have_two_parts() {
        let mut random = fastrand::Rng::with_seed(4);
        for argument in ["", "upper"] {
            let value = (NUGET.forge)("", argument, &mut random);
            assert!(value.len() == 46 && value.to_ascii_lowercase().starts_with("oy2"), "{value}");
            assert!(is_right(&NUGET, &value, ""), "{value}");
            assert!(!is_right(&NUGET, &value[..44], ""));
            let other = [&value[..19], if argument == "upper" { "B" } else { "b" }, &value[20..]].concat();
            assert!(!is_right(&NUGET, &other, ""), "{other}");
        }
    }
}
