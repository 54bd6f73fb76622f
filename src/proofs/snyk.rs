//! Snyk's personal and service account tokens tell their expiry and host.
//!
//! Source: Snyk's go-application-framework, `pkg/auth/pat.go`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::text::{decoded, random_bytes};
use super::{Outcome, Proof};

pub(super) const PROOF: Proof = Proof {
    name: "snyk-token",
    summary: "decodes to JSON that names the host and the expiry",
    check: |subject| match subject.value.split(|&byte| byte == b'.').nth(2) {
        Some(payload) => decoded(payload, &["e", "h"], &[("host", "/h"), ("expires", "/e")]),
        None => Outcome::Wrong,
    },
    forge: |_, _, random| {
        let id = URL_SAFE_NO_PAD.encode(random_bytes(random, 16));
        let expiry = random.u32(1_700_000_000..2_000_000_000);
        let payload = format!(r#"{{"e":{expiry},"h":"snyk.io","j":"{id}"}}"#);
        let signature = random_bytes(random, 64);
        format!("{}.{}", URL_SAFE_NO_PAD.encode(payload), URL_SAFE_NO_PAD.encode(signature))
    },
};
