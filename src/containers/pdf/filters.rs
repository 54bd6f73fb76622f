//! How streams are packed (ISO 32000-1, 7.4).

use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;

use weezl::decode::Decoder;
use weezl::{BitOrder, LzwStatus};

use super::file::Stretch;
use super::lexer::{digit, is_blank};
use super::object::{Dictionary, Object};
use crate::containers::inflate::Inflater;

/// So many filters are applied to one stream.
const MOST: usize = 4;

/// Rows that are longer are damage, in bytes.
const LONGEST_ROW: u64 = 1 << 20;

/// The steps that unpack a stream.
pub(super) struct Unpacking(Vec<Filter>);

enum Filter {
    Flate,
    /// Codes grow a step early, or not.
    Lzw(bool),
    Ascii85,
    Hex,
    RunLength,
    /// Rows of pixels of so many bytes, of which each byte is told by one so many bytes before it.
    Rows {
        length: usize,
        pixel: usize,
    },
}

impl Unpacking {
    /// The steps that a dictionary tells, up to what only packs pixels.
    ///
    /// # Errors
    /// What is not known.
    pub(super) fn of(dictionary: &Dictionary) -> Result<Unpacking, String> {
        Unpacking::by(dictionary.get("Filter"), dictionary.get("DecodeParms"))
    }

    /// The same, of the names and parameters of the filters.
    ///
    /// # Errors
    /// What is not known.
    pub(super) fn by(names: &Object, parameters: &Object) -> Result<Unpacking, String> {
        let mut steps = vec![];
        let parameters = parameters.members();
        for (number, name) in names.members().iter().enumerate() {
            let parameters = parameters.get(number).and_then(Object::dictionary);
            let name = name.name().unwrap_or_default();
            match name {
                b"FlateDecode" | b"Fl" => steps.push(Filter::Flate),
                b"LZWDecode" | b"LZW" => {
                    let early = parameters.and_then(|all| all.get("EarlyChange").number());
                    steps.push(Filter::Lzw(early != Some(0.0)));
                }
                b"ASCII85Decode" | b"A85" => steps.push(Filter::Ascii85),
                b"ASCIIHexDecode" | b"AHx" => steps.push(Filter::Hex),
                b"RunLengthDecode" | b"RL" => steps.push(Filter::RunLength),
                b"DCTDecode" | b"JPXDecode" | b"JBIG2Decode" | b"CCITTFaxDecode" => break,
                b"Crypt" if parameters.is_none_or(|all| !all.has("Name") || all.is("Name", "Identity")) => {}
                _ => return Err(unknown(&format!("filter {}", String::from_utf8_lossy(name)))),
            }
            steps.extend(parameters.map(rows).transpose()?.flatten());
        }
        match steps.len() {
            ..=MOST => Ok(Unpacking(steps)),
            steps => Err(format!("it is packed {steps} times")),
        }
    }

    /// What a stream unpacks to.
    ///
    /// # Errors
    /// What is not known.
    pub(super) fn reader<'a>(
        &self,
        stream: Stretch<'a>,
        inflaters: &'a mut Inflaters,
    ) -> Result<Box<dyn Read + 'a>, String> {
        let mut reader: Box<dyn Read + 'a> = Box::new(stream);
        // An empty stream of any kind is empty.
        if stream.length() == 0 {
            return Ok(reader);
        }
        let (mut plain, mut zlib) = (inflaters.plain.iter_mut(), inflaters.zlib.iter_mut());
        for filter in &self.0 {
            let mut input = BufReader::new(reader);
            reader = match filter {
                Filter::Flate => {
                    // Some programs leave out what is around the data.
                    let inflater = match input.fill_buf().is_ok_and(is_zlib) {
                        true => zlib.next().map(|free| free.get_or_insert_with(Inflater::zlib)),
                        false => plain.next().map(|free| free.get_or_insert_with(Inflater::new)),
                    };
                    Box::new(inflater.ok_or("it is packed in itself too often")?.read_from(input))
                }
                Filter::Lzw(true) => {
                    Box::new(Lzw { input, decoder: Decoder::with_tiff_size_switch(BitOrder::Msb, 8) })
                }
                Filter::Lzw(false) => Box::new(Lzw { input, decoder: Decoder::new(BitOrder::Msb, 8) }),
                Filter::Ascii85 => Box::new(Steps::new(input, Ascii85::default())),
                Filter::Hex => Box::new(Steps::new(input, Hex::default())),
                Filter::RunLength => Box::new(Steps::new(input, RunLength::Length)),
                Filter::Rows { length, pixel } => Box::new(Steps::new(input, Rows::new(*length, *pixel))),
            };
        }
        Ok(reader)
    }
}

