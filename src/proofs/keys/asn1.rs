//! Private keys in ASN.1: PKCS#1 (RFC 8017), SEC 1 (RFC 5915), OpenSSL's DSA, PKCS#8 (RFC 5958) and
//! encrypted PKCS#8 (RFC 8018). The form follows from the bytes, whatever a label says of them.

use super::curve::CURVES;
use super::der::{self, Reader, unsigned};
use super::key::{Key, Public, Rsa, is_random};

/// The key in these bytes; `None` where they are cut, hold no key, or the key contradicts itself. What
/// follows its end is not looked at, as OpenSSL does.
pub(super) fn key(bytes: &[u8]) -> Option<Key> {
    let mut fields = Reader::of(bytes).sequence()?;
    let mut after_version = fields;
    match fields.any()? {
        (der::INTEGER, _) => {
            after_version.any()?;
            match Reader::clone(&after_version).any()? {
                (der::OCTET_STRING, _) => sec1(after_version, None),
                (der::SEQUENCE, _) => pkcs8(after_version),
                (der::INTEGER, _) => traditional(after_version),
                _ => None,
            }
        }
        (der::SEQUENCE, algorithm) => encrypted(Reader::of(algorithm), fields),
        _ => None,
    }
}

/// Whether the bytes begin as a private key does and end before it.
pub(super) fn is_cut(bytes: &[u8]) -> bool {
    // The longer forms of a length: shorter keys fit in one line.
    let (length, rest) = match bytes {
        [der::SEQUENCE, 0x81, length, rest @ ..] => (usize::from(*length), rest),
        [der::SEQUENCE, 0x82, high, low, rest @ ..] => (usize::from(*high) << 8 | usize::from(*low), rest),
        _ => return false,
    };
    let version =
        matches!(rest, [der::INTEGER, 1, 0 | 1, der::INTEGER | der::OCTET_STRING | der::SEQUENCE, ..]);
    let scheme = matches!(rest, [der::SEQUENCE, _, der::OBJECT, ..]);
    length > rest.len() && (version || scheme)
}

/// RSA has eight numbers after its version, DSA five.
fn traditional(mut fields: Reader<'_>) -> Option<Key> {
    let numbers: Vec<&[u8]> = std::iter::from_fn(|| fields.integer()).take(8).collect();
    match numbers[..] {
        [modulus, exponent, _, p, q, _, _, _] => {
            let key = Rsa { modulus, exponent, p, q };
            // What follows is the other primes of a key with more than two.
            match fields.sequence() {
                Some(_) => Some(Key::of_public(Public::rsa(modulus, exponent))),
                None => key.key(),
            }
        }
        [p, q, g, y, x] => Key::dsa(p, q, g, y, x),
        _ => None,
    }
}

/// After the version: the number, the curve unless the container names it, and the public point.
fn sec1(mut fields: Reader<'_>, container: Option<&[u8]>) -> Option<Key> {
    const PARAMETERS: u8 = 0xa0;
    const PUBLIC: u8 = 0xa1;
    let scalar = fields.take(der::OCTET_STRING)?;
    let own = fields.take(PARAMETERS).and_then(|inner| Reader::of(inner).take(der::OBJECT));
    let point = fields.take(PUBLIC).and_then(|inner| Reader::of(inner).take(der::BIT_STRING));
    let Some(object) = own.or(container) else {
        return is_random(scalar).then(|| Key::named("EC"));
    };
    match CURVES.into_iter().find(|curve| curve.object == object) {
        Some(curve) => Key::ec(curve, scalar, point.and_then(|bits| bits.strip_prefix(&[0]))),
        None => is_random(scalar).then(|| Key::named(format!("EC, curve {}", der::dotted(object)))),
    }
}

/// After the version: the algorithm, the key in the form of that algorithm, attributes, the public half.
fn pkcs8(mut fields: Reader<'_>) -> Option<Key> {
    const PUBLIC: u8 = 0x81;
    let mut algorithm = fields.sequence()?;
    let object = algorithm.take(der::OBJECT)?;
    let private = fields.take(der::OCTET_STRING).filter(|private| !private.is_empty())?;
    let public = std::iter::from_fn(|| fields.any()).find(|(tag, _)| *tag == PUBLIC);
    let public = public.and_then(|(_, bits)| bits.strip_prefix(&[0]));
    let inner = |private| Reader::of(private).sequence();
    let small = || -> Option<&[u8; 32]> { Reader::of(private).take(der::OCTET_STRING)?.try_into().ok() };
    match &der::dotted(object)[..] {
        // RSA, and RSA for PSS only.
        name @ ("1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10") => {
            let mut numbers = inner(private)?;
            numbers.integer();
            let key = traditional(numbers)?;
            Some(if name.ends_with(".10") { key.without_info() } else { key })
        }
        "1.2.840.10045.2.1" => {
            let mut key = inner(private)?;
            key.integer()?;
            sec1(key, algorithm.take(der::OBJECT))
        }
        "1.2.840.10040.4.1" => {
            let mut domain = algorithm.sequence()?;
            let [p, q, g] = [domain.integer()?, domain.integer()?, domain.integer()?];
            Key::dsa_alone(p, q, g, Reader::of(private).integer()?)
        }
        "1.3.101.112" => Key::ed25519(small()?, public),
        "1.3.101.110" => Key::x25519(small()?, public),
        "1.3.101.113" => is_random(private).then(|| Key::named("Ed448")),
        "1.3.101.111" => is_random(private).then(|| Key::named("X448")),
        other => is_random(private).then(|| Key::named(other)),
    }
}

/// The algorithm and what it wrote. Its form and length can be looked at, no more.
fn encrypted(mut algorithm: Reader<'_>, mut fields: Reader<'_>) -> Option<Key> {
    const PBES2: &str = "1.2.840.113549.1.5.13";
    let scheme = der::dotted(algorithm.take(der::OBJECT)?);
    let data = fields.take(der::OCTET_STRING).filter(|data| data.len() >= 32 && is_random(data))?;
    if scheme != PBES2 {
        // The schemes before it (RFC 8018, section 6.1, and RFC 7292) use ciphers with blocks of 8 bytes or
        // a stream.
        return Some(Key::named("").encrypted(scheme));
    }
    let mut parts = algorithm.sequence()?;
    let (mut derivation, mut cipher) = (parts.sequence()?, parts.sequence()?);
    let derivation = match &der::dotted(derivation.take(der::OBJECT)?)[..] {
        "1.2.840.113549.1.5.12" => {
            let mut settings = derivation.sequence()?;
            settings.any()?;
            format!("PBKDF2 with {} rounds", decimal(settings.integer()?))
        }
        "1.3.6.1.4.1.11591.4.11" => "scrypt".to_owned(),
        other => other.to_owned(),
    };
    let (cipher, block) = match &der::dotted(cipher.take(der::OBJECT)?)[..] {
        "2.16.840.1.101.3.4.1.2" => ("AES-128-CBC".to_owned(), 16),
        "2.16.840.1.101.3.4.1.22" => ("AES-192-CBC".to_owned(), 16),
        "2.16.840.1.101.3.4.1.42" => ("AES-256-CBC".to_owned(), 16),
        "1.2.840.113549.3.7" => ("DES-EDE3-CBC".to_owned(), 8),
        other => (other.to_owned(), 1),
    };
    (data.len() % block == 0).then(|| Key::named("").encrypted(format!("{cipher}, {derivation}")))
}

/// A small number for people.
fn decimal(number: &[u8]) -> u64 {
    unsigned(number).iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte))
}
