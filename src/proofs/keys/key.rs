//! What was read from a private key: its public half and whether the two agree. Nothing here is secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use num_bigint::BigUint;
use sha2::{Digest, Sha256};

use super::curve::{self, Curve};
use super::der::{self, signed, unsigned};
use super::public::published;
use super::ssh::strings;
use crate::model::{Evidence, ProofLevel};
use crate::proofs::Outcome;

/// Longest comment that is told, in characters.
const COMMENT: usize = 80;

/// Largest DSA modulus that is calculated with, in bytes; FIPS 186-4 ends at 384.
const DSA_MODULUS: usize = 512;

/// Largest DSA private number that is calculated with, in bytes; FIPS 186-4 ends at 32.
const DSA_NUMBER: usize = 64;

/// Fewest different bytes in 32 or more that were drawn at random; chance leaves fewer once in 10^24.
const DISTINCT: usize = 12;

/// A private key that was read.
#[derive(Debug)]
pub(super) struct Key {
    algorithm: String,
    pub(super) public: Option<Public>,
    /// Whether the private half was found to belong to the public one that stands beside it.
    agrees: bool,
    encrypted: Option<String>,
    /// What the key is known by, where that is not its fingerprint in SSH.
    fingerprint: Option<String>,
    comment: Option<String>,
}

/// The public half of a key.
#[derive(Debug)]
pub(super) struct Public {
    algorithm: String,
    /// The number by which published keys are known.
    number: Vec<u8>,
    /// The key in the form of SSH.
    pub(super) ssh: Option<Vec<u8>>,
    /// The key as SubjectPublicKeyInfo (RFC 5280).
    info: Option<Vec<u8>>,
}

/// The numbers of an RSA key that prove it.
#[derive(Clone, Copy)]
pub(super) struct Rsa<'a> {
    pub(super) modulus: &'a [u8],
    pub(super) exponent: &'a [u8],
    pub(super) p: &'a [u8],
    pub(super) q: &'a [u8],
}

impl Rsa<'_> {
    /// The key, if its modulus is the product of its primes: with them anyone can make the rest.
    pub(super) fn key(self) -> Option<Key> {
        let [modulus, p, q] = [self.modulus, self.p, self.q].map(BigUint::from_bytes_be);
        let factors = p.bits() > 1 && q.bits() > 1 && p * q == modulus;
        factors.then(|| Key { agrees: true, ..Key::of_public(Public::rsa(self.modulus, self.exponent)) })
    }
}

impl Key {
    /// A key of which only the public half was looked at.
    pub(super) fn of_public(public: Public) -> Key {
        Key { public: Some(public), ..Key::named("") }
    }

    /// A key of which only the algorithm is known.
    pub(super) fn named(algorithm: impl Into<String>) -> Key {
        Key {
            algorithm: algorithm.into(),
            public: None,
            agrees: false,
            encrypted: None,
            fingerprint: None,
            comment: None,
        }
    }

    /// A DSA key; `None` if its public number is not what follows from the private one.
    pub(super) fn dsa(p: &[u8], q: &[u8], g: &[u8], y: &[u8], x: &[u8]) -> Option<Key> {
        let public = Key::of_public(Public::dsa(p, q, g, y));
        if p.len() > DSA_MODULUS || x.len() > DSA_NUMBER {
            return Some(public);
        }
        (dsa_public(p, g, x)? == unsigned(y)).then_some(Key { agrees: true, ..public })
    }

    /// A DSA key without its public number.
    pub(super) fn dsa_alone(p: &[u8], q: &[u8], g: &[u8], x: &[u8]) -> Option<Key> {
        if p.len() > DSA_MODULUS || x.len() > DSA_NUMBER {
            return Some(Key::named("DSA"));
        }
        Some(Key::of_public(Public::dsa(p, q, g, &dsa_public(p, g, x)?)))
    }

    /// A key on a curve; `None` if it is none of the curve, or does not belong to the point beside it.
    pub(super) fn ec(curve: &Curve, scalar: &[u8], point: Option<&[u8]>) -> Option<Key> {
        let public = (curve.public)(scalar)?;
        let agrees = match point {
            Some(point) => (curve.uncompressed)(point).is_some_and(|point| point == public),
            None => is_random(scalar),
        };
        agrees.then(|| Key { agrees: point.is_some(), ..Key::of_public(Public::ec(curve, &public)) })
    }

    /// An Ed25519 key; `None` if it does not belong to the public half beside it.
    pub(super) fn ed25519(seed: &[u8; 32], beside: Option<&[u8]>) -> Option<Key> {
        let public = curve::ed25519(seed);
        let agrees = beside.map_or(is_random(seed), |beside| beside == public);
        agrees.then(|| Key { agrees: beside.is_some(), ..Key::of_public(Public::ed25519(&public)) })
    }

    /// An X25519 key; `None` if it does not belong to the public half beside it.
    pub(super) fn x25519(scalar: &[u8; 32], beside: Option<&[u8]>) -> Option<Key> {
        let public = curve::x25519(scalar);
        let agrees = beside.map_or(is_random(scalar), |beside| beside == public);
        agrees.then(|| Key { agrees: beside.is_some(), ..Key::of_public(Public::x25519(&public)) })
    }

    /// The same key, encrypted in the way that `how` says.
    pub(super) fn encrypted(self, how: String) -> Key {
        Key { encrypted: Some(how), ..self }
    }

