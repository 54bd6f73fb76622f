//! Strings of a program, and the part of them that counts: pieces that are joined, defaults, schemes before a token.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::literal::{Ends, bare, quoted};
use super::{AFTER, Syntax, Value, regex};

/// What a call is named that makes something of a string and gives it back.
const MAKERS: &[&str] = &[
    "b64",
    "base64",
    "buffer",
    "byte",
    "char",
    "cow",
    "crypt",
    "decode",
    "digest",
    "encode",
    "from",
    "hash",
    "just",
    "literal",
    "make",
    "md5",
    "new",
    "of",
    "ok",
    "password",
    "plain",
    "pointer",
    "ptr",
    "quote",
    "raw",
    "secret",
    "sensitive",
    "sha",
    "some",
    "str",
    "text",
    "to_s",
    "token",
];

/// How many calls are looked through.
const MOST_CALLS: usize = 3;

static GETS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)env|config|conf\b|prop|lookup|read|load|param|fetch|find|resolve|translate|i18n|getstring|get_|header|query|request|cookie|session|attr|element|select",
    )
});

/// A string inside a call that makes something of it, or that is taken where nothing else is given.
pub(super) fn wrapped(text: &[u8], at: usize) -> Option<Value> {
    let rest = &text[at..text.len().min(at + AFTER)];
    let quote = rest.iter().position(is_quote)?;
    if is_making(&rest[..quote]) {
        return Some((literal(text, at + quote)?, Syntax::Quoted));
    }
    let is_expression =
        rest.first().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'$' | b'_'));
    let quote = if is_expression { otherwise(rest, quote)? } else { return None };
    let is_default = rest[..quote].iter().any(|byte| matches!(byte, b'|' | b'?' | b'(' | b'['))
        || rest[..quote].windows(3).any(|word| word == b"or ");
    is_default.then_some((literal(text, at + quote)?, Syntax::Compared))
}

fn is_quote(byte: &u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Whether what stands before a string is nothing but calls that make something of it: `Some(String::from(`, `new Buffer(`.
fn is_making(before: &[u8]) -> bool {
    let before = before.strip_suffix(b"b").or_else(|| before.strip_suffix(b"B")).unwrap_or(before);
    let before = before.strip_prefix(b"new ").unwrap_or(before);
    let before =
        [&b"&"[..], b"*", b"[]"].iter().find_map(|mark| before.strip_prefix(*mark)).unwrap_or(before);
    let Some(inside) = before.trim_ascii_end().strip_suffix(b"(") else { return false };
    let mut calls = inside.split(|&byte| byte == b'(').map(<[u8]>::trim_ascii_start);
    calls.clone().count() <= MOST_CALLS && calls.all(is_maker) && !GETS.is_match(before)
}

/// Whether a call of this name makes something of what it is given.
fn is_maker(name: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.:<>!-".contains(byte);
    let name = name.to_ascii_lowercase();
    let says = |maker: &&str| memchr::memmem::find(&name, maker.as_bytes()).is_some();
    name.iter().all(is_part) && MAKERS.iter().any(says)
}

/// How much may stand in an expression before what is taken otherwise, in bytes, and behind the sign for it.
const LONGEST_EXPRESSION: usize = 80;
const LONGEST_OTHERWISE: usize = 20;

/// Where the string opens that is taken where an expression gives nothing: the first of it, or the one behind a name.
fn otherwise(rest: &[u8], first: usize) -> Option<usize> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
    let behind_name = || {
        let name = rest[first + 1..].iter().take_while(|byte| is_name(byte)).count();
        let close = first + 1 + name;
        let begins = (1..=60).contains(&name) && rest.get(close).is_some_and(is_quote);
        let after = rest.get(close + 1..).filter(|_| begins && first <= LONGEST_EXPRESSION)?;
        let next = after.iter().position(is_quote)?;
        gives_otherwise(&after[..next], LONGEST_OTHERWISE).then_some(close + 1 + next)
    };
    let is_one_line = |text: &[u8]| memchr::memchr2(b'\n', b';', text).is_none();
    let opens =
        behind_name().or_else(|| gives_otherwise(&rest[..first], LONGEST_EXPRESSION).then_some(first));
    opens.filter(|&quote| is_one_line(&rest[..quote]))
}

