//! `.stanchignore`: what is not reported, why, until when, and who answers for it.
//!
//! One entry a line: `id ID reason="..." [expires=YYYY-MM-DD] [owner=WHO]`, `path GLOB reason="..."`,
//! `gap REASON GLOB reason="..."`; lines that begin with `#` are comments. Patterns are those of `.gitignore`, the
//! later of two counts, and `!` takes paths out again, below folders that an entry covers as well.
//!
//! For patterns a container is a file and, with a `!` behind its name, a folder: `fixtures/a.zip` and `*.zip` cover all
//! that is in it, `test/` a folder in it as anywhere, `*.zip!**/test/**` what lies in such folders of zips only.

use std::path::Path;

use super::entry::{BORDER, Covers, Pattern, Say};
use super::entry_file::EntryFile;
use crate::model::{BlobPath, Finding, Gap};

/// The entries of one or more ignore files, and which of them were of use.
#[derive(Debug, Default)]
pub struct IgnoreFile {
    files: Vec<File>,
}

/// A day, as `YYYY-MM-DD`: it sorts as it reads.
pub type Today = String;

#[derive(Debug)]
struct File {
    /// What paths of the report begin with that patterns are about.
    root: BlobPath,
    entries: Vec<Listed>,
}

#[derive(Debug)]
struct Listed {
    /// File, line: for notes.
    place: String,
    covers: Covers,
    owner: Option<String>,
    expired: bool,
    used: bool,
}

impl IgnoreFile {
    /// Adds the entries of a text, which are about what lies below `root`: what paths of the report begin
    /// with, empty for all. `name` is what notes call the file.
    ///
    /// # Errors
    /// All faults of the text, each after its line and column.
    pub fn add(&mut self, name: &str, root: &BlobPath, text: &str, today: &Today) -> Result<(), Vec<String>> {
        let listed = EntryFile::parse(text)?;
        let entries = listed.entries().map(|(line, entry)| Listed {
            place: format!("{name}:{line}"),
            covers: entry.covers.clone(),
            owner: entry.why.owner.clone(),
            expired: entry.why.is_over(today),
            used: false,
        });
        self.files.push(File { root: root.clone(), entries: entries.collect() });
        Ok(())
    }

    /// Whether an entry covers the finding: its id, or patterns every one of its places.
    pub(super) fn covers(&mut self, finding: &Finding) -> bool {
        let names = |covers: &Covers| matches!(covers, Covers::Id(id) if *id == finding.id);
        let mut named = false;
        for entry in self.holding().filter(|entry| names(&entry.covers)) {
            entry.used = true;
            named = true;
        }
        let uncovered = finding.places.iter().filter(|(place, _)| !self.hides(&place.path)).count();
        named || uncovered == 0
    }

    /// Whether patterns cover a place.
    fn hides(&mut self, path: &BlobPath) -> bool {
        let mut hidden = false;
        for file in &mut self.files {
            hidden |= file.hides(path);
        }
        hidden
    }

    /// Whether an entry accepts the gap.
    pub(super) fn accepts(&mut self, gap: &Gap) -> bool {
        let accepts = |root: &BlobPath, covers: &Covers| match covers {
            Covers::Gap(reason, pattern) if *reason == gap.reason => gap
                .path
                .below(root)
                .is_some_and(|path| levels(&path).iter().any(|level| level.said_by(pattern) == Say::Covered)),
            _ => false,
        };
        let mut accepted = false;
        for file in &mut self.files {
            let holding = file.entries.iter_mut().filter(|entry| !entry.expired);
            for entry in holding.filter(|entry| accepts(&file.root, &entry.covers)) {
                entry.used = true;
                accepted = true;
            }
        }
        accepted
    }

    /// What the person should know: entries that are over and, where the scan was `complete`, of no use.
    pub fn notes(&self, complete: bool) -> Vec<String> {
        let note = |entry: &Listed| {
            let what = match (entry.expired, entry.used) {
                (true, _) => "the entry has expired; renew it or remove it",
                (false, false) if complete => "the entry matches nothing; remove it",
                (false, _) => return None,
            };
            let owner = entry.owner.as_ref().map(|owner| format!(" (owner: {owner})")).unwrap_or_default();
            Some(format!("{}: {what}{owner}", entry.place))
        };
        self.files.iter().flat_map(|file| &file.entries).filter_map(note).collect()
    }

    fn holding(&mut self) -> impl Iterator<Item = &mut Listed> {
        self.files.iter_mut().flat_map(|file| &mut file.entries).filter(|entry| !entry.expired)
    }
}

impl File {
    /// Whether the patterns cover a place: of those that say something of the path itself the last counts, then of those
    /// about the folder above it, and so on.
    fn hides(&mut self, path: &BlobPath) -> bool {
        let Some(path) = path.below(&self.root) else { return false };
        let mut verdict = Say::Nothing;
        for level in &levels(&path) {
            let mut here = Say::Nothing;
            for entry in self.entries.iter_mut().filter(|entry| !entry.expired) {
                let Covers::Path(pattern) = &entry.covers else { continue };
                let said = level.said_by(pattern);
                if said != Say::Nothing {
                    entry.used = true;
                    here = said;
                }
            }
            if verdict == Say::Nothing {
                verdict = here;
            }
        }
        verdict == Say::Covered
    }
}

