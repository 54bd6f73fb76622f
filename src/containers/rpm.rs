//! rpm packages: a lead, two headers, and a compressed cpio archive (the RPM V4 package format,
//! <https://rpm-software-management.github.io/rpm/manual/format_v4.html>).

use std::io::Read;

use super::{Fault, Input, Opening, damaged_header};

/// What a package begins with.
pub(super) const MAGIC: &[u8] = b"\xed\xab\xee\xdb";

const LEAD: usize = 96;

/// What each header begins with, up to its version.
const HEADER: &[u8] = b"\x8e\xad\xe8\x01";

/// Bytes of an entry in the index of a header.
const ENTRY: u64 = 16;

/// Headers are not larger (RPMSIGTAG and headerCheck in header.c of rpm: 256 MiB).
const LARGEST: u64 = 256 << 20;

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let mut reader = input.reader();
    reader.read_exact(&mut [0; LEAD])?;
    let size = size(&mut *reader)?;
    // The signatures are padded, the header is not: it holds descriptions and scripts.
    opening.member(b"signature", &mut (&mut *reader).take(size.next_multiple_of(8)))?;
    let size = self::size(&mut *reader)?;
    opening.member(b"header", &mut (&mut *reader).take(size))?;
    opening.content(b"payload", &mut *reader)
}

/// Bytes of a header behind its first ones.
fn size(reader: &mut dyn Read) -> Result<u64, Fault> {
    let mut fixed = [0; 16];
    reader.read_exact(&mut fixed)?;
    let long =
        |at: usize| u64::from(u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]));
    let size = long(8) * ENTRY + long(12);
    match fixed.starts_with(HEADER) && size <= LARGEST {
        true => Ok(size),
        false => Err(damaged_header()),
    }
}
