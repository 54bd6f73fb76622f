//! ar archives, as those of deb packages and of static libraries (ar(5), in the dialects of GNU and BSD).

use std::io::Read;

use super::input::{Sized, filled, skip};
use super::{Fault, Input, Opening, damaged_header, decimal};

/// What an archive begins with.
pub(super) const MAGIC: &[u8] = b"!<arch>\n";

const HEADER: usize = 60;

/// Longer tables of names, and names, are damage, in bytes.
const LONGEST: u64 = 1024 * 1024;

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let mut reader = input.reader();
    reader.read_exact(&mut [0; MAGIC.len()])?;
    // Names that are too long for a header stand together in a member of their own (GNU).
    let mut names = vec![];
    let mut header = [0; HEADER];
    while filled(&mut *reader, &mut header)? {
        let size = size(&header).ok_or_else(damaged_header)?;
        let name = header[..16].trim_ascii_end();
        match name {
            b"//" => {
                (&mut *reader).take(size.min(LONGEST)).read_to_end(&mut names)?;
                skip(&mut *reader, size.saturating_sub(LONGEST))?;
            }
            // The table of symbols says nothing that the members do not.
            b"/" | b"/SYM64/" | b"__.SYMDEF" => skip(&mut *reader, size)?,
            name => member(name, size, &names, &mut *reader, opening)?,
        }
        if size % 2 == 1 {
            // The last one may lack its padding.
            (&mut *reader).take(1).read_to_end(&mut vec![])?;
        }
    }
    Ok(())
}

fn member(
    name: &[u8],
    size: u64,
    names: &[u8],
    reader: &mut dyn Read,
    opening: &mut Opening<'_>,
) -> Result<(), Fault> {
    let (name, size) = match name.strip_prefix(b"#1/").map(decimal) {
        // The name stands before the content (BSD).
        Some(Some(length)) if length <= size.min(LONGEST) => {
            let mut name = vec![];
            reader.take(length).read_to_end(&mut name)?;
            (name.split(|&byte| byte == 0).next().unwrap_or_default().to_vec(), size - length)
        }
        Some(_) => return Err(damaged_header()),
        None => (long_name(name, names).to_vec(), size),
    };
    let mut content = Sized::new(reader, size);
    opening.member(&name, &mut content)?;
    let left = content.left();
    Ok(skip(reader, left)?)
}

/// A name in the table, `/` and its place there; or one that ends with `/`, so that it may end with spaces.
fn long_name<'a>(name: &'a [u8], names: &'a [u8]) -> &'a [u8] {
    let at = name.strip_prefix(b"/").and_then(decimal).and_then(|at| usize::try_from(at).ok());
    match at.and_then(|at| names.get(at..)) {
        Some(rest) => {
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            rest[..end].strip_suffix(b"/").unwrap_or(&rest[..end])
        }
        None => name.strip_suffix(b"/").unwrap_or(name),
    }
}

/// The size of a member, if the header ends as it should.
fn size(header: &[u8; HEADER]) -> Option<u64> {
    decimal(header[48..58].trim_ascii_end()).filter(|_| header.ends_with(b"`\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_every_dialect() {
        let names = b"first_long_name.o/\nsecond_long_name.o/\n";
        for (name, expected) in [
            (&b"/0"[..], &b"first_long_name.o"[..]),
            (b"/19", b"second_long_name.o"),
            (b"/99", b"/99"),
            (b"short.o/", b"short.o"),
            (b"debian-binary", b"debian-binary"),
        ] {
            assert_eq!(long_name(name, names), expected, "{name:?}");
        }
    }
}
