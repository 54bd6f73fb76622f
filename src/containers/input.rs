//! A container as its format's reader gets it.

use std::io::{self, Cursor, Read, Seek};

use super::ReadSeek;
use super::budget::{Budget, HELD};

/// The bytes of a container.
pub(super) enum Input<'a> {
    /// They can be read from any place.
    Seekable(&'a mut dyn ReadSeek),
    /// They come one after the other: these, and what follows.
    Stream(Vec<u8>, &'a mut dyn Read),
    /// They came one after the other, and are all held.
    Held(Cursor<Vec<u8>>),
}

impl Input<'_> {
    /// The bytes from the first to the last.
    pub(super) fn reader(&mut self) -> Box<dyn Read + '_> {
        match self {
            Input::Seekable(reader) => Box::new(reader),
            Input::Stream(head, rest) => Box::new(Cursor::new(std::mem::take(head)).chain(rest)),
            Input::Held(bytes) => Box::new(bytes),
        }
    }

    /// The bytes, to be read from any place; a stream is held for that. Nothing where there are more than may be
    /// held: all of them are still to come.
    pub(super) fn seekable(&mut self, budget: &Budget) -> Option<&mut dyn ReadSeek> {
        self.hold(budget);
        match self {
            Input::Seekable(reader) => Some(*reader),
            Input::Held(bytes) => Some(bytes),
            Input::Stream(..) => None,
        }
    }

    /// Holds a stream, where it is not too large.
    fn hold(&mut self, budget: &Budget) {
        let Input::Stream(head, rest) = self else { return };
        let most = budget.may_hold();
        let left = most.saturating_sub(head.len()) as u64 + 1;
        // A fault is told by the one whose it is; what came before it counts.
        let _ = rest.take(left).read_to_end(head);
        if head.len() <= most {
            budget.hold(head.len());
            *self = Input::Held(Cursor::new(std::mem::take(head)));
        }
    }

    /// All bytes, held for that where they come in a stream; nothing where there are more than may be held.
    pub(super) fn whole(&mut self, budget: &Budget) -> Option<Vec<u8>> {
        let reader = self.seekable(budget)?;
        let mut bytes = vec![];
        reader.take(HELD as u64 + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() <= HELD).then_some(bytes)
    }

    /// Goes back to the first byte, where that can be done.
    pub(super) fn rewind(&mut self) -> bool {
        match self {
            Input::Seekable(reader) => reader.rewind().is_ok(),
            Input::Held(bytes) => bytes.rewind().is_ok(),
            // What was not read is still there.
            Input::Stream(head, _) => !head.is_empty(),
        }
    }

    /// Lets go of what is held.
    pub(super) fn let_go(self, budget: &Budget) {
        if let Input::Held(bytes) = self {
            budget.let_go(bytes.get_ref().len());
        }
    }
}

/// Reads until the buffer is full or nothing more comes, and returns how much that was, and why no more came.
pub fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> (usize, io::Result<()>) {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Err(error)),
        }
    }
    (filled, Ok(()))
}

/// Fills the buffer; `false` where nothing comes any more.
///
/// # Errors
/// When the end comes in between.
pub(super) fn filled(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<bool> {
    match fill(reader, buffer) {
        (read, Ok(())) if read == buffer.len() => Ok(true),
        (0, end) => end.map(|()| false),
        (_, end) => end.and(Err(io::ErrorKind::UnexpectedEof.into())),
    }
}

/// Passes over so many bytes.
///
/// # Errors
/// When there are not as many.
pub(super) fn skip(reader: &mut dyn Read, bytes: u64) -> io::Result<()> {
    match io::copy(&mut reader.take(bytes), &mut io::sink())? {
        skipped if skipped == bytes => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Content of a size that is known; it is damage where it ends before.
pub(super) struct Sized<'a>(io::Take<&'a mut dyn Read>);

impl<'a> Sized<'a> {
    pub(super) fn new(reader: &'a mut dyn Read, size: u64) -> Sized<'a> {
        Sized(reader.take(size))
    }

    /// How many bytes were not read.
    pub(super) fn left(&self) -> u64 {
        self.0.limit()
    }
}

impl Read for Sized<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if self.left() > 0 && !buffer.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}
