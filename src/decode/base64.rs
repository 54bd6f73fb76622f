//! Base64 of both alphabets, wrapped or not, what is compressed in it, and hex, whose digits are of its alphabet.

use std::io::Read;
use std::ops::{ControlFlow, Range};

use ::base64::Engine as _;
use ::base64::alphabet::STANDARD;
use ::base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use sirocco::Format;
use sirocco::inflate::Reader;

use super::layer::{Encoding, Layer, Origin};

/// The shortest run that is tried. It holds 18 bytes; no token is shorter.
pub const SHORTEST: usize = 24;

/// The shortest one where values are known to be encoded.
pub const SHORTEST_KNOWN: usize = 8;

/// The shortest run of hex digits.
const SHORTEST_HEX: usize = 32;

/// So many bytes at the start tell whether it is text: among 100,000 runs at random one passes.
const HEAD: usize = 12;

/// So many places in a run are tried after which a value may begin, `/` and `-` being of the alphabets.
const MOST_STARTS: usize = 8;

/// Shorter lines are not wrapped ones.
const SHORTEST_LINE: usize = 32;

/// A last line that is shorter may be a word below the value.
const LONGER_THAN_WORDS: usize = 12;

/// How the last bits of a run are filled is of no interest.
const FORGIVING: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));

/// Whether it is of one of the alphabets. Written so that it is done to many bytes at once.
#[inline]
fn is_of_alphabet(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26)
        | (byte.wrapping_sub(b'/') < 11)
        | (byte == b'+')
        | (byte == b'-')
        | (byte == b'_')
}

