//! Elastic's keys: an id and a secret around a colon in base64, and tokens that enroll a node.
//!
//! Sources: Elasticsearch's API documentation, "Create an API key" (the member `encoded`); `EnrollmentToken`
//! in Elasticsearch's source.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::{self, body, decoded, random_text};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

/// API keys of a cluster and of Elastic Cloud.
pub(super) const API_KEY: Proof = Proof {
    name: "elastic-api-key",
    summary: "decodes to an id, a colon and a secret",
    check: check_api_key,
    forge: |_, _, random| STANDARD.encode(format!("{}:{}", random_text(random, 20), random_text(random, 22))),
};

/// Tokens that enroll a node.
pub(super) const ENROLLMENT: Proof = Proof {
    name: "elastic-enrollment",
    summary: "decodes to JSON that names the version and the addresses of a cluster",
    check: |subject| {
        decoded(subject.value, &["ver", "adr", "fgr", "key"], &[("version", "/ver"), ("host", "/adr/0")])
    },
    forge: |_, _, random| {
        let (fingerprint, key) = (random.u128(..), random_text(random, 20));
        let json = format!(
            r#"{{"ver":"8.14.0","adr":["10.0.0.7:9200"],"fgr":"{fingerprint:064x}","key":"{key}:{}"}}"#,
            random_text(random, 22)
        );
        STANDARD.encode(json)
    },
};

fn check_api_key(subject: Subject<'_>) -> Outcome {
    let bytes = text::base64(body(subject.value, b"essu_")).unwrap_or_default();
    let is_part = |part: &[u8]| {
        part.len() >= 16 && part.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte))
    };
    let mut parts = bytes.split(|&byte| byte == b':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(id), Some(secret), None) if is_part(id) && is_part(secret) => Outcome::Right(
            Evidence::of(ProofLevel::Structure).with("key", String::from_utf8_lossy(id).into_owned()),
        ),
        _ => Outcome::Wrong,
    }
}
