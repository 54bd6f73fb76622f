//! Passwords in addresses and connection strings: is it a password at all, and does it open a host that
//! exists? References to variables, placeholders and hosts reserved for documents say no.
//!
//! Sources: RFC 3986 for the parts of an address, RFC 2606, RFC 6761 and RFC 5737 for reserved hosts; made-up
//! hosts were collected from false findings in public code.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::placeholder::{is_phrase, is_placeholder, is_reference, looks_random};
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

/// Domains in which people put the hosts of their examples: `foo.com`, `your-company.net`, `the.host`.
const MADE_UP_DOMAINS: &[&str] = &[
    "bar",
    "baz",
    "bogus",
    "company",
    "corp",
    "foo",
    "hostname",
    "mycompany",
    "your-company",
    "yourcompany",
];

/// Top-level domains of such hosts.
const COMMON_ENDS: &[&str] =
    &["co", "com", "dev", "domain", "host", "io", "net", "org", "site", "tld", "xyz"];

/// Domains that read like made-up ones and are not.
const REAL_DOMAINS: &[&str] = &["mongodb.net"];

/// Passwords that only say that the user name is the token.
const FIXED: &[&str] = &["x-oauth-basic", "x-token-auth"];

/// Users whose password is known to all: it is mostly their mail address.
const ANONYMOUS: &[&str] = &["anoncvs", "anonymous", "ftp"];

fn check(subject: Subject<'_>) -> Outcome {
    let value = String::from_utf8_lossy(subject.value);
    let matched = String::from_utf8_lossy(subject.matched);
    let place = address(&matched).or_else(|| netrc(&matched)).unwrap_or_default();
    let plain = if matched.contains("://") {
        percent_decode_str(&value).decode_utf8_lossy()
    } else {
        Cow::from(&*value)
    };
    let is_secret = !is_reference(&value)
        && plain.chars().count() >= SHORTEST
        && is_password(place.user, &plain)
        && !cuts_a_template(&value, &matched)
        && !is_sample_host(place.host)
        && place.port != "port"
        && (looks_random(&plain) || !is_made_up_host(place.host));
    if is_secret { Outcome::Right(Evidence::of(ProofLevel::None)) } else { Outcome::Wrong }
}

/// Shortest password, in characters.
const SHORTEST: usize = 3;

/// Whether `value` is a password of `user`: no reference, no placeholder, not the name itself.
pub(super) fn is_password(user: &str, value: &str) -> bool {
    let same = !user.is_empty() && user.eq_ignore_ascii_case(value);
    let last = value.rsplit(':').next().unwrap_or_default();
    !same
        && !FIXED.contains(&value)
        && ![user, last].iter().any(|name| ANONYMOUS.contains(name))
        && !is_reference(value)
        && !is_placeholder(value)
}

/// Who signs in, and where; empty where the text does not tell.
#[derive(Debug, Default, PartialEq, Eq)]
struct Login<'a> {
    user: &'a str,
    host: &'a str,
    port: &'a str,
}

/// The login of an address.
fn address(text: &str) -> Option<Login<'_>> {
    let (_, rest) = text.split_once("://")?;
    let (userinfo, place) = rest.rsplit_once('@')?;
    let user = userinfo.split(':').next().unwrap_or_default();
    let ends = |letter: char| [':', ',', ')', ';'].contains(&letter);
    let length = match place.find(']') {
        Some(bracket) if place.starts_with('[') => bracket + 1,
        _ => place.find(ends).unwrap_or(place.len()),
    };
    let (host, after) = place.split_at(length);
    let port = after.strip_prefix(':').and_then(|port| port.split(ends).next()).unwrap_or_default();
    Some(Login { user, host, port })
}

/// The login of an entry in a netrc file.
fn netrc(text: &str) -> Option<Login<'_>> {
    let after = |word| text.split_whitespace().skip_while(|token| *token != word).nth(1);
    Some(Login { user: after("login")?, host: after("machine").unwrap_or_default(), port: "" })
}

/// The rest of a template that holds a colon (`${USER:-me}`): braces are percent-encoded in an address.
fn cuts_a_template(value: &str, matched: &str) -> bool {
    matched.contains('@') && value.contains('}')
}

fn is_sample_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    SAMPLE_HOSTS.contains(&host.as_str())
        || SAMPLE_SUFFIXES.iter().any(|suffix| host.ends_with(suffix) || host == suffix[1..])
        || SAMPLE_NETWORKS.iter().any(|network| host.starts_with(network))
}

/// A host that nobody but its inventor knows, or that has no more than one letter in each part.
fn is_made_up_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let Some((names, end)) = host.rsplit_once('.') else { return false };
    if REAL_DOMAINS.iter().any(|domain| host.ends_with(domain)) {
        return false;
    }
    let domain = names.rsplit('.').next().unwrap_or_default();
    host.split('.').all(|name| name.len() == 1 && !name.as_bytes()[0].is_ascii_digit())
        || COMMON_ENDS.contains(&end) && (MADE_UP_DOMAINS.contains(&domain) || is_phrase(domain))
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
            ("ftp://joe:{}@foo.com", "k7rT2mQx9L", true),
            ("ftp://joe:{}@ftp.foo.com", "tulip7", false),
            ("mongodb+srv://joe:{}@orders.a1b2c.mongodb.net", "tulip7", true),
            ("https://a1b2c3d4:{}@git.acme.corp", "x-oauth-basic", false),
            ("ftp://joe:{}@the.host", "M^p", false),
            ("ftp://joe:{}@x.y", "tulip7", false),
            ("ftp://joe:{}@proxy-host.com:port", "tulip7", false),
            ("ftp://joe:{}@files.acme.corp", "%41%42", false),
            ("ftp://joe:{}@files.acme.corp", "%54%75%76", true),
            ("ftp://joe:{}@files.acme.corp", "pass%20pass", false),
            ("ftp://joe:{}@files.acme.corp", "one+two%3F", false),
            ("cvs://:pserver:{}@files.acme.corp", "anoncvs", false),
            ("machine files.acme.corp login joe password {}", "tulip7", true),
            ("machine files.acme.corp login joe password {}", "joe", false),
            ("machine site.example login joe password {}", "tulip7", false),
            ("default login anonymous password {}", "joe@acme.corp", false),
            ("default login joe@host password {}", "pass@host", false),
            ("", "Winter2024", true),
            ("", "password12345", false),
            ("", "password93541", true),
            ("", "pas:word", false),
            ("", "P@$$w0rd!", false),
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
