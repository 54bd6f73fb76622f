//! Where a blob lies, in the bytes that the source gave.

use std::iter;

/// Folders for tests, examples and documentation, in lower case.
const SHOW_FOLDERS: &[&str] = &[
    "__fixtures__",
    "__mocks__",
    "__tests__",
    "benchmark",
    "benchmarks",
    "cypress",
    "demo",
    "demos",
    "doc",
    "docs",
    "e2e",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "guides",
    "integration-tests",
    "mocks",
    "sample",
    "samples",
    "spec",
    "specs",
    "storybook",
    "test",
    "test-data",
    "test-resources",
    "testdata",
    "testing",
    "tests",
    "tutorial",
    "tutorials",
];

/// How names of files begin that are read and not run.
const SHOW_BEGINNINGS: &[&str] = &["changelog", "contributing", "readme", "test_"];

/// Parts of the names of files that show something.
const SHOW_PARTS: &[&str] = &["dist", "example", "sample", "spec", "template", "test", "tests"];

/// Path of a blob relative to the root of the scan, `/` between its parts, as bytes: not every path is
/// UTF-8. For the member of a container that is the path of the container, `!`, and the member's own path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobPath {
    bytes: Box<[u8]>,
    /// Where the `!` behind each container stands, the outermost first: files may have one in their names, too.
    borders: Box<[usize]>,
}

impl BlobPath {
    /// A path of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> BlobPath {
        BlobPath { bytes: bytes.into().into_boxed_slice(), borders: [].into() }
    }

    /// The path of a member of the container that lies here. What it begins with without a need is left out.
    pub fn member(&self, name: &[u8]) -> BlobPath {
        let name = name.strip_prefix(b"./").unwrap_or(name);
        let bytes = [&self.bytes, &b"!"[..], name].concat().into_boxed_slice();
        BlobPath { bytes, borders: [&self.borders, &[self.bytes.len()][..]].concat().into() }
    }

    /// The path within the innermost container; the whole path of what lies in none.
    pub fn own(&self) -> &[u8] {
        &self.bytes[self.borders.last().map_or(0, |border| border + 1)..]
    }

    /// The path of the innermost container, for what lies in one.
    pub fn container(&self) -> Option<&[u8]> {
        self.borders.last().map(|&border| &self.bytes[..border])
    }

    /// The path of the outermost container, that of the next one in it, and so on, and at last the own one.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let starts = iter::once(0).chain(self.borders.iter().map(|border| border + 1));
        let ends = self.borders.iter().copied().chain([self.bytes.len()]);
        starts.zip(ends).map(|(start, end)| &self.bytes[start..end])
    }

    /// The bytes as stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The path where it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// The path for people, with U+FFFD for what is not UTF-8. Not made safe for a terminal.
    pub fn to_lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// The path below the folder that a root is shown as, where it lies there.
    pub fn below(&self, root: &BlobPath) -> Option<BlobPath> {
        let bytes = self.bytes.strip_prefix(&*root.bytes)?.into();
        let borders = self.borders.iter().map(|border| border.checked_sub(root.bytes.len()));
        Some(BlobPath { bytes, borders: borders.collect::<Option<_>>()? })
    }

    /// The path where this is what all paths begin with.
    pub fn after(&self, beginning: &BlobPath) -> BlobPath {
        let bytes = [&beginning.bytes[..], &self.bytes].concat().into_boxed_slice();
        BlobPath {
            bytes,
            borders: self.borders.iter().map(|border| border + beginning.bytes.len()).collect(),
        }
    }

    /// Whether it lies among tests, examples or documentation: what stands there is rather for show.
    pub fn is_for_show(&self) -> bool {
        let path = String::from_utf8_lossy(&self.bytes).to_ascii_lowercase();
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let begins = |known: &&str| name.starts_with(known);
        let marks = |mark: &&str| name.split(['.', '_', '-']).any(|part| part == *mark);
        folders.split('/').any(|folder| SHOW_FOLDERS.contains(&folder))
            || SHOW_BEGINNINGS.iter().any(begins)
            || SHOW_PARTS.iter().any(marks)
            || name.ends_with(".md")
            || name.ends_with(".rst")
            || name.ends_with(".adoc")
    }

    /// The last part.
    pub fn file_name(&self) -> &[u8] {
        self.own().rsplit(|&byte| byte == b'/').next().unwrap_or_default()
    }
}

impl From<&str> for BlobPath {
    fn from(path: &str) -> BlobPath {
        BlobPath::new(path.as_bytes())
    }
}

/// A name shorter than this holds no token worth the look.
const TELLING: usize = 20;

/// Whether a name may hold a token.
pub fn is_telling(name: &[u8]) -> bool {
    name.len() >= TELLING && name.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_examples_and_documentation_are_for_show() {
        for (path, for_show) in [
            ("src/db.py", false),
            ("tests/db.py", true),
            ("app/Test/db.py", true),
            ("src/contest.py", false),
            ("src/db_test.go", true),
            ("src/db.spec.ts", true),
            ("README.md", true),
            ("config/app.yml.example", true),
            ("deploy/prod.env", false),
            ("latest/app.env", false),
        ] {
            assert_eq!(BlobPath::from(path).is_for_show(), for_show, "{path}");
        }
    }

    #[test]
    fn a_member_has_a_name_of_its_own() {
        let archive = BlobPath::from("dir!/a!b.zip");
        assert_eq!((archive.own(), archive.file_name()), (&b"dir!/a!b.zip"[..], &b"a!b.zip"[..]));
        for (name, path, own, file_name) in [
            ("x/y.txt", "dir!/a!b.zip!x/y.txt", "x/y.txt", "y.txt"),
            ("./.npmrc", "dir!/a!b.zip!.npmrc", ".npmrc", ".npmrc"),
            ("x!y", "dir!/a!b.zip!x!y", "x!y", "x!y"),
            ("", "dir!/a!b.zip!", "", ""),
        ] {
            let member = archive.member(name.as_bytes());
            assert_eq!(member.as_str(), Some(path));
            assert_eq!(member.container(), Some(archive.as_bytes()));
            assert_eq!((member.own(), member.file_name()), (own.as_bytes(), file_name.as_bytes()));
        }
    }

    #[test]
    fn a_member_of_a_member_knows_all_that_it_lies_in() {
        let member = BlobPath::from("dir/a!b.zip").member(b"c.jar").member(b"d!e");
        let parts = |path: &BlobPath| path.parts().map(<[u8]>::to_vec).collect::<Vec<_>>();
        assert_eq!(parts(&member), [&b"dir/a!b.zip"[..], b"c.jar", b"d!e"]);
        let below = member.below(&BlobPath::from("dir/")).unwrap();
        assert_eq!(parts(&below), [&b"a!b.zip"[..], b"c.jar", b"d!e"]);
        assert_eq!(below.after(&BlobPath::from("dir/")), member);
        assert_eq!(member.below(&BlobPath::from("dir/a!b.zip!c")), None);
        assert_eq!(parts(&BlobPath::from("a!b")), [b"a!b"]);
    }
}
