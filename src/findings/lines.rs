//! Lines and columns, counted once from the left to the right.

/// The byte order mark in UTF-8, which is what a text is by now however it is stored.
pub(super) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A place in a text that is only ever moved forward, so that a file costs one count however many
/// findings it has and however long its lines are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    /// Byte offset in the text.
    pub(super) at: usize,
    /// Offset of the same place in the file as stored.
    pub(super) stored: u64,
    /// Line, from 1.
    pub(super) line: u64,
    /// Column, from 1, in code points.
    pub(super) column: u64,
}

impl Cursor {
    /// The start of a file.
    pub(super) const START: Cursor = Cursor { at: 0, stored: 0, line: 1, column: 1 };

    /// Moves to the offset `to` of `text`; `stored_len` tells how many stored bytes a stretch of it took.
    pub(super) fn advance(&mut self, text: &[u8], to: usize, stored_len: impl Fn(&[u8]) -> usize) {
        let passed = &text[self.at..to];
        // A byte order mark is no column: editors do not count it.
        if self.stored == 0 && passed.starts_with(BYTE_ORDER_MARK) {
            self.column -= 1;
        }
        let last_line = match memchr::memrchr(b'\n', passed) {
            Some(newline) => {
                self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
                self.column = 1;
                &passed[newline + 1..]
            }
            None => passed,
        };
        self.column += code_points(last_line);
        self.stored += stored_len(passed) as u64;
        self.at = to;
    }
}

/// Code points of a text; where it is no UTF-8, every byte that does not go on a sequence counts as one.
fn code_points(text: &[u8]) -> u64 {
    text.iter().map(|&byte| u64::from(byte & 0xc0 != 0x80)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_code_points() {
        for (text, expected) in [
            ("", (1, 1)),
            ("ab", (1, 3)),
            ("a\n", (2, 1)),
            ("a\r\nbc", (2, 3)),
            ("ä€𝄞", (1, 4)),
            ("\n\n\nx", (4, 2)),
            ("\u{feff}a", (1, 2)),
            ("\u{feff}\na", (2, 2)),
            ("a\u{feff}", (1, 3)),
        ] {
            let mut cursor = Cursor::START;
            cursor.advance(text.as_bytes(), text.len(), <[u8]>::len);
            assert_eq!((cursor.line, cursor.column), expected, "{text:?}");
            assert_eq!(cursor.stored, text.len() as u64);
        }
    }
}
