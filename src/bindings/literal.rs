//! Values as they are written: between quotes of some kind, or bare.

use std::ops::Range;

/// Longest value, in bytes.
pub(super) const LONGEST: usize = 4096;

/// Letters that may stand before the opening quote of a string in some language: `r"`, `f"`, `L"`, `@"`, `$"`.
const PREFIXES: &[u8] = b"@$#BFLNRUbfru";

/// The content of a string that begins at `at`, and where it has ended.
pub(super) fn quoted(text: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    let prefix = text[at..].iter().take(3).take_while(|byte| PREFIXES.contains(byte)).count();
    let open = at + prefix;
    let rest = text.get(open..)?;
    if let Some(end) = escaped(rest) {
        return Some((open + end.start..open + end.end, open + end.end + 2));
    }
    if let Some(inside) = delimited(text, at) {
        return Some((inside.clone(), inside.end + 1));
    }
    let quote = *rest.first().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
    if quote != b'`' && rest.starts_with(&[quote; 3]) {
        let start = open + 3;
        let limit = text.len().min(start + LONGEST);
        let end = memchr::memmem::find(&text[start..limit], &[quote; 3])?;
        return Some((trimmed(text, start..start + end), start + end + 3));
    }
    let start = open + 1;
    let end = closing(&text[start..text.len().min(start + LONGEST)], quote)?;
    let inside = if quote == b'`' { trimmed(text, start..start + end) } else { start..start + end };
    Some((inside, start + end + 1))
}

/// The content of a string of Perl or Ruby: `q{...}`, `qq(...)`, `%q[...]`.
fn delimited(text: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = &text[at..text.len().min(at + LONGEST)];
    let mark = [&b"%q"[..], b"%Q", b"qq", b"q"].into_iter().find(|mark| rest.starts_with(mark))?;
    let close = match rest.get(mark.len())? {
        b'{' => b'}',
        b'(' => b')',
        b'[' => b']',
        b'|' => b'|',
        _ => return None,
    };
    let start = at + mark.len() + 1;
    let length = memchr::memchr2(close, b'\n', &text[start..at + rest.len()])?;
    (text[start + length] == close).then_some(start..start + length)
}

/// A string of several lines without the white space around its content.
fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let inside = &text[range.clone()];
    let start = range.start + (inside.len() - inside.trim_ascii_start().len());
    start..start + inside.trim_ascii().len()
}

/// A string inside another: `\"...\"`, `&quot;...&quot;`.
fn escaped(rest: &[u8]) -> Option<Range<usize>> {
    [&b"\\\""[..], b"\\'", b"&quot;"].into_iter().find_map(|mark| {
        let inside = rest.strip_prefix(mark)?;
        let inside = &inside[..inside.len().min(LONGEST)];
        let end = memchr::memmem::find(inside, mark)?;
        let is_line = memchr::memchr(b'\n', &inside[..end]).is_none();
        is_line.then_some(mark.len()..mark.len() + end)
    })
}

/// Where the quote that was opened is closed; strings with other quotes than backticks are on one line.
fn closing(text: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' if quote != b'`' => return None,
            _ if byte == quote => {
                // SQL, Visual Basic and YAML double a quote to write one.
                if quote != b'`' && text.get(at + 1) == Some(&quote) && at > 0 {
                    at += 1;
                } else {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where a bare value ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// With the line, or before a comment.
    Line,
    /// With the word of a command.
    Word,
    /// Inside a string: with the setting, the parameter or the string.
    Parameter,
    /// With the text of an element.
    Element,
    /// With the word of a sentence, less what belongs to the sentence.
    Sentence,
}

/// The bare value that begins at `at`.
pub(super) fn bare(text: &[u8], at: usize, ends: Ends) -> Option<Range<usize>> {
    let rest = &text[at..text.len().min(at + LONGEST)];
    let is_end = |&byte: &u8| match ends {
        Ends::Line => matches!(byte, b'\n' | b'\r'),
        Ends::Word => {
            byte.is_ascii_whitespace()
                || matches!(byte, b'"' | b'\'' | b'`' | b';' | b'|' | b')' | b'<' | b'>')
        }
        Ends::Parameter => {
            byte.is_ascii_whitespace()
                || matches!(
                    byte,
                    b'"' | b'\'' | b'`' | b';' | b'&' | b',' | b')' | b']' | b'\\' | b'<' | b'>'
                )
        }
        Ends::Element => byte == b'<',
        Ends::Sentence => byte.is_ascii_whitespace() || matches!(byte, b'"' | b'`' | b'<' | b'|'),
    };
    let length = match rest.iter().position(is_end) {
        Some(length) => length,
        None if at + rest.len() == text.len() && ends != Ends::Element => rest.len(),
        None => return None,
    };
    let mut value = &rest[..length];
    match ends {
        Ends::Line => value = without_comment(value),
        Ends::Sentence => {
            // An emphasis that began before the value ends after it.
            let emphasis = at
                .checked_sub(1)
                .and_then(|before| text.get(before))
                .copied()
                .filter(|byte| matches!(byte, b'*' | b'_'));
            let marks = |byte: &u8| {
                matches!(byte, b'.' | b',' | b';' | b':' | b')' | b'\'' | b']' | b'}')
                    || Some(*byte) == emphasis
            };
            let kept = value.iter().rposition(|byte| !marks(byte)).map_or(0, |last| last + 1);
            value = &value[..kept];
        }
        _ => {}
    }
    let trimmed = value.trim_ascii();
    let start = at + (value.len() - value.trim_ascii_start().len());
    (!trimmed.is_empty()).then_some(start..start + trimmed.len())
}

/// A value without the comment after it, and without the comma or brace of a flow mapping.
fn without_comment(value: &[u8]) -> &[u8] {
    let comment =
        [&b" #"[..], b"\t#", b" ;", b" //"].iter().filter_map(|mark| memchr::memmem::find(value, mark)).min();
    let value = value[..comment.unwrap_or(value.len())].trim_ascii_end();
    value.strip_suffix(b",").unwrap_or(value)
}
