//! Amazon Bedrock's keys: a user and its account before the secret, or a signed address.
//!
//! Source: observed alike by all who publish the formats; AWS, "Signature Version 4 for query strings", for
//! what the address holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::{self, body, random_bytes};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

/// Keys that live until they are deleted.
pub(super) const LONG_TERM: Proof = Proof {
    name: "bedrock-key",
    summary: "decodes to an IAM user, its account and a secret",
    check: check_long_term,
    forge: |_, _, random| {
        let (account, secret) = (random.u64(100_000_000_000..999_999_999_999), random_bytes(random, 44));
        let name = format!("BedrockAPIKey-{:04}", random.u32(1000..9999));
        STANDARD.encode(format!("{name}-at-{account}:{}", STANDARD.encode(secret)))
    },
};

/// Keys that last for hours.
pub(super) const SHORT_TERM: Proof = Proof {
    name: "bedrock-session-key",
    summary: "decodes to a signed address of Bedrock; tells region, date and life",
    check: check_short_term,
    forge: |_, _, random| {
        let (signature, high) = (random.u128(..), random.u128(..));
        STANDARD.encode(format!(
            "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x%2F20260101%2Feu-west-1%2Fbedrock%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=43200&X-Amz-Signature={high:032x}{signature:032x}&Version=1"
        ))
    },
};

fn check_long_term(subject: Subject<'_>) -> Outcome {
    let bytes = text::base64(body(subject.value, b"ABSK")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let Some((user, account)) = text.split_once(':').and_then(|(owner, _)| owner.rsplit_once("-at-")) else {
        return Outcome::Wrong;
    };
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Outcome::Wrong;
    }
    Outcome::Right(Evidence::of(ProofLevel::Structure).with("account", account).with("user", user))
}

fn check_short_term(subject: Subject<'_>) -> Outcome {
    let bytes = text::base64(body(subject.value, b"bedrock-api-key-")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let Some((_, query)) = text.split_once("/?") else { return Outcome::Wrong };
    let parameter = |name| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let region = parameter("X-Amz-Credential").and_then(|scope| scope.split("%2F").nth(2));
    match (parameter("X-Amz-Date"), parameter("X-Amz-Expires"), region) {
        (Some(date), Some(seconds), Some(region)) => Outcome::Right(
            Evidence::of(ProofLevel::Decoded)
                .with("region", region)
                .with("expires", format!("{seconds} s after {date}")),
        ),
        _ => Outcome::Wrong,
    }
}
