//! Reads and writes as much of ASN.1 DER as private keys need.
//!
//! Libraries for keys refuse what OpenSSL loads (lengths in longer forms, numbers without their leading
//! zero, unknown algorithms), and what they refuse would be a leak in silence. This reader asks only that
//! every length fits.

/// Tags, as in X.690.
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// The elements of a constructed value, one after another.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    /// Tag and content of the next element; `None` at the end and where a length leads past it.
    pub(super) fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, length], mut rest) = self.0.split_first_chunk()?;
        let mut length = usize::from(length);
        if length > 0x80 {
            let (digits, after) =
                rest.split_at_checked(length - 0x80).filter(|(digits, _)| digits.len() <= 4)?;
            length = digits.iter().fold(0, |number, &digit| number << 8 | usize::from(digit));
            rest = after;
        }
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some((tag, content))
    }

    /// The content of the next element, if it bears this tag; otherwise nothing is taken.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let before = self.0;
        let content = self.any().filter(|(found, _)| *found == tag);
        if content.is_none() {
            self.0 = before;
        }
        content.map(|(_, content)| content)
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The elements of the next element, a sequence.
    pub(super) fn sequence(&mut self) -> Option<Reader<'a>> {
        self.take(SEQUENCE).map(Reader)
    }

    /// The next element, a number, without leading zeros.
    pub(super) fn integer(&mut self) -> Option<&'a [u8]> {
        self.take(INTEGER).map(unsigned)
    }
}

/// A number without leading zeros.
pub(super) fn unsigned(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|&&byte| byte == 0).count()..]
}

/// One element. Its content is shorter than 16 MiB, as all that comes from a scanned text is.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32).to_be_bytes();
    let length = match content.len() {
        0..0x80 => &length[3..],
        0x80..0x100 => &[0x81, length[3]],
        0x100..0x1_0000 => &[0x82, length[2], length[3]],
        _ => &[0x83, length[1], length[2], length[3]],
    };
    [&[tag], length, content].concat()
}

pub(super) fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &elements.concat())
}

/// A number that is not negative.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    element(INTEGER, &signed(bytes))
}

pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes].concat())
}

/// A number with a zero before it where its first bit would be read as a minus sign.
pub(super) fn signed(bytes: &[u8]) -> Vec<u8> {
    let bytes = unsigned(bytes);
    let zero: &[u8] = if bytes.first().is_none_or(|&first| first >= 0x80) { &[0] } else { &[] };
    [zero, bytes].concat()
}

/// An object identifier for people: `1.2.840.113549.1.1.1`.
pub(super) fn dotted(object: &[u8]) -> String {
    let mut arcs: Vec<u64> = vec![];
    let mut arc = 0u64;
    for byte in object.iter().take(32) {
        arc = arc << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            arcs.push(arc);
            arc = 0;
        }
    }
    // The first number holds two arcs, of which the first is at most 2.
    if let Some(&first) = arcs.first() {
        let root = (first / 40).min(2);
        arcs.splice(..1, [root, first - 40 * root]);
    }
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let content = vec![7; length];
            let bytes = element(OCTET_STRING, &content);
            assert_eq!(Reader::of(&bytes).any(), Some((OCTET_STRING, &content[..])), "{length}");
            assert_eq!(Reader::of(&bytes[..bytes.len() - 1]).any(), None, "{length}, cut");
        }
        assert_eq!(Reader::of(&integer(&[0x80])).integer(), Some(&[0x80][..]));
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(Reader::of(&[0x30, 0x85, 1, 0, 0, 0, 0]).any(), None);
    }

    #[test]
    fn object_identifiers_read_as_people_write_them() {
        assert_eq!(dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]), "1.2.840.113549.1.1.1");
        assert_eq!(dotted(&[0x2b, 0x65, 0x70]), "1.3.101.112");
        assert_eq!(dotted(&[0x60, 0x86, 0x48]), "2.16.840");
        assert_eq!(dotted(&[]), "");
    }
}
