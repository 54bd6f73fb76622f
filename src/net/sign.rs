//! Signs requests for providers that want more than the secret itself.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::client::Request;
use super::jwt;
use super::values::{Values, Written};
use crate::model::{Encoding, Hash, Method, Secret, Sign};

/// What a template needs to hold a signature: `{signature}` or `{assertion}`.
///
/// # Errors
/// The name of what is missing, or what is wrong with a key.
pub(super) fn before(sign: Sign, values: &mut Values) -> Result<(), String> {
    match sign {
        // These sign the request itself.
        Sign::AwsV4 { .. } | Sign::Digest { .. } | Sign::Tc3 { .. } | Sign::EdgeGrid { .. } => {}
        Sign::Hmac { hash, key, message, encoding } => {
            let key = values.fill(key, Written::Plain)?;
            let message = values.fill(message, Written::Plain)?;
            let code = authentication_code(hash, key.expose(), message.expose());
            let text = match encoding {
                Encoding::Hex => hex(&code),
                Encoding::Base64 => STANDARD.encode(code),
            };
            values.set("signature", text.as_bytes());
        }
        Sign::Rsa { key, message } => {
            let key = values.fill(key, Written::Plain)?;
            let message = values.fill(message, Written::Plain)?;
            let signature = jwt::rsa(&key, message.expose())?;
            values.set("signature", STANDARD.encode(signature).as_bytes());
        }
        Sign::Jwt { algorithm, key, header, claims } => {
            let key = values.fill(key, Written::Plain)?;
            let header = values.fill(header, Written::Json)?;
            let claims = values.fill(claims, Written::Json)?;
            let token = jwt::token(algorithm, &key, header.expose(), claims.expose())?;
            values.set("assertion", token.as_bytes());
        }
    }
    Ok(())
}

