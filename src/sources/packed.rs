//! Files whose content is compressed or packed: what they hold does not stand in their bytes.

/// First bytes of packed files, from the formats' own specifications: ZIP (PKWARE APPNOTE 4.3.7 and
/// 4.3.16), gzip (RFC 1952), bzip2, xz (file format 2.1.1.1), Zstandard (RFC 8878), 7z, LZ4 frames, RAR,
/// compress(1).
const MAGIC: &[&[u8]] = &[
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b\x08",
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf\x27\x1c",
    b"\x04\x22\x4d\x18",
    b"Rar!\x1a\x07",
    b"\x1f\x9d",
];

/// Whether a file that begins with `head` is packed.
pub fn is_packed(head: &[u8]) -> bool {
    MAGIC.iter().any(|magic| head.starts_with(magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_by_the_first_bytes() {
        for (head, expected) in [
            (&b"PK\x03\x04rest"[..], true),
            (b"\x1f\x8b\x08\0", true),
            (b"PK is text", false),
            (b"", false),
            (b"BZ", false),
        ] {
            assert_eq!(is_packed(head), expected, "{head:?}");
        }
    }
}
