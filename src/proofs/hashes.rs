//! Hashes of passwords: by which scheme they were made and at what cost a guess comes. The hash of an empty password
//! gives nothing away.
//!
//! Sources: crypt(5) of libxcrypt, with the bits that the last character of a hash has; the PHC string format for
//! Argon2; Django, "How Django stores passwords"; RFC 5802 as PostgreSQL writes it; hashcat's wiki for Kerberos.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::text::{random_bytes, random_text};
use super::{Outcome, Proof};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "password-hash",
    summary: "a password hash is as long as its scheme makes it; tells scheme and cost",
    check: |subject| {
        let text = String::from_utf8_lossy(subject.value);
        match read(text.trim()).filter(|_| !is_of_nothing(&text)) {
            Some(Scheme { name, cost }) => {
                let evidence = Evidence::of(ProofLevel::Decoded).with("scheme", name);
                Outcome::Right(match cost {
                    Some(cost) => evidence.with("cost", cost),
                    None => evidence,
                })
            }
            None => Outcome::Wrong,
        }
    },
    forge: |_, argument, random| forge(argument, random),
};

/// How a hash was made.
#[derive(Debug, PartialEq, Eq)]
struct Scheme {
    name: &'static str,
    cost: Option<String>,
}

/// The alphabet of crypt(3), whose digits count from the dot.
const CRYPT: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The alphabet of bcrypt.
const BCRYPT: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Characters of bcrypt's salt.
const BCRYPT_SALT: usize = 22;

/// Hashes of the empty password in schemes without a salt: NT, SHA-1 of LDAP, MySQL.
const OF_NOTHING: &[&str] = &[
    "31d6cfe0d16ae931b73c59d7e0c089c0",
    "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
    "*BE1BDEC0AA74B4DCB079943E70528096CCA985F8",
];

fn is_of_nothing(text: &str) -> bool {
    OF_NOTHING.iter().any(|known| known.eq_ignore_ascii_case(text))
}

fn read(text: &str) -> Option<Scheme> {
    // In compose files each dollar is doubled.
    let text = text.replace("$$", "$");
    if let Some(digits) = text.strip_prefix('*') {
        return hex(digits, 40).then_some(Scheme { name: "MySQL, SHA-1", cost: None });
    }
    if let Some(digits) = text.strip_prefix("md5") {
        return hex(digits, 32).then_some(Scheme { name: "PostgreSQL, MD5", cost: None });
    }
    if let Some(hash) = text.strip_prefix("{SHA}") {
        return bytes(hash, 20..=20).then_some(Scheme { name: "SHA-1", cost: None });
    }
    if let Some(hash) = text.strip_prefix("{SSHA}") {
        return bytes(hash, 21..=64).then_some(Scheme { name: "SHA-1 with salt", cost: None });
    }
    if hex(&text, 32) {
        return Some(Scheme { name: "NT", cost: None });
    }
    let parts: Vec<&str> = text.split('$').collect();
    match parts[..] {
        ["", "2a" | "2b" | "2x" | "2y", cost, rest] => bcrypt(cost, rest),
        ["", "apr1", _, hash] => crypt("MD5 of Apache", None, hash, 22, 2),
        ["", "1", _, hash] => crypt("MD5 of crypt", None, hash, 22, 2),
        ["", "5", ref salt @ .., hash] => crypt("SHA-256 of crypt", Some(rounds(salt)?), hash, 43, 4),
        ["", "6", ref salt @ .., hash] => crypt("SHA-512 of crypt", Some(rounds(salt)?), hash, 86, 2),
        ["", "y", cost, _, hash] => crypt("yescrypt", Some(cost.to_owned()), hash, 43, 4),
        ["", "gy", cost, _, hash] => crypt("gost-yescrypt", Some(cost.to_owned()), hash, 43, 4),
        ["", "7", _, hash] => crypt("scrypt", None, hash, 43, 4),
        ["", kind @ ("argon2id" | "argon2i" | "argon2d"), _version, cost, salt, hash] => {
            let name = match kind {
                "argon2id" => "Argon2id",
                "argon2i" => "Argon2i",
                _ => "Argon2d",
            };
            (bytes(salt, 8..=64) && bytes(hash, 16..=128))
                .then(|| Scheme { name, cost: Some(cost.to_owned()) })
        }
        ["pbkdf2_sha1", rounds, _, hash] => django("PBKDF2, SHA-1", rounds, hash, 20),
        ["pbkdf2_sha256", rounds, _, hash] => django("PBKDF2, SHA-256", rounds, hash, 32),
        ["pbkdf2_sha512", rounds, _, hash] => django("PBKDF2, SHA-512", rounds, hash, 64),
        ["SCRAM-SHA-256", salt, keys] => scram(salt, keys),
        ["", kind @ ("krb5tgs" | "krb5asrep"), ref rest @ ..] => kerberos(kind, rest),
        _ => None,
    }
}

