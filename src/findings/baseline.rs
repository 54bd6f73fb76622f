//! A baseline: the ids of findings that were there when it was made, so that only what comes new is reported. Whoever
//! reads it learns nothing of the values (see the ids).
//!
//! The first line names format and version, and what was scanned; below it stand entries as in an ignore file, by id
//! only, and a reason is optional.

use std::collections::HashMap;

use super::entry::Covers;
use super::entry_file::{EntryFile, Takes, conflicts};
use super::ignore_file::Today;
use crate::model::{Finding, FindingId};

/// What the first line begins with; the version follows, then the extent.
const TITLE: &str = "# stanch baseline";

/// The version that is written and read here.
const VERSION: &str = "1";

/// How much a scan looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All files below its roots, as they are now.
    Files,
    /// All of a history.
    History,
    /// Less than that.
    Part,
}

/// The entries of one or more baselines, and which of them were of use.
#[derive(Debug, Default)]
pub struct Baseline {
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    name: String,
    extent: Extent,
    /// By id, whether it was found.
    entries: HashMap<FindingId, bool>,
    /// Lines of entries that are over.
    expired: Vec<usize>,
}

/// An empty baseline of this extent, as a text.
pub fn empty_baseline(extent: Extent) -> String {
    format!("{TITLE} {VERSION} {}\n", extent.as_str())
}

/// Reads a baseline as a text to be changed, and what it was made of.
///
/// # Errors
/// All faults of the text, each after its line and column.
pub fn parse_baseline(text: &str) -> Result<(Extent, EntryFile), Vec<String>> {
    let extent = extent(text).map_err(|message| vec![format!("1:1: {message}")]);
    // Of a text that is not merged nobody knows what it will be; that of another version is not read further.
    if conflicts(text).is_empty() {
        extent.clone()?;
    }
    let file = EntryFile::read(text, Takes::Known)?;
    Ok((extent?, file))
}

fn extent(text: &str) -> Result<Extent, String> {
    let first = text.lines().next().unwrap_or_default().trim_start_matches('\u{feff}').trim_end();
    let words: Vec<&str> =
        first.strip_prefix(TITLE).map(|rest| rest.split(' ').collect()).unwrap_or_default();
    match words[..] {
        ["", VERSION, word] => [Extent::Files, Extent::History]
            .into_iter()
            .find(|extent| extent.as_str() == word)
            .ok_or_else(|| format!("a baseline is of `files` or of `history`, not of `{word}`")),
        ["", version, ..] if version != VERSION && version.parse::<u32>().is_ok() => Err(format!(
            "this baseline has version {version}, and this stanch reads version {VERSION}; update stanch"
        )),
        _ => Err(format!(
            "this is no baseline: its first line should be `{}`; `stanch baseline create` makes one",
            empty_baseline(Extent::Files).trim_end()
        )),
    }
}

impl Extent {
    /// The word for it in the first line of a baseline.
    fn as_str(self) -> &'static str {
        match self {
            Extent::Files => "files",
            Extent::History => "history",
            Extent::Part => "part",
        }
    }
}

impl Baseline {
    /// Adds the entries of a text. `name` is what notes call the file.
    ///
    /// # Errors
    /// All faults of the text, each after its line and column.
    pub fn add(&mut self, name: &str, text: &str, today: &Today) -> Result<(), Vec<String>> {
        let (extent, listed) = parse_baseline(text)?;
        let (mut entries, mut expired) = (HashMap::new(), vec![]);
        for (line, entry) in listed.entries() {
            match &entry.covers {
                Covers::Id(_) if entry.why.is_over(today) => expired.push(line),
                Covers::Id(id) => drop(entries.insert(id.clone(), false)),
                Covers::Path(_) | Covers::Gap(..) => {}
            }
        }
        self.files.push(File { name: name.to_owned(), extent, entries, expired });
        Ok(())
    }

