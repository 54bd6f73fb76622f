//! What the places of a template stand for.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{
    GeneralPurpose, GeneralPurposeConfig, STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Credentials;
use super::answer::text;
use crate::model::{By, Fact, Finding, Piece, Secret, pieces};

/// What is written as it is in a URL: the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same where several parts of a path stand together.
const RESERVED_IN_PATHS: &AsciiSet = &RESERVED.remove(b'/');

/// Takes bits after the last byte, as many encoders leave some.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
);

/// What stands beside a secret and has so many bytes may be one itself; names and hosts rarely are as long.
const LONG: usize = 40;

/// Values by name.
#[derive(Debug, Clone, Default)]
pub struct Values {
    named: BTreeMap<String, Secret>,
    /// The values of a batch.
    secrets: Vec<Secret>,
}

/// How a value is written where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// As it is.
    Plain,
    /// Percent-encoded.
    Url,
    /// As the inside of a JSON string.
    Json,
}

impl Values {
    /// What the templates of a finding's calls stand for: the secret, its public parts, what a proof read from it that
    /// calls may name, and the nearest of its companions.
    pub fn of(finding: &Finding) -> Values {
        let secret = Values::default().with("secret", finding.secret.expose());
        let with_parts =
            finding.rule.parts.iter().fold(secret, |values, part| values.with_part(part.0, part.1));
        let named = |fact: &&Fact| matches!(fact.label, "address" | "fingerprint");
        let facts = finding.evidence.facts.iter().filter(named);
        let with_facts = facts.fold(with_parts, |values, fact| values.with(fact.label, fact.text.as_bytes()));
        // The nearest comes last, and stays.
        finding
            .nearby
            .iter()
            .rev()
            .fold(with_facts, |values, nearby| values.with(nearby.name, nearby.value.expose()))
    }

    /// The same with one more.
    pub fn with(mut self, name: &str, value: &[u8]) -> Values {
        self.set(name, value);
        self
    }

    /// The same with the values of a batch.
    pub fn with_batch(self, secrets: Vec<Secret>) -> Values {
        Values { secrets, ..self }
    }

    /// The same with a part of what is known; without, where the value has no such part.
    pub fn with_part(self, name: &str, template: &str) -> Values {
        match self.fill(template, Written::Plain) {
            Ok(part) => self.with(name, part.expose()),
            Err(_) => self,
        }
    }

    pub(super) fn set(&mut self, name: &str, value: &[u8]) {
        self.named.insert(name.to_owned(), Secret::new(value));
    }

    /// The same with credentials of a person's own.
    ///
    /// # Errors
    /// The names of the variables, where one has no value.
    pub fn with_credentials(self, by: By, credentials: &Credentials) -> Result<Values, String> {
        let found = credentials.of(by)?;
        Ok(found.iter().fold(self, |values, (name, value)| values.with(name, value.expose())))
    }

