//! JSON Web Tokens: header and payload are JSON objects that anyone can read.
//!
//! Source: RFC 7519 and RFC 7515; GitHub, "New format for GitHub App installation tokens", for the number
//! of the app before a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::text::{object, random_bytes, tell};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof =
    Proof { name: "jwt", summary: "header and payload are JSON; tells issuer and expiry", check, forge };

/// A token behind the number of the app that it was issued to.
pub(super) const GITHUB_APP: Proof = Proof {
    name: "github-app-jwt",
    summary: "header and payload behind the number of an app are JSON",
    check: |subject| match subject.value.splitn(3, |&byte| byte == b'_').last() {
        Some(token) => check(Subject { value: token, ..subject }),
        None => Outcome::Wrong,
    },
    forge,
};

fn check(subject: Subject<'_>) -> Outcome {
    let mut parts = subject.value.split(|&byte| byte == b'.');
    let (Some(header), Some(payload)) = (parts.next().and_then(object), parts.next().and_then(object)) else {
        return Outcome::Wrong;
    };
    if header.get("alg").is_none() {
        return Outcome::Wrong;
    }
    if is_sample(&payload) {
        return Outcome::Public("a token from documentation");
    }
    let evidence = tell(Evidence::of(ProofLevel::Decoded), &header, &[("algorithm", "/alg")]);
    Outcome::Right(tell(evidence, &payload, &[("issuer", "/iss"), ("expires", "/exp")]))
}

/// The payloads that jwt.io and RFC 7519 use, and the keys that come with Supabase's local setup.
fn is_sample(payload: &Value) -> bool {
    let is = |key: &str, value: &str| payload.get(key).and_then(Value::as_str) == Some(value);
    is("sub", "1234567890") && is("name", "John Doe")
        || is("iss", "joe") && payload.get("http://example.com/is_root").is_some()
        || is("iss", "supabase-demo")
}

/// A token signed with random bytes. The argument, if any, is the issuer, or claims: `iss=a,sub=b`, with
/// those of the header before a semicolon: `alg=RS256;iss=a`.
fn forge(_: &str, argument: &str, random: &mut fastrand::Rng) -> String {
    let (header, payload) = argument.split_once(';').unwrap_or(("alg=HS256,typ=JWT", argument));
    let issuer = if payload.is_empty() { "https://issuer.test" } else { payload };
    let claims = if payload.contains('=') { payload.to_owned() } else { format!("iss={issuer}") };
    let expiry = random.u32(1_600_000_000..2_000_000_000);
    let parts = [
        format!("{{{}}}", members(header)),
        format!(r#"{{{},"jti":"{}","exp":{expiry}}}"#, members(&claims), random.u32(..)),
    ];
    let signature = random_bytes(random, signature_length(header));
    let [header, payload] = parts.map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// In bytes, for the algorithm that a template's header names.
fn signature_length(header: &str) -> usize {
    match header {
        rsa if rsa.contains("alg=RS") => 256,
        long if long.contains("alg=HS512") || long.contains("alg=E") => 64,
        _ => 32,
    }
}

/// `key=value,key=value` as the members of a JSON object, in their order.
fn members(pairs: &str) -> String {
    let member = |pair: &str| {
        pair.split_once('=').map(|(key, value)| format!("{}:{}", Value::from(key), Value::from(value)))
    };
    pairs.split(',').filter_map(member).collect::<Vec<_>>().join(",")
}
