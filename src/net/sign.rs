//! Signs requests for providers that want more than the secret itself.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;

use super::client::Request;
use super::values::{Values, Written};
use crate::model::{Encoding, Hash, Secret, Sign};

/// Where Google's tokens are had, and so whom an assertion is for.
const GOOGLE: &str = "https://oauth2.googleapis.com/token";

/// How long an assertion is good for, in seconds.
const LIFE: u64 = 300;

/// What a template needs to hold a signature: `{signature}` or `{assertion}`.
///
/// # Errors
/// The name of what is missing, or what is wrong with a key.
pub(super) fn before(sign: Sign, values: &mut Values, now: u64) -> Result<(), String> {
    match sign {
        Sign::AwsV4 { .. } => Ok(()),
        Sign::Hmac { hash, key, message, encoding } => {
            let key = values.fill(key, Written::Plain)?;
            let message = values.fill(message, Written::Plain)?;
            let code = authentication_code(hash, key.expose(), message.expose());
            let text = match encoding {
                Encoding::Hex => code.iter().map(|byte| format!("{byte:02x}")).collect(),
                Encoding::Base64 => STANDARD.encode(code),
            };
            values.set("signature", text.as_bytes());
            Ok(())
        }
        Sign::ServiceAccount { scope } => {
            let assertion = assertion(values, scope, now)?;
            values.set("assertion", assertion.as_bytes());
            Ok(())
        }
    }
}

fn authentication_code(hash: Hash, key: &[u8], message: &[u8]) -> Vec<u8> {
    macro_rules! code {
        ($hash:ty) => {{
            let mut code = Hmac::<$hash>::new_from_slice(key).expect("a key may have any length");
            code.update(message);
            code.finalize().into_bytes().to_vec()
        }};
    }
    match hash {
        Hash::Sha1 => code!(sha1::Sha1),
        Hash::Sha256 => code!(sha2::Sha256),
        Hash::Sha512 => code!(sha2::Sha512),
    }
}

/// A token signed by a service account (RFC 7523; Google, "Using OAuth 2.0 for Server to Server Applications").
fn assertion(values: &Values, scope: &str, now: u64) -> Result<String, String> {
    let named = |name: &str| values.get(name).ok_or_else(|| name.to_owned());
    let issuer = String::from_utf8_lossy(named("client_email")?.expose()).into_owned();
    let key = private_key(named("secret")?).ok_or("a private RSA key")?;
    let header = json!({ "alg": "RS256", "typ": "JWT" }).to_string();
    let claims =
        json!({ "iss": issuer, "scope": scope, "aud": GOOGLE, "iat": now, "exp": now + LIFE }).to_string();
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &ring::rand::SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| "a private RSA key")?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The RSA key of a PEM text, whose line ends may still be written as in a JSON string.
fn private_key(secret: &Secret) -> Option<RsaKeyPair> {
    let text = zeroize::Zeroizing::new(String::from_utf8_lossy(secret.expose()).replace("\\n", "\n"));
    let (_, rest) = text.split_once("PRIVATE KEY-----")?;
    let (body, _) = rest.split_once("-----END")?;
    let body = zeroize::Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
    let der = zeroize::Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?);
    RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der)).ok()
}

/// Signs a request as AWS wants it.
///
/// # Errors
/// The name of what is missing.
pub(super) fn after(
    sign_by: Sign,
    request: &mut Request,
    values: &Values,
    now: SystemTime,
) -> Result<(), String> {
    let Sign::AwsV4 { service, region } = sign_by else { return Ok(()) };
    let text =
        |name: &str| values.get(name).map(|value| String::from_utf8_lossy(value.expose()).into_owned());
    let needed = |name: &str| text(name).ok_or_else(|| name.to_owned());
    // An administrator's own, where the rule asks for them, otherwise what was found.
    let [key_id, secret_key, session] = match text("aws_access_key_id") {
        Some(_) => ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"],
        None => ["key_id", "secret_key", "session"],
    };
    let credentials = Credentials::new(needed(key_id)?, needed(secret_key)?, text(session), None, "stanch");
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| error.to_string())?;
    let headers: Vec<(&str, String)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.expose()).into_owned()))
        .collect();
    let signable = SignableRequest::new(
        request.method.as_str(),
        request.url.as_str(),
        headers.iter().map(|(name, value)| (*name, value.as_str())),
        SignableBody::Bytes(request.body.expose()),
    )
    .map_err(|_| "a request that can be signed".to_owned())?;
    let (instructions, _) =
        sign(signable, &params.into()).map_err(|_| "a request that can be signed".to_owned())?.into_parts();
    let signed = instructions.headers().map(|(name, value)| (name.to_owned(), Secret::new(value.as_bytes())));
    let signed: Vec<(String, Secret)> = signed.collect();
    request.headers.extend(signed);
    Ok(())
}
