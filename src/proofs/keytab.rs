//! Keytabs of Kerberos: the keys of principals, of which the first is told.
//!
//! Source: the description of the format in MIT's documentation, "keytab file format".

use super::{Outcome, Proof};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "keytab",
    summary: "an entry of a keytab is as long as it says; tells its principal and the sort of its key",
    check: |subject| entry(subject.matched).map_or(Outcome::Wrong, Outcome::Right),
    forge: |_, _, random| forge(random),
};

/// Version 2, whose numbers have their highest byte first.
const MAGIC: &[u8] = &[5, 2];

/// Ciphers and the length of their keys in bytes (RFC 3962, RFC 4757, RFC 8009, RFC 3961, RFC 6803).
const CIPHERS: &[(u16, usize, &str)] = &[
    (1, 8, "DES-CBC"),
    (3, 8, "DES-CBC"),
    (16, 24, "DES3-CBC"),
    (17, 16, "AES-128"),
    (18, 32, "AES-256"),
    (19, 16, "AES-128 (SHA-256)"),
    (20, 32, "AES-256 (SHA-384)"),
    (23, 16, "RC4"),
    (25, 16, "Camellia-128"),
    (26, 32, "Camellia-256"),
];

/// Most names in a principal.
const NAMES: u16 = 8;

/// What the first entry says.
fn entry(bytes: &[u8]) -> Option<Evidence> {
    let mut file = Fields(bytes.strip_prefix(MAGIC)?);
    let size = u32::from_be_bytes(file.take(4)?.try_into().ok()?);
    let mut fields = Fields(file.take(size as usize)?);
    let count = fields.number().filter(|count| (1..=NAMES).contains(count))?;
    let realm = fields.text()?;
    let names: Vec<&str> = (0..count).map(|_| fields.text()).collect::<Option<_>>()?;
    // The type of the name, the time, and one byte of the key's version.
    fields.take(4 + 4 + 1)?;
    let cipher = fields.number()?;
    let length = fields.number()?;
    let key = fields.take(length.into())?;
    let (.., cipher) =
        CIPHERS.iter().find(|(number, length, _)| *number == cipher && *length == key.len())?;
    // The whole version may follow, and flags.
    (fields.0.len() <= 8).then(|| {
        let principal = format!("{}@{realm}", names.join("/"));
        Evidence::of(ProofLevel::Structure).with("principal", principal).with("algorithm", *cipher)
    })
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    /// A name that people can read.
    fn text(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        let text = std::str::from_utf8(self.take(length.into())?).ok()?;
        (!text.is_empty() && !text.contains(char::is_control)).then_some(text)
    }
}

/// One entry, of bytes below 128 alone, so that it is a text as well.
fn forge(random: &mut fastrand::Rng) -> String {
    let text = |text: &str| format!("\0{}{text}", char::from(text.len() as u8));
    let key: String = std::iter::repeat_with(|| random.alphanumeric()).take(32).collect();
    let entry = [
        "\0\u{2}",
        &text("ACME.CORP"),
        &text("HTTP"),
        &text("web.acme.corp"),
        "\0\0\0\u{1}",
        "ezgt",
        "\u{2}",
        "\0\u{12}",
        "\0\u{20}",
        &key,
    ]
    .concat();
    format!("\u{5}\u{2}\0\0\0{}{entry}", char::from(entry.len() as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_tells_its_principal_and_a_cut_one_nothing() {
        let file = forge(&mut fastrand::Rng::with_seed(1));
        let evidence = entry(file.as_bytes()).unwrap();
        let facts: Vec<(&str, &str)> =
            evidence.facts.iter().map(|fact| (fact.label, &fact.text[..])).collect();
        assert_eq!(facts, [("principal", "HTTP/web.acme.corp@ACME.CORP"), ("algorithm", "AES-256")]);
        for length in 0..file.len() {
            assert_eq!(entry(&file.as_bytes()[..length]), None, "{length}");
        }
        assert_eq!(entry(file.replace('\u{12}', "\u{11}").as_bytes()), None);
    }
}
