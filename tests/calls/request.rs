//! What a request must be by its rule, held against one that came: method, path, headers, body and signature.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use stanch::model::{Algorithm, Body, Call, Encoding, Hash, Header, Piece, Secret, Sign, pieces};
use stanch::net::Values;

use crate::common::server::Received;

/// RFC 3986 section 2.3
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the client makes up itself.
const VOLATILE: &[&str] =
    &["timestamp", "timestamp_ms", "now", "http_date", "nonce", "signature", "assertion"];

/// What is known when a request is made.
#[derive(Clone, Default)]
pub(crate) struct Known {
    pub(crate) values: Values,
    /// The secrets of a batch.
    pub(crate) batch: Vec<Secret>,
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Plain,
    Url,
    Json,
}

/// Part of a request, as the rule's template has it and as it came.
struct Part {
    name: String,
    template: String,
    written: Written,
    came: String,
}

/// What of a request is not as the rule says, if anything. `base` is the path of the endpoint.
pub(crate) fn differs(call: &Call, known: &Known, base: &str, received: &Received) -> Result<(), String> {
    if received.method != call.method.as_str() {
        return Err(format!("came as {}, and is a {}", received.method, call.method.as_str()));
    }
    let parts = parts(call, base, received)?;
    let mut known = known.clone();
    for part in &parts {
        known.take(part)?;
    }
    known.sign(call)?;
    for part in &parts {
        let expected = known.write(&part.template, part.written, &mut vec![])?;
        let expected = if part.name == "path" { normal(&expected)? } else { expected };
        if expected != part.came {
            return Err(format!("{} came as `{}` and is `{expected}`", part.name, part.came));
        }
    }
    match call.sign {
        Some(Sign::AwsV4 { service, region }) => known.aws(received, service, region),
        Some(Sign::Digest { user, password }) => known.digest(received, user, password),
        Some(Sign::Tc3 { service, key_id, key }) => known.tc3(received, service, key_id, key),
        Some(Sign::EdgeGrid { client_token, access_token, key }) => {
            known.edge_grid(received, [client_token, access_token], key)
        }
        Some(Sign::Hmac { .. } | Sign::Rsa { .. } | Sign::Jwt { .. }) | None => Ok(()),
    }
}

/// What a server says to whoever brings no answer to a challenge of digest authentication.
pub(crate) const CHALLENGE: &str =
    r#"Digest realm="acme, all of it", nonce="n0nce", qop="auth", algorithm=MD5"#;

/// All parts that the rule determines.
fn parts(call: &Call, base: &str, received: &Received) -> Result<Vec<Part>, String> {
    let came = |name: &str| {
        received.header(&name.to_ascii_lowercase()).map(str::to_owned).ok_or(format!("came without `{name}`"))
    };
    let plain = |name: &str, template: &str, came: String| Part {
        name: name.to_owned(),
        template: template.to_owned(),
        written: Written::Plain,
        came,
    };
    let path = Part {
        name: "path".into(),
        template: format!("{base}{}", after_host(call.url)),
        written: Written::Url,
        came: received.path.clone(),
    };
    let mut parts = vec![path];
    if let Some(Header(user, password)) = call.basic {
        let came = came("Authorization")?;
        let pair = came.strip_prefix("Basic ").and_then(|pair| STANDARD.decode(pair).ok());
        let pair = pair.ok_or("came without basic authentication")?;
        let pair = String::from_utf8_lossy(&pair).into_owned();
        parts.push(plain("basic", &format!("{user}:{password}"), pair));
    }
    for Header(name, template) in call.headers.iter() {
        parts.push(plain(name, template, came(name)?));
    }
    let usual = |name: &str| !call.headers.iter().any(|header| header.0.eq_ignore_ascii_case(name));
    let kind = match call.body {
        Body::Empty => None,
        Body::Json(_) => Some("application/json"),
        Body::Form(_) => Some("application/x-www-form-urlencoded"),
    };
    if let Some(kind) = kind.filter(|_| usual("content-type")) {
        parts.push(plain("Content-Type", kind, came("Content-Type")?));
    }
    if usual("accept") {
        parts.push(plain("Accept", "application/json", came("Accept")?));
    }
    match call.body {
        Body::Empty => parts.push(plain("body", "", received.text())),
        Body::Json(template) => parts.push(Part {
            name: "body".into(),
            template: template.to_owned(),
            written: Written::Json,
            came: received.text(),
        }),
        Body::Form(fields) => {
            let came: Vec<(String, String)> =
                url::form_urlencoded::parse(&received.body).into_owned().collect();
            if came.len() != fields.len() {
                return Err(format!("{} fields came, of {}", came.len(), fields.len()));
            }
            for (Header(name, template), (came_name, came)) in fields.iter().zip(came) {
                if *name != came_name {
                    return Err(format!("the field `{came_name}` came in place of `{name}`"));
                }
                parts.push(plain(&format!("field {name}"), template, came));
            }
        }
    }
    Ok(parts)
}

