//! Deltas: how one object is made of another ("Deltified representation" in gitformat-pack(5)).

/// Git makes no deltas of larger objects (`core.bigFileThreshold` in git-config(1)), and to make one takes
/// memory for it and its base.
pub(super) const LARGEST: u64 = 512 * 1024 * 1024;

/// What is said of a delta that cannot be followed.
pub(super) const BROKEN: &str = "how an object is made of another one is broken";

/// A size of 63 bits.
const LONGEST_SIZE: usize = 9;

/// Results up to this size are given memory before it is known that the instructions fill it.
const SMALL: u64 = 1024 * 1024;

/// The sizes at the start of a delta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Of the object that is built upon, in bytes.
    pub(super) base: u64,
    /// Of the object that is made.
    pub(super) result: u64,
    /// Where the instructions begin.
    pub(super) instructions: usize,
}

impl Sizes {
    /// The bytes of a delta among which they are.
    pub(super) const LONGEST: usize = 2 * LONGEST_SIZE;

    /// `None` where the delta is cut off or a size is out of range.
    pub(super) fn of(delta: &[u8]) -> Option<Sizes> {
        let (base, first) = size(delta)?;
        let (result, second) = size(&delta[first..])?;
        Some(Sizes { base, result, instructions: first + second })
    }
}

/// A number in groups of seven bits, the lowest first, and how many bytes it takes.
fn size(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut size = 0u64;
    for (place, &byte) in bytes.iter().enumerate().take(LONGEST_SIZE) {
        size |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some((size, place + 1));
        }
    }
    None
}

/// Makes an object of `base` in the memory that `room` has for so many bytes. `None` when the delta is
/// broken or made for another base.
pub(super) fn patch<'a>(base: &[u8], delta: &[u8], room: impl FnOnce(usize) -> &'a mut [u8]) -> Option<()> {
    let sizes = Sizes::of(delta)?;
    let instructions = &delta[sizes.instructions..];
    if sizes.base != base.len() as u64 || sizes.result > LARGEST {
        return None;
    }
    // A few bytes can claim any size.
    if sizes.result > SMALL && promised(instructions)? != sizes.result {
        return None;
    }
    apply(base, instructions, room(sizes.result as usize))
}

/// How many bytes instructions make.
fn promised(mut instructions: &[u8]) -> Option<u64> {
    let mut sum = 0;
    while let Some((&first, rest)) = instructions.split_first() {
        let (size, rest) = match first {
            0 => return None,
            1..=0x7f => (usize::from(first), rest.get(usize::from(first)..)?),
            _ => copy(first, rest).map(|(_, size, rest)| (size, rest))?,
        };
        sum += size as u64;
        instructions = rest;
    }
    Some(sum)
}

/// Follows the instructions, which have to fill `out` exactly. `None` when they do not, or copy what is
/// not in `base`.
fn apply(base: &[u8], mut instructions: &[u8], out: &mut [u8]) -> Option<()> {
    let mut filled = 0;
    while let Some((&first, rest)) = instructions.split_first() {
        let (from, rest) = match first {
            0 => return None,
            1..=0x7f => rest.split_at_checked(usize::from(first))?,
            _ => {
                let (offset, size, rest) = copy(first, rest)?;
                (base.get(offset..offset + size)?, rest)
            }
        };
        out.get_mut(filled..filled + from.len())?.copy_from_slice(from);
        filled += from.len();
        instructions = rest;
    }
    (filled == out.len()).then_some(())
}

/// Offset and size of a copy instruction; each bit of its first byte tells whether one of seven more
/// bytes is there.
fn copy(first: u8, mut rest: &[u8]) -> Option<(usize, usize, &[u8])> {
    let mut value = 0u64;
    for place in 0..7 {
        if first & (1 << place) != 0 {
            let (&byte, behind) = rest.split_first()?;
            value |= u64::from(byte) << (8 * place);
            rest = behind;
        }
    }
    let (offset, size) = ((value & 0xffff_ffff) as usize, (value >> 32) as usize);
    Some((offset, if size == 0 { 0x1_0000 } else { size }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_instructions_or_refuses_them() {
        for (name, instructions, expected) in [
            ("insert", &b"\x02xy"[..], Some(&b"xy"[..])),
            ("copy", b"\x91\x01\x03", Some(b"bcd")),
            ("copy and insert", b"\x90\x02\x01x", Some(b"abx")),
            ("nothing", b"", Some(b"")),
            ("a copy past the end", b"\x91\x03\x02", None),
            ("a copy of 64 KiB", b"\x80", None),
            ("an insert that is cut off", b"\x03xy", None),
            ("a copy that is cut off", b"\x91\x01", None),
            ("the reserved instruction", b"\x00", None),
        ] {
            let mut out = vec![0; expected.map_or(2, <[u8]>::len)];
            let done = apply(b"abcd", instructions, &mut out);
            assert_eq!(done.map(|()| &out[..]), expected, "{name}");
        }
    }

    #[test]
    fn the_result_has_exactly_the_promised_size() {
        for size in [1, 3] {
            assert_eq!(apply(b"abcd", b"\x02xy", &mut vec![0; size]), None, "{size}");
        }
    }

    #[test]
    fn sizes_that_are_cut_off_or_out_of_range_are_refused() {
        assert_eq!(Sizes::of(b"\x80\x01\x05rest"), Some(Sizes { base: 128, result: 5, instructions: 3 }));
        for delta in [&b""[..], b"\x05", b"\x80", &[0xff; 20]] {
            assert_eq!(Sizes::of(delta), None, "{delta:?}");
        }
    }
}
