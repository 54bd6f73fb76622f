//! What the codes of a font mean and how wide their glyphs are (ISO 32000-1, 9.6 to 9.10).

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};

use super::document::Document;
use super::lexer::{Lexer, Token};
use super::object::{Dictionary, Object, utf16};

/// So many entries a table has at most: there are no more codes of two bytes.
const MOST: usize = 0x1_0000;

/// The width of glyphs where nothing tells it, of the size of the font.
const USUAL_WIDTH: f64 = 0.5;

/// A font, or what is known of it.
#[derive(Default)]
pub(super) struct Font {
    codes: Codes,
    /// What the document says that codes mean.
    told: Table<String>,
    /// What their names say.
    named: Table<String>,
    widths: Table<f64>,
    /// The width of all others, where there is one.
    other_width: Option<f64>,
}

/// How texts are cut into codes, and what a code means that no table has.
#[derive(Clone, Copy, Default, PartialEq)]
enum Codes {
    #[default]
    Bytes,
    /// Bytes, as on a Macintosh.
    BytesOfMac,
    /// Two bytes, which are numbers of glyphs.
    Glyphs,
    /// Two bytes, which are UTF-16.
    Utf16,
}

/// A glyph that is shown.
pub(super) struct Glyph {
    /// What it means, where that is known.
    pub(super) text: Option<String>,
    /// Of the size of the font; nothing where it is not known.
    pub(super) width: Option<f64>,
    /// It is the code of a blank, which words may be spaced by (9.3.3).
    pub(super) is_blank: bool,
}

impl Glyph {
    /// Its width, or one that is usual.
    pub(super) fn any_width(&self) -> f64 {
        self.width.unwrap_or(USUAL_WIDTH)
    }
}

impl Font {
    pub(super) fn of(font: &Dictionary, document: &mut Document<'_, '_>) -> Font {
        let mut read = Font::default();
        if font.is("Subtype", "Type0") {
            read.composite(font, document);
        } else {
            read.simple(font, document);
        }
        if let Some(number) = font.get("ToUnicode").reference() {
            let content =
                |content: &mut dyn Read| read.told = characters(Lexer::new(BufReader::new(content), 0));
            // What is missing is told where text is shown that has it.
            let _ = document.read_stream(number, content);
        }
        read
    }

    /// A font as wide as Courier.
    #[cfg(test)]
    pub(super) fn courier() -> Font {
        Font { other_width: Some(0.6), ..Font::default() }
    }

    /// How much is held of it, in entries.
    pub(super) fn size(&self) -> usize {
        1 + self.told.0.len() + self.named.0.len() + self.widths.0.len()
    }

    fn simple(&mut self, font: &Dictionary, document: &mut Document<'_, '_>) {
        let encoding = document.resolved(font.get("Encoding"));
        let base = encoding.dictionary().map_or(&encoding, |encoding| encoding.get("BaseEncoding"));
        if base.name() == Some(b"MacRomanEncoding") {
            self.codes = Codes::BytesOfMac;
        }
        let differences = encoding.dictionary().map(|all| document.resolved(all.get("Differences")));
        self.name_codes(&differences.unwrap_or(Object::Null));
        let unit = if font.is("Subtype", "Type3") {
            document
                .resolved(font.get("FontMatrix"))
                .members()
                .first()
                .and_then(Object::number)
                .unwrap_or(0.001)
        } else {
            0.001
        };
        let first = document.resolved(font.get("FirstChar")).number().unwrap_or(0.0);
        let widths = document.resolved(font.get("Widths"));
        for (code, width) in (code(first)..).zip(widths.members()) {
            self.widths.insert(code, code, width.number().unwrap_or(0.0) * unit);
        }
        let is_courier = font.get("BaseFont").name().is_some_and(|name| name.starts_with(b"Courier"));
        let descriptor = document.resolved(font.get("FontDescriptor"));
        let missing =
            descriptor.dictionary().map(|all| all.get("MissingWidth").number().unwrap_or(0.0) * unit);
        self.other_width = if is_courier { Some(0.6) } else { missing };
    }

    /// Takes the names of glyphs (9.6.6): numbers, each with the names that begin there.
    fn name_codes(&mut self, differences: &Object) {
        let mut next = 0;
        for entry in differences.members() {
            match entry {
                Object::Number(number) => next = code(*number),
                Object::Name(name) => {
                    if let Some(text) = meaning(name) {
                        self.named.insert(next, next, text);
                    }
                    next += 1;
                }
                _ => {}
            }
        }
    }

