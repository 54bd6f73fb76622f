//! One blob, from its bytes to its sightings: those in it, or in all that it holds where it is a container.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read};
use std::ops::ControlFlow;

use super::scan::Prepared;
use super::unwrap::{scan_inside, suspected_inside};
use crate::containers::{self, Format, Met, Reading};
use crate::decode::layers::Limit;
use crate::decode::utf16::Encoding;
use crate::engine::{Engine, Text, Window, windows};
use crate::findings::{Sighter, Stretch};
use crate::model::{Appearance, BlobPath, Gap, GapReason, PlaceKind, Secret, Sighting};
use crate::sources::{Blob, Content, Nature};

/// How much of a blob is looked at to tell text from binary, in bytes; as git does.
const HEAD: usize = 8000;

/// How many sightings are kept of a container and all that it holds.
const MOST: usize = 10_000;

/// What was seen in one blob.
#[derive(Default)]
pub(super) struct Examined {
    pub(super) sightings: Vec<Sighting>,
    /// Sightings beyond those that are kept.
    pub(super) dropped: u64,
    /// Bytes as stored.
    pub(super) bytes: u64,
    pub(super) nature: Nature,
    /// What in it could not be opened.
    pub(super) gaps: Vec<Gap>,
}

/// Scans a blob. What the source could not read is the source's to tell.
pub(super) fn examine(prepared: &Prepared, blob: Blob<'_>) -> Examined {
    let Blob { path, kind, appearance, content } = blob;
    let mut examined = Examined::default();
    let mut read_twice: Readings = HashMap::new();
    let size = parts(prepared, path, kind, content, &mut |met| {
        match met {
            Met::Container { format, .. } if format.reading() == Reading::Members => {
                examined.nature.containers += 1;
            }
            Met::Container { path, format } => {
                read_twice.insert(path.as_bytes().to_vec(), format.reading());
            }
            Met::Gap(gap) => examined.gaps.push(gap),
            Met::Blob { path: inner, kind: of_what, content } => {
                let part = match inner.container() {
                    _ if inner == path => Part::Itself,
                    Some(container) if read_twice.contains_key(container) => Part::Text,
                    _ if of_what != PlaceKind::File => Part::Text,
                    _ => Part::Member,
                };
                let scanned = scan(prepared, (inner, of_what, appearance), content);
                examined.gaps.extend(scanned.limit.map(|limit| not_decoded(inner, limit)));
                examined.take(scanned, part);
            }
        }
        ControlFlow::Continue(())
    });
    examined.bytes = size.unwrap_or(examined.bytes);
    if !read_twice.is_empty() {
        tell_once(&mut examined.sightings, &read_twice);
    }
    examined
}

/// Tells that not all was decoded.
fn not_decoded(path: &BlobPath, limit: Limit) -> Gap {
    Gap { path: path.clone(), reason: GapReason::DecodeLimit, detail: limit.meaning().into() }
}