/// Calls `each` with every maximal run of at least `shortest` characters of the alphabets.
pub(super) fn runs(
    text: &[u8],
    shortest: usize,
    each: &mut dyn FnMut(Range<usize>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if shortest < SHORTEST {
        return runs_in(text, 0..text.len(), shortest, each);
    }
    let (mut done, mut before) = (0, 0);
    let (blocks, _) = text.as_chunks::<64>();
    for (block, base) in blocks.iter().zip((0..).step_by(64)) {
        let full = full_groups(block);
        // Of the groups of eight that a run of 24 touches at least two in a row lie in it.
        let mut pairs = full & (full << 1 | before >> 7);
        before = full;
        while pairs != 0 {
            let at = base + 8 * pairs.trailing_zeros() as usize;
            pairs &= pairs - 1;
            if at >= done {
                let run = run_around(text, at);
                done = run.end;
                if run.len() >= shortest {
                    each(run)?;
                }
            }
        }
    }
    // A run that begins earlier than this has two groups in what was gone through.
    let rest = done.max((blocks.len() * 64).saturating_sub(SHORTEST));
    let rest = run_around(text, rest.min(text.len())).start.max(done);
    runs_in(text, rest..text.len(), shortest, each)
}

/// Of which of its groups of eight bytes all are of the alphabets: a bit for each.
#[inline]
fn full_groups(block: &[u8; 64]) -> u8 {
    let of_alphabet = block.map(|byte| u8::from(is_of_alphabet(byte)));
    let (groups, _) = of_alphabet.as_chunks::<8>();
    let is_full = |group: &[u8; 8]| u8::from(u64::from_ne_bytes(*group) == u64::from_ne_bytes([1; 8]));
    groups.iter().zip(0..).fold(0, |full, (group, at)| full | is_full(group) << at)
}

fn run_around(text: &[u8], at: usize) -> Range<usize> {
    let before = text[..at].iter().rev().take_while(|&&byte| is_of_alphabet(byte)).count();
    let after = text[at..].iter().take_while(|&&byte| is_of_alphabet(byte)).count();
    at - before..at + after
}

/// Calls `each` with every run of at least [`SHORTEST`] characters of the alphabets in a part of a text that holds
/// nothing but token characters.
pub(super) fn runs_of_tokens(
    text: &[u8],
    part: Range<usize>,
    each: &mut dyn FnMut(Range<usize>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    // The token characters that are of neither alphabet.
    let ends = memchr::memchr2_iter(b'.', b'~', &text[part.clone()]).map(|at| part.start + at);
    let mut start = part.start;
    for end in ends.chain([part.end]) {
        if end - start >= SHORTEST {
            each(start..end)?;
        }
        start = end + 1;
    }
    ControlFlow::Continue(())
}

/// Calls `each` with every run of at least `shortest` characters of the alphabets in a part of a text.
fn runs_in(
    text: &[u8],
    part: Range<usize>,
    shortest: usize,
    each: &mut dyn FnMut(Range<usize>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut at = part.start;
    while let Some(skipped) = text[at..part.end].iter().position(|&byte| is_of_alphabet(byte)) {
        let start = at + skipped;
        at = start + text[start..part.end].iter().take_while(|&&byte| is_of_alphabet(byte)).count();
        if at - start >= shortest {
            each(start..at)?;
        }
    }
    ControlFlow::Continue(())
}

/// What a run says, where it says anything. At most `left` bytes come out of what is compressed; whatever is decoded,
/// in vain or not, is taken from them.
pub(super) fn decode(text: &[u8], run: Range<usize>, shortest: usize, left: &mut usize) -> Option<Layer> {
    starts(text, run.clone(), shortest)
        .filter(|&start| run.end - start >= shortest && may_begin(&text[start..run.end]))
        .find_map(|start| {
            decode_hex(text, start..run.end).or_else(|| decode_from(text, start..run.end, left))
        })
}

/// Which characters are the first of four that say text, the first that say something compressed, or a hex digit: bits of
/// these three.
static FIRST: [u8; 256] = {
    let mut first = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let character = byte as u8;
        // The first six bits of a byte from ` ` to `~`, and of a tab or a line break.
        if matches!(character, b'I'..=b'Z' | b'a'..=b'f' | b'C' | b'D') {
            first[byte] |= TEXT;
        }
        if character.is_ascii_hexdigit() {
            first[byte] |= DIGIT;
        }
        byte += 1;
    }
    first
};
const TEXT: u8 = 1;
const DIGIT: u8 = 2;

/// Whether what begins like this may say something. Yes may be wrong, no is not; nearly all end here.
fn may_begin(run: &[u8]) -> bool {
    // The first bytes of gzip and of zlib.
    let is_compressed = matches!(run, [b'H', b'4', b's', ..] | [b'e', b'A' | b'F' | b'J' | b'N', ..]);
    let fours = run.iter().step_by(4).take(HEAD / 3);
    is_compressed || fours.fold(u8::MAX, |all, &byte| all & FIRST[usize::from(byte)]) != 0
}

/// Where in a run an encoded value of at least `shortest` characters may begin.
fn starts(text: &[u8], run: Range<usize>, shortest: usize) -> impl Iterator<Item = usize> {
    let first = run.start;
    // The letter of an escaped line break before it, and the mark of a hex number.
    let escaped = first > 0 && text[first - 1] == b'\\';
    let marked = text[run.clone()].starts_with(b"0x");
    // What begins with the text may have begun before it, in the window before.
    let cut = if first == 0 { 1..4 } else { 0..0 };
    let inside = text[first..(run.end - shortest).max(first)]
        .iter()
        .enumerate()
        .filter(|(_, byte)| matches!(byte, b'/' | b'-' | b'_' | b'+'))
        .map(move |(at, _)| first + at + 1)
        .take(MOST_STARTS);
    let before = [Some(first), escaped.then_some(first + 1), marked.then_some(first + 2)];
    before.into_iter().flatten().chain(cut).chain(inside)
}

fn decode_hex(text: &[u8], run: Range<usize>) -> Option<Layer> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pair = |pair: &[u8; 2]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    let pairs = text[run.clone()].as_chunks::<2>().0;
    let head = pairs.get(..HEAD)?;
    if !head.iter().all(|digits| pair(digits).is_some_and(is_texty)) {
        return None;
    }
    let decoded: Vec<u8> = pairs.iter().map_while(pair).collect();
    let range = run.start..run.start + 2 * decoded.len();
    let fits = range.len() >= SHORTEST_HEX && is_text(&decoded);
    fits.then(|| Layer {
        encoding: Encoding::Hex,
        origin: Origin::Bits(4, vec![(0, range.start)]),
        text: decoded,
        range,
        is_worth: true,
        is_cut: false,
    })
}

fn decode_from(text: &[u8], run: Range<usize>, left: &mut usize) -> Option<Layer> {
    let compressed = match kind(&text[run.clone()])? {
        Kind::Text => None,
        Kind::Compressed(format) => Some(format),
    };
    let lines = lines(text, run, compressed.is_none());
    let bytes = bytes_of(text, &lines)?;
    *left = left.saturating_sub(bytes.len());
    let characters = lines[0].start..lines[lines.len() - 1].end;
    let padding = text[characters.end..].iter().take(2).take_while(|&&byte| byte == b'=').count();
    let range = characters.start..characters.end + padding;
    if let Some(format) = compressed {
        let (text, is_cut) = inflate(format, &bytes, *left);
        *left -= text.len();
        let encoding = Encoding::Deflate;
        return is_text(&text).then_some(Layer {
            encoding,
            range,
            text,
            is_worth: true,
            is_cut,
            origin: Origin::Whole(characters),
        });
    }
    let mut count = 0;
    let stretches = lines.iter().map(|line| {
        count += line.len();
        (count - line.len(), line.start)
    });
    let origin = Origin::Bits(6, stretches.collect());
    let encoding = Encoding::Base64;
    is_text(&bytes).then_some(Layer { encoding, range, text: bytes, is_worth: true, is_cut: false, origin })
}

/// What a run holds by its first bytes.
enum Kind {
    Text,
    Compressed(Format),
}

/// What a run holds, if it is any of it. Nearly all are turned down at their first bytes.
fn kind(run: &[u8]) -> Option<Kind> {
    let first: &[u8; 4] = run.first_chunk()?;
    match three_bytes(first) {
        [0x1f, 0x8b, 8] => return Some(Kind::Compressed(Format::Gzip)),
        // What the usual levels of compression begin with (RFC 1950, section 2.2).
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, _] => return Some(Kind::Compressed(Format::Zlib)),
        _ => {}
    }
    let mut head = run.as_chunks::<4>().0.iter().take(HEAD / 3);
    head.all(|four| three_bytes(four).into_iter().all(is_texty)).then_some(Kind::Text)
}

