//! One object by its id.

use std::cell::RefCell;

use gix_hash::oid;
use gix_object::Kind;
use gix_pack::cache::DecodeEntry;
use gix_pack::cache::lru::MemoryCappedHashmap;
use gix_pack::data::Entry;

use super::delta::{self, Sizes};
use super::inflate::Zlib;
use super::loose::Loose;
use super::pack::{Base, Pack};
use super::{Problem, Store, Trouble};

/// Objects that others are made of, kept for the next look-up, in bytes.
const CACHE: usize = 32 * 1024 * 1024;

/// Git itself makes chains of 4,095 at most.
const LONGEST_CHAIN: usize = 64 * 1024;

/// How many packs may lend each other the base of one object.
const MOST_LOANS: usize = 8;

/// Finds objects one by one; each thread has its own.
pub struct Lookup<'a> {
    store: &'a Store,
    largest: u64,
    state: RefCell<State>,
}

struct State {
    zlib: Zlib,
    bases: MemoryCappedHashmap,
    delta: Vec<u8>,
    made: Vec<u8>,
    /// The pack that had the last object: the next one is often there as well.
    last: usize,
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Its kind.
    pub kind: Kind,
    /// Its size in bytes.
    pub size: u64,
}

impl<'a> Lookup<'a> {
    /// Looks in `store`; objects of more than `largest` bytes are not read.
    pub fn new(store: &'a Store, largest: u64) -> Lookup<'a> {
        let state = State {
            zlib: Zlib::new(),
            bases: MemoryCappedHashmap::new(CACHE),
            delta: vec![],
            made: vec![],
            last: 0,
        };
        Lookup { store, largest, state: RefCell::new(state) }
    }

    /// Reads an object into `out`; `None` where it is nowhere.
    ///
    /// # Errors
    /// When it is too large, or every copy of it is damaged.
    pub fn find(&self, id: &oid, out: &mut Vec<u8>) -> Result<Option<Kind>, Problem> {
        self.state.borrow_mut().find(self.store, id, self.largest, 0, out)
    }

    /// What an object is, without reading all of it; `None` where it is nowhere.
    ///
    /// # Errors
    /// When every copy of it is damaged.
    pub fn header(&self, id: &oid) -> Result<Option<Header>, Problem> {
        self.state.borrow_mut().header(self.store, id, 0)
    }
}

/// For those who walk commits and trees with gix.
impl gix_object::Find for Lookup<'_> {
    fn try_find<'b>(
        &self,
        id: &oid,
        buffer: &'b mut Vec<u8>,
    ) -> gix_error::Result<Option<gix_object::Data<'b>>> {
        let kind = self.find(id, buffer).map_err(gix_error::Error::from_error)?;
        Ok(kind.map(|kind| gix_object::Data::new(buffer, kind, id.kind())))
    }
}

impl State {
    fn find(
        &mut self,
        store: &Store,
        id: &oid,
        largest: u64,
        loans: usize,
        out: &mut Vec<u8>,
    ) -> Result<Option<Kind>, Problem> {
        let mut broken = None;
        for (at, pack) in store.packs_from(self.last) {
            let Some(offset) = pack.offset_of(id) else { continue };
            match self.packed(store, at, offset, largest, loans, out) {
                Ok(kind) => {
                    self.last = at;
                    return Ok(Some(kind));
                }
                Err(problem) => broken = broken.or(Some(problem)),
            }
        }
        for path in store.loose_paths(id) {
            let read = Loose::open(&path).and_then(|loose| {
                ensure_small(id, loose.size, largest)?;
                let kind = loose.kind;
                loose.read(&path, out).map(|()| kind)
            });
            match read {
                Ok(kind) => return Ok(Some(kind)),
                Err(problem) => broken = broken.or(Some(problem)),
            }
        }
        broken.map_or(Ok(None), Err)
    }

    fn header(&mut self, store: &Store, id: &oid, loans: usize) -> Result<Option<Header>, Problem> {
        let mut broken = None;
        for (at, pack) in store.packs_from(self.last) {
            let Some(offset) = pack.offset_of(id) else { continue };
            match self.packed_header(store, pack, offset, loans) {
                Ok(header) => {
                    self.last = at;
                    return Ok(Some(header));
                }
                Err(problem) => broken = broken.or(Some(problem)),
            }
        }
        for path in store.loose_paths(id) {
            match Loose::open(&path) {
                Ok(loose) => return Ok(Some(Header { kind: loose.kind, size: loose.size })),
                Err(problem) => broken = broken.or(Some(problem)),
            }
        }
        broken.map_or(Ok(None), Err)
    }

