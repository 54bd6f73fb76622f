//! Where a report goes.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{CommandError, closed_pipe_is_fine};
use crate::model::Report;
use crate::report::{Format, View, color_on};

/// Where a report goes.
#[derive(Debug, Clone)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// A file, replaced as a whole once the report is complete.
    File(PathBuf),
}

impl Output {
    /// Tells before the work what would fail after it.
    ///
    /// # Errors
    /// When there is no folder to write into, or a folder stands in the way.
    pub(super) fn check(&self) -> Result<(), CommandError> {
        let Output::File(path) = self else { return Ok(()) };
        let folder = || match fs::metadata(folder_of(path))? {
            folder if folder.is_dir() => Ok(()),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        };
        let fits = if path.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { folder() };
        fits.map_err(|error: io::Error| unwritable(path, &error))
    }

    /// Writes the report.
    ///
    /// # Errors
    /// When it cannot be written in full. A closed pipe is no error.
    pub(super) fn write(&self, report: &Report, format: Format, reveal: bool) -> Result<(), CommandError> {
        match self {
            Output::Stdout => {
                let stdout = io::stdout().lock();
                let view = View { reveal, color: color_on(&stdout) };
                format
                    .write(report, view, &mut { stdout })
                    .map_err(CommandError::from)
                    .or_else(closed_pipe_is_fine)
            }
            Output::File(path) => {
                let write = |out: &mut dyn Write| format.write(report, View { reveal, color: false }, out);
                to_file(path, reveal, write).map_err(|error| unwritable(path, &error))
            }
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> CommandError {
    let path = path.display();
    CommandError::new(format!(
        "{path}: the report cannot be written: {error}; choose another place with --output"
    ))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes beside the target and renames, so that nobody ever reads half a report. A target that is no
/// regular file (`/dev/full`, a FIFO) is written to directly, and a link stays one.
pub(super) fn to_file(
    path: &Path,
    private: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(&path).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        if private {
            return Err(io::Error::other("secrets are written to regular files only"));
        }
        return write(&mut fs::OpenOptions::new().write(true).open(path)?);
    }
    // The temporary name is nobody's business.
    let failed = |error: io::Error| io::Error::from(error.kind());
    let mut file = temporary(private).tempfile_in(folder_of(&path)).map_err(failed)?;
    write(&mut file)?;
    if let Some(old) = old.filter(|_| !private) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A temporary file is for its owner alone, which suits secrets; any other report is as readable as the
/// files that other programs write.
fn temporary(private: bool) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    if !private {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let _ = private;
    builder
}