    /// A value by its name.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.named.get(name)
    }

    /// What becomes of a template where nothing is escaped; nothing, where a value is missing.
    pub fn filled(&self, template: &str) -> Option<Secret> {
        self.fill(template, Written::Plain).ok()
    }

    /// Whether a text from outside repeats a value that must not be told: the secret, one of a batch, or another
    /// value that is as long as a secret.
    pub fn is_repeated_in(&self, text: &str) -> bool {
        let others =
            self.named.iter().filter(|(name, value)| *name == "secret" || value.expose().len() >= LONG);
        let others = others.map(|(_, value)| value).chain(&self.secrets).map(Secret::expose);
        others
            .filter(|value| !value.is_empty())
            .any(|value| memchr::memmem::find(text.as_bytes(), value).is_some())
    }

    /// Fills a template.
    ///
    /// # Errors
    /// The name of what is missing.
    pub(super) fn fill(&self, template: &str, written: Written) -> Result<Secret, String> {
        let mut filled = Zeroizing::new(Vec::new());
        for piece in pieces(template) {
            match piece {
                Piece::Text(text) => filled.extend_from_slice(text.as_bytes()),
                Piece::Place("secrets") => filled.extend_from_slice(self.list().as_bytes()),
                // A path of several parts keeps its slashes.
                Piece::Place(inner) if written == Written::Url && inner.ends_with("|path") => {
                    let value = self.value(inner.trim_end_matches("|path"))?;
                    let text = String::from_utf8_lossy(value.expose());
                    filled.extend(utf8_percent_encode(&text, RESERVED_IN_PATHS).flat_map(str::bytes));
                }
                Piece::Place(inner) => {
                    let value = self.value(inner)?;
                    let text = String::from_utf8_lossy(value.expose());
                    match written {
                        Written::Plain => filled.extend_from_slice(value.expose()),
                        Written::Url => {
                            filled.extend(utf8_percent_encode(&text, RESERVED).flat_map(str::bytes));
                        }
                        Written::Json => filled.extend_from_slice(inside_of_string(&text).as_bytes()),
                    }
                }
            }
        }
        Ok(Secret::new(&filled))
    }

    /// The batch as a JSON list.
    fn list(&self) -> Zeroizing<String> {
        let text = |secret: &Secret| serde_json::Value::from(String::from_utf8_lossy(secret.expose()));
        Zeroizing::new(serde_json::Value::from_iter(self.secrets.iter().map(text)).to_string())
    }

    /// The value of a place, with its filters.
    fn value(&self, inner: &str) -> Result<Secret, String> {
        let mut steps = inner.split('|');
        let name = steps.next().unwrap_or_default();
        let value = self.named.get(name).ok_or_else(|| name.to_owned())?;
        steps.try_fold(value.clone(), |value, filter| filtered(&value, filter).ok_or_else(|| name.to_owned()))
    }
}

/// What a filter makes of a value: `first:N`, `last:N`, `split:SEPARATOR:INDEX`, `before:TEXT`, `after:TEXT`,
/// `base64`, `base64-decode` (of either alphabet, padded or not), `hex-decode`, `json:POINTER` (RFC 6901), `lower`,
/// `plus:N` of a number, `sha256-base64url`, `sha256-base64`, `sha256-hex`, `ssh-fingerprint`, `url` and `url-decode`
/// (percent-encoded and back). Nothing where the value has no such part.
pub(super) fn filtered(value: &Secret, filter: &str) -> Option<Secret> {
    let bytes = value.expose();
    let (name, argument) = filter.split_once(':').unwrap_or((filter, ""));
    let find = |text: &str| memchr::memmem::find(bytes, text.as_bytes());
    let part = match name {
        "first" => bytes.get(..argument.parse().ok()?)?,
        "last" => &bytes[bytes.len().checked_sub(argument.parse().ok()?)?..],
        "before" => &bytes[..find(argument)?],
        "after" => &bytes[find(argument)? + argument.len()..],
        "split" => {
            let (separator, index) = argument.rsplit_once(':')?;
            let separator = separator.as_bytes();
            let mut rest = bytes;
            for _ in 0..index.parse::<usize>().ok()? {
                rest = &rest[memchr::memmem::find(rest, separator)? + separator.len()..];
            }
            &rest[..memchr::memmem::find(rest, separator).unwrap_or(rest.len())]
        }
        "base64" => return Some(Secret::new(Zeroizing::new(STANDARD.encode(bytes)).as_bytes())),
        "base64-decode" => {
            let plain: Vec<u8> = bytes
                .iter()
                .filter(|&&byte| byte != b'=')
                .map(|&byte| match byte {
                    b'+' => b'-',
                    b'/' => b'_',
                    other => other,
                })
                .collect();
            return Some(Secret::new(&Zeroizing::new(LENIENT.decode(Zeroizing::new(plain)).ok()?)));
        }
        "hex-decode" => {
            let plain = data_encoding::HEXLOWER_PERMISSIVE.decode(bytes).ok()?;
            return Some(Secret::new(&Zeroizing::new(plain)));
        }
        "lower" => return Some(Secret::new(&Zeroizing::new(bytes.to_ascii_lowercase()))),
        "plus" => {
            let number: i64 = std::str::from_utf8(bytes).ok()?.parse().ok()?;
            let sum = number.checked_add(argument.parse().ok()?)?;
            return Some(Secret::new(sum.to_string().as_bytes()));
        }
        "url-decode" => {
            let plain: Zeroizing<Vec<u8>> = Zeroizing::new(percent_decode(bytes).collect());
            return Some(Secret::new(&plain));
        }
        "json" => {
            let json: serde_json::Value = serde_json::from_slice(bytes).ok()?;
            return Some(Secret::new(text(json.pointer(argument)?)?.as_bytes()));
        }
        "url" => {
            let text = String::from_utf8_lossy(bytes);
            let written: Zeroizing<String> = Zeroizing::new(utf8_percent_encode(&text, RESERVED).collect());
            return Some(Secret::new(written.as_bytes()));
        }
        "sha256-hex" => {
            let digest = Sha256::digest(bytes);
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            return Some(Secret::new(hex.as_bytes()));
        }
        "sha256-base64" => return Some(Secret::new(STANDARD.encode(Sha256::digest(bytes)).as_bytes())),
        // The line of a public key, as `ssh-keygen -l` names it.
        "ssh-fingerprint" => {
            let blob = STANDARD.decode(bytes.split(|&byte| byte == b' ').nth(1)?).ok()?;
            let digest = STANDARD_NO_PAD.encode(Sha256::digest(blob));
            return Some(Secret::new(format!("SHA256:{digest}").as_bytes()));
        }
        "sha256-base64url" => {
            return Some(Secret::new(URL_SAFE_NO_PAD.encode(Sha256::digest(bytes)).as_bytes()));
        }
        _ => return None,
    };
    Some(Secret::new(part))
}

