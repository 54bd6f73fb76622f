//! OpenPGP private keys (RFC 9580): armour with its checksum, the packets of keys, and their numbers.

use bstr::ByteSlice as _;
use sha1::{Digest, Sha1};

use super::key::{Key, Public, Rsa};
use super::pem;
use super::plain::base64_of;

/// The key in an armoured block, from what stands between its BEGIN and END lines.
pub(super) fn key(inner: &[u8]) -> Option<Key> {
    let (body, sum) = split_sum(pem::after_head(inner))?;
    let bytes = pem::decode(body)?;
    if sum.is_some_and(|sum| sum != crc24(&bytes)) {
        return None;
    }
    of_packets(&bytes)
}

/// The body, and the checksum behind its last `=` where there is one.
fn split_sum(text: &[u8]) -> Option<(&[u8], Option<u32>)> {
    let Some((body, sum)) = text.rsplit_once_str("=") else { return Some((text, None)) };
    let sum = base64_of(sum)?;
    match pem::decode(&sum)?[..] {
        [] => Some((text, None)),
        [a, b, c] => Some((body, Some(u32::from_be_bytes([0, a, b, c])))),
        _ => None,
    }
}

/// CRC-24 as in RFC 9580, section 6.1.1.
pub(super) fn crc24(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0xb7_04ce, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 16, |crc, _| {
            let shifted = crc << 1;
            if shifted & 0x100_0000 == 0 { shifted } else { shifted ^ 0x186_4cfb }
        })
    })
}

/// The first key, with what is to be said of the secrets of all. Keys whose secret part is elsewhere (on a
/// card, or left out) are no secrets.
fn of_packets(bytes: &[u8]) -> Option<Key> {
    const SECRET_KEY: u8 = 5;
    const SECRET_SUBKEY: u8 = 7;
    const USER_ID: u8 = 13;
    let (mut main, mut secrets, mut user) = (None, vec![], None);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (tag, content, after) = packet(rest)?;
        rest = after;
        match tag {
            SECRET_KEY | SECRET_SUBKEY => {
                let (key, secret) = secret_key(content)?;
                main.get_or_insert(key);
                secrets.push(secret);
            }
            // Any other packet before the first key is no key's file.
            _ if main.is_none() => return None,
            USER_ID if user.is_none() => user = Some(content),
            _ => {}
        }
    }
    let key = main?.comment(user.unwrap_or_default());
    if secrets.contains(&Secret::Plain) {
        return Some(key.proven());
    }
    let cipher = secrets.iter().find_map(|secret| match secret {
        Secret::Encrypted(cipher) => Some(*cipher),
        _ => None,
    });
    match cipher {
        Some(cipher) => Some(key.encrypted(cipher.to_owned())),
        None => secrets.contains(&Secret::Unread).then_some(key),
    }
}

/// Tag, content and rest. Lengths in parts are not used for keys.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&head, rest) = bytes.split_first()?;
    let number = |digits: &[u8]| digits.iter().fold(0, |number, &digit| number << 8 | usize::from(digit));
    let (tag, length, rest) = match head {
        0xc0.. => match *rest {
            [first @ ..0xc0, ref rest @ ..] => (head & 0x3f, usize::from(first), rest),
            [first @ 0xc0..0xe0, second, ref rest @ ..] => {
                (head & 0x3f, ((usize::from(first) - 0xc0) << 8) + usize::from(second) + 0xc0, rest)
            }
            [0xff, ref rest @ ..] => {
                let (digits, rest) = rest.split_at_checked(4)?;
                (head & 0x3f, number(digits), rest)
            }
            _ => return None,
        },
        0x80.. if head & 3 < 3 => {
            let (digits, rest) = rest.split_at_checked(1 << (head & 3))?;
            (head >> 2 & 0xf, number(digits), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

/// What became of the secret part of a key.
#[derive(PartialEq)]
enum Secret {
    /// It is there, and its checksum is right.
    Plain,
    /// It is there, in a version of which no checksum is known.
    Unread,
    /// It is encrypted with this cipher.
    Encrypted(&'static str),
    /// It is not here.
    Absent,
}

fn secret_key(content: &[u8]) -> Option<(Key, Secret)> {
    let (&[version, _, _, _, _, algorithm], rest) = content.split_first_chunk()?;
    if !(3..=6).contains(&version) {
        return None;
    }
    if version != 4 {
        // Older and newer keys have more fields before their numbers.
        return Some((Key::named(format!("OpenPGP version {version}")), Secret::Unread));
    }
    let mut fields = Fields(rest);
    let numbers = fields.numbers(public_fields(algorithm)?)?;
    let public = &content[..content.len() - fields.0.len()];
    let key = public_key(algorithm, &numbers)?.fingerprint(fingerprint(public));
    Some((key, fields.secret(algorithm, &numbers)?))
}

/// How the numbers of a key are written.
#[derive(Clone, Copy)]
enum Field {
    /// A number with its length in bits.
    Number,
    /// Bytes with their length in one byte.
    Short,
    /// So many bytes.
    Bytes(usize),
}

fn public_fields(algorithm: u8) -> Option<&'static [Field]> {
    use Field::{Bytes, Number, Short};
    Some(match algorithm {
        1..=3 => &[Number, Number],
        16 => &[Number, Number, Number],
        17 => &[Number, Number, Number, Number],
        18 => &[Short, Number, Short],
        19 | 22 => &[Short, Number],
        25 | 27 => &[Bytes(32)],
        26 => &[Bytes(56)],
        28 => &[Bytes(57)],
        _ => return None,
    })
}

fn secret_fields(algorithm: u8) -> &'static [Field] {
    match algorithm {
        1..=3 => &[Field::Number; 4],
        25 | 27 => &[Field::Bytes(32)],
        26 => &[Field::Bytes(56)],
        28 => &[Field::Bytes(57)],
        _ => &[Field::Number],
    }
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn numbers(&mut self, fields: &[Field]) -> Option<Vec<&'a [u8]>> {
        fields
            .iter()
            .map(|field| match field {
                Field::Number => {
                    let bits = self.take(2)?;
                    self.take(usize::from(u16::from_be_bytes([bits[0], bits[1]])).div_ceil(8))
                }
                Field::Short => {
                    let length = self.take(1)?;
                    self.take(usize::from(length[0]))
                }
                Field::Bytes(length) => self.take(*length),
            })
            .collect()
    }

    /// What follows the public numbers.
    fn secret(&mut self, algorithm: u8, public: &[&[u8]]) -> Option<Secret> {
        const GNU_EXTENSION: u8 = 101;
        let usage = self.take(1)?[0];
        if usage == 0 {
            let before = self.0;
            let numbers = self.numbers(secret_fields(algorithm))?;
            let covered = &before[..before.len() - self.0.len()];
            let sum = covered.iter().fold(0u16, |sum, &byte| sum.wrapping_add(byte.into()));
            let agree = match (public, &numbers[..]) {
                ([modulus, exponent], [_, p, q, _]) => Rsa { modulus, exponent, p, q }.key().is_some(),
                _ => true,
            };
            return (self.0 == sum.to_be_bytes() && agree).then_some(Secret::Plain);
        }
        // How the passphrase becomes a key follows the cipher, unless the byte is the cipher itself.
        let cipher = if usage >= 253 { self.take(1)?[0] } else { usage };
        if usage >= 253 && self.0.first() == Some(&GNU_EXTENSION) {
            return Some(Secret::Absent);
        }
        (self.0.len() >= 16).then_some(Secret::Encrypted(cipher_name(cipher)?))
    }
}

/// RFC 9580, section 9.3.
fn cipher_name(cipher: u8) -> Option<&'static str> {
    Some(match cipher {
        1 => "IDEA",
        2 => "Triple DES",
        3 => "CAST5",
        4 => "Blowfish",
        7 => "AES-128",
        8 => "AES-192",
        9 => "AES-256",
        10 => "Twofish",
        11..=13 => "Camellia",
        _ => return None,
    })
}

