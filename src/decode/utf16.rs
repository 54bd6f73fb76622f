//! UTF-16, with or without a byte order mark.

use std::char::{REPLACEMENT_CHARACTER, decode_utf16};

/// How text is stored in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 or another superset of ASCII: scanned as it is.
    Bytes,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

/// How much of a file is looked at to tell its encoding, in bytes.
const HEAD: usize = 1024;

impl Encoding {
    /// Tells the encoding by a byte order mark, or else by a zero beside nearly every ASCII character.
    /// `has_zero` tells whether there is any.
    pub fn detect(head: &[u8], has_zero: bool) -> Encoding {
        match head {
            // UTF-32 begins like UTF-16 and is none.
            [0xff, 0xfe, 0, 0, ..] => Encoding::Bytes,
            [0xff, 0xfe, ..] => Encoding::Utf16Le,
            [0xfe, 0xff, ..] => Encoding::Utf16Be,
            // Without a zero it is no text of Latin letters in UTF-16; most files end here.
            _ if !has_zero => Encoding::Bytes,
            _ => Encoding::guess(&head[..head.len().min(HEAD)]),
        }
    }

    fn guess(head: &[u8]) -> Encoding {
        let (units, _) = head.as_chunks::<2>();
        let texty = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
        let little = units.iter().filter(|unit| unit[1] == 0 && texty(unit[0])).count();
        let big = units.iter().filter(|unit| unit[0] == 0 && texty(unit[1])).count();
        // Nine in ten: text in Latin letters has few others, and binary data is nowhere near.
        let most = |count: usize| units.len() >= 8 && count * 10 >= units.len() * 9;
        match (most(little), most(big)) {
            (true, _) => Encoding::Utf16Le,
            (_, true) => Encoding::Utf16Be,
            _ => Encoding::Bytes,
        }
    }

    /// The text as UTF-8, where it is not stored so. What is no character becomes U+FFFD, one for each
    /// unit, so that [`Encoding::stored_len`] holds; a last odd byte is left out.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        let unit = match self {
            Encoding::Bytes => return None,
            Encoding::Utf16Le => u16::from_le_bytes,
            Encoding::Utf16Be => u16::from_be_bytes,
        };
        let (units, _) = bytes.as_chunks::<2>();
        let units = units.iter().map(|&bytes| unit(bytes));
        Some(decode_utf16(units).map(|decoded| decoded.unwrap_or(REPLACEMENT_CHARACTER)).collect())
    }

    /// How many stored bytes became this text.
    pub fn stored_len(self, text: &[u8]) -> usize {
        match self {
            Encoding::Bytes => text.len(),
            // One unit for each character, two for those beyond the basic plane.
            Encoding::Utf16Le | Encoding::Utf16Be => {
                let units: usize = text
                    .iter()
                    .map(|&byte| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0))
                    .sum();
                units * 2
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect()
    }

    #[test]
    fn detects_and_decodes() {
        let text = "key = \"ä𝄞€\"; // plain text goes on here for a while\r\n";
        for (little, encoding) in [(true, Encoding::Utf16Le), (false, Encoding::Utf16Be)] {
            for mark in ["", "\u{feff}"] {
                let bytes = stored(&format!("{mark}{text}"), little);
                assert_eq!(Encoding::detect(&bytes, bytes.contains(&0)), encoding);
                assert_eq!(encoding.decode(&bytes).unwrap(), format!("{mark}{text}"));
                assert_eq!(encoding.stored_len(format!("{mark}{text}").as_bytes()), bytes.len());
            }
        }
        for other in [
            &b"plain text, nothing else"[..],
            b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"\x7fELF\x02\x01\x01\0",
            b"",
            b"a\0",
        ] {
            assert_eq!(Encoding::detect(other, other.contains(&0)), Encoding::Bytes, "{other:?}");
        }
    }

    #[test]
    fn a_broken_pair_and_an_odd_byte_lose_nothing_else() {
        let mut bytes = stored("ab", true);
        bytes.extend(0xd800u16.to_le_bytes());
        bytes.extend(stored("cd", true));
        bytes.push(b'x');
        let text = Encoding::Utf16Le.decode(&bytes).unwrap();
        assert_eq!(text, "ab\u{fffd}cd");
        assert_eq!(Encoding::Utf16Le.stored_len(text.as_bytes()), 10);
    }
}
