//! Strings that look like secrets and are public by what they are: ids, digests, public keys, assets, dates.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexSet, RegexSetBuilder};

use super::regex;
use crate::model::Promise;

fn set(patterns: &[(&str, &str)]) -> RegexSet {
    let patterns = patterns.iter().map(|(pattern, _)| pattern);
    RegexSetBuilder::new(patterns)
        .unicode(false)
        .dfa_size_limit(super::CACHE)
        .build()
        .expect("the patterns are fixed")
}

/// What names say that stand before telling words.
const NAMED: &[(&str, &str)] = &[
    (
        r"(?i)(?:^|[_.-])(?:is|has|have|had|no|without|forgot|forgotten|show|hide|toggle|validate|allow|enable|disable|wrong|missing|require[sd]?|need|check|verify|invalid|incorrect|lost|send|get|find|reset|change|update|create|generate|remove|delete|handle|on|render|use)(?:[_.-]|$)",
        "about an action",
    ),
    (
        r"(?i)(?:^|[_.-])(?:public|pub|publishable|primary|foreign|sort|partition|cache|bucket|object|idempotency|translation|i18n|shortcut|hot|arrow|group|dedup\w*|unique|composite|natural|surrogate)(?:[_.-]?)(?:key|token)",
        "a key of another kind",
    ),
    (
        r"(?i)(?:^|[_.-])(?:next|prev|previous|page|paging|pagination|continuation|cancellation|cancel|sync|start|end|eos|bos|pad|unk|sep|cls|mask|stop|special|csrf|xsrf|antiforgery|authenticity|request_?verification|device|push|vocab|lexer|syntax)(?:[_.-]?)token",
        "a token of another kind",
    ),
    (
        r"(?i)(?:^|[_.-])(?:label|placeholder|message|msg|title|hint|tooltip|error|help|description|caption|prompt|header_?name|cookie_?name|param_?name|env_?var|type|kind|policy|regex|pattern|format|field|column|path|url|uri|endpoint|name|length|size|ttl|expiry|count|limit|input|button|form|selector|class|icon|strategy)[_.-](?:key|token|secret|pass(?:word)?)$",
        "about a secret",
    ),
    (r"(?i)(?:^|_)(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached)_pass$", "an address"),
    (r"(?i)(?:checksum|sha\d*|digest)[/_.-](?:secret|token|key|pass\w*)s?$", "a digest"),
    (r"^(?i:nonce)$", "a number that is used once"),
    (
        r"(?i)(?:^|[_.-])(?:existing|external|image_?pull|pull|tls|k8s|kube|kubernetes|sealed)[_.-]?secrets?$",
        "the name of a secret",
    ),
    (r"(?i)(?:^|[_.-])(?:first|second|third|single|multi|two|render)[_-]?pass$", "a run through something"),
    (r"(?i)^x[_-]amz[_-]credential$", "the id of a key and its scope"),
];

static BY_NAME: LazyLock<RegexSet> = LazyLock::new(|| set(NAMED));

/// What the name says that the value is, where that is no secret.
pub(super) fn of_name(name: &[u8], promise: Promise) -> Option<&'static str> {
    let spelled = parted(name);
    let hit = BY_NAME.matches(spelled.as_bytes()).into_iter().next()?;
    let about = NAMED[hit].1;
    (promise != Promise::Password || hit == 0 || hit >= 3).then_some(about)
}

/// A name with its humps parted by `_`.
fn parted(name: &[u8]) -> String {
    let mut parted = String::new();
    let mut before = ' ';
    for &byte in name {
        let letter = char::from(byte);
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
            parted.push('_');
        }
        parted.push(letter);
        before = letter;
    }
    parted
}

