//! OpenAI keys carry the word OpenAI, in base64, in the very middle of their body.
//!
//! Source: observed alike by all who publish the format; the vendor documents only the prefixes.

use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "openai-marker",
    summary: "holds OpenAI's mark in the exact middle",
    check,
    forge: |_, _, _| MARKER.to_owned(),
};

const MARKER: &str = "T3BlbkFJ";

/// The kinds of service account keys, whose fixed prefix ends before the kind.
const SERVICE_KINDS: [&str; 3] = ["None-", "service-", "svcacct-"];

fn check(subject: Subject<'_>) -> Outcome {
    let body = subject.value.strip_prefix(subject.prefix).unwrap_or(subject.value);
    let kind = SERVICE_KINDS.iter().find_map(|kind| body.strip_prefix(kind.as_bytes()));
    let body = kind.unwrap_or(body);
    let half = body.len().saturating_sub(MARKER.len()) / 2;
    if body.len().is_multiple_of(2) && body[half..].starts_with(MARKER.as_bytes()) {
        Outcome::Right(Evidence::of(ProofLevel::Structure))
    } else {
        Outcome::Wrong
    }
}
