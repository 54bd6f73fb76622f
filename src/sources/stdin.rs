//! Standard input as one blob.

use std::io;

use super::{Blob, Content, Source, SourceError, Visit};
use crate::model::{BlobPath, Gap, GapReason, PlaceKind};

/// Standard input, read to its end.
pub struct Stdin;

impl Source for Stdin {
    fn visit(&self, each: &(dyn Fn(Visit<'_>) + Sync)) -> Result<(), SourceError> {
        let path = BlobPath::from("<stdin>");
        let error = match open() {
            Ok(reader) => {
                let mut reader = Noting { reader, error: None };
                let content = Content::Stream(&mut reader);
                each(Visit::Blob(Blob { path: &path, kind: PlaceKind::File, appearance: None, content }));
                reader.error
            }
            Err(error) => Some(error.to_string()),
        };
        if let Some(detail) = error {
            each(Visit::Gap(Gap { path, reason: GapReason::Unreadable, detail }));
        }
        Ok(())
    }

    fn is_lasting(&self) -> bool {
        false
    }
}

/// Standard input without the courtesy of the standard library, which takes one that cannot be read for
/// an empty one.
#[cfg(unix)]
fn open() -> io::Result<impl io::Read> {
    use std::os::fd::AsFd;
    Ok(std::fs::File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

#[cfg(not(unix))]
fn open() -> io::Result<impl io::Read> {
    Ok(io::stdin().lock())
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

impl<R: io::Seek> io::Seek for Noting<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}
