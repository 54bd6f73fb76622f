//! Tokens that decode to a text of a known shape.
//!
//! Source: observed alike by all who publish the formats; TeamCity's and QStash's tokens say what they are in their
//! own words.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::text::{self, decoded, random_bytes, random_text};
use super::{Outcome, Proof};
use crate::model::{Evidence, ProofLevel};

/// `tok:`, an id of 36 characters with underscores, and two numbers.
pub(super) const INTERCOM: Proof = Proof {
    name: "intercom-token",
    summary: "decodes to the word tok, an id and two numbers",
    check: |subject| right(text::base64(subject.value).is_some_and(|bytes| is_intercom(&bytes))),
    forge: |_, _, random| STANDARD.encode(format!("tok:{}:1:0", uuid(random).replace('-', "_"))),
};

/// Three parts, of which the last is a UUID.
pub(super) const TEAMCITY: Proof = Proof {
    name: "teamcity-token",
    summary: "the last of three parts decodes to a UUID",
    check: |subject| {
        let parts: Vec<&[u8]> = subject.value.split(|&byte| byte == b'.').collect();
        right(parts.len() == 3 && text::base64(parts[2]).is_some_and(|bytes| is_uuid(&bytes, b'-')))
    },
    forge: |_, _, random| {
        let middle = URL_SAFE_NO_PAD.encode(random_bytes(random, 27));
        format!("{middle}.{}", URL_SAFE_NO_PAD.encode(uuid(random)))
    },
};

pub(super) const QSTASH: Proof = Proof {
    name: "qstash-token",
    summary: "decodes to JSON that names the user and holds a password",
    check: |subject| decoded(subject.value, &["UserID", "Password"], &[("user", "/UserID")]),
    forge: |_, _, random| {
        let (user, password) = (uuid(random), random_text(random, 32));
        STANDARD.encode(format!(r#"{{"UserID":"{user}","Password":"{password}"}}"#))
    },
};

fn right(right: bool) -> Outcome {
    if right { Outcome::Right(Evidence::of(ProofLevel::Structure)) } else { Outcome::Wrong }
}

fn is_intercom(bytes: &[u8]) -> bool {
    let mut parts = bytes.split(|&byte| byte == b':');
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    parts.next() == Some(b"tok")
        && parts.next().is_some_and(|id| is_uuid(id, b'_'))
        && parts.next().is_some_and(is_number)
        && parts.next().is_some_and(is_number)
        && parts.next().is_none()
}

fn is_uuid(bytes: &[u8], dash: u8) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == dash,
            _ => byte.is_ascii_hexdigit(),
        })
}

fn uuid(random: &mut fastrand::Rng) -> String {
    (super::uuid::PROOF.forge)("", "", random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_known_shapes_are_right() {
        let id = "919108f7_52d1_4320_9bac_f847db4148a8";
        for (text, expected) in [
            (format!("tok:{id}:1:0"), true),
            (format!("tok:{id}:1"), false),
            (format!("tok:{id}:1:0:1"), false),
            (format!("tok:{id}:1:"), false),
            (format!("key:{id}:1:0"), false),
            (format!("tok:{}:1:0", id.replace('_', "-")), false),
            ("tok:".to_owned(), false),
        ] {
            assert_eq!(is_intercom(text.as_bytes()), expected, "{text}");
        }
    }
}
