//! Passwords that stand alone under a telling name, and in the answer files of Windows: is it one at all? What a
//! program fills in, a vault keeps or somebody made up for a document is none.
//!
//! Sources: the documentation of the tools whose references are listed; Microsoft's description of
//! `AdministratorPassword` in unattended set-up. The rest was collected from false findings in public code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::text::{self, random_text};
use super::{Outcome, Proof, Subject, userinfo};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "password",
    summary: "the password is no reference, no placeholder, and not encrypted",
    check: |subject| outcome(&String::from_utf8_lossy(subject.value), ProofLevel::None),
    forge: |_, _, random| format!("7{}", random_text(random, 19)),
};

pub(super) const UNATTEND: Proof = Proof {
    name: "unattend-password",
    summary: "the password of an answer file is no placeholder, in plain text or in base64",
    check: unattend,
    forge: |_, _, random| {
        let text = format!("7{}{}", random_text(random, 15), SUFFIXES[0]);
        STANDARD.encode(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
    },
};

/// Shortest password, in characters.
const SHORTEST: usize = 3;

/// How a value begins that names another place or is encrypted: jasypt, Ansible, SOPS, dotenvx, the tags of YAML,
/// 1Password, AWS, Terraform, Helm, GitHub's workflows.
const ELSEWHERE: &[&str] = &[
    "!",
    ".Values",
    "ENC(",
    "ENC[",
    "arn:",
    "config.",
    "data.",
    "encrypted:",
    "env.",
    "env:",
    "file:",
    "inputs.",
    "local.",
    "module.",
    "op://",
    "ref+",
    "secrets.",
    "var.",
    "vars.",
    "vault:",
];

/// What tools write in the place of a password that they do not show, and words that are none.
const BLANKED: &[&str] = &["*SENSITIVE*DATA*DELETED*", "DATA+OMITTED", "false", "true"];

/// What Windows appends before it encodes the password of that element.
const SUFFIXES: &[&str] = &["AdministratorPassword", "Password"];

fn outcome(value: &str, level: ProofLevel) -> Outcome {
    if is_password(value) { Outcome::Right(Evidence::of(level)) } else { Outcome::Wrong }
}

/// Whether somebody signs in with it.
pub(super) fn is_password(value: &str) -> bool {
    let value = value.trim();
    value.chars().count() >= SHORTEST && !stands_for_another(value) && userinfo::is_password("", value)
}

/// Whether the password itself is kept, or encrypted, somewhere else.
fn stands_for_another(value: &str) -> bool {
    ELSEWHERE.iter().any(|start| value.strip_prefix(start).is_some_and(|rest| names(start, rest)))
        || BLANKED.contains(&value)
        || value.starts_with("{{")
        || value.starts_with('<') && value.ends_with('>')
        || is_call(value)
}

/// Whether a name follows, as in `!vault` and `var.password`.
fn names(start: &str, rest: &str) -> bool {
    match start {
        "!" => matches!(rest.split(' ').next(), Some("vault" | "secret" | "reference" | "env" | "ENV")),
        _ if start.ends_with('.') => {
            rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-[]".contains(&byte))
        }
        _ => true,
    }
}

/// A call of a function: `getenv("X")`, `lookup('file', 'x')`.
fn is_call(value: &str) -> bool {
    let name = value.split_once('(').filter(|_| value.ends_with(')')).map(|(name, _)| name);
    name.is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte))
    })
}

fn unattend(subject: Subject<'_>) -> Outcome {
    let value = String::from_utf8_lossy(subject.value);
    match encoded(&value) {
        Some(password) => outcome(&password, ProofLevel::Decoded),
        None => outcome(&value, ProofLevel::None),
    }
}

/// The password in a value with `PlainText` false: UTF-16 in base64, and the element's name after it.
fn encoded(value: &str) -> Option<Zeroizing<String>> {
    let bytes = Zeroizing::new(text::base64(value.as_bytes())?);
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let text = Zeroizing::new(String::from_utf16(&units).ok()?);
    let password = SUFFIXES.iter().find_map(|suffix| text.strip_suffix(suffix))?;
    Some(Zeroizing::new(password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_what_only_stands_in_their_place() {
        for (value, expected) in [
            ("k7rT2mQ", true),
            ("!k7rT2mQ", true),
            ("data-k7rT2mQ", true),
            ("Winter2024", true),
            ("md5a7c1", true),
            ("(k7rT2mQ)", true),
            ("k7", false),
            ("!vault", false),
            ("!vault |", false),
            ("ENC(k7rT2mQ=)", false),
            ("ENC[AES256_GCM,data:k7rT2mQ", false),
            ("encrypted:k7rT2mQ", false),
            ("{cipher}a7c1", false),
            ("var.db_password", false),
            ("secrets.DB_PASSWORD_7", false),
            ("getenv('DB_PASSWORD7')", false),
            ("arn:aws:secretsmanager:eu-west-1:7:secret:x", false),
            ("op://vault/item/password7", false),
            ("<password7>", false),
            ("{{password7", false),
            ("${PASSWORD7}", false),
            ("changeme123", false),
            ("DATA+OMITTED", false),
            ("*SENSITIVE*DATA*DELETED*", false),
            ("true", false),
        ] {
            assert_eq!(is_password(value), expected, "{value}");
        }
    }

    #[test]
    fn what_windows_encodes_is_decoded() {
        for (text, expected) in [
            ("k7rT2mQAdministratorPassword", true),
            ("k7rT2mQPassword", true),
            ("AdministratorPassword", false),
            ("changemePassword", false),
        ] {
            let value = STANDARD.encode(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
            let subject = Subject { value: value.as_bytes(), prefix: b"", matched: b"" };
            assert_eq!(matches!(unattend(subject), Outcome::Right(_)), expected, "{text}");
        }
    }
}
