//! Text that stands where a password would: references to variables, templates, masks and words such as
//! `your_password`.
//!
//! Source: collected from false findings in public code.

/// Longest text that is taken apart into words: a longer password is no placeholder.
const LONGEST_PHRASE: usize = 40;

/// What placeholders are made of.
const WORDS: &[&str] = &[
    "abc",
    "access",
    "admin",
    "administrator",
    "anonymous",
    "ansible",
    "api",
    "app",
    "bad",
    "bar",
    "baz",
    "blank",
    "cassandra",
    "change",
    "changeit",
    "changeme",
    "cred",
    "credentials",
    "custom",
    "database",
    "db",
    "def",
    "default",
    "demo",
    "dev",
    "development",
    "docker",
    "domain",
    "dummy",
    "elastic",
    "empty",
    "encrypted",
    "endpoint",
    "enter",
    "enterprise",
    "example",
    "fake",
    "flask",
    "foo",
    "goes",
    "guest",
    "here",
    "hidden",
    "host",
    "insert",
    "invalid",
    "is",
    "kafka",
    "key",
    "laravel",
    "letmein",
    "local",
    "login",
    "mariadb",
    "masked",
    "me",
    "minio",
    "mock",
    "mongo",
    "my",
    "mysql",
    "new",
    "nil",
    "none",
    "not",
    "null",
    "old",
    "on",
    "one",
    "oracle",
    "other",
    "pas",
    "pass",
    "passphrase",
    "passw0rd",
    "passwd",
    "password",
    "pgbouncer",
    "placeholder",
    "please",
    "postgres",
    "private",
    "prod",
    "proxy",
    "pw",
    "pwd",
    "qux",
    "qwerty",
    "rabbit",
    "rabbitmq",
    "redacted",
    "redis",
    "removed",
    "replace",
    "repo",
    "root",
    "s3cret",
    "sample",
    "secret",
    "secure",
    "sekret",
    "server",
    "site",
    "some",
    "spring",
    "string",
    "strong",
    "super",
    "symfony",
    "test",
    "testing",
    "the",
    "this",
    "three",
    "tiger",
    "todo",
    "token",
    "top",
    "two",
    "undefined",
    "url",
    "user",
    "username",
    "vagrant",
    "value",
    "very",
    "welcome",
    "with",
    "word",
    "wordpress",
    "wp",
    "x",
    "xyzzy",
    "your",
];

/// Letters that passwords for show write as digits or signs.
const DISGUISES: &[(char, char)] =
    &[('0', 'o'), ('1', 'i'), ('3', 'e'), ('4', 'a'), ('5', 's'), ('7', 't'), ('$', 's'), ('@', 'a')];

/// A variable, a template or a format, not a value: `$NAME`, `${NAME}`, `{{ name }}`, `%s`, `%NAME%`.
pub fn is_reference(value: &str) -> bool {
    let wrapped =
        |edge: &str| value.len() > 2 * edge.len() && value.starts_with(edge) && value.ends_with(edge);
    value.starts_with('$')
        || value.contains('{') && value.contains('}')
        || value.contains("$(")
        || value.contains("%(")
        || wrapped("%")
        || wrapped("__")
        || wrapped("@")
        || value.starts_with('[') && value.ends_with(']')
        || ["%s", "%d", "%v", "%q"].iter().any(|format| value.starts_with(format))
        || ["process.env", "os.environ"].iter().any(|code| value.contains(code))
}

/// Words that stand for a password, and masks: `your_password`, `S3cret!`, `changeme123`, `****`, `xxx`,
/// `123456`.
pub fn is_placeholder(value: &str) -> bool {
    let lower = value.to_lowercase();
    let first = lower.chars().next();
    lower.chars().all(|letter| Some(letter) == first)
        || ["***", "...", "xxx", "…"].iter().any(|mask| lower.contains(mask))
        || is_count(&lower)
        || lower.len() <= LONGEST_PHRASE
            && (is_phrase(without_number(lower.trim_start_matches(|first: char| first.is_ascii_digit())))
                || is_phrase(&undisguised(&lower)))
}

/// Whether the letters of the text are words of placeholders, one after the other, and it has no digits.
pub fn is_phrase(text: &str) -> bool {
    let letters: String = text.chars().filter(|letter| letter.is_alphanumeric()).collect();
    !letters.is_empty() && is_made_of_words(&letters)
}

/// Whether chance would hardly write the text, but a generator would: long, and of mixed characters.
pub(super) fn looks_random(value: &str) -> bool {
    let has = |kind: fn(&char) -> bool| value.chars().any(|letter| kind(&letter));
    let (digit, upper, lower) =
        (has(char::is_ascii_digit), has(char::is_ascii_uppercase), has(char::is_ascii_lowercase));
    digit && value.len() >= if upper && lower { 10 } else { 16 }
}

/// The text without a year, a short number or a count at its end, and without exclamation marks.
fn without_number(text: &str) -> &str {
    let marked = text.trim_end_matches('!');
    let stem = marked.trim_end_matches(|end: char| end.is_ascii_digit());
    let number = &marked[stem.len()..];
    let is_year = number.len() == 4 && (number.starts_with("19") || number.starts_with("20"));
    if number.len() <= 3 || is_year || is_count(number) { stem } else { marked }
}

fn is_count(text: &str) -> bool {
    "1234567890".starts_with(text)
}

fn undisguised(text: &str) -> String {
    let plain =
        |letter| DISGUISES.iter().find(|(sign, _)| *sign == letter).map_or(letter, |(_, plain)| *plain);
    text.trim_end_matches('!').chars().map(plain).collect()
}

fn is_made_of_words(text: &str) -> bool {
    text.is_empty() || WORDS.iter().any(|word| text.strip_prefix(word).is_some_and(is_made_of_words))
}
