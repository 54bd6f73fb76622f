//! The tokens of PDF files, of the streams that draw their pages, and of maps of characters (ISO 32000-1, 7.2 and 7.3).

use std::io::{BufRead, ErrorKind, Seek};

/// Longer names and texts are cut off, in bytes.
const LONGEST: usize = 1 << 20;

/// A token; the letters of a name, a text, a word or a comment stand in [`Lexer::text`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name,
    Text,
    /// An operator, or whatever else stands between blanks.
    Word,
    Comment,
    OpenArray,
    CloseArray,
    OpenDictionary,
    CloseDictionary,
}

/// Reads tokens. A reader that fails has ended.
pub(super) struct Lexer<R> {
    reader: R,
    at: u64,
    text: Vec<u8>,
    /// What was read since [`Lexer::record`].
    recorded: Option<Vec<u8>>,
}

impl<R: BufRead> Lexer<R> {
    /// Begins at the first byte of a reader, which is called `at`.
    pub(super) fn new(reader: R, at: u64) -> Lexer<R> {
        Lexer { reader, at, text: vec![], recorded: None }
    }

    /// Where the next byte stands.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn take_text(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.text)
    }

    /// Keeps what is read from here on.
    pub(super) fn record(&mut self) {
        self.recorded = Some(vec![]);
    }

    pub(super) fn recorded(&self) -> usize {
        self.recorded.as_ref().map_or(0, Vec::len)
    }

    pub(super) fn take_record(&mut self) -> Vec<u8> {
        self.recorded.take().unwrap_or_default()
    }

    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.reader.fill_buf() {
                Ok(bytes) => return bytes.first().copied(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.reader.consume(1);
        self.at += 1;
        if let Some(recorded) = &mut self.recorded {
            recorded.push(byte);
        }
        Some(byte)
    }

    fn push(&mut self, byte: u8) {
        if self.text.len() < LONGEST {
            self.text.push(byte);
        }
    }

    pub(super) fn token(&mut self) -> Option<Token> {
        self.text.clear();
        let byte = loop {
            let byte = self.byte()?;
            if !is_blank(byte) {
                break byte;
            }
        };
        Some(match byte {
            b'%' => self.comment(),
            b'/' => self.name(),
            b'(' => self.literal(),
            b'<' if self.passes(b'<') => Token::OpenDictionary,
            b'<' => self.hex(),
            b'>' if self.passes(b'>') => Token::CloseDictionary,
            b'[' => Token::OpenArray,
            b']' => Token::CloseArray,
            b'{' | b'}' | b'>' | b')' => {
                self.push(byte);
                Token::Word
            }
            _ => self.word(byte),
        })
    }

    /// A token that is a number or a word; whatever else there is is passed over byte by byte.
    pub(super) fn plain_token(&mut self) -> Option<Token> {
        self.text.clear();
        loop {
            let byte = self.byte()?;
            if is_regular(byte) {
                return Some(self.word(byte));
            }
        }
    }

    fn passes(&mut self, expected: u8) -> bool {
        let is_next = self.peek() == Some(expected);
        if is_next {
            self.byte();
        }
        is_next
    }

    fn regular(&mut self) {
        while let Some(byte) = self.peek().filter(|&byte| is_regular(byte)) {
            self.byte();
            self.push(byte);
        }
    }

    fn word(&mut self, first: u8) -> Token {
        self.push(first);
        self.regular();
        number(&self.text).map_or(Token::Word, Token::Number)
    }

    fn comment(&mut self) -> Token {
        while let Some(byte) = self.byte().filter(|byte| !matches!(byte, b'\r' | b'\n')) {
            self.push(byte);
        }
        Token::Comment
    }

    fn name(&mut self) -> Token {
        self.regular();
        if self.text.contains(&b'#') {
            self.text = unescaped(&self.text);
        }
        Token::Name
    }

    /// A text in parentheses (7.3.4.2).
    fn literal(&mut self) -> Token {
        let mut depth = 1;
        while let Some(byte) = self.byte() {
            match byte {
                b'\\' => {
                    self.escape();
                    continue;
                }
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\r' => {
                    self.passes(b'\n');
                    self.push(b'\n');
                    continue;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
            self.push(byte);
        }
        Token::Text
    }

    fn escape(&mut self) {
        let Some(byte) = self.byte() else { return };
        match byte {
            b'n' => self.push(b'\n'),
            b'r' => self.push(b'\r'),
            b't' => self.push(b'\t'),
            b'b' => self.push(8),
            b'f' => self.push(12),
            b'\n' => {}
            b'\r' => drop(self.passes(b'\n')),
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit) = self.peek().filter(|byte| matches!(byte, b'0'..=b'7')) else { break };
                    self.byte();
                    code = code * 8 + u32::from(digit - b'0');
                }
                self.push((code & 0xff) as u8);
            }
            other => self.push(other),
        }
    }

    /// A text in hexadecimal digits (7.3.4.3); what is none is passed over.
    fn hex(&mut self) -> Token {
        let mut half = None;
        while let Some(byte) = self.byte().filter(|&byte| byte != b'>') {
            half = match (half, digit(byte)) {
                (half, None) => half,
                (None, digit) => digit,
                (Some(high), Some(low)) => {
                    self.push(high << 4 | low);
                    None
                }
            };
        }
        if let Some(high) = half {
            self.push(high << 4);
        }
        Token::Text
    }
}

