//! Passwords in addresses and connection strings: is it a password at all, and does it open a host that
//! exists? References to variables, placeholders and hosts reserved for documents say no.
//!
//! Sources: RFC 3986 for the parts of an address, RFC 2606, RFC 6761 and RFC 5737 for reserved hosts; the
//! words were collected from false findings in public code.

use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "uri-userinfo",
    summary: "the password is no reference and no placeholder, the host is no sample",
    check,
    forge: |_, _, random| {
        "7".chars().chain(std::iter::repeat_with(|| random.alphanumeric()).take(19)).collect()
    },
};

/// Longest text that is taken apart into words: a longer password is no placeholder.
const LONGEST_PHRASE: usize = 40;

/// What placeholders are made of.
const WORDS: &[&str] = &[
    "admin",
    "administrator",
    "anonymous",
    "api",
    "bar",
    "baz",
    "blank",
    "changeit",
    "changeme",
    "change",
    "cred",
    "credentials",
    "database",
    "db",
    "default",
    "demo",
    "dummy",
    "empty",
    "encrypted",
    "enter",
    "example",
    "fake",
    "foo",
    "goes",
    "guest",
    "here",
    "hidden",
    "host",
    "insert",
    "invalid",
    "key",
    "letmein",
    "login",
    "masked",
    "me",
    "mock",
    "mongo",
    "my",
    "mysql",
    "new",
    "nil",
    "none",
    "null",
    "old",
    "pass",
    "passphrase",
    "passw0rd",
    "passwd",
    "password",
    "placeholder",
    "please",
    "postgres",
    "private",
    "pw",
    "pwd",
    "qux",
    "qwerty",
    "rabbit",
    "rabbitmq",
    "redacted",
    "redis",
    "removed",
    "replace",
    "root",
    "s3cret",
    "sample",
    "secret",
    "secure",
    "some",
    "string",
    "strong",
    "super",
    "test",
    "testing",
    "the",
    "tiger",
    "this",
    "todo",
    "token",
    "top",
    "undefined",
    "user",
    "username",
    "value",
    "welcome",
    "word",
    "with",
    "x",
    "your",
];

/// Hosts that only stand in documents, or are the machine itself.
const SAMPLE_HOSTS: &[&str] = &[
    "localhost",
    "host",
    "hostname",
    "server",
    "servername",
    "ip",
    "address",
    "domain",
    "example",
    "0.0.0.0",
    "[::1]",
    "host.docker.internal",
];

const SAMPLE_SUFFIXES: &[&str] =
    &[".example", ".example.com", ".example.org", ".example.net", ".invalid", ".localhost", ".test"];

/// 127.0.0.0/8 and the networks of RFC 5737.
const SAMPLE_NETWORKS: &[&str] = &["127.", "192.0.2.", "198.51.100.", "203.0.113."];

fn check(subject: Subject<'_>) -> Outcome {
    let value = String::from_utf8_lossy(subject.value);
    let matched = String::from_utf8_lossy(subject.matched);
    let (user, host) = user_and_host(&matched).unwrap_or(("", ""));
    if is_password(user, &value) && !cuts_a_template(&value, &matched) && !is_sample_host(host) {
        Outcome::Right(Evidence::of(ProofLevel::None))
    } else {
        Outcome::Wrong
    }
}

/// Whether `value` is a password of `user`: no reference, no placeholder, not the name itself.
pub(super) fn is_password(user: &str, value: &str) -> bool {
    let same = !user.is_empty() && user.eq_ignore_ascii_case(value);
    !same && !is_reference(value) && !is_placeholder(value)
}

/// User and host of an address, if it is one.
fn user_and_host(address: &str) -> Option<(&str, &str)> {
    let (_, rest) = address.split_once("://")?;
    let (userinfo, host) = rest.rsplit_once('@')?;
    let user = userinfo.split(':').next().unwrap_or_default();
    let host = if host.starts_with('[') {
        host.split_inclusive(']').next()
    } else {
        host.split([':', ',', ')', ';']).next()
    };
    Some((user, host.unwrap_or_default()))
}

