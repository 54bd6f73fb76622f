//! WorkOS keys are the key's id and its secret in base64.
//!
//! Source: observed alike by all who publish the format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::{self, random_text};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "workos-key",
    summary: "decodes to a key id and a secret",
    check,
    forge: |_, _, random| {
        let id: String =
            std::iter::repeat_with(|| char::from(CROCKFORD[random.usize(..32)])).take(25).collect();
        STANDARD.encode(format!("key_0{id},{}", random_text(random, 25)))
    },
};

/// The digits of a ULID.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn check(subject: Subject<'_>) -> Outcome {
    match subject.value.rsplit(|&byte| byte == b'_').next().and_then(id) {
        Some(id) => Outcome::Right(Evidence::of(ProofLevel::Structure).with("key", id)),
        None => Outcome::Wrong,
    }
}

fn id(body: &[u8]) -> Option<String> {
    let text = String::from_utf8(text::base64(body)?).ok()?;
    let (id, secret) = text.split_once(',')?;
    let ulid = id.strip_prefix("key_")?;
    let is_ulid = ulid.len() == 26 && ulid.bytes().all(|digit| CROCKFORD.contains(&digit));
    (is_ulid && !secret.is_empty()).then(|| id.to_owned())
}
