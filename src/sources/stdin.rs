//! Standard input as one blob.

use std::io;

use super::{Blob, Content, Source, SourceError, Visit};
use crate::model::{BlobPath, Gap, GapReason, PlaceKind};

/// Standard input, read to its end.
pub struct Stdin;

impl Source for Stdin {
    fn visit(&self, each: &(dyn Fn(Visit<'_>) + Sync)) -> Result<(), SourceError> {
        let path = BlobPath::from("<stdin>");
        let mut reader = Noting { reader: io::stdin().lock(), error: None };
        each(Visit::Blob(Blob { path: &path, kind: PlaceKind::File, content: Content::Stream(&mut reader) }));
        if let Some(error) = reader.error {
            each(Visit::Gap(Gap { path, reason: GapReason::Unreadable, detail: error }));
        }
        Ok(())
    }
}

/// A reader that remembers why it failed.
pub(super) struct Noting<R> {
    pub(super) reader: R,
    pub(super) error: Option<String>,
}

impl<R: io::Read> io::Read for Noting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer);
        if let Err(error) = &read
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.error = Some(error.to_string());
        }
        read
    }
}
