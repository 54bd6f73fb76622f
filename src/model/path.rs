//! Where a blob lies, in the bytes that the source gave.

/// Path of a blob relative to the root of the scan, `/` between its parts, as bytes: not every path is
/// UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobPath(Box<[u8]>);

impl BlobPath {
    /// A path of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> BlobPath {
        BlobPath(bytes.into().into_boxed_slice())
    }

    /// The bytes as stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path where it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The path for people, with U+FFFD for what is not UTF-8. Not made safe for a terminal.
    pub fn to_lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The path below the folder that a root is shown as, where it lies there.
    pub fn below(&self, root: &BlobPath) -> Option<BlobPath> {
        self.0.strip_prefix(&*root.0).map(BlobPath::new)
    }

    /// The last part.
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|&byte| byte == b'/').next().unwrap_or(&self.0)
    }
}

impl From<&str> for BlobPath {
    fn from(path: &str) -> BlobPath {
        BlobPath::new(path.as_bytes())
    }
}
