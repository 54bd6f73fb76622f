//! Single files that are compressed: gzip, bzip2, xz, Zstandard.

use std::io::{self, BufRead, BufReader, Read};

use super::budget::DICTIONARY;
use super::inflate::{Gzip, Inflater};
use super::{Fault, Format, Input, Opening};
use crate::model::{GapReason, PlaceKind};

/// How much of the compressed data is read at once, in bytes.
const CHUNK: usize = 32 * 1024;

/// No format has more behind its content; the last bytes of a file come on their own, so that a fault in them
/// costs no content.
const TRAILER: usize = 64;

pub(super) fn read(format: Format, input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let buffered = BufReader::with_capacity(CHUNK, input.reader());
    let name = unpacked_name(opening.path().file_name()).to_vec();
    match format {
        Format::Gzip => {
            let mut inflater = Inflater::new();
            let mut gzip = Gzip::new(buffered, &mut inflater)?;
            opening.text(b"", PlaceKind::File, &gzip.text)?;
            opening.content(&name, &mut gzip)?;
            rest(gzip.into_rest(), opening)
        }
        Format::Bzip2 => opening.content(&name, &mut bzip2(buffered)),
        Format::Xz => opening.content(&name, &mut xz(buffered)),
        _ => opening.content(&name, &mut zstd(buffered)?),
    }
}

/// What follows the content; padding with zeros is usual.
fn rest(mut reader: impl BufRead, opening: &mut Opening<'_>) -> Result<(), Fault> {
    loop {
        let bytes = reader.fill_buf()?;
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        match (bytes.len(), zeros) {
            (0, _) => return Ok(()),
            (_, 0) => break,
            _ => reader.consume(zeros),
        }
    }
    opening.member(b"", &mut reader)
}

/// What a file is called once it is unpacked.
fn unpacked_name(name: &[u8]) -> &[u8] {
    const ENDS: [&[u8]; 8] = [b".gz", b".bz2", b".xz", b".zst", b".tgz", b".tbz2", b".txz", b".tzst"];
    let stem = ENDS.iter().find_map(|end| name.strip_suffix(*end));
    stem.filter(|stem| !stem.is_empty()).unwrap_or(name)
}

pub(super) fn bzip2(reader: impl BufRead) -> impl Read {
    bzip2::bufread::MultiBzDecoder::new(Tail::new(reader))
}

pub(super) fn xz(reader: impl BufRead) -> impl Read {
    let memory = u32::try_from(DICTIONARY / 1024).unwrap_or(u32::MAX).saturating_add(1024);
    lzma_rust2::XzReader::new_mem_limit(Tail::new(reader), true, memory)
}

pub(super) fn zstd(reader: impl BufRead) -> io::Result<impl Read> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(Tail::new(reader))?;
    decoder.window_log_max(DICTIONARY.ilog2())?;
    Ok(decoder)
}

/// Whether a decoder was not given the memory it asked for.
pub(super) fn needs_too_much(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory || error.to_string().contains("Frame requires too much memory")
}

/// What is told then.
pub(super) fn too_much() -> Fault {
    let detail = format!("it takes a dictionary of more than {} MiB to unpack", DICTIONARY >> 20);
    Fault::Gap(GapReason::TooLarge, detail)
}

/// Hands over the last bytes of a stream on their own.
struct Tail<R> {
    reader: R,
    buffer: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<R: BufRead> Tail<R> {
    fn new(reader: R) -> Tail<R> {
        Tail { reader, buffer: vec![], taken: 0, ended: false }
    }

    /// How many bytes may be handed over.
    fn ready(&self) -> usize {
        let held = self.buffer.len() - self.taken;
        if self.ended { held } else { held.saturating_sub(TRAILER) }
    }
}

impl<R: BufRead> BufRead for Tail<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.ready() == 0 && !self.ended {
            self.buffer.drain(..self.taken);
            self.taken = 0;
            let more = self.reader.fill_buf()?;
            self.ended = more.is_empty();
            self.buffer.extend_from_slice(more);
            let read = more.len();
            self.reader.consume(read);
        }
        Ok(&self.buffer[self.taken..self.taken + self.ready()])
    }

    fn consume(&mut self, bytes: usize) {
        self.taken += bytes;
    }
}

impl<R: BufRead> Read for Tail<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_what_is_in_a_compressed_file() {
        for (name, expected) in
            [("a.log.gz", "a.log"), (".npmrc.xz", ".npmrc"), ("a.tgz", "a"), (".gz", ".gz"), ("blob", "blob")]
        {
            assert_eq!(unpacked_name(name.as_bytes()), expected.as_bytes(), "{name}");
        }
    }

    #[test]
    fn the_last_bytes_come_on_their_own() {
        for length in [0, 1, TRAILER, TRAILER + 1, 1000] {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let mut tail = Tail::new(BufReader::with_capacity(100, &bytes[..]));
            let (mut all, mut last) = (vec![], 0);
            loop {
                let piece = tail.fill_buf().unwrap();
                if piece.is_empty() {
                    break;
                }
                last = piece.len();
                all.extend_from_slice(piece);
                tail.consume(last);
            }
            assert_eq!(all, bytes);
            assert!(last <= TRAILER);
        }
    }
}
