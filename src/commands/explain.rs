//! Why something on a line is reported, or why not.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::dismissals::read_dismissed;
use super::examine::{examine, nature_of};
use super::scan::Prepared;
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
    let bytes = fs::read(file).map_err(|error| {
        CommandError::new(format!("{}: the file cannot be read: {error}", file.display()))
    })?;
    let path = BlobPath::from(file.to_string_lossy().trim_start_matches("./"));
    let (encoding, binary) = nature_of(&bytes);
    let decoded = encoding.decode(&bytes);
    let text = decoded.as_deref().map_or(&bytes[..], str::as_bytes);
    let part = nth_line(text, line).ok_or_else(|| {
        let lines = memchr::memchr_iter(b'\n', text).count() + usize::from(!text.ends_with(b"\n"));
        CommandError::new(format!("{}: there is no line {line}; the file has {lines}", file.display()))
    })?;
    let explained = prepared.engine.explain(Text { bytes: text, path: &path, binary }, part.clone());
    let sightings = sightings_on(prepared, &path, &bytes, line);
    writeln!(out, "{}:{line}", sanitize(&file.to_string_lossy()))?;
    for one in &explained {
        let column =
            1 + String::from_utf8_lossy(&text[part.start..one.matched.start.max(part.start)]).chars().count();
        tell(one, text, column, out)?;
    }
    if explained.is_empty() {
        writeln!(out, "\n  No rule's pattern matches anything here, and no name here promises a secret.")?;
    }
    if binary {
        writeln!(out, "\n  The file looks binary: only rules that are sure of themselves speak there.")?;
    }
    conclude(task, sightings, out)
}

/// What was made of one match.
fn tell(one: &Explained, text: &[u8], column: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n  column {column}: {} ({})", one.rule.id, one.rule.name)?;
    match &one.outcome {
        Err(refusal) => writeln!(out, "    no: {refusal}"),
        Ok(candidate) => {
            let bits = words::evidence(&text[candidate.secret.clone()]);
            let proof = candidate.rule.proof.map_or(String::new(), |proof| {
                format!(", proof {proof}: {}", candidate.evidence.level.as_str())
            });
            writeln!(out, "    yes: {}{proof}", candidate.confidence.as_str())?;
            writeln!(out, "    {bits:.0} bits speak for a value that was drawn at random")
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

/// What is seen on the line when all of the file is scanned.
fn sightings_on(prepared: &Prepared, path: &BlobPath, bytes: &[u8], line: u64) -> Vec<Sighting> {
    let blob = Blob { path, kind: PlaceKind::File, appearance: None, content: Content::Whole(bytes) };
    let mut sightings = examine(prepared, blob).sightings;
    sightings.retain(|sighting| (sighting.place.line..=sighting.place.end_line).contains(&line));
    sightings
}

fn nth_line(text: &[u8], line: u64) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    for _ in 1..line {
        start += memchr::memchr(b'\n', &text[start..])? + 1;
    }
    let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |length| start + length);
    (start < text.len() || line == 1).then_some(start..end)
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
    for one in prepared.engine.explain(Text { bytes: value, path: &path, binary: false }, 0..value.len()) {
        tell(&one, value, 1 + one.matched.start, out)?;
    }
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
