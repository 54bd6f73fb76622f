//! All refs of a repository: loose and packed ones, `HEAD` and its like, and those of every worktree
//! (gitglossary(7), "ref"; git-pack-refs(1)). Names are bytes.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use gix_hash::ObjectId;

use super::files::{if_there, open_regular, path_bytes, read_short};
use super::{Problem, RefStorage, Repository, Trouble, child};

/// A ref is a line; `FETCH_HEAD` has one for each branch of a remote.
const LONGEST_LOOSE: u64 = 64 * 1024 * 1024;

/// Of `packed-refs` and reflogs.
pub(super) const LONGEST_LINE: u64 = 1024 * 1024;

/// Refs lie a few folders deep.
const DEEPEST: usize = 64;

/// The refs of a repository.
#[derive(Debug, Default)]
pub struct Refs {
    /// Sorted by name. Only names such as `FETCH_HEAD`, which hold several ids, occur more than once.
    pub all: Vec<Ref>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// A name and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ref {
    /// As git writes it in full: `refs/heads/main`, `HEAD`, and of other worktrees `worktrees/NAME/HEAD`
    /// or `main-worktree/HEAD`.
    pub name: Vec<u8>,
    /// What it stands for.
    pub target: Target,
}

/// What a ref stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// An object, which need not exist.
    Object(ObjectId),
    /// Another ref, which need not exist.
    Ref(Vec<u8>),
}

impl Repository {
    /// All refs.
    pub fn refs(&self) -> Refs {
        match self.ref_storage() {
            RefStorage::Files => from_files(self),
            RefStorage::Reftable => {
                child::refs(self).unwrap_or_else(|problem| Refs { all: vec![], problems: vec![problem] })
            }
        }
    }

    /// Where each worktree keeps what is its own, and what its refs' names begin with.
    pub(super) fn worktree_dirs(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut dirs = vec![(self.git_dir().to_owned(), vec![])];
        if self.git_dir() != self.common_dir() {
            dirs.push((self.common_dir().to_owned(), b"main-worktree/".to_vec()));
        }
        for entry in fs::read_dir(self.common_dir().join("worktrees")).into_iter().flatten().flatten() {
            let name = path_bytes(Path::new(&entry.file_name()));
            dirs.push((entry.path(), [b"worktrees/", &name[..], b"/"].concat()));
        }
        dirs
    }
}

impl Refs {
    /// The object that a name stands for in the end.
    pub fn resolve(&self, name: &[u8]) -> Option<&ObjectId> {
        // As many steps as git takes, so that circles end.
        const MOST_STEPS: usize = 5;
        let mut name = name;
        for _ in 0..=MOST_STEPS {
            let at = self.all.partition_point(|one| one.name.as_slice() < name);
            match &self.all.get(at).filter(|one| one.name == name)?.target {
                Target::Object(id) => return Some(id),
                Target::Ref(other) => name = other,
            }
        }
        None
    }

    /// The objects that refs stand for whose names begin with one of these.
    pub fn tips(&self, starts: &[&[u8]]) -> Vec<ObjectId> {
        let is_meant = |name: &[u8]| starts.iter().any(|start| name.starts_with(start));
        let names = self.all.iter().map(|one| &one.name).filter(|name| is_meant(name));
        names.filter_map(|name| self.resolve(name).copied()).collect()
    }

    /// The objects that refs name, as often as they do.
    pub fn ids(&self) -> impl Iterator<Item = &ObjectId> {
        self.all.iter().filter_map(|one| match &one.target {
            Target::Object(id) => Some(id),
            Target::Ref(_) => None,
        })
    }
}

fn from_files(repository: &Repository) -> Refs {
    let mut reader = LooseReader { hash: repository.object_format(), found: Refs::default() };
    reader.folder(repository.common_dir().join("refs"), b"refs");
    for (dir, prefix) in repository.worktree_dirs() {
        reader.roots(&dir, &prefix);
        if dir != repository.common_dir() {
            reader.folder(dir.join("refs"), &[&prefix[..], b"refs"].concat());
        }
    }
    let mut refs = reader.found;
    refs.all.sort_unstable();
    let packed = repository.common_dir().join("packed-refs");
    match if_there(open_regular(&packed)) {
        Ok(Some(file)) => add_packed(&mut refs, BufReader::new(file), repository.object_format(), &packed),
        Ok(None) => {}
        Err(error) => refs.problems.push(Problem::io(&packed, &error)),
    }
    refs.all.sort_unstable();
    refs
}

