//! Sentry's organization tokens say for which organization and region they are.
//!
//! Source: Sentry's request for comments 91, "CI upload tokens".

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::text::{body, decoded, random_bytes};
use super::{Outcome, Proof};

pub(super) const PROOF: Proof = Proof {
    name: "sentry-org",
    summary: "decodes to JSON that names the organization",
    check: |subject| {
        let mut parts = body(subject.value, b"sntrys_").split(|&byte| byte == b'_');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(payload), Some(_), None) => decoded(
                payload,
                &["iat", "org"],
                &[("organization", "/org"), ("host", "/region_url"), ("created", "/iat")],
            ),
            _ => Outcome::Wrong,
        }
    },
    forge: |_, _, random| {
        let payload = format!(
            r#"{{"iat":{}.5,"url":"https://sentry.test","region_url":"https://us.sentry.test","org":"acme"}}"#,
            random.u32(1_600_000_000..1_900_000_000)
        );
        format!("{}_{}", STANDARD.encode(payload), STANDARD_NO_PAD.encode(random_bytes(random, 32)))
    },
};
