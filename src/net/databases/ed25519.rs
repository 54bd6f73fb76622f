//! Signatures by which MariaDB's `ed25519` accounts log in: Ed25519 (RFC 8032, 5.1.6) with the password in place of the
//! 32 bytes of a private key, whatever its length.
//!
//! Source: <https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting/connection#client_ed25519-plugin>,
//! and `plugin/auth_ed25519/ref10/sign.c`.

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

/// The signature of a message.
pub(super) fn sign(password: &[u8], message: &[u8]) -> [u8; 64] {
    let hash: Zeroizing<[u8; 64]> = Zeroizing::new(Sha512::digest(password).into());
    let mut half = Zeroizing::new([0; 32]);
    half.copy_from_slice(&hash[..32]);
    let key = Scalar::from_bytes_mod_order(clamp_integer(*half));
    let public = EdwardsPoint::mul_base(&key).compress();
    let nonce = scalar(&[&hash[32..], message]);
    let point = EdwardsPoint::mul_base(&nonce).compress();
    let challenge = scalar(&[point.as_bytes(), public.as_bytes(), message]);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(point.as_bytes());
    signature[32..].copy_from_slice((challenge * key + nonce).as_bytes());
    signature
}

/// A number from the hash of all parts.
fn scalar(parts: &[&[u8]]) -> Scalar {
    let mut hash = Sha512::new();
    parts.iter().for_each(|part| hash.update(part));
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    /// With a password of 32 bytes it is Ed25519 as all know it.
    #[test]
    fn signatures_are_those_of_ed25519() {
        let seed = [7; 32];
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        assert_eq!(pair.public_key().as_ref().len(), 32);
        for message in [&b""[..], b"x", &[9; 100]] {
            assert_eq!(sign(&seed, message)[..], *pair.sign(message).as_ref());
        }
    }
}
