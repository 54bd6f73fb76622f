//! Characters that are written as escapes: percent, `\u` and `\x`, HTML entities, quoted-printable.

use std::ops::Range;

use super::base64::is_text;
use super::layer::{Encoding, Layer, Origin, Pieces};

/// So many escapes make a stretch worth decoding; one of `+`, `/` or `=`, which break a value, is enough.
const FEWEST: usize = 3;

/// How far a stretch is followed to either side, in bytes.
const FARTHEST: usize = 64 * 1024;

/// The stretch without spaces and quotes around an escape at `at`, decoded.
pub(super) fn decode(text: &[u8], at: usize, encoding: Encoding) -> Option<Layer> {
    escape(text, at, encoding)?;
    let range = stretch(text, at, encoding);
    let (mut said, mut weight) = (vec![], 0);
    for_each_piece(text, range.clone(), encoding, |piece, escape| match escape {
        Some(escape) => {
            said.extend_from_slice(escape.decoded());
            weight += escape.weight();
        }
        None => said.extend_from_slice(&text[piece]),
    });
    let mut pieces = Pieces::default();
    let is_worth = weight >= FEWEST && is_text(&said);
    // Most stretches are bytes that are no text: where each came from is asked of others only.
    if is_worth {
        for_each_piece(text, range.clone(), encoding, |piece, escape| match escape {
            Some(escape) => pieces.push(escape.decoded(), piece),
            None => pieces.plain(text, piece),
        });
    }
    Some(Layer {
        encoding,
        range,
        is_worth,
        text: said,
        is_cut: false,
        origin: Origin::Pieces(pieces.pieces),
    })
}

/// Calls `each` with the escapes in a stretch and what stands between them, from left to right.
fn for_each_piece(
    text: &[u8],
    range: Range<usize>,
    encoding: Encoding,
    mut each: impl FnMut(Range<usize>, Option<Escape>),
) {
    let begins = match encoding {
        Encoding::Percent => b'%',
        Encoding::QuotedPrintable => b'=',
        Encoding::Entities => b'&',
        _ => b'\\',
    };
    let (mut plain_from, mut from) = (range.start, range.start);
    while let Some(skipped) = memchr::memchr(begins, &text[from..range.end]) {
        let at = from + skipped;
        let escape = escape(text, at, encoding).filter(|escape| at + escape.length <= range.end);
        from = at + escape.as_ref().map_or(1, |escape| escape.length);
        if escape.is_some() {
            if plain_from < at {
                each(plain_from..at, None);
            }
            each(at..from, escape);
            plain_from = from;
        }
    }
    if plain_from < range.end {
        each(plain_from..range.end, None);
    }
}

fn stretch(text: &[u8], at: usize, encoding: Encoding) -> Range<usize> {
    let soft = encoding == Encoding::QuotedPrintable;
    let ends = |&here: &usize| {
        let byte = text[here];
        let is_break = soft && matches!(byte, b'\r' | b'\n') && is_soft_break(text, here);
        !is_break && (byte <= b' ' || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | 0x7f))
    };
    let start =
        (at.saturating_sub(FARTHEST)..at).rev().find(ends).map_or(at.saturating_sub(FARTHEST), |end| end + 1);
    let farthest = text.len().min(at + FARTHEST);
    start..(at..farthest).find(ends).unwrap_or(farthest)
}

/// Whether the line break at `at` only wraps a line.
fn is_soft_break(text: &[u8], at: usize) -> bool {
    let before = &text[..at];
    let before = if text[at] == b'\n' { before.strip_suffix(b"\r").unwrap_or(before) } else { before };
    before.ends_with(b"=")
}

/// An escape.
struct Escape {
    /// How long it is, in bytes.
    length: usize,
    /// What it stands for, in as many of these bytes.
    bytes: [u8; 4],
    count: usize,
    /// Whether it only counts beside others.
    is_common: bool,
}

impl Escape {
    fn of(length: usize, byte: u8) -> Escape {
        Escape { length, bytes: [byte, 0, 0, 0], count: 1, is_common: false }
    }

    /// A line break that only wraps a line.
    fn soft_break(length: usize) -> Escape {
        Escape { length, bytes: [0; 4], count: 0, is_common: false }
    }

    fn decoded(&self) -> &[u8] {
        &self.bytes[..self.count]
    }

    fn weight(&self) -> usize {
        match self.decoded() {
            _ if self.is_common => 0,
            // Nothing is left of a line that was wrapped.
            [] | b"+" | b"/" | b"=" => FEWEST,
            _ => 1,
        }
    }
}

