//! What a rule asks of the JSON that a value decodes to, and what of it a finding tells.

use serde_json::Value;

use super::jwt;
use super::text::{body, decoded, object, random_text, tell};
use super::{Outcome, Proof, Subject, by_name};
use crate::model::{At, Header, Rule, Test};

/// Base64 of a JSON object, and no more than that: what must stand in it, the rule's claims say.
pub(super) const PROOF: Proof = Proof {
    name: "base64-json",
    summary: "decodes to a JSON object",
    check: |subject| decoded(body(subject.value, subject.prefix), &[], &[]),
    forge: |_, argument, random| {
        use base64::Engine as _;
        let members = [jwt::members(argument), jwt::members(&format!("key={}", random_text(random, 24)))];
        let members: Vec<String> = members.into_iter().filter(|text| !text.is_empty()).collect();
        base64::engine::general_purpose::STANDARD.encode(format!("{{{}}}", members.join(",")))
    },
};

/// What the rule's proof and its claims say of a value; `matched` is the whole match around it.
pub fn judge(rule: &Rule, value: &[u8], matched: &[u8]) -> Outcome {
    let Some(proof) = rule.proof.and_then(by_name) else { return Outcome::Silent };
    let subject = Subject { value, prefix: rule.prefix.as_bytes(), matched };
    match (proof.check)(subject) {
        Outcome::Right(evidence) if !(rule.claims.is_empty() && rule.tells.is_empty()) => {
            match object_in(proof.name, subject).filter(|object| rule.claims.iter().all(|c| holds(c, object)))
            {
                Some(object) => {
                    let facts: Vec<_> =
                        rule.tells.iter().map(|Header(label, pointer)| (*label, *pointer)).collect();
                    Outcome::Right(tell(evidence, &object, &facts))
                }
                None => Outcome::Wrong,
            }
        }
        outcome => outcome,
    }
}

/// What claims are made about: the payload of a JSON Web Token, or what base64 decodes to.
fn object_in(proof: &str, subject: Subject<'_>) -> Option<Value> {
    match proof {
        "base64-json" => object(body(subject.value, subject.prefix)),
        _ => object(subject.value.split(|&byte| byte == b'.').nth(1)?),
    }
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