fn inside_of_string(text: &str) -> Zeroizing<String> {
    let quoted = Zeroizing::new(serde_json::Value::from(text).to_string());
    Zeroizing::new(quoted[1..quoted.len() - 1].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled() {
        let values = Values::default()
            .with("secret", b"SG.id-1.se/cr\"et")
            .with("doc", b"eyJuIjp7ImlkIjo3fX0")
            .with("way", b"a/b c")
            .with("escaped", b"p%40ss%2Fw+%zz")
            .with("hex", b"48c3")
            .with("date", b"Sun, 06 Nov 1994 08:49:37 GMT")
            .with("time", b"784111777")
            .with_batch(vec![Secret::new(b"a"), Secret::new(b"b\"c")]);
        for (template, written, expected) in [
            ("Bearer {secret|split:.:1}", Written::Plain, "Bearer id-1"),
            ("https://x/{secret|after:SG.}?q", Written::Url, "https://x/id-1.se%2Fcr%22et?q"),
            (r#"{"a":"{secret}"}"#, Written::Json, r#"{"a":"SG.id-1.se/cr\"et"}"#),
            (r#"{"credentials":{secrets}}"#, Written::Json, r#"{"credentials":["a","b\"c"]}"#),
            ("{secret|first:2}{secret|last:2}", Written::Plain, "SGet"),
            ("{secret|before:.|base64}", Written::Plain, "U0c="),
            ("{secret|before:.|base64|base64-decode|url}", Written::Plain, "SG"),
            ("{doc|base64-decode|json:/n/id}", Written::Plain, "7"),
            ("{escaped|url-decode}", Written::Plain, "p@ss/w+%zz"),
            ("{hex|hex-decode|base64}", Written::Plain, "SMM="),
            ("{date|lower}", Written::Plain, "sun, 06 nov 1994 08:49:37 gmt"),
            ("{time|plus:300} {time|plus:-60}", Written::Plain, "784112077 784111717"),
            ("https://x/{way|path}/{way}", Written::Url, "https://x/a/b%20c/a%2Fb%20c"),
        ] {
            let filled = values
                .fill(template, written)
                .map(|filled| String::from_utf8_lossy(filled.expose()).into_owned());
            assert_eq!(filled.as_deref(), Ok(expected), "{template}");
        }
        for missing in [
            "{other}",
            "{way|hex-decode}",
            "{way|plus:1}",
            "{secret|split:.:9}",
            "{secret|after:nothing}",
            "{secret|last:99}",
        ] {
            assert!(values.fill(missing, Written::Plain).is_err(), "{missing}");
        }
    }
}