/// 128 bits of salt in 22 characters, and then 184 in 31: four bits of one and two of the other are left over.
fn bcrypt(cost: &str, rest: &str) -> Option<Scheme> {
    let (salt, hash) = rest.split_at_checked(BCRYPT_SALT)?;
    let whole = last(salt, BCRYPT)? % 16 == 0 && last(hash, BCRYPT)? % 4 == 0 && rest.len() == 53;
    let rounds = cost.parse::<u32>().ok().filter(|rounds| (4..=31).contains(rounds))?;
    whole.then(|| Scheme { name: "bcrypt", cost: Some(format!("2^{rounds} rounds")) })
}

/// The last character of a hash has so many bits, which crypt(3) writes lowest first.
fn crypt(name: &'static str, cost: Option<String>, hash: &str, length: usize, bits: u32) -> Option<Scheme> {
    let whole = hash.len() == length && last(hash, CRYPT)? >> bits == 0;
    whole.then_some(Scheme { name, cost })
}

/// What is set before the salt, or what is so unless set.
fn rounds(salt: &[&str]) -> Option<String> {
    match salt {
        [_] => Some("5000 rounds".to_owned()),
        [rounds, _] => Some(format!("{} rounds", rounds.strip_prefix("rounds=")?)),
        _ => None,
    }
}

fn django(name: &'static str, rounds: &str, hash: &str, length: usize) -> Option<Scheme> {
    bytes(hash, length..=length).then(|| Scheme { name, cost: Some(format!("{rounds} rounds")) })
}

fn scram(salt: &str, keys: &str) -> Option<Scheme> {
    let (rounds, salt) = salt.split_once(':')?;
    let (stored, server) = keys.split_once(':')?;
    (bytes(salt, 1..=64) && bytes(stored, 32..=32) && bytes(server, 32..=32))
        .then(|| Scheme { name: "SCRAM, SHA-256", cost: Some(format!("{rounds} rounds")) })
}

/// Only how the ticket was encrypted: that decides what a guess costs.
fn kerberos(kind: &str, rest: &[&str]) -> Option<Scheme> {
    let name = if kind == "krb5tgs" { "Kerberos service ticket" } else { "Kerberos sign-in" };
    let cost = match *rest.first()? {
        "17" => "AES-128, 4096 rounds",
        "18" => "AES-256, 4096 rounds",
        _ => "RC4, 1 round",
    };
    Some(Scheme { name, cost: Some(cost.to_owned()) })
}

fn last(text: &str, alphabet: &[u8; 64]) -> Option<usize> {
    let last = text.bytes().last()?;
    alphabet.iter().position(|&known| known == last)
}

fn hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it is base64 of so many bytes, padded or not, with nothing left over.
fn bytes(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    let decoded = STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text));
    decoded.is_ok_and(|bytes| length.contains(&bytes.len()))
}

