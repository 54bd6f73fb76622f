//! The text that a stream shows (ISO 32000-1, 8.4, 9.3 and 9.4), in the order in which it shows it. What is shown
//! side by side stands in one line, without a blank where no blank is seen: programs show words in pieces.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;

use super::SHORTEST;
use super::font::{Font, Glyph};
use super::lexer::{Lexer, Token, is_blank};
use super::object::decoded;

/// So much text is taken of one page, in bytes.
const MOST_TEXT: usize = 4 << 20;

/// So much is shown at once, in bytes.
const MOST_AT_ONCE: usize = 256 * 1024;

/// What a piece takes beside its text, in bytes.
const PIECE: usize = 32;

/// So many states are kept.
const MOST_STATES: usize = 1000;

/// A gap of this width is a blank; letters that are moved to or from each other leave less. Of the size of the font.
const BLANK: f64 = 0.15;

/// Text that stands higher or lower by more is another line.
const LINE: f64 = 0.5;

/// Fonts by the names that a page has for them.
pub(super) type Fonts = HashMap<Vec<u8>, Rc<Font>>;

/// A coordinate system in another one (8.3.3): `[a b c d e f]`.
#[derive(Clone, Copy)]
struct Matrix([f64; 6]);

impl Matrix {
    const SAME: Matrix = Matrix([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// This one within another one.
    fn within(self, outer: Matrix) -> Matrix {
        let (Matrix([a, b, c, d, e, f]), Matrix([p, q, r, s, t, u])) = (self, outer);
        Matrix([
            a * p + b * r,
            a * q + b * s,
            c * p + d * r,
            c * q + d * s,
            e * p + f * r + t,
            e * q + f * s + u,
        ])
    }

    fn moved(self, right: f64, up: f64) -> Matrix {
        Matrix([1.0, 0.0, 0.0, 1.0, right, up]).within(self)
    }
}

/// What `q` keeps and `Q` takes back.
#[derive(Clone)]
struct State {
    system: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    letter_space: f64,
    word_space: f64,
    scale: f64,
    leading: f64,
}

/// Where the last glyph ended.
struct Pen {
    x: f64,
    y: f64,
    /// It is known where: the widths of all glyphs before it were, or nothing was moved since.
    is_sure: bool,
}

/// What is to be shown.
enum Piece {
    Text(Vec<u8>),
    /// A way to the left, in thousandths of the size of the font.
    Back(f64),
}

/// Takes the text out of the streams of a page.
pub(super) struct Canvas<'a> {
    fonts: &'a Fonts,
    state: State,
    kept: Vec<State>,
    /// Where the next glyph stands, and where the line began.
    at: Matrix,
    line: Matrix,
    pen: Option<Pen>,
    /// All widths since the last move were known.
    is_sure: bool,
    numbers: Vec<f64>,
    name: Vec<u8>,
    pieces: Vec<Piece>,
    /// How much that is, in bytes.
    in_pieces: usize,
    out: String,
    /// What is not shown.
    aside: Vec<u8>,
    /// Some glyphs have no known meaning.
    pub(super) has_unknown: bool,
    /// There is more text than is taken.
    pub(super) is_cut: bool,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(fonts: &'a Fonts) -> Canvas<'a> {
        let state = State {
            system: Matrix::SAME,
            font: None,
            size: 1.0,
            letter_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
        };
        Canvas {
            fonts,
            state,
            kept: vec![],
            at: Matrix::SAME,
            line: Matrix::SAME,
            pen: None,
            is_sure: true,
            numbers: vec![],
            name: vec![],
            pieces: vec![],
            in_pieces: 0,
            out: String::new(),
            aside: vec![],
            has_unknown: false,
            is_cut: false,
        }
    }

    /// The text, and after it what stands in the streams as text and is not shown.
    pub(super) fn text(mut self) -> Vec<u8> {
        if !self.out.is_empty() && !self.aside.is_empty() {
            self.out.push('\n');
        }
        let mut text = self.out.into_bytes();
        text.append(&mut self.aside);
        text
    }

    /// Takes one of the streams.
    pub(super) fn take(&mut self, content: &mut dyn Read) {
        let mut lexer = Lexer::new(BufReader::new(content), 0);
        let (mut is_in_array, mut is_in_image) = (false, false);
        while let Some(token) = lexer.token() {
            match token {
                Token::Number(number) if is_in_array => self.push(Piece::Back(number)),
                Token::Number(number) => self.numbers.push(number),
                Token::Name => self.name = lexer.take_text(),
                Token::Text => self.push(Piece::Text(lexer.take_text())),
                Token::OpenArray => is_in_array = true,
                Token::CloseArray => is_in_array = false,
                Token::Comment => self.aside(lexer.text()),
                Token::OpenDictionary | Token::CloseDictionary => {}
                Token::Word if lexer.text() == b"ID" && is_in_image => skip_image(&mut lexer),
                Token::Word => {
                    self.operate(lexer.text());
                    (is_in_array, is_in_image) = (false, lexer.text() == b"BI" || is_in_image);
                }
            }
            if self.numbers.len() * size_of::<f64>() > MOST_AT_ONCE {
                self.numbers.clear();
            }
            if self.is_cut {
                break;
            }
        }
    }

    fn push(&mut self, piece: Piece) {
        self.in_pieces += PIECE;
        if let Piece::Text(text) = &piece {
            self.in_pieces += text.len();
        }
        self.pieces.push(piece);
        if self.in_pieces > MOST_AT_ONCE {
            self.show_pieces();
        }
    }

    fn take_pieces(&mut self) -> Vec<Piece> {
        self.in_pieces = 0;
        std::mem::take(&mut self.pieces)
    }

    fn operate(&mut self, operator: &[u8]) {
        match operator {
            b"Tj" | b"TJ" => self.show_pieces(),
            b"'" | b"\"" => {
                if let [.., words, letters] = self.numbers[..] {
                    (self.state.word_space, self.state.letter_space) = (words, letters);
                }
                self.next_line(0.0, -self.state.leading);
                self.show_pieces();
            }
            b"Td" => self.with_two(|canvas, right, up| canvas.next_line(right, up)),
            b"TD" => self.with_two(|canvas, right, up| {
                canvas.state.leading = -up;
                canvas.next_line(right, up);
            }),
            b"T*" => self.next_line(0.0, -self.state.leading),
            b"Tm" => self.with_matrix(Canvas::jump),
            b"BT" => self.jump(Matrix::SAME),
            b"cm" => self.with_matrix(|canvas, matrix| {
                canvas.state.system = matrix.within(canvas.state.system);
            }),
            b"q" if self.kept.len() < MOST_STATES => self.kept.push(self.state.clone()),
            b"Q" => self.state = self.kept.pop().unwrap_or_else(|| self.state.clone()),
            b"Tf" => {
                self.state.font = self.fonts.get(&self.name).cloned();
                self.with_one(|state, size| state.size = size);
            }
            b"Tc" => self.with_one(|state, space| state.letter_space = space),
            b"Tw" => self.with_one(|state, space| state.word_space = space),
            b"Tz" => self.with_one(|state, percent| state.scale = percent / 100.0),
            b"TL" => self.with_one(|state, leading| state.leading = leading),
            _ => {}
        }
        self.forget();
    }

    /// Texts that no operator showed are no part of a line.
    fn forget(&mut self) {
        for piece in self.take_pieces() {
            if let Piece::Text(text) = piece {
                self.aside(&decoded(&text));
            }
        }
        self.numbers.clear();
    }

    fn aside(&mut self, text: &[u8]) {
        if text.len() >= SHORTEST {
            self.aside.extend_from_slice(text);
            self.aside.push(b'\n');
            self.is_cut |= self.aside.len() > MOST_TEXT;
        }
    }

    fn with_one(&mut self, apply: impl FnOnce(&mut State, f64)) {
        if let [.., number] = self.numbers[..] {
            apply(&mut self.state, number);
        }
    }

    fn with_two(&mut self, apply: impl FnOnce(&mut Canvas<'a>, f64, f64)) {
        if let [.., first, second] = self.numbers[..] {
            apply(self, first, second);
        }
    }

    fn with_matrix(&mut self, apply: impl FnOnce(&mut Canvas<'a>, Matrix)) {
        if let [.., a, b, c, d, e, f] = self.numbers[..] {
            apply(self, Matrix([a, b, c, d, e, f]));
        }
    }

    fn next_line(&mut self, right: f64, up: f64) {
        self.jump(self.line.moved(right, up));
    }

    fn jump(&mut self, to: Matrix) {
        (self.at, self.line) = (to, to);
        if let Some(pen) = &mut self.pen {
            pen.is_sure &= self.is_sure;
        }
        self.is_sure = true;
    }

    fn show_pieces(&mut self) {
        for piece in self.take_pieces() {
            match piece {
                Piece::Text(text) => self.show(&text),
                Piece::Back(way) => self.advance(-way / 1000.0 * self.state.size),
            }
        }
    }

    fn show(&mut self, text: &[u8]) {
        let font = self.state.font.clone().unwrap_or_default();
        self.begin();
        for glyph in font.glyphs(text) {
            self.put(&glyph);
            self.is_sure &= glyph.width.is_some();
            let words = if glyph.is_blank { self.state.word_space } else { 0.0 };
            self.advance(glyph.any_width() * self.state.size + self.state.letter_space + words);
        }
        let Matrix([.., x, y]) = self.at.within(self.state.system);
        self.pen = Some(Pen { x, y, is_sure: true });
    }

    fn advance(&mut self, by: f64) {
        self.at = self.at.moved(by * self.state.scale, 0.0);
    }

    /// Writes what is seen between the last glyph and the next one: nothing, a blank, or the end of a line.
    fn begin(&mut self) {
        let Some(pen) = &self.pen else { return };
        let Matrix([a, b, _, _, x, y]) = self.at.within(self.state.system);
        let unit = a.hypot(b);
        let em = (unit * self.state.size).abs();
        let (right, up) = (x - pen.x, y - pen.y);
        let gap = (right * a + up * b) / unit / em;
        let rise = (up * a - right * b) / unit / em;
        // What cannot be computed is no line either.
        let is_same_line = rise.abs() <= LINE && (!pen.is_sure || gap >= -LINE);
        let mark = match () {
            () if !is_same_line => '\n',
            () if !pen.is_sure || gap > BLANK => ' ',
            () => return,
        };
        if !self.out.ends_with([' ', '\n']) || mark == '\n' && !self.out.ends_with('\n') {
            self.out.push(mark);
        }
    }

    fn put(&mut self, glyph: &Glyph) {
        match &glyph.text {
            Some(text) => self.out.push_str(text),
            None => {
                self.has_unknown = true;
                self.out.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.is_cut |= self.out.len() > MOST_TEXT;
    }
}

/// Passes over the data of an image that stands in the stream itself (8.9.7): up to `EI` between blanks.
fn skip_image<R: BufRead>(lexer: &mut Lexer<R>) {
    let mut last = [b' '; 4];
    while let Some(byte) = lexer.byte() {
        last = [last[1], last[2], last[3], byte];
        let [before, mark @ .., after] = last;
        if mark == *b"EI" && is_blank(before) && is_blank(after) {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content: &str) -> String {
        let fonts = Fonts::from([(b"C".to_vec(), Rc::new(Font::courier()))]);
        let mut canvas = Canvas::new(&fonts);
        canvas.take(&mut content.as_bytes());
        String::from_utf8(canvas.text()).unwrap()
    }

    #[test]
    fn lines_are_what_is_seen_side_by_side() {
        for (content, expected) in [
            ("/C 10 Tf (a) Tj (b) Tj", "ab"),
            ("/C 10 Tf [(a) -80 (b) 20 (c) -300 (d)] TJ", "abc d"),
            ("/C 10 Tf 1 Tc (a) Tj (b) Tj", "ab"),
            ("/C 10 Tf 0 0 Td (ab) Tj 12 0 Td (c) Tj 9 0 Td (d) Tj 0 -12 Td (e) Tj", "abc d\ne"),
            ("BT /C 10 Tf 5 5 Td (ab) Tj ET q BT 17 5 Td (c) Tj ET Q", "abc"),
            ("q .1 0 0 .1 0 0 cm /C 100 Tf (ab) Tj Q q /C 10 Tf BT 12 0 Td (c) Tj Q", "abc"),
            ("/C 10 Tf 12 TL (a) ' (b) ' 1 1 (c) \"", "a\nb\nc"),
            ("/C 10 Tf 0 -12 TD (a) Tj T* (b) Tj T* T* (c) Tj", "a\nb\nc"),
            (
                "/C 1 Tf 10 0 0 -10 0 0 Tm (ab) Tj 10 0 0 -10 12 1 Tm (c) Tj 10 0 0 -10 0 20 Tm (d) Tj",
                "abc\nd",
            ),
            ("/C 10 Tf (ab) Tj 0 0 Td (ab) Tj", "ab\nab"),
            ("/N 10 Tf (ab) Tj (c) Tj 11 0 Td (d) Tj", "abc d"),
            ("/C 10 Tf (a ) Tj 30 0 Td (b) Tj", "a b"),
            ("/C 10 Tf (a) Tj BI /W 1 ID (( EI\n(b) Tj", "ab"),
            ("/C 10 Tf (a) Tj /S <</A (note)>> BDC (b) Tj % a comment\nEMC", "ab\n a comment\n"),
            ("Q Q (a) Tj [ (b) 5 Tj 7 Td", "ab"),
            ("0 Tf (a) Tj 0 0 0 0 0 0 Tm (b) Tj", "a\nb"),
        ] {
            assert_eq!(text(content), expected, "{content}");
        }
    }
}
