//! A sliding window over what is too large to be held whole, with the same findings as a whole scan.

use std::io::{self, Read};
use std::ops::Range;

use crate::rules::analyse::MAX_LEN;

/// Size of a window in bytes.
const SIZE: usize = 2 * 1024 * 1024;

/// What neighbouring windows share on either side of their border: the longest match, its context, and
/// enough of its line to be shown.
const MARGIN: usize = MAX_LEN + 4096;

/// A stretch of a larger text.
pub struct Window<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Where they begin in the whole.
    pub base: u64,
    /// Candidates whose secret begins here are this window's; each byte of the whole is one window's.
    pub owned: Range<usize>,
    /// Nothing follows.
    pub last: bool,
}

/// Calls `each` with windows over all that `reader` gives, and returns how many bytes that was.
///
/// A text that fits one window comes as one; a window's bounds are even, so that UTF-16 is not torn.
///
/// # Errors
/// The reader's error; what was read before it has been handed over.
pub fn windows(reader: &mut dyn Read, each: &mut dyn FnMut(Window<'_>)) -> io::Result<u64> {
    let mut buffer = vec![0; SIZE];
    let (mut filled, mut base, mut owned_from) = (0, 0u64, 0);
    loop {
        let (read, end) = fill(reader, &mut buffer[filled..]);
        filled += read;
        let last = !matches!(end, End::Full);
        let owned_to = if last { filled } else { SIZE - MARGIN };
        each(Window { bytes: &buffer[..filled], base, owned: owned_from..owned_to, last });
        match end {
            End::OfText => return Ok(base + filled as u64),
            End::Broken(error) => return Err(error),
            End::Full => {}
        }
        let keep_from = owned_to - MARGIN;
        buffer.copy_within(keep_from..filled, 0);
        filled -= keep_from;
        base += keep_from as u64;
        owned_from = MARGIN;
    }
}

/// Why reading stopped.
enum End {
    Full,
    OfText,
    Broken(io::Error),
}

fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> (usize, End) {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => return (filled, End::OfText),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, End::Broken(error)),
        }
    }
    (filled, End::Full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_owned_once_with_its_margins() {
        for length in [0, 1, SIZE - 1, SIZE, SIZE + 1, 2 * SIZE + 12_345] {
            let text: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let mut owned_to = 0;
            let read = windows(&mut &text[..], &mut |window| {
                let base = window.base as usize;
                assert_eq!(window.bytes, &text[base..base + window.bytes.len()]);
                assert_eq!(base + window.owned.start, owned_to, "{length}");
                assert!(base == 0 || window.owned.start >= MARGIN);
                assert!(window.last || window.bytes.len() - window.owned.end >= MARGIN);
                assert_eq!(base % 2, 0);
                owned_to = base + window.owned.end;
            });
            assert_eq!((read.unwrap(), owned_to), (length as u64, length));
        }
    }

    #[test]
    fn an_error_comes_after_what_was_read() {
        struct Broken(usize);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let read = self.0.min(buffer.len());
                self.0 -= read;
                if read == 0 { Err(io::Error::other("torn")) } else { Ok(read) }
            }
        }
        let mut seen = 0;
        let error = windows(&mut Broken(10), &mut |window| seen += window.bytes.len()).unwrap_err();
        assert_eq!((seen, error.to_string().as_str()), (10, "torn"));
    }
}
