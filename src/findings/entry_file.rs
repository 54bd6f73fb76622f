//! A file of entries as a text that people edit and merge: one entry a line, comments, blank lines. What is not
//! changed here stays as it is, byte by byte.

use std::collections::BTreeSet;
use std::mem::{discriminant, take};

use super::entry::{Covers, Entry, Why};
use crate::model::FindingId;

/// The lines of a file of entries.
#[derive(Debug, Clone)]
pub struct EntryFile {
    lines: Vec<Line>,
    /// What ends a line here.
    ending: &'static str,
}

#[derive(Debug, Clone)]
struct Line {
    text: String,
    entry: Option<Entry>,
}

/// What became of an entry that was put into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Added,
    /// It stands where another about the same stood.
    Replaced,
}

/// Which entries a file takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// All, and each has to say why.
    Ignores,
    /// Those about ids, with or without a reason.
    Known,
}

impl EntryFile {
    /// Reads an ignore file.
    ///
    /// # Errors
    /// All faults of the text, each after its line and column.
    pub fn parse(text: &str) -> Result<EntryFile, Vec<String>> {
        EntryFile::read(text, Takes::Ignores)
    }

    pub(super) fn read(text: &str, takes: Takes) -> Result<EntryFile, Vec<String>> {
        let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let (mut lines, mut faults) = (vec![], conflicts(text));
        let is_conflicting = !faults.is_empty();
        for (number, raw) in (1..).zip(text.split_inclusive('\n')) {
            let line = if number == 1 { raw.strip_prefix('\u{feff}').unwrap_or(raw) } else { raw };
            let line = line.trim_end();
            let is_entry = !line.is_empty() && !line.trim_start().starts_with('#');
            let entry = match is_entry && !(is_conflicting && is_marker(line)) {
                true => entry(line, takes)
                    .map_err(|(column, message)| faults.push((number, column, message)))
                    .ok(),
                false => None,
            };
            lines.push(Line { text: raw.to_owned(), entry });
        }
        faults.sort();
        match faults.is_empty() {
            true => Ok(EntryFile { lines, ending }),
            false => Err(faults
                .into_iter()
                .map(|(line, column, message)| format!("{line}:{column}: {message}"))
                .collect()),
        }
    }

    /// The text.
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| line.text.as_str()).collect()
    }

    /// The entries, each with its line from 1.
    pub fn entries(&self) -> impl Iterator<Item = (usize, &Entry)> {
        (1..).zip(&self.lines).filter_map(|(number, line)| Some((number, line.entry.as_ref()?)))
    }

    /// The ids that there are entries for.
    pub fn ids(&self) -> impl Iterator<Item = &FindingId> {
        self.lines.iter().filter_map(Line::id)
    }

    /// Puts an entry where another about the same stands, or else in its place among its kind: ids are sorted, and
    /// patterns come last, since the later of two counts.
    pub fn put(&mut self, covers: Covers, why: Why) -> Put {
        let entry = Entry { covers, why };
        let text = format!("{entry}{}", self.ending);
        let is_same =
            |line: &Line| line.entry.as_ref().is_some_and(|other| other.covers.is_same(&entry.covers));
        if let Some(at) = self.lines.iter().position(is_same) {
            let mut at_first = 0..=at;
            self.lines.retain(|line| at_first.next().is_some() || !is_same(line));
            self.lines[at] = Line { text, entry: Some(entry) };
            return Put::Replaced;
        }
        let at = match &entry.covers {
            Covers::Id(id) => Places::of(&self.lines).of_id(id),
            Covers::Path(_) | Covers::Gap(..) => place_among(&self.lines, &entry.covers),
        };
        self.insert(vec![(at, Line { text, entry: Some(entry) })]);
        Put::Added
    }

    /// Puts entries about ids that there are none for into their places.
    pub fn put_new(&mut self, ids: &BTreeSet<&FindingId>, why: &Why) {
        let places = Places::of(&self.lines);
        let line = |id: &FindingId| {
            let entry = Entry { covers: Covers::Id(id.clone()), why: why.clone() };
            Line { text: format!("{entry}{}", self.ending), entry: Some(entry) }
        };
        let new = ids.iter().map(|id| (places.of_id(id), line(id))).collect();
        self.insert(new);
    }

    /// Inserts lines before those with these numbers, which do not fall.
    fn insert(&mut self, new: Vec<(usize, Line)>) {
        let mut old = take(&mut self.lines).into_iter().enumerate().peekable();
        for (at, line) in new {
            while let Some((_, line)) = old.next_if(|(number, _)| *number < at) {
                self.lines.push(line);
            }
            if let Some(last) = self.lines.last_mut().filter(|last| !last.text.ends_with('\n')) {
                last.text.push_str(self.ending);
            }
            self.lines.push(line);
        }
        self.lines.extend(old.map(|(_, line)| line));
    }

    /// Keeps of the entries about ids those that `keep` says, and returns how many are gone. Comments stay.
    pub fn keep_ids(&mut self, keep: impl Fn(&FindingId) -> bool) -> usize {
        let before = self.lines.len();
        self.lines.retain(|line| line.id().is_none_or(&keep));
        before - self.lines.len()
    }
}