    fn composite(&mut self, font: &Dictionary, document: &mut Document<'_, '_>) {
        let is_utf16 = |name: &[u8]| name.starts_with(b"Uni");
        self.codes = match font.get("Encoding").name() {
            Some(name) if is_utf16(name) => Codes::Utf16,
            _ => Codes::Glyphs,
        };
        let descendant = document.resolved(font.get("DescendantFonts"));
        let descendant = document.resolved(descendant.members().first().unwrap_or(&Object::Null));
        let Some(descendant) = descendant.dictionary() else { return };
        self.other_width = Some(descendant.get("DW").number().unwrap_or(1000.0) / 1000.0);
        let widths = document.resolved(descendant.get("W"));
        let mut rest = widths.members();
        // `first [width ...]` or `first last width` (9.7.4.3).
        loop {
            rest = match rest {
                [Object::Number(first), widths @ (Object::Array(_) | Object::Reference(_)), rest @ ..] => {
                    let widths = document.resolved(widths);
                    for (code, width) in (code(*first)..).zip(widths.members()) {
                        self.widths.insert(code, code, width.number().unwrap_or(0.0) / 1000.0);
                    }
                    rest
                }
                [Object::Number(first), Object::Number(last), Object::Number(width), rest @ ..] => {
                    self.widths.insert(code(*first), code(*last), width / 1000.0);
                    rest
                }
                _ => break,
            };
        }
    }

    /// The glyphs that a text shows.
    pub(super) fn glyphs<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = Glyph> + use<'t, '_> {
        let length = if matches!(self.codes, Codes::Glyphs | Codes::Utf16) { 2 } else { 1 };
        text.chunks(length).map(move |bytes| {
            let code = bytes.iter().fold(0, |code, &byte| code << 8 | u32::from(byte));
            Glyph {
                text: self.meaning(code, bytes),
                width: self.widths.get(code).map(|(_, width)| *width).or(self.other_width),
                is_blank: *bytes == [b' '],
            }
        })
    }

    fn meaning(&self, code: u32, bytes: &[u8]) -> Option<String> {
        if let Some((by, text)) = self.told.get(code).or_else(|| self.named.get(code)) {
            return Some(spelled(moved(text, by)));
        }
        let decoded =
            |encoding: &'static Encoding| encoding.decode_without_bom_handling(bytes).0.into_owned();
        match self.codes {
            Codes::Bytes => Some(decoded(WINDOWS_1252)),
            Codes::BytesOfMac => Some(decoded(MACINTOSH)),
            Codes::Utf16 => Some(utf16(bytes)),
            Codes::Glyphs => None,
        }
    }
}

/// What codes from one to another one have.
struct Table<T>(BTreeMap<u32, (u32, T)>);

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table(BTreeMap::new())
    }
}

impl<T> Table<T> {
    fn insert(&mut self, first: u32, last: u32, value: T) {
        if self.0.len() < MOST {
            self.0.insert(first, (last, value));
        }
    }

    /// How far a code is from the first one of its range, and what that has.
    fn get(&self, code: u32) -> Option<(u32, &T)> {
        let (first, (last, value)) = self.0.range(..=code).next_back()?;
        (code <= *last).then_some((code - first, value))
    }
}

/// A text whose last character is another one, so far on.
fn moved(text: &str, by: u32) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if let Some(last) = letters.last_mut().filter(|_| by > 0) {
        *last = char::from_u32(u32::from(*last).saturating_add(by)).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    letters.into_iter().collect()
}

/// A text without ligatures, which some documents have for letters that nobody joined.
fn spelled(text: String) -> String {
    const LIGATURES: [(char, &str); 5] = [
        ('\u{fb00}', "ff"),
        ('\u{fb01}', "fi"),
        ('\u{fb02}', "fl"),
        ('\u{fb03}', "ffi"),
        ('\u{fb04}', "ffl"),
    ];
    let ligature = |letter: char| LIGATURES.iter().find(|(known, _)| *known == letter);
    match text.contains(|letter| ligature(letter).is_some()) {
        true => text
            .chars()
            .map(|letter| ligature(letter).map_or(letter.into(), |(_, text)| (*text).to_owned()))
            .collect(),
        false => text,
    }
}

/// A code that a number in a table is; there are none beyond two bytes.
fn code(number: f64) -> u32 {
    number.clamp(0.0, MOST as f64) as u32
}

fn code_of(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |code, &byte| code << 8 | u32::from(byte))
}

