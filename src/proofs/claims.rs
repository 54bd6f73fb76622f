//! What a rule asks of the JSON that a value decodes to, and what a finding tells of a value: from its JSON, or from
//! the public parts of its text.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regex::bytes::Regex;
use serde_json::Value;

use super::jwt;
use super::text::{base64, body, object, random_text, tell, unix_time};
use super::{Outcome, Proof, Subject, by_name};
use crate::model::{At, Evidence, Header, ProofLevel, Rule, Test};

/// Base64 of a JSON object, and no more than that: what must stand in it, the rule's claims say.
pub(super) const PROOF: Proof = Proof {
    name: "base64-json",
    summary: "decodes to a JSON object",
    check: |subject| match json(subject) {
        Some(_) => Outcome::Right(Evidence::of(ProofLevel::Decoded)),
        None => Outcome::Wrong,
    },
    forge: |_, argument, random| {
        use base64::Engine as _;
        let members = [jwt::members(argument), jwt::members(&format!("key={}", random_text(random, 24)))];
        let members: Vec<String> = members.into_iter().filter(|text| !text.is_empty()).collect();
        base64::engine::general_purpose::STANDARD.encode(format!("{{{}}}", members.join(",")))
    },
};

/// What the rule's proof and its claims say of a value, and what of it is public; `matched` is the whole match around
/// it.
pub fn judge(rule: &Rule, value: &[u8], matched: &[u8]) -> Outcome {
    let subject = Subject { value, prefix: rule.prefix.as_bytes(), matched };
    let outcome = rule.proof.and_then(by_name).map_or(Outcome::Silent, |proof| (proof.check)(subject));
    match outcome {
        Outcome::Right(evidence) if reads_json(rule) => {
            let object = object_in(rule.proof, subject);
            match object.filter(|object| rule.claims.iter().all(|claim| holds(claim, object))) {
                Some(object) => {
                    Outcome::Right(tell_parts(tell(evidence, &object, &pointers(rule)), rule, value))
                }
                None => Outcome::Wrong,
            }
        }
        Outcome::Right(evidence) => Outcome::Right(tell_parts(evidence, rule, value)),
        Outcome::Silent => match tell_parts(Evidence::of(ProofLevel::Decoded), rule, value) {
            evidence if evidence.facts.is_empty() => Outcome::Silent,
            evidence => Outcome::Right(evidence),
        },
        outcome => outcome,
    }
}

fn reads_json(rule: &Rule) -> bool {
    !rule.claims.is_empty() || rule.tells.iter().any(|told| told.1.starts_with('/'))
}

/// Labels, and where in JSON their text stands.
fn pointers(rule: &Rule) -> Vec<(&'static str, &'static str)> {
    let pointers = rule.tells.iter().filter(|told| told.1.starts_with('/'));
    pointers.map(|Header(label, pointer)| (*label, *pointer)).collect()
}

/// Adds the public parts of a value that the rule names by patterns.
fn tell_parts(evidence: Evidence, rule: &Rule, value: &[u8]) -> Evidence {
    let patterns = rule.tells.iter().filter(|told| !told.1.starts_with('/'));
    patterns.fold(evidence, |evidence, Header(label, text)| match part(text, value) {
        Some(part) => evidence.with(label, part),
        None => evidence,
    })
}

/// What a pattern finds in a value, written out: `ulid:^key_([0-9A-Z]{26})`.
fn part(text: &'static str, value: &[u8]) -> Option<String> {
    let (reading, pattern) = Reading::of(text);
    let captures = compiled(pattern)?;
    let part = captures.captures(value)?.get(1)?.as_bytes();
    reading.read(std::str::from_utf8(part).ok()?)
}

/// Patterns are compiled once; there are few.
fn compiled(pattern: &'static str) -> Option<Arc<Regex>> {
    type Compiled = HashMap<&'static str, Option<Arc<Regex>>>;
    static COMPILED: LazyLock<Mutex<Compiled>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    compiled.entry(pattern).or_insert_with(|| Regex::new(pattern).ok().map(Arc::new)).clone()
}

/// How a part of a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// As it stands.
    Plain,
    /// Base64 of printable text.
    Base64,
    /// Seconds since 1970 in its first eight hex digits (MongoDB manual, "ObjectId").
    ObjectId,
    /// Milliseconds since 1970 in its first ten characters of Crockford's base32 (ULID specification).
    Ulid,
    /// Seconds since 1970.
    Unix,
}

