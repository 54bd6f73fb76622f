//! PKCS#12 files: whether they hold a private key, and whether a password opens them that everybody knows.
//!
//! Source: RFC 7292, its appendix B for how the key of the MAC follows from the password. Java and Windows write
//! BER with lengths left open, which is read as well.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use hmac::{Hmac, KeyInit, Mac as _};
use sha1::Sha1;
use sha2::digest::{Digest, Output};
use sha2::{Sha256, Sha384, Sha512};

use super::der;
use super::keystore::{KNOWN_PASSWORDS, LOCKED, OPEN, binary};
use crate::model::{Evidence, ProofLevel};
use crate::proofs::text::random_bytes;
use crate::proofs::{Outcome, Proof, text};

pub(in crate::proofs) const PROOF: Proof = Proof {
    name: "pkcs12",
    summary: "a PKCS#12 file with a private key in it; by its MAC a well-known password opens it",
    check: |subject| check(&binary(subject, &[&[der::SEQUENCE]])),
    forge: |_, argument, random| STANDARD.encode(forge(argument, random)),
};

const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];

/// What a key lies in, as it is (1) or encrypted (2): 1.2.840.113549.1.12.10.1.
const BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01];
const KEY: u8 = 1;
const SHROUDED_KEY: u8 = 2;

const SHA1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];

/// How many rounds of a hash may be spent on one file: a fraction of a second.
const WORK: u32 = 400_000;

/// How deep lengths may be left open.
const DEPTH: usize = 16;

const CONSTRUCTED: u8 = 0x20;
const CONTEXT: u8 = 0xa0;

fn check(bytes: &[u8]) -> Outcome {
    let holds = |kind: u8| memchr::memmem::find(bytes, &[BAG, &[kind]].concat()).is_some();
    let encrypted = match Reader(bytes).take(der::SEQUENCE) {
        _ if holds(KEY) => None,
        // What has no key bag in sight is a list of certificates.
        _ if !holds(SHROUDED_KEY) => return Outcome::Wrong,
        Some(file) if file.starts_with(&[der::INTEGER, 1, 3]) => Some(opened(file)),
        Some(_) => return Outcome::Wrong,
        // It is longer than what is looked at.
        None => Some(None),
    };
    Outcome::Right(match encrypted {
        None => Evidence::of(ProofLevel::Structure),
        Some(Some(_)) => Evidence::of(ProofLevel::Checksum).with("encrypted", OPEN),
        Some(None) => Evidence::of(ProofLevel::Decoded).with("encrypted", LOCKED),
    })
}

/// What says that content and password belong together.
struct Mac<'a> {
    algorithm: &'a [u8],
    digest: &'a [u8],
    salt: &'a [u8],
    rounds: u32,
    content: Vec<u8>,
}

/// The well-known password that opens the file.
fn opened(file: &[u8]) -> Option<&'static str> {
    let mac = mac(file)?;
    let tries = (WORK / mac.rounds.max(1)) as usize;
    KNOWN_PASSWORDS.iter().take(tries).find(|password| mac.is_of(password)).copied()
}

fn mac(file: &[u8]) -> Option<Mac<'_>> {
    let mut fields = Reader(file);
    fields.take(der::INTEGER)?;
    let mut safe = Reader(fields.take(der::SEQUENCE)?);
    safe.take(der::OBJECT).filter(|object| *object == DATA)?;
    let content = Reader(safe.take(CONTEXT)?).octets()?;
    let mut data = Reader(fields.take(der::SEQUENCE)?);
    let mut info = Reader(data.take(der::SEQUENCE)?);
    let algorithm = Reader(info.take(der::SEQUENCE)?).take(der::OBJECT)?;
    let digest = info.take(der::OCTET_STRING)?;
    let salt = data.take(der::OCTET_STRING)?;
    let rounds = data.take(der::INTEGER).map_or(Some(1), |rounds| match der::unsigned(rounds) {
        digits if digits.len() <= 4 => {
            Some(digits.iter().fold(0, |number, &digit| number << 8 | u32::from(digit)))
        }
        _ => None,
    })?;
    Some(Mac { algorithm, digest, salt, rounds, content })
}