/// What a map says that codes mean (9.10.3).
fn characters<R: BufRead>(mut lexer: Lexer<R>) -> Table<String> {
    let mut table = Table::default();
    let mut kind = Kind::Other;
    let mut codes: Vec<u32> = vec![];
    while let Some(token) = lexer.token() {
        match (kind, token) {
            (_, Token::Word) => {
                kind = match lexer.text() {
                    b"beginbfchar" => Kind::Single,
                    b"beginbfrange" => Kind::Range,
                    _ => Kind::Other,
                };
                codes.clear();
            }
            (Kind::Single, Token::Text) if codes.len() == 1 => {
                table.insert(codes[0], codes[0], utf16(lexer.text()));
                codes.clear();
            }
            (Kind::Range, Token::Text) if codes.len() == 2 => {
                table.insert(codes[0], codes[1], utf16(lexer.text()));
                codes.clear();
            }
            // Each code of the range has a text of its own.
            (Kind::Range, Token::OpenArray) if codes.len() == 2 => {
                let mut code = codes[0];
                while lexer.token() == Some(Token::Text) {
                    table.insert(code, code, utf16(lexer.text()));
                    code = code.saturating_add(1);
                }
                codes.clear();
            }
            (Kind::Single | Kind::Range, Token::Text) => codes.push(code_of(lexer.text())),
            _ => {}
        }
    }
    table
}

/// What stands in a part of a map.
#[derive(Clone, Copy)]
enum Kind {
    Single,
    Range,
    Other,
}

/// What a glyph of this name means (Adobe Glyph List, 2.0), where keys and ligatures of English have it.
fn meaning(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let name = name.split('.').next().unwrap_or_default();
    if name.contains('_') {
        return name.split('_').map(|part| meaning(part.as_bytes())).collect();
    }
    if let Ok(at) = NAMES.binary_search_by_key(&name, |(known, _)| known) {
        return Some(NAMES[at].1.into());
    }
    let hex = name.strip_prefix("uni").or_else(|| name.strip_prefix('u'));
    let code =
        hex.filter(|hex| (4..=6).contains(&hex.len())).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    match code {
        Some(code) => char::from_u32(code).map(String::from),
        None => (name.len() == 1).then(|| name.into()),
    }
}

const NAMES: [(&str, &str); 54] = [
    ("ampersand", "&"),
    ("asciicircum", "^"),
    ("asciitilde", "~"),
    ("asterisk", "*"),
    ("at", "@"),
    ("backslash", "\\"),
    ("bar", "|"),
    ("braceleft", "{"),
    ("braceright", "}"),
    ("bracketleft", "["),
    ("bracketright", "]"),
    ("bullet", "\u{2022}"),
    ("colon", ":"),
    ("comma", ","),
    ("dollar", "$"),
    ("eight", "8"),
    ("emdash", "\u{2014}"),
    ("endash", "\u{2013}"),
    ("equal", "="),
    ("exclam", "!"),
    ("ff", "ff"),
    ("ffi", "ffi"),
    ("ffl", "ffl"),
    ("fi", "fi"),
    ("five", "5"),
    ("fl", "fl"),
    ("four", "4"),
    ("grave", "`"),
    ("greater", ">"),
    ("hyphen", "-"),
    ("less", "<"),
    ("minus", "-"),
    ("nine", "9"),
    ("numbersign", "#"),
    ("one", "1"),
    ("parenleft", "("),
    ("parenright", ")"),
    ("percent", "%"),
    ("period", "."),
    ("plus", "+"),
    ("question", "?"),
    ("quotedbl", "\""),
    ("quoteleft", "\u{2018}"),
    ("quoteright", "\u{2019}"),
    ("quotesingle", "'"),
    ("semicolon", ";"),
    ("seven", "7"),
    ("six", "6"),
    ("slash", "/"),
    ("space", " "),
    ("three", "3"),
    ("two", "2"),
    ("underscore", "_"),
    ("zero", "0"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_glyphs() {
        assert!(NAMES.is_sorted_by_key(|(name, _)| name));
        for (name, expected) in [
            ("A", Some("A")),
            ("underscore", Some("_")),
            ("one.oldstyle", Some("1")),
            ("f_i", Some("fi")),
            ("uni0041", Some("A")),
            ("u1F600", Some("\u{1f600}")),
            ("a48", None),
            (".notdef", None),
            ("uniD800", None),
        ] {
            assert_eq!(meaning(name.as_bytes()).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn maps_of_characters() {
        let map =
            "1 begincodespacerange <00> <ff> endcodespacerange 3 beginbfchar <01> <0041> <0002> <00660069>
            <03> <fb03> endbfchar
            2 beginbfrange <10> <12> <0061> <20> <21> [<0078> <00790079>] endbfrange";
        let font = Font { told: characters(Lexer::new(map.as_bytes(), 0)), ..Font::default() };
        let shown = font.glyphs(b"\x01\x02\x03\x10\x12\x13\x20\x21Z");
        let text: Vec<String> = shown.filter_map(|glyph| glyph.text).collect();
        assert_eq!(text, ["A", "fi", "ffi", "a", "c", "\x13", "x", "yy", "Z"]);
    }
}
