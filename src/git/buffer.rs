//! Memory that is used again and again.

use std::ops::Deref;

/// What a spare may hold on to: most objects are far smaller, and a few huge ones must not stay.
const LARGEST_SPARE: usize = 1024 * 1024;

/// Bytes that are written anew each time: they are not cleared in between, which for gigabytes of objects
/// costs more than it sounds.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    length: usize,
}

impl Buffer {
    /// Room for so many bytes, with anything in it.
    pub(super) fn sized(&mut self, length: usize) -> &mut [u8] {
        if self.bytes.len() < length {
            self.bytes.resize(length, 0);
        }
        self.length = length;
        &mut self.bytes[..length]
    }

    /// How much memory it takes, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Buffers that are not in use.
#[derive(Default)]
pub(super) struct Spares(Vec<Buffer>);

impl Spares {
    pub(super) fn take(&mut self) -> Buffer {
        self.0.pop().unwrap_or_default()
    }

    pub(super) fn put(&mut self, buffer: Buffer) {
        const MOST: usize = 64;
        if buffer.capacity() <= LARGEST_SPARE && self.0.len() < MOST {
            self.0.push(buffer);
        }
    }
}