/// What four characters of the alphabets say.
#[inline]
fn three_bytes(characters: &[u8; 4]) -> [u8; 3] {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    };
    let [a, b, c, d] = characters.map(|byte| u32::from(value(byte)));
    let [_, bytes @ ..] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
    bytes
}

/// What the characters of these lines say together; what is left over at the end says nothing.
fn bytes_of(text: &[u8], lines: &[Range<usize>]) -> Option<Vec<u8>> {
    let of_standard = |&byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    let mut characters: Vec<u8> =
        lines.iter().flat_map(|line| text[line.clone()].iter().map(of_standard)).collect();
    if characters.len() % 4 == 1 {
        characters.pop();
    }
    FORGIVING.decode(characters).ok()
}

/// The lines of a value, which says text or something else, and whose first one is this run: as long as the first, but
/// for the last.
fn lines(text: &[u8], first: Range<usize>, says_text: bool) -> Vec<Range<usize>> {
    let length = first.len();
    let mut lines = vec![first];
    while let Some(last) = lines.last().filter(|last| last.len() == length && length >= SHORTEST_LINE) {
        let Some(start) = next_line(text, last.end) else { break };
        let line = start..start + text[start..].iter().take_while(|&&byte| is_of_alphabet(byte)).count();
        let padding = text[line.end..].iter().take_while(|&&byte| byte == b'=').count();
        let after = text.get(line.end + padding);
        let ends = after.is_none_or(|byte| b"\r\n \"'\\`<])&".contains(byte));
        let is_word = || {
            let is_whole = (lines.len() * length + line.len() + padding).is_multiple_of(4);
            let is_other = says_text && length.is_multiple_of(4) && !says_more_text(text, &line);
            !is_whole || is_other || after == Some(&b' ')
        };
        if line.is_empty() || line.len() > length || !ends || (line.len() < LONGER_THAN_WORDS && is_word()) {
            break;
        }
        lines.push(line);
    }
    lines
}

fn says_more_text(text: &[u8], line: &Range<usize>) -> bool {
    bytes_of(text, std::slice::from_ref(line)).is_some_and(|bytes| is_text(&bytes))
}

/// Where the text goes on after a line break, written out or escaped, or both with a `\` between that makes one line of
/// two.
fn next_line(text: &[u8], end: usize) -> Option<usize> {
    let rest = &text[end..];
    let written_out =
        |rest: &'_ [u8]| rest.strip_prefix(b"\r").unwrap_or(rest).strip_prefix(b"\n").map(<[u8]>::len);
    let escaped = rest.strip_prefix(b"\\r").unwrap_or(rest).strip_prefix(b"\\n");
    let joined = escaped.unwrap_or(rest).strip_prefix(b"\\").and_then(written_out);
    let rest = joined.or(escaped.map(<[u8]>::len)).or_else(|| written_out(rest))?;
    let rest = &text[text.len() - rest..];
    let indent = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    Some(text.len() - rest.len() + indent)
}

