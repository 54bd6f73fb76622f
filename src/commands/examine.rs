//! One blob, from its bytes to its sightings.

use std::io::Read;

use crate::decode::utf16::Encoding;
use crate::engine::{Engine, Text, Window, windows};
use crate::findings::{Chosen, Sighter, Stretch};
use crate::model::{Appearance, BlobPath, PlaceKind, Sighting};
use crate::sources::{Blob, Content, is_packed};

/// How much of a blob is looked at to tell text from binary, in bytes; as git does.
const HEAD: usize = 8000;

/// What was seen in one blob.
pub(super) struct Examined {
    pub(super) sightings: Vec<Sighting>,
    /// Sightings beyond those that are kept.
    pub(super) dropped: u64,
    /// Bytes as stored.
    pub(super) bytes: u64,
    pub(super) binary: bool,
    pub(super) packed: bool,
}

/// Scans a blob. What the source could not read is the source's to tell.
pub(super) fn examine(engine: &Engine, chosen: &Chosen, blob: Blob<'_>) -> Examined {
    let Blob { path, kind, appearance, content } = blob;
    match content {
        Content::Whole(bytes) => {
            let mut examiner = Examiner::new(engine, chosen, path, kind, bytes).appearing(appearance);
            examiner.take(Window { bytes, base: 0, owned: 0..bytes.len(), last: true });
            examiner.finish(bytes.len() as u64)
        }
        Content::Stream(reader) => {
            let mut examiner = None;
            let mut seen = 0;
            let read = windows(reader, &mut |window| {
                seen = window.base + window.bytes.len() as u64;
                examiner
                    .get_or_insert_with(|| {
                        Examiner::new(engine, chosen, path, kind, window.bytes).appearing(appearance)
                    })
                    .take(window);
            });
            // An error ends the reading; what came before it counts.
            let bytes = read.unwrap_or(seen);
            examiner.unwrap_or_else(|| Examiner::new(engine, chosen, path, kind, &[])).finish(bytes)
        }
    }
}

/// Whether any rule has a match in a text whose path is not known.
pub(super) fn suspected(engine: &Engine, bytes: &[u8]) -> bool {
    let (encoding, binary) = nature(&bytes[..bytes.len().min(HEAD)]);
    let decoded = encoding.decode(bytes);
    engine.suspects(decoded.as_deref().map_or(bytes, str::as_bytes), binary)
}

/// What is larger holds no settings that a person wrote, in bytes.
const SETTINGS: u64 = 4 * 1024 * 1024;

/// Calls `each` with the text of a blob, where it is one that may hold settings.
pub(super) fn text_of(content: Content<'_>, each: impl FnOnce(&[u8])) {
    let mut read = vec![];
    let bytes = match content {
        Content::Whole(bytes) => bytes,
        Content::Stream(reader) => match reader.take(SETTINGS + 1).read_to_end(&mut read) {
            Ok(_) if read.len() as u64 <= SETTINGS => &read,
            // The source tells what could not be read.
            Ok(_) | Err(_) => return,
        },
    };
    let (encoding, binary) = nature(&bytes[..bytes.len().min(HEAD)]);
    if !binary {
        let decoded = encoding.decode(bytes);
        each(decoded.as_deref().map_or(bytes, str::as_bytes));
    }
}

/// The same of a whole blob.
pub(super) fn nature_of(bytes: &[u8]) -> (Encoding, bool) {
    nature(&bytes[..bytes.len().min(HEAD)])
}

/// How text would be stored in what begins like this, and whether it is rather binary.
fn nature(head: &[u8]) -> (Encoding, bool) {
    let has_zero = memchr::memchr(0, head).is_some();
    let encoding = Encoding::detect(head, has_zero);
    (encoding, has_zero && encoding == Encoding::Bytes)
}

struct Examiner<'a> {
    engine: &'a Engine,
    path: &'a BlobPath,
    encoding: Encoding,
    binary: bool,
    packed: bool,
    sighter: Sighter<'a>,
}

impl<'a> Examiner<'a> {
    fn new(
        engine: &'a Engine,
        chosen: &'a Chosen,
        path: &'a BlobPath,
        kind: PlaceKind,
        bytes: &[u8],
    ) -> Examiner<'a> {
        let head = &bytes[..bytes.len().min(HEAD)];
        let (encoding, binary) = nature(head);
        Examiner {
            engine,
            path,
            encoding,
            binary,
            packed: kind == PlaceKind::File && is_packed(head),
            sighter: Sighter::new(path, kind, encoding, chosen),
        }
    }

    fn appearing(self, appearance: Option<&'a Appearance>) -> Examiner<'a> {
        Examiner { sighter: self.sighter.appearing(appearance), ..self }
    }

    fn take(&mut self, window: Window<'_>) {
        let decoded = self.encoding.decode(window.bytes);
        let text = decoded.as_deref().map_or(window.bytes, str::as_bytes);
        let candidates = self.engine.scan(Text { bytes: text, path: self.path, binary: self.binary });
        let stretch = Stretch { text, base: window.base, owned: window.owned, candidates };
        self.sighter.take(stretch, !window.last);
    }

    fn finish(self, bytes: u64) -> Examined {
        let (sightings, dropped) = self.sighter.finish();
        Examined { sightings, dropped, bytes, binary: self.binary, packed: self.packed }
    }
}