impl<R: BufRead + Seek> Lexer<R> {
    /// Goes on at another place. What cannot be reached is the end.
    pub(super) fn go_to(&mut self, at: u64) {
        let by = at.cast_signed().wrapping_sub(self.at.cast_signed());
        let _ = self.reader.seek_relative(by);
        self.at = at;
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\0' | b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    !is_blank(byte) && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn number(text: &[u8]) -> Option<f64> {
    let is_number = text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.'));
    is_number.then(|| std::str::from_utf8(text).ok()?.parse().ok())?
}

pub(super) fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// A name without `#41` for A (7.3.5).
fn unescaped(name: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (vec![], 0);
    while let Some(&byte) = name.get(at) {
        let code = || Some(digit(*name.get(at + 1)?)? << 4 | digit(*name.get(at + 2)?)?);
        let (byte, length) = match (byte, code()) {
            (b'#', Some(code)) => (code, 3),
            _ => (byte, 1),
        };
        out.push(byte);
        at += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &[u8]) -> String {
        let mut lexer = Lexer::new(text, 0);
        let mut all = vec![];
        while let Some(token) = lexer.token() {
            let text = String::from_utf8_lossy(lexer.text()).into_owned();
            all.push(match token {
                Token::Number(number) => format!("{number}"),
                Token::Name => format!("/{text}"),
                Token::Text => format!("({text})"),
                Token::Word => text,
                Token::Comment => format!("%{text}"),
                Token::OpenArray => "[".into(),
                Token::CloseArray => "]".into(),
                Token::OpenDictionary => "<<".into(),
                Token::CloseDictionary => ">>".into(),
            });
        }
        all.join(" ")
    }

    #[test]
    fn tokens_of_any_kind() {
        for (text, expected) in [
            (&b"1 0 obj<</A#42/C[-.5 +4. 1]>>"[..], "1 0 obj << /AB /C [ -0.5 4 1 ] >>"),
            (b"(a(b)\\)\\(c) Tj", "(a(b))(c) Tj"),
            (b"(\\101\\7x\\\r\nb\\q\r\nc)", "(A\x07xbq\nc)"),
            (b"<4 1 4 x2> <5>", "(AB) (P)"),
            (b"a%b c\nd", "a %b c d"),
            (b"(open", "(open)"),
            (b"<41", "(A)"),
            (b"1-2 --3 1e5 inf #", "1-2 --3 1e5 inf #"),
            (b"/#4 /#zz/", "/#4 /#zz /"),
            (b"\\)> {", "\\ ) > {"),
        ] {
            assert_eq!(tokens(text), expected, "{}", text.escape_ascii());
        }
    }
}
