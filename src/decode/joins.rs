//! Values in several literals: `"a" + "b"`, `"a" "b"`, `'a', 'b'` of single characters.

use std::ops::Range;

use super::layer::{Encoding, Layer, Origin, Pieces};
use crate::model::ByteSet;

/// The shortest value that is put together, in bytes.
const SHORTEST: usize = 12;

/// The fewest single characters that are put together.
const FEWEST_CHARACTERS: usize = 8;

/// How much may stand between two literals, in bytes: an operator, a line break and an indent.
const WIDEST_GLUE: usize = 80;

/// How long one literal may be, in bytes.
const LONGEST: usize = 4096;

/// Whether the quote at `close` ends a literal of a single character.
pub(super) fn ends_character(text: &[u8], close: usize) -> bool {
    close >= 2 && text[close - 2] == text[close] && text[close - 1] > b' '
}

/// Whether the literal that ends with the quote at `close` may go on in another one. Yes may be wrong, no is not.
pub(super) fn may_go_on(text: &[u8], close: usize) -> bool {
    if close == 0 || !is_of_value(text[close - 1]) {
        return false;
    }
    let glue = &text[close + 1..text.len().min(close + 1 + WIDEST_GLUE)];
    let next = glue.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0c));
    let joins =
        |next: u8| next == text[close] || matches!(next, b'+' | b'.' | b'|' | b'&' | b'<' | b'~' | b'\\');
    next.is_some_and(|&next| joins(next))
}

/// What is put together from the literals of which the first ends with the quote at `close`.
pub(super) fn decode(text: &[u8], close: usize) -> Option<Layer> {
    let quote = text[close];
    // What is put together in the middle of a value is no sentence.
    let joins = |close: usize, open: usize| {
        close > 0 && is_of_value(text[close - 1]) && text.get(open + 1).is_some_and(|&byte| is_of_value(byte))
    };
    let next = |close| next_literal(text, close, quote).filter(|&open| joins(close, open));
    put_together(text, close, SHORTEST, next)
}

/// What is put together from single characters of which the first ends with the quote at `close`.
pub(super) fn decode_characters(text: &[u8], close: usize) -> Option<Layer> {
    let quote = text[close];
    let next = |close: usize| {
        let open = close + 1 + comma(&text[close + 1..])?;
        (ends_character(text, close) && text.get(open) == Some(&quote) && text.get(open + 2) == Some(&quote))
            .then_some(open)
    };
    put_together(text, close, FEWEST_CHARACTERS, next)
}

/// Follows literals from the one that ends at `close`; `next` gives where the next one begins. What is put together and
/// holds no digit is a message.
fn put_together(
    text: &[u8],
    close: usize,
    shortest: usize,
    next: impl Fn(usize) -> Option<usize>,
) -> Option<Layer> {
    let quote = text[close];
    let mut open = next(close)?;
    let from = close.saturating_sub(LONGEST);
    let start = from + memchr::memrchr2(quote, b'\n', &text[from..close])? + 1;
    if text[start - 1] != quote {
        return None;
    }
    let mut pieces = Pieces::default();
    pieces.plain(text, start..close);
    let mut end = close;
    while let Some(closes) = end_of_literal(text, open + 1, quote) {
        pieces.plain(text, open + 1..closes);
        end = closes;
        match next(end) {
            Some(after) => open = after,
            None => break,
        }
    }
    let range = start..end;
    Some(Layer {
        encoding: Encoding::Joins,
        range,
        is_worth: pieces.text.len() >= shortest && pieces.text.iter().any(u8::is_ascii_digit),
        text: pieces.text,
        is_cut: false,
        origin: Origin::Pieces(pieces.pieces),
    })
}

fn end_of_literal(text: &[u8], start: usize, quote: u8) -> Option<usize> {
    let within = &text[start..text.len().min(start + LONGEST)];
    let length = memchr::memchr2(quote, b'\n', within)?;
    (within[length] == quote).then_some(start + length)
}

/// What joins literals, in one language or another. With nothing between them, they stand side by side.
const OPERATORS: [&[u8]; 10] = [b"++", b"+", b"..", b".", b"||", b"&", b"<>", b"~", b"\\", b""];

/// Where the next literal opens, if only an operator or space stands between.
fn next_literal(text: &[u8], close: usize, quote: u8) -> Option<usize> {
    let glue = &text[close + 1..text.len().min(close + 1 + WIDEST_GLUE)];
    let operator = glue.trim_ascii_start();
    let name = OPERATORS.iter().find(|name| operator.starts_with(name))?;
    let rest = operator[name.len()..].trim_ascii_start();
    let between = &glue[..glue.len() - rest.len()];
    let is_glue = rest.first() == Some(&quote) && (!matches!(name, [] | [b'\\']) || is_adjacent(between));
    is_glue.then_some(close + 1 + between.len())
}

/// Whether literals with only space between are one: side by side on a line, or indented on the next one. A table has its
/// cells without.
fn is_adjacent(glue: &[u8]) -> bool {
    matches!(glue, [.., b' ' | b'\t'])
}

fn comma(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b",")?;
    let space: Range<usize> =
        0..rest.iter().take(WIDEST_GLUE).take_while(|byte| byte.is_ascii_whitespace()).count();
    Some(1 + space.end)
}

fn is_of_value(byte: u8) -> bool {
    const VALUE: ByteSet = {
        let (mut set, signs, mut at) = (ByteSet::ALNUM, b"+/=_-.:@~%$!&#;", 0);
        while at < signs.len() {
            set = set.with(signs[at]);
            at += 1;
        }
        set
    };
    VALUE.contains(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_literals_together() {
        for (text, expected) in [
            ("x = \"abcde1\" + \"ghijkl\"", Some("abcde1ghijkl")),
            ("x = 'abcde1'.'ghijkl'", Some("abcde1ghijkl")),
            ("x = \"abcde1\" +\n    \"ghijkl\" +\n    \"mn\";", Some("abcde1ghijklmn")),
            ("x = (\"abcde1\"\n     \"ghijkl\")", Some("abcde1ghijkl")),
            ("\"abcde1\"\n\"ghijkl\"", None),
            ("\"hello \" + \"big world\"", None),
            ("\"abcde1\", \"ghijkl\"", None),
            ("\"abc\" + \"de\"", None),
        ] {
            let close =
                memchr::memchr_iter(text.as_bytes()[text.find(['"', '\'']).unwrap()], text.as_bytes()).nth(1);
            let layer = decode(text.as_bytes(), close.unwrap()).filter(|layer| layer.is_worth);
            let said = layer.as_ref().map(|layer| String::from_utf8_lossy(&layer.text));
            assert_eq!(said.as_deref(), expected, "{text}");
            if let Some(layer) = layer {
                let last = layer.text.len() - 1..layer.text.len();
                assert_eq!(layer.origin_of(last), layer.range.end - 1..layer.range.end);
            }
        }
    }

    #[test]
    fn puts_characters_together() {
        for (text, expected) in [
            ("{'a','b','c','d','e','f','g','1'}", Some("abcdefg1")),
            ("['a', 'b', 'c', 'd',\n 'e', 'f', 'g', '1']", Some("abcdefg1")),
            ("['a', 'b', 'c', 'd']", None),
            ("['ab', 'cd', 'ef', 'gh', 'ij', 'kl', 'mn', 'op']", None),
        ] {
            let close = memchr::memchr_iter(b'\'', text.as_bytes()).nth(1).unwrap();
            let layer = decode_characters(text.as_bytes(), close).filter(|layer| layer.is_worth);
            assert_eq!(
                layer.map(|layer| String::from_utf8(layer.text).unwrap()).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