fn public_key(algorithm: u8, numbers: &[&[u8]]) -> Option<Key> {
    Some(match (algorithm, numbers) {
        (1..=3, [modulus, exponent]) => Key::of_public(Public::rsa(modulus, exponent)),
        (17, [p, q, g, y]) => Key::of_public(Public::dsa(p, q, g, y)),
        (27, [public]) => Key::of_public(Public::ed25519(public.first_chunk()?)),
        (25, [public]) => Key::of_public(Public::x25519(public.first_chunk()?)),
        // A native point of Ed25519 begins with 0x40.
        (22, [_, [0x40, public @ ..]]) if public.len() == 32 => {
            Key::of_public(Public::ed25519(public.first_chunk()?))
        }
        (16, _) => Key::named("Elgamal"),
        (18, _) => Key::named("ECDH"),
        (19, _) => Key::named("ECDSA"),
        (22, _) => Key::named("EdDSA"),
        (26, _) => Key::named("X448"),
        _ => Key::named("Ed448"),
    })
}

/// The fingerprint of a version 4 key, as `gpg` shows it.
fn fingerprint(public: &[u8]) -> String {
    let length = (public.len() as u16).to_be_bytes();
    let hash = Sha1::new().chain_update([0x99]).chain_update(length).chain_update(public).finalize();
    hash.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Packets of an unencrypted Ed25519 key and its user, for templates.
pub(super) fn packets(public: &[u8; 32], seed: &[u8; 32], created: u32, cipher: Option<u8>) -> Vec<u8> {
    const ED25519: u8 = 27;
    let secret = match cipher {
        None => {
            let sum = seed.iter().fold(0u16, |sum, &byte| sum.wrapping_add(byte.into()));
            [&[0], &seed[..], &sum.to_be_bytes()].concat()
        }
        // Iterated and salted SHA-256; the seed stands for what came of it.
        Some(cipher) => [&[254, cipher, 3, 8], &seed[..8], &[0x60], &seed[..], &public[..]].concat(),
    };
    let key = [&[4], &created.to_be_bytes()[..], &[ED25519], public, &secret].concat();
    let user = b"Somebody <somebody@somewhere.test>";
    [&[0xc5, key.len() as u8], &key[..], &[0xcd, user.len() as u8], user].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // The check value of CRC-24/OPENPGP in the catalogue of parametrised CRC algorithms.
        assert_eq!(crc24(b"123456789"), 0x21_cf02);
    }

    #[test]
    fn lengths_of_packets_are_read_in_every_form() {
        let content = vec![9; 300];
        for (name, head, length) in [
            ("old, one byte", vec![0x94, 5], 5),
            ("old, two bytes", vec![0x95, 1, 0x2c], 300),
            ("old, four bytes", vec![0x96, 0, 0, 1, 0x2c], 300),
            ("new, one byte", vec![0xc5, 5], 5),
            ("new, two bytes", vec![0xc5, 0xc0, 0x6c], 300),
            ("new, five bytes", vec![0xc5, 0xff, 0, 0, 1, 0x2c], 300),
        ] {
            let bytes = [&head[..], &content[..length]].concat();
            assert_eq!(packet(&bytes), Some((5, &content[..length], &[][..])), "{name}");
            assert_eq!(packet(&bytes[..bytes.len() - 1]), None, "{name}, cut");
        }
    }
}