/// A variable, a template or a format, not a value: `$NAME`, `${NAME}`, `{{ name }}`, `%s`, `%NAME%`.
fn is_reference(value: &str) -> bool {
    let wrapped =
        |edge: &str| value.len() > 2 * edge.len() && value.starts_with(edge) && value.ends_with(edge);
    value.starts_with('$')
        || value.contains('{') && value.contains('}')
        || value.contains("$(")
        || value.contains("%(")
        || wrapped("%")
        || wrapped("__")
        || wrapped("@")
        || value.starts_with('[') && value.ends_with(']')
        || ["%s", "%d", "%v", "%q"].iter().any(|format| value.starts_with(format))
        || ["process.env", "os.environ"].iter().any(|code| value.contains(code))
}

/// The rest of a template that holds a colon (`${USER:-me}`): braces are percent-encoded in an address.
fn cuts_a_template(value: &str, matched: &str) -> bool {
    matched.contains('@') && value.contains('}')
}

/// Words that stand for a password, and masks: `your_password`, `changeme123`, `****`, `xxx`, `123456`.
fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let stem = lower.trim_end_matches(|end: char| end.is_ascii_digit() || end == '!');
    let words: String = stem.chars().filter(|letter| !matches!(letter, '_' | '-' | '.')).collect();
    let first = lower.chars().next();
    lower.chars().all(|letter| Some(letter) == first)
        || ["***", "...", "xxx", "…"].iter().any(|mask| lower.contains(mask))
        || "1234567890".starts_with(&lower)
        || lower == "p@ssw0rd"
        || lower == "p@ssword"
        || lower.len() - stem.len() <= 4
            && !words.is_empty()
            && words.len() <= LONGEST_PHRASE
            && is_made_of_words(&words)
}

fn is_made_of_words(text: &str) -> bool {
    text.is_empty() || WORDS.iter().any(|word| text.strip_prefix(word).is_some_and(is_made_of_words))
}

fn is_sample_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    SAMPLE_HOSTS.contains(&host.as_str())
        || SAMPLE_SUFFIXES.iter().any(|suffix| host.ends_with(suffix) || host == suffix[1..])
        || SAMPLE_NETWORKS.iter().any(|network| host.starts_with(network))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_what_only_looks_like_one() {
        for (address, value, is_password) in [
            ("ftp://joe:{}@files.acme.corp", "k7rT2mQ", true),
            ("ftp://joe:{}@10.0.0.7", "Passat77", true),
            ("ftp://joe:{}@files.acme.corp", "correcthorse", true),
            ("", "k7rT2mQ", true),
            ("ftp://joe:{}@files.acme.corp", "joe", false),
            ("ftp://joe:{}@localhost:21", "k7rT2mQ", false),
            ("ftp://joe:{}@db.example.com", "k7rT2mQ", false),
            ("ftp://joe:{}@192.0.2.9", "k7rT2mQ", false),
            ("ftp://joe:{}@[::1]:21", "k7rT2mQ", false),
            ("", "$PASSWORD", false),
            ("", "${PASSWORD}", false),
            ("", "{{ password }}", false),
            ("", "%s", false),
            ("", "%PASSWORD%", false),
            ("", "your_password", false),
            ("", "changeme123", false),
            ("", "Secret-Key1!", false),
            ("", "xxxxxxxx", false),
            ("", "abc***", false),
            ("", "123456", false),
        ] {
            let address = address.replace("{}", value);
            let subject = Subject { value: value.as_bytes(), prefix: b"", matched: address.as_bytes() };
            let right = matches!(check(subject), Outcome::Right(_));
            assert_eq!(right, is_password, "{value} in {address:?}");
        }
    }
}
