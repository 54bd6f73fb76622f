//! Digest authentication (RFC 7616): a server's challenge, and the answer that proves the password without holding it.

use md5::{Digest, Md5};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Answer;
use super::client::Request;
use crate::model::Secret;

/// What a server asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    hash: Hash,
    /// Whether the answer counts requests and is bound to a number of the client's (`qop=auth`).
    counts: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Md5,
    Sha256,
}

/// The challenge of an answer, where it is one that can be answered.
pub(super) fn challenge(answer: &Answer) -> Option<Challenge> {
    let asked = answer.header("www-authenticate").filter(|_| answer.status == 401)?;
    let (scheme, rest) = asked.trim().split_once(' ')?;
    let fields = if scheme.eq_ignore_ascii_case("digest") { fields(rest) } else { return None };
    let field = |name: &str| {
        fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    };
    let hash = match field("algorithm").map(|name| name.to_ascii_lowercase()).as_deref() {
        None | Some("md5") => Hash::Md5,
        Some("sha-256") => Hash::Sha256,
        Some(_) => return None,
    };
    let counts = match field("qop") {
        None => false,
        Some(ways) if ways.split(',').any(|way| way.trim().eq_ignore_ascii_case("auth")) => true,
        Some(_) => return None,
    };
    Some(Challenge { realm: field("realm")?, nonce: field("nonce")?, opaque: field("opaque"), hash, counts })
}

/// Names and values, of which those in quotes may hold commas.
fn fields(mut text: &str) -> Vec<(&str, String)> {
    let mut fields = vec![];
    while let Some((name, rest)) = text.split_once('=') {
        let value;
        (value, text) = match rest.trim_start().strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (value, after) = rest.split_once(',').unwrap_or((rest, ""));
                (value.trim().to_owned(), after)
            }
        };
        fields.push((name.trim_matches([' ', ',', '\t']), value));
    }
    fields
}

/// What stands before the next quotation mark that is not escaped, and what comes after it.
fn unquoted(text: &str) -> (String, &str) {
    let (mut value, mut letters) = (String::new(), text.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            letter => value.push(letter),
        }
    }
    (value, "")
}

impl Challenge {
    /// The value of the header `Authorization` that answers it for a request.
    pub(super) fn answer(&self, request: &Request, user: &Secret, password: &Secret) -> Secret {
        let nonce = format!("{:032x}", fastrand::u128(..));
        let uri = request.url.path().to_owned()
            + &request.url.query().map_or(String::new(), |query| format!("?{query}"));
        self.answer_with(request.method.as_str(), &uri, (user, password), &nonce)
    }

    fn answer_with(
        &self,
        method: &str,
        uri: &str,
        (user, password): (&Secret, &Secret),
        own: &str,
    ) -> Secret {
        let Challenge { realm, nonce, opaque, hash, counts } = self;
        let parts = [user.expose(), b":", realm.as_bytes(), b":", password.expose()];
        let secret = hash.hex(&Zeroizing::new(parts.concat()));
        let about = hash.hex(format!("{method}:{uri}").as_bytes());
        let bound = if *counts { format!(":00000001:{own}:auth") } else { String::new() };
        let response = hash.hex(format!("{}:{nonce}{bound}:{}", *secret, *about).as_bytes());
        let user = quoted(&String::from_utf8_lossy(user.expose()));
        let (realm, nonce) = (quoted(realm), quoted(nonce));
        let mut text = format!(
            r#"Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm={}, response="{}""#,
            hash.as_str(),
            *response
        );
        if *counts {
            text += &format!(r#", qop=auth, nc=00000001, cnonce="{own}""#);
        }
        if let Some(opaque) = opaque {
            text += &format!(r#", opaque="{}""#, quoted(opaque));
        }
        Secret::new(text.as_bytes())
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

impl Hash {
    fn hex(self, bytes: &[u8]) -> Zeroizing<String> {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Zeroizing::new(match self {
            Hash::Md5 => hex(&Md5::digest(bytes)),
            Hash::Sha256 => hex(&Sha256::digest(bytes)),
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Hash::Md5 => "MD5",
            Hash::Sha256 => "SHA-256",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(header: &str) -> Option<Challenge> {
        challenge(&Answer::new(401, vec![("www-authenticate".into(), header.into())], b""))
    }

    /// RFC 7616 section 3.9.1.
    #[test]
    fn the_example_of_the_standard() {
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let challenge = asked(&format!(
                r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
            ))
            .expect("it is a challenge");
            let pair = (&Secret::new(b"Mufasa"), &Secret::new(b"Circle of Life"));
            let own = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
            let answer = challenge.answer_with("GET", "/dir/index.html", pair, own);
            let answer = String::from_utf8_lossy(answer.expose()).into_owned();
            let expected = format!(
                r#"Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html", algorithm={algorithm}, response="{response}", qop=auth, nc=00000001, cnonce="{own}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
            );
            assert_eq!(answer, expected);
        }
    }

    #[test]
    fn challenges() {
        let plain = |realm: &str| Challenge {
            realm: realm.into(),
            nonce: "n".into(),
            opaque: None,
            hash: Hash::Md5,
            counts: false,
        };
        for (header, expected) in [
            (r#"Digest realm="a, b", nonce="n""#, Some(plain("a, b"))),
            (r#"digest nonce=n,realm="a \"b\"""#, Some(plain(r#"a "b""#))),
            (r#"Digest realm="a", domain="", nonce="n", stale=false"#, Some(plain("a"))),
            (r#"Digest realm="a", nonce="n", qop="auth""#, Some(Challenge { counts: true, ..plain("a") })),
            (r#"Digest realm="a", nonce="n", qop="auth-int""#, None),
            (r#"Digest realm="a", nonce="n", algorithm=MD5-sess"#, None),
            (r#"Digest realm="a""#, None),
            (r#"Basic realm="a""#, None),
            ("Digest", None),
            ("", None),
        ] {
            assert_eq!(asked(header), expected, "{header}");
        }
        let answered =
            Answer::new(200, vec![("www-authenticate".into(), r#"Digest realm="a", nonce="n""#.into())], b"");
        assert_eq!(challenge(&answered), None);
    }
}