/// Whether an expression ends with what comes before something that is taken otherwise: a sign for that, or the comma
/// before the last of what a call is given.
fn gives_otherwise(expression: &[u8], longest: usize) -> bool {
    let end = expression.trim_ascii_end();
    let end = end.strip_suffix(b"=").map_or(end, <[u8]>::trim_ascii_end);
    let end = end.strip_suffix(b"default").map_or(end, <[u8]>::trim_ascii_end);
    if end.ends_with(b",") && end.len() <= longest + 1 {
        return true;
    }
    let is_word = |at: usize| {
        let is_letter =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        !is_letter(at.checked_sub(1).and_then(|before| expression.get(before)))
            && !is_letter(expression.get(at + 2))
    };
    let from = expression.len().saturating_sub(LONGEST_OTHERWISE + "unwrap_or_else(".len());
    (from..expression.len().min(longest + 1)).any(|at| {
        let here = &expression[at..];
        let signs = [&b"||"[..], b"??", b"?:", b":-", b"unwrap_or(", b"unwrap_or_else(", b"else", b"or"];
        signs.iter().find(|sign| here.starts_with(sign)).is_some_and(|sign| {
            here.len() - sign.len() <= LONGEST_OTHERWISE && (*sign != b"or" || is_word(at))
        })
    })
}

static HEREDOC: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"^<<[<~-]?["']?[A-Z_a-z]+["']?[^\r\n]{0,40}\r?\n"#));

/// The first line of a document that begins on the next line.
pub(super) fn heredoc(text: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = &text[at..text.len().min(at + 80)];
    let found = if rest.starts_with(b"<<") { HEREDOC.find(rest)? } else { return None };
    bare(text, at + found.end(), Ends::Line)
}

/// A bare value without the scheme before it.
pub(super) fn unquoted(text: &[u8], at: usize, ends: Ends) -> Option<Range<usize>> {
    let scheme = scheme(&text[at..text.len().min(at + 32)]);
    let value = bare(text, at + scheme, ends).or_else(|| bare(text, at, ends))?;
    Some(default_of(text, &value).unwrap_or(value))
}

/// The content of a string, and of it the part that counts.
pub(super) fn literal(text: &[u8], at: usize) -> Option<Range<usize>> {
    let (mut value, mut end) = quoted(text, at)?;
    // Pieces that are joined: the value reaches over all of them.
    while let Some(joint) = joint(&text[end..text.len().min(end + AFTER)]) {
        let Some((piece, after)) = quoted(text, end + joint - 1) else { break };
        // A string on the next line with a colon behind it is the next key.
        if text[after..].trim_ascii_start().starts_with(b":") && text[end..end + joint].contains(&b'\n') {
            break;
        }
        (value.end, end) = (piece.end, after);
    }
    Some(without_scheme(text, value))
}

/// What stands between two strings that are one: nothing but white space with a line break, or a sign that joins.
static JOINED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"^(?:[ \t]*\\?\r?\n[ \t]*|[ \t]*(?:\+|\.{1,2}|&|<>|\|\||~)[ \t]*\\?(?:\r?\n[ \t]*)?)["'`]"#)
});

/// How much of a text joins a string to the one that its last byte opens.
fn joint(text: &[u8]) -> Option<usize> {
    let is_first = |byte: &u8| {
        matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'\\' | b'+' | b'.' | b'&' | b'<' | b'|' | b'~')
    };
    if text.first().is_some_and(is_first) { JOINED.find(text).map(|joint| joint.end()) } else { None }
}

static SCHEME: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?i:bearer|basic|token|apikey|api-key|bot|key|digest|oauth|jwt)(?: +|=)"));

static DEFAULT: LazyLock<Regex> = LazyLock::new(|| regex(r"^\$\{[A-Za-z_0-9.]+:-?([^{}]+)\}$"));

/// A value without the scheme of an `Authorization` header, and the default of a template.
pub(super) fn without_scheme(text: &[u8], value: Range<usize>) -> Range<usize> {
    let inside = &text[value.clone()];
    for (open, close) in [(&b"\\\""[..], &b"\\\""[..]), (b"'", b"'"), (b"{noop}", b""), (b"{plain}", b"")] {
        if inside.len() > open.len() + close.len() && inside.starts_with(open) && inside.ends_with(close) {
            return value.start + open.len()..value.end - close.len();
        }
    }
    if let Some(default) = default_of(text, &value) {
        return default;
    }
    match scheme(inside) {
        scheme if scheme < inside.len() => value.start + scheme..value.end,
        _ => value,
    }
}

/// How many bytes at the start of a value are the scheme before it.
fn scheme(value: &[u8]) -> usize {
    let may_be = value.first().is_some_and(|first| b"btakdoj".contains(&first.to_ascii_lowercase()));
    if may_be { SCHEME.find(value).map_or(0, |scheme| scheme.end()) } else { 0 }
}

/// The default in `${NAME:-default}`.
fn default_of(text: &[u8], value: &Range<usize>) -> Option<Range<usize>> {
    let inside = &text[value.clone()];
    let default = if inside.starts_with(b"${") { DEFAULT.captures(inside)?.get(1)? } else { return None };
    Some(value.start + default.start()..value.start + default.end())
}
