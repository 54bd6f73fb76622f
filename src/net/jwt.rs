//! Writes JSON Web Tokens (RFC 7519) that a key signs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use zeroize::Zeroizing;

use super::sign::authentication_code;
use crate::model::{Algorithm, Hash, Secret};

/// A token whose header says `more`, a JSON object or nothing, beside its type and algorithm.
///
/// # Errors
/// What the key would have to be.
pub(super) fn token(
    algorithm: Algorithm,
    key: &Secret,
    more: &[u8],
    claims: &[u8],
) -> Result<Zeroizing<String>, String> {
    let start = format!(r#"{{"alg":"{}","typ":"JWT""#, algorithm.as_str());
    let header = match more.strip_prefix(b"{") {
        Some(rest) => [start.as_bytes(), b",", rest].concat(),
        None => [start.as_bytes(), b"}"].concat(),
    };
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = signature(algorithm, key, signed.as_bytes())?;
    Ok(Zeroizing::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

fn signature(algorithm: Algorithm, key: &Secret, message: &[u8]) -> Result<Vec<u8>, String> {
    match algorithm {
        Algorithm::Hs256 => Ok(authentication_code(Hash::Sha256, key.expose(), message)),
        Algorithm::Rs256 => rsa(key, message),
        Algorithm::Es256 => ecdsa(key, message).ok_or_else(|| "a private key on P-256".into()),
        Algorithm::EdDsa => ed25519(key, message).ok_or_else(|| "a private Ed25519 key".into()),
    }
}

/// An RSA signature (PKCS #1 v1.5) with SHA-256.
///
/// # Errors
/// What the key would have to be.
pub(super) fn rsa(key: &Secret, message: &[u8]) -> Result<Vec<u8>, String> {
    let failed = || "a private RSA key".to_owned();
    let (_, der) = opened(key).ok_or_else(failed)?;
    let pair = RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der)).map_err(|_| failed())?;
    let mut signature = vec![0; pair.public().modulus_len()];
    let signed = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
    signed.map(|()| signature).map_err(|_| failed())
}

/// What comes before a key of SEC 1 on P-256 to make it one of PKCS #8 (RFC 5208, RFC 5915): a version, and the names
/// of algorithm and curve.
const P256: &[u8] =
    b"\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";

fn ecdsa(key: &Secret, message: &[u8]) -> Option<Vec<u8>> {
    let (label, der) = opened(key)?;
    let der = if label.starts_with("EC ") { in_pkcs8(&der)? } else { der };
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random).ok()?;
    Some(pair.sign(&random, message).ok()?.as_ref().to_vec())
}

/// A key of SEC 1 on P-256 as one of PKCS #8.
fn in_pkcs8(sec1: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let key = element(0x04, sec1)?;
    element(0x30, &Zeroizing::new([P256, &key].concat()))
}

/// An element of DER with fewer than 256 bytes (X.690, 8.1.3: lengths from 128 on are written with a byte that says how
/// many follow).
fn element(tag: u8, content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let length = u8::try_from(content.len()).ok()?;
    let head = if length < 128 { vec![tag, length] } else { vec![tag, 0x81, length] };
    Some(Zeroizing::new([&head, content].concat()))
}

/// The seed and the public key, in base64.
fn ed25519(key: &Secret, message: &[u8]) -> Option<Vec<u8>> {
    let bytes = Zeroizing::new(STANDARD.decode(key.expose().trim_ascii()).ok()?);
    let (seed, public) = bytes.split_at_checked(32)?;
    let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).ok()?;
    Some(pair.sign(message).as_ref().to_vec())
}

/// Label and content of a private key in PEM, whose line ends may still be written as in a JSON string.
fn opened(key: &Secret) -> Option<(String, Zeroizing<Vec<u8>>)> {
    let text = Zeroizing::new(String::from_utf8_lossy(key.expose()).replace("\\n", "\n"));
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END")?;
    let body = Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
    Some((label.to_owned(), Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?)))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
        VerificationAlgorithm,
    };

    use super::*;

    fn openssl(args: &str) -> Secret {
        let made = Command::new("openssl").args(args.split(' ')).output().expect("openssl runs");
        assert!(made.status.success(), "{made:?}");
        Secret::new(&made.stdout)
    }

    /// Fails unless the token says so and was signed by whoever has the public key.
    #[track_caller]
    fn assert_signed(
        token: &str,
        header: &str,
        claims: &str,
        by: &'static dyn VerificationAlgorithm,
        public: &[u8],
    ) {
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let parts: Vec<String> =
            signed.split('.').map(|part| String::from_utf8(decode(part)).expect("text")).collect();
        assert_eq!(parts, [header, claims]);
        let public = UnparsedPublicKey::new(by, public);
        assert!(public.verify(signed.as_bytes(), &decode(signature)).is_ok(), "{token}");
    }

    #[test]
    fn keys_of_every_form_sign() {
        let claims = r#"{"iss":"7","iat":1}"#;
        let header =
            |algorithm: Algorithm| format!(r#"{{"alg":"{}","typ":"JWT","kid":"k"}}"#, algorithm.as_str());
        let made = |algorithm, key: &Secret| token(algorithm, key, br#"{"kid":"k"}"#, claims.as_bytes());
        for args in ["genrsa 2048", "genrsa -traditional 2048"] {
            let key = openssl(args);
            let escaped = Secret::new(String::from_utf8_lossy(key.expose()).replace('\n', "\\n").as_bytes());
            let der = opened(&key).expect("PEM").1;
            let pair =
                RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der)).expect("an RSA key");
            for key in [key, escaped] {
                let token = made(Algorithm::Rs256, &key).expect("signed");
                let public = pair.public_key().as_ref();
                assert_signed(&token, &header(Algorithm::Rs256), claims, &RSA_PKCS1_2048_8192_SHA256, public);
                assert!(made(Algorithm::Es256, &key).is_err());
            }
        }
        for args in [
            "ecparam -name prime256v1 -genkey -noout",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        ] {
            let key = openssl(args);
            let token = made(Algorithm::Es256, &key).expect("signed");
            // The public key ends the key, of either form.
            let der = opened(&key).expect("PEM").1;
            let public = &der[der.len() - 65..];
            assert_signed(&token, &header(Algorithm::Es256), claims, &ECDSA_P256_SHA256_FIXED, public);
            assert!(made(Algorithm::Rs256, &key).is_err());
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key");
        let public = pair.public_key().as_ref();
        let key = Secret::new(STANDARD.encode([&[7; 32], public].concat()).as_bytes());
        let token = made(Algorithm::EdDsa, &key).expect("signed");
        assert_signed(&token, &header(Algorithm::EdDsa), claims, &ED25519, public);
        let other = Secret::new(STANDARD.encode([8; 64]).as_bytes());
        for key in [Secret::new(b""), Secret::new(b"-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END"), other] {
            for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
                assert!(made(algorithm, &key).is_err(), "{algorithm:?}");
            }
        }
    }

    /// Worked out with Python's hmac.
    #[test]
    fn a_shared_key_signs() {
        let made =
            token(Algorithm::Hs256, &Secret::new(b"tulip7"), b"", br#"{"aud":"/admin/"}"#).expect("signed");
        let (_, signature) = made.rsplit_once('.').expect("three parts");
        assert_eq!(signature, "B2P5X45_vRrMifhDf9BxZBsbcBsaeLEpZVDRCW_ytsc");
    }
}
