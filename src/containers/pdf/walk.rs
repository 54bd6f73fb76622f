//! The objects of a document, one after the other as they stand in it (ISO 32000-1, 7.3.10, 7.3.8 and 7.5). The
//! tables that say where objects stand are not asked: they may be damaged or lie, and they leave out what later changes
//! replaced.

use std::io::{self, BufReader, Read};

use memchr::memmem::Finder;

use super::file::Stretch;
use super::filters::{Inflaters, Unpacking};
use super::lexer::{Lexer, Token};
use super::object::{Dictionary, Object};
use crate::containers::budget::{Budget, Metered, Over};

/// After so many damaged objects what is in them is no longer looked through for others.
const PATIENCE: u32 = 100;

/// An object stream with more objects is read up to here; programs put some hundred into one.
const MOST_INSIDE: u64 = 100_000;

/// How much is looked through at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// An object of a document.
pub(super) struct Found<'f> {
    pub(super) number: u32,
    /// Where it stands, or the object stream that it is in.
    pub(super) at: u64,
    pub(super) value: Object,
    /// How the value is written.
    pub(super) written: Vec<u8>,
    pub(super) stream: Option<Stretch<'f>>,
}

impl Found<'_> {
    pub(super) fn dictionary(&self) -> Option<&Dictionary> {
        self.value.dictionary()
    }
}

/// What is met on the way.
pub(super) enum Met<'f> {
    Object(Found<'f>),
    /// What is told of the whole document; later ones replace earlier ones.
    Trailer(Dictionary),
    /// The object stream of this number cannot be read, or not to its end.
    Unread(u32, Failure),
}

/// Why something cannot be read.
pub(super) enum Failure {
    Unsupported(String),
    Broken(io::Error),
}

/// How much may be unpacked on the way.
#[derive(Clone, Copy)]
pub(super) struct Meter<'a> {
    pub(super) budget: &'a Budget,
    pub(super) level: usize,
}

impl Meter<'_> {
    /// Counts what it costs to look at something, and says whether that may be done.
    pub(super) fn may_look(self, bytes: usize) -> bool {
        self.budget.count_unpacked(self.level, bytes);
        self.budget.over() == Over::No
    }

    /// Hands over what a stream unpacks to, and tells why it is not read to its end.
    pub(super) fn read(
        self,
        stream: Stretch<'_>,
        unpacking: &Unpacking,
        inflaters: &mut Inflaters,
        take: impl FnOnce(&mut dyn Read),
    ) -> Result<(), Failure> {
        let mut content = unpacking.reader(stream, inflaters).map_err(Failure::Unsupported)?;
        let mut content = Metered::new(&mut *content, self.budget, self.level);
        take(&mut content);
        content.failure.map_or(Ok(()), |error| Err(Failure::Broken(error)))
    }
}

/// Walks through a document, into its object streams, and calls `each` with what it meets. Returns what is wrong with
/// the document, if anything is.
///
/// # Errors
/// Those of `each`, which end it.
pub(super) fn walk<'f, E>(
    whole: Stretch<'f>,
    meter: Meter<'_>,
    each: &mut dyn FnMut(Met<'f>) -> Result<(), E>,
) -> Result<Option<&'static str>, E> {
    let mut walk = Walk {
        whole,
        lexer: Lexer::new(BufReader::with_capacity(CHUNK, whole), 0),
        patience: PATIENCE,
        has_ended: false,
        objects: 0,
        damage: None,
    };
    let mut inflaters = Inflaters::default();
    while let Some(met) = walk.next() {
        let inside = Inside::of(&met);
        each(met)?;
        if let Some(inside) = inside {
            inside.walk(meter, &mut inflaters, each)?;
        }
    }
    Ok(match walk {
        Walk { objects: 0, .. } => Some("there is no object in it"),
        Walk { damage: Some(damage), .. } => Some(damage),
        Walk { has_ended: false, .. } => Some("it ends too early"),
        _ => None,
    })
}

struct Walk<'f> {
    whole: Stretch<'f>,
    lexer: Lexer<BufReader<Stretch<'f>>>,
    patience: u32,
    /// What stands at the end of every document was met.
    has_ended: bool,
    objects: u64,
    damage: Option<&'static str>,
}

