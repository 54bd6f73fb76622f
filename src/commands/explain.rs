//! Why something on a line is reported, or why not.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::dismissals::read_dismissed;
use super::examine::{examine, nature_of};
use super::scan::Prepared;
use super::texts::{Named, texts_named};
use super::unwrap::{Inside, explain_inside};
use super::{CommandError, ScanTask};
use crate::engine::{Explained, Text};
use crate::findings::settle;
use crate::judge::{Judgement, Manner, Subject, judge, words};
use crate::model::{BlobPath, Confidence, PlaceKind, Promise, Sighting};
use crate::report::sanitize;
use crate::sources::{Blob, Content};

/// What is to be explained.
#[derive(Debug, Clone)]
pub struct ExplainTask {
    /// What is asked about.
    pub about: About,
    /// How the file would be scanned.
    pub scan: ScanTask,
}

/// A line of a file, or a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// What stands on this line, counted from 1.
    Line(PathBuf, u64),
    /// The value on standard input.
    Value,
}

impl About {
    /// Reads `FILE:LINE`, `FILE:LINE:COLUMN` or `-`.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<About, CommandError> {
        if text == "-" {
            return Ok(About::Value);
        }
        let wrong = || {
            CommandError::new(format!(
                "`{text}` names no line; write FILE:LINE, as reports do, or `-` and give a value on standard input"
            ))
        };
        let (file, last) = text.rsplit_once(':').ok_or_else(wrong)?;
        let last: u64 = last.parse().map_err(|_| wrong())?;
        let of_line = file.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
        // A column behind the line says nothing more: all of the line is explained.
        let (file, line) = of_line.unwrap_or((file, last));
        if line == 0 || file.is_empty() { Err(wrong()) } else { Ok(About::Line(file.into(), line)) }
    }
}

/// Explains a line or a value. No secret is written.
///
/// # Errors
/// When the file cannot be read or has no such line, or `out` cannot be written to.
pub fn explain(task: &ExplainTask, out: &mut dyn Write) -> Result<(), CommandError> {
    let prepared = Prepared::of(&task.scan)?;
    match &task.about {
        About::Line(file, line) => explain_line(task, &prepared, file, *line, out),
        About::Value => explain_value(&prepared, out),
    }
}

fn explain_line(
    task: &ExplainTask,
    prepared: &Prepared,
    file: &Path,
    line: u64,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let texts = texts_named(file, task.scan.opening.unwrap_or_default())?;
    let lines: Vec<Line> = texts.iter().map(|text| Line::of(text, line)).collect();
    if let Some(last) = lines.iter().map(|line| line.last).max().filter(|last| *last < line) {
        return Err(CommandError::new(format!(
            "{}: there is no line {line}; the file has {last}",
            sanitize(&file.to_string_lossy())
        )));
    }
    let name = file.to_string_lossy();
    for (number, found) in lines.iter().enumerate().filter(|(_, found)| line <= found.last) {
        writeln!(out, "{}:{line}", sanitize(&name))?;
        if lines.len() > 1 {
            writeln!(out, "\n  Of {} members with this name this is number {}.", lines.len(), number + 1)?;
        }
        found.explain(prepared, out)?;
        conclude(task, found.sightings(prepared), out)?;
    }
    Ok(())
}

/// A line of a text.
struct Line<'t> {
    number: u64,
    named: &'t Named,
    text: Cow<'t, [u8]>,
    binary: bool,
    /// How many lines the text has.
    last: u64,
}

