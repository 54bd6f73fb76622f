//! cpio archives, as those of rpm packages and of initial ramdisks: the "new" portable format, with a checksum or
//! without, and the old portable one (cpio(5)).

use std::io::Read;

use super::input::{Sized, filled, skip};
use super::{Fault, Input, Opening, damaged_header};
use crate::model::{GapReason, PlaceKind};

/// What headers begin with: new, new with a checksum, old.
pub(super) const MAGICS: [&[u8]; 3] = [b"070701", b"070702", b"070707"];

/// The name behind the last member.
const END: &[u8] = b"TRAILER!!!";

/// Longer names are damage, in bytes.
const LONGEST: u64 = 64 * 1024;

/// What a header says.
struct Header {
    mode: u64,
    name: u64,
    size: u64,
    /// What comes after a header with its name, and after content, is padded to a multiple of this.
    padded: u64,
    /// Bytes of the header.
    length: u64,
}

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let mut reader = input.reader();
    let mut magic = [0; 6];
    while filled(&mut *reader, &mut magic)? {
        let header = header(&magic, &mut *reader)?;
        let mut name = vec![];
        (&mut *reader).take(header.name).read_to_end(&mut name)?;
        let padding = |size: u64| size.next_multiple_of(header.padded) - size;
        skip(&mut *reader, padding(header.length + header.name))?;
        let name = name.strip_suffix(&[0]).unwrap_or(&name);
        if name == END {
            // Archives may follow each other, padded with zeros: as in initial ramdisks.
            return rest(&mut *reader, opening);
        }
        let mut content = Sized::new(&mut *reader, header.size);
        match header.mode & 0o170_000 {
            0o120_000 => {
                let mut link = vec![];
                (&mut content).take(LONGEST).read_to_end(&mut link)?;
                opening.named(name)?;
                opening.text(name, PlaceKind::Name, &link)?;
            }
            0o100_000 => opening.member(name, &mut content)?,
            _ => opening.named(name)?,
        }
        let left = content.left();
        skip(&mut *reader, left + padding(header.size))?;
    }
    Err(Fault::Gap(GapReason::Corrupt, "it ends too early".into()))
}

/// What follows the end, past zeros.
fn rest(reader: &mut dyn Read, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let mut byte = [0; 1];
    while reader.read(&mut byte)? == 1 {
        if byte != [0] {
            return opening.member(b"", &mut byte.chain(reader));
        }
    }
    Ok(())
}

fn header(magic: &[u8; 6], reader: &mut dyn Read) -> Result<Header, Fault> {
    if magic == MAGICS[2] {
        let mut fields = [0; 70];
        reader.read_exact(&mut fields)?;
        let field = |at: usize, length: usize| number(&fields[at..at + length], 8).ok_or_else(damaged_header);
        let (mode, name, size) = (field(12, 6)?, field(53, 6)?, field(59, 11)?);
        return Ok(Header { mode, name, size, padded: 1, length: 76 });
    }
    if !MAGICS.contains(&&magic[..]) {
        return Err(damaged_header());
    }
    let mut fields = [0; 104];
    reader.read_exact(&mut fields)?;
    let field = |number_of: usize| number(&fields[number_of * 8..][..8], 16).ok_or_else(damaged_header);
    let (mode, size, name) = (field(1)?, field(6)?, field(11)?);
    if name > LONGEST {
        return Err(damaged_header());
    }
    Ok(Header { mode, name, size, padded: 4, length: 110 })
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}
