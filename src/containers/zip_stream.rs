//! A zip that comes in a stream and is too large to be held: read by the headers before its members (PKWARE
//! APPNOTE 4.3.7), up to the directory.

use std::io::{self, BufRead, BufReader, Read};

use rawzip::CompressionMethod;

use super::inflate::Inflater;
use super::zip::{CHUNK, Checked, unknown, unpack};
use super::{Fault, Opening};
use crate::model::GapReason;

const MEMBER: &[u8] = b"PK\x03\x04";

/// Marks behind the last member: the directory, or the end of an archive that has none.
const ENDS: [&[u8]; 4] = [b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x08"];

/// What is said before a member.
struct Header {
    name: Vec<u8>,
    method: CompressionMethod,
    encrypted: bool,
    crc: u32,
    /// Compressed and not; unknown where both follow the content.
    sizes: Option<(u64, u64)>,
}

pub(super) fn read(reader: &mut dyn Read, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let mut reader = BufReader::with_capacity(CHUNK, reader);
    let mut inflater = Inflater::new();
    let mut next = mark(&mut reader)?;
    while next == MEMBER {
        let header = header(&mut reader)?;
        next = match header.sizes {
            Some(sizes) => {
                sized_member(&header, sizes, &mut reader, &mut inflater, opening)?;
                mark(&mut reader)?
            }
            None => unsized_member(&header, &mut reader, &mut inflater, opening)?,
        };
    }
    if is_known(&next) { Ok(()) } else { Err(lost("no header stands where one should")) }
}

fn header(reader: &mut impl Read) -> io::Result<Header> {
    let mut fixed = [0; 26];
    reader.read_exact(&mut fixed)?;
    let short = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
    let long = |at: usize| u32::from(short(at)) | u32::from(short(at + 2)) << 16;
    let flags = short(2);
    let (mut name, mut extra) = (vec![0; short(22).into()], vec![0; short(24).into()]);
    reader.read_exact(&mut name)?;
    reader.read_exact(&mut extra)?;
    let sizes = match (long(14), long(18)) {
        _ if flags & 1 << 3 != 0 => None,
        (u32::MAX, _) | (_, u32::MAX) => large_sizes(&extra),
        (packed, unpacked) => Some((packed.into(), unpacked.into())),
    };
    let method = CompressionMethod::new(short(4));
    Ok(Header { name, method, encrypted: flags & 1 != 0, crc: long(10), sizes })
}

/// The sizes in the extra field of ZIP64 (4.5.3), packed first.
fn large_sizes(mut extra: &[u8]) -> Option<(u64, u64)> {
    loop {
        let (head, rest) = extra.split_first_chunk::<4>()?;
        let (field, next) = rest.split_at_checked(u16::from_le_bytes([head[2], head[3]]).into())?;
        if head[..2] == [1, 0] {
            let (unpacked, rest) = field.split_first_chunk()?;
            return Some((u64::from_le_bytes(*rest.first_chunk()?), u64::from_le_bytes(*unpacked)));
        }
        extra = next;
    }
}

/// A member whose end is known.
fn sized_member(
    header: &Header,
    (packed, unpacked): (u64, u64),
    reader: &mut impl BufRead,
    inflater: &mut Inflater,
    opening: &mut Opening<'_>,
) -> Result<(), Fault> {
    let name = &header.name[..];
    let mut raw = reader.take(packed);
    let done = match header.encrypted {
        true => opening.gap(name, GapReason::Encrypted, "its password is not known here".into()),
        false if name.ends_with(b"/") && packed == 0 => opening.named(name),
        false => unpack(header.method, &mut raw, inflater, |reader| {
            opening.member(name, &mut Checked::new(reader, header.crc, unpacked))
        })
        .unwrap_or_else(|| opening.gap(name, GapReason::Unsupported, unknown(header.method))),
    };
    done?;
    io::copy(&mut raw, &mut io::sink())?;
    Ok(())
}

/// A member that ends where its compressed data says so.
fn unsized_member(
    header: &Header,
    reader: &mut impl BufRead,
    inflater: &mut Inflater,
    opening: &mut Opening<'_>,
) -> Result<[u8; 4], Fault> {
    if header.encrypted || header.method != CompressionMethod::DEFLATE {
        return Err(lost("a member is stored so that nothing tells where it ends"));
    }
    let mut inflate = inflater.read_from(&mut *reader);
    opening.member(&header.name, &mut inflate)?;
    io::copy(&mut inflate, &mut io::sink())?;
    next_mark(reader)
}

/// Passes over what follows a member, its checksum and sizes of 4 or 8 bytes, with a mark before them or without
/// (4.3.9), and returns the mark of what comes next.
fn next_mark(reader: &mut impl Read) -> Result<[u8; 4], Fault> {
    reader.read_exact(&mut [0; 12])?;
    for _ in 0..=3 {
        let mark = mark(reader)?;
        if is_known(&mark) {
            return Ok(mark);
        }
    }
    Err(lost("no header follows a member"))
}

fn mark(reader: &mut impl Read) -> io::Result<[u8; 4]> {
    let mut mark = [0; 4];
    reader.read_exact(&mut mark)?;
    Ok(mark)
}

fn is_known(mark: &[u8]) -> bool {
    mark == MEMBER || ENDS.contains(&mark)
}

fn lost(what: &str) -> Fault {
    let detail = "it comes in a stream, and is larger than what is held of such; unpack the file it is in and scan \
                  what comes out";
    Fault::Gap(GapReason::Corrupt, format!("{what}: {detail}"))
}
