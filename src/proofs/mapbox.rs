//! Mapbox tokens name their user.
//!
//! Source: Mapbox, "Tokens API": a token's payload is JSON with the user name and the token's id.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::text::{decoded, random_bytes, random_text};
use super::{Outcome, Proof};

pub(super) const PROOF: Proof = Proof {
    name: "mapbox-token",
    summary: "decodes to JSON that names the user",
    check: |subject| match subject.value.split(|&byte| byte == b'.').nth(1) {
        Some(payload) => decoded(payload, &["u", "a"], &[("user", "/u"), ("expires", "/exp")]),
        None => Outcome::Wrong,
    },
    forge: |_, _, random| {
        let payload = format!(r#"{{"u":"acme-maps","a":"c{}"}}"#, random_text(random, 24).to_lowercase());
        let [payload, signature] = [payload.into_bytes(), random_bytes(random, 16)];
        format!("{}.{}", URL_SAFE_NO_PAD.encode(payload), URL_SAFE_NO_PAD.encode(signature))
    },
};