impl Reading {
    /// How a rule's text says that a part is read, and the pattern that finds it.
    fn of(text: &'static str) -> (Reading, &'static str) {
        let named = super::names::READINGS.iter().zip([
            Reading::Base64,
            Reading::ObjectId,
            Reading::Ulid,
            Reading::Unix,
        ]);
        let mut named = named.filter_map(|(name, reading)| Some((reading, text.strip_prefix(name)?)));
        named.next().unwrap_or((Reading::Plain, text))
    }

    fn read(self, part: &str) -> Option<String> {
        match self {
            Reading::Plain => Some(part.to_owned()),
            Reading::Base64 => {
                let text = String::from_utf8(base64(part.as_bytes())?).ok()?;
                text.chars().all(|letter| !letter.is_control()).then_some(text)
            }
            Reading::ObjectId => Some(unix_time(i64::from_str_radix(part.get(..8)?, 16).ok()?)),
            Reading::Ulid => {
                let digit = |letter: u8| {
                    let letter = letter.to_ascii_uppercase();
                    b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".iter().position(|&known| known == letter)
                };
                let milliseconds = part
                    .get(..10)?
                    .bytes()
                    .try_fold(0, |sum, letter| Some(sum * 32 + i64::try_from(digit(letter)?).ok()?))?;
                Some(unix_time(milliseconds / 1000))
            }
            Reading::Unix => Some(unix_time(part.parse().ok()?)),
        }
    }
}

/// What claims are made about: the payload of a JSON Web Token, or what base64 decodes to.
fn object_in(proof: Option<&str>, subject: Subject<'_>) -> Option<Value> {
    match proof {
        Some("base64-json") => json(subject),
        _ => object(subject.value.split(|&byte| byte == b'.').nth(1)?),
    }
}

/// The JSON that the value is, or what follows its prefix: some prefixes are the start of the JSON.
fn json(subject: Subject<'_>) -> Option<Value> {
    object(subject.value).or_else(|| object(body(subject.value, subject.prefix)))
}

fn holds(claim: &Test, object: &Value) -> bool {
    let At::Pointer(pointer) = claim.at else { return false };
    match object.pointer(pointer) {
        None | Some(Value::Null) => false,
        Some(_) if claim.values.is_empty() => true,
        Some(Value::String(text)) => claim.values.iter().any(|pattern| fits(pattern, text)),
        Some(other) => claim.values.contains(&other.to_string().as_str()),
    }
}

/// Whether a text is `pattern`, in which each `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| fits(rest, &text[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::List;

    #[test]
    fn parts_are_read_as_the_rule_says() {
        for (text, value, expected) in [
            ("^key-([0-9]+)-", "key-12-abc", Some("12")),
            ("^key-([0-9]+)-", "key-x-abc", None),
            ("objectid:^k_([0-9a-f]{24})", "k_65b8d5800000000000000000", Some("1706612096 (Unix time)")),
            // The example of the ULID specification: 2016-07-30T23:54:10.259Z.
            ("ulid:^(.{26})$", "01ARZ3NDEKTSV4RRFFQ69G5FAV", Some("1469922850 (Unix time)")),
            ("ulid:^(.{26})$", "01ARZ3NDUKTSV4RRFFQ69G5FAV", None),
            ("unix:=([0-9]+)", "x=1700000000", Some("1700000000 (Unix time)")),
            ("base64:^(.+)$", "dG9rOjE", Some("tok:1")),
            ("base64:^(.+)$", "AAAA", None),
        ] {
            assert_eq!(part(text, value.as_bytes()).as_deref(), expected, "{text} {value}");
        }
    }

    #[test]
    fn claims_hold_for_texts_numbers_and_what_is_there() {
        let object = serde_json::json!({
            "iss": "https://acme.auth0.com/", "admin": true, "n": 7, "none": null, "of": {"team": "blue"}
        });
        for (pointer, values, expected) in [
            ("/iss", &["https://*.auth0.com/"][..], true),
            ("/iss", &["https://*"], true),
            ("/iss", &["*auth1*"], false),
            ("/iss", &["acme", "https://acme.auth0.com/"], true),
            ("/admin", &["true"], true),
            ("/n", &["8", "7"], true),
            ("/n", &[], true),
            ("/none", &[], false),
            ("/gone", &[], false),
            ("/of/team", &["b*e"], true),
            ("/of/team", &["b*ue*e"], false),
        ] {
            let claim = Test { at: At::Pointer(pointer), values: List::of(values.to_vec()) };
            assert_eq!(holds(&claim, &object), expected, "{pointer} {values:?}");
        }
    }
}
