//! Temporary credentials of AWS: tokens that name their region and account, and passwords of ECR that tell their end.
//!
//! Sources: Tal Be'ery, "Revealing the Inner Structure of AWS Session Tokens" (2024), and its STS-token-decoder:
//! a version, then a message of Protocol Buffers; AWS, "GetAuthorizationToken", for the password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::{self, decoded, random_bytes, random_text};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const SESSION: Proof = Proof {
    name: "aws-session-token",
    summary: "decodes to a message that names the region and the account",
    check: |subject| check(subject).unwrap_or(Outcome::Silent),
    forge: |_, _, random| forge(random),
};

pub(super) const ECR: Proof = Proof {
    name: "aws-ecr-token",
    summary: "decodes to JSON that holds an encrypted key; tells when it ends",
    check: |subject| {
        decoded(
            subject.value,
            &["payload", "datakey", "version", "type", "expiration"],
            &[("expires", "/expiration")],
        )
    },
    forge: |_, _, random| {
        let [payload, key] = [900, 180].map(|length| STANDARD.encode(random_bytes(random, length)));
        let end = random.u32(1_600_000_000..2_000_000_000);
        STANDARD.encode(format!(
            r#"{{"payload":"{payload}","datakey":"{key}","version":"2","type":"DATA_KEY","expiration":{end}}}"#
        ))
    },
};

const NAME: u64 = 1;
const REGION: u64 = 3;
const DETAILS: u64 = 5;
const ACCOUNT: u64 = 3;

/// Digits of an account.
const ACCOUNT_LENGTH: usize = 12;

fn check(subject: Subject<'_>) -> Option<Outcome> {
    let bytes = text::base64(subject.value)?;
    let (_version, message) = bytes.split_first()?;
    part(message, NAME)?;
    let region = std::str::from_utf8(part(message, REGION)?).ok().filter(|region| is_region(region))?;
    let evidence = Evidence::of(ProofLevel::Structure).with("region", region);
    let account = part(message, DETAILS).and_then(|details| part(details, ACCOUNT));
    let account = account.and_then(|account| std::str::from_utf8(account).ok());
    Some(Outcome::Right(match account.filter(|account| is_account(account)) {
        Some(account) => evidence.with("account", account),
        None => evidence,
    }))
}

/// `eu-west-1`, `us-gov-east-1`, `aws-global`.
fn is_region(text: &str) -> bool {
    (6..=20).contains(&text.len())
        && text.contains('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_account(text: &str) -> bool {
    text.len() == ACCOUNT_LENGTH && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The first part with that number in a message, which may end within a later part.
fn part(message: &[u8], wanted: u64) -> Option<&[u8]> {
    let mut rest = message;
    loop {
        let key = number(&mut rest)?;
        match key & 0b111 {
            0 => {
                number(&mut rest)?;
            }
            2 => {
                let length = usize::try_from(number(&mut rest)?).ok()?;
                let (part, after) = rest.split_at_checked(length)?;
                if key >> 3 == wanted {
                    return Some(part);
                }
                rest = after;
            }
            _ => return None,
        }
    }
}

/// Seven bits a byte, the lowest first.
fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn forge(random: &mut fastrand::Rng) -> String {
    let account = random.u64(100_000_000_000..1_000_000_000_000).to_string();
    let details = [
        &[0x08, 0xa3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x10, 0x01, 0x1a, 0x0c],
        account.as_bytes(),
        &[0x22, 0x0c],
        &random_bytes(random, 12),
        &[0x2a, 0x64],
        &random_bytes(random, 100),
    ]
    .concat();
    let region = format!("eu-{}-1", random_text(random, 4).to_lowercase());
    let token = [
        b"\x21\x0a\x09origin_ec\x10\x3a\x1a\x09",
        region.as_bytes(),
        b"\x22\x46",
        &random_bytes(random, 70),
        b"\x2a",
        // Seven bits a byte.
        &[0x80 | (details.len() & 0x7f) as u8, (details.len() >> 7) as u8],
        &details,
    ]
    .concat();
    STANDARD.encode(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_message_are_found() {
        let message = b"\x08\x96\x01\x12\x02hi\x1a\x03abc";
        assert_eq!(part(message, 2), Some(&b"hi"[..]));
        assert_eq!(part(message, 3), Some(&b"abc"[..]));
        assert_eq!(part(message, 4), None);
        assert_eq!(part(b"\x12\x7fhi", 2), None);
        assert_eq!(part(b"\x0b", 2), None);
    }

    #[test]
    fn older_tokens_say_nothing() {
        let older =
            STANDARD.encode([b"\x17\x0a\x06er/aws\x10\x3a\x1a\x0c", &[0x91; 12][..], &[7; 80]].concat());
        assert!(older.starts_with("FwoGZXIvYXdz"), "{older}");
        let subject = Subject { value: older.as_bytes(), prefix: b"", matched: b"" };
        assert_eq!((SESSION.check)(subject), Outcome::Silent);
    }

    #[test]
    fn region_and_account_are_told() {
        let value = forge(&mut fastrand::Rng::with_seed(3));
        assert!(value.starts_with("IQoJb3JpZ2luX2Vj"), "{value}");
        let subject = Subject { value: value.as_bytes(), prefix: b"", matched: b"" };
        let Outcome::Right(evidence) = (SESSION.check)(subject) else { panic!("{value}") };
        assert_eq!(evidence.facts.iter().map(|fact| fact.label).collect::<Vec<_>>(), ["region", "account"]);
    }
}
