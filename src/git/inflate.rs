//! Inflating zlib streams (RFC 1950). `sirocco` took two thirds of the time of zlib-rs on packs, and less
//! than libdeflate.

use std::io::BufRead;

use sirocco::Format;
use sirocco::inflate::{Decoder, Reader};

/// A deflate stream never becomes more than 1032 times as long: 258 bytes, the longest match, take two
/// bits at least (<https://www.zlib.net/zlib_tech.html>, "maximum compression factor").
const LARGEST_FACTOR: u64 = 1032;

/// Whether `size` bytes can come out of so many compressed ones. What a header claims beyond that is a
/// lie for which no memory is taken.
pub(super) fn is_possible(size: u64, compressed: usize) -> bool {
    size <= (compressed as u64).saturating_mul(LARGEST_FACTOR)
}

/// Inflates streams that are in memory.
pub(super) struct Zlib(Box<Decoder>);

impl Zlib {
    pub(super) fn new() -> Zlib {
        Zlib(Box::new(Decoder::new(Format::Zlib)))
    }

    /// Inflates the stream at the start of `input`, which has to fill `out` exactly. `None` when it does
    /// not, or is broken.
    pub(super) fn whole(&mut self, input: &[u8], out: &mut [u8]) -> Option<()> {
        self.0.reset();
        let length = out.len();
        let progress = self.0.decompress(input, out, true).ok()?;
        (progress.done && progress.output.len() == length).then_some(())
    }

    /// Inflates as much of a stream as fits into `out`; `None` when it is broken.
    pub(super) fn start<'a>(&mut self, input: &[u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
        self.0.reset();
        Some(self.0.decompress(input, out, true).ok()?.output)
    }
}

/// Reads what the stream at the start of `input` inflates to.
pub(super) fn reader<R: BufRead>(input: R) -> Reader<R> {
    Reader::new(Format::Zlib, input)
}