/// A path, or one that it lies below.
struct Level {
    path: String,
    is_folder: bool,
}

impl Level {
    fn said_by(&self, pattern: &Pattern) -> Say {
        pattern.says(Path::new(&self.path), self.is_folder)
    }
}

/// The path, the folder or container above it, and so on. One that was typed as an absolute one is still one below
/// the root, as the patterns are.
fn levels(path: &BlobPath) -> Vec<Level> {
    let mut levels = vec![];
    let mut add = |path: &str, is_folder| levels.push(Level { path: path.to_owned(), is_folder });
    let mut whole = String::new();
    for part in path.parts() {
        let part = String::from_utf8_lossy(part);
        let part = part.trim_start_matches('/');
        if !whole.is_empty() {
            whole.push(BORDER);
            add(&whole, true);
            whole.push('/');
        }
        let start = whole.len();
        whole.push_str(part);
        for (slash, _) in part.match_indices('/') {
            add(&whole[..start + slash], true);
        }
        add(&whole, false);
    }
    levels.reverse();
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GapReason;

    fn file(text: &str) -> IgnoreFile {
        let mut file = IgnoreFile::default();
        file.add("f", &BlobPath::from(""), text, &"2030-01-01".into()).unwrap();
        file
    }

    #[test]
    fn patterns_are_those_of_gitignore() {
        for (patterns, path, hidden) in [
            (&["docs/**"][..], "docs/a/b.txt", true),
            (&["docs/**"], "x/docs/b.txt", false),
            (&["docs/"], "x/docs/b.txt", true),
            (&["/docs/"], "x/docs/b.txt", false),
            (&["/docs/"], "docs", false),
            (&["docs"], "docs", true),
            (&["docs"], "docs/a/b.txt", true),
            (&["*.txt"], "a/b.txt", true),
            (&["/*.txt"], "a/b.txt", false),
            (&["a/*.txt"], "a/b/c.txt", false),
            (&["**/b/*.txt"], "a/b/c.txt", true),
            (&["a/**/c.txt"], "a/c.txt", true),
            (&["*.txt", "!keep.txt"], "a/keep.txt", false),
            (&["!keep.txt", "*.txt"], "a/keep.txt", true),
            (&["docs/", "!docs/keep.txt"], "docs/keep.txt", false),
            (&["!docs/keep.txt", "docs/"], "docs/keep.txt", false),
            (&["docs/", "!docs/deep/", "docs/deep/x"], "docs/deep/x", true),
            (&["docs/", "!docs/deep/", "docs/deep/x"], "docs/deep/y", false),
            (&["\\!odd"], "!odd", true),
            (&["\"a b\""], "a b", true),
            (&["/srv/*"], "/srv/a", true),
            (&["a.txt"], "./a.txt", true),
            (&["A.txt"], "a.txt", false),
            (&["!a"], "a", false),
        ] {
            let text: String = patterns.iter().map(|glob| format!("path {glob} reason=\"r\"\n")).collect();
            assert_eq!(file(&text).hides(&path.into()), hidden, "{patterns:?} of {path}");
        }
    }

    #[test]
    fn containers_are_files_and_folders() {
        for (patterns, container, member, hidden) in [
            (&["fixtures/a.zip"][..], "fixtures/a.zip", "b/c.txt", true),
            (&["*.zip"], "fixtures/a.zip", "b/c.txt", true),
            (&["fixtures/"], "fixtures/a.zip", "b/c.txt", true),
            (&["fixtures/a"], "fixtures/a.zip", "b/c.txt", false),
            (&["a.zip/"], "a.zip", "b/c.txt", false),
            (&["a.zip!"], "x/a.zip", "b/c.txt", true),
            (&["a.zip!/"], "x/a.zip", "b/c.txt", true),
            (&["a.zip!"], "x/a.zip", "b/c.txt", true),
            (&["a.zip!b/c.txt"], "a.zip", "b/c.txt", true),
            (&["a.zip!/b/c.txt"], "a.zip", "b/c.txt", true),
            (&["a.zip!b/c.txt"], "x/a.zip", "b/c.txt", false),
            (&["a.zip!b"], "x/a.zip", "b/c.txt", true),
            (&["a.zip!b/"], "x/a.zip", "b/c.txt", true),
            (&["a.zip!**"], "x/a.zip", "b/c.txt", true),
            (&["a.zip!b/**"], "a.zip", "b/c/d.txt", true),
            (&["a.zip!b/*"], "a.zip", "b/c/d.txt", true),
            (&["a.zip!*.txt"], "a.zip", "c.txt", true),
            (&["a.zip!*.txt"], "a.zip", "b/c.txt", false),
            (&["a.zip!**/*.txt"], "a.zip", "c.txt", true),
            (&["a.zip!**/*.txt"], "a.zip", "b/c.txt", true),
            (&["**/*.zip!**/test/**"], "x/a.zip", "test/c.txt", true),
            (&["**/*.zip!**/test/**"], "x/a.zip", "b/test/c.txt", true),
            (&["**/*.zip!**/test/**"], "x/a.zip", "tests/c.txt", false),
            (&["**/*.zip!**/test/**"], "x/test/a.zip", "c.txt", false),
            (&["test/"], "a.zip", "test/c.txt", true),
            (&["test"], "a.zip", "test", true),
            (&["*.pem"], "a.zip", "x.pem", true),
            (&["/x.pem"], "a.zip", "x.pem", false),
            (&["x/*.pem"], "x/a.zip", "x.pem", false),
            (&["x/*/*.pem"], "x/a.zip", "x.pem", true),
            (&["*.zip", "!a.zip!keep.txt"], "x/a.zip", "keep.txt", false),
            (&["*.zip", "!a.zip!keep.txt"], "x/a.zip", "b.txt", true),
            (&["*.zip", "!keep.txt"], "x/a.zip", "b/keep.txt", false),
            (&["[!b].zip"], "x/a.zip", "c.txt", true),
            (&["[!]!a].zip!c.txt"], "x/b.zip", "c.txt", true),
            (&["[!]!a].zip!c.txt"], "x/!.zip", "c.txt", false),
            (&["wow!.zip"], "x/wow!.zip", "c.txt", true),
            (&["wow!.zip!c.txt"], "x/wow!.zip", "c.txt", true),
            (&["wow\\!.zip!c.txt"], "x/wow!.zip", "c.txt", true),
            (&["wow"], "x/wow!.zip", "c.txt", false),
            (&["wow!"], "x/wow!.zip", "c.txt", false),
            (&["a.zip!/etc/passwd"], "a.zip", "/etc/passwd", true),
            (&["a.zip!x!y"], "a.zip", "x!y", true),
        ] {
            let text: String = patterns.iter().map(|glob| format!("path {glob} reason=\"r\"\n")).collect();
            let path = BlobPath::from(container).member(member.as_bytes());
            assert_eq!(file(&text).hides(&path), hidden, "{patterns:?} of {container}!{member}");
        }
    }

    #[test]
    fn containers_in_containers_are_covered_by_each_of_them() {
        let path = BlobPath::from("x/a.tar").member(b"lib/b.jar").member(b"c/d.txt");
        for (pattern, hidden) in [
            ("*.tar", true),
            ("*.jar", true),
            ("x/a.tar!lib/b.jar", true),
            ("x/a.tar!lib/b.jar!c/d.txt", true),
            ("x/a.tar!**/d.txt", true),
            ("*.jar!**/d.txt", false),
            ("**/*.jar!**/d.txt", true),
            ("x/*!lib/*!c/*", true),
            ("x/*!c/*", false),
            ("a.tar!lib!", false),
        ] {
            assert_eq!(file(&format!("path {pattern} reason=\"r\"\n")).hides(&path), hidden, "{pattern}");
        }
    }

    #[test]
    fn a_mark_in_the_name_of_a_file_is_no_border() {
        for (pattern, path, hidden) in [
            ("wow", "wow!.txt", false),
            ("wow!", "wow!.txt", false),
            ("wow!", "x/wow!", true),
            ("wow!", "x/wow!/y", true),
            ("wow", "wow!/y", false),
            ("wow!.txt", "x/wow!.txt", true),
            ("wow!/y", "wow!/y", true),
            ("wow!**", "wow!/y", true),
        ] {
            assert_eq!(
                file(&format!("path {pattern} reason=\"r\"\n")).hides(&path.into()),
                hidden,
                "{pattern} of {path}"
            );
        }
    }

    #[test]
    fn gaps_of_members_are_accepted_by_patterns_about_their_container() {
        let gap = |path| Gap { path, reason: GapReason::Encrypted, detail: String::new() };
        let member = BlobPath::from("x/a.zip").member(b"b/c.txt");
        for (pattern, accepted) in
            [("x/a.zip", true), ("x/", true), ("*.zip!d/", false), ("*.zip!**", true), ("c.txt", true)]
        {
            let mut file =
                file(&format!("gap encrypted {pattern} reason=\"r\"\ngap corrupt * reason=\"r\"\n"));
            assert_eq!(file.accepts(&gap(member.clone())), accepted, "{pattern}");
        }
    }

    #[test]
    fn entries_that_say_something_of_a_place_are_of_use() {
        let mut file = file("path a/ reason=\"r\"\npath !a/b reason=\"r\"\npath c reason=\"r\"\n");
        assert!(!file.hides(&"a/b".into()));
        assert_eq!(file.notes(true), ["f:3: the entry matches nothing; remove it"]);
        assert_eq!(file.notes(false), [""; 0]);
    }

    #[test]
    fn expired_and_unused_entries_are_told() {
        let file = file(
            "id 0123456789abcdef reason=\"r\" expires=2029-12-31 owner=\"team a\"\npath x reason=\"r\" expires=2030-01-01\n",
        );
        assert_eq!(
            file.notes(true),
            [
                "f:1: the entry has expired; renew it or remove it (owner: team a)",
                "f:2: the entry matches nothing; remove it"
            ]
        );
    }
}