/// Path and query of a URL's template.
fn after_host(url: &str) -> String {
    match url.strip_prefix("{endpoint}") {
        Some(rest) => rest.to_owned(),
        None => url.splitn(4, '/').nth(3).map(|rest| format!("/{rest}")).unwrap_or_default(),
    }
}

/// Path and query as a client writes them.
fn normal(path: &str) -> Result<String, String> {
    let url = url::Url::parse(&format!("http://127.0.0.1{path}")).map_err(|error| error.to_string())?;
    Ok(url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path())))
}

impl Known {
    /// Fills a template; what is not known yet becomes a mark.
    fn write(&self, template: &str, written: Written, marks: &mut Vec<String>) -> Result<String, String> {
        let mut text = String::new();
        for piece in pieces(template) {
            match piece {
                Piece::Text(piece) => text += piece,
                Piece::Place("secrets") => {
                    let batch = self.batch.iter().map(|secret| String::from_utf8_lossy(secret.expose()));
                    text += &serde_json::Value::from_iter(batch).to_string();
                }
                Piece::Place(inner) if self.is_open(inner) => {
                    text += &mark(marks.len());
                    marks.push(inner.to_owned());
                }
                Piece::Place(inner) => {
                    let value = self.values.filled(&format!("{{{inner}}}"));
                    let value = value.ok_or_else(|| format!("`{{{inner}}}` is not known"))?;
                    let value = String::from_utf8_lossy(value.expose()).into_owned();
                    match written {
                        Written::Plain => text += &value,
                        Written::Url => text.extend(utf8_percent_encode(&value, RESERVED)),
                        Written::Json => {
                            let quoted = serde_json::Value::from(value).to_string();
                            text += &quoted[1..quoted.len() - 1];
                        }
                    }
                }
            }
        }
        Ok(text)
    }

    fn is_open(&self, inner: &str) -> bool {
        let name = inner.split('|').next().unwrap_or_default();
        VOLATILE.contains(&name) && self.values.get(name).is_none()
    }

    /// Reads from a part what the client made up.
    fn take(&mut self, part: &Part) -> Result<(), String> {
        let mut marks = vec![];
        let marked = self.write(&part.template, part.written, &mut marks)?;
        let marked = if part.name == "path" { normal(&marked)? } else { marked };
        let mut pattern = regex::escape(&marked);
        for at in 0..marks.len() {
            pattern = pattern.replace(&mark(at), "(.+?)");
        }
        let regex = regex::Regex::new(&format!("(?s)^{pattern}$")).map_err(|error| error.to_string())?;
        let Some(captures) = regex.captures(&part.came) else {
            return Err(format!("{} came as `{}` and is `{}`", part.name, part.came, marked));
        };
        for (at, inner) in marks.iter().enumerate() {
            let came = percent_decode_str(&captures[at + 1]).decode_utf8_lossy().into_owned();
            let (name, filter) = inner.split_once('|').unwrap_or((inner, ""));
            // Of a time only its beginning may be sent; what comes after it is nobody's business.
            let whole = match filter.split_once(':') {
                Some(("first", _)) => format!("{came}00000"),
                Some(("before", text)) => format!("{came}{text}00:00:00Z"),
                _ => came,
            };
            if name != "signature" {
                self.values = std::mem::take(&mut self.values).with(name, whole.as_bytes());
            }
        }
        Ok(())
    }

