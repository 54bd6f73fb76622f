//! Is the value under a telling name a secret? Evidence decides, in this order: what only stands for a value; what
//! is public by its structure; and for what is left, how likely chance or a person chose it.
//!
//! Sources: false findings in public code; the statistics are described in [`words`].

mod references;
mod structures;
pub mod words;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use regex::bytes::{Regex, RegexBuilder};
use zeroize::Zeroizing;

use crate::model::{Confidence, Promise, Strength};
use crate::proofs;

/// How a value was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// In quotes, where quotes make a value.
    Quoted,
    /// Bare, where a setting or a parameter stands.
    Bare,
    /// By a sentence.
    Said,
}

/// A value and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The name it is bound to.
    pub name: &'a [u8],
    /// The value, without quotes.
    pub value: &'a [u8],
    /// What the name promises.
    pub promise: Promise,
    /// How it was written.
    pub manner: Manner,
}

/// What is made of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Judgement {
    /// Somebody's secret.
    Secret {
        /// How sure that is.
        confidence: Confidence,
        /// Whether anybody can guess it.
        strength: Strength,
        /// Bits that speak for it being drawn at random.
        bits: f32,
    },
    /// None.
    Not(Reason),
}

/// Why a value is no secret.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// Shorter than so many characters.
    Short(usize),
    /// A variable, a template, a call, or the name of where the value is kept.
    Reference,
    /// Encrypted.
    Encrypted,
    /// Words that stand in the place of a value.
    Placeholder,
    /// Its characters were obviously made up.
    Sample,
    /// Published for everyone to try.
    Published,
    /// Of a structure that is public.
    Public(&'static str),
    /// The name says that it is something else.
    Named(&'static str),
    /// Words and names: so many bits speak for chance, so many are needed.
    Spelled(f32, f32),
    /// A sentence that gives no value.
    Sentence,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Short(least) => write!(f, "it is shorter than {least} characters"),
            Reason::Reference => write!(f, "it refers to a value that is kept elsewhere"),
            Reason::Encrypted => write!(f, "it is encrypted"),
            Reason::Placeholder => write!(f, "it stands in the place of a value"),
            Reason::Sample => write!(f, "its characters were made up for show"),
            Reason::Published => write!(f, "it is published for everyone to try"),
            Reason::Public(what) => write!(f, "it is {what}"),
            Reason::Named(what) => write!(f, "its name says that it is {what}"),
            Reason::Spelled(bits, least) => {
                write!(
                    f,
                    "it is spelled like a word or a name: {bits:.0} bits speak for chance, {least:.0} are needed"
                )
            }
            Reason::Sentence => write!(f, "the sentence gives no value"),
        }
    }
}

/// Shortest password and shortest token, in characters.
const SHORTEST: (usize, usize) = (4, 8);

/// Shortest value that a sentence gives.
const SHORTEST_SAID: usize = 6;

/// Bits of chance from which on a value is a token, and surely one.
const TOKEN: (f32, f32) = (12.0, 24.0);

/// The same for what a sentence says.
const SAID: f32 = 20.0;

/// Bits of chance from which on letters without any digit or sign are a password.
const LETTERS: f32 = 4.0;

/// Bits of chance from which on a mixed text under the name of a token is one that a person chose.
const PASSPHRASE: f32 = -12.0;

/// Largest cache of states of one pattern and thread, in bytes: they are small, and there are many.
const CACHE: usize = 128 * 1024;

fn regex(pattern: &str) -> Regex {
    RegexBuilder::new(pattern).unicode(false).dfa_size_limit(CACHE).build().expect("the pattern is fixed")
}

/// Bits that nobody guesses.
const RANDOM: f32 = 80.0;

