//! Objects that are read piece by piece.

use std::io::{self, Read};

/// Passes on what is read and remembers whether it was what was claimed.
pub(super) struct Watched<R> {
    inner: R,
    left: u64,
    failure: Option<String>,
}

impl<R: Read> Watched<R> {
    /// `size` bytes should come.
    pub(super) fn new(inner: R, size: u64) -> Watched<R> {
        Watched { inner, left: size, failure: None }
    }

    /// What went wrong, if anything did up to where it was read.
    pub(super) fn failure(self) -> Option<String> {
        self.failure
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out).and_then(|read| {
            let wrong = (read == 0 && self.left > 0 && !out.is_empty()) || read as u64 > self.left;
            match wrong {
                true => Err(io::Error::new(io::ErrorKind::InvalidData, "has another size than it claims")),
                false => Ok(read),
            }
        });
        match &read {
            Ok(read) => self.left -= *read as u64,
            Err(error) => self.failure = Some(error.to_string()),
        }
        read
    }
}
