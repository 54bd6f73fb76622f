//! JSON Web Tokens: header and payload are JSON objects that anyone can read.
//!
//! Source: RFC 7519 and RFC 7515.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof =
    Proof { name: "jwt", summary: "header and payload are JSON; tells issuer and expiry", check, forge };

fn check(subject: Subject<'_>) -> Outcome {
    let mut parts = subject.value.split(|&byte| byte == b'.');
    let (Some(header), Some(payload)) = (parts.next().and_then(object), parts.next().and_then(object)) else {
        return Outcome::Wrong;
    };
    if !header.contains_key("alg") {
        return Outcome::Wrong;
    }
    if is_sample(&payload) {
        return Outcome::Public("a token from documentation");
    }
    let evidence = Evidence::of(ProofLevel::Decoded);
    let text =
        |object: &Map<String, Value>, key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    let evidence =
        text(&header, "alg").into_iter().fold(evidence, |evidence, alg| evidence.with("algorithm", alg));
    let evidence =
        text(&payload, "iss").into_iter().fold(evidence, |evidence, iss| evidence.with("issuer", iss));
    let expiry = payload.get("exp").and_then(Value::as_i64);
    Outcome::Right(
        expiry
            .into_iter()
            .fold(evidence, |evidence, exp| evidence.with("expires", format!("{exp} (Unix time)"))),
    )
}

fn object(part: &[u8]) -> Option<Map<String, Value>> {
    let unpadded: Vec<u8> = part.iter().copied().filter(|&byte| byte != b'=').collect();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(unpadded).ok()?).ok()
}

/// The payloads that jwt.io and RFC 7519 use.
fn is_sample(payload: &Map<String, Value>) -> bool {
    let is = |key: &str, value: &str| payload.get(key).and_then(Value::as_str) == Some(value);
    is("sub", "1234567890") && is("name", "John Doe")
        || is("iss", "joe") && payload.contains_key("http://example.com/is_root")
}

/// A token signed with random bytes; the argument, if any, is the issuer.
fn forge(_: &str, issuer: &str, random: &mut fastrand::Rng) -> String {
    let issuer = if issuer.is_empty() { "https://issuer.test" } else { issuer };
    let header = serde_json::json!({"alg": "HS256", "typ": "JWT"});
    let payload = serde_json::json!({"iss": issuer, "sub": random.u32(..).to_string(), "exp": random.u32(1_600_000_000..2_000_000_000)});
    let signature: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(32).collect();
    let parts = [header.to_string().into_bytes(), payload.to_string().into_bytes(), signature];
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}