/// Decoders to be used for one stream after another; those of one stream are different ones.
#[derive(Default)]
pub(super) struct Inflaters {
    plain: [Option<Inflater>; MOST],
    zlib: [Option<Inflater>; MOST],
}

fn unknown(what: &str) -> String {
    format!("it is packed by the {what}, which is not known here")
}

/// Whether data begins as it does by RFC 1950, 2.2.
fn is_zlib(head: &[u8]) -> bool {
    matches!(head, [method, flags, ..]
        if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31))
}

/// How rows are undone, where bytes are told by those before them (7.4.4.4).
fn rows(parameters: &Dictionary) -> Result<Option<Filter>, String> {
    let number = |key: &str, otherwise: u64| parameters.get(key).count().unwrap_or(otherwise);
    match number("Predictor", 1) {
        0 | 1 => return Ok(None),
        10.. => {}
        predictor => return Err(unknown(&format!("predictor {predictor}"))),
    }
    let bits = number("Colors", 1).saturating_mul(number("BitsPerComponent", 8));
    let length = bits.saturating_mul(number("Columns", 1)).div_ceil(8);
    let is_sane = bits > 0 && (1..=LONGEST_ROW).contains(&length);
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    match is_sane {
        true => Ok(Some(Filter::Rows { length: size(length), pixel: size(bits.div_ceil(8)) })),
        false => Err("the length of its rows is damaged".into()),
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

struct Lzw<R> {
    input: R,
    decoder: Decoder,
}

impl<R: BufRead> Read for Lzw<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let bytes = self.input.fill_buf()?;
            let (done, has_ended) = (self.decoder.decode_bytes(bytes, buffer), bytes.is_empty());
            self.input.consume(done.consumed_in);
            match done.status {
                _ if done.consumed_out > 0 || buffer.is_empty() => return Ok(done.consumed_out),
                Ok(LzwStatus::Done) => return Ok(0),
                // Some programs leave out the mark of the end.
                Ok(_) if has_ended => return Ok(0),
                Ok(_) => {}
                Err(_) => return Err(broken("the compressed data is damaged")),
            }
        }
    }
}

/// A filter that takes byte after byte.
trait Step {
    /// Whether there is more to come.
    fn take(&mut self, byte: u8, out: &mut Vec<u8>) -> ControlFlow<()>;

    /// What is left at the end.
    fn end(&mut self, _out: &mut Vec<u8>) {}
}

struct Steps<R, S> {
    input: R,
    step: S,
    out: io::Cursor<Vec<u8>>,
    has_ended: bool,
}

impl<R: BufRead, S: Step> Steps<R, S> {
    fn new(input: R, step: S) -> Steps<R, S> {
        Steps { input, step, out: io::Cursor::default(), has_ended: false }
    }

    fn more(&mut self) -> io::Result<()> {
        const AT_ONCE: usize = 1024;
        let mut out = std::mem::take(&mut self.out).into_inner();
        out.clear();
        let bytes = self.input.fill_buf()?;
        let bytes = &bytes[..bytes.len().min(AT_ONCE)];
        let is_over = bytes.is_empty() || bytes.iter().any(|&byte| self.step.take(byte, &mut out).is_break());
        let used = bytes.len();
        self.input.consume(used);
        if is_over {
            self.step.end(&mut out);
            self.has_ended = true;
        }
        self.out = io::Cursor::new(out);
        Ok(())
    }
}

impl<R: BufRead, S: Step> Read for Steps<R, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.out.read(buffer)? {
                0 if !self.has_ended && !buffer.is_empty() => self.more()?,
                read => return Ok(read),
            }
        }
    }
}

