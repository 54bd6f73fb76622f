//! What refs stood for before (`logs`, gitrepository-layout(5)).

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use gix_hash::ObjectId;

use super::files::{open_regular, path_bytes};
use super::refs::{LONGEST_LINE, entries, id_of};
use super::{Problem, RefStorage, Repository, Trouble};

/// One change of a ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// The ref, named as in [`super::Ref`].
    pub name: &'a [u8],
    /// Which line of the log it is, from 1.
    pub number: usize,
    /// What the ref stood for before, if anything.
    pub old: Option<ObjectId>,
    /// What it stood for afterwards, if anything.
    pub new: Option<ObjectId>,
    /// The whole line without its end: ids, who, when, and why.
    pub line: &'a [u8],
}

impl Repository {
    /// Calls `each` for every line of every reflog, and returns what could not be read.
    pub fn reflogs(&self, each: &mut dyn FnMut(LogLine<'_>)) -> Vec<Problem> {
        if self.ref_storage() == RefStorage::Reftable {
            let folder = self.common_dir().join("reftable");
            return vec![Problem::file(&folder, Trouble::Unsupported, "reflogs in this form are not read")];
        }
        let mut problems = vec![];
        for (dir, prefix) in self.worktree_dirs() {
            for (path, name) in logs_below(dir.join("logs"), prefix, &mut problems) {
                read(&path, &name, self.object_format(), each)
                    .unwrap_or_else(|problem| problems.push(problem));
            }
        }
        problems
    }
}

fn logs_below(top: PathBuf, prefix: Vec<u8>, problems: &mut Vec<Problem>) -> Vec<(PathBuf, Vec<u8>)> {
    let mut open = vec![(top, prefix)];
    let mut logs = vec![];
    while let Some((folder, prefix)) = open.pop() {
        for entry in entries(&folder, problems) {
            let name = [&prefix[..], &path_bytes(Path::new(&entry.file_name()))].concat();
            // Links to folders are not followed: they could lead in circles.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push((entry.path(), [&name[..], b"/"].concat())),
                Ok(_) => logs.push((entry.path(), name)),
                Err(error) => problems.push(Problem::io(&entry.path(), &error)),
            }
        }
    }
    logs.sort();
    logs
}

fn read(
    path: &Path,
    name: &[u8],
    hash: gix_hash::Kind,
    each: &mut dyn FnMut(LogLine<'_>),
) -> Result<(), Problem> {
    let told = |error| Problem::io(path, &error);
    let mut file = BufReader::new(open_regular(path).map_err(told)?);
    let mut line = vec![];
    for number in 1.. {
        line.clear();
        if file.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(told)? == 0 {
            break;
        }
        if line.len() as u64 == LONGEST_LINE {
            let detail =
                format!("line {number} is longer than {LONGEST_LINE} bytes; what follows was not read");
            return Err(Problem::file(path, Trouble::Corrupt, detail));
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let mut ids = line.splitn(3, |&byte| byte == b' ');
        let mut next = || id_of(ids.next()?, hash).filter(|id| !id.is_null());
        each(LogLine { name, number, old: next(), new: next(), line });
    }
    Ok(())
}