/// Judges a value.
pub fn judge(subject: Subject<'_>) -> Judgement {
    let value = subject.value.trim_ascii();
    let text = String::from_utf8_lossy(value);
    let bits = match unrefuted(&subject, value, &text) {
        Ok(bits) => bits,
        Err(reason) => return Judgement::Not(reason),
    };
    let secret = |confidence| {
        let is_random = bits >= TOKEN.1 && words::drawn(value) >= RANDOM;
        let strength = if is_random { Strength::Random } else { Strength::Weak };
        Judgement::Secret { confidence, strength, bits }
    };
    if let Some(plain) = plain(value) {
        return judge_plain(subject, &plain);
    }
    let found = match subject.promise {
        Promise::Token => token(&subject, &text, bits),
        Promise::Password => password(&subject, &text, bits),
        Promise::Salt if bits >= TOKEN.1 => Ok(Confidence::Possible),
        Promise::Salt => Err(Reason::Spelled(bits, TOKEN.1)),
    };
    found.map_or_else(Judgement::Not, secret)
}

/// Judges what a value says in base64; a structure in it is read by itself.
fn judge_plain(subject: Subject<'_>, plain: &str) -> Judgement {
    let (value, promise) = match plain.split_once(':') {
        _ if plain.starts_with(['{', '[']) => return Judgement::Not(Reason::Public("a structure in base64")),
        // HTTP's basic authentication: a user and a password.
        Some((_, password)) => (password, Promise::Password),
        None => (plain, subject.promise),
    };
    judge(Subject { value: value.as_bytes(), promise, ..subject })
}

/// The bits that speak for chance, if nothing else speaks against a value.
fn unrefuted(subject: &Subject<'_>, value: &[u8], text: &str) -> Result<f32, Reason> {
    let shortest = if subject.promise == Promise::Password { SHORTEST.0 } else { SHORTEST.1 };
    if text.chars().count() < shortest {
        return Err(Reason::Short(shortest));
    }
    if subject.manner == Manner::Said && (text.len() < SHORTEST_SAID || !Mix::of(text).is_password()) {
        return Err(Reason::Sentence);
    }
    // Most values under such names are words of the program; these need no closer look.
    let bits = words::evidence(value);
    if subject.promise != Promise::Password && bits <= PASSPHRASE {
        return Err(Reason::Spelled(bits, TOKEN.0));
    }
    if references::is_encrypted(text) {
        return Err(Reason::Encrypted);
    }
    if references::is_reference(text, subject.manner) {
        return Err(Reason::Reference);
    }
    if proofs::is_placeholder(text) || references::is_placeholder(text) || references::repeats_name(text) {
        return Err(Reason::Placeholder);
    }
    if proofs::published(value).is_some() {
        return Err(Reason::Published);
    }
    if proofs::is_sample(value, b"") {
        return Err(Reason::Sample);
    }
    if let Some(what) = structures::of_name(subject.name, subject.promise) {
        return Err(Reason::Named(what));
    }
    structures::of_value(subject.name, text, subject.promise)
        .map_or(Ok(bits), |what| Err(Reason::Public(what)))
}

/// Fewer letters than these may well be text by chance.
const SHORTEST_PLAIN: usize = 6;

/// What a value says in base64, if that is plain text: chance did not draw what was encoded.
fn plain(value: &[u8]) -> Option<Zeroizing<String>> {
    let value = value.strip_suffix(b"==").or(value.strip_suffix(b"=")).unwrap_or(value);
    let mut text = Zeroizing::new(String::from_utf8(STANDARD_NO_PAD.decode(value).ok()?).ok()?);
    let end = text.trim_ascii_end().len();
    text.truncate(end);
    let is_plain = text.len() >= SHORTEST_PLAIN && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    is_plain.then_some(text)
}

