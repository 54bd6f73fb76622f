//! What a rule says of asking a provider about a token, and of revoking it: declared, not programmed.
//!
//! `Debug` of everything here is Rust that makes it again: the build script writes the shipped rules so.

/// A list that lives as long as the process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct List<T: 'static>(pub &'static [T]);

impl<T> List<T> {
    /// The empty list.
    pub const EMPTY: List<T> = List(&[]);

    /// The list of these.
    pub fn of(items: Vec<T>) -> List<T> {
        List(items.leak())
    }
}

impl<T> Default for List<T> {
    fn default() -> List<T> {
        List::EMPTY
    }
}

impl<T> std::ops::Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for List<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "List(&{:?})", self.0)
    }
}

/// A request, with places for what is known only when it is made: `{secret}`, `{id}`, `{secret|split:.:1}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// How.
    pub method: Method,
    /// Where: `https://` and a host, or `{endpoint}` where every customer has their own.
    pub url: &'static str,
    /// User and password of basic authentication.
    pub basic: Option<Header>,
    /// What else is sent beside the body.
    pub headers: List<Header>,
    /// What is sent.
    pub body: Body,
    /// How it is signed.
    pub sign: Option<Sign>,
}

/// Name and value of a header or a field of a form, user and password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header(pub &'static str, pub &'static str);

/// Method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

/// Body of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// None.
    Empty,
    /// `application/x-www-form-urlencoded`, field by field.
    Form(List<Header>),
    /// `application/json`; what is filled in is written as the inside of a JSON string. `{secrets}` is the whole
    /// list of a batch.
    Json(&'static str),
}

/// How a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// AWS Signature Version 4 with `{key_id}`, `{secret}` and, where it is known, `{session}`.
    AwsV4 {
        /// Service, as in the credential scope.
        service: &'static str,
        /// Region, as in the credential scope.
        region: &'static str,
    },
    /// A message authentication code over a message; it is `{signature}` in URL, headers and body.
    Hmac {
        /// Hash.
        hash: Hash,
        /// Template of the key.
        key: &'static str,
        /// Template of the message.
        message: &'static str,
        /// How the code is written.
        encoding: Encoding,
    },
    /// An RSA signature over a message (PKCS #1 v1.5 with SHA-256) in base64; it is `{signature}` in URL, headers and
    /// body.
    Rsa {
        /// Template of the private key, in PEM.
        key: &'static str,
        /// Template of the message.
        message: &'static str,
    },
    /// A JSON Web Token (RFC 7519): `{assertion}`.
    Jwt {
        /// How it is signed.
        algorithm: Algorithm,
        /// Template of the key.
        key: &'static str,
        /// Template of what its header says beside `alg` and `typ`, as a JSON object; empty for nothing.
        header: &'static str,
        /// Template of its claims, as a JSON object.
        claims: &'static str,
    },
    /// Digest authentication (RFC 7616), for which a challenge is asked for first.
    Digest {
        /// Template of the user.
        user: &'static str,
        /// Template of the password.
        password: &'static str,
    },
    /// Tencent Cloud's signature, version 3.
    Tc3 {
        /// Service, as in the credential scope.
        service: &'static str,
        /// Template of the key's id.
        key_id: &'static str,
        /// Template of the secret key.
        key: &'static str,
    },
    /// Akamai's EdgeGrid, version 1.
    EdgeGrid {
        /// Template of the client's token.
        client_token: &'static str,
        /// Template of the access token.
        access_token: &'static str,
        /// Template of the client's secret.
        key: &'static str,
    },
}

/// How a JSON Web Token is signed (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256 and the bytes of the key.
    Hs256,
    /// RSA (PKCS #1 v1.5) with SHA-256 and a key in PEM.
    Rs256,
    /// ECDSA with P-256, SHA-256 and a key in PEM.
    Es256,
    /// Ed25519 with 64 bytes in base64, the seed and the public key.
    EdDsa,
}

/// Hash function of a message authentication code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1
    Sha1,
    /// SHA-256
    Sha256,
    /// SHA-512
    Sha512,
}

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Lower-case hex.
    Hex,
    /// Base64 with padding.
    Base64,
}

/// A question that comes before a call and brings what its template needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The question.
    pub call: Call,
    /// What its answer must be.
    pub when: List<Condition>,
    /// Where in the answer the list stands of which exactly one entry must match; the answer itself is the entry
    /// where there is none.
    pub list: Option<&'static str>,
    /// JSON pointers into an entry, and templates of what must stand there.
    pub matching: List<Header>,
    /// Names for later templates, and JSON pointers into the entry.
    pub take: List<Header>,
}

