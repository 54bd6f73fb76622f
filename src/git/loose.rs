//! Objects in files of their own (`objects/??/*`, gitrepository-layout(5)).

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use gix_hash::{ObjectId, oid};
use gix_object::Kind;
use sirocco::inflate::Reader;

use super::files::open_regular;
use super::refs::{entries, id_of};
use super::{Problem, Trouble, inflate};

/// A loose object of which the header was read; the rest follows.
pub(super) struct Loose {
    pub(super) kind: Kind,
    /// In bytes, as the header claims.
    pub(super) size: u64,
    content: Reader<BufReader<File>>,
}

/// Where an object folder would have an object.
pub(super) fn path(folder: &Path, id: &oid) -> PathBuf {
    let hex = id.to_hex().to_string();
    let (first, rest) = hex.split_at(2);
    folder.join(first).join(rest)
}

/// The loose objects of a folder, sorted.
pub(super) fn list(folder: &Path, hash: gix_hash::Kind, problems: &mut Vec<Problem>) -> Vec<ObjectId> {
    let mut ids = vec![];
    for first in 0..=u8::MAX {
        let first = format!("{first:02x}");
        for entry in entries(&folder.join(&first), problems) {
            let name = entry.file_name();
            let hex = [first.as_bytes(), name.as_encoded_bytes()].concat();
            // Whatever else lies there is no object: git leaves `tmp_obj_*` behind when it is interrupted.
            ids.extend(id_of(&hex, hash));
        }
    }
    ids.sort_unstable();
    ids
}

impl Loose {
    /// # Errors
    /// When it cannot be opened or does not begin as an object does.
    pub(super) fn open(path: &Path) -> Result<Loose, Problem> {
        let file = open_regular(path).map_err(|error| Problem::io(path, &error))?;
        let mut content = inflate::reader(BufReader::new(file));
        let (kind, size) = header(&mut content).map_err(|error| Problem::io(path, &error))?;
        Ok(Loose { kind, size, content })
    }

    /// Reads the object piece by piece.
    pub(super) fn stream(self) -> impl Read {
        self.content
    }

    /// Reads the object into `out`.
    ///
    /// # Errors
    /// When it is broken, or longer or shorter than it claims.
    pub(super) fn read(self, path: &Path, out: &mut Vec<u8>) -> Result<(), Problem> {
        out.clear();
        // No memory is taken before bytes are there to fill it.
        let read = self.content.take(self.size + 1).read_to_end(out);
        read.map_err(|error| Problem::io(path, &error))?;
        match out.len() as u64 == self.size {
            true => Ok(()),
            false => {
                let detail = "holds an object of another size than it claims";
                Err(Problem::file(path, Trouble::Corrupt, detail))
            }
        }
    }
}

/// Reads `KIND SIZE\0`, byte by byte: what follows is the content.
fn header(content: &mut impl Read) -> io::Result<(Kind, u64)> {
    const LONGEST: usize = 32;
    let mut header = [0; LONGEST];
    for length in 1..=LONGEST {
        content.read_exact(&mut header[length - 1..length])?;
        if header[length - 1] == 0 {
            let parsed = gix_object::decode::loose_header(&header[..length]);
            return parsed.map(|(kind, size, _)| (kind, size)).map_err(|_| no_object());
        }
    }
    Err(no_object())
}

fn no_object() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "does not begin as an object does")
}
