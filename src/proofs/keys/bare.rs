//! Private numbers that stand alone: the `d` of a JSON Web Key, the key of a WireGuard peer.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::curve::{self, CURVES};
use super::key::is_random;
use super::public::published;
use crate::model::{Evidence, ProofLevel};
use crate::proofs::text::random_bytes;
use crate::proofs::{Outcome, Proof};

pub(in crate::proofs) const JWK: Proof = Proof {
    name: "jwk-d",
    summary: "the private number of a JSON Web Key was drawn at random and not published",
    check: |subject| jwk(subject.value),
    forge: |_, argument, random| URL_SAFE_NO_PAD.encode(random_bytes(random, argument.parse().unwrap_or(32))),
};

pub(in crate::proofs) const WIREGUARD: Proof = Proof {
    name: "wireguard",
    summary: "a key of 32 bytes drawn at random and not published; tells its public half",
    check: |subject| wireguard(subject.value),
    forge: |_, _, random| STANDARD.encode(random_bytes(random, 32)),
};

/// The curve stands elsewhere, if at all: the number is tried on each of its length. What an RSA key was
/// published with is known by the private number itself.
fn jwk(value: &[u8]) -> Outcome {
    let Some(number) = URL_SAFE_NO_PAD.decode(value).ok().map(Zeroizing::new) else { return Outcome::Wrong };
    if !is_random(&number) {
        return Outcome::Wrong;
    }
    let on_curves = CURVES.into_iter().filter(|curve| number.len() == curve.size).filter_map(|curve| {
        let point = (curve.public)(&number)?;
        published(&point[1..=curve.size])
    });
    let on_25519 = number[..].try_into().ok().and_then(|number: &[u8; 32]| {
        published(&curve::ed25519(number)).or_else(|| published(&curve::x25519(number)))
    });
    match on_25519.or_else(|| on_curves.into_iter().next()).or_else(|| published(&number)) {
        Some(origin) => Outcome::Public(origin),
        None => Outcome::Silent,
    }
}

fn wireguard(value: &[u8]) -> Outcome {
    let key = STANDARD.decode(value).ok().map(Zeroizing::new).filter(|key| is_random(key));
    let Some(public) = key.and_then(|key| Some(curve::x25519(key[..].try_into().ok()?))) else {
        return Outcome::Wrong;
    };
    match published(&public) {
        Some(origin) => Outcome::Public(origin),
        None => Outcome::Right(Evidence::of(ProofLevel::Decoded).with("public", STANDARD.encode(public))),
    }
}