/// What comes out, and whether there is more. A broken stream says what came out before it broke.
fn inflate(format: Format, bytes: &[u8], most: usize) -> (Vec<u8>, bool) {
    let mut text = vec![];
    let mut buffer = [0; 8 * 1024];
    let mut reader = Reader::new(format, bytes);
    while text.len() <= most {
        match reader.read(&mut buffer) {
            Ok(0) | Err(_) => return (text, false),
            Ok(read) => text.extend_from_slice(&buffer[..read]),
        }
    }
    text.truncate(most);
    (text, true)
}

/// Whether it stands in texts of ASCII.
fn is_texty(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')
}

/// Whether nine in ten bytes are of a text.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let texty = bytes.iter().filter(|&&byte| is_texty(byte)).count();
    let others = bytes.len() - texty;
    !bytes.is_empty()
        && (others * 10 <= bytes.len() || std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Encoding, String, Range<usize>)> {
        let (mut found, mut done) = (vec![], 0);
        let _ = runs(text.as_bytes(), SHORTEST, &mut |run| {
            if run.start < done {
                return ControlFlow::Continue(());
            }
            let layer = decode(text.as_bytes(), run, SHORTEST, &mut 1000);
            found.extend(layer.map(|layer| {
                done = layer.range.end;
                let place = layer.origin_of(layer.text.len() - 1..layer.text.len());
                (layer.encoding, String::from_utf8(layer.text).unwrap(), place)
            }));
            ControlFlow::Continue(())
        });
        found
    }

    #[test]
    fn decodes_what_is_text_and_knows_where_the_last_byte_came_from() {
        let words = "twelve words and more of them, so that lines are long enough!";
        let base64 = encoded(words);
        let (first, second) = base64.split_at(44);
        let hex: String = words.bytes().map(|byte| format!("{byte:02x}")).collect();
        let last = |start: usize| start + words.len() / 3 * 4..start + words.len() / 3 * 4 + 2;
        for (text, encoding, place) in [
            (base64.clone(), Encoding::Base64, last(0)),
            (format!("key: {base64}\n"), Encoding::Base64, last(5)),
            (format!("a/{base64}"), Encoding::Base64, last(2)),
            (format!("key: |\n  {first}\n  {second}\n"), Encoding::Base64, last(12)),
            (format!("\"{first}\\n{second}\\n\""), Encoding::Base64, last(3)),
            (format!("key={first}\\n\\\n    {second}\n"), Encoding::Base64, last(12)),
            (format!("key={first}\\\n{second}\n"), Encoding::Base64, last(6)),
            (format!("<![CDATA[{first}\n{second}]]>"), Encoding::Base64, last(10)),
            (format!("0x{hex}"), Encoding::Hex, hex.len()..hex.len() + 2),
        ] {
            assert_eq!(found(&text), [(encoding, words.to_owned(), place)], "{text}");
        }
    }

    #[test]
    fn a_word_below_a_value_is_no_line_of_it() {
        let words = "a value of so many bytes that its last four are full, and no padding!";
        assert_eq!(words.len() % 3, 0);
        let whole = encoded(words);
        let place = whole.len() - 2..whole.len();
        for below in
            ["EOF", "RUN make", "make deploy", "done", "fi\nmake", "text of a comment", "====", "exit"]
        {
            assert_eq!(
                found(&format!("{whole}\n{below}\n")),
                [(Encoding::Base64, words.to_owned(), place.clone())],
                "{below}"
            );
        }
    }

    fn encoded(text: &str) -> String {
        ::base64::engine::general_purpose::STANDARD_NO_PAD.encode(text)
    }

    #[test]
    fn every_long_run_is_seen_wherever_it_stands() {
        for length in [23, 24, 25, 63, 64, 65, 200] {
            for before in 0..130 {
                for after in [0, 1, 70] {
                    let text = format!("{}{}{}", " ".repeat(before), "a".repeat(length), ".".repeat(after));
                    let mut seen = vec![];
                    let _ = runs(text.as_bytes(), SHORTEST, &mut |run| {
                        seen.push(run);
                        ControlFlow::Continue(())
                    });
                    let expected = (length >= SHORTEST).then_some(before..before + length);
                    assert_eq!(seen, expected.into_iter().collect::<Vec<_>>(), "{before} {length} {after}");
                }
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_say_nothing() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..2_000 {
            let bytes: Vec<u8> = (0..60).map(|_| random.u8(..)).collect();
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let base64 = ::base64::engine::general_purpose::STANDARD.encode(&bytes);
            assert_eq!(found(&format!("{base64} {hex}")), []);
        }
    }
}
