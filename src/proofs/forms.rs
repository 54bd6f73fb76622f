//! Keys that are base64 of a text of a known form.
//!
//! Sources: Algolia, "Generate secured API keys"; Convex, "Deploy key types", and `admin_key.rs` in its server;
//! Standard Webhooks, "Signature scheme"; the others were observed alike by all who publish the
//! formats; TeamCity's and QStash's say what they are in their own words.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use data_encoding::HEXLOWER;

use super::text::{base64, body, decoded, object, random_bytes, random_text, unix_time};
use super::{Outcome, Proof, uuid};
use crate::model::{Evidence, ProofLevel};

pub(super) const UUID: Proof = Proof {
    name: "base64-uuid",
    summary: "decodes to a UUID",
    check: |subject| read(subject.value, |text| is_uuid(text).then(structure)),
    forge: |_, _, random| STANDARD.encode(uuid::random(random)),
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
        STANDARD.encode(format!("{}|{permission}", uuid::random(random)))
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
        STANDARD.encode(format!("{}:{}", random_text(random, 26).to_lowercase(), uuid::random(random)))
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

/// `tok:`, an id of 36 characters with underscores, and two numbers.
pub(super) const INTERCOM: Proof = Proof {
    name: "intercom-token",
    summary: "decodes to the word tok, an id and two numbers",
    check: |subject| read(subject.value, |text| is_intercom(text.as_bytes()).then(structure)),
    forge: |_, _, random| STANDARD.encode(format!("tok:{}:1:0", uuid::random(random).replace('-', "_"))),
};

/// Three parts, of which the last is a UUID.
pub(super) const TEAMCITY: Proof = Proof {
    name: "teamcity-token",
    summary: "the last of three parts decodes to a UUID",
    check: |subject| {
        let parts: Vec<&[u8]> = subject.value.split(|&byte| byte == b'.').collect();
        match parts[..] {
            [_, _, id] => read(id, |text| uuid::read(text.as_bytes(), b'-').map(|_| structure())),
            _ => Outcome::Wrong,
        }
    },
    forge: |_, _, random| {
        let middle = URL_SAFE_NO_PAD.encode(random_bytes(random, 27));
        format!("{middle}.{}", URL_SAFE_NO_PAD.encode(uuid::random(random)))
    },
};

pub(super) const QSTASH: Proof = Proof {
    name: "qstash-token",
    summary: "decodes to JSON that names the user and holds a password",
    check: |subject| decoded(subject.value, &["UserID", "Password"], &[("user", "/UserID")]),
    forge: |_, _, random| {
        let (user, password) = (uuid::random(random), random_text(random, 32));
        STANDARD.encode(format!(r#"{{"UserID":"{user}","Password":"{password}"}}"#))
    },
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
    uuid::read(text.as_bytes(), b'-').is_some() && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_intercom(bytes: &[u8]) -> bool {
    let mut parts = bytes.split(|&byte| byte == b':');
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    parts.next() == Some(b"tok")
        && parts.next().is_some_and(|id| uuid::read(id, b'_').is_some())
        && parts.next().is_some_and(is_number)
        && parts.next().is_some_and(is_number)
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_known_shapes_are_right() {
        let id = "919108f7_52d1_4320_9bac_f847db4148a8";
        for (text, expected) in [
            (format!("tok:{id}:1:0"), true),
            (format!("tok:{id}:1"), false),
            (format!("tok:{id}:1:0:1"), false),
            (format!("tok:{id}:1:"), false),
            (format!("key:{id}:1:0"), false),
            (format!("tok:{}:1:0", id.replace('_', "-")), false),
            ("tok:".to_owned(), false),
        ] {
            assert_eq!(is_intercom(text.as_bytes()), expected, "{text}");
        }
    }
}
