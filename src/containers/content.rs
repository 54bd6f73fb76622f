//! The bytes of a blob, as far as they are at hand.

use std::io::{self, Read, Seek};

/// What can be read from any place.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek + ?Sized> ReadSeek for T {}

/// The bytes of a blob.
pub enum Content<'a> {
    /// All of them.
    Whole(&'a [u8]),
    /// Too many to hold at once; they can be read from any place, and are at their start.
    Seekable(&'a mut dyn ReadSeek),
    /// Too many to hold at once.
    Stream(&'a mut dyn Read),
}

impl Content<'_> {
    /// The same for a shorter time.
    pub fn reborrow(&mut self) -> Content<'_> {
        match self {
            Content::Whole(bytes) => Content::Whole(bytes),
            Content::Seekable(reader) => Content::Seekable(*reader),
            Content::Stream(reader) => Content::Stream(*reader),
        }
    }
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Content::Whole(bytes) => bytes.read(buffer),
            Content::Seekable(reader) => reader.read(buffer),
            Content::Stream(reader) => reader.read(buffer),
        }
    }
}
