//! Names that promise a secret: `dbPasswd`, `SMTP_PASS`, `x-api-key`, `spring.datasource.password`.

use std::ops::Range;

/// What may follow the telling words of a name without making it a name of something else: where a value is used,
/// which of several it is, how it is written.
const TAILS: &[&str] = &[
    "a",
    "again",
    "admin",
    "b",
    "b64",
    "backup",
    "base64",
    "bytes",
    "clear",
    "cleartext",
    "confirm",
    "confirmation",
    "const",
    "content",
    "current",
    "db",
    "default",
    "dev",
    "development",
    "env",
    "hex",
    "live",
    "literal",
    "local",
    "main",
    "master",
    "new",
    "old",
    "one",
    "orig",
    "plain",
    "plaintext",
    "primary",
    "prod",
    "production",
    "qa",
    "raw",
    "readonly",
    "release",
    "repeat",
    "repeated",
    "root",
    "ro",
    "rw",
    "s",
    "sandbox",
    "secondary",
    "staging",
    "stg",
    "str",
    "string",
    "test",
    "testing",
    "text",
    "two",
    "txt",
    "uat",
    "user",
    "utf8",
    "v",
    "val",
    "value",
    "var",
    "verify",
];

/// Short words that many others end with: before them in the same word, only these name a secret.
const BEFORE_SHORT: &[&str] = &[
    "adm", "admin", "app", "auth", "cert", "client", "db", "ftp", "git", "http", "imap", "jdbc", "key",
    "keystore", "ldap", "login", "mail", "master", "mongo", "my", "mysql", "new", "old", "p", "pg", "pop",
    "postgres", "proxy", "redis", "require", "root", "sftp", "smtp", "sql", "ssh", "store", "svn", "sys",
    "trust", "user", "usr", "web", "wifi", "wp", "wpa", "zip",
];

/// Longest word that is short in that sense.
const SHORT: usize = 5;

/// Longest name.
const LONGEST: usize = 120;

/// The name around telling words at `at`: where it begins and ends, if these words say what it is the name of.
pub(super) fn around(text: &[u8], at: Range<usize>) -> Option<Range<usize>> {
    let floor = at.start.saturating_sub(LONGEST);
    let before = text[floor..at.start]
        .iter()
        .rev()
        .take_while(|&&byte| is_part(byte) || joins(byte) || byte == b'/')
        .count();
    let mut start = at.start - before;
    // A sign that begins a flag or closes something else is no part of a name.
    while start < at.start && !is_part(text[start]) {
        start += 1;
    }
    // An escape that ends before the name: `\u0026token=`, `\ntoken=`.
    if start > 0 && text[start - 1] == b'\\' {
        let length = if text[start] == b'u' { 5 } else { 1 };
        start = (start + length).min(at.start);
    }
    if !begins_word(text, &at) && !may_follow(&text[word_start(text, start, at.start)..at.start], at.len()) {
        return None;
    }
    let end = end_of(text, at.end, at.start + LONGEST)?;
    Some(start..end)
}

/// How many bytes at the start of a text may be of one name.
pub(super) fn length(text: &[u8]) -> usize {
    let text = &text[..text.len().min(LONGEST)];
    let goes_on = |at: usize| {
        is_part(text[at]) || joins(text[at]) && text.get(at + 1).is_some_and(|&next| is_part(next))
    };
    (0..text.len()).take_while(|&at| goes_on(at)).count()
}

/// Where the name ends, if nothing follows the telling words that names something else.
fn end_of(text: &[u8], from: usize, limit: usize) -> Option<usize> {
    let mut end = from;
    let limit = limit.min(text.len());
    loop {
        let joint = match text.get(end..) {
            Some([b'_', rest @ ..]) if !rest.first().is_some_and(|&next| is_part(next)) => {
                return Some(end + 1);
            }
            Some([byte, next, ..]) if (joins(*byte) || *byte == b'_') && is_part(*next) => 1,
            Some([byte, ..]) if is_part(*byte) => 0,
            _ => return Some(end),
        };
        let word = word_at(text, end + joint, limit);
        if text[end] == b'.' && text.get(word.end) == Some(&b'(') {
            return Some(end);
        }
        // One more makes it something else, but not where it only begins in the same word: `passenger`.
        let is_plural = || text[word.clone()].eq_ignore_ascii_case(b"s");
        if word.is_empty()
            || !is_tail(&text[word.clone()])
            || joint == 0 && !begins_word(text, &word) && !is_plural()
        {
            return None;
        }
        end = word.end;
        if end >= limit {
            return None;
        }
    }
}

