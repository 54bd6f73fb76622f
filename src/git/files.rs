//! Reading files that someone else made.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bstr::{ByteSlice, ByteVec};

/// Opens a regular file, through links. Nothing else is opened: a FIFO would be waited for, and to open
/// a device can do things.
///
/// # Errors
/// When it is no regular file, is not there or may not be read.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    ensure_regular(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    // It may have become a FIFO since.
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    let file = options.open(path)?;
    ensure_regular(&file.metadata()?)?;
    Ok(file)
}

/// Whether a file may be handed to someone who just opens it.
///
/// # Errors
/// When it is no regular file or not there.
pub(super) fn ensure_openable(path: &Path) -> io::Result<()> {
    ensure_regular(&fs::metadata(path)?)
}

fn ensure_regular(metadata: &fs::Metadata) -> io::Result<()> {
    match metadata.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "is no regular file")),
    }
}

/// All of a file that has at most `longest` bytes.
///
/// # Errors
/// As [`open_regular`]; [`io::ErrorKind::FileTooLarge`] when there is more.
pub(super) fn read_short(path: &Path, longest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    open_regular(path)?.take(longest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest {
        let message = format!("is longer than {longest} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// `Ok(None)` where the file is not there.
pub(super) fn if_there<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A path of these bytes. Where the system's paths are Unicode and these are not, there is no such path.
pub(super) fn path_of(bytes: &[u8]) -> io::Result<PathBuf> {
    let unfit = |_| io::Error::new(io::ErrorKind::InvalidData, "names a path that is not UTF-8");
    bytes.to_path().map(Path::to_owned).map_err(unfit)
}

/// The bytes of a path, `/` between its parts. What is not Unicode is lost where the system's paths are.
pub(super) fn path_bytes(path: &Path) -> Vec<u8> {
    let bytes = Vec::from_path_lossy(path);
    if std::path::MAIN_SEPARATOR == '/' { bytes.into_owned() } else { bytes.replace("\\", "/") }
}