    /// Reads the object at an offset: down its chain to what is no delta, and up again.
    fn packed(
        &mut self,
        store: &Store,
        at: usize,
        offset: u64,
        largest: u64,
        loans: usize,
        out: &mut Vec<u8>,
    ) -> Result<Kind, Problem> {
        let pack = &store.packs[at];
        let mut deltas: Vec<(u64, Entry)> = vec![];
        let mut next = offset;
        let kind = loop {
            if let Some((kind, _)) = self.bases.get(at as u32, next, out) {
                break kind;
            }
            let entry = pack.entry(next)?;
            let base = pack.base(&entry, next)?;
            let size = match base {
                Base::None(_) => entry.decompressed_size,
                _ => self.delta_sizes(pack, &entry, next)?.result,
            };
            if size > if deltas.is_empty() { largest } else { delta::LARGEST } {
                let detail = format!("has {size} bytes, which is more than is read at once");
                return Err(pack.problem(next, Trouble::TooLarge, detail));
            }
            match base {
                Base::None(kind) => {
                    out.resize(size as usize, 0);
                    pack.inflate(&mut self.zlib, &entry, next, out)?;
                    self.bases.put(at as u32, next, out, kind, 0);
                    break kind;
                }
                Base::At(base) => {
                    deltas.push((next, entry));
                    next = base;
                }
                Base::Elsewhere(id) => {
                    deltas.push((next, entry));
                    break self.lent(store, pack, next, &id, loans, out)?;
                }
            }
            if deltas.len() > LONGEST_CHAIN {
                return Err(pack.problem(offset, Trouble::Corrupt, TOO_LONG));
            }
        };
        let is_made = !deltas.is_empty();
        for (place, entry) in deltas.into_iter().rev() {
            self.delta.resize(entry.decompressed_size as usize, 0);
            pack.inflate(&mut self.zlib, &entry, place, &mut self.delta)?;
            let made = delta::patch(out, &self.delta, |size| {
                self.made.resize(size, 0);
                &mut self.made
            });
            made.ok_or_else(|| pack.problem(place, Trouble::Corrupt, delta::BROKEN))?;
            std::mem::swap(out, &mut self.made);
        }
        if is_made {
            self.bases.put(at as u32, offset, out, kind, 0);
        }
        Ok(kind)
    }

    /// The base of the delta at `place`, from another pack or a file of its own.
    fn lent(
        &mut self,
        store: &Store,
        pack: &Pack,
        place: u64,
        id: &oid,
        loans: usize,
        out: &mut Vec<u8>,
    ) -> Result<Kind, Problem> {
        let found = match loans < MOST_LOANS {
            true => self.find(store, id, delta::LARGEST, loans + 1, out)?,
            false => None,
        };
        found.ok_or_else(|| {
            pack.problem(place, Trouble::Missing, format!("is made of {id}, which is missing"))
        })
    }

    fn packed_header(
        &mut self,
        store: &Store,
        pack: &Pack,
        offset: u64,
        loans: usize,
    ) -> Result<Header, Problem> {
        let mut size = None;
        let mut next = offset;
        for _ in 0..LONGEST_CHAIN {
            let entry = pack.entry(next)?;
            let base = pack.base(&entry, next)?;
            if let Base::None(kind) = base {
                return Ok(Header { kind, size: size.unwrap_or(entry.decompressed_size) });
            }
            if size.is_none() {
                size = Some(self.delta_sizes(pack, &entry, next)?.result);
            }
            match base {
                Base::At(base) => next = base,
                Base::Elsewhere(id) if loans < MOST_LOANS => {
                    let lent = self.header(store, &id, loans + 1)?;
                    let detail = || format!("is made of {id}, which is missing");
                    let lent = lent.ok_or_else(|| pack.problem(next, Trouble::Missing, detail()))?;
                    return Ok(Header { kind: lent.kind, size: size.unwrap_or(lent.size) });
                }
                _ => break,
            }
        }
        Err(pack.problem(offset, Trouble::Corrupt, TOO_LONG))
    }

    /// The sizes that a delta begins with.
    fn delta_sizes(&mut self, pack: &Pack, entry: &Entry, place: u64) -> Result<Sizes, Problem> {
        let mut start = [0; Sizes::LONGEST];
        let sizes = self.zlib.start(pack.compressed(entry), &mut start).and_then(Sizes::of);
        sizes.ok_or_else(|| pack.problem(place, Trouble::Corrupt, delta::BROKEN))
    }
}

const TOO_LONG: &str = "the chain of objects that this one is made of does not end";

fn ensure_small(id: &oid, size: u64, largest: u64) -> Result<(), Problem> {
    match size <= largest {
        true => Ok(()),
        false => {
            let detail = format!("has {size} bytes, which is more than is read at once");
            Err(Problem::object(id.to_owned(), Trouble::TooLarge, detail))
        }
    }
}
