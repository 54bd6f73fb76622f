//! Where a blob lies, in the bytes that the source gave.

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

    /// Whether it lies among tests, examples or documentation: what stands there is rather for show.
    pub fn is_for_show(&self) -> bool {
        let path = String::from_utf8_lossy(&self.0).to_ascii_lowercase();
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
        self.0.rsplit(|&byte| byte == b'/').next().unwrap_or(&self.0)
    }
}

impl From<&str> for BlobPath {
    fn from(path: &str) -> BlobPath {
        BlobPath::new(path.as_bytes())
    }
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
}
