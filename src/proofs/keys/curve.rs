//! The public half of a private key on an elliptic curve.

use curve25519_dalek::{EdwardsPoint, MontgomeryPoint};
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, PublicKey, SecretKey};
use sha2::{Digest, Sha512};

/// A curve that a scalar can be multiplied on.
pub(super) struct Curve {
    pub(super) name: &'static str,
    /// DER of its object identifier, without tag and length.
    pub(super) object: &'static [u8],
    /// Length of a coordinate in bytes.
    pub(super) size: usize,
    /// Its name in SSH keys (RFC 5656), where it has one.
    pub(super) ssh: Option<&'static str>,
    /// The uncompressed public point of a private scalar.
    pub(super) public: fn(&[u8]) -> Option<Vec<u8>>,
    /// The same point uncompressed, if it lies on the curve.
    pub(super) uncompressed: fn(&[u8]) -> Option<Vec<u8>>,
}

pub(super) static P256: Curve = Curve {
    name: "P-256",
    object: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    size: 32,
    ssh: Some("nistp256"),
    public: public::<p256::NistP256>,
    uncompressed: uncompressed::<p256::NistP256>,
};

pub(super) static SECP256K1: Curve = Curve {
    name: "secp256k1",
    object: &[0x2b, 0x81, 0x04, 0x00, 0x0a],
    size: 32,
    ssh: None,
    public: public::<k256::Secp256k1>,
    uncompressed: uncompressed::<k256::Secp256k1>,
};

/// Every curve known here.
pub(super) static CURVES: [&Curve; 4] = [
    &P256,
    &Curve {
        name: "P-384",
        object: &[0x2b, 0x81, 0x04, 0x00, 0x22],
        size: 48,
        ssh: Some("nistp384"),
        public: public::<p384::NistP384>,
        uncompressed: uncompressed::<p384::NistP384>,
    },
    &Curve {
        name: "P-521",
        object: &[0x2b, 0x81, 0x04, 0x00, 0x23],
        size: 66,
        ssh: Some("nistp521"),
        public: public::<p521::NistP521>,
        uncompressed: uncompressed::<p521::NistP521>,
    },
    &SECP256K1,
];

fn public<C>(scalar: &[u8]) -> Option<Vec<u8>>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    // Some writers leave leading zeros away, others add one.
    let mut bytes = p256::elliptic_curve::FieldBytes::<C>::default();
    let scalar = super::der::unsigned(scalar);
    let at = bytes.len().checked_sub(scalar.len())?;
    bytes[at..].copy_from_slice(scalar);
    let secret = SecretKey::<C>::from_bytes(&bytes).ok()?;
    Some(secret.public_key().to_sec1_point(false).as_bytes().to_vec())
}

fn uncompressed<C>(point: &[u8]) -> Option<Vec<u8>>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    Some(PublicKey::<C>::from_sec1_bytes(point).ok()?.to_sec1_point(false).as_bytes().to_vec())
}

/// The public half of an Ed25519 seed (RFC 8032, section 5.1.5).
pub(super) fn ed25519(seed: &[u8; 32]) -> [u8; 32] {
    let hash = Sha512::digest(seed);
    ed25519_scalar(&std::array::from_fn(|at| hash[at]))
}

/// The public half that belongs to the number in the first half of a seed's hash.
pub(super) fn ed25519_scalar(number: &[u8; 32]) -> [u8; 32] {
    EdwardsPoint::mul_base_clamped(*number).compress().to_bytes()
}

/// The public half of an X25519 key (RFC 7748).
pub(super) fn x25519(scalar: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(*scalar).to_bytes()
}
