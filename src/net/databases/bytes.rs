//! Bytes of a server, read from the front: what is not there is an answer that means nothing, never a panic.

use super::Halt;

/// What was not read yet.
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Bytes<'a> {
        Bytes(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Halt> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(Halt::strange)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Halt> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(Halt::strange)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Halt> {
        Ok(self.array::<1>()?[0])
    }

    /// What stands before the next zero, which is passed as well.
    pub(super) fn until_zero(&mut self) -> Result<&'a [u8], Halt> {
        let end = memchr::memchr(0, self.0).ok_or_else(Halt::strange)?;
        let text = self.take(end)?;
        self.byte()?;
        Ok(text)
    }

    /// As many bytes as a number of four bytes, the highest first, tells before them.
    pub(super) fn counted(&mut self) -> Result<&'a [u8], Halt> {
        let length = u32::from_be_bytes(self.array()?);
        self.take(length as usize)
    }

    /// The tag and the content of an element of ASN.1 in BER (X.690, 8.1), with a tag of one byte and a length that is
    /// told.
    pub(super) fn element(&mut self) -> Result<(u8, &'a [u8]), Halt> {
        let tag = self.byte()?;
        let length = match self.byte()? {
            short @ 0..=0x7f => usize::from(short),
            long @ 0x81..=0x84 => {
                let bytes = self.take(usize::from(long & 0x7f))?;
                bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
            }
            _ => return Err(Halt::strange()),
        };
        Ok((tag, self.take(length)?))
    }

    /// The content of an element with this tag.
    pub(super) fn element_of(&mut self, tag: u8) -> Result<&'a [u8], Halt> {
        match self.element()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(Halt::strange()),
        }
    }
}

/// Text of a server.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Bytes as hashes are written.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