/// Groups of five digits of base 85 (7.4.3).
#[derive(Default)]
struct Ascii85 {
    sum: u32,
    digits: usize,
}

impl Step for Ascii85 {
    fn take(&mut self, byte: u8, out: &mut Vec<u8>) -> ControlFlow<()> {
        match byte {
            b'z' if self.digits == 0 => out.extend([0; 4]),
            b'!'..=b'u' => {
                self.sum = self.sum.wrapping_mul(85).wrapping_add(u32::from(byte - b'!'));
                self.digits += 1;
                if self.digits == 5 {
                    out.extend(self.sum.to_be_bytes());
                    *self = Ascii85::default();
                }
            }
            b'~' => return ControlFlow::Break(()),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        let kept = self.digits.saturating_sub(1);
        let missing = 5 - self.digits;
        let sum = (0..missing).fold(self.sum, |sum, _| sum.wrapping_mul(85).wrapping_add(84));
        out.extend(&sum.to_be_bytes()[..kept]);
    }
}

#[derive(Default)]
struct Hex(Option<u8>);

impl Step for Hex {
    fn take(&mut self, byte: u8, out: &mut Vec<u8>) -> ControlFlow<()> {
        match (self.0, digit(byte)) {
            _ if byte == b'>' => return ControlFlow::Break(()),
            _ if is_blank(byte) => {}
            (_, None) => {}
            (None, digit) => self.0 = digit,
            (Some(high), Some(low)) => {
                out.push(high << 4 | low);
                self.0 = None;
            }
        }
        ControlFlow::Continue(())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.extend(self.0.map(|high| high << 4));
    }
}

/// What comes next (7.4.5).
enum RunLength {
    Length,
    Copy(u8),
    Repeat(u8),
}

impl Step for RunLength {
    fn take(&mut self, byte: u8, out: &mut Vec<u8>) -> ControlFlow<()> {
        *self = match (&self, byte) {
            (RunLength::Length, 128) => return ControlFlow::Break(()),
            (RunLength::Length, 0..128) => RunLength::Copy(byte + 1),
            (RunLength::Length, _) => RunLength::Repeat((257 - u16::from(byte)) as u8),
            (RunLength::Copy(left), _) => {
                out.push(byte);
                if *left > 1 { RunLength::Copy(left - 1) } else { RunLength::Length }
            }
            (RunLength::Repeat(times), _) => {
                out.extend(std::iter::repeat_n(byte, usize::from(*times)));
                RunLength::Length
            }
        };
        ControlFlow::Continue(())
    }
}

/// Rows as PNG has them (Portable Network Graphics, 9).
struct Rows {
    above: Vec<u8>,
    row: Vec<u8>,
    kind: Option<u8>,
    pixel: usize,
}

impl Rows {
    fn new(length: usize, pixel: usize) -> Rows {
        Rows { above: vec![0; length], row: Vec::with_capacity(length), kind: None, pixel }
    }
}

impl Step for Rows {
    fn take(&mut self, byte: u8, out: &mut Vec<u8>) -> ControlFlow<()> {
        let Some(kind) = self.kind else {
            self.kind = Some(byte);
            return ControlFlow::Continue(());
        };
        let at = self.row.len();
        let before = at.checked_sub(self.pixel);
        let left = before.map_or(0, |at| self.row[at]);
        let (up, corner) = (self.above[at], before.map_or(0, |at| self.above[at]));
        let told = match kind {
            1 => left,
            2 => up,
            3 => left.midpoint(up),
            4 => paeth(left, up, corner),
            _ => 0,
        };
        self.row.push(byte.wrapping_add(told));
        if self.row.len() == self.above.len() {
            self.end(out);
        }
        ControlFlow::Continue(())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.row);
        self.above[..self.row.len()].copy_from_slice(&self.row);
        self.row.clear();
        self.kind = None;
    }
}

/// The nearest to what the three would make (9.4).
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |byte: u8| (guess - i16::from(byte)).abs();
    match (distance(left), distance(up), distance(corner)) {
        (a, b, c) if a <= b && a <= c => left,
        (_, b, c) if b <= c => up,
        _ => corner,
    }
}
