//! Deflate streams (RFC 1951) and what zlib (RFC 1950) and gzip (RFC 1952) put around them. Whatever comes out before a fault is
//! handed over.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use sirocco::Format;
use sirocco::inflate::Decoder;

/// How much comes out before it is taken, in bytes.
const SIZE: usize = 256 * 1024;

/// A decoder with its buffer, to be used for one stream after another.
pub(super) struct Inflater {
    decoder: Box<Decoder>,
    /// The decoder as it was before the last step.
    before: Box<Decoder>,
    out: Vec<u8>,
    /// How far `out` is filled.
    end: usize,
    /// What in `out` was not taken yet.
    pending: Range<usize>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Going,
    Full,
    Done,
    Broken,
}

impl Inflater {
    pub(super) fn new() -> Inflater {
        Inflater::of(Format::Deflate)
    }

    /// One for streams with a header and a checksum (RFC 1950).
    pub(super) fn zlib() -> Inflater {
        Inflater::of(Format::Zlib)
    }

    fn of(format: Format) -> Inflater {
        let decoder = || Box::new(Decoder::new(format));
        Inflater {
            decoder: decoder(),
            before: decoder(),
            out: vec![0; SIZE],
            end: 0,
            pending: 0..0,
            state: State::Going,
        }
    }

    /// Reads what the stream at the start of `input` inflates to.
    pub(super) fn read_from<R: BufRead>(&mut self, input: R) -> Inflate<'_, R> {
        self.restart();
        Inflate { input, inflater: self }
    }

    fn restart(&mut self) {
        self.decoder.reset();
        (self.end, self.pending, self.state) = (0, 0..0, State::Going);
    }

    /// Decodes a piece of the stream, and returns how much of it was used.
    fn step(&mut self, input: &[u8]) -> io::Result<usize> {
        if self.state == State::Full {
            self.end -= self.decoder.make_room(&mut self.out);
        }
        let from = self.end;
        self.before.clone_from(&self.decoder);
        let done = self.advance(input, input.is_empty());
        let done = done.or_else(|error| {
            self.salvage(input);
            // What is there is taken first.
            if self.end > from { Ok(input.len()) } else { Err(error) }
        });
        self.pending = from..self.end;
        done
    }

    fn advance(&mut self, input: &[u8], end: bool) -> io::Result<usize> {
        let progress = self.decoder.decompress(input, &mut self.out, end)?;
        self.end += progress.output.len();
        self.state = match progress {
            _ if progress.done => State::Done,
            _ if progress.full => State::Full,
            _ => State::Going,
        };
        Ok(progress.consumed)
    }

    /// Decodes byte by byte up to the fault: a step that fails gives nothing.
    fn salvage(&mut self, input: &[u8]) {
        std::mem::swap(&mut self.decoder, &mut self.before);
        for byte in input {
            if self.advance(std::slice::from_ref(byte), false).is_err() || self.state != State::Going {
                break;
            }
        }
        self.state = State::Broken;
    }
}

/// A deflate stream that is being read.
pub(super) struct Inflate<'a, R> {
    input: R,
    inflater: &'a mut Inflater,
}

impl<R: BufRead> Read for Inflate<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.inflater.pending.is_empty() {
            match self.inflater.state {
                State::Done => return Ok(0),
                State::Broken => return Err(broken("the compressed data is damaged")),
                State::Going | State::Full => {}
            }
            let used = self.inflater.step(self.input.fill_buf()?)?;
            self.input.consume(used);
        }
        let pending = &mut self.inflater.pending;
        let taken = pending.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&self.inflater.out[pending.start..pending.start + taken]);
        pending.start += taken;
        Ok(taken)
    }
}

/// A gzip file, all of its members as one.
pub(super) struct Gzip<'a, R> {
    inflate: Inflate<'a, R>,
    crc: crc32fast::Hasher,
    size: u32,
    done: bool,
    /// The text in the first header: the name of the file and a comment.
    pub(super) text: Vec<u8>,
}

impl<'a, R: BufRead> Gzip<'a, R> {
    /// Reads the first header.
    pub(super) fn new(mut input: R, inflater: &'a mut Inflater) -> io::Result<Gzip<'a, R>> {
        let text = header(&mut input)?;
        let inflate = inflater.read_from(input);
        Ok(Gzip { inflate, crc: crc32fast::Hasher::new(), size: 0, done: false, text })
    }

    /// What follows the last member.
    pub(super) fn into_rest(self) -> R {
        self.inflate.input
    }

    /// Checks what stands behind a member, and goes on to the next one.
    fn next_member(&mut self) -> io::Result<()> {
        let mut trailer = [0; 8];
        self.inflate.input.read_exact(&mut trailer)?;
        let crc = std::mem::take(&mut self.crc).finalize();
        let size = std::mem::take(&mut self.size);
        let expected = [crc.to_le_bytes(), size.to_le_bytes()].concat();
        let follows = self.inflate.input.fill_buf()?.starts_with(&[0x1f]);
        self.done = !follows;
        if follows {
            header(&mut self.inflate.input)?;
            self.inflate.inflater.restart();
        }
        match trailer[..] == expected {
            true => Ok(()),
            false => Err(broken("its checksum or size is wrong")),
        }
    }
}

impl<R: BufRead> Read for Gzip<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.done && !buffer.is_empty() {
            let read = self.inflate.read(buffer)?;
            if read > 0 {
                self.crc.update(&buffer[..read]);
                self.size = self.size.wrapping_add(read as u32);
                return Ok(read);
            }
            self.next_member()?;
        }
        Ok(0)
    }
}

/// Longer texts in a header are damage.
const LONGEST_TEXT: u64 = 64 * 1024;

/// Reads a header and returns the texts in it (RFC 1952, 2.3).
fn header(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    const CHECKED: u8 = 1 << 1;
    const EXTRA: u8 = 1 << 2;
    const NAMED: u8 = 1 << 3;
    const COMMENTED: u8 = 1 << 4;
    let mut fixed = [0; 10];
    input.read_exact(&mut fixed)?;
    let has = |flag: u8| fixed[3] & flag != 0;
    if !fixed.starts_with(b"\x1f\x8b\x08") || fixed[3] & 0xe0 != 0 {
        return Err(broken("its header is damaged"));
    }
    let mut text = vec![];
    if has(EXTRA) {
        let mut length = [0; 2];
        input.read_exact(&mut length)?;
        let length = u16::from_le_bytes(length).into();
        input.take(length).read_to_end(&mut text)?;
        text.push(b'\n');
    }
    for flag in [NAMED, COMMENTED] {
        if has(flag) {
            input.take(LONGEST_TEXT).read_until(0, &mut text)?;
            match text.pop() {
                Some(0) => text.push(b'\n'),
                _ => return Err(broken("its header does not end")),
            }
        }
    }
    if has(CHECKED) {
        input.read_exact(&mut [0; 2])?;
    }
    Ok(text)
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
