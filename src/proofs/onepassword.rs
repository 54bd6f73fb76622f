//! 1Password's service account tokens hold all that a client needs to sign in.
//!
//! Source: observed alike by all who publish the format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Proof;
use super::text::{body, decoded, random_bytes, random_text};

pub(super) const PROOF: Proof = Proof {
    name: "onepassword-service-account",
    summary: "decodes to JSON that names the account's address",
    check: |subject| {
        let facts = [("host", "/signInAddress"), ("email", "/email")];
        decoded(body(subject.value, b"ops_"), &["signInAddress", "email", "secretKey"], &facts)
    },
    forge: |_, _, random| {
        let key = random_text(random, 26).to_uppercase();
        let (verifier, muk) = (random_bytes(random, 48), random_bytes(random, 48));
        let json = format!(
            r#"{{"signInAddress":"acme.1password.test","email":"bot@acme.test","secretKey":"A3-{key}","srpX":"{}","muk":"{}"}}"#,
            STANDARD.encode(verifier),
            STANDARD.encode(muk)
        );
        STANDARD.encode(json)
    },
};