/// Signs a request that bears its signature itself.
///
/// # Errors
/// The name of what is missing.
pub(super) fn after(
    sign_by: Sign,
    request: &mut Request,
    values: &Values,
    now: SystemTime,
) -> Result<(), String> {
    let fill = |template| values.fill(template, Written::Plain);
    match sign_by {
        Sign::AwsV4 { service, region } => aws(service, region, request, values, now),
        Sign::Tc3 { service, key_id, key } => {
            let time = values.get("timestamp").ok_or("timestamp")?;
            let authorization = tc3(request, service, (&fill(key_id)?, &fill(key)?), time)?;
            request.headers.push(("Authorization".to_owned(), authorization));
            Ok(())
        }
        Sign::EdgeGrid { client_token, access_token, key } => {
            let tokens = [fill(client_token)?, fill(access_token)?];
            // 2026-01-31T12:00:00Z, as `{now}` has it, without what separates the date.
            let time = values.get("now").ok_or("now")?;
            let time = String::from_utf8_lossy(time.expose()).replace('-', "").replace('Z', "+0000");
            let nonce = format!("{:032x}", fastrand::u128(..));
            let authorization = edge_grid(request, &tokens, &fill(key)?, (&time, &nonce));
            request.headers.push(("Authorization".to_owned(), authorization));
            Ok(())
        }
        Sign::Hmac { .. } | Sign::Rsa { .. } | Sign::Jwt { .. } | Sign::Digest { .. } => Ok(()),
    }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

pub(super) fn authentication_code(hash: Hash, key: &[u8], message: &[u8]) -> Vec<u8> {
    macro_rules! code {
        ($hash:ty) => {{
            let mut code = Hmac::<$hash>::new_from_slice(key).expect("a key may have any length");
            code.update(message);
            code.finalize().into_bytes().to_vec()
        }};
    }
    match hash {
        Hash::Sha1 => code!(sha1::Sha1),
        Hash::Sha256 => code!(Sha256),
        Hash::Sha512 => code!(sha2::Sha512),
    }
}

/// Signs a request as AWS wants it.
fn aws(
    service: &str,
    region: &str,
    request: &mut Request,
    values: &Values,
    now: SystemTime,
) -> Result<(), String> {
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

/// Tencent Cloud's signature (Tencent Cloud, "Signature Method v3") over the method, the path, the query, the body, and
/// of the headers the type of the body and the host.
fn tc3(
    request: &Request,
    service: &str,
    (key_id, key): (&Secret, &Secret),
    time: &Secret,
) -> Result<Secret, String> {
    let time = String::from_utf8_lossy(time.expose()).into_owned();
    let date = time.parse().map(crate::model::moment).map_err(|_| "timestamp")?;
    let date = date.split('T').next().unwrap_or_default();
    let kind = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let kind = String::from_utf8_lossy(kind.ok_or("a body")?.1.expose()).into_owned();
    let canonical = format!(
        "{}\n{}\n{}\ncontent-type:{kind}\nhost:{}\n\ncontent-type;host\n{}",
        request.method.as_str(),
        request.url.path(),
        request.url.query().unwrap_or_default(),
        super::client::host_and_port(&request.url),
        hex(&Sha256::digest(request.body.expose()))
    );
    let scope = format!("{date}/{service}/tc3_request");
    let to_sign = format!("TC3-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let mut signing = Zeroizing::new([b"TC3", key.expose()].concat());
    for part in [date, service, "tc3_request"] {
        signing = Zeroizing::new(authentication_code(Hash::Sha256, &signing, part.as_bytes()));
    }
    let signature = hex(&authentication_code(Hash::Sha256, &signing, to_sign.as_bytes()));
    let id = String::from_utf8_lossy(key_id.expose());
    let text = format!(
        "TC3-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders=content-type;host, Signature={signature}"
    );
    Ok(Secret::new(text.as_bytes()))
}

/// Akamai's signature (Akamai, "Authenticate with EdgeGrid", the `EG1-HMAC-SHA256` scheme), in which no header is signed
/// and of bodies only that of a POST.
fn edge_grid(
    request: &Request,
    [client_token, access_token]: &[Secret; 2],
    key: &Secret,
    (time, nonce): (&str, &str),
) -> Secret {
    let plain = |secret: &Secret| String::from_utf8_lossy(secret.expose()).into_owned();
    let header = format!(
        "EG1-HMAC-SHA256 client_token={};access_token={};timestamp={time};nonce={nonce};",
        plain(client_token),
        plain(access_token)
    );
    let url = &request.url;
    let query = url.query().map_or(String::new(), |query| format!("?{query}"));
    let body = request.body.expose();
    let hashed = request.method == Method::Post && !body.is_empty();
    let digest = if hashed { STANDARD.encode(Sha256::digest(body)) } else { String::new() };
    let message = [
        request.method.as_str(),
        url.scheme(),
        &super::client::host_and_port(url),
        &format!("{}{query}", url.path()),
        "",
        &digest,
        &header,
    ]
    .join("\t");
    let encoded = |key: &[u8], message: &[u8]| {
        Zeroizing::new(STANDARD.encode(authentication_code(Hash::Sha256, key, message)))
    };
    let signing = encoded(key.expose(), time.as_bytes());
    let signature = encoded(signing.as_bytes(), message.as_bytes());
    Secret::new(format!("{header}signature={}", *signature).as_bytes())
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::net::Kind;

    fn request(method: Method, url: &str, body: &str) -> Request {
        Request {
            method,
            url: Url::parse(url).expect("a URL"),
            template: "",
            named: false,
            headers: vec![("Content-Type".into(), Secret::new(b"application/json; charset=utf-8"))],
            body: Secret::new(body.as_bytes()),
            kind: Kind::Question,
        }
    }

    /// Worked out with Python's hmac and hashlib by the vendor's description.
    #[test]
    fn tencent_cloud() {
        let request = request(Method::Post, "https://cvm.tencentcloudapi.com/", r#"{"Limit": 1}"#);
        let pair = (&Secret::new(b"AKIDEXAMPLE"), &Secret::new(b"tulip7"));
        let signed = tc3(&request, "cvm", pair, &Secret::new(b"1551113065")).expect("signed");
        let expected = "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, Signature=956c207154b0a3e8829af3b05d3351808c43476bfa78d3445adbf0455c6b67b9";
        assert_eq!(String::from_utf8_lossy(signed.expose()), expected);
    }

    /// Worked out with Python's hmac and hashlib by the vendor's description.
    #[test]
    fn akamai() {
        let tokens = [Secret::new(b"akab-client"), Secret::new(b"akab-access")];
        for (method, body, signature) in [
            (Method::Get, "", "yWjjPXWRWnw3rjLA/z37pch+KWMw3NJWz/7wgrZgalw="),
            (Method::Post, "datadatadata", "Bq7x27NJoCJ2YRiGkuHfJAaveEF4Ol+hm2TRsJs5vMQ="),
            (Method::Put, "datadatadata", "/5Fr5PGYklBsABgkSZsYer+YJJvPCwmhE+bDcwrbnR4="),
        ] {
            let request =
                request(method, "https://akab-host.luna.akamaiapis.net/testapi/v1/t1?p1=1&p2=2", body);
            let moment = ("20140321T19:34:21+0000", "nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
            let signed = edge_grid(&request, &tokens, &Secret::new(b"tulip7"), moment);
            let expected = format!(
                "EG1-HMAC-SHA256 client_token=akab-client;access_token=akab-access;timestamp={};nonce={};signature={signature}",
                moment.0, moment.1
            );
            assert_eq!(String::from_utf8_lossy(signed.expose()), expected, "{method:?}");
        }
    }
}