struct LooseReader {
    hash: gix_hash::Kind,
    found: Refs,
}

impl LooseReader {
    /// Every ref below a folder, whose own name is `name`. Links to folders are followed at the top only:
    /// some tools share `refs` that way, further down they could lead in circles.
    fn folder(&mut self, top: PathBuf, name: &[u8]) {
        let mut open = vec![(top, name.to_vec(), 0)];
        while let Some((folder, name, depth)) = open.pop() {
            for entry in entries(&folder, &mut self.found.problems) {
                let path = entry.path();
                let name = [&name[..], b"/", &path_bytes(Path::new(&entry.file_name()))].concat();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && depth < DEEPEST => open.push((path, name, depth + 1)),
                    Ok(kind) if kind.is_dir() => {
                        self.problem(Problem::file(&path, Trouble::TooLarge, "refs lie too deep here"));
                    }
                    Ok(_) => self.file(&path, name),
                    Err(error) => self.problem(Problem::io(&path, &error)),
                }
            }
        }
    }

    /// The refs that lie in a repository's own folder.
    fn roots(&mut self, dir: &Path, prefix: &[u8]) {
        for entry in entries(dir, &mut self.found.problems) {
            let name = path_bytes(Path::new(&entry.file_name()));
            if is_root(&name) {
                self.file(&entry.path(), [prefix, &name].concat());
            }
        }
    }

    fn file(&mut self, path: &Path, name: Vec<u8>) {
        // A lock holds what is about to be written; where a run broke off, it remains.
        if name.ends_with(b".lock") {
            return;
        }
        if let Some(target) = linked(path) {
            return self.found.all.push(Ref { name, target });
        }
        let text = match read_short(path, LONGEST_LOOSE) {
            Ok(text) => text,
            // A link to nowhere, or another program just removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.problem(Problem::io(path, &error)),
        };
        let holds_many = name.ends_with(b"FETCH_HEAD") || name.ends_with(b"MERGE_HEAD");
        let most = if holds_many { usize::MAX } else { 1 };
        let mut lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).peekable();
        if lines.peek().is_none() && !holds_many {
            self.problem(no_ref(path));
        }
        for line in lines.take(most) {
            match target(line, self.hash) {
                Some(target) => self.found.all.push(Ref { name: name.clone(), target }),
                None => self.problem(no_ref(path)),
            }
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.found.problems.push(problem);
    }
}

fn no_ref(path: &Path) -> Problem {
    Problem::file(path, Trouble::Corrupt, "holds neither an object id nor the name of a ref")
}

/// The entries of a folder, none where there is no folder.
pub(super) fn entries(folder: &Path, problems: &mut Vec<Problem>) -> Vec<fs::DirEntry> {
    let read = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<fs::DirEntry>>>);
    if_there(read).map(Option::unwrap_or_default).unwrap_or_else(|error| {
        problems.push(Problem::io(folder, &error));
        vec![]
    })
}

/// Old repositories have links in place of symbolic refs.
fn linked(path: &Path) -> Option<Target> {
    let to = path_bytes(&fs::read_link(path).ok()?);
    to.starts_with(b"refs/").then_some(Target::Ref(to))
}

/// Whether a file in a repository's own folder is a ref ("pseudoref" and "root refs" in gitglossary(7)).
fn is_root(name: &[u8]) -> bool {
    const IRREGULAR: [&[u8]; 5] = [
        b"AUTO_MERGE",
        b"BISECT_EXPECTED_REV",
        b"MERGE_AUTOSTASH",
        b"NOTES_MERGE_PARTIAL",
        b"NOTES_MERGE_REF",
    ];
    let is_upper = name.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'_' | b'-'));
    is_upper && (name.ends_with(b"HEAD") || IRREGULAR.contains(&name))
}

