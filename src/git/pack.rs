//! One pack and its index, mapped into memory (gitformat-pack(5)). Git never writes into either once they
//! have their names.

use std::path::{Path, PathBuf};

use gix_hash::{ObjectId, oid};
use gix_object::Kind;
use gix_pack::data::Entry;
use gix_pack::data::entry::Header;
use rayon::prelude::*;

use super::files::ensure_openable;
use super::inflate::{self, Zlib};
use super::{Place, Problem, Trouble};

/// A pack with its index.
pub(super) struct Pack {
    pub(super) path: PathBuf,
    pub(super) index: gix_pack::index::File,
    data: gix_pack::data::File,
}

/// What an object in a pack is made of.
pub(super) enum Base {
    /// Nothing: it is whole.
    None(Kind),
    /// The object at this offset.
    At(u64),
    /// An object that is not in the pack.
    Elsewhere(ObjectId),
}

impl Pack {
    /// The pack of an index.
    ///
    /// # Errors
    /// When one of them cannot be read or is damaged on its face.
    pub(super) fn open(index: &Path, hash: gix_hash::Kind) -> Result<Pack, Problem> {
        let path = index.with_extension("pack");
        let hint = "`git fsck` tells more, a clone or backup may still have what was in it";
        ensure_openable(index).map_err(|error| Problem::io(index, &error))?;
        ensure_openable(&path).map_err(|error| Problem::io(&path, &error))?;
        let broken = |path: &Path, error: &gix_error::Error| match error.downcast_any_ref::<std::io::Error>()
        {
            Some(error) => Problem::io(path, error),
            None => {
                let detail = format!("is damaged or of a form that is not known; {hint}");
                Problem::file(path, Trouble::Corrupt, detail)
            }
        };
        let opened = gix_pack::index::File::at(index, hash).map_err(|error| broken(index, &error))?;
        let data = gix_pack::data::File::at(&path, hash).map_err(|error| broken(&path, &error))?;
        Ok(Pack { path, index: opened, data })
    }

    /// The header of the entry at an offset.
    ///
    /// # Errors
    /// When none begins there, or it claims what its bytes cannot bear out.
    pub(super) fn entry(&self, offset: u64) -> Result<Entry, Problem> {
        let broken = |detail: &str| self.problem(offset, Trouble::Corrupt, detail);
        let end = self.data.pack_end() as u64;
        let bytes = if offset < end { self.data.entry_slice(offset..end) } else { None };
        let bytes = bytes.ok_or_else(|| broken("the index tells of an object outside of the pack"))?;
        let entry = Entry::from_bytes(bytes, offset, self.data.object_hash())
            .map_err(|_| broken("what begins here is no object"))?;
        match inflate::is_possible(entry.decompressed_size, self.compressed(&entry).len()) {
            true => Ok(entry),
            false => Err(broken("an object claims to be larger than the pack can make it")),
        }
    }

    /// The compressed bytes of an entry, and all that follows it.
    pub(super) fn compressed(&self, entry: &Entry) -> &[u8] {
        let end = self.data.pack_end() as u64;
        self.data.entry_slice(entry.data_offset.min(end)..end).unwrap_or_default()
    }

    /// The CRC-32 of the bytes from one offset to another one or to the last entry's end.
    pub(super) fn checksum(&self, start: u64, end: Option<u64>) -> Option<u32> {
        let last = self.data.pack_end() as u64;
        self.data.entry_slice(start..end.map_or(last, |end| end.min(last))).map(crc32fast::hash)
    }

    /// The CRC-32 of each piece of all bytes.
    ///
    /// # Errors
    /// When they are not all there.
    pub(super) fn checksums(&self) -> Result<Vec<u32>, Problem> {
        const PIECE: usize = 4 * 1024 * 1024;
        let all = self.data.entry_slice(0..self.data.data_len() as u64);
        let all = all.ok_or_else(|| self.problem(0, Trouble::Unreadable, "is not all there"))?;
        Ok(all.par_chunks(PIECE).map(crc32fast::hash).collect())
    }

    /// Where an object begins, if it is in this pack.
    pub(super) fn offset_of(&self, id: &oid) -> Option<u64> {
        self.index.lookup(id).map(|at| self.index.pack_offset_at_index(at))
    }

    /// What an entry is made of.
    ///
    /// # Errors
    /// When that would lie outside of the pack.
    pub(super) fn base(&self, entry: &Entry, offset: u64) -> Result<Base, Problem> {
        let base = match entry.header {
            Header::OfsDelta { base_distance } => {
                match Header::verified_base_pack_offset(offset, base_distance) {
                    Some(base) => Base::At(base),
                    None => {
                        return Err(self.problem(
                            offset,
                            Trouble::Corrupt,
                            "is made of what lies outside of the pack",
                        ));
                    }
                }
            }
            Header::RefDelta { base_id } => {
                self.offset_of(&base_id).map_or(Base::Elsewhere(base_id), Base::At)
            }
            Header::Commit => Base::None(Kind::Commit),
            Header::Tree => Base::None(Kind::Tree),
            Header::Blob => Base::None(Kind::Blob),
            Header::Tag => Base::None(Kind::Tag),
        };
        Ok(base)
    }

    /// Inflates an entry: the object itself or a delta. `out` has the size that the entry claims.
    ///
    /// # Errors
    /// When it is broken, or longer or shorter than it claims.
    pub(super) fn inflate(
        &self,
        zlib: &mut Zlib,
        entry: &Entry,
        offset: u64,
        out: &mut [u8],
    ) -> Result<(), Problem> {
        let detail = "an object is broken or has another size than it claims";
        zlib.whole(self.compressed(entry), out).ok_or_else(|| self.problem(offset, Trouble::Corrupt, detail))
    }

    pub(super) fn problem(&self, offset: u64, trouble: Trouble, detail: impl Into<String>) -> Problem {
        Problem { place: Place::Entry(self.path.clone(), offset), trouble, detail: detail.into() }
    }
}
