//! Strings of a program, and the part of them that counts: pieces that are joined, defaults, schemes before a token.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::literal::{Ends, bare, quoted};
use super::{AFTER, Syntax, Value, regex};

static WRAPPED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^(?:new[ \t]+)?(?:&|\*|\[\])?(?:[\w.:]*?(?i:string|from|some|just|ok|new|byte|bytearray|buffer|decode|b64|base64|encode|encoder|secret|password|token|char|literal|pointer|ptr|plain|crypt|hash|of|valueof|to_s|quote|str|raw|sensitive|cow|text|make|sha\d+|md5|digest)\w*(?:(?:::|\.|->)\w{2,16})?(?:::<[^>]{0,20}>)?!?\(\s*){1,3}[bB]?["'`]"#,
    )
});

static GETS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)env|config|conf\b|prop|lookup|read|load|param|fetch|find|resolve|translate|i18n|getstring|get_|header|query|request|cookie|session|attr|element|select",
    )
});

static OTHERWISE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^[^"'`\n;]{0,80}(?:["'`][\w.\-]{1,60}["'`][^"'`\n;]{0,20})?(?:(?:\|\||\?\?|\bor\b|\?:|:-|unwrap_or(?:_else)?\(|else)[^"'`\n;]{0,20}|,[ \t]*(?:default[ \t]*=[ \t]*)?)["'`]"#,
    )
});

/// A string inside a call that makes something of it, or that is taken where nothing else is given.
pub(super) fn wrapped(text: &[u8], at: usize) -> Option<Value> {
    let rest = &text[at..text.len().min(at + AFTER)];
    if let Some(found) = WRAPPED.find(rest).filter(|found| !GETS.is_match(found.as_bytes())) {
        return Some((literal(text, at + found.end() - 1)?, Syntax::Quoted));
    }
    let is_expression =
        rest.first().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'$' | b'_'));
    let found = OTHERWISE.find(rest).filter(|_| is_expression)?;
    let is_default = rest[..found.end()].iter().any(|byte| matches!(byte, b'|' | b'?' | b'(' | b'['))
        || rest[..found.end()].windows(3).any(|word| word == b"or ");
    is_default.then_some((literal(text, at + found.end() - 1)?, Syntax::Compared))
}

static HEREDOC: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"^<<[<~-]?["']?[A-Z_a-z]+["']?[^\r\n]{0,40}\r?\n"#));

/// The first line of a document that begins on the next line.
pub(super) fn heredoc(text: &[u8], at: usize) -> Option<Range<usize>> {
    let found = HEREDOC.find(&text[at..text.len().min(at + 80)])?;
    bare(text, at + found.end(), Ends::Line)
}

/// A bare value without the scheme before it.
pub(super) fn unquoted(text: &[u8], at: usize, ends: Ends) -> Option<Range<usize>> {
    let scheme = SCHEME.find(&text[at..text.len().min(at + 32)]).map_or(0, |scheme| scheme.end());
    let value = bare(text, at + scheme, ends).or_else(|| bare(text, at, ends))?;
    Some(default_of(text, &value).unwrap_or(value))
}

/// The content of a string, and of it the part that counts.
pub(super) fn literal(text: &[u8], at: usize) -> Option<Range<usize>> {
    let (mut value, mut end) = quoted(text, at)?;
    // Pieces that are joined: the value reaches over all of them.
    while let Some(joint) = JOINED.find(&text[end..text.len().min(end + AFTER)]) {
        let Some((piece, after)) = quoted(text, end + joint.end() - 1) else { break };
        (value.end, end) = (piece.end, after);
    }
    Some(without_scheme(text, value))
}

/// What stands between two strings that are one: nothing but white space with a line break, or a sign that joins.
static JOINED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"^(?:[ \t]*\\?\r?\n[ \t]*|[ \t]*(?:\+|\.{1,2}|&|<>|\|\||~)[ \t]*\\?(?:\r?\n[ \t]*)?)["'`]"#)
});

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
    match SCHEME.find(inside) {
        Some(scheme) if scheme.end() < inside.len() => value.start + scheme.end()..value.end,
        _ => value,
    }
}

/// The default in `${NAME:-default}`.
fn default_of(text: &[u8], value: &Range<usize>) -> Option<Range<usize>> {
    let default = DEFAULT.captures(&text[value.clone()])?.get(1)?;
    Some(value.start + default.start()..value.start + default.end())
}