/// A hash of nothing in particular; the argument names its scheme.
fn forge(scheme: &str, random: &mut fastrand::Rng) -> String {
    let mut of = |alphabet: &[u8; 64], length: usize, last: usize| -> String {
        (1..=length)
            .map(|at| if at == length { last * random.usize(..64 / last) } else { random.usize(..64) })
            .map(|digit| char::from(alphabet[digit]))
            .collect()
    };
    match scheme {
        "bcrypt" => return format!("$2b$12${}{}", of(BCRYPT, BCRYPT_SALT, 16), of(BCRYPT, 31, 4)),
        "bcrypt-doubled" => return format!("$$2y$$05$${}{}", of(BCRYPT, BCRYPT_SALT, 16), of(BCRYPT, 31, 4)),
        "apr1" => return format!("$apr1${}${}.", of(CRYPT, 8, 1), of(CRYPT, 21, 1)),
        "sha256" => return format!("$5$rounds=535000${}${}7", of(CRYPT, 16, 1), of(CRYPT, 42, 1)),
        "sha512" => return format!("$6${}${}1", of(CRYPT, 16, 1), of(CRYPT, 85, 1)),
        "yescrypt" => return format!("$y$j9T${}${}5", of(CRYPT, 22, 1), of(CRYPT, 42, 1)),
        _ => {}
    }
    let mut encoded = |length: usize| STANDARD.encode(random_bytes(random, length));
    match scheme {
        "argon2id" => {
            let [salt, hash] = [16, 32].map(|length| encoded(length).trim_end_matches('=').to_owned());
            format!("$argon2id$v=19$m=65536,t=3,p=4${salt}${hash}")
        }
        "sha" => format!("{{SHA}}{}", encoded(20)),
        "ssha" => format!("{{SSHA}}{}", encoded(28)),
        "scram" => format!("SCRAM-SHA-256$4096:{}${}:{}", encoded(16), encoded(32), encoded(32)),
        _ => {
            let hash = encoded(32);
            format!("pbkdf2_sha256$600000${}${hash}", random_text(random, 22))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Subject;
    use super::*;

    #[test]
    fn scheme_and_cost_are_told() {
        // From the manual of libxcrypt, the test vectors of bcrypt and of Argon2, and passlib's documentation.
        for (text, name, cost) in [
            ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "bcrypt", Some("2^5 rounds")),
            ("$1$3azHgidD$SrJPt7B.9rekpmwJwtON31", "MD5 of crypt", None),
            ("$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", "MD5 of Apache", None),
            (
                "$5$rounds=80000$wnsT7Yr92oJoP28r$cKhJImk5mfuSKV9b3mumNzlbstFUplKtQXXMo4G6Ep5",
                "SHA-256 of crypt",
                Some("80000 rounds"),
            ),
            (
                "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
                "SHA-512 of crypt",
                Some("5000 rounds"),
            ),
            ("md5a3556571e93b0d20722ba62be61e8c2d", "PostgreSQL, MD5", None),
            ("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19", "MySQL, SHA-1", None),
            ("$krb5asrep$23$user@ACME.TEST:00$00", "Kerberos sign-in", Some("RC4, 1 round")),
        ] {
            let expected = Scheme { name, cost: cost.map(str::to_owned) };
            assert_eq!(read(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_no_scheme_writes_is_wrong() {
        for text in [
            "$2a$05$CCCCCCCCCCCCCCCCCCCCCCE5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeX",
            "$2a$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$1$3azHgidD$SrJPt7B.9rekpmwJwtON3z",
            "pbkdf2_sha256$600000$salt$Zm9v",
            "$6$",
            "$",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        for text in OF_NOTHING {
            let subject = Subject { value: text.as_bytes(), prefix: b"", matched: b"" };
            assert_eq!((PROOF.check)(subject), Outcome::Wrong, "{text}");
        }
    }

    #[test]
    fn forged_hashes_are_right() {
        let mut random = fastrand::Rng::with_seed(5);
        for scheme in [
            "bcrypt",
            "bcrypt-doubled",
            "apr1",
            "sha256",
            "sha512",
            "yescrypt",
            "argon2id",
            "sha",
            "ssha",
            "scram",
            "",
        ] {
            for _ in 0..20 {
                let text = forge(scheme, &mut random);
                assert!(read(&text).is_some(), "{scheme}: {text}");
            }
        }
    }
}