/// The escape that begins at `at`.
fn escape(text: &[u8], at: usize, encoding: Encoding) -> Option<Escape> {
    let rest = &text[at..];
    match encoding {
        Encoding::Percent => match rest {
            [b'%', high, low, ..] => Some(Escape::of(3, hex(&[*high, *low])? as u8)),
            _ => None,
        },
        Encoding::QuotedPrintable => match rest {
            [b'=', b'\r', b'\n', ..] => Some(Escape::soft_break(3)),
            [b'=', b'\n', ..] => Some(Escape::soft_break(2)),
            [b'=', high, low, ..] => Some(Escape::of(3, hex(&[*high, *low])? as u8)),
            _ => None,
        },
        Encoding::Escapes => backslash(rest),
        Encoding::Entities => entity(rest),
        Encoding::Base64 | Encoding::Deflate | Encoding::Hex | Encoding::Joins => None,
    }
}

fn backslash(rest: &[u8]) -> Option<Escape> {
    let plain = |byte: u8| Escape { is_common: true, ..Escape::of(2, byte) };
    match rest {
        [b'\\', b'x', high, low, ..] => Some(Escape::of(4, hex(&[*high, *low])? as u8)),
        [b'\\', b'u', b'{', digits @ ..] => {
            let length = digits.iter().take(7).position(|&byte| byte == b'}')?;
            character(hex(&digits[..length])?, length + 4)
        }
        [b'\\', b'u', digits @ ..] => character(hex(digits.get(..4)?)?, 6),
        [b'\\', b'U', digits @ ..] => character(hex(digits.get(..8)?)?, 10),
        [b'\\', b'n', ..] => Some(plain(b'\n')),
        [b'\\', b't', ..] => Some(plain(b'\t')),
        [b'\\', byte @ (b'\\' | b'/' | b'"'), ..] => Some(plain(*byte)),
        _ => None,
    }
}

/// The entities of XML 1.0, section 4.6.
const NAMED: [(&[u8], u8); 5] =
    [(b"&amp;", b'&'), (b"&quot;", b'"'), (b"&lt;", b'<'), (b"&gt;", b'>'), (b"&apos;", b'\'')];

fn entity(rest: &[u8]) -> Option<Escape> {
    if let Some((name, byte)) = NAMED.iter().find(|(name, _)| rest.starts_with(name)) {
        return Some(Escape::of(name.len(), *byte));
    }
    let digits = rest.strip_prefix(b"&#")?;
    let length = digits.iter().take(9).position(|&byte| byte == b';')?;
    let digits = &digits[..length];
    let code = match digits.strip_prefix(b"x").or_else(|| digits.strip_prefix(b"X")) {
        Some(digits) => hex(digits)?,
        None => std::str::from_utf8(digits).ok()?.parse().ok()?,
    };
    character(code, length + 3)
}

fn character(code: u32, length: usize) -> Option<Escape> {
    let mut bytes = [0; 4];
    let count = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut bytes).len();
    Some(Escape { length, bytes, count, is_common: false })
}

/// What up to eight digits say.
fn hex(digits: &[u8]) -> Option<u32> {
    let digit = |&byte: &u8| char::from(byte).to_digit(16);
    let fits = (1..=8).contains(&digits.len());
    digits.iter().try_fold(0, |sum, byte| Some(sum << 4 | digit(byte)?)).filter(|_| fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_stretches_and_knows_where_each_byte_came_from() {
        // Name, text, where an escape is, what is said, and where the `b` in it stands.
        for (encoding, text, at, expected, place) in [
            (Encoding::Percent, "x %61%62%63 y", 2, "abc", 5..8),
            (Encoding::Percent, "k=a%2Fb&c", 3, "k=a/b&c", 6..7),
            (Encoding::Escapes, "\"\\u0061\\u0062\\x63\"", 1, "abc", 7..13),
            (Encoding::Escapes, "\\u{61}\\U00000062\\x63", 0, "abc", 6..16),
            (Encoding::Entities, "<a>&#97;&#x62;&quot;", 3, "ab\"", 8..14),
            (Encoding::QuotedPrintable, "k=3Da=\r\nb c", 1, "k=ab", 8..9),
            (Encoding::QuotedPrintable, "ka=\nb\n", 2, "kab", 4..5),
        ] {
            let layer = decode(text.as_bytes(), at, encoding).unwrap();
            assert_eq!(String::from_utf8_lossy(&layer.text), expected);
            let b = expected.find('b').unwrap();
            assert_eq!(layer.origin_of(b..b + 1), place, "{text}");
        }
    }

    #[test]
    fn few_or_broken_escapes_are_left_alone() {
        for (encoding, text) in [
            (Encoding::Percent, "%20a%20"),
            (Encoding::Percent, "%zz%zz%zz"),
            (Encoding::Escapes, "\\u00\\u00\\u00"),
            (Encoding::Escapes, "\\n\\n\\n\\n"),
            (Encoding::Entities, "&#;&#;&#;"),
            (Encoding::Entities, "&amp;x"),
            (Encoding::QuotedPrintable, "=g"),
        ] {
            assert!(decode(text.as_bytes(), 0, encoding).is_none_or(|layer| !layer.is_worth), "{text}");
        }
    }
}
