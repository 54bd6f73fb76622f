//! Inflating zlib streams (RFC 1950).

use std::io::{self, BufRead, Read};

use gix_zlib::{Decompress, FlushDecompress, Status};

/// A deflate stream never becomes more than 1032 times as long: 258 bytes, the longest match, take two
/// bits at least (<https://www.zlib.net/zlib_tech.html>, "maximum compression factor").
const LARGEST_FACTOR: u64 = 1032;

/// Whether `size` bytes can come out of so many compressed ones. What a header claims beyond that is a
/// lie for which no memory is taken.
pub(super) fn is_possible(size: u64, compressed: usize) -> bool {
    size <= (compressed as u64).saturating_mul(LARGEST_FACTOR)
}

/// Inflates the stream at the start of `input`, which has to fill `out` exactly. `None` when it does not,
/// or is broken.
pub(super) fn whole(state: &mut Decompress, input: &[u8], out: &mut [u8]) -> Option<()> {
    state.reset();
    let status = state.decompress(input, out, FlushDecompress::Finish).ok()?;
    (status == Status::StreamEnd && state.total_out() == out.len() as u64).then_some(())
}

/// Inflates as much of a stream as fits into `out` and returns how much that is; `None` when it is broken.
pub(super) fn start(state: &mut Decompress, input: &[u8], out: &mut [u8]) -> Option<usize> {
    state.reset();
    state.decompress(input, out, FlushDecompress::None).ok()?;
    Some(state.total_out() as usize)
}

/// Reads what a zlib stream inflates to.
pub(super) struct Inflating<R> {
    input: R,
    state: Decompress,
    is_done: bool,
}

impl<R: BufRead> Inflating<R> {
    pub(super) fn new(input: R) -> Inflating<R> {
        Inflating { input, state: Decompress::default(), is_done: false }
    }
}

impl<R: BufRead> Read for Inflating<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.is_done && !out.is_empty() {
            let input = self.input.fill_buf()?;
            let (in_before, out_before) = (self.state.total_in(), self.state.total_out());
            let status = self.state.decompress(input, out, FlushDecompress::None).map_err(|_| broken())?;
            let is_stuck = input.is_empty();
            self.input.consume((self.state.total_in() - in_before) as usize);
            self.is_done = status == Status::StreamEnd;
            let (consumed, written) =
                (self.state.total_in() - in_before, self.state.total_out() - out_before);
            match written {
                0 if !self.is_done && (is_stuck || consumed == 0) => return Err(broken()),
                0 => {}
                written => return Ok(written as usize),
            }
        }
        Ok(0)
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "holds a compressed stream that is broken or cut off")
}
