//! Key stores of Java, JKS and JCEKS: whether they hold a private key, and whether a password opens them that
//! everybody knows.
//!
//! Source: `JavaKeyStore.java` and `JceKeyStore.java` in OpenJDK. A digest over the password, the words "Mighty
//! Aphrodite" and all that comes before it ends the file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use sha1::{Digest as _, Sha1};

use super::plain::{base64_of, plain};
use crate::model::{Evidence, ProofLevel};
use crate::proofs::text::random_bytes;
use crate::proofs::{Outcome, Proof, Subject, text};

pub(in crate::proofs) const PROOF: Proof = Proof {
    name: "jks",
    summary: "the entries of a Java key store, of which one is a key; a well-known password opens it",
    check: |subject| read(&binary(subject, &[MAGIC_JKS, MAGIC_JCEKS])).map_or(Outcome::Wrong, Store::outcome),
    forge: |_, argument, random| STANDARD.encode(forge(argument, random)),
};

/// Passwords that tools set, manuals show and everybody tries first.
pub(super) const KNOWN_PASSWORDS: &[&str] = &[
    "changeit",
    "",
    "password",
    "android",
    "123456",
    "changeme",
    "secret",
    "test",
    "storepass",
    "keystore",
    "keypass",
    "password123",
    "admin",
    "1234",
    "12345678",
    "keystorepassword",
    "passw0rd",
    "default",
];

/// What is told of a file that one of them opens, and of any other.
pub(super) const OPEN: &str = "by a password that everybody knows";
pub(super) const LOCKED: &str = "by a password";

const MAGIC_JKS: &[u8] = &[0xfe, 0xed, 0xfe, 0xed];
const MAGIC_JCEKS: &[u8] = &[0xce, 0xce, 0xce, 0xce];

/// The alias of the key that Android's tools make for every machine.
const ANDROID_ALIAS: &str = "androiddebugkey";

/// Longest alias that is told, in bytes.
const ALIAS: usize = 80;

/// What was read from a store.
struct Store {
    /// The names of its keys.
    keys: Vec<String>,
    opened_by: Option<&'static str>,
}

impl Store {
    /// A store without keys holds what others may see: whom its owner trusts.
    fn outcome(self) -> Outcome {
        let Some(first) = self.keys.first() else { return Outcome::Wrong };
        if self.keys.iter().all(|alias| alias == ANDROID_ALIAS) && self.opened_by == Some("android") {
            return Outcome::Public("a debug key of Android's tools");
        }
        let (level, encrypted) = match self.opened_by {
            Some(_) => (ProofLevel::Checksum, OPEN),
            None => (ProofLevel::Decoded, LOCKED),
        };
        let evidence = Evidence::of(level).with("encrypted", encrypted);
        let shown = !first.is_empty() && first.len() <= ALIAS && !first.contains(char::is_control);
        Outcome::Right(if shown { evidence.with("alias", first) } else { evidence })
    }
}

/// The bytes of a file: where the match begins as such files do, all of it, otherwise the secret in base64.
pub(super) fn binary(subject: Subject<'_>, magics: &[&[u8]]) -> Vec<u8> {
    if magics.iter().any(|magic| subject.matched.starts_with(magic)) {
        return subject.matched.to_vec();
    }
    let decoded = base64_of(&plain(subject.value, b"=")).and_then(|text| text::base64(&text));
    decoded.filter(|bytes| magics.iter().any(|magic| bytes.starts_with(magic))).unwrap_or_default()
}

/// `None` where the bytes contradict themselves; what is cut is told as far as it goes.
fn read(bytes: &[u8]) -> Option<Store> {
    let mut fields = Fields(bytes);
    let magic = fields.take(4)?;
    let version = fields.number()?;
    if ![MAGIC_JKS, MAGIC_JCEKS].contains(&magic) || !(1..=2).contains(&version) {
        return None;
    }
    let count = fields.number()?;
    let mut keys = vec![];
    for _ in 0..count {
        match fields.entry(version) {
            Entry::Key(alias) => keys.push(alias),
            Entry::Certificate => {}
            Entry::Sealed(alias) => {
                keys.push(alias);
                return Some(Store { keys, opened_by: None });
            }
            Entry::Cut if fields.0.is_empty() => return Some(Store { keys, opened_by: None }),
            Entry::Cut => return None,
        }
    }
    let content = &bytes[..bytes.len() - fields.0.len()];
    let digest = fields.take(20);
    let opened_by =
        KNOWN_PASSWORDS.iter().find(|password| digest == Some(&digest_of(password, content)[..])).copied();
    Some(Store { keys, opened_by })
}