/// What an answer must be: `200 /login`, `400 /error=invalid_token|expired`, `403 xml:Code=AccessDenied`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// Status codes of which it has one.
    pub statuses: List<u16>,
    /// What else holds.
    pub tests: List<Test>,
}

/// One thing that holds for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Test {
    /// What is looked at.
    pub at: At,
    /// Values of which it has one; empty: it is there, and is neither null nor empty.
    pub values: List<&'static str>,
}

/// A part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// What a JSON pointer (RFC 6901) leads to.
    Pointer(&'static str),
    /// A header.
    Field(&'static str),
    /// The text of the first XML element of that name.
    Element(&'static str),
    /// The body as it is; a value need only stand in it.
    Text,
}

/// How to learn whether a token works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verify {
    /// What comes before.
    pub first: List<Step>,
    /// The question.
    pub call: Call,
    /// Answers that mean it works.
    pub live: List<Condition>,
    /// Answers that mean it does not.
    pub dead: List<Condition>,
    /// What the answer tells of the token: a label of [`LABELS`] and where it stands, as in a [`Test`].
    pub tell: List<Told>,
    /// Whose word it takes beside the token.
    pub by: By,
    /// What asking may do.
    pub safety: Safety,
    /// Whether the URL holds the secret, since the vendor offers no other form.
    pub secret_in_url: bool,
    /// How firmly all this stands: `vendor-doc`, `peers-agree` or `one-source`.
    pub source: &'static str,
    /// Answers as the vendor gives them.
    pub samples: List<Sample>,
}

/// A label, and where what it stands for is found in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told(pub &'static str, pub At);

/// What an answer may tell. `owner` is what an owner is compared with.
pub const LABELS: &[&str] = &[
    "account",
    "email",
    "expires",
    "id",
    "last_used",
    "name",
    "organization",
    "owner",
    "plan",
    "scopes",
    "type",
];

/// What asking a provider may do besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Safety {
    /// It changes something at the provider.
    pub changes_state: bool,
    /// The owner sees it in a log.
    pub shows_in_log: bool,
    /// Wrong values can lock an account.
    pub locks_out: bool,
}

/// An answer as a vendor gives it, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: List<Header>,
    /// Body.
    pub body: &'static str,
    /// `live`, `dead` or `unknown` of a question; `done`, `already` or `refused` of a revocation.
    pub says: &'static str,
}

/// How to revoke a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoke {
    /// What the vendor calls it: `revoke`, `deactivate`, `delete`, `disable`.
    pub verb: &'static str,
    /// What comes before.
    pub first: List<Step>,
    /// The call.
    pub call: Call,
    /// Answers that mean it was accepted.
    pub done: List<Condition>,
    /// Answers that mean there was nothing left to do.
    pub already: List<Condition>,
    /// Answers that mean it was not done, beside those with a status that says so.
    pub refused: List<Condition>,
    /// What dies.
    pub damage: Damage,
    /// Whether the vendor can undo it.
    pub reversible: bool,
    /// What happens besides, in one sentence.
    pub effect: &'static str,
    /// Whose word it takes.
    pub by: By,
    /// How many secrets one call takes.
    pub batch: usize,
    /// Whether the call accepts any value, whoever it belongs to: then only what is proven is sent.
    pub accepts_any: bool,
    /// Whether the URL holds the secret, since the vendor offers no other form.
    pub secret_in_url: bool,
    /// How firmly all this stands: `vendor-doc`, `peers-agree` or `one-source`.
    pub source: &'static str,
    /// Answers as the vendor gives them.
    pub samples: List<Sample>,
}

/// How much dies with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Damage {
    /// It alone.
    Token,
    /// All that was granted with it: its refresh token, its children.
    Grant,
    /// The app that it belongs to.
    App,
    /// The account.
    Account,
}

/// Whose word a revocation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The leaked token itself, or nobody's.
    Itself,
    /// An administrator's, from these variables of the environment: `{name in lower case}`.
    Admin(List<&'static str>),
}

