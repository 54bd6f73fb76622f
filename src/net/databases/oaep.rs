//! RSA-OAEP with SHA-1, as MySQL wants a password that goes over a connection without TLS.
//!
//! Source: RFC 8017, 7.1.1. Only the public half of RSA, so that nothing can be learned from how long it takes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigUint;
use ring::rand::SecureRandom as _;
use ring::{digest, rand};
use zeroize::Zeroizing;

use super::Halt;
use super::bytes::Bytes;

/// Length of a SHA-1.
const HASH: usize = digest::SHA1_OUTPUT_LEN;

/// Moduli of other lengths, in bytes, are no keys of an honest server.
const MODULI: std::ops::RangeInclusive<usize> = 128..=1024;

/// An exponent of more bytes is no usual one.
const LONGEST_EXPONENT: usize = 4;

/// Encrypts a message for a public key in PEM.
pub(super) fn encrypt(pem: &[u8], message: &[u8]) -> Result<Vec<u8>, Halt> {
    let key = Key::parse(pem)?;
    let padded = padded(message, key.length)?;
    let encrypted = BigUint::from_bytes_be(&padded).modpow(&key.exponent, &key.modulus).to_bytes_be();
    Ok([vec![0; key.length - encrypted.len()], encrypted].concat())
}

struct Key {
    modulus: BigUint,
    exponent: BigUint,
    /// Of the modulus, in bytes.
    length: usize,
}

impl Key {
    /// `SubjectPublicKeyInfo` (RFC 5280, 4.1) around `RSAPublicKey` (RFC 8017, A.1.1).
    fn parse(pem: &[u8]) -> Result<Key, Halt> {
        let pem = std::str::from_utf8(pem).map_err(|_| Halt::strange())?;
        let body = pem.split("-----").nth(2).ok_or_else(Halt::strange)?;
        let body: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|_| Halt::strange())?;
        let mut info = Bytes::new(Bytes::new(&der).element_of(0x30)?);
        info.element_of(0x30)?;
        let mut bits = Bytes::new(info.element_of(0x03)?);
        bits.byte()?;
        let mut key = Bytes::new(bits.element_of(0x30)?);
        let (modulus, exponent) = (unsigned(key.element_of(0x02)?), unsigned(key.element_of(0x02)?));
        let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        let is_fine = MODULI.contains(&modulus.len()) && is_odd(modulus) && is_odd(exponent);
        // With an exponent of 1 nothing is encrypted.
        if !is_fine || exponent == [1] || exponent.len() > LONGEST_EXPONENT {
            return Err(Halt::strange());
        }
        Ok(Key {
            modulus: BigUint::from_bytes_be(modulus),
            exponent: BigUint::from_bytes_be(exponent),
            length: modulus.len(),
        })
    }
}

/// A number without leading zeros.
fn unsigned(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    &number[first..]
}

/// EME-OAEP; the result is smaller than any modulus of that length.
fn padded(message: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, Halt> {
    let too_long = || Halt::unclear("the password is too long for the server's key");
    let zeros = length.checked_sub(2 * HASH + 2 + message.len()).ok_or_else(too_long)?;
    let mut seed = [0; HASH];
    let made = rand::SystemRandom::new().fill(&mut seed);
    made.map_err(|_| Halt::unclear("this machine has no random numbers"))?;
    let mut block = Zeroizing::new(sha1(&[]).to_vec());
    block.extend(std::iter::repeat_n(0, zeros));
    block.push(1);
    block.extend(message);
    mask(&mut block, &seed);
    mask(&mut seed, &block);
    Ok(Zeroizing::new([&[0], &seed[..], &block].concat()))
}

/// XORs with MGF1 of a seed (RFC 8017, B.2.1).
fn mask(bytes: &mut [u8], seed: &[u8]) {
    for (counter, chunk) in (0_u32..).zip(bytes.chunks_mut(HASH)) {
        let hash = sha1(&[seed, &counter.to_be_bytes()].concat());
        chunk.iter_mut().zip(hash).for_each(|(byte, mask)| *byte ^= mask);
    }
}

fn sha1(bytes: &[u8]) -> [u8; HASH] {
    use sha1::Digest as _;
    sha1::Sha1::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_none() {
        for pem in [
            "",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----",
        ] {
            assert!(encrypt(pem.as_bytes(), b"x").is_err(), "{pem}");
        }
    }

    #[test]
    fn messages_are_padded_to_the_length_of_the_key() {
        assert_eq!(padded(b"x", 128).unwrap().len(), 128);
        assert_eq!(padded(&[7; 86], 128).unwrap().len(), 128);
        assert!(padded(&[7; 87], 128).is_err());
    }
}
