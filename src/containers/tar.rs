//! tar, in all its dialects: ustar and pax (POSIX.1-2024, pax(1)), GNU (tar.h of GNU tar), and what was before
//! them.
//!
//! Read by hand: the usual library reads names of any claimed length into memory, makes up the holes of sparse
//! files, and ends where others do not.

use std::io::{self, Read};

use super::image::{self, Layers};
use super::input::{Sized, fill, skip};
use super::{Fault, Input, Opening, damaged_header, decimal};
use crate::model::{GapReason, PlaceKind};

/// Headers and content come in blocks of so many bytes.
pub(super) const BLOCK: usize = 512;

/// Longer names and attributes are cut off, in bytes: no system has such names.
const LONGEST: usize = 1024 * 1024;

pub(super) type Block = [u8; BLOCK];

/// What headers before that of a member say of it.
#[derive(Default)]
struct Said {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    /// All of it, where it is text.
    text: Vec<u8>,
}

/// Whether a file that begins so is a tar: the checksum of its first header is right.
pub(super) fn is_header(head: &[u8]) -> bool {
    head.first_chunk().is_some_and(|block: &Block| block[0] != 0 && checksum_is_right(block))
}

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let layers = match input {
        Input::Seekable(reader) => image::layers(*reader)?,
        Input::Held(bytes) => image::layers(bytes)?,
        Input::Stream(..) => Layers::new(),
    };
    let mut reader = input.reader();
    let mut said = Said::default();
    let mut block: Block = [0; BLOCK];
    let mut ended = false;
    loop {
        match fill(&mut *reader, &mut block) {
            (0, end) => return Ok(end?),
            (BLOCK, _) => {}
            (read, _) => return rest(&block[..read], &mut *reader, ended, opening),
        }
        // The end is marked by blocks of zeros; archives that were put after each other go on behind them.
        if block == [0; BLOCK] {
            ended = true;
            continue;
        }
        if !checksum_is_right(&block) {
            return rest(&block, &mut *reader, ended, opening);
        }
        ended = false;
        entry(&block, &mut said, &layers, &mut *reader, opening)?;
    }
}

/// What is no part of the archive, or no longer.
fn rest(block: &[u8], reader: &mut dyn Read, ended: bool, opening: &mut Opening<'_>) -> Result<(), Fault> {
    opening.member(b"", &mut block.chain(reader))?;
    match ended {
        true => Ok(()),
        false => {
            let detail = "a header is damaged; what follows was scanned as it is";
            opening.gap(b"", GapReason::Corrupt, detail.into())
        }
    }
}

fn entry(
    block: &Block,
    said: &mut Said,
    layers: &Layers,
    reader: &mut dyn Read,
    opening: &mut Opening<'_>,
) -> Result<(), Fault> {
    let kind = block[156];
    let size = match said.size {
        Some(size) if !is_about_next(kind) => size,
        _ => size_in(block).ok_or_else(damaged_header)?,
    };
    let padded = |size: u64| size.next_multiple_of(BLOCK as u64) - size;
    if is_about_next(kind) {
        let text = limited(reader, size)?;
        skip(reader, padded(size))?;
        said.add(kind, text);
        return Ok(());
    }
    let Said { name, link, text, .. } = std::mem::take(said);
    let name = name.unwrap_or_else(|| name_in(block));
    let name = layers.get(&name).unwrap_or(&name);
    if kind == b'S' {
        // The map of the holes goes on in blocks of its own; what is not a hole follows.
        let mut more = block[482] == 1;
        while more {
            let mut map = [0; BLOCK];
            reader.read_exact(&mut map)?;
            more = map[504] == 1;
        }
    }
    if !text.is_empty() {
        opening.text(name, PlaceKind::Name, &text)?;
    }
    let link = link.unwrap_or_else(|| until_zero(&block[157..257]).to_vec());
    if !link.is_empty() {
        opening.text(name, PlaceKind::Name, &link)?;
    }
    match kind {
        b'1'..=b'6' => opening.named(name),
        _ => {
            let mut content = Sized::new(reader, size);
            opening.member(name, &mut content)?;
            let left = content.left();
            Ok(skip(reader, left + padded(size))?)
        }
    }
}