    /// The same key with the comment of its file.
    pub(super) fn comment(self, comment: &[u8]) -> Key {
        let text: String = String::from_utf8_lossy(comment).chars().take(COMMENT).collect();
        Key { comment: Some(text).filter(|text| !text.is_empty()), ..self }
    }

    /// The same key, known by another fingerprint than that of SSH.
    pub(super) fn fingerprint(self, fingerprint: String) -> Key {
        Key { fingerprint: Some(fingerprint), ..self }
    }

    /// The same key; a checksum of its private half is right.
    pub(super) fn proven(self) -> Key {
        Key { agrees: true, ..self }
    }

    /// The same key; its SubjectPublicKeyInfo is not the usual one.
    pub(super) fn without_info(self) -> Key {
        Key { public: self.public.map(|public| Public { info: None, ..public }), ..self }
    }

    /// What is to be said of it.
    pub(super) fn outcome(self) -> Outcome {
        if let Some(origin) = self.public.as_ref().and_then(|public| published(&public.number)) {
            return Outcome::Public(origin);
        }
        let proven = self.agrees && self.encrypted.is_none();
        let level = if proven { ProofLevel::Structure } else { ProofLevel::Decoded };
        let (ssh, info) = self.public.as_ref().map_or((None, None), |public| (public.ssh(), public.info()));
        let algorithm = self.public.map_or(self.algorithm, |public| public.algorithm);
        let facts = [
            ("algorithm", Some(algorithm).filter(|name| !name.is_empty())),
            ("encrypted", Some(self.encrypted.unwrap_or_else(|| "no".into()))),
            ("fingerprint", self.fingerprint.or(ssh)),
            ("spki", info),
            ("comment", self.comment),
        ];
        Outcome::Right(facts.into_iter().fold(Evidence::of(level), |evidence, (label, text)| match text {
            Some(text) => evidence.with(label, text),
            None => evidence,
        }))
    }
}

impl Public {
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Public {
        const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
        let key = der::sequence(&[der::integer(modulus), der::integer(exponent)]);
        Public {
            algorithm: format!("RSA, {} bits", bits(modulus)),
            number: modulus.to_vec(),
            ssh: Some(strings(&[b"ssh-rsa", &signed(exponent), &signed(modulus)])),
            info: Some(info(&[object(RSA), der::element(der::NULL, &[])], &key)),
        }
    }

    pub(super) fn dsa(p: &[u8], q: &[u8], g: &[u8], y: &[u8]) -> Public {
        const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
        let numbers = der::sequence(&[p, q, g].map(der::integer));
        Public {
            algorithm: format!("DSA, {} bits", bits(p)),
            number: y.to_vec(),
            ssh: Some(strings(&[b"ssh-dss", &signed(p), &signed(q), &signed(g), &signed(y)])),
            info: Some(info(&[object(DSA), numbers], &der::integer(y))),
        }
    }

    /// A point on a curve, uncompressed.
    pub(super) fn ec(curve: &Curve, point: &[u8]) -> Public {
        const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
        let ssh = |name: &str| strings(&[format!("ecdsa-sha2-{name}").as_bytes(), name.as_bytes(), point]);
        Public {
            algorithm: format!("EC, {}", curve.name),
            number: point.get(1..=point.len() / 2).unwrap_or_default().to_vec(),
            ssh: curve.ssh.map(ssh),
            info: Some(info(&[object(EC), object(curve.object)], point)),
        }
    }

    pub(super) fn ed25519(public: &[u8; 32]) -> Public {
        Public {
            algorithm: "Ed25519".into(),
            number: public.to_vec(),
            ssh: Some(strings(&[b"ssh-ed25519", public])),
            info: Some(info(&[object(&[0x2b, 0x65, 0x70])], public)),
        }
    }

    pub(super) fn x25519(public: &[u8; 32]) -> Public {
        Public {
            algorithm: "X25519".into(),
            number: public.to_vec(),
            ssh: None,
            info: Some(info(&[object(&[0x2b, 0x65, 0x6e])], public)),
        }
    }

    fn ssh(&self) -> Option<String> {
        let blob = self.ssh.as_ref()?;
        Some(format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(blob))))
    }

    fn info(&self) -> Option<String> {
        let hash = Sha256::digest(self.info.as_ref()?);
        Some(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Whether bytes may have been drawn at random; a placeholder of zeros or counted bytes was not.
pub(in crate::proofs) fn is_random(bytes: &[u8]) -> bool {
    let mut distinct = bytes.to_vec();
    distinct.sort_unstable();
    let counted = bytes.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 1);
    distinct.dedup();
    (bytes.len() < 32 || distinct.len() >= DISTINCT) && !counted
}

fn bits(number: &[u8]) -> usize {
    let number = unsigned(number);
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn object(object: &[u8]) -> Vec<u8> {
    der::element(der::OBJECT, object)
}

fn info(algorithm: &[Vec<u8>], key: &[u8]) -> Vec<u8> {
    der::sequence(&[der::sequence(algorithm), der::bit_string(key)])
}

fn dsa_public(p: &[u8], g: &[u8], x: &[u8]) -> Option<Vec<u8>> {
    let [p, g, x] = [p, g, x].map(BigUint::from_bytes_be);
    (p.bits() > 1).then(|| g.modpow(&x, &p).to_bytes_be())
}
