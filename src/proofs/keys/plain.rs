//! Takes a key out of what it stands in: escapes, string literals, comments.

use bstr::ByteSlice as _;

/// Longest mark before each line of a comment or a patch.
const LEAD: usize = 32;

/// The text of a block in its own lines. `end` is how its last line begins.
pub(super) fn plain(value: &[u8], end: &[u8]) -> Vec<u8> {
    match lead(value, end) {
        Some(lead) => unescaped(&without(value, lead)),
        None => unescaped(value),
    }
}

/// The base64 characters of a body, less quotes, commas and the signs that join literals; `None` where
/// anything else stands among them.
pub(super) fn base64_of(body: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(body.len());
    let mut padded = false;
    for (at, &byte) in body.iter().enumerate() {
        match byte {
            b'+' | b'.' if joins(body, at) => {}
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'/' | b'+' if !padded => text.push(byte),
            b'=' => padded = true,
            b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b'`' | b',' | b';' => {}
            _ => return None,
        }
    }
    Some(text)
}

/// Whether the sign at `at` stands between two literals and not in one.
fn joins(body: &[u8], at: usize) -> bool {
    let outside = |byte: Option<&u8>| byte.is_none_or(|byte| b" \t\r\n\"'`".contains(byte));
    outside(at.checked_sub(1).map(|before| &body[before])) && outside(body.get(at + 1))
}

/// What stands before the last line and every other but the first: `# `, `// `, ` * `, the `+` of a patch.
fn lead<'a>(value: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    let (_, last) = value.rsplit_once_str("\n")?;
    let lead = last[..memchr::memmem::find(last, end)?].trim_ascii();
    let is_mark = !lead.is_empty() && lead.len() <= LEAD && !lead.iter().any(u8::is_ascii_alphanumeric);
    let everywhere = |line: &[u8]| line.trim_ascii().is_empty() || line.trim_ascii_start().starts_with(lead);
    (is_mark && value.split(|&byte| byte == b'\n').skip(1).all(everywhere)).then_some(lead)
}

fn without(value: &[u8], lead: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = value
        .split(|&byte| byte == b'\n')
        .map(|line| line.trim_ascii_start().strip_prefix(lead).unwrap_or(line))
        .collect();
    lines.join(&b'\n')
}

fn unescaped(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(&first) = rest.first() {
        let (written, taken) = match first {
            b'\\' => escape(rest),
            b'&' => entity(rest).unwrap_or((Some(first), 1)),
            _ => (Some(first), 1),
        };
        text.extend(written);
        rest = &rest[taken..];
    }
    text
}

/// What an escape stands for, however often it was escaped again, and how long it is.
fn escape(rest: &[u8]) -> (Option<u8>, usize) {
    let slashes = rest.iter().take_while(|&&byte| byte == b'\\').count();
    match rest.get(slashes) {
        Some(b'n' | b'r') => (Some(b'\n'), slashes + 1),
        Some(b't') => (Some(b' '), slashes + 1),
        Some(&kind @ (b'u' | b'x')) => {
            let digits = if kind == b'u' { 4 } else { 2 };
            match rest.get(slashes + 1..slashes + 1 + digits).and_then(|digits| number(digits, 16)) {
                Some(byte) => (Some(byte), slashes + 1 + digits),
                None => (None, slashes),
            }
        }
        // A line that goes on in the next.
        Some(b'\n') => (None, slashes + 1),
        _ => (None, slashes),
    }
}

/// What an HTML entity stands for and how long it is.
fn entity(rest: &[u8]) -> Option<(Option<u8>, usize)> {
    let end = rest.iter().take(8).position(|&byte| byte == b';')?;
    let byte = match &rest[1..end] {
        b"quot" => b'"',
        b"apos" => b'\'',
        b"plus" => b'+',
        b"sol" => b'/',
        b"equals" => b'=',
        b"NewLine" => b'\n',
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Some((Some(byte), end + 1))
}

fn number(digits: &[u8], radix: u32) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    u16::from_str_radix(text, radix).ok().and_then(|number| u8::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_comes_out_of_its_surroundings() {
        let bare = "-----BEGIN X-----\nab+/\n+c/=\n-----END X-----";
        let lines = |join: &str| bare.replace('\n', join);
        for (name, text) in [
            ("escaped", lines("\\n")),
            ("escaped twice", lines("\\\\n")),
            ("CR and LF escaped", lines("\\r\\n")),
            ("CR and LF", lines("\r\n")),
            ("one line with blanks", lines(" ")),
            ("indented", lines("\n    ")),
            ("comment", lines("\n# ")),
            ("comment of C++", lines("\r\n    // ")),
            ("comment of Java", lines("\n * ")),
            ("patch", lines("\n+")),
            ("mail", lines("\n> ")),
            ("JavaScript", lines("\\n\" +\n  \"")),
            ("JavaScript, joined first", lines("\\n\"\n    + \"")),
            ("minified", lines("\\n\"+\"")),
            ("PHP", lines("\\n' .\n'")),
            ("C", lines("\\n\"\n\"")),
            ("list", lines("\",\n    \"")),
            ("continued lines", lines("\\n\\\n")),
            ("numbers", lines("\\u000a")),
            ("PHP's JSON", lines("\\n").replace('/', "\\/")),
            ("JSON of Java", lines("\\n").replace('=', "\\u003d").replace('+', "\\u002b")),
            ("HTML", lines("&#xA;").replace('+', "&#43;").replace('/', "&sol;").replace('=', "&equals;")),
        ] {
            let plain = plain(text.as_bytes(), b"-----END");
            let inner = &plain["-----BEGIN X-----".len()..plain.len() - "-----END X-----".len()];
            assert_eq!(base64_of(inner).as_deref(), Some(&b"ab+/+c/"[..]), "{name}: {text}");
        }
    }

    #[test]
    fn what_is_no_base64_is_told() {
        for text in ["abc...", "ab<c", "ab=cd", "$KEY", "a\u{2026}"] {
            assert_eq!(base64_of(text.as_bytes()), None, "{text}");
        }
    }
}
