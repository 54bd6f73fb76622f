//! Grafana's tokens in base64 JSON: those of Grafana Cloud, and API keys from before service accounts.
//!
//! Sources: `components/apikeygen` in Grafana's source for the old keys; those of Grafana Cloud were
//! observed alike by all who publish the format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Proof;
use super::text::{body, decoded, random_text};

/// Access policy tokens of Grafana Cloud.
pub(super) const CLOUD: Proof = Proof {
    name: "grafana-cloud",
    summary: "decodes to JSON that names the organization, the token and its region",
    check: |subject| {
        let facts = [("organization", "/o"), ("name", "/n"), ("region", "/m/r")];
        decoded(body(subject.value, b"glc_"), &["o", "n", "k"], &facts)
    },
    forge: |_, _, random| {
        let (organization, key) = (random.u32(100_000..999_999), random_text(random, 24));
        let json = format!(
            r#"{{"o":"{organization}","n":"ci-build-metrics","k":"{key}","m":{{"r":"prod-eu-west-2"}}}}"#
        );
        STANDARD.encode(json)
    },
};

/// API keys from before service accounts.
pub(super) const API_KEY: Proof = Proof {
    name: "grafana-api-key",
    summary: "decodes to JSON that names the key and its organization",
    check: |subject| decoded(subject.value, &["k", "n", "id"], &[("name", "/n"), ("organization", "/id")]),
    forge: |_, _, random| {
        STANDARD.encode(format!(r#"{{"k":"{}","n":"ci-build","id":1}}"#, random_text(random, 32)))
    },
};
