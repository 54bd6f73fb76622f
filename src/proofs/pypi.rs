//! PyPI tokens are macaroons: packets in a fixed order, caveats in JSON, a signature of 32 bytes.
//!
//! Sources: libmacaroons, binary format version 2; `warehouse.macaroons` in PyPI's source for the caveats.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::text::{self, body, random_bytes, unix_time};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "pypi-macaroon",
    summary: "the packets of a macaroon, to the last byte; tells projects, user and expiry",
    check,
    forge,
};

const LOCATION: u8 = 1;
const IDENTIFIER: u8 = 2;
const SIGNATURE: u8 = 6;

fn check(subject: Subject<'_>) -> Outcome {
    let body = body(subject.value, b"pypi-");
    match text::base64(body).and_then(|bytes| caveats(&bytes)) {
        Some(caveats) => Outcome::Right(
            caveats
                .iter()
                .filter_map(fact)
                .fold(Evidence::of(ProofLevel::Structure), |evidence, (label, text)| {
                    evidence.with(label, text)
                }),
        ),
        None => Outcome::Wrong,
    }
}

/// The caveats of a macaroon that has all its packets and nothing else.
fn caveats(bytes: &[u8]) -> Option<Vec<Value>> {
    let rest = bytes.strip_prefix(&[2])?;
    let (_, rest) = packet(rest, LOCATION)?;
    let (identifier, rest) = packet(rest, IDENTIFIER)?;
    let mut rest = rest.strip_prefix(&[0])?;
    let mut caveats = vec![];
    while let Some((caveat, after)) = packet(rest, IDENTIFIER) {
        caveats.push(serde_json::from_slice(caveat).unwrap_or_default());
        rest = after.strip_prefix(&[0])?;
    }
    let (signature, rest) = packet(rest.strip_prefix(&[0])?, SIGNATURE)?;
    (!identifier.is_empty() && signature.len() == 32 && rest.is_empty()).then_some(caveats)
}

/// The content of the packet of that kind at the start, and what follows it. Lengths are varints.
fn packet(bytes: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(&[kind])?;
    let (&low, rest) = rest.split_first()?;
    if low < 0x80 {
        return rest.split_at_checked(low.into());
    }
    let (&high, rest) = rest.split_first().filter(|(high, _)| **high < 0x80)?;
    rest.split_at_checked(usize::from(low & 0x7f) | usize::from(high) << 7)
}

/// What a caveat says: `[0, expiry, from]`, `[1, [project, ...]]`, `[2, [project id, ...]]`, `[3, user id]`,
/// or the older `{"version": 1, "permissions": "user" or {"projects": [...]}}`.
fn fact(caveat: &Value) -> Option<(&'static str, String)> {
    let names = |list: &Value| {
        let names: Vec<&str> = list.as_array()?.iter().filter_map(Value::as_str).collect();
        Some(names.join(", "))
    };
    let permissions = &caveat["permissions"];
    match caveat[0].as_u64() {
        Some(0) => Some(("expires", unix_time(caveat[1].as_i64()?))),
        Some(1) => Some(("projects", names(&caveat[1])?)),
        Some(2) => Some(("projects", names(&caveat[1])?)),
        Some(3) => Some(("user", caveat[1].as_str()?.to_owned())),
        _ if permissions == "user" => Some(("projects", "all of the user's".to_owned())),
        _ => Some(("projects", names(&permissions["projects"])?)),
    }
}

/// The rest of a token whose location stands in the template, for one project.
fn forge(so_far: &str, _: &str, random: &mut fastrand::Rng) -> String {
    let start = so_far.strip_prefix("pypi-").unwrap_or(so_far);
    let Some(head) = text::base64(start.as_bytes()) else { return String::new() };
    let location = head.get(2).map_or(0, |&length| 3 + usize::from(length));
    let mut bytes = head[..location.min(head.len())].to_vec();
    let mut put = |kind: u8, content: &[u8], end: &[u8]| {
        bytes.extend([kind, content.len() as u8]);
        bytes.extend(content);
        bytes.extend(end);
    };
    let identifier = format!("{:08x}-0000-4000-8000-{:012x}", random.u32(..), random.u64(..1 << 48));
    put(IDENTIFIER, identifier.as_bytes(), &[0]);
    put(IDENTIFIER, br#"[1,["sampleproject"]]"#, &[0, 0]);
    put(SIGNATURE, &random_bytes(random, 32), &[]);
    URL_SAFE_NO_PAD.encode(bytes)[start.len()..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caveats_become_facts() {
        for (caveat, expected) in [
            ("[0,1900000000,1800000000]", Some(("expires", "1900000000 (Unix time)"))),
            (r#"[1,["a","b"]]"#, Some(("projects", "a, b"))),
            (r#"[3,"00000000-0000"]"#, Some(("user", "00000000-0000"))),
            (r#"{"version":1,"permissions":"user"}"#, Some(("projects", "all of the user's"))),
            (r#"{"version":1,"permissions":{"projects":["a"]}}"#, Some(("projects", "a"))),
            ("7", None),
        ] {
            let found = fact(&serde_json::from_str(caveat).unwrap());
            assert_eq!(found, expected.map(|(label, text)| (label, text.to_owned())), "{caveat}");
        }
    }

    #[test]
    fn a_cut_token_is_wrong() {
        let start = "pypi-AgEIcHlwaS5vcmc";
        let value = format!("{start}{}", forge(start, "", &mut fastrand::Rng::with_seed(1)));
        let outcome =
            |value: &str| check(Subject { value: value.as_bytes(), prefix: b"pypi-", matched: b"" });
        let evidence = Evidence::of(ProofLevel::Structure).with("projects", "sampleproject");
        assert_eq!(outcome(&value), Outcome::Right(evidence));
        assert_eq!(outcome(&value[..value.len() - 4]), Outcome::Wrong);
        assert_eq!(outcome(&format!("{value}AAAA")), Outcome::Wrong);
    }
}
