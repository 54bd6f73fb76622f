//! A file that is read in several places at a time.

use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom};

use super::super::ReadSeek;

/// The bytes of a document.
pub(super) struct File<'a> {
    reader: RefCell<&'a mut dyn ReadSeek>,
    size: u64,
}

impl<'a> File<'a> {
    pub(super) fn new(reader: &'a mut dyn ReadSeek) -> io::Result<File<'a>> {
        let size = reader.seek(SeekFrom::End(0))?;
        Ok(File { reader: RefCell::new(reader), size })
    }

    pub(super) fn whole(&self) -> Stretch<'_> {
        Stretch { file: self, at: 0, to: self.size }
    }
}

trait ReadAt {
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for File<'_> {
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut reader = self.reader.borrow_mut();
        reader.seek(SeekFrom::Start(at))?;
        reader.read(buffer)
    }
}

/// A part of a file.
#[derive(Clone, Copy)]
pub(super) struct Stretch<'f> {
    file: &'f dyn ReadAt,
    at: u64,
    to: u64,
}

impl<'f> Stretch<'f> {
    /// What of it stands between two offsets in the file.
    pub(super) fn part(&self, from: u64, to: u64) -> Stretch<'f> {
        let to = to.min(self.to);
        Stretch { file: self.file, at: from.min(to), to }
    }

    /// The offsets in the file that it stands between.
    pub(super) fn ends(&self) -> (u64, u64) {
        (self.at, self.to)
    }

    /// How many bytes are left.
    pub(super) fn length(&self) -> u64 {
        self.to.saturating_sub(self.at)
    }
}

impl Read for Stretch<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.length()).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read_at(self.at, &mut buffer[..most])?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Places are those in the file.
impl Seek for Stretch<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.to.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
