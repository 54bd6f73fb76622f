//! Names and values side by side: entries that give both, elements, and values before their names.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::literal::{self, Ends, bare};
use super::strings::{literal, without_scheme};
use super::{AFTER, Syntax, Value, regex};

static REVERSED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:["']([^"'\n]{3,200})["'](?:\.equals(?:IgnoreCase)?\([ \t]*|[ \t]*[!=]={1,2}[ \t]*)[\w.$]{0,40}|[:( ]@?"([^"\n]{3,400})"[, \t]+(?:for\w*|header|key|name)[ \t]*:[ \t]*@?")$"#,
    )
});

/// A value that stands before the name: `"...".equals(password)`, `setValue:@"..." forKey:@"password"`.
pub(super) fn reversed(text: &[u8], name: &Range<usize>, line: &[u8]) -> Option<Value> {
    let groups = if may_be_reversed(line) { REVERSED.captures(line)? } else { return None };
    let offset = name.start - line.len();
    let (found, syntax) = match (groups.get(1), groups.get(2)) {
        (Some(compared), _) => (compared, Syntax::Compared),
        (_, given) => (given?, Syntax::Quoted),
    };
    Some((without_scheme(text, offset + found.start()..offset + found.end()), syntax))
}

fn may_be_reversed(line: &[u8]) -> bool {
    let has_quote = |line: &[u8]| memchr::memchr2(b'"', b'\'', line).is_some();
    match line {
        // The label before a name in quotes.
        [rest @ .., b'"'] => {
            let rest = rest.strip_suffix(b"@").unwrap_or(rest).trim_ascii_end();
            rest.ends_with(b":") && has_quote(rest)
        }
        [.., b'(' | b'=' | b' ' | b'.'] => has_quote(line),
        _ => false,
    }
}

static PAIRED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"^[^<>{}]{0,160}?[\s"',;(](?i:value|val|default|defaultvalue|content)\\?["']?\s*(?:=>|[=:])\s*"#)
});

static TEXT_AFTER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^["'][^<>]{0,160}>\s*(?:<(?:\w+:)?(?:value|string)>\s*)?|^\s*</[^<>]{1,40}>\s*<(?i:\w*value|string|param-value)>\s*"#,
    )
});

static VARIABLE: LazyLock<Regex> = LazyLock::new(|| regex(r#"^"\s*\{[^{}]{0,200}?\bdefault\s*=\s*"#));

static VALUE_BEFORE: LazyLock<Regex> = LazyLock::new(|| regex(r#"<\w[^<>]*?\svalue\s*=\s*["'][^<>]*$"#));

/// The value of an entry that has the name beside it.
pub(super) fn paired(text: &[u8], name: &Range<usize>, before: &[u8]) -> Option<Value> {
    let rest = &text[name.end..text.len().min(name.end + AFTER)];
    let value_at = |at: usize| {
        let start = name.end + at;
        literal(text, start).map(|value| (value, Syntax::Quoted))
    };
    if let Some(found) = VARIABLE.find(rest) {
        return value_at(found.end());
    }
    if let Some(found) = PAIRED.find(rest).filter(|found| !names_another(found.as_bytes())) {
        let start = name.end + found.end();
        return value_at(found.end()).or_else(|| {
            let value = bare(text, start, Ends::Line)?;
            let is_own_line = memchr::memchr(b'\n', found.as_bytes()).is_some();
            is_own_line.then_some((value, Syntax::Bare))
        });
    }
    if let Some(found) = VALUE_BEFORE.find(before) {
        let offset = name.start - before.len();
        let start = offset + found.start() + memchr::memmem::find(found.as_bytes(), b"value")?;
        let quote = memchr::memchr2(b'"', b'\'', &text[start..name.start])?;
        return Some((literal(text, start + quote)?, Syntax::Quoted));
    }
    let found = TEXT_AFTER.find(rest)?;
    Some((bare(text, name.end + found.end(), Ends::Element)?, Syntax::Bare))
}

/// Whether another entry begins before the value.
fn names_another(between: &[u8]) -> bool {
    static ANOTHER: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?i)\b(?:name|key)["']?\s*[=:]|valueFrom"#));
    ANOTHER.is_match(between)
}

/// The text of an element whose name this is: `<password type="x">value</password>`.
pub(super) fn element(text: &[u8], at: usize) -> Option<Value> {
    let rest = &text[at..text.len().min(at + AFTER)];
    let open = memchr::memchr2(b'>', b'<', rest)?;
    if rest[open] == b'<' || rest[..open].ends_with(b"/") {
        return None;
    }
    let start = at + open + 1;
    if let Some(data) = text[start..].trim_ascii_start().strip_prefix(b"<![CDATA[") {
        let start = text.len() - data.len();
        let end = memchr::memmem::find(&data[..data.len().min(literal::LONGEST)], b"]]>")?;
        return Some((start..start + end, Syntax::Bare));
    }
    let value = bare(text, start, Ends::Element)?;
    text[value.end..].trim_ascii_start().starts_with(b"</").then_some((value, Syntax::Bare))
}