impl Mac<'_> {
    fn is_of(&self, password: &str) -> bool {
        let text = bmp_string(password);
        // Some write no password at all where others write an empty one.
        let nothing: &[&[u8]] = if password.is_empty() { &[&[]] } else { &[] };
        nothing.iter().copied().chain([&text[..]]).any(|password| match self.algorithm {
            SHA1 => self.matches::<Sha1, Hmac<Sha1>>(64, password),
            SHA256 => self.matches::<Sha256, Hmac<Sha256>>(64, password),
            SHA384 => self.matches::<Sha384, Hmac<Sha384>>(128, password),
            SHA512 => self.matches::<Sha512, Hmac<Sha512>>(128, password),
            _ => false,
        })
    }

    fn matches<D: Digest, M: hmac::Mac + KeyInit>(&self, block: usize, password: &[u8]) -> bool {
        let key = derive::<D>(block, password, self.salt, self.rounds);
        let code = M::new_from_slice(&key).map(|mac| mac.chain_update(&self.content).finalize().into_bytes());
        code.is_ok_and(|code| code[..] == *self.digest)
    }
}

/// A password as it is hashed: UTF-16, highest byte first, with a zero behind it (RFC 7292, appendix B.1).
fn bmp_string(password: &str) -> Vec<u8> {
    password.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect()
}

/// The key of a MAC (RFC 7292, appendix B.2, purpose 3): as long as one hash, so that the first round is all.
fn derive<D: Digest>(block: usize, password: &[u8], salt: &[u8], rounds: u32) -> Output<D> {
    const PURPOSE: u8 = 3;
    let filled = |text: &[u8]| -> Vec<u8> {
        text.iter().copied().cycle().take(text.len().div_ceil(block) * block).collect()
    };
    let start = [vec![PURPOSE; block], filled(salt), filled(password)].concat();
    (1..rounds).fold(D::digest(start), |hash, _| D::digest(hash))
}

/// Elements of BER one after another.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The content of the next element, if it bears this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (_, content, rest) = element(self.0, DEPTH).filter(|(found, ..)| *found == tag)?;
        self.0 = rest;
        Some(content)
    }

    /// The next element, a string of bytes in one piece or several.
    fn octets(self) -> Option<Vec<u8>> {
        let (tag, content, _) = element(self.0, DEPTH)?;
        if tag == der::OCTET_STRING {
            return Some(content.to_vec());
        }
        let mut pieces = vec![];
        let mut inner = Reader(content);
        while tag == der::OCTET_STRING | CONSTRUCTED && !inner.0.is_empty() {
            pieces.extend(inner.take(der::OCTET_STRING)?);
        }
        (tag == der::OCTET_STRING | CONSTRUCTED).then_some(pieces)
    }
}

/// Tag and content of the first element, and what follows it.
fn element(bytes: &[u8], depth: usize) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk()?;
    if length == 0x80 {
        let mut at = rest;
        loop {
            if let Some(after) = at.strip_prefix(&[0, 0]) {
                return Some((tag, &rest[..rest.len() - at.len()], after));
            }
            at = element(at, depth.checked_sub(1)?)?.2;
        }
    }
    let mut whole = der::Reader::of(bytes);
    let (_, content) = whole.any()?;
    Some((tag, content, whole.rest()))
}