impl Said {
    /// Takes what a header says of the member after it.
    fn add(&mut self, kind: u8, text: Vec<u8>) {
        match kind {
            b'L' => self.name = Some(until_zero(&text).to_vec()),
            b'K' => self.link = Some(until_zero(&text).to_vec()),
            _ => {
                for (key, value) in records(&text) {
                    match key {
                        b"path" | b"GNU.sparse.name" => self.name = Some(value.to_vec()),
                        b"linkpath" => self.link = Some(value.to_vec()),
                        b"size" => self.size = decimal(value),
                        _ => {}
                    }
                }
                self.text.extend(text);
            }
        }
    }
}

/// Records of `LENGTH KEY=VALUE\n`, the length being that of the whole record.
fn records(mut text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let space = memchr::memchr(b' ', text)?;
        let length = usize::try_from(decimal(&text[..space])?).ok()?;
        let record = text.get(space + 1..length)?;
        text = &text[length..];
        let equals = memchr::memchr(b'=', record)?;
        Some((&record[..equals], record[equals + 1..].strip_suffix(b"\n")?))
    })
}

/// Whether an entry says something of the next one: a long name or link of GNU, attributes of pax, for one member
/// or for all (as Solaris writes them, too).
fn is_about_next(kind: u8) -> bool {
    matches!(kind, b'L' | b'K' | b'x' | b'X' | b'g')
}

/// The first bytes of so many, and past the others.
fn limited(reader: &mut dyn Read, size: u64) -> Result<Vec<u8>, Fault> {
    let mut text = vec![];
    let kept = size.min(LONGEST as u64);
    if reader.take(kept).read_to_end(&mut text)? as u64 != kept {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    skip(reader, size - kept)?;
    Ok(text)
}

/// The size of the content that follows a header.
pub(super) fn size_in(block: &Block) -> Option<u64> {
    number(&block[124..136])
}

/// The name in a header.
pub(super) fn name_in(block: &Block) -> Vec<u8> {
    let name = until_zero(&block[..100]);
    // GNU keeps times where ustar has the first half of long names.
    match until_zero(&block[345..500]) {
        prefix if !prefix.is_empty() && block[257..].starts_with(b"ustar\0") => [prefix, b"/", name].concat(),
        _ => name.to_vec(),
    }
}

fn until_zero(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or(field)
}

/// The sum of all bytes, its own field taken as spaces; some old programs added them up as signed ones.
fn checksum_is_right(block: &Block) -> bool {
    let bytes = || block[..148].iter().chain(b"        ").chain(&block[156..]);
    let unsigned: u64 = bytes().map(|&byte| u64::from(byte)).sum();
    let signed: i64 = bytes().map(|&byte| i64::from(byte.cast_signed())).sum();
    number(&block[148..156]).is_some_and(|sum| sum == unsigned || i64::try_from(sum) == Ok(signed))
}

/// A number in octal digits, or in binary where its first bit is set (GNU).
fn number(field: &[u8]) -> Option<u64> {
    if let Some((&first @ 0x80.., rest)) = field.split_first() {
        let add = |sum: u64, &byte: &u8| Some(sum.checked_mul(256)? + u64::from(byte));
        return rest.iter().try_fold(u64::from(first & 0x7f), add);
    }
    let digits = until_zero(field).trim_ascii();
    digits.iter().try_fold(0u64, |sum, byte| match byte {
        b'0'..=b'7' => sum.checked_mul(8)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary() {
        for (field, expected) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"00000008", None),
            (b"", Some(0)),
            (b"\x80\0\x01\0", Some(256)),
            (b"\x80\0\0\0\0\0\0\0\0\0\x01\0", Some(256)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        ] {
            assert_eq!(number(field), expected, "{field:?}");
        }
    }

    #[test]
    fn records_end_where_they_are_wrong() {
        let all = |text: &'static [u8]| records(text).collect::<Vec<_>>();
        assert_eq!(all(b"11 path=ab\n10 a=b=\nc\n"), [(&b"path"[..], &b"ab"[..]), (b"a", b"b=\nc")]);
        assert_eq!(all(b"99 path=ab\n"), []);
        assert_eq!(all(b"3 path=ab\n"), []);
        assert_eq!(all(b"x"), []);
    }
}