fn digest_of(password: &str, content: &[u8]) -> [u8; 20] {
    let password: Vec<u8> = password.encode_utf16().flat_map(u16::to_be_bytes).collect();
    Sha1::new()
        .chain_update(password)
        .chain_update("Mighty Aphrodite")
        .chain_update(content)
        .finalize()
        .into()
}

enum Entry {
    Key(String),
    Certificate,
    /// A serialized object, whose end is not known.
    Sealed(String),
    Cut,
}

/// What is left of a store. What leads past its end empties it.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.0.split_at_checked(count);
        self.0 = taken.map_or(&[], |(_, rest)| rest);
        taken.map(|(taken, _)| taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// A text after its length in two bytes.
    fn text(&mut self) -> Option<String> {
        let length = self.take(2)?.try_into().ok().map(u16::from_be_bytes)?;
        self.take(length.into()).map(|text| String::from_utf8_lossy(text).into_owned())
    }

    /// Bytes after their length in four.
    fn blob(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length as usize)
    }

    fn entry(&mut self, version: u32) -> Entry {
        self.whole_entry(version).unwrap_or(Entry::Cut)
    }

    fn whole_entry(&mut self, version: u32) -> Option<Entry> {
        let tag = self.number()?;
        if !(1..=3).contains(&tag) {
            return None;
        }
        let alias = self.text()?;
        self.take(8)?;
        match tag {
            1 => {
                self.blob()?;
                for _ in 0..self.number()? {
                    self.certificate(version)?;
                }
                Some(Entry::Key(alias))
            }
            2 => self.certificate(version).map(|()| Entry::Certificate),
            _ => Some(Entry::Sealed(alias)),
        }
    }

    fn certificate(&mut self, version: u32) -> Option<()> {
        if version == 2 {
            self.text()?;
        }
        self.blob().map(|_| ())
    }
}

/// A store with one key; `locked` by a password that nobody knows, `trust` with a certificate alone.
fn forge(argument: &str, random: &mut Rng) -> Vec<u8> {
    let blob = |content: &[u8]| [&(content.len() as u32).to_be_bytes(), content].concat();
    let text = |text: &str| [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat();
    let moment = (1_700_000_000_000 + random.u64(..100_000_000_000)).to_be_bytes().to_vec();
    let certificate = [text("X.509"), blob(&random_bytes(random, 200))].concat();
    let entry = if argument == "trust" {
        [vec![0, 0, 0, 2], text("acme"), moment, certificate].concat()
    } else {
        [
            vec![0, 0, 0, 1],
            text("acme"),
            moment,
            blob(&random_bytes(random, 300)),
            vec![0, 0, 0, 1],
            certificate,
        ]
        .concat()
    };
    let content = [MAGIC_JKS, &[0, 0, 0, 2, 0, 0, 0, 1], &entry].concat();
    let password = if argument == "locked" { text::random_text(random, 20) } else { "changeit".to_owned() };
    [&content[..], &digest_of(&password, &content)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8]) -> Outcome {
        (PROOF.check)(Subject { value: &bytes[..bytes.len().min(200)], prefix: b"", matched: bytes })
    }

    fn level(outcome: &Outcome) -> Option<ProofLevel> {
        if let Outcome::Right(evidence) = outcome { Some(evidence.level) } else { None }
    }

    #[test]
    fn stores_tell_what_opens_them() {
        let mut random = Rng::with_seed(5);
        let open = forge("", &mut random);
        let told = Evidence::of(ProofLevel::Checksum).with("encrypted", OPEN).with("alias", "acme");
        assert_eq!(check(&open), Outcome::Right(told));
        assert_eq!(level(&check(&[&open[..], b"more"].concat())), Some(ProofLevel::Checksum));
        assert_eq!(level(&check(&forge("locked", &mut random))), Some(ProofLevel::Decoded));
        assert_eq!(level(&check(&open[..open.len() - 1])), Some(ProofLevel::Decoded));
        let cut_in_the_key = check(&open[..120]);
        for outcome in
            [check(&forge("trust", &mut random)), cut_in_the_key, check(b"\xfe\xed\xfe\xed"), check(b"")]
        {
            assert_eq!(outcome, Outcome::Wrong);
        }
    }

    #[test]
    fn what_contradicts_itself_is_none() {
        let mut random = Rng::with_seed(6);
        let mut bytes = forge("", &mut random);
        bytes[15] = 9;
        assert_eq!(check(&bytes), Outcome::Wrong);
    }
}