    /// Works out the signature that the request must bear.
    fn sign(&mut self, call: &Call) -> Result<(), String> {
        let fill = |template| self.values.filled(template).ok_or(format!("`{template}` cannot be filled"));
        match call.sign {
            Some(Sign::Hmac { hash, key, message, encoding }) => {
                let (key, message) = (fill(key)?, fill(message)?);
                let code = match hash {
                    Hash::Sha1 => code::<Hmac<sha1::Sha1>>(key.expose(), message.expose()),
                    Hash::Sha256 => code::<Hmac<Sha256>>(key.expose(), message.expose()),
                    Hash::Sha512 => code::<Hmac<sha2::Sha512>>(key.expose(), message.expose()),
                };
                let text = match encoding {
                    Encoding::Hex => hex(&code),
                    Encoding::Base64 => STANDARD.encode(code),
                };
                self.values = std::mem::take(&mut self.values).with("signature", text.as_bytes());
                Ok(())
            }
            Some(Sign::Rsa { key, message }) => {
                let signature = STANDARD.encode(rsa(&fill(key)?, fill(message)?.expose())?);
                self.values = std::mem::take(&mut self.values).with("signature", signature.as_bytes());
                Ok(())
            }
            Some(Sign::Jwt { algorithm, key, header, claims }) => {
                let assertion = fill("{assertion}")?;
                let assertion = String::from_utf8_lossy(assertion.expose()).into_owned();
                let [told_header, told_claims, signature] = assertion.split('.').collect::<Vec<_>>()[..]
                else {
                    return Err(format!("`{assertion}` is no signed token"));
                };
                let alg = algorithm.as_str();
                let header = match header.strip_prefix('{') {
                    Some(rest) => format!(r#"{{"alg":"{alg}","typ":"JWT",{rest}"#),
                    None => format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#),
                };
                for (what, template, told) in
                    [("header", &*header, told_header), ("claims", claims, told_claims)]
                {
                    let told = URL_SAFE_NO_PAD.decode(told).map_err(|error| error.to_string())?;
                    let came = String::from_utf8_lossy(&told).into_owned();
                    serde_json::from_str::<serde_json::Map<_, _>>(&came)
                        .map_err(|error| format!("{came}: {error}"))?;
                    let part =
                        Part { name: what.into(), template: template.into(), written: Written::Json, came };
                    self.clone().take(&part)?;
                }
                let signed = format!("{told_header}.{told_claims}");
                let expected = match algorithm {
                    Algorithm::Hs256 => code::<Hmac<Sha256>>(fill(key)?.expose(), signed.as_bytes()),
                    Algorithm::Rs256 => rsa(&fill(key)?, signed.as_bytes())?,
                    // Of these no two signatures need be the same, or the key is no longer at hand.
                    Algorithm::Es256 | Algorithm::EdDsa => return Ok(()),
                };
                if signature == URL_SAFE_NO_PAD.encode(expected) {
                    Ok(())
                } else {
                    Err("the token is not signed by the key".into())
                }
            }
            _ => Ok(()),
        }
    }

    fn text(&self, template: &str) -> Result<String, String> {
        let value = self.values.filled(template).ok_or(format!("`{template}` cannot be filled"))?;
        Ok(String::from_utf8_lossy(value.expose()).into_owned())
    }

    /// Digest authentication, worked out from what came (RFC 7616 section 3.4.1).
    fn digest(&self, received: &Received, user: &str, password: &str) -> Result<(), String> {
        let came = received.header("authorization").ok_or("came without `authorization`")?;
        let field = |name: &str| {
            let found = regex::Regex::new(&format!(r#"[ ,]{name}="?([^",]*)"#)).unwrap().captures(came);
            found.map(|found| found[1].to_owned()).ok_or(format!("`{came}` has no {name}"))
        };
        let (user, password) = (self.text(user)?, self.text(password)?);
        let hash = |text: String| hex(&md5::Md5::digest(text));
        let secret = hash(format!("{user}:acme, all of it:{password}"));
        let about = hash(format!("{}:{}", received.method, received.path));
        let own = field("cnonce")?;
        let expected = hash(format!("{secret}:n0nce:00000001:{own}:auth:{about}"));
        match (field("username")? == user, field("uri")? == received.path, field("response")? == expected) {
            (true, true, true) => Ok(()),
            _ => Err(format!("its authorization is `{came}`, which does not answer the challenge")),
        }
    }

    /// Worked out from what came (Tencent Cloud, "Signature Method v3").
    fn tc3(&self, received: &Received, service: &str, key_id: &str, key: &str) -> Result<(), String> {
        let header = |name: &str| received.header(name).ok_or(format!("came without `{name}`"));
        let (id, key) = (self.text(key_id)?, self.text(key)?);
        let time = header("x-tc-timestamp")?;
        let date = stanch::model::moment(time.parse().map_err(|_| "a time that is none")?);
        let canonical = format!(
            "{}\n{}\n\ncontent-type:{}\nhost:{}\n\ncontent-type;host\n{}",
            received.method,
            received.path,
            header("content-type")?,
            header("host")?,
            hex(&Sha256::digest(&received.body))
        );
        let scope = format!("{}/{service}/tc3_request", &date[..10]);
        let to_sign = format!("TC3-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let signing = ["tc3_request", service, &date[..10]];
        let signing = signing
            .iter()
            .rev()
            .fold(format!("TC3{key}").into_bytes(), |key, part| code::<Hmac<Sha256>>(&key, part.as_bytes()));
        let signature = hex(&code::<Hmac<Sha256>>(&signing, to_sign.as_bytes()));
        let expected = format!(
            "TC3-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders=content-type;host, Signature={signature}"
        );
        let came = header("authorization")?;
        if came == expected {
            Ok(())
        } else {
            Err(format!("its authorization is `{came}`, not `{expected}`"))
        }
    }

    /// Worked out from what came (Akamai, "Authenticate with EdgeGrid").
    fn edge_grid(&self, received: &Received, tokens: [&str; 2], key: &str) -> Result<(), String> {
        let header = |name: &str| received.header(name).ok_or(format!("came without `{name}`"));
        let came = header("authorization")?;
        let (told, signature) = came.split_once("signature=").ok_or(format!("`{came}` has no signature"))?;
        let start = format!(
            "EG1-HMAC-SHA256 client_token={};access_token={};timestamp=",
            self.text(tokens[0])?,
            self.text(tokens[1])?
        );
        let time = told.strip_prefix(&start).and_then(|rest| rest.split_once(';'));
        let time = time.ok_or(format!("`{came}` does not begin with `{start}`"))?.0;
        let post = received.method == "POST" && !received.body.is_empty();
        let digest = if post { STANDARD.encode(Sha256::digest(&received.body)) } else { String::new() };
        let message =
            format!("{}\thttp\t{}\t{}\t\t{digest}\t{told}", received.method, header("host")?, received.path);
        let signing = STANDARD.encode(code::<Hmac<Sha256>>(self.text(key)?.as_bytes(), time.as_bytes()));
        let expected = STANDARD.encode(code::<Hmac<Sha256>>(signing.as_bytes(), message.as_bytes()));
        if signature == expected {
            Ok(())
        } else {
            Err(format!("its signature is `{signature}`, not `{expected}`"))
        }
    }

    /// Signature Version 4, worked out from what came (AWS, "Create a signed AWS API request").
    fn aws(&self, received: &Received, service: &str, region: &str) -> Result<(), String> {
        let text = |name: &str| {
            self.values.get(name).map(|value| String::from_utf8_lossy(value.expose()).into_owned())
        };
        // An administrator's own, where they are asked for.
        let [id, key, session] = match text("aws_access_key_id") {
            Some(_) => ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"],
            None => ["key_id", "secret_key", "session"],
        };
        let (id, key) = (text(id).ok_or("no key id")?, text(key).ok_or("no secret key")?);
        let header = |name: &str| received.header(name).ok_or(format!("came without `{name}`"));
        let (authorization, date) = (header("authorization")?, header("x-amz-date")?);
        let named = authorization.split_once("SignedHeaders=").and_then(|(_, rest)| rest.split_once(','));
        let named = named.ok_or(format!("`{authorization}` names no signed headers"))?.0;
        let headers: Result<String, String> =
            named.split(';').map(|name| Ok(format!("{name}:{}\n", header(name)?))).collect();
        let (path, query) = received.path.split_once('?').unwrap_or((&received.path, ""));
        let canonical = format!(
            "{}\n{path}\n{query}\n{}\n{named}\n{}",
            received.method,
            headers?,
            hex(&Sha256::digest(&received.body))
        );
        let scope = format!("{}/{region}/{service}/aws4_request", &date[..8]);
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let mut signing = format!("AWS4{key}").into_bytes();
        for part in [&date[..8], region, service, "aws4_request"] {
            signing = code::<Hmac<Sha256>>(&signing, part.as_bytes());
        }
        let signature = hex(&code::<Hmac<Sha256>>(&signing, to_sign.as_bytes()));
        let expected =
            format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={named}, Signature={signature}");
        if text(session).as_deref() != received.header("x-amz-security-token") {
            return Err("the session's token did not come as `x-amz-security-token`".into());
        }
        if authorization == expected {
            Ok(())
        } else {
            Err(format!("its authorization is `{authorization}`, and `{expected}` by what came"))
        }
    }
}

/// An RSA signature by a key in PEM, whose line ends may be written as in a JSON string (RFC 8017, section 8.2).
fn rsa(key: &Secret, message: &[u8]) -> Result<Vec<u8>, String> {
    use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
    let text = String::from_utf8_lossy(key.expose()).replace("\\n", "\n");
    let lines = text.lines().filter(|line| !line.contains("-----"));
    let der = STANDARD.decode(lines.collect::<String>()).map_err(|error| error.to_string())?;
    let pair = RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der));
    let pair = pair.map_err(|error| error.to_string())?;
    let mut signature = vec![0; pair.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|error| error.to_string())?;
    Ok(signature)
}

/// A text that stands for what is not known yet, and that no encoding changes.
fn mark(at: usize) -> String {
    format!("QqMark{at}qQ")
}

fn code<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut code = <M as KeyInit>::new_from_slice(key).expect("a key may have any length");
    code.update(message);
    code.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
