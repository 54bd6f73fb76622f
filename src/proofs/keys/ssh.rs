//! Keys in the form of SSH: `string`s with their length before them (RFC 4251), and the file of OpenSSH.
//!
//! Source: `PROTOCOL.key` of OpenSSH.

use super::curve::CURVES;
use super::der::unsigned;
use super::key::{Key, Public, Rsa, is_random};

const MAGIC: &[u8] = b"openssh-key-v1\0";

/// How files of SSH.com begin (`SSH_COM_PRIVATE_KEY_MAGIC` in OpenSSH).
const COMMERCIAL: &[u8] = &[0x3f, 0x6f, 0xf9, 0xeb];

/// Values one after another.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.number()? as usize;
        let (string, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }

    /// A number of any size, without leading zeros.
    pub(super) fn integer(&mut self) -> Option<&'a [u8]> {
        self.string().map(unsigned)
    }
}

/// Strings one after another, as SSH writes them.
pub(super) fn strings(strings: &[&[u8]]) -> Vec<u8> {
    strings.iter().flat_map(|string| [&(string.len() as u32).to_be_bytes(), *string].concat()).collect()
}

/// Whether these bytes are a file of OpenSSH.
pub(super) fn is_openssh(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The key in a file of OpenSSH; `None` where it is cut or contradicts itself.
pub(super) fn openssh(bytes: &[u8]) -> Option<Key> {
    let mut file = Reader(bytes.strip_prefix(MAGIC)?);
    let (cipher, kdf, options) = (file.string()?, file.string()?, file.string()?);
    let keys = file.number()?;
    let public = file.string()?;
    // More than one key has never been written; what the first says is said of the file.
    for _ in 1..keys {
        file.string()?;
    }
    let private = file.string()?;
    if private.is_empty() || private.len() % block(cipher) != 0 {
        return None;
    }
    if cipher == b"none" {
        return unencrypted(public, private);
    }
    let mut options = Reader(options);
    let rounds = options.string().and_then(|_| options.number())?;
    let how =
        format!("{}, {} with {rounds} rounds", String::from_utf8_lossy(cipher), String::from_utf8_lossy(kdf));
    Some(public_key(public)?.encrypted(how))
}

/// Size of the blocks that a cipher of OpenSSH writes; 8 is the least, which `none` and ChaCha20 use.
fn block(cipher: &[u8]) -> usize {
    if cipher.starts_with(b"aes") || cipher.starts_with(b"rijndael") { 16 } else { 8 }
}

fn unencrypted(public: &[u8], private: &[u8]) -> Option<Key> {
    let mut section = Reader(private);
    let kind = kind(public)?;
    if section.number()? != section.number()? || section.string()? != kind {
        return None;
    }
    let key = private_key(kind, &mut section)?;
    let comment = section.string()?;
    let padded = section.0.iter().zip(1..).all(|(&byte, place)| byte == place);
    let same = key.public.as_ref().is_none_or(|own| own.ssh.as_deref() == Some(public));
    (padded && same).then(|| key.comment(comment))
}

/// The name of the algorithm in a public blob.
pub(super) fn kind(blob: &[u8]) -> Option<&[u8]> {
    Reader(blob).string()
}

/// The key of a public blob, for what is encrypted.
pub(super) fn public_key(blob: &[u8]) -> Option<Key> {
    let mut blob = Reader(blob);
    let kind = blob.string()?;
    Some(match kind {
        b"ssh-rsa" => {
            let (exponent, modulus) = (blob.integer()?, blob.integer()?);
            Key::of_public(Public::rsa(modulus, exponent))
        }
        b"ssh-dss" => {
            let [p, q, g, y] = [blob.integer()?, blob.integer()?, blob.integer()?, blob.integer()?];
            Key::of_public(Public::dsa(p, q, g, y))
        }
        b"ssh-ed25519" => Key::of_public(Public::ed25519(blob.string()?.try_into().ok()?)),
        _ => match ecdsa(kind) {
            Some(curve) => {
                blob.string()?;
                Key::of_public(Public::ec(curve, &(curve.uncompressed)(blob.string()?)?))
            }
            None => Key::named(String::from_utf8_lossy(kind)),
        },
    })
}

/// The private part of a key and what its public half follows from.
fn private_key(kind: &[u8], section: &mut Reader<'_>) -> Option<Key> {
    Some(match kind {
        b"ssh-rsa" => {
            let [modulus, exponent] = [section.integer()?, section.integer()?];
            let [_, _, p, q] =
                [section.integer()?, section.integer()?, section.integer()?, section.integer()?];
            Rsa { modulus, exponent, p, q }.key()?
        }
        b"ssh-dss" => {
            let [p, q, g, y] =
                [section.integer()?, section.integer()?, section.integer()?, section.integer()?];
            Key::dsa(p, q, g, y, section.integer()?)?
        }
        b"ssh-ed25519" => {
            let public = section.string()?;
            Key::ed25519(section.string()?.first_chunk()?, Some(public))?
        }
        _ => match ecdsa(kind) {
            Some(curve) => {
                section.string()?;
                let point = section.string()?;
                Key::ec(curve, section.integer()?, Some(point))?
            }
            // Keys of a token (`sk-...`) and algorithms to come: all that stands before the comment is
            // unknown, and so is where the comment begins.
            None => {
                section.0 = &[0; 4];
                Key::named(String::from_utf8_lossy(kind))
            }
        },
    })
}

fn ecdsa(kind: &[u8]) -> Option<&'static super::curve::Curve> {
    let name = kind.strip_prefix(b"ecdsa-sha2-")?;
    CURVES.into_iter().find(|curve| curve.ssh.is_some_and(|ssh| ssh.as_bytes() == name))
}

/// The key in a file of SSH.com, of which neither half is in a form that is known here.
pub(super) fn commercial(bytes: &[u8]) -> Option<Key> {
    let mut file = Reader(bytes.strip_prefix(COMMERCIAL)?);
    let length = file.number()? as usize;
    let (kind, cipher, data) = (file.string()?, file.string()?, file.string()?);
    if length != bytes.len() || !is_random(data) {
        return None;
    }
    let named = |name: &[u8]| memchr::memmem::find(kind, name).is_some();
    let key = Key::named(if named(b"rsa") {
        "RSA"
    } else if named(b"dsa") || named(b"dl-") {
        "DSA"
    } else {
        ""
    });
    Some(if cipher == b"none" { key } else { key.encrypted(String::from_utf8_lossy(cipher).into_owned()) })
}

/// A file of SSH.com around these bytes.
pub(super) fn commercial_file(kind: &str, cipher: &str, data: &[u8]) -> Vec<u8> {
    let content = strings(&[kind.as_bytes(), cipher.as_bytes(), data]);
    let length = (COMMERCIAL.len() + 4 + content.len()) as u32;
    [COMMERCIAL, &length.to_be_bytes(), &content].concat()
}

/// A file of OpenSSH around a public blob and the private section's fields.
pub(super) fn file(public: &[u8], private: &[u8], encryption: Option<(&str, &str, &[u8])>) -> Vec<u8> {
    let (cipher, kdf, options) = encryption.unwrap_or(("none", "none", b""));
    let head = strings(&[cipher.as_bytes(), kdf.as_bytes(), options]);
    [MAGIC, &head, &1u32.to_be_bytes(), &strings(&[public, private])].concat()
}
