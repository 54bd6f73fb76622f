//! Programs of .NET: the texts in the heap of strings that their code loads, one a line (ECMA-335, II.24.2.4, "#US").

use super::{Fault, Input, Opening};
use crate::model::GapReason;

/// Where things stand in a program.
struct Layout {
    /// The table of sections, and how many there are.
    sections: (usize, usize),
    /// The directory of what .NET has to know, as an address.
    runtime: u32,
}

/// Whether a program begins as those of .NET do.
pub(super) fn is_of_dotnet(head: &[u8]) -> bool {
    head.starts_with(b"MZ") && layout(head).is_some()
}

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let bytes = input.whole(opening.budget()).ok_or_else(super::held_too_much)?;
    let damaged = || Fault::Gap(GapReason::Corrupt, "its tables are damaged".into());
    let heap = heap(&bytes).ok_or_else(damaged)?;
    let mut lines = String::new();
    for text in texts(heap) {
        lines.push_str(&text);
        lines.push('\n');
    }
    if lines.is_empty() { Ok(()) } else { opening.member(b"strings", &mut lines.as_bytes()) }
}

/// The headers of a program (II.25.2). Only those of .NET have the fifteenth directory (II.25.2.3.3).
fn layout(bytes: &[u8]) -> Option<Layout> {
    let header = usize::try_from(long(bytes, 0x3c)?).ok().filter(|header| *header < 1 << 20)?;
    if bytes.get(header..header + 4)? != b"PE\0\0" {
        return None;
    }
    let count = usize::from(short(bytes, header + 6)?);
    let optional = header + 24;
    let directories = match short(bytes, optional)? {
        0x10b => optional + 96,
        0x20b => optional + 112,
        _ => return None,
    };
    let table = optional + usize::from(short(bytes, header + 20)?);
    let runtime = long(bytes, directories + 14 * 8).filter(|runtime| *runtime > 0)?;
    Some(Layout { sections: (table, count), runtime })
}

/// The heap of strings, by way of the header of .NET and the root of its tables (II.25.3.3, II.24.2.1); empty where
/// the program has none.
fn heap(bytes: &[u8]) -> Option<&[u8]> {
    let Layout { sections: (table, count), runtime } = layout(bytes)?;
    let offset_of = |address: u32| {
        (0..count).find_map(|number| {
            let section = table + 40 * number;
            let (size, start) = (long(bytes, section + 16)?, long(bytes, section + 12)?);
            let within = address.checked_sub(start).filter(|within| *within < size)?;
            usize::try_from(long(bytes, section + 20)?.checked_add(within)?).ok()
        })
    };
    let root = offset_of(long(bytes, offset_of(runtime)?.checked_add(8)?)?)?;
    if bytes.get(root..root.checked_add(4)?)? != b"BSJB" {
        return None;
    }
    let version = usize::try_from(long(bytes, root + 12)?).ok().filter(|length| *length <= 256)?;
    let mut stream = root + 16 + version + 4;
    for _ in 0..short(bytes, stream - 2)? {
        let name = bytes.get(stream + 8..)?;
        let length = name.iter().take(32).position(|&byte| byte == 0)?;
        if &name[..length] == b"#US" {
            let from = root.checked_add(usize::try_from(long(bytes, stream)?).ok()?)?;
            let size = usize::try_from(long(bytes, stream + 4)?).ok()?;
            return bytes.get(from..from.checked_add(size)?);
        }
        stream += 8 + (length + 1).next_multiple_of(4);
    }
    Some(&[])
}

/// The texts of a heap: lengths in one, two or four bytes, UTF-16, and a byte that says what letters there are.
fn texts(mut heap: &[u8]) -> impl Iterator<Item = String> {
    std::iter::from_fn(move || {
        let (length, size): (usize, usize) = match *heap.first()? {
            first if first < 0x80 => (usize::from(first), 1),
            first if first < 0xc0 => (usize::from(first & 0x3f) << 8 | usize::from(*heap.get(1)?), 2),
            first => {
                let rest = heap.get(1..4)?;
                let number = u32::from_be_bytes([first & 0x1f, rest[0], rest[1], rest[2]]);
                (usize::try_from(number).ok()?, 4)
            }
        };
        let blob = heap.get(size..size.checked_add(length)?)?;
        heap = &heap[size + length..];
        let (units, _) = blob.as_chunks::<2>();
        Some(String::from_utf16_lossy(
            &units.iter().map(|&unit| u16::from_le_bytes(unit)).collect::<Vec<u16>>(),
        ))
    })
    .filter(|text| !text.is_empty())
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_a_heap() {
        let long = "x".repeat(100);
        let mut heap = vec![0, 5, b'a', 0, b'b', 0, 0];
        heap.extend([0x80, 201]);
        heap.extend(long.bytes().flat_map(|byte| [byte, 0]));
        heap.extend([0, 0, 0, 0xff]);
        assert_eq!(texts(&heap).collect::<Vec<_>>(), ["ab", &long]);
    }
}
