//! Makes objects of what a pack holds: inflates what is whole, and applies deltas.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::buffer::{Buffer, Spares};
use super::inflate::Zlib;
use super::table::Place;
use super::{Lookup, Problem, Store, Trouble, delta};

/// Objects from this size on are handed over as a stream where that is possible, and otherwise only one
/// thread at a time has one.
pub(super) const LARGE: u64 = 64 * 1024 * 1024;

/// One thread's means to decode.
pub(super) struct Decoder<'a, 's> {
    store: &'a Store,
    zlib: Zlib,
    delta: Buffer,
    pub(super) spares: Spares,
    /// Made when the first object has to be looked for elsewhere.
    lookup: Option<Lookup<'a>>,
    /// Whoever has a large object in memory holds it.
    large: &'s Mutex<()>,
    held: Option<MutexGuard<'s, ()>>,
}

impl<'a, 's> Decoder<'a, 's> {
    pub(super) fn new(store: &'a Store, large: &'s Mutex<()>) -> Decoder<'a, 's> {
        Decoder {
            store,
            zlib: Zlib::new(),
            delta: Buffer::default(),
            spares: Spares::default(),
            lookup: None,
            large,
            held: None,
        }
    }

    /// Says that no large object is in memory any more.
    pub(super) fn let_others(&mut self) {
        self.held = None;
    }

    /// Decodes an object that was decoded before.
    pub(super) fn again(&mut self, place: Place<'a>) -> Result<Buffer, Problem> {
        let chain: Vec<Place<'a>> = std::iter::successors(Some(place), Place::base).collect();
        let mut object: Option<Buffer> = None;
        for place in chain.into_iter().rev() {
            let next = match &object {
                None => self.whole(place)?,
                Some(base) => self.make(place, base)?,
            };
            object.replace(next).into_iter().for_each(|base| self.spares.put(base));
        }
        object.ok_or_else(|| place.problem(Trouble::Corrupt, delta::BROKEN))
    }

    /// An object that is made of none in its pack.
    pub(super) fn whole(&mut self, place: Place<'a>) -> Result<Buffer, Problem> {
        if let Some(base) = place.table.lent.get(&place.row) {
            let mut lent = vec![];
            let found = self.lookup().find(base, &mut lent)?;
            let missing = || place.problem(Trouble::Missing, format!("is made of {base}, which is missing"));
            return found.ok_or_else(missing).and_then(|_| self.make(place, &lent));
        }
        let entry = place.entry()?;
        self.ensure_room(place, entry.decompressed_size)?;
        let mut object = self.spares.take();
        let out = object.sized(entry.decompressed_size as usize);
        place.pack.inflate(&mut self.zlib, &entry, place.offset(), out)?;
        Ok(object)
    }

    /// An object that is made of another one.
    pub(super) fn make(&mut self, place: Place<'a>, base: &[u8]) -> Result<Buffer, Problem> {
        let entry = place.entry()?;
        self.ensure_room(place, entry.decompressed_size)?;
        let delta = self.delta.sized(entry.decompressed_size as usize);
        place.pack.inflate(&mut self.zlib, &entry, place.offset(), delta)?;
        let delta = std::mem::take(&mut self.delta);
        let made = self.patched(place, base, &delta);
        self.delta = delta;
        made
    }

    fn patched(&mut self, place: Place<'a>, base: &[u8], delta: &[u8]) -> Result<Buffer, Problem> {
        let broken = || place.problem(Trouble::Corrupt, delta::BROKEN);
        let sizes = delta::Sizes::of(delta).ok_or_else(broken)?;
        self.ensure_room(place, sizes.result)?;
        let mut object = self.spares.take();
        delta::patch(base, delta, |size| object.sized(size)).ok_or_else(broken)?;
        Ok(object)
    }

    /// Waits until no other thread has a large object, where this one is large.
    fn ensure_room(&mut self, place: Place<'a>, size: u64) -> Result<(), Problem> {
        if size > delta::LARGEST {
            let detail = format!("takes {size} bytes, which is more than is read at once");
            return Err(place.problem(Trouble::TooLarge, detail));
        }
        if size > LARGE && self.held.is_none() {
            // What another thread left behind when it panicked is not looked at.
            self.held = Some(self.large.lock().unwrap_or_else(PoisonError::into_inner));
        }
        Ok(())
    }

    pub(super) fn lookup(&mut self) -> &Lookup<'a> {
        let store = self.store;
        self.lookup.get_or_insert_with(|| Lookup::new(store, delta::LARGEST))
    }
}
