//! Key files of PuTTY, versions 2 and 3.
//!
//! Source: appendix C of the PuTTY manual ("PPK file format").

use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::key::Key;
use super::plain::plain;
use super::{forge, pem, ssh};
use crate::proofs::{Outcome, Proof};

pub(in crate::proofs) const PROOF: Proof = Proof {
    name: "ppk",
    summary: "the parts of a PuTTY key are whole; without a passphrase the MAC over them is right",
    check: |subject| key(subject.value).map_or(Outcome::Wrong, Key::outcome),
    forge: |_, argument, random| forge::ppk(argument, random),
};

const NO_CIPHER: &str = "none";

/// What a file says, the two blobs decoded.
struct File<'a> {
    version: u8,
    algorithm: &'a str,
    cipher: &'a str,
    comment: &'a str,
    derivation: Option<&'a str>,
    public: &'a [u8],
    private: &'a [u8],
}

fn key(value: &[u8]) -> Option<Key> {
    let text = zeroize::Zeroizing::new(plain(value, b"Private-MAC"));
    let mut lines = Lines(text.split(|&byte| byte == b'\n'));
    let (version, algorithm) = match lines.next()? {
        ("PuTTY-User-Key-File-2", algorithm) => (2, algorithm),
        ("PuTTY-User-Key-File-3", algorithm) => (3, algorithm),
        _ => return None,
    };
    let cipher = lines.field("Encryption")?;
    let comment = lines.field("Comment")?;
    let public = lines.blob("Public-Lines")?;
    let mut derivation = None;
    let private = loop {
        match lines.next()? {
            ("Private-Lines", count) => break lines.body(count)?,
            ("Key-Derivation", name) => derivation = Some(name),
            _ => {}
        }
    };
    let mac = lines.field("Private-MAC")?;
    let (public, private) = (&public[..], &private[..]);
    File { version, algorithm, cipher, comment, derivation, public, private }.key(mac)
}

impl File<'_> {
    fn key(&self, mac: &str) -> Option<Key> {
        if ssh::kind(self.public)? != self.algorithm.as_bytes() {
            return None;
        }
        let key = ssh::public_key(self.public)?.comment(self.comment.as_bytes());
        if self.cipher == NO_CIPHER {
            return (self.mac() == mac).then(|| key.proven());
        }
        let derivation = self.derivation.unwrap_or("SHA-1");
        let whole = !self.private.is_empty() && self.private.len().is_multiple_of(16);
        whole.then(|| key.encrypted(format!("{}, {derivation}", self.cipher)))
    }

    /// The MAC of a file without passphrase, in hex.
    fn mac(&self) -> String {
        let covered = ssh::strings(&[
            self.algorithm.as_bytes(),
            self.cipher.as_bytes(),
            self.comment.as_bytes(),
            self.public,
            self.private,
        ]);
        if self.version == 2 {
            hex(&mac::<Hmac<Sha1>>(&Sha1::digest(b"putty-private-key-file-mac-key"), &covered))
        } else {
            hex(&mac::<Hmac<Sha256>>(b"", &covered))
        }
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], covered: &[u8]) -> Vec<u8> {
    // A key of any length is right for an HMAC.
    M::new_from_slice(key)
        .map_or_else(|_| vec![], |mac| mac.chain_update(covered).finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What stands around the lines of a file where they are string literals of a program.
const AROUND: [char; 9] = ['"', '\'', ',', '+', '\\', ';', ' ', '\t', '\r'];

fn holds_something(line: &&[u8]) -> bool {
    line.iter().any(|&byte| !AROUND.contains(&char::from(byte)))
}

/// The lines of a file, one after another.
struct Lines<'a, I: Iterator<Item = &'a [u8]>>(I);

impl<'a, I: Iterator<Item = &'a [u8]>> Lines<'a, I> {
    /// Name and value of the next line that holds something, less the quotes around it.
    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let line = self.0.by_ref().find(holds_something)?;
        let line = std::str::from_utf8(line).ok()?;
        line.trim_matches(AROUND).split_once(": ")
    }

    fn field(&mut self, name: &str) -> Option<&'a str> {
        self.next().filter(|(found, _)| *found == name).map(|(_, value)| value)
    }

    fn blob(&mut self, name: &str) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        let count = self.field(name)?;
        self.body(count)
    }

    /// As many lines of base64 as `count` says.
    fn body(&mut self, count: &str) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        let lines: Vec<&[u8]> = self.0.by_ref().filter(holds_something).take(count.parse().ok()?).collect();
        pem::decode(&lines.join(&b'\n'))
    }
}

/// A file without passphrase, for templates.
pub(super) fn file(version: u8, algorithm: &str, public: &[u8], private: &[u8]) -> String {
    let (cipher, comment) = (NO_CIPHER, "somebody@somewhere");
    let file = File { version, algorithm, cipher, comment, derivation: None, public, private };
    let blob = |name: &str, bytes: &[u8]| {
        let lines = forge::lines(bytes, 64);
        format!("{name}-Lines: {}\n{}\n", lines.len(), lines.join("\n"))
    };
    format!(
        "PuTTY-User-Key-File-{version}: {algorithm}\nEncryption: {cipher}\nComment: {comment}\n{}{}Private-MAC: {}",
        blob("Public", public),
        blob("Private", private),
        file.mac()
    )
}
