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
                to_file(path, reveal, write).map_err(|error| {
                    let hint = "choose another place with --output";
                    CommandError::new(format!(
                        "{}: the report cannot be written: {error}; {hint}",
                        path.display()
                    ))
                })
            }
        }
    }
}

/// Writes beside the target and renames, so that nobody ever reads half a report. A target that is no
/// regular file (`/dev/full`, a FIFO) is written to directly.
fn to_file(
    path: &Path,
    private: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        if private {
            return Err(io::Error::other("secrets are written to regular files only"));
        }
        return write(&mut fs::OpenOptions::new().write(true).open(path)?);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    write(&mut file)?;
    file.as_file().sync_all()?;
    if !private {
        make_readable(&file)?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A temporary file is for its owner alone, which suits secrets; any other report is as readable as the
/// files that other programs write.
fn make_readable(file: &tempfile::NamedTempFile) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    let _ = file;
    Ok(())
}