impl<'f> Walk<'f> {
    fn next(&mut self) -> Option<Met<'f>> {
        let mut numbers = [None; 2];
        while let Some(token) = self.lexer.plain_token() {
            if let Token::Number(number) = token {
                numbers = [numbers[1], Some(number)];
                continue;
            }
            let met = match (self.lexer.text(), std::mem::take(&mut numbers)) {
                (b"obj", [Some(number), Some(_)]) => self.object(number),
                (b"trailer", _) => self.trailer(),
                (b"startxref", _) => {
                    self.has_ended = true;
                    None
                }
                _ => None,
            };
            if met.is_some() {
                return met;
            }
        }
        None
    }

    fn object(&mut self, number: f64) -> Option<Met<'f>> {
        let number = Object::Number(number).count().and_then(|number| u32::try_from(number).ok())?;
        let at = self.lexer.at();
        let (value, written) = self.value()?;
        let stream = value.dictionary().and_then(|dictionary| self.stream(dictionary));
        self.has_ended = false;
        self.objects += 1;
        Some(Met::Object(Found { number, at, value, written, stream }))
    }

    fn trailer(&mut self) -> Option<Met<'f>> {
        match self.value()?.0 {
            Object::Dictionary(dictionary) => Some(Met::Trailer(dictionary)),
            _ => None,
        }
    }

    /// A value, and how it is written.
    fn value(&mut self) -> Option<(Object, Vec<u8>)> {
        let at = self.lexer.at();
        self.lexer.record();
        let value = Object::read(&mut self.lexer);
        let written = self.lexer.take_record();
        if value.is_none() {
            self.damage = Some("an object is damaged, or too large");
            // What is in it may be sound.
            if let Some(left) = self.patience.checked_sub(1) {
                self.patience = left;
                self.lexer.go_to(at);
            }
        }
        value.map(|value| (value, written))
    }

    /// The stream that follows its dictionary, if there is one.
    fn stream(&mut self, dictionary: &Dictionary) -> Option<Stretch<'f>> {
        let before = self.lexer.at();
        let is_stream = self.lexer.token() == Some(Token::Word) && self.lexer.text() == b"stream";
        if !is_stream {
            self.lexer.go_to(before);
            return None;
        }
        while self.lexer.peek() == Some(b' ') {
            self.lexer.byte();
        }
        for end_of_line in *b"\r\n" {
            if self.lexer.peek() == Some(end_of_line) {
                self.lexer.byte();
            }
        }
        let from = self.lexer.at();
        let told = dictionary.get("Length").count().and_then(|length| from.checked_add(length));
        let told = told.filter(|&to| ends_at(self.whole.part(to, u64::MAX)));
        let to = told.or_else(|| Some(from + find_end(self.whole.part(from, u64::MAX))?));
        if to.is_none() {
            self.damage = Some("a stream does not end");
        }
        let stream = self.whole.part(from, to.unwrap_or(u64::MAX));
        self.lexer.go_to(from + stream.length());
        Some(stream)
    }
}

/// Whether the end of a stream stands here, but for blanks.
fn ends_at(rest: Stretch<'_>) -> bool {
    let mut bytes = vec![];
    let read = rest.take(20).read_to_end(&mut bytes);
    read.is_ok() && bytes.trim_ascii_start().starts_with(b"endstream")
}

/// How far it is to the end of a stream.
fn find_end(mut rest: Stretch<'_>) -> Option<u64> {
    const MARK: &[u8] = b"endstream";
    let finder = Finder::new(MARK);
    let (mut passed, mut buffer) = (0, vec![]);
    loop {
        let read = rest.by_ref().take(CHUNK as u64).read_to_end(&mut buffer).ok()?;
        if let Some(at) = finder.find(&buffer) {
            return Some(passed + at as u64);
        }
        if read == 0 {
            return None;
        }
        let done = buffer.len().saturating_sub(MARK.len() - 1);
        passed += done as u64;
        buffer.drain(..done);
    }
}

/// An object stream (7.5.7).
struct Inside<'f> {
    number: u32,
    at: u64,
    dictionary: Dictionary,
    stream: Stretch<'f>,
}

impl<'f> Inside<'f> {
    fn of(met: &Met<'f>) -> Option<Inside<'f>> {
        let Met::Object(found) = met else { return None };
        let dictionary = found.dictionary().filter(|dictionary| dictionary.is("Type", "ObjStm"))?.clone();
        Some(Inside { number: found.number, at: found.at, dictionary, stream: found.stream? })
    }

    fn walk<E>(
        &self,
        meter: Meter<'_>,
        inflaters: &mut Inflaters,
        each: &mut dyn FnMut(Met<'f>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut done = Ok(());
        let read = Unpacking::of(&self.dictionary).map_err(Failure::Unsupported).and_then(|unpacking| {
            meter.read(self.stream, &unpacking, inflaters, |content| done = self.objects(content, each))
        });
        done?;
        read.or_else(|failure| each(Met::Unread(self.number, failure)))
    }

    /// The numbers of objects and where they stand, and then the objects.
    fn objects<E>(
        &self,
        content: &mut dyn Read,
        each: &mut dyn FnMut(Met<'f>) -> Result<(), E>,
    ) -> Result<(), E> {
        let first = self.dictionary.get("First").count().unwrap_or(0);
        let count = self.dictionary.get("N").count().unwrap_or(0).min(MOST_INSIDE);
        let mut lexer = Lexer::new(BufReader::new(content), 0);
        let mut table: Vec<(u64, u32)> = vec![];
        while lexer.at() < first && (table.len() as u64) < count {
            let (Some(Token::Number(number)), Some(Token::Number(offset))) = (lexer.token(), lexer.token())
            else {
                break;
            };
            let number = Object::Number(number).count().and_then(|number| u32::try_from(number).ok());
            let offset = Object::Number(offset).count();
            table.extend(offset.zip(number).map(|(offset, number)| (first.saturating_add(offset), number)));
        }
        table.sort_unstable();
        for (offset, number) in table {
            while lexer.at() < offset && lexer.byte().is_some() {}
            lexer.record();
            // One that is damaged is read as far as the next one begins.
            let value = Object::read(&mut lexer).unwrap_or(Object::Null);
            let written = lexer.take_record();
            each(Met::Object(Found { number, at: self.at, value, written, stream: None }))?;
        }
        Ok(())
    }
}
