//! Java classes: the texts in the table of constants, each on the line of its number, by which `javap -v` tells it
//! (The Java Virtual Machine Specification, 4.4).

use std::io::{BufReader, Read};

use super::{Fault, Input, Opening};
use crate::model::GapReason;

/// Programs of Apple for several processors begin alike; the number of these stands where classes have a version, and
/// that is 45 at least.
pub(super) fn is_class(head: &[u8]) -> bool {
    head.starts_with(b"\xca\xfe\xba\xbe")
        && head
            .get(6..8)
            .is_some_and(|version| (45..1000).contains(&u16::from_be_bytes([version[0], version[1]])))
}

pub(super) fn read(input: &mut Input<'_>, opening: &mut Opening<'_>) -> Result<(), Fault> {
    let mut reader = BufReader::new(input.reader());
    let mut head = [0; 10];
    reader.read_exact(&mut head)?;
    let count = u16::from_be_bytes([head[8], head[9]]);
    let (mut lines, mut number) = (vec![], 1);
    while number < count {
        let mut tag = [0];
        reader.read_exact(&mut tag)?;
        let skipped = match tag[0] {
            1 => {
                let mut length = [0; 2];
                reader.read_exact(&mut length)?;
                let mut text = vec![0; u16::from_be_bytes(length).into()];
                reader.read_exact(&mut text)?;
                lines.extend(text);
                0
            }
            3 | 4 | 9..=12 | 17 | 18 => 4,
            5 | 6 => 8,
            7 | 8 | 16 | 19 | 20 => 2,
            15 => 3,
            _ => return Err(Fault::Gap(GapReason::Corrupt, "its table of constants is damaged".into())),
        };
        reader.read_exact(&mut [0; 8][..skipped])?;
        lines.push(b'\n');
        number += 1;
        // Long numbers take two places (4.4.5).
        if matches!(tag[0], 5 | 6) {
            lines.push(b'\n');
            number += 1;
        }
    }
    opening.member(b"constants", &mut &lines[..])
}