fn token(subject: &Subject<'_>, text: &str, bits: f32) -> Result<Confidence, Reason> {
    if text.contains(char::is_whitespace) || !text.is_ascii() {
        return Err(Reason::Sentence);
    }
    let needed = if subject.manner == Manner::Said { SAID } else { TOKEN.0 };
    let mix = Mix::of(text);
    if bits >= needed {
        let is_sure = bits >= TOKEN.1 && subject.manner != Manner::Said && text.len() >= 12;
        return Ok(if is_sure { Confidence::Likely } else { Confidence::Possible });
    }
    // People choose shared secrets as they choose passwords.
    if subject.manner != Manner::Said
        && mix.is_password()
        && mix.words <= 3
        && text.len() >= 8
        && bits > PASSPHRASE
    {
        return Ok(Confidence::Possible);
    }
    Err(Reason::Spelled(bits, needed))
}

fn password(subject: &Subject<'_>, text: &str, bits: f32) -> Result<Confidence, Reason> {
    if text.contains(char::is_whitespace) {
        return Err(Reason::Sentence);
    }
    let mix = Mix::of(text);
    // A word of another script names the field.
    if !text.is_ascii() && mix.digits == 0 {
        return Err(Reason::Sentence);
    }
    if subject.manner == Manner::Said {
        return Ok(Confidence::Possible);
    }
    if mix.is_password() {
        let is_sure = text.len() >= 6 && !mix.digits_at_end_only_of_one_word(text) && !is_name(text);
        return Ok(if is_sure { Confidence::Likely } else { Confidence::Possible });
    }
    if mix.is_one_word() && references::is_vocabulary(text) || mix.words > 1 && bits < LETTERS {
        return Err(Reason::Spelled(bits, LETTERS));
    }
    Ok(Confidence::Possible)
}

/// Whether it is a name of several words, numbers standing by themselves: `test-alias-404`.
fn is_name(text: &str) -> bool {
    let is_word = |part: &str| part.chars().all(|letter| letter.is_ascii_lowercase());
    let is_number = |part: &str| part.chars().all(|letter| letter.is_ascii_digit());
    let parts = || text.split(['-', '_', '.', '/', ':']);
    parts().count() > 1 && parts().all(|part| is_word(part) || is_number(part))
}

/// What a text is made of.
struct Mix {
    letters: usize,
    digits: usize,
    /// Signs that do not join words.
    signs: usize,
    /// Parts between humps and signs that join words.
    words: usize,
}

impl Mix {
    fn of(text: &str) -> Mix {
        let count = |kind: fn(char) -> bool| text.chars().filter(|&letter| kind(letter)).count();
        let joins = |letter: char| matches!(letter, '-' | '_' | '.' | '/' | ':' | ',');
        let humps = text
            .as_bytes()
            .windows(2)
            .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
        let parts = text.split(joins).filter(|part| part.contains(char::is_alphabetic)).count();
        Mix {
            letters: count(char::is_alphabetic),
            digits: count(|letter| letter.is_ascii_digit()),
            signs: text.chars().filter(|&letter| !letter.is_alphanumeric() && !joins(letter)).count(),
            words: parts + humps.count(),
        }
    }

    /// Whether it is mixed as passwords are.
    fn is_password(&self) -> bool {
        self.letters > 0 && self.digits > 0 || self.signs > 0 && self.letters + self.digits > 2
    }

    fn is_one_word(&self) -> bool {
        self.words == 1
    }

