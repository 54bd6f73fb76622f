//! Reads what a report says of its findings: which, by which rule, where. Plans name theirs the same way.

use base64::Engine as _;
use serde::Deserialize;

use crate::model::{BlobPath, FindingId, PlaceKind};

/// A finding as a report names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: FindingId,
    /// The id of its rule.
    pub rule: String,
    /// Where it was.
    pub places: Vec<ListedPlace>,
    /// The files in which what belongs to it stands.
    pub parts: Vec<BlobPath>,
}

/// A place as a report names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPlace {
    /// Which file.
    pub path: BlobPath,
    /// What of it.
    pub kind: PlaceKind,
    /// The object that holds it, in hex.
    pub object: Option<String>,
}

/// What is read of a finding; other fields are left alone.
#[derive(Debug, Clone, Deserialize)]
struct Entry {
    id: String,
    rule: String,
    places: Vec<EntryPlace>,
    #[serde(default)]
    parts: Vec<EntryPart>,
}

#[derive(Debug, Clone, Deserialize)]
struct EntryPart {
    path: String,
    path_base64: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct EntryPlace {
    path: String,
    path_base64: Option<String>,
    kind: String,
    object: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    schema: u32,
    tool: Tool,
    findings: Vec<Entry>,
}

#[derive(Deserialize)]
struct Tool {
    name: String,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
}

/// The findings of a report of `--format json` or `jsonl`; nothing where the text is no report.
///
/// # Errors
/// When it is a report that is of another version or was cut short.
pub fn read(text: &str) -> Result<Option<Vec<Listed>>, String> {
    if !text.trim_start().starts_with('{') {
        return Ok(None);
    }
    if let Ok(document) = serde_json::from_str::<Document>(text) {
        return match (document.tool.name.as_str(), document.schema) {
            ("stanch", 1) => Ok(Some(document.findings.iter().map(Entry::listed).collect())),
            ("stanch", other) => Err(format!("the report has version {other}, and this stanch reads 1")),
            _ => Ok(None),
        };
    }
    lines(text)
}

fn lines(text: &str) -> Result<Option<Vec<Listed>>, String> {
    let kind = |line: &str| serde_json::from_str::<Line>(line).ok().map(|line| line.kind);
    let all: Vec<(Option<String>, &str)> =
        text.lines().filter(|line| !line.is_empty()).map(|line| (kind(line), line)).collect();
    let known = |kind: &Option<String>| {
        kind.as_deref().is_some_and(|kind| matches!(kind, "finding" | "gap" | "note" | "tally"))
    };
    if !all.first().is_some_and(|(kind, _)| known(kind)) {
        return Ok(None);
    }
    if all.last().is_none_or(|(kind, _)| kind.as_deref() != Some("tally")) {
        return Err("the report was cut short: its last line is not the tally".into());
    }
    let findings = all.iter().filter(|(kind, _)| kind.as_deref() == Some("finding"));
    let entries = findings.map(|(_, line)| serde_json::from_str::<Entry>(line).map(|entry| entry.listed()));
    entries.collect::<Result<_, _>>().map(Some).map_err(|error| format!("the report cannot be read: {error}"))
}

impl Entry {
    /// The finding.
    fn listed(&self) -> Listed {
        let places = self.places.iter().map(EntryPlace::listed).collect();
        let parts = self.parts.iter().map(|part| path_of(&part.path, part.path_base64.as_deref())).collect();
        Listed { id: FindingId(self.id.clone()), rule: self.rule.clone(), places, parts }
    }
}

impl EntryPlace {
    fn listed(&self) -> ListedPlace {
        ListedPlace::of(&self.path, self.path_base64.as_deref(), &self.kind, self.object.as_deref())
    }
}

impl ListedPlace {
    /// The place of these fields of a report or a plan.
    pub fn of(path: &str, path_base64: Option<&str>, kind: &str, object: Option<&str>) -> ListedPlace {
        let kind = PlaceKind::ALL.into_iter().find(|known| known.as_str() == kind);
        ListedPlace {
            path: path_of(path, path_base64),
            kind: kind.unwrap_or(PlaceKind::File),
            object: object.filter(|object| !object.is_empty()).map(str::to_owned),
        }
    }
}

/// The path of these fields of a report or a plan.
pub fn path_of(path: &str, path_base64: Option<&str>) -> BlobPath {
    let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).ok();
    BlobPath::new(path_base64.and_then(decode).unwrap_or_else(|| path.as_bytes().to_vec()))
}