    /// Whether an entry covers the finding.
    pub(super) fn covers(&mut self, finding: &Finding) -> bool {
        let mut covered = false;
        for file in &mut self.files {
            if let Some(found) = file.entries.get_mut(&finding.id) {
                *found = true;
                covered = true;
            }
        }
        covered
    }

    /// What the person should know: how many entries are over and, where the scan saw all that the baseline was made
    /// of, how many were not found.
    pub fn notes(&self, extent: Extent) -> Vec<String> {
        self.files.iter().flat_map(|file| [file.of_expired(), file.of_unused(extent)]).flatten().collect()
    }
}

impl File {
    fn of_expired(&self) -> Option<String> {
        let line = self.expired.first()?;
        let name = &self.name;
        Some(match self.expired.len() {
            1 => format!("{name}:{line}: the entry has expired; renew it or remove it"),
            number => {
                format!(
                    "{name}:{line}: this entry and {} more have expired; renew or remove them",
                    number - 1
                )
            }
        })
    }

    fn of_unused(&self, extent: Extent) -> Option<String> {
        let unused = self.entries.values().filter(|&&found| !found).count();
        let (name, is_all) = (&self.name, self.extent == extent);
        match unused {
            _ if !is_all => None,
            0 => None,
            1 => {
                Some(format!("{name}: 1 entry was not found any more; `stanch baseline prune` takes it out"))
            }
            _ => Some(format!(
                "{name}: {unused} entries were not found any more; `stanch baseline prune` takes them out"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_baseline_of_this_version_is_read() {
        for (text, extent) in [
            ("# stanch baseline 1 files\n", Extent::Files),
            ("\u{feff}# stanch baseline 1 history\r\n\r\n# why\r\nid 0123456789abcdef\r\n", Extent::History),
            ("# stanch baseline 1 files", Extent::Files),
        ] {
            assert_eq!(parse_baseline(text).unwrap().0, extent, "{text}");
        }
        for (text, start) in [
            ("", "1:1: this is no baseline"),
            ("id 0123456789abcdef\n", "1:1: this is no baseline"),
            ("# stanch baselines 1 files\n", "1:1: this is no baseline"),
            ("# stanch baseline 1\n", "1:1: this is no baseline"),
            ("# stanch baseline 1 part\n", "1:1: a baseline is of `files` or of `history`, not of `part`"),
            (
                "# stanch baseline 2 files with more\n",
                "1:1: this baseline has version 2, and this stanch reads version 1; update stanch",
            ),
            (
                "# stanch baseline 1 files\n\npath a reason=\"r\"\n",
                "3:1: a baseline takes entries by id only",
            ),
            ("# stanch baseline 1 files\nid short\n", "2:4: `id` takes"),
            (
                "<<<<<<< HEAD\n# stanch baseline 1 files\n=======\n# stanch baseline 2 files\n>>>>>>> x\n",
                "1:1: a merge conflict",
            ),
        ] {
            let faults = parse_baseline(text).unwrap_err();
            assert!(faults.len() == 1 && faults[0].starts_with(start), "{text}: {faults:?}");
        }
    }

    #[test]
    fn what_is_of_no_use_is_told_in_one_line_where_all_was_scanned() {
        let mut baseline = Baseline::default();
        let ids = ["0", "1", "2", "3"].map(|digit| digit.repeat(16));
        let text = format!(
            "{}id {}\nid {} expires=2029-12-31\nid {} expires=2029-12-31\nid {} expires=2030-01-01\n",
            empty_baseline(Extent::Files),
            ids[0],
            ids[1],
            ids[2],
            ids[3]
        );
        baseline.add("f", &text, &"2030-01-01".into()).unwrap();
        let expired = "f:3: this entry and 1 more have expired; renew or remove them";
        let unused = "f: 2 entries were not found any more; `stanch baseline prune` takes them out";
        assert_eq!(baseline.notes(Extent::Files), [expired, unused]);
        assert_eq!(baseline.notes(Extent::History), [expired]);
        assert_eq!(baseline.notes(Extent::Part), [expired]);
    }
}
