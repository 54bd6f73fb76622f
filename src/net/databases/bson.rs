//! The little of BSON that a login at MongoDB needs.
//!
//! Source: <https://bsonspec.org/spec.html>.

use zeroize::Zeroizing;

use super::Halt;
use super::bytes::Bytes;

/// A document that is written.
#[derive(Default)]
pub(super) struct Document(Zeroizing<Vec<u8>>);

impl Document {
    pub(super) fn number(self, name: &str, value: i32) -> Document {
        self.element(0x10, name, &[&value.to_le_bytes()])
    }

    pub(super) fn truth(self, name: &str, value: bool) -> Document {
        self.element(0x08, name, &[&[u8::from(value)]])
    }

    pub(super) fn text(self, name: &str, value: &str) -> Document {
        self.element(0x02, name, &[&length(value.len() + 1), value.as_bytes(), &[0]])
    }

    pub(super) fn binary(self, name: &str, value: &[u8]) -> Document {
        self.element(0x05, name, &[&length(value.len()), &[0], value])
    }

    pub(super) fn document(self, name: &str, value: &Document) -> Document {
        self.element(0x03, name, &[&value.written()])
    }

    fn element(mut self, tag: u8, name: &str, value: &[&[u8]]) -> Document {
        self.0.push(tag);
        self.0.extend(name.as_bytes());
        self.0.push(0);
        self.0.extend(value.concat());
        self
    }

    /// Its bytes.
    pub(super) fn written(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([&length(self.0.len() + 5)[..], &self.0, &[0]].concat())
    }
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

/// A value that is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Number(f64),
    Text(&'a [u8]),
    Binary(&'a [u8]),
    /// A document, or an array: a document whose names are numbers.
    Document(Elements<'a>),
    Other,
}

/// A document that is read: its elements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// The document at the front.
    pub(super) fn read(bytes: &mut Bytes<'a>) -> Result<Elements<'a>, Halt> {
        let length = counted(bytes)?.checked_sub(4).ok_or_else(Halt::strange)?;
        Ok(Elements(bytes.take(length)?))
    }

    /// The value with this name, where there is one that can be read.
    pub(super) fn get(self, name: &str) -> Option<Value<'a>> {
        self.find(|found| found == name.as_bytes())
    }

    /// The first value.
    pub(super) fn first(self) -> Option<Value<'a>> {
        self.find(|_| true)
    }

    pub(super) fn number(self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn text(self, name: &str) -> Option<&'a [u8]> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn binary(self, name: &str) -> Option<&'a [u8]> {
        match self.get(name)? {
            Value::Binary(binary) => Some(binary),
            _ => None,
        }
    }

    pub(super) fn document(self, name: &str) -> Option<Elements<'a>> {
        match self.get(name)? {
            Value::Document(elements) => Some(elements),
            _ => None,
        }
    }

    /// Whether an array holds a text.
    pub(super) fn holds(self, text: &str) -> bool {
        let mut bytes = Bytes::new(self.0);
        while let Ok((_, value)) = element(&mut bytes) {
            if value == Value::Text(text.as_bytes()) {
                return true;
            }
        }
        false
    }

    fn find(self, wanted: impl Fn(&[u8]) -> bool) -> Option<Value<'a>> {
        let mut bytes = Bytes::new(self.0);
        loop {
            let (name, value) = element(&mut bytes).ok()?;
            if wanted(name) {
                return Some(value);
            }
        }
    }
}

/// The name and the value of the next element; an error at the end, too.
fn element<'a>(bytes: &mut Bytes<'a>) -> Result<(&'a [u8], Value<'a>), Halt> {
    let tag = bytes.byte()?;
    let name = bytes.until_zero()?;
    let value = match tag {
        0x01 => Value::Number(f64::from_le_bytes(bytes.array()?)),
        0x02 | 0x0d | 0x0e => Value::Text(text(bytes)?),
        0x03 | 0x04 => Value::Document(Elements::read(bytes)?),
        0x05 => {
            let length = counted(bytes)?;
            bytes.byte()?;
            Value::Binary(bytes.take(length)?)
        }
        0x08 => Value::Number(f64::from(bytes.byte()?)),
        0x10 => Value::Number(f64::from(i32::from_le_bytes(bytes.array()?))),
        // What is asked for is small.
        0x12 => Value::Number(i64::from_le_bytes(bytes.array()?) as f64),
        tag => {
            pass(bytes, tag)?;
            Value::Other
        }
    };
    Ok((name, value))
}

/// Passes a value that is not looked at.
fn pass(bytes: &mut Bytes<'_>, tag: u8) -> Result<(), Halt> {
    let length = match tag {
        0x06 | 0x0a | 0x7f | 0xff => 0,
        0x07 => 12,
        0x09 | 0x11 => 8,
        0x13 => 16,
        0x0b => {
            bytes.until_zero()?;
            bytes.until_zero()?;
            0
        }
        0x0c => counted(bytes)?.saturating_add(12),
        0x0f => counted(bytes)?.checked_sub(4).ok_or_else(Halt::strange)?,
        _ => return Err(Halt::strange()),
    };
    bytes.take(length).map(drop)
}

fn text<'a>(bytes: &mut Bytes<'a>) -> Result<&'a [u8], Halt> {
    let length = counted(bytes)?;
    bytes.take(length)?.strip_suffix(&[0]).ok_or_else(Halt::strange)
}

/// A length of four bytes, the lowest first.
fn counted(bytes: &mut Bytes<'_>) -> Result<usize, Halt> {
    Ok(u32::from_le_bytes(bytes.array()?) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let inner = Document::default().text("0", "a").text("1", "b");
        let document = Document::default()
            .number("n", -7)
            .truth("t", true)
            .text("s", "tulip")
            .binary("b", &[1, 2])
            .document("d", &inner);
        let written = document.written();
        let read = Elements::read(&mut Bytes::new(&written)).unwrap();
        assert_eq!(read.number("n"), Some(-7.0));
        assert_eq!(read.number("t"), Some(1.0));
        assert_eq!(read.text("s"), Some(&b"tulip"[..]));
        assert_eq!(read.binary("b"), Some(&[1, 2][..]));
        assert_eq!(read.document("d").map(|inner| (inner.holds("b"), inner.holds("c"))), Some((true, false)));
        assert_eq!(read.get("x"), None);
    }

    #[test]
    fn values_that_are_not_looked_at_are_passed() {
        let others = [
            &b"\x06a\0\x0ab\0\x07c\0____________\x09d\0________\x11e\0________\x13f\0________________"[..],
            b"\x0bg\0x\0y\0\x0fh\0\x06\0\0\0__\x0ci\0\x02\0\0\0x\0____________\x7fj\0\xffk\0\x10n\0\x07\0\0\0\0",
        ]
        .concat();
        assert_eq!(Elements(&others).number("n"), Some(7.0));
    }

    #[test]
    fn documents_that_are_none() {
        for bytes in [&b""[..], b"\x03\0\0\0", b"\xff\xff\xff\xff", b"\x06\0\0\0\0"] {
            assert!(Elements::read(&mut Bytes::new(bytes)).is_err(), "{bytes:?}");
        }
        for bytes in
            [&b""[..], b"\0", b"\x02n\0\0\0\0\0", b"\x02n\0\xff\xff\xff\xff", b"\x0fn\0\0\0\0\0", b"\x99n\0"]
        {
            assert_eq!(Elements(bytes).get("n"), None, "{bytes:?}");
        }
    }
}
