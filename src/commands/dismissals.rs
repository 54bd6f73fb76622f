//! What is not to be reported: the ignore file and the baseline that were named, or those of each root.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{CommandError, ScanTask};
use crate::findings::{Baseline, Dismissed, IgnoreFile};
use crate::model::{BlobPath, day};
use crate::sources::folder_as_shown;

/// The ignore file of a root.
pub(super) const IGNORE_FILE: &str = ".stanchignore";

/// The baseline of a root.
pub(super) const BASELINE: &str = ".stanch-baseline";

/// Which baseline has its findings not reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// That of each root.
    OfRoots,
    /// This one.
    Named(PathBuf),
    /// None.
    Nothing,
}

/// What the files of these roots, or those that were named, say.
pub(super) fn read_dismissed(task: &ScanTask, roots: &[PathBuf]) -> Result<Dismissed, CommandError> {
    let baseline = match &task.known {
        Known::OfRoots => read_baselines(of_roots(roots, BASELINE))?,
        Known::Named(file) => read_baselines(vec![named(file)])?,
        Known::Nothing => Baseline::default(),
    };
    Ok(Dismissed { baseline, ..read_ignores(task, roots)? })
}

/// The same without the baselines of roots: what was there before is still to be asked about and revoked.
pub(super) fn read_ignores(task: &ScanTask, roots: &[PathBuf]) -> Result<Dismissed, CommandError> {
    let files = match &task.ignore_file {
        Some(file) => vec![named(file)],
        None => of_roots(roots, IGNORE_FILE),
    };
    let mut ignores = IgnoreFile::default();
    each(files, "ignore file", |file, text| ignores.add(&file.name, &file.root, text, &today()))?;
    let baseline = match &task.known {
        Known::Named(file) => read_baselines(vec![named(file)])?,
        Known::OfRoots | Known::Nothing => Baseline::default(),
    };
    Ok(Dismissed { ignores, baseline })
}

fn read_baselines(files: Vec<Named>) -> Result<Baseline, CommandError> {
    let mut baseline = Baseline::default();
    each(files, "baseline", |file, text| baseline.add(&file.name, text, &today()))?;
    Ok(baseline)
}

/// A file, what the report calls it, and what paths that it is about begin with there.
struct Named {
    file: PathBuf,
    name: String,
    root: BlobPath,
}

fn named(file: &Path) -> Named {
    Named { file: file.to_owned(), name: file.display().to_string(), root: BlobPath::from("") }
}

/// Reads files, and tells all faults of all of them.
fn each(
    files: Vec<Named>,
    what: &str,
    mut add: impl FnMut(&Named, &str) -> Result<(), Vec<String>>,
) -> Result<(), CommandError> {
    let mut faults = vec![];
    for file in files {
        let text = read(&file.file, what)?;
        if let Err(found) = add(&file, &text) {
            faults.extend(placed(&file.file, found));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(CommandError::all(faults)) }
}

/// The text of a file that people edit.
pub(super) fn read(file: &Path, what: &str) -> Result<String, CommandError> {
    fs::read_to_string(file)
        .map_err(|error| CommandError::new(format!("{}: the {what} cannot be read: {error}", file.display())))
}

/// The faults of a file, each after its name.
pub(super) fn placed(file: &Path, faults: Vec<String>) -> Vec<String> {
    faults.iter().map(|fault| format!("{}:{fault}", file.display())).collect()
}

/// The file of this name of each root that has one. The root of files that were named is the current folder.
fn of_roots(roots: &[PathBuf], name: &str) -> Vec<Named> {
    let paths: Vec<&PathBuf> = roots.iter().filter(|root| *root != Path::new("-")).collect();
    let mut read = HashSet::new();
    let named = |path: &&PathBuf| {
        let (file, root) = match path.is_dir() {
            true => (path.join(name), folder_as_shown(path, paths.len() == 1)),
            false => (PathBuf::from(name), BlobPath::from("")),
        };
        // In the report it is named as any path there, without the place of the root itself.
        Named { file, name: format!("{}{name}", root.to_lossy()), root }
    };
    let files = paths.iter().map(named);
    files
        .filter(|Named { file, .. }| {
            file.is_file() && fs::canonicalize(file).is_ok_and(|file| read.insert(file))
        })
        .collect()
}

/// The day in UTC.
pub(super) fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    day(i64::try_from(seconds).unwrap_or(i64::MAX))
}