/// A file with one key; `locked` by a password that nobody knows, `certificates` without a key.
fn forge(argument: &str, random: &mut Rng) -> Vec<u8> {
    let scheme =
        der::sequence(&[der::element(der::OBJECT, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d])]);
    let key = der::sequence(&[scheme, der::element(der::OCTET_STRING, &random_bytes(random, 400))]);
    let kind = if argument == "certificates" { 3 } else { SHROUDED_KEY };
    let bag =
        der::sequence(&[der::element(der::OBJECT, &[BAG, &[kind]].concat()), der::element(CONTEXT, &key)]);
    let data = |content: &[u8]| {
        let inner = der::element(CONTEXT, &der::element(der::OCTET_STRING, content));
        der::sequence(&[der::element(der::OBJECT, DATA), inner])
    };
    let content = der::sequence(&[data(&der::sequence(&[bag]))]);
    let password = if argument == "locked" { text::random_text(random, 20) } else { "changeit".to_owned() };
    let password = bmp_string(&password);
    let (salt, rounds) = (random_bytes(random, 8), 2048);
    let key = derive::<Sha256>(64, &password, &salt, rounds);
    let code =
        Hmac::<Sha256>::new_from_slice(&key).map(|mac| mac.chain_update(&content).finalize().into_bytes());
    let algorithm = der::sequence(&[der::element(der::OBJECT, SHA256), der::element(der::NULL, &[])]);
    let digest = der::element(der::OCTET_STRING, &code.unwrap_or_default());
    let mac = der::sequence(&[
        der::sequence(&[algorithm, digest]),
        der::element(der::OCTET_STRING, &salt),
        der::integer(&rounds.to_be_bytes()),
    ]);
    der::sequence(&[der::integer(&[3]), data(&content), mac])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proofs::Subject;

    fn check(bytes: &[u8]) -> Outcome {
        (PROOF.check)(Subject { value: &bytes[..bytes.len().min(200)], prefix: b"", matched: bytes })
    }

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXUPPER.decode(text.as_bytes()).unwrap()
    }

    /// The test vectors of S. Henson for the key derivation, as OpenSSL and Bouncy Castle have them.
    #[test]
    fn keys_of_macs_are_those_of_the_published_vectors() {
        for (password, salt, rounds, key) in [
            ("smeg", "3D83C0E4546AC140", 1, "8D967D88F6CAA9D714800AB3D48051D63F73A312"),
            ("queeg", "263216FCC2FAB31C", 1000, "5EC4C7A80DF652294C3925B6489A7AB857C83476"),
        ] {
            let derived = derive::<Sha1>(64, &bmp_string(password), &hex(salt), rounds);
            assert_eq!(derived[..], hex(key)[..]);
        }
    }

    #[test]
    fn files_tell_what_opens_them() {
        let mut random = Rng::with_seed(7);
        let open = forge("", &mut random);
        let told = |level, encrypted| Outcome::Right(Evidence::of(level).with("encrypted", encrypted));
        assert_eq!(check(&open), told(ProofLevel::Checksum, OPEN));
        assert_eq!(check(&[&open[..], b"more"].concat()), told(ProofLevel::Checksum, OPEN));
        assert_eq!(check(&forge("locked", &mut random)), told(ProofLevel::Decoded, LOCKED));
        assert_eq!(check(&open[..open.len() - 1]), told(ProofLevel::Decoded, LOCKED));
        for bytes in [&forge("certificates", &mut random)[..], &open[..40], b"0", b""] {
            assert_eq!(check(bytes), Outcome::Wrong);
        }
    }

    #[test]
    fn lengths_may_be_left_open() {
        let mut random = Rng::with_seed(8);
        let der = forge("", &mut random);
        let mut fields = Reader(&der);
        let mut file = Reader(fields.take(der::SEQUENCE).unwrap());
        file.take(der::INTEGER);
        let mut safe = Reader(file.take(der::SEQUENCE).unwrap());
        safe.take(der::OBJECT);
        let content = Reader(safe.take(CONTEXT).unwrap()).octets().unwrap();
        let (one, two) = content.split_at(content.len() / 2);
        let open = |tag: u8, inner: &[Vec<u8>]| [&[tag, 0x80], &inner.concat()[..], &[0, 0]].concat();
        let pieces = [one, two].map(|piece| der::element(der::OCTET_STRING, piece));
        let string = open(der::OCTET_STRING | CONSTRUCTED, &pieces);
        let safe = open(der::SEQUENCE, &[der::element(der::OBJECT, DATA), open(CONTEXT, &[string])]);
        let bytes = open(der::SEQUENCE, &[der::integer(&[3]), safe, file.0.to_vec()]);
        let Outcome::Right(evidence) = check(&bytes) else { panic!("{:?}", check(&bytes)) };
        assert_eq!(evidence.level, ProofLevel::Checksum);
    }
}
