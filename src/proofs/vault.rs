//! Vault's long service tokens carry a protobuf message: a version, an HMAC and the token inside.
//!
//! Source: `SignedToken` and `Token` in Vault's source; HashiCorp says that the inside may change.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::text::{self, body, random_bytes, random_text};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "vault-token",
    summary: "the long form decodes to a version, an HMAC of 32 bytes and a token",
    check,
    forge: |_, _, random| {
        let token = format!("hvs.{}", random_text(random, 24));
        let message = [&VERSION[..], &HMAC, &random_bytes(random, 32), &[0x1a, 30], &TOKEN, token.as_bytes()];
        URL_SAFE_NO_PAD.encode(message.concat())
    },
};

/// Length of the body of a root token, which holds no message.
const SHORT: usize = 24;

/// Field 1, a number: 1.
const VERSION: [u8; 2] = [0x08, 1];
/// Field 2, bytes: 32 of them.
const HMAC: [u8; 2] = [0x12, 32];
/// Field 3, a message, begins so after its length: field 1, text of 28 characters.
const TOKEN: [u8; 2] = [0x0a, 28];

fn check(subject: Subject<'_>) -> Outcome {
    let body = body(subject.value, b"hvs.");
    if body.len() <= SHORT {
        Outcome::Silent
    } else if text::base64(body).is_some_and(|bytes| is_message(&bytes).is_some()) {
        Outcome::Right(Evidence::of(ProofLevel::Structure))
    } else {
        Outcome::Wrong
    }
}

fn is_message(bytes: &[u8]) -> Option<()> {
    let rest = bytes.strip_prefix(&VERSION)?.strip_prefix(&HMAC)?.get(32..)?;
    let (&length, inner) = rest.strip_prefix(&[0x1a])?.split_first()?;
    let token = inner.get(..usize::from(length))?.strip_prefix(&TOKEN)?;
    token.starts_with(b"hvs.").then_some(())
}