/// How to learn whose a token is without using it, with an administrator's credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookup {
    /// The question. What its answer's entry holds is kept under a label of [`LABELS`].
    pub step: Step,
    /// The variables of the environment that it takes: `{name in lower case}`. One whose name ends in `S` may hold
    /// several values with commas; each is asked with.
    pub by: List<&'static str>,
    /// How firmly all this stands: `vendor-doc`, `peers-agree` or `one-source`.
    pub source: &'static str,
}

/// Something that stands near a token and that a call needs: `{name}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Companion {
    /// Its name in templates.
    pub name: &'static str,
    /// What finds it.
    pub from: FoundBy,
    /// Whether a call is made without it.
    pub optional: bool,
}

/// What finds a companion in the text of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    /// Another rule, by its id.
    OtherRule(&'static str),
    /// A pattern; its capture group 1, where there is one, is the companion.
    Pattern(&'static str),
}

impl Method {
    /// As it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// The method of that name.
    pub fn named(name: &str) -> Option<Method> {
        let all = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
        all.into_iter().find(|method| method.as_str() == name)
    }
}

impl Algorithm {
    /// All.
    pub const ALL: [Algorithm; 4] = [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];

    /// The name in the header of a token.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Hs256 => "HS256",
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
            Algorithm::EdDsa => "EdDSA",
        }
    }
}

impl Damage {
    /// All, from small to great.
    pub const ALL: [Damage; 4] = [Damage::Token, Damage::Grant, Damage::App, Damage::Account];

    /// The word used in rules and plans.
    pub fn as_str(self) -> &'static str {
        match self {
            Damage::Token => "token",
            Damage::Grant => "grant",
            Damage::App => "app",
            Damage::Account => "account",
        }
    }
}

impl Call {
    /// Every template of it.
    pub fn templates(&self) -> Vec<&'static str> {
        let signed = match self.sign {
            Some(Sign::Hmac { key, message, .. } | Sign::Rsa { key, message }) => vec![key, message],
            Some(Sign::Jwt { key, header, claims, .. }) => vec![key, header, claims],
            Some(Sign::Digest { user, password }) => vec![user, password],
            Some(Sign::Tc3 { key_id, key, .. }) => vec![key_id, key],
            Some(Sign::EdgeGrid { client_token, access_token, key }) => vec![client_token, access_token, key],
            Some(Sign::AwsV4 { .. }) | None => vec![],
        };
        let body = match self.body {
            Body::Empty => vec![],
            Body::Form(fields) => fields.iter().map(|field| field.1).collect(),
            Body::Json(text) => vec![text],
        };
        let headers = self.headers.iter().map(|header| header.1);
        let basic = self.basic.iter().flat_map(|basic| [basic.0, basic.1]);
        [self.url].into_iter().chain(headers).chain(basic).chain(body).chain(signed).collect()
    }
}

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it is.
    Text(&'a str),
    /// What stands in braces: a name, and after `|` what is done to its value.
    Place(&'a str),
}

/// The pieces of a template. A brace that is not followed by a lower-case letter, or whose content is no name, is
/// one of the text itself: templates are often JSON.
pub fn pieces(template: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut from, mut at) = (vec![], 0, 0);
    while let Some(open) = template[at..].find('{').map(|open| at + open) {
        at = open + 1;
        let Some((inner, _)) = template[at..].split_once('}') else { break };
        if inner.starts_with(|letter: char| letter.is_ascii_lowercase()) && !inner.contains(['{', ' ', '"']) {
            pieces.push(Piece::Text(&template[from..open]));
            pieces.push(Piece::Place(inner));
            at += inner.len() + 1;
            from = at;
        }
    }
    pieces.push(Piece::Text(&template[from..]));
    pieces.retain(|piece| *piece != Piece::Text(""));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_of_json_are_no_places() {
        use Piece::{Place, Text};
        for (template, expected) in [
            ("", vec![]),
            ("{secret}", vec![Place("secret")]),
            ("Bearer {secret}", vec![Text("Bearer "), Place("secret")]),
            (r#"{"a":"{secret}"}"#, vec![Text(r#"{"a":""#), Place("secret"), Text(r#""}"#)]),
            (r#"{"a":{secrets}}"#, vec![Text(r#"{"a":"#), Place("secrets"), Text("}")]),
            ("{ viewer { id } }", vec![Text("{ viewer { id } }")]),
            ("{id|split:.:1}/x", vec![Place("id|split:.:1"), Text("/x")]),
            ("{", vec![Text("{")]),
        ] {
            assert_eq!(pieces(template), expected, "{template}");
        }
    }
}
