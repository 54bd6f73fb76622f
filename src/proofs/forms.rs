//! Keys that are base64 of a text of a known form.
//!
//! Sources: Algolia, "Generate secured API keys"; Convex, "Deploy key types", and `admin_key.rs` in its server;
//! Standard Webhooks, "Signature scheme"; the others were observed alike by all who publish the format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;

use super::text::{base64, body, object, random_bytes, random_text, unix_time};
use super::{Outcome, Proof};
use crate::model::{Evidence, ProofLevel};

pub(super) const UUID: Proof = Proof {
    name: "base64-uuid",
    summary: "decodes to a UUID",
    check: |subject| read(subject.value, |text| is_uuid(text).then(structure)),
    forge: |_, _, random| STANDARD.encode(uuid(random)),
};

pub(super) const NX_CLOUD: Proof = Proof {
    name: "nx-cloud-token",
    summary: "decodes to a UUID, a bar and a permission; tells the latter",
    check: |subject| {
        read(subject.value, |text| {
            let (id, permission) = text.split_once('|')?;
            let named = permission.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            (is_uuid(id) && named).then(|| structure().with("permission", permission))
        })
    },
    forge: |_, argument, random| {
        let permission = if argument.is_empty() { "read-write" } else { argument };
        STANDARD.encode(format!("{}|{permission}", uuid(random)))
    },
};

pub(super) const NGC: Proof = Proof {
    name: "ngc-key",
    summary: "decodes to 26 letters and digits, a colon and a UUID",
    check: |subject| {
        read(subject.value, |text| {
            let (name, id) = text.split_once(':')?;
            (name.len() == 26 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) && is_uuid(id))
                .then(structure)
        })
    },
    forge: |_, _, random| {
        STANDARD.encode(format!("{}:{}", random_text(random, 26).to_lowercase(), uuid(random)))
    },
};

pub(super) const ALGOLIA: Proof = Proof {
    name: "algolia-secured-key",
    summary: "decodes to a MAC in hex and what a search is limited to; tells indices and expiry",
    check: |subject| read(subject.value, algolia),
    forge: |_, argument, random| {
        let limits = if argument.is_empty() { "validUntil=1900000000" } else { argument };
        STANDARD.encode(HEXLOWER.encode(&random_bytes(random, 32)) + limits)
    },
};

pub(super) const CONVEX: Proof = Proof {
    name: "convex-key",
    summary: "decodes, behind the bar, to JSON that holds a key; tells kind and deployment",
    check: |subject| convex(subject.value).unwrap_or(Outcome::Wrong),
    forge: |_, _, random| {
        STANDARD.encode(format!(r#"{{"v2":"{}"}}"#, HEXLOWER.encode(&random_bytes(random, 30))))
    },
};

/// Base64 of a key for HMAC. Stripe's secrets have the same prefix and a rule of their own.
pub(super) const WEBHOOK: Proof = Proof {
    name: "standard-webhook",
    summary: "decodes to a key of 24 to 64 bytes that does not look like one of Stripe's",
    check: |subject| {
        let text = body(subject.value, subject.prefix);
        let as_stripe = [32, 64].contains(&text.len()) && text.iter().all(u8::is_ascii_alphanumeric);
        match STANDARD.decode(text) {
            Ok(key) if (24..=64).contains(&key.len()) && !as_stripe => {
                Outcome::Right(Evidence::of(ProofLevel::Decoded))
            }
            _ => Outcome::Wrong,
        }
    },
    forge: |_, argument, random| STANDARD.encode(random_bytes(random, argument.parse().unwrap_or(32))),
};

fn structure() -> Evidence {
    Evidence::of(ProofLevel::Structure)
}

fn read(value: &[u8], form: fn(&str) -> Option<Evidence>) -> Outcome {
    let text = base64(value).and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| form(&text)).map_or(Outcome::Wrong, Outcome::Right)
}

fn algolia(text: &str) -> Option<Evidence> {
    let (mac, limits) = text.split_at_checked(64)?;
    let named =
        |(name, _): &(&str, &str)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let limits: Vec<(&str, &str)> =
        limits.split('&').map(|pair| pair.split_once('=').filter(named)).collect::<Option<_>>()?;
    let said = |wanted: &str| limits.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    HEXLOWER.decode(mac.as_bytes()).ok()?;
    let indices = said("restrictIndices").map(|indices| ("indices", indices.to_owned()));
    let until = said("validUntil").and_then(|until| Some(("expires", unix_time(until.parse().ok()?))));
    Some(indices.into_iter().chain(until).fold(structure(), |told, (label, text)| told.with(label, text)))
}

fn convex(value: &[u8]) -> Option<Outcome> {
    let (name, key) = std::str::from_utf8(value).ok()?.split_once('|')?;
    let (kind, name) = name.split_once(':')?;
    object(key.as_bytes())?.get("v2")?;
    let evidence = Evidence::of(ProofLevel::Decoded).with("kind", kind);
    Some(Outcome::Right(evidence.with("deployment", name)))
}

/// Whether the text is a UUID in small letters.
fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex =
        |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(is_hex)
}

fn uuid(random: &mut fastrand::Rng) -> String {
    let hex = HEXLOWER.encode(&random_bytes(random, 16));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