/// Structures by what they are.
const PUBLIC: &[(&str, &str)] = &[
    (r"(?i)(?:^|@)(?:sha(?:1|224|256|384|512)|md5|h1|zh)[-:=]", "a digest"),
    (r"^(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2|sk-ssh|AAAA[BCE][0-9A-Za-z+/]{20})", "a public key"),
    (
        r"^(?:MII[BC]IjANBgkqhkiG9w0BAQ|MFkwEwYHKoZIzj0|MIGfMA0GCSqGSIb3DQEBAQUAA4GN|MI[IGH]\w{0,4}MA0GCSqGSIb3DQEBAQUAA4)",
        "a public key",
    ),
    (
        r"^(?:pub[0-9a-f]{32}$|NRJS-|phc_|6L[0-9A-Za-z_-]{6}AAAAA|age1[0-9a-z]{50}|npub1|xpub|[yz]pub|pk_(?:live|test)_|sb_publishable_|pk\.)",
        "public by design",
    ),
    (r"^(?:MII[D-J]|LS0tLS1CRUdJTiBDRVJU)", "a certificate"),
    (r"^-----BEGIN", "a block with a form of its own"),
    (
        r"^(?:iVBORw0KGgo|/9j/|R0lGOD|d09G|AAEAAAA|T1RUTw|PHN2Zy|UEsDB|H4sI|JVBERi|f0VMRg|TVqQ|UklGR|AGFzbQ)",
        "a file in base64",
    ),
    (r"^eyJ[0-9A-Za-z_-]{10,}\.", "a token that tells of itself; its own rule judges it"),
    (r"^(?:\d+\.){3,}\d+", "a number in dots"),
    (r"(?:\\x[0-9a-fA-F]{2}[^\\]{0,4}){3}|^(?:\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[0-7]{1,3}))+$", "bytes"),
    (r"^[v^~<>=@]*\d+(?:\.\d+){1,4}(?:[-+.][0-9A-Za-z.+-]{1,30})?(?:\(.*\))?$", "a version or an address"),
    (r"^(?:npm|workspace|catalog|link|portal|patch):[\^~*\d.@<>=]", "a version"),
    (r"^[A-Za-z][A-Za-z-]*/\d+\.\d+$", "a protocol and its version"),
    (r"^\d{4}-\d\d-\d\d(?:[T ][\d:.Z+-]*)?$|^\d{1,2}[:/.]\d{1,2}[:/.]\d{2,4}$", "a date"),
    (r"^[+-]?\d+(?:\.\d+)?(?:[smhd]|ms|MB|GB|KB|Mi|Gi|px|em|%)?$", "a number"),
    (r"^0x[0-9a-fA-F]{1,16}$", "a number"),
    (r"^\#[0-9a-fA-F]{3,8}$", "a colour"),
    (r"^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$", "an address"),
    (
        r"^(?:[a-z0-9-]{1,63}\.)+(?:com|org|net|io|dev|local|internal|cloud|co|de|uk|gov|edu|info|app)(?::\d+)?(?:/.*)?$",
        "a host",
    ),
    (
        r"^[a-z]+(?:\.[A-Za-z_][A-Za-z_]*){2,}$|^\\{0,2}[A-Za-z_]\w*(?:\\{1,2}[A-Za-z_]\w*){2,}$",
        "a dotted name",
    ),
    (r"(?:/|%2F)\d{8}(?:/|%2F)[0-9a-z-]+(?:/|%2F)\w+(?:/|%2F)aws4_request", "the id of a key and its scope"),
    (
        r"(?i)^(?:utf-?8|ascii|iso-?8859-\d+|us-ascii|aes-\d+-\w+|aes-?\d{3}|rs256|hs256|es256|hmac-?sha-?\d+|sha-?\d{1,3}|md5|rsa-?\d*|pbkdf2\w*|argon2\w*|bcrypt|x-?api-?key)$",
        "the name of an algorithm",
    ),
    (r"^x-[a-z-]+$|^(?i:authorization|x-[a-z]+(?:-[a-z]+)+)$", "the name of a header"),
    (r"^0{8}-0{4}-0{4}-0{4}-0{12}$|^[fF]{8}-|^12345678-|^123e4567-e89b", "a well-known id"),
    (
        r"^(?i:cus|pi|price|prod|sub|in|ch|acct|evt|req)_[0-9A-Za-z]{10,}$|^(?:vpc|sg|ami|i|subnet|vol|snap|eni|rtb|igw)-[0-9a-f]{8,17}$",
        "the id of a resource",
    ),
    (
        r"^[0-9]+:[0-9]+:(?:web|android|ios):[0-9a-f]+$|\.apps\.googleusercontent\.com$|^(?:UA|G|GTM)-[0-9A-Z-]+$",
        "the id of an application",
    ),
    (r"^(?:Qm[1-9A-HJ-NP-Za-km-z]{44}|bafy[0-9a-z]{50,})$", "an address of content"),
];

static BY_VALUE: LazyLock<RegexSet> = LazyLock::new(|| set(PUBLIC));

static DIGEST_NAME: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:md5|sha\d|digest|checksum|hash(?:ed|es|$|_of|_value)|fingerprint|etag|integrity|thumbprint|commit|revision|_sha|sha_)",
    )
});

/// Base64 longer than this, without a provider's prefix, is an asset.
const ASSET: usize = 300;

/// What a value is by its structure, where that is public.
pub(super) fn of_value(name: &[u8], text: &str, promise: Promise) -> Option<&'static str> {
    if let Some(hit) = BY_VALUE.matches(text.as_bytes()).into_iter().next() {
        let is_pin = promise == Promise::Password
            && (text.bytes().all(|byte| byte.is_ascii_digit())
                || PUBLIC[hit].1 == "an address"
                || PUBLIC[hit].1 == "a date");
        return (!is_pin).then_some(PUBLIC[hit].1);
    }
    if DIGEST_NAME.is_match(parted(name).as_bytes()) {
        return Some("a digest");
    }
    (text.len() > ASSET && !text.contains(['.', '-']))
        .then_some("too long for a secret without a form of its own")
}