impl<'t> Line<'t> {
    fn of(named: &'t Named, number: u64) -> Line<'t> {
        let (encoding, binary) = nature_of(&named.bytes);
        let decoded = encoding.decode(&named.bytes).map(String::into_bytes);
        let text = decoded.map_or(Cow::Borrowed(&named.bytes[..]), Cow::Owned);
        let breaks = memchr::memchr_iter(b'\n', &text).count() as u64;
        let last = breaks + u64::from(breaks == 0 || !text.ends_with(b"\n"));
        Line { number, named, text, binary, last }
    }

    fn range(&self) -> Range<usize> {
        let breaks = || memchr::memchr_iter(b'\n', &self.text);
        let before = usize::try_from(self.number - 1).unwrap_or(usize::MAX);
        let start =
            before.checked_sub(1).map_or(0, |nth| breaks().nth(nth).map_or(self.text.len(), |at| at + 1));
        start..breaks().nth(before).unwrap_or(self.text.len())
    }

    /// What was made of all that matches on the line.
    fn explain(&self, prepared: &Prepared, out: &mut dyn Write) -> io::Result<()> {
        let text = Text { bytes: &self.text, path: &self.named.path, binary: self.binary };
        tell_all(prepared, text, self.range(), out)?;
        if self.binary {
            writeln!(out, "\n  The file looks binary: only rules that are sure of themselves speak there.")?;
        }
        Ok(())
    }

    /// What is seen on the line when all of the text is scanned.
    fn sightings(&self, prepared: &Prepared) -> Vec<Sighting> {
        let Named { path, bytes } = self.named;
        let blob = Blob { path, kind: PlaceKind::File, appearance: None, content: Content::Whole(bytes) };
        let mut sightings = examine(prepared, blob).sightings;
        sightings.retain(|sighting| {
            let place = &sighting.place;
            place.path == *path && (place.line..=place.end_line).contains(&self.number)
        });
        sightings
    }
}

/// What was made of all matches in `part` of a text, and in what was decoded from it.
fn tell_all(prepared: &Prepared, text: Text<'_>, part: Range<usize>, out: &mut dyn Write) -> io::Result<()> {
    let column =
        |at: usize| 1 + String::from_utf8_lossy(&text.bytes[part.start..at.max(part.start)]).chars().count();
    let explained = prepared.engine.explain(text, part.clone());
    for alike in alike(&explained) {
        writeln!(out)?;
        tell(&alike, text.bytes, column(alike[0].matched.start), "  ", out)?;
    }
    let (inside, limit) = match prepared.decode {
        true => explain_inside(&prepared.engine, text, &part),
        false => (vec![], None),
    };
    for Inside { original, encodings, explained } in &inside {
        writeln!(out, "\n  column {}: text in {encodings}, decoded", column(original.start))?;
        for alike in alike(explained) {
            tell(&alike, text.bytes, column(alike[0].matched.start), "    ", out)?;
        }
        if explained.is_empty() {
            writeln!(out, "    {NOTHING}")?;
        }
    }
    if explained.is_empty() && inside.is_empty() {
        writeln!(out, "\n  {NOTHING}")?;
    }
    match limit {
        Some(limit) => writeln!(out, "\n  Not all in the file was decoded: it holds {}.", limit.meaning()),
        None => Ok(()),
    }
}

const NOTHING: &str = "No rule's pattern matches anything here, and no name here promises a secret.";

/// Matches of which the same is told: those that begin at one place and have one thing against them. The others are alone.
fn alike(explained: &[Explained]) -> Vec<Vec<&Explained>> {
    let mut groups: Vec<Vec<&Explained>> = vec![];
    for one in explained {
        let is_alike = |group: &&mut Vec<&Explained>| {
            let same = group[0].matched.start == one.matched.start;
            same && matches!((&group[0].outcome, &one.outcome), (Err(known), Err(refusal)) if known == refusal)
        };
        match groups.iter_mut().find(is_alike) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}

/// What was made of matches that are alike, in a text or in what was decoded from it.
fn tell(
    alike: &[&Explained],
    text: &[u8],
    column: usize,
    indent: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rules: Vec<&str> = alike.iter().map(|one| one.rule.id).collect();
    match alike {
        [one] => writeln!(out, "{indent}column {column}: {} ({})", one.rule.id, one.rule.name)?,
        _ => writeln!(out, "{indent}column {column}: {} rules ({})", rules.len(), rules.join(", "))?,
    }
    match &alike[0].outcome {
        Err(refusal) => writeln!(out, "{indent}  no: {refusal}"),
        Ok(candidate) => {
            let bits = words::evidence(candidate.value(text).expose());
            let proof = candidate.rule.proof.map_or(String::new(), |proof| {
                format!(", proof {proof}: {}", candidate.evidence.level.as_str())
            });
            writeln!(out, "{indent}  yes: {}{proof}", candidate.confidence.as_str())?;
            writeln!(out, "{indent}  {bits:.0} bits speak for a value that was drawn at random")
        }
    }
}

/// What a report says of the line.
fn conclude(task: &ExplainTask, sightings: Vec<Sighting>, out: &mut dyn Write) -> Result<(), CommandError> {
    let mut dismissed = read_dismissed(&task.scan, &[PathBuf::from(".")])?;
    let marked = sightings.iter().filter(|sighting| sighting.ignored_inline).count();
    let seen = sightings.len();
    let settled = settle(sightings, vec![], &mut dismissed, Confidence::Possible);
    writeln!(out)?;
    if seen == 0 {
        writeln!(out, "Nothing is reported.")?;
    }
    if marked > 0 {
        writeln!(out, "{marked} of {seen} findings are ignored by a mark on the line.")?;
    }
    if settled.ignored_by_file > 0 {
        writeln!(out, "{} of {seen} findings are ignored by an ignore file.", settled.ignored_by_file)?;
    }
    if settled.ignored_by_baseline > 0 {
        writeln!(out, "{} of {seen} findings are in the baseline.", settled.ignored_by_baseline)?;
    }
    for finding in &settled.findings {
        let (id, rule, confidence) = (&finding.id, finding.rule.id, finding.confidence.as_str());
        let also: Vec<&str> = finding.also.iter().map(|also| also.rule).collect();
        let also = if also.is_empty() { String::new() } else { format!("; {} lost to it", also.join(", ")) };
        let shown = match finding.confidence {
            Confidence::Possible => "counted, and shown with --confidence possible",
            _ => "shown",
        };
        writeln!(out, "Finding {id} by {rule}: {confidence}, {shown}{also}.")?;
    }
    Ok(())
}

fn explain_value(prepared: &Prepared, out: &mut dyn Write) -> Result<(), CommandError> {
    let mut value = vec![];
    io::stdin()
        .read_to_end(&mut value)
        .map_err(|error| CommandError::new(format!("standard input cannot be read: {error}")))?;
    let value = value.trim_ascii();
    if value.is_empty() {
        return Err(CommandError::new("standard input holds no value; give one"));
    }
    for (name, promise) in [("password", Promise::Password), ("token", Promise::Token)] {
        let subject = Subject { name: name.as_bytes(), value, promise, manner: Manner::Quoted };
        match judge(subject) {
            Judgement::Not(reason) => writeln!(out, "as a {name}: no, {reason}")?,
            Judgement::Secret { confidence, bits, .. } => {
                writeln!(
                    out,
                    "as a {name}: {}, {bits:.0} bits speak for a value that was drawn at random",
                    confidence.as_str()
                )?;
            }
        }
    }
    let path = BlobPath::from("value");
    tell_all(prepared, Text { bytes: value, path: &path, binary: false }, 0..value.len(), out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_reports_write_them() {
        for (text, expected) in [
            ("a.py:12", Some(About::Line("a.py".into(), 12))),
            ("a.py:12:3", Some(About::Line("a.py".into(), 12))),
            ("c:/a.py:12", Some(About::Line("c:/a.py".into(), 12))),
            ("-", Some(About::Value)),
            ("a.py", None),
            ("a.py:0", None),
            (":3", None),
        ] {
            assert_eq!(About::parse(text).ok(), expected, "{text}");
        }
    }
}
