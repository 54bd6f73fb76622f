//! What is in PDF files (ISO 32000-1, 7.3).

use std::io::BufRead;

use super::lexer::{Lexer, Token};

/// So deep lie values in each other at most.
const DEEPEST: usize = 50;

/// An object that is larger is damage, in bytes.
const LARGEST: usize = 512 * 1024;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    /// Also what is no value at all.
    Null,
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    /// The object of this number.
    Reference(u32),
    Array(Vec<Object>),
    Dictionary(Dictionary),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Dictionary(Vec<(Vec<u8>, Object)>);

impl Object {
    /// The value that comes next; nothing where it is damaged or has no end.
    pub(super) fn read<R: BufRead>(lexer: &mut Lexer<R>) -> Option<Object> {
        let token = lexer.token()?;
        value(lexer, token, DEEPEST)
    }

    pub(super) fn dictionary(&self) -> Option<&Dictionary> {
        match self {
            Object::Dictionary(dictionary) => Some(dictionary),
            _ => None,
        }
    }

    /// The members of an array; anything else is the only member of one.
    pub(super) fn members(&self) -> &[Object] {
        match self {
            Object::Array(members) => members,
            Object::Null => &[],
            other => std::slice::from_ref(other),
        }
    }

    pub(super) fn name(&self) -> Option<&[u8]> {
        match self {
            Object::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&[u8]> {
        match self {
            Object::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Object::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A number that counts something.
    pub(super) fn count(&self) -> Option<u64> {
        self.number().filter(|number| *number >= 0.0 && number.fract() == 0.0).map(|number| number as u64)
    }

    pub(super) fn reference(&self) -> Option<u32> {
        match self {
            Object::Reference(number) => Some(*number),
            _ => None,
        }
    }
}

impl Dictionary {
    fn of(values: Vec<Object>) -> Dictionary {
        let mut entries = vec![];
        let mut values = values.into_iter();
        while let Some(key) = values.next() {
            if let (Object::Name(key), Some(value)) = (key, values.next()) {
                entries.push((key, value));
            }
        }
        Dictionary(entries)
    }

    /// The value of a key, `Null` where there is none.
    pub(super) fn get(&self, key: &str) -> &Object {
        self.entries().find(|(name, _)| *name == key.as_bytes()).map_or(&Object::Null, |(_, value)| value)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        *self.get(key) != Object::Null
    }

    /// Whether the value of a key is this name.
    pub(super) fn is(&self, key: &str, name: &str) -> bool {
        self.get(key).name() == Some(name.as_bytes())
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&[u8], &Object)> {
        self.0.iter().map(|(key, value)| (&key[..], value))
    }
}

fn value<R: BufRead>(lexer: &mut Lexer<R>, token: Token, depth: usize) -> Option<Object> {
    Some(match token {
        Token::Comment => {
            let token = lexer.token()?;
            return value(lexer, token, depth.checked_sub(1)?);
        }
        Token::Number(number) => Object::Number(number),
        Token::Name => Object::Name(lexer.take_text()),
        Token::Text => Object::Text(lexer.take_text()),
        Token::OpenArray => Object::Array(values(lexer, Token::CloseArray, depth.checked_sub(1)?)?),
        Token::OpenDictionary => {
            Object::Dictionary(Dictionary::of(values(lexer, Token::CloseDictionary, depth.checked_sub(1)?)?))
        }
        Token::Word => Object::Null,
        Token::CloseArray | Token::CloseDictionary => return None,
    })
}

fn values<R: BufRead>(lexer: &mut Lexer<R>, close: Token, depth: usize) -> Option<Vec<Object>> {
    let mut all = vec![];
    while lexer.recorded() <= LARGEST {
        match lexer.token()? {
            token if token == close => return Some(all),
            Token::Comment => {}
            Token::Word if lexer.text() == b"R" => {
                let (_generation, number) = (all.pop()?, all.pop()?);
                all.push(Object::Reference(u32::try_from(number.count()?).ok()?));
            }
            Token::Word if [&b"obj"[..], b"endobj", b"stream"].contains(&lexer.text()) => return None,
            token => all.push(value(lexer, token, depth)?),
        }
    }
    None
}

/// The text of a string that people read (7.9.2.2).
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    match text {
        [0xfe, 0xff, rest @ ..] => utf16(rest).into_bytes(),
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
        _ => text.to_vec(),
    }
}

/// Big-endian, as PDF has it.
pub(super) fn utf16(bytes: &[u8]) -> String {
    let (units, _) = bytes.as_chunks::<2>();
    char::decode_utf16(units.iter().map(|&unit| u16::from_be_bytes(unit)))
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Object> {
        Object::read(&mut Lexer::new(text.as_bytes(), 0))
    }

    #[test]
    fn values_of_any_kind() {
        let read = |text| read(text).unwrap();
        let object = read("<</A[1 2 0 R (x)]/B<</C/D>>%c\n/E null/F true>>");
        let object = object.dictionary().unwrap();
        let expected = [Object::Number(1.0), Object::Reference(2), Object::Text(b"x".to_vec())];
        assert_eq!(object.get("A").members(), expected);
        assert!(object.get("B").dictionary().unwrap().is("C", "D"));
        assert!(!object.has("E") && !object.has("G"));
        assert_eq!(read("%c\n7").count(), Some(7));
    }

    #[test]
    fn what_is_damaged_is_none() {
        let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(&deep(DEEPEST)).is_some());
        for text in
            ["<< /A 1", "[1 ( 2", "[ R ]", "[ -1 0 R]", "<< /A endobj >>", "]", "", &deep(DEEPEST + 1)]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
