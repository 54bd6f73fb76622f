//! Personal access tokens of Atlassian's Data Center products: the token's number and 20 random bytes.
//!
//! Source: observed alike by all who publish the format; the number is the id that the products' REST API
//! revokes the token by.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::text::{self, body, random_bytes};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "atlassian-datacenter",
    summary: "decodes to the token's decimal id, a colon and 20 bytes",
    check,
    forge: |_, _, random| {
        let id = random.u64(100_000_000_000..999_999_999_999).to_string();
        STANDARD_NO_PAD.encode([id.as_bytes(), b":", &random_bytes(random, 20)].concat())
    },
};

fn check(subject: Subject<'_>) -> Outcome {
    let bytes = text::base64(body(subject.value, subject.prefix)).unwrap_or_default();
    let Some((id, b":")) = bytes.split_last_chunk::<20>().and_then(|(head, _)| head.split_at_checked(12))
    else {
        return Outcome::Wrong;
    };
    if !id.iter().all(u8::is_ascii_digit) {
        return Outcome::Wrong;
    }
    let id = String::from_utf8_lossy(id).into_owned();
    Outcome::Right(Evidence::of(ProofLevel::Structure).with("token", id))
}
