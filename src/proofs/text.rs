//! What proofs share: base64 in the forms that tokens use, JSON objects, moments in time.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::Outcome;
use crate::model::{Evidence, ProofLevel};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Base64 of either alphabet, padded or not.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let standard = |&byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    LENIENT.decode(text.iter().map(standard).collect::<Vec<u8>>()).ok()
}

/// A JSON object in base64.
pub(super) fn object(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(&base64(text)?).ok().filter(Value::is_object)
}

/// What the JSON object in `text` says, if it has all of `members`; `facts` are labels and where in the
/// object (RFC 6901) their text stands.
pub(super) fn decoded(text: &[u8], members: &[&str], facts: &[(&'static str, &str)]) -> Outcome {
    match object(text).filter(|object| members.iter().all(|member| object.get(member).is_some())) {
        Some(object) => Outcome::Right(tell(Evidence::of(ProofLevel::Decoded), &object, facts)),
        None => Outcome::Wrong,
    }
}

/// Adds the facts that the object holds as text or number.
pub(super) fn tell(evidence: Evidence, object: &Value, facts: &[(&'static str, &str)]) -> Evidence {
    facts.iter().fold(evidence, |evidence, (label, pointer)| match object.pointer(pointer) {
        Some(Value::String(text)) => evidence.with(label, text),
        Some(Value::Number(seconds)) if matches!(*label, "expires" | "created") => {
            evidence.with(label, unix_time(seconds.as_f64().unwrap_or_default() as i64))
        }
        Some(Value::Number(number)) => evidence.with(label, number.to_string()),
        _ => evidence,
    })
}

/// A moment as tokens hold it, in whole seconds.
pub(super) fn unix_time(seconds: i64) -> String {
    format!("{seconds} (Unix time)")
}

/// What follows the prefix.
pub(super) fn body<'a>(value: &'a [u8], prefix: &[u8]) -> &'a [u8] {
    value.strip_prefix(prefix).unwrap_or(value)
}

/// `count` random bytes, for forged values.
pub(super) fn random_bytes(random: &mut fastrand::Rng, count: usize) -> Vec<u8> {
    std::iter::repeat_with(|| random.u8(..)).take(count).collect()
}

/// `count` random letters and digits, for forged values.
pub(super) fn random_text(random: &mut fastrand::Rng, count: usize) -> String {
    std::iter::repeat_with(|| random.alphanumeric()).take(count).collect()
}