/// Where entries about ids belong among lines.
struct Places<'l> {
    lines: &'l [Line],
    /// The greatest id up to each line: whoever sorts otherwise still finds the first greater one.
    greatest: Vec<Option<&'l FindingId>>,
    /// What follows the last of them.
    end: usize,
}

impl<'l> Places<'l> {
    fn of(lines: &'l [Line]) -> Places<'l> {
        let mut greatest = None;
        let ids = lines.iter().map(Line::id);
        let greatest = ids.map(|id| {
            greatest = greatest.max(id);
            greatest
        });
        let end = lines.iter().rposition(|line| line.id().is_some()).map_or(lines.len(), |last| last + 1);
        Places { lines, greatest: greatest.collect(), end }
    }

    fn of_id(&self, id: &FindingId) -> usize {
        let at = self.greatest.partition_point(|greatest| greatest.is_none_or(|greatest| greatest <= id));
        if at < self.lines.len() { self.above_comments(at) } else { self.end }
    }

    /// Where the comments begin that belong to a line. Those at the top belong to the file.
    fn above_comments(&self, line: usize) -> usize {
        let is_comment =
            |line: &&Line| line.text.trim_start_matches('\u{feff}').trim_start().starts_with('#');
        let comments = self.lines[..line].iter().rev().take_while(is_comment).count();
        if comments == line { line } else { line - comments }
    }
}

/// What follows the last entry of the same kind, or else the last line.
fn place_among(lines: &[Line], covers: &Covers) -> usize {
    let is_kind = |line: &Line| {
        line.entry.as_ref().is_some_and(|other| discriminant(&other.covers) == discriminant(covers))
    };
    lines.iter().rposition(is_kind).map_or(lines.len(), |last| last + 1)
}

impl Line {
    fn id(&self) -> Option<&FindingId> {
        match self.entry.as_ref()?.covers {
            Covers::Id(ref id) => Some(id),
            Covers::Path(_) | Covers::Gap(..) => None,
        }
    }
}

/// The entry in a line, or its fault after its column.
fn entry(line: &str, takes: Takes) -> Result<Entry, (usize, String)> {
    let column = |at: usize| line[..at].chars().count() + 1;
    let entry = Entry::parse(line).map_err(|fault| (column(fault.at), fault.message))?;
    let start = column(line.len() - line.trim_start().len());
    match (takes, &entry) {
        (Takes::Ignores, Entry { why: Why { reason: None, .. }, .. }) => {
            Err((start, "the entry has no reason; add reason=\"why this is no leak\"".into()))
        }
        (Takes::Known, Entry { covers: Covers::Path(_) | Covers::Gap(..), .. }) => {
            Err((start, "a baseline takes entries by id only; put this one into .stanchignore".into()))
        }
        _ => Ok(entry),
    }
}

/// Begins of the lines that git writes around and between the sides of a conflict (git-merge(1)).
const MARKERS: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

fn is_marker(line: &str) -> bool {
    MARKERS.iter().any(|marker| line.starts_with(marker))
}

/// A fault for each conflict that a merge left.
pub(super) fn conflicts(text: &str) -> Vec<(usize, usize, String)> {
    let begins = (1..).zip(text.lines()).filter(|(_, line)| line.starts_with(MARKERS[0]));
    let fault = |(number, _): (usize, &str)| {
        let what = "a merge conflict is not resolved here; keep the entries of both sides and remove the lines that git put \
                    around and between them";
        (number, 1, what.to_owned())
    };
    begins.map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::super::entry::Pattern;
    use super::*;

    fn put(text: &str, covers: Covers) -> (Put, String) {
        let mut file = EntryFile::parse(text).unwrap();
        let why = Why { reason: Some("new".into()), ..Why::default() };
        let put = file.put(covers, why);
        EntryFile::parse(&file.text()).unwrap();
        (put, file.text())
    }

    fn id(digit: char) -> Covers {
        Covers::Id(FindingId(digit.to_string().repeat(16)))
    }

    fn line(digit: char, reason: &str) -> String {
        format!("id {} reason=\"{reason}\"\n", digit.to_string().repeat(16))
    }

    #[test]
    fn an_entry_gets_its_place() {
        let (a, b, c) = (line('a', "r"), line('b', "r"), line('c', "new"));
        for (before, covers, after) in [
            (String::new(), id('c'), c.clone()),
            (format!("# head\n{a}{b}"), id('c'), format!("# head\n{a}{b}{c}")),
            (format!("# head\n{}", line('d', "r")), id('c'), format!("# head\n{c}{}", line('d', "r"))),
            (
                format!("# head\n\n{a}# why\n# indeed\n{}", line('d', "r")),
                id('c'),
                format!("# head\n\n{a}{c}# why\n# indeed\n{}", line('d', "r")),
            ),
            (
                format!("{a}\npath docs/ reason=\"r\"\n"),
                id('c'),
                format!("{a}{c}\npath docs/ reason=\"r\"\n"),
            ),
            ("path docs/ reason=\"r\"".into(), id('c'), format!("path docs/ reason=\"r\"\n{c}")),
            (a.replace('\n', "\r\n"), id('c'), format!("{a}{c}").replace('\n', "\r\n")),
            (
                format!("path b reason=\"r\"\n{a}"),
                Covers::Path(Pattern::new("a").unwrap()),
                format!("path b reason=\"r\"\npath a reason=\"new\"\n{a}"),
            ),
        ] {
            assert_eq!(put(&before, covers), (Put::Added, after), "{before}");
        }
    }

    #[test]
    fn many_entries_get_their_places_as_one_after_the_other_do() {
        let ids: Vec<FindingId> =
            "0159bdf".chars().map(|digit| FindingId(digit.to_string().repeat(16))).collect();
        for text in ["", "# head", "# head\n\n", "{2}# x\n{8}{4}path a reason=\"r\"\n# y\n{c}\n# z"] {
            let text = "248c".chars().fold(text.to_owned(), |text, digit| {
                text.replace(&format!("{{{digit}}}"), &line(digit, "r"))
            });
            let mut one_by_one = EntryFile::parse(&text).unwrap();
            let mut at_once = one_by_one.clone();
            let why = Why { reason: Some("new".into()), ..Why::default() };
            for id in &ids {
                one_by_one.put(Covers::Id(id.clone()), why.clone());
            }
            at_once.put_new(&ids.iter().collect(), &why);
            assert_eq!(at_once.text(), one_by_one.text(), "{text}");
        }
    }

    #[test]
    fn an_entry_about_the_same_is_replaced() {
        let text = format!("# head\n{}{}# end\n{}", line('a', "old"), line('b', "r"), line('a', "twice"));
        let after = format!("# head\n{}{}# end\n", line('a', "new"), line('b', "r"));
        assert_eq!(put(&text, id('a')), (Put::Replaced, after));
        let glob = || Covers::Path(Pattern::new("docs/**").unwrap());
        assert_eq!(
            put("path docs/** reason=\"r\" owner=x\n", glob()),
            (Put::Replaced, "path docs/** reason=\"new\"\n".into())
        );
    }

    #[test]
    fn what_goes_takes_nothing_along() {
        let text = format!("# head\n\n{}  # why\n{}path a reason=\"r\"\n", line('a', "r"), line('b', "r"));
        let mut file = EntryFile::parse(&text).unwrap();
        let gone = file.keep_ids(|id| id.0.starts_with('a'));
        assert_eq!((gone, file.text()), (1, text.replace(&line('b', "r"), "")));
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let text = "# fine\nid 0123456789abcdef reason=\"a test key\"\nid xyz reason=\"r\"\npath docs/**\n  gap unreadable * reason=\"\"\n\
                    path a reason=\"ä\" expires=soon\nwhat is this\ngap odd * reason=\"x\"\npath [ reason=\"x\"\nid 0123456789abcdef reason=\"open\n";
        let faults = EntryFile::parse(text).unwrap_err();
        let starts = [
            "3:4: `id`",
            "4:1: the entry has no",
            "5:20: the reason",
            "6:19: `soon`",
            "7:1: an entry",
            "8:5: `odd` is no reason",
            "9:6: ",
            "10:21: a quote",
        ];
        assert_eq!(faults.len(), starts.len(), "{faults:#?}");
        for (fault, start) in faults.iter().zip(starts) {
            assert!(fault.starts_with(start), "{fault} should begin with {start}");
        }
    }

    #[test]
    fn a_conflict_is_told_once_with_what_else_is_wrong() {
        let text = format!(
            "<<<<<<< HEAD\n{}||||||| base\n=======\n{}oops\n>>>>>>> other\n",
            line('a', "r"),
            line('b', "r")
        );
        let faults = EntryFile::parse(&text).unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("1:1: a merge conflict"), "{faults:?}");
        assert!(faults[1].starts_with("6:1: an entry"), "{faults:?}");
    }
}