/// Of what was found in a file as it is stored and in the text in it as well, leaves the place that a person can
/// open: in the file where that is text, in the text where that is not.
fn tell_once(sightings: &mut Vec<Sighting>, read_twice: &Readings) {
    type Key = (Vec<u8>, &'static str, Secret);
    let key = |path: &[u8], sighting: &Sighting| (path.to_vec(), sighting.rule.id, sighting.secret.clone());
    let as_stored = |sighting: &Sighting| key(sighting.place.path.as_bytes(), sighting);
    let inside = |sighting: &Sighting| sighting.place.path.container().map(|path| key(path, sighting));
    let stored: HashSet<Key> = sightings.iter().map(as_stored).collect();
    let within: HashSet<Key> = sightings.iter().filter_map(inside).collect();
    sightings.retain(|sighting| {
        let path = &sighting.place.path;
        let reading = |path: &[u8]| read_twice.get(path).copied();
        let is_told_inside =
            reading(path.as_bytes()) == Some(Reading::TextOfBinary) && within.contains(&as_stored(sighting));
        let is_told_as_stored = path.container().and_then(reading) == Some(Reading::TextOfText)
            && inside(sighting).is_some_and(|key| stored.contains(&key));
        !(is_told_inside || is_told_as_stored)
    });
}

/// Containers that are read as they are stored as well, and how.
type Readings = HashMap<Vec<u8>, Reading>;

/// What of a file was scanned.
enum Part {
    /// The file, as it is stored.
    Itself,
    /// A file in it.
    Member,
    /// Text that is no file of its own: around members, or in a file that was counted.
    Text,
}

impl Examined {
    fn take(&mut self, scanned: Scanned, part: Part) {
        let Scanned { mut sightings, dropped, bytes, binary, packed, .. } = scanned;
        let nature = &mut self.nature;
        match part {
            Part::Itself => {
                self.bytes += bytes;
                nature.binary += u64::from(binary);
                nature.packed += u64::from(packed);
            }
            Part::Member => {
                nature.members += 1;
                nature.unpacked_bytes += bytes;
            }
            Part::Text => {}
        }
        let kept = MOST.saturating_sub(self.sightings.len()).min(sightings.len());
        self.dropped += dropped + (sightings.len() - kept) as u64;
        sightings.truncate(kept);
        self.sightings.append(&mut sightings);
    }
}

/// Hands over what is in a blob: itself, or where it is a container and those are opened what it holds. Returns
/// the bytes as stored, where these are not all handed over.
fn parts(
    prepared: &Prepared,
    path: &BlobPath,
    kind: PlaceKind,
    mut content: Content<'_>,
    each: containers::Each<'_>,
) -> Option<u64> {
    match prepared.opening {
        Some(limits) if kind == PlaceKind::File => containers::open(path, content, limits, each),
        _ => {
            let _ = each(Met::Blob { path, kind, content: content.reborrow() });
            None
        }
    }
}

/// Whether any rule has a match in a file whose path is not known, or something in it cannot be opened.
pub(super) fn suspected(prepared: &Prepared, bytes: &[u8]) -> bool {
    let file = BlobPath::from("");
    let mut suspected = false;
    parts(prepared, &file, PlaceKind::File, Content::Whole(bytes), &mut |met| {
        suspected = match met {
            Met::Container { .. } => false,
            Met::Gap(_) => true,
            Met::Blob { path, content, .. } => suspects(prepared, path, content),
        };
        if suspected { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    suspected
}

fn suspects(prepared: &Prepared, path: &BlobPath, content: Content<'_>) -> bool {
    let engine = &prepared.engine;
    let mut natures = None;
    let mut suspects = engine.is_special(path.file_name());
    each_window(content, &mut |window| {
        let bytes = window.bytes;
        let (encoding, binary) = *natures.get_or_insert_with(|| nature_of(bytes));
        let decoded = encoding.decode(bytes);
        let text = decoded.as_deref().map_or(bytes, str::as_bytes);
        suspects = suspects
            || match prepared.decode {
                true => suspected_inside(engine, text, binary),
                false => engine.suspects(text, binary, None),
            };
    });
    suspects
}

/// What is larger holds no settings that a person wrote, in bytes.
const SETTINGS: u64 = 4 * 1024 * 1024;

/// Calls `each` with the text of a blob, or of each member, where it is one that may hold settings.
pub(super) fn texts_of(prepared: &Prepared, blob: Blob<'_>, each: &mut dyn FnMut(&BlobPath, &[u8])) {
    parts(prepared, blob.path, blob.kind, blob.content, &mut |met| {
        if let Met::Blob { path, content, .. } = met {
            text_of(content, |text| each(path, text));
        }
        ControlFlow::Continue(())
    });
}

fn text_of(content: Content<'_>, each: impl FnOnce(&[u8])) {
    let mut read = vec![];
    let bytes = match content {
        Content::Whole(bytes) => bytes,
        reader => match reader.take(SETTINGS + 1).read_to_end(&mut read) {
            Ok(_) if read.len() as u64 <= SETTINGS => &read,
            // The source tells what could not be read.
            Ok(_) | Err(_) => return,
        },
    };
    let (encoding, binary) = nature_of(bytes);
    if !binary {
        let decoded = encoding.decode(bytes);
        each(decoded.as_deref().map_or(bytes, str::as_bytes));
    }
}

/// How text would be stored in what begins like this, and whether it is rather binary.
pub(super) fn nature_of(bytes: &[u8]) -> (Encoding, bool) {
    let head = &bytes[..bytes.len().min(HEAD)];
    let has_zero = memchr::memchr(0, head).is_some();
    let encoding = Encoding::detect(head, has_zero);
    (encoding, has_zero && encoding == Encoding::Bytes)
}

thread_local! {
    /// What this thread reads members into: kept, so that one costs no allocation.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(vec![]) };
}

/// What is not larger is scanned whole out of the buffer, in bytes.
const SMALL: usize = 1024 * 1024;

/// Calls `each` with all that there is, in one window where it is little; returns how many bytes that was. An error
/// ends the reading; what came before it counts.
fn each_window(content: Content<'_>, each: &mut dyn FnMut(Window<'_>)) -> u64 {
    let mut reader = match content {
        Content::Whole(bytes) => {
            each(Window { bytes, base: 0, owned: 0..bytes.len(), last: true });
            return bytes.len() as u64;
        }
        reader => reader,
    };
    BUFFER.with_borrow_mut(|buffer| {
        buffer.resize(SMALL, 0);
        let (filled, ended) = containers::fill(&mut reader, buffer);
        if filled < SMALL || ended.is_err() {
            each(Window { bytes: &buffer[..filled], base: 0, owned: 0..filled, last: true });
            return filled as u64;
        }
        let mut seen = 0;
        let read = windows(&mut Cursor::new(buffer).chain(reader), &mut |window| {
            seen = window.base + window.bytes.len() as u64;
            each(window);
        });
        read.unwrap_or(seen)
    })
}

/// What was seen in one text.
struct Scanned {
    sightings: Vec<Sighting>,
    dropped: u64,
    /// Why not all was decoded.
    limit: Option<Limit>,
    bytes: u64,
    binary: bool,
    packed: bool,
}

/// Where a text is.
type Site<'a> = (&'a BlobPath, PlaceKind, Option<&'a Appearance>);

/// Scans what is no container, or is scanned as it is stored.
fn scan(prepared: &Prepared, (path, kind, appearance): Site<'_>, content: Content<'_>) -> Scanned {
    let new = |head: &[u8]| Examiner::new(prepared, path, kind, head).appearing(appearance);
    let mut examiner = None;
    let bytes = each_window(content, &mut |window| {
        examiner.get_or_insert_with(|| new(window.bytes)).take(window);
    });
    examiner.unwrap_or_else(|| new(&[])).finish(bytes, prepared.opening.is_none())
}

struct Examiner<'a> {
    engine: &'a Engine,
    decode: bool,
    limit: Option<Limit>,
    path: &'a BlobPath,
    encoding: Encoding,
    binary: bool,
    packed: bool,
    sighter: Sighter<'a>,
}

impl<'a> Examiner<'a> {
    fn new(prepared: &'a Prepared, path: &'a BlobPath, kind: PlaceKind, bytes: &[u8]) -> Examiner<'a> {
        let (encoding, binary) = nature_of(bytes);
        Examiner {
            engine: &prepared.engine,
            decode: prepared.decode,
            limit: None,
            path,
            encoding,
            binary,
            packed: kind == PlaceKind::File && Format::of(bytes).is_some_and(Format::is_packed),
            sighter: Sighter::new(path, kind, encoding, &prepared.chosen),
        }
    }

    fn appearing(self, appearance: Option<&'a Appearance>) -> Examiner<'a> {
        Examiner { sighter: self.sighter.appearing(appearance), ..self }
    }

    fn take(&mut self, window: Window<'_>) {
        let decoded = self.encoding.decode(window.bytes);
        let text = decoded.as_deref().map_or(window.bytes, str::as_bytes);
        let scanned = Text { bytes: text, path: self.path, binary: self.binary };
        let (candidates, limit) = match self.decode {
            true => scan_inside(self.engine, scanned),
            false => (self.engine.scan(scanned), None),
        };
        self.limit = self.limit.or(limit);
        let stretch = Stretch { text, base: window.base, owned: window.owned, candidates };
        self.sighter.take(stretch, !window.last);
    }

    /// `unopened` says that containers are scanned as they are stored.
    fn finish(self, bytes: u64, unopened: bool) -> Scanned {
        let (sightings, dropped) = self.sighter.finish();
        let packed = self.packed && unopened;
        Scanned { sightings, dropped, limit: self.limit, bytes, binary: self.binary, packed }
    }
}
