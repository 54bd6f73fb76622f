//! The object folders of a repository: its own, and those it borrows from (`objects/info/alternates`,
//! gitrepository-layout(5)).

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use bstr::ByteSlice;

use super::files::{if_there, path_of, read_short};
use super::{ObjectFolder, Origin, Problem, Trouble};

const LONGEST_LIST: u64 = 1024 * 1024;

/// No pool of shared objects is that deep; what borrows from more folders was made to.
const MOST_FOLDERS: usize = 1000;

/// The folder `own`, those that are named in `extra`, and whatever they borrow from, each once.
pub(super) fn folders(
    own: ObjectFolder,
    extra: Vec<PathBuf>,
    problems: &mut Vec<Problem>,
) -> Vec<ObjectFolder> {
    let mut known = HashSet::new();
    let mut folders = vec![];
    let mut open = vec![own];
    open.extend(extra.into_iter().map(|path| ObjectFolder { path, origin: Origin::Alternate }));
    open.reverse();
    while let Some(folder) = open.pop() {
        let real = match fs::canonicalize(&folder.path) {
            Ok(real) if real.is_dir() => real,
            Ok(_) => {
                problems.push(missing(&folder.path, "is no folder"));
                continue;
            }
            Err(error) => {
                problems.push(missing(&folder.path, &error.to_string()));
                continue;
            }
        };
        if !known.insert(real) {
            continue;
        }
        if folders.len() == MOST_FOLDERS {
            let detail = format!("objects are borrowed from more than {MOST_FOLDERS} folders");
            problems.push(Problem::file(&folder.path, Trouble::TooLarge, detail));
            break;
        }
        let borrowed = named_in(&folder.path.join("info/alternates"), &folder.path, problems);
        open.extend(borrowed.into_iter().rev().map(|path| ObjectFolder { path, origin: Origin::Alternate }));
        folders.push(folder);
    }
    folders
}

fn missing(path: &Path, why: &str) -> Problem {
    let detail = format!("{why}; objects should be there, bring the folder back to have them scanned");
    Problem::file(path, Trouble::Missing, detail)
}

fn named_in(list: &Path, base: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let text = if_there(read_short(list, LONGEST_LIST)).unwrap_or_else(|error| {
        problems.push(Problem::io(list, &error));
        None
    });
    let text = text.unwrap_or_default();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    let paths = lines.filter_map(|line| match unquoted(line) {
        Some(path) => Some(base.join(path)),
        None => {
            problems.push(Problem::file(list, Trouble::Corrupt, "names a path that cannot be read"));
            None
        }
    });
    paths.collect()
}

/// A path as git writes it: in double quotes with escapes where it needs them.
fn unquoted(text: &[u8]) -> Option<PathBuf> {
    let (path, _) = gix_quote::ansi_c::undo(text.into()).ok()?;
    path_of(&path).ok()
}

/// The paths in a list such as `GIT_ALTERNATE_OBJECT_DIRECTORIES`, relative to `base`.
pub(super) fn listed(list: &[u8], base: &Path) -> Vec<PathBuf> {
    let separator: u8 = if cfg!(windows) { b';' } else { b':' };
    let mut rest = list;
    let mut paths = vec![];
    while !rest.is_empty() {
        let quoted = rest.starts_with(b"\"").then(|| gix_quote::ansi_c::undo(rest.into()).ok()).flatten();
        let end = match quoted {
            Some((_, consumed)) => consumed,
            None => rest.find_byte(separator).unwrap_or(rest.len()),
        };
        let (first, behind) = rest.split_at(end);
        if !first.is_empty()
            && let Some(path) = unquoted(first)
        {
            paths.push(base.join(path));
        }
        rest = behind.strip_prefix(&[separator]).unwrap_or(behind);
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn reads_lists_of_folders() {
        for (list, expected) in [
            (&b""[..], &[][..]),
            (b"a:/b", &["/base/a", "/b"]),
            (b":a::b:", &["/base/a", "/base/b"]),
            (b"\"a:b\":c", &["/base/a:b", "/base/c"]),
            (b"\"open:c", &["/base/c"]),
        ] {
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(listed(list, Path::new("/base")), expected, "{}", list.as_bstr());
        }
    }

    #[test]
    fn follows_alternates_once_and_tells_what_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, alternates) in [("a", "../b\n# no\n"), ("b", "../a\n../gone\n\"../\\143\"\n"), ("c", "")] {
            fs::create_dir_all(at(name).join("info")).unwrap();
            fs::write(at(name).join("info/alternates"), alternates).unwrap();
        }
        let mut problems = vec![];
        let own = ObjectFolder { path: at("a"), origin: Origin::Own };
        let found = folders(own, vec![at("c")], &mut problems);
        let names: Vec<_> = found
            .iter()
            .map(|found| fs::canonicalize(&found.path).unwrap())
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].trouble, Trouble::Missing);
    }
}