    /// Whether it is a word and a number, as names of things are.
    fn digits_at_end_only_of_one_word(&self, text: &str) -> bool {
        let stem = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
        self.signs == 0
            && stem.chars().all(|letter| letter.is_ascii_lowercase())
            && text.len() - stem.len() <= 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidence(promise: Promise, value: &str, manner: Manner) -> Result<Confidence, Reason> {
        match judge(Subject { name: b"x", value: value.as_bytes(), promise, manner }) {
            Judgement::Secret { confidence, .. } => Ok(confidence),
            Judgement::Not(reason) => Err(reason),
        }
    }

    #[test]
    fn people_choose_passwords_and_programs_speak_of_them() {
        use Confidence::{Likely, Possible};
        for (value, expected) in [
            ("Tulip#99x", Some(Likely)),
            ("k7rT2mQx", Some(Likely)),
            ("sommer77", Some(Possible)),
            ("tulip-kayak-77", Some(Possible)),
            ("sunflower", Some(Possible)),
            ("required", None),
            ("user_password", None),
            ("changeme123", None),
            ("DB_PASSWORD", None),
            ("${PASSWORD}", None),
            ("get_password()", None),
            ("/run/secrets/db", None),
            ("Enter your password", None),
            ("ENC(abcdefgh77)", None),
            ("vault-client-password-1", None),
            ("zip/$ASSET7", None),
            ("%[3]s", None),
            ("`+expected1+`", None),
            ("\\u0000", None),
            ("Form\\Type\\Repeated7Type", None),
            ("5.1.1(@types/node@20.19.43)", None),
            (">=1.0.0", None),
            ("workspace:*", None),
            ("CLIENT_PASSWORD1,CLIENT_PASSWORD2", None),
            ("50m3_p455w0rd", None),
            ("cG9zdGdyZXMK", None),
            ("Tulip/99", Some(Likely)),
            ("Tul1p/k7x.rT", Some(Likely)),
            ("abc", None),
        ] {
            let found = confidence(Promise::Password, value, Manner::Quoted);
            assert_eq!(found.ok(), expected, "{value}: {found:?}");
        }
    }

    #[test]
    fn machines_draw_tokens() {
        let mut random = fastrand::Rng::with_seed(3);
        let mut draw = |alphabet: &[u8], length: usize| -> String {
            (0..length).map(|_| char::from(alphabet[random.usize(..alphabet.len())])).collect()
        };
        for (alphabet, length) in [
            (&b"0123456789abcdef"[..], 32),
            (b"0123456789abcdef", 40),
            (b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 20),
            (b"abcdefghijklmnopqrstuvwxyz0123456789", 24),
        ] {
            for _ in 0..200 {
                let value = draw(alphabet, length);
                assert_eq!(
                    confidence(Promise::Token, &value, Manner::Quoted),
                    Ok(Confidence::Likely),
                    "{value}"
                );
            }
        }
        for value in [
            "application/json",
            "access_token",
            "refreshTokenExpired",
            "com.example.auth.TokenFilter",
            "sha256-47DEQpj8HBSa",
            "1.2.3-beta4",
            "2024-01-31T12:00:00Z",
            "not-a-real-token",
            "https://example.org/token",
            "Purple62/v4/41/43/1d/41431d2b-9d6d-8c4e-5f10-ccb43f4ce12c/source.png",
            "~/.ssh/id_ed25519_k7rT2",
            "k7rT2mQx/20170529/eu-west-1/s3/aws4_request",
            "HTTP/1.1",
            "npm:^1.10.0",
            "dGVzdC1hY2NvdW50LWtleQ==",
            "Zm9vOmJhcg==",
            "eyJhbGciOiJIUzI1NiJ9",
            "Umlaute\u{c4}\u{fc}\u{f6}7",
            "02030405060708090a0b0c",
            "h4x0rh4x0rh4x0rh4x0r",
        ] {
            assert!(confidence(Promise::Token, value, Manner::Quoted).is_err(), "{value}");
        }
    }

    #[test]
    fn what_base64_says_is_judged() {
        let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        for (text, expected) in [
            ("robot:k7rT2mQx9vLp", Some(Confidence::Likely)),
            ("robot:changeme", None),
            ("k7rT2mQx9vLpW4sZ", Some(Confidence::Likely)),
            ("an account's key", None),
            ("{\"alg\":\"HS256\"}", None),
        ] {
            let found = confidence(Promise::Token, &encoded(text), Manner::Quoted);
            assert_eq!(found.ok(), expected, "{text}: {found:?}");
        }
    }

    #[test]
    fn a_sentence_has_to_say_more() {
        assert!(confidence(Promise::Password, "tulip", Manner::Said).is_err());
        assert_eq!(confidence(Promise::Password, "Tulip#99x", Manner::Said), Ok(Confidence::Possible));
    }
}
