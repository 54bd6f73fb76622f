//! `.stanchignore`: what is not reported, why, and until when.
//!
//! One entry a line: `id ID reason="..." [expires=YYYY-MM-DD]`, `path GLOB reason="..."`,
//! `gap REASON GLOB reason="..."`; lines that begin with `#` are comments.

use globset::{GlobBuilder, GlobMatcher};

use crate::model::{BlobPath, Finding, Gap, GapReason};

/// The entries of one or more ignore files, and which of them were of use.
#[derive(Debug, Default)]
pub struct IgnoreFile {
    entries: Vec<Entry>,
}

/// A day, as `YYYY-MM-DD`: it sorts as it reads.
pub type Today = String;

#[derive(Debug)]
struct Entry {
    /// File, line: for notes.
    place: String,
    /// The root that paths of the entry are relative to.
    root: BlobPath,
    covers: Covers,
    expired: bool,
    used: bool,
}

#[derive(Debug)]
enum Covers {
    Id(String),
    Path(GlobMatcher),
    Gap(GapReason, GlobMatcher),
}

impl IgnoreFile {
    /// Adds the entries of a text, which are about what lies below `root`: what paths of the report begin
    /// with, empty for all. `name` is what notes call the file.
    ///
    /// # Errors
    /// All faults of the text, each after its line and column.
    pub fn add(&mut self, name: &str, root: &BlobPath, text: &str, today: &Today) -> Result<(), Vec<String>> {
        let mut faults = vec![];
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in (1..).zip(text.lines()) {
            let indent = line.len() - line.trim_start().len();
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            match entry(line.trim(), today) {
                Ok((covers, expired)) => {
                    self.entries.push(Entry {
                        place: format!("{name}:{number}"),
                        root: root.clone(),
                        covers,
                        expired,
                        used: false,
                    });
                }
                Err(message) => faults.push(format!("{number}:{}: {message}", indent + 1)),
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Whether an entry covers the finding: its id, or every one of its places.
    pub(super) fn covers(&mut self, finding: &Finding) -> bool {
        let mut covered = false;
        for entry in self.entries.iter_mut().filter(|entry| !entry.expired) {
            let hit = match &entry.covers {
                Covers::Id(id) => *id == finding.id.0,
                Covers::Path(glob) => {
                    finding.places.iter().all(|(place, _)| lies_in(&place.path, &entry.root, glob))
                }
                Covers::Gap(..) => false,
            };
            entry.used |= hit;
            covered |= hit;
        }
        covered
    }

    /// Whether an entry accepts the gap.
    pub(super) fn accepts(&mut self, gap: &Gap) -> bool {
        let mut accepted = false;
        for entry in self.entries.iter_mut().filter(|entry| !entry.expired) {
            if let Covers::Gap(reason, glob) = &entry.covers
                && *reason == gap.reason
                && lies_in(&gap.path, &entry.root, glob)
            {
                entry.used = true;
                accepted = true;
            }
        }
        accepted
    }

    /// What the person should know: entries that are over and, where the scan was `complete`, of no use.
    pub fn notes(&self, complete: bool) -> Vec<String> {
        let note = |entry: &Entry| match (entry.expired, entry.used) {
            (true, _) => Some(format!("{}: the entry has expired; renew it or remove it", entry.place)),
            (false, false) if complete => {
                Some(format!("{}: the entry matches nothing; remove it", entry.place))
            }
            (false, _) => None,
        };
        self.entries.iter().filter_map(note).collect()
    }
}

fn lies_in(path: &BlobPath, root: &BlobPath, glob: &GlobMatcher) -> bool {
    // A path that was typed as an absolute one is still one below the root, as the patterns are.
    path.below(root).is_some_and(|path| glob.is_match(path.to_lossy().trim_start_matches('/')))
}

fn entry(line: &str, today: &Today) -> Result<(Covers, bool), String> {
    let (fields, attributes) = fields(line)?;
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let covers = match fields[..] {
        ["id", id] if id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Covers::Id(id.to_owned())
        }
        ["id", ref rest @ ..] => {
            return Err(format!("`id` takes one finding id of 16 hex digits, not `{}`", rest.join(" ")));
        }
        ["path", glob] => Covers::Path(compile(glob)?),
        ["gap", word, glob] => Covers::Gap(reason(word)?, compile(glob)?),
        _ => return Err("an entry is `id ID`, `path GLOB` or `gap REASON GLOB`, then reason=\"...\"".into()),
    };
    let mut reason = false;
    let mut expired = false;
    for (key, value) in &attributes {
        match key.as_str() {
            "reason" if !value.trim().is_empty() => reason = true,
            "reason" => return Err("the reason is empty".into()),
            "expires" if is_day(value) => expired = value < today,
            "expires" => return Err(format!("`{value}` is no day; write expires=YYYY-MM-DD")),
            _ => {
                return Err(format!(
                    "unknown attribute `{key}`; there are reason=\"...\" and expires=YYYY-MM-DD"
                ));
            }
        }
    }
    if reason {
        Ok((covers, expired))
    } else {
        Err("the entry has no reason; add reason=\"why this is no leak\"".into())
    }
}

fn reason(word: &str) -> Result<GapReason, String> {
    GapReason::ALL.into_iter().find(|reason| reason.as_str() == word).ok_or_else(|| {
        let known = GapReason::ALL.map(GapReason::as_str).join(", ");
        format!("`{word}` is no reason of a gap; there are {known}")
    })
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number =
        |part: &str, digits: usize| (part.len() == digits).then(|| part.parse::<u32>().ok()).flatten();
    match parts[..] {
        [year, month, day] => {
            number(year, 4).is_some()
                && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
                && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
        }
        _ => false,
    }
}

fn compile(glob: &str) -> Result<GlobMatcher, String> {
    // As in .gitignore: without a slash it is about names, at any depth.
    let anchored =
        if glob.contains('/') { glob.trim_start_matches('/').to_owned() } else { format!("**/{glob}") };
    let glob = GlobBuilder::new(&anchored).literal_separator(true).build();
    Ok(glob.map_err(|error| error.to_string())?.compile_matcher())
}

/// Keys and values, in the order of the line.
type Attributes = Vec<(String, String)>;

/// Splits a line at spaces into plain fields and `key=value` attributes; a value may be quoted.
fn fields(line: &str) -> Result<(Vec<String>, Attributes), String> {
    let (mut fields, mut attributes) = (vec![], vec![]);
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest.find([' ', '\t']).unwrap_or(rest.len());
        match rest[..end].split_once('=') {
            Some((key, value)) if ["reason", "expires"].contains(&key) || !attributes.is_empty() => {
                let after_key = &rest[key.len() + 1..];
                let (value, after) = match after_key.strip_prefix('"') {
                    Some(quoted) => quoted.split_once('"').ok_or("a quote is not closed")?,
                    None => (value, &rest[end..]),
                };
                attributes.push((key.to_owned(), value.to_owned()));
                rest = after.trim_start();
            }
            _ => {
                fields.push(rest[..end].to_owned());
                rest = rest[end..].trim_start();
            }
        }
    }
    Ok((fields, attributes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_every_fault_with_its_place() {
        let text = "# fine\nid 0123456789abcdef reason=\"a test key\"\nid xyz reason=\"r\"\npath docs/**\n  gap unreadable * reason=\"\"\n\
                    path a reason=\"x\" expires=soon\nwhat is this\ngap odd * reason=\"x\"\npath [ reason=\"x\"\nid 0123456789abcdef reason=\"open\n";
        let faults =
            IgnoreFile::default().add("f", &BlobPath::from(""), text, &"2030-01-01".into()).unwrap_err();
        let starts = [
            "3:1: `id`",
            "4:1: the entry has no",
            "5:3: the reason",
            "6:1: `soon`",
            "7:1: an entry",
            "8:1: `odd` is no reason",
            "9:1: ",
            "10:1: a quote",
        ];
        assert_eq!(faults.len(), starts.len(), "{faults:#?}");
        for (fault, start) in faults.iter().zip(starts) {
            assert!(fault.starts_with(start), "{fault} should begin with {start}");
        }
    }

    #[test]
    fn expired_and_unused_entries_are_told() {
        let mut file = IgnoreFile::default();
        let text =
            "id 0123456789abcdef reason=\"r\" expires=2029-12-31\npath x reason=\"r\" expires=2030-01-01\n";
        file.add("f", &BlobPath::from(""), text, &"2030-01-01".into()).unwrap();
        assert_eq!(
            file.notes(true),
            [
                "f:1: the entry has expired; renew it or remove it",
                "f:2: the entry matches nothing; remove it"
            ]
        );
    }
}