/// The word that begins at `start`: letters up to the next hump, or digits.
fn word_at(text: &[u8], start: usize, limit: usize) -> Range<usize> {
    let text = &text[..limit];
    let Some(&first) = text.get(start) else { return start..start };
    let same: fn(&u8) -> bool =
        if first.is_ascii_digit() { u8::is_ascii_digit } else { u8::is_ascii_lowercase };
    let rest = |from: usize| text[from..].iter().take_while(|byte| same(byte)).count();
    if first.is_ascii_uppercase() && text.get(start + 1).is_some_and(u8::is_ascii_uppercase) {
        let upper = text[start..].iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        return start..start + upper;
    }
    start..start + 1 + rest(start + 1)
}

fn is_tail(word: &[u8]) -> bool {
    word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'_')
        || TAILS.iter().any(|tail| word.eq_ignore_ascii_case(tail.as_bytes()))
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn joins(byte: u8) -> bool {
    matches!(byte, b'-' | b'.')
}

/// Whether a word begins at the start of `at`: after a sign, or with a hump.
fn begins_word(text: &[u8], at: &Range<usize>) -> bool {
    let Some(&before) = at.start.checked_sub(1).and_then(|before| text.get(before)) else { return true };
    let first = text[at.start];
    !before.is_ascii_alphanumeric()
        || before.is_ascii_digit() != first.is_ascii_digit()
        || first.is_ascii_uppercase() && before.is_ascii_lowercase()
        // `DBPassword`: the last capital before small letters begins a word.
        || first.is_ascii_uppercase() && text.get(at.start + 1).is_some_and(u8::is_ascii_lowercase)
}

fn word_start(text: &[u8], floor: usize, end: usize) -> usize {
    let letters = text[floor..end].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    end - letters
}

/// Whether these letters of the same word may stand before telling ones of that length.
fn may_follow(letters: &[u8], length: usize) -> bool {
    length > SHORT || BEFORE_SHORT.iter().any(|known| letters.eq_ignore_ascii_case(known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_only_holds_such_a_word() {
        for (text, words, name) in [
            ("x dbPasswd = 1", "Passwd", Some("dbPasswd")),
            ("SMTP_PASS=", "PASS", Some("SMTP_PASS")),
            ("x-api-key: ", "api-key", Some("x-api-key")),
            ("--db-password=", "password", Some("db-password")),
            ("spring.datasource.password=", "password", Some("spring.datasource.password")),
            ("mypassword =", "password", Some("mypassword")),
            ("dbpass =", "pass", Some("dbpass")),
            ("bypass =", "pass", None),
            ("compass =", "pass", None),
            ("passenger =", "pass", None),
            ("password1 =", "password", Some("password1")),
            ("PASSWORD_PROD =", "PASSWORD", Some("PASSWORD_PROD")),
            ("passwordHash =", "password", None),
            ("token_type =", "token", None),
            ("tokenizer =", "token", None),
            ("DBPassword =", "Password", Some("DBPassword")),
            ("passwordValue =", "password", Some("passwordValue")),
            ("password.length", "password", None),
            ("password. Then", "password", Some("password")),
            ("secret_key_base: x", "secret_key_base", Some("secret_key_base")),
            ("passwords: [", "password", Some("passwords")),
        ] {
            let at = text.find(words).unwrap();
            let found = around(text.as_bytes(), at..at + words.len()).map(|range| &text[range]);
            assert_eq!(found, name, "{text}");
        }
    }
}