fn target(line: &[u8], hash: gix_hash::Kind) -> Option<Target> {
    if let Some(name) = line.strip_prefix(b"ref:") {
        return Some(Target::Ref(name.trim_ascii().to_vec()));
    }
    let hex = line.split(u8::is_ascii_whitespace).next()?;
    id_of(hex, hash).map(Target::Object)
}

/// The id that these digits are.
pub(super) fn id_of(hex: &[u8], hash: gix_hash::Kind) -> Option<ObjectId> {
    ObjectId::from_hex(hex).ok().filter(|id| id.kind() == hash)
}

/// Adds the lines of `packed-refs` but for those names that a loose ref has, which counts more.
fn add_packed(refs: &mut Refs, mut file: impl BufRead, hash: gix_hash::Kind, path: &Path) {
    let loose = refs.all.len();
    let mut wrong: Option<(usize, usize)> = None;
    let mut line = vec![];
    for number in 1.. {
        line.clear();
        match file.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return refs.problems.push(Problem::io(path, &error)),
        }
        if line.len() as u64 == LONGEST_LINE {
            let detail =
                format!("line {number} is longer than {LONGEST_LINE} bytes; what follows was not read");
            return refs.problems.push(Problem::file(path, Trouble::Corrupt, detail));
        }
        let text = line.trim_ascii_end();
        // A heading, and what a tag above peels to, which the tag itself tells as well.
        if text.is_empty() || text.starts_with(b"#") || text.starts_with(b"^") {
            continue;
        }
        let cut = text.iter().position(|&byte| byte == b' ').unwrap_or(text.len());
        let (hex, name) = text.split_at(cut);
        match (id_of(hex, hash), name.get(1..)) {
            (Some(id), Some(name)) if !name.is_empty() => {
                if refs.all[..loose].binary_search_by(|one| one.name.as_slice().cmp(name)).is_err() {
                    refs.all.push(Ref { name: name.to_vec(), target: Target::Object(id) });
                }
            }
            _ => wrong = Some(wrong.map_or((number, 1), |(first, count)| (first, count + 1))),
        }
    }
    if let Some((first, count)) = wrong {
        let detail = format!("lines that name no ref: {count}, the first is line {first}");
        refs.problems.push(Problem::file(path, Trouble::Corrupt, detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789012345678901234567890123456789";

    fn packed(text: &str) -> Refs {
        let id = ObjectId::from_hex(ID.as_bytes()).unwrap();
        let loose = Ref { name: b"refs/heads/a".to_vec(), target: Target::Object(id) };
        let mut refs = Refs { all: vec![loose], problems: vec![] };
        add_packed(&mut refs, text.as_bytes(), gix_hash::Kind::Sha1, Path::new("packed-refs"));
        refs
    }

    #[test]
    fn a_loose_ref_counts_more_than_a_packed_one() {
        let refs =
            packed(&format!("# pack-refs with: peeled\n{ID} refs/heads/a\n{ID} refs/heads/b\n^{ID}\n"));
        let names: Vec<_> = refs.all.iter().map(|one| one.name.as_slice()).collect();
        assert_eq!(names, [b"refs/heads/a", b"refs/heads/b"]);
        assert_eq!(refs.problems, []);
    }

    #[test]
    fn lines_that_name_no_ref_are_told_once() {
        let refs = packed(&format!("{ID} refs/heads/b\n{ID}\n0123 refs/heads/c\n{ID} refs/heads/d\n"));
        assert_eq!(refs.all.len(), 3);
        let told: Vec<_> = refs.problems.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["packed-refs: lines that name no ref: 2, the first is line 2"]);
    }

    #[test]
    fn circles_of_symbolic_refs_end() {
        let to = |name: &str, other: &str| Ref {
            name: name.as_bytes().to_vec(),
            target: Target::Ref(other.as_bytes().to_vec()),
        };
        let refs = Refs { all: vec![to("HEAD", "a"), to("a", "HEAD")], problems: vec![] };
        assert_eq!(refs.resolve(b"HEAD"), None);
    }
}
