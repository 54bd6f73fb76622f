//! JSON Web Tokens: header and payload are JSON objects that anyone can read.
//!
//! Source: RFC 7519 and RFC 7515; GitHub, "New format for GitHub App installation tokens", for the number
//! of the app before a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};

use super::placeholder::is_phrase;
use super::text::{base64, object, random_bytes, tell};
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
    if is_sample(&payload) || names_nothing(&payload) || is_signed_for_show(subject.value, &header) {
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

/// Secrets that jwt.io, the documentation of libraries and Supabase's local setup sign their samples with.
const PUBLISHED_SECRETS: &[&str] = &[
    "a-string-secret-at-least-256-bits-long",
    "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    "key",
    "password",
    "secret",
    "shhhhh",
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "test",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
];

fn is_signed_for_show(token: &[u8], header: &Value) -> bool {
    let Some(dot) = token.iter().rposition(|&byte| byte == b'.') else { return false };
    let (signed, signature) = (&token[..dot], base64(&token[dot + 1..]).unwrap_or_default());
    let fits: fn(&[u8], &[u8], &[u8]) -> bool = match header.get("alg").and_then(Value::as_str) {
        Some("HS256") => is_signed::<Hmac<Sha256>>,
        Some("HS384") => is_signed::<Hmac<Sha384>>,
        Some("HS512") => is_signed::<Hmac<Sha512>>,
        _ => return false,
    };
    PUBLISHED_SECRETS.iter().any(|secret| fits(secret.as_bytes(), signed, &signature))
}

fn is_signed<M: Mac + KeyInit>(secret: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(secret)
        .is_ok_and(|mac| mac.chain_update(signed).verify_slice(signature).is_ok())
}

/// Names that programmers give to what does not matter.
const METASYNTACTIC: &[&str] = &["bar", "baz", "foo", "hello", "pay", "some", "test"];

/// Whether nothing in the payload tells whom or what the token is for.
fn names_nothing(payload: &Value) -> bool {
    let Some(claims) = payload.as_object() else { return true };
    let is_timed = claims.contains_key("exp") || claims.contains_key("iat");
    claims.iter().all(|(name, value)| match name.as_str() {
        "exp" | "iat" | "nbf" => true,
        "iss" if !is_timed => true,
        "data" | "iss" | "message" => value.as_str().is_some_and(is_phrase),
        name => METASYNTACTIC.contains(&name),
    })
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
        format!(
            r#"{{{},"jti":"{}","iat":{},"exp":{expiry}}}"#,
            members(&claims),
            random.u32(..),
            expiry - 86_400
        ),
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
pub(super) fn members(pairs: &str) -> String {
    let member = |pair: &str| {
        pair.split_once('=').map(|(key, value)| format!("{}:{}", Value::from(key), Value::from(value)))
    };
    pairs.split(',').filter_map(member).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(payload: &str, secret: &[u8]) -> Outcome {
        let parts = [r#"{"alg":"HS256"}"#, payload].map(|part| URL_SAFE_NO_PAD.encode(part));
        let signed = parts.join(".");
        let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(&signed).finalize();
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes()));
        check(Subject { value: token.as_bytes(), prefix: b"", matched: b"" })
    }

    #[test]
    fn tokens_for_show_are_no_leaks() {
        for (payload, secret, is_leak) in [
            (r#"{"sub":"8812","exp":1900000000}"#, "k7rT2mQx9L", true),
            (r#"{"iss":"auth.acme.corp","iat":1900000000}"#, "k7rT2mQx9L", true),
            (r#"{"userId":7}"#, "k7rT2mQx9L", true),
            (r#"{"sub":"8812","exp":1900000000}"#, "secret", false),
            (r#"{"sub":"8812"}"#, "super-secret-jwt-token-with-at-least-32-characters-long", false),
            (r#"{"sub":"1234567890","name":"John Doe"}"#, "k7rT2mQx9L", false),
            (r#"{"iss":"supabase-demo","role":"service_role"}"#, "k7rT2mQx9L", false),
            (r#"{"foo":"adas","exp":1900000000}"#, "k7rT2mQx9L", false),
            (r#"{"role":"admin","exp":1900000000}"#, "k7rT2mQx9L", true),
            (r#"{"data":"test"}"#, "k7rT2mQx9L", false),
            (r#"{"iss":"test","exp":1900000000}"#, "k7rT2mQx9L", false),
            (r#"{"some":"payload"}"#, "k7rT2mQx9L", false),
            (r#"{"iss":"auth0"}"#, "k7rT2mQx9L", false),
            (r#"{"iat":1900000000}"#, "k7rT2mQx9L", false),
        ] {
            let right = matches!(outcome(payload, secret.as_bytes()), Outcome::Right(_));
            assert_eq!(right, is_leak, "{payload} signed with {secret}");
        }
    }
}
