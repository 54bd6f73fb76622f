//! `user:password` in base64, as HTTP's basic authentication and the files of registries have it.
//!
//! Source: RFC 7617.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::{self, random_text};
use super::{Outcome, Proof, Subject, userinfo};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "basic-auth",
    summary: "decodes to a user name and a password that is no placeholder",
    check,
    forge: |_, _, random| STANDARD.encode(format!("robot:7{}", random_text(random, 19))),
};

/// The password alone, as npm's files have it beside the user's name.
pub(super) const PASSWORD: Proof = Proof {
    name: "base64-password",
    summary: "decodes to a password that is no placeholder",
    check: |subject| match decoded(subject.value).filter(|text| is_printable(text)) {
        Some(password) if userinfo::is_password("", &password) => {
            Outcome::Right(Evidence::of(ProofLevel::Decoded))
        }
        _ => Outcome::Wrong,
    },
    forge: |_, _, random| STANDARD.encode(format!("7{}", random_text(random, 19))),
};

/// Users whose password is a whole key file, which is JSON.
const KEY_FILE_USERS: &[&str] = &["_json_key", "_json_key_base64"];

fn check(subject: Subject<'_>) -> Outcome {
    let decoded = decoded(subject.value);
    let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
    match pair.filter(|(user, password)| is_printable(user) && is_printable(password)) {
        Some((user, password)) if KEY_FILE_USERS.contains(&user) || userinfo::is_password(user, password) => {
            Outcome::Right(Evidence::of(ProofLevel::Decoded).with("user", user))
        }
        _ => Outcome::Wrong,
    }
}

fn decoded(value: &[u8]) -> Option<String> {
    text::base64(value).and_then(|bytes| String::from_utf8(bytes).ok())
}

fn is_printable(text: &str) -> bool {
    !text.is_empty() && !text.contains(|letter: char| letter.is_control() && !letter.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_what_is_none() {
        for (text, is_pair) in [
            ("robot:k7rT2mQ", true),
            ("robot:k7r:T2mQ", true),
            ("robot:", false),
            (":k7rT2mQ", false),
            ("robot", false),
            ("user:password", false),
            ("robot:\u{1}k7rT2mQ", false),
            ("_json_key:{\n  \"a\": 7\n}\n", true),
        ] {
            let value = STANDARD.encode(text);
            let subject = Subject { value: value.as_bytes(), prefix: b"", matched: b"" };
            assert_eq!(matches!(check(subject), Outcome::Right(_)), is_pair, "{text:?}");
        }
    }

    #[test]
    fn passwords_alone() {
        for (text, is_password) in
            [("k7rT2mQ", true), ("pass123", false), ("", false), ("k7r\u{1}T2mQ", false)]
        {
            let value = STANDARD.encode(text);
            let subject = Subject { value: value.as_bytes(), prefix: b"", matched: b"" };
            assert_eq!(matches!((PASSWORD.check)(subject), Outcome::Right(_)), is_password, "{text:?}");
        }
    }
}
