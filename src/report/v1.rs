//! Version 1 of the output for machines, shared by `json` and `jsonl`. Frozen: fields are added, never
//! renamed, removed or given another meaning. `fixtures/schema/report-v1.schema.json` describes it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use serde::Serialize;

use super::{View, mask};
use crate::model;

/// The version written into every report.
const SCHEMA: u32 = 1;

/// The whole report.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    schema: u32,
    tool: Tool,
    findings: Vec<Finding<'a>>,
    gaps: Vec<Gap<'a>>,
    notes: &'a [String],
    tally: Tally,
}

/// One line of `jsonl`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Line<'a> {
    Finding(Box<Finding<'a>>),
    Gap(Gap<'a>),
    Note {
        text: &'a str,
    },
    Tally {
        schema: u32,
        tool: Tool,
        #[serde(flatten)]
        tally: Tally,
    },
}

#[derive(Serialize)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

#[derive(Serialize)]
pub(super) struct Finding<'a> {
    id: &'a str,
    rule: &'a str,
    provider: &'a str,
    name: &'a str,
    category: &'a str,
    severity: &'a str,
    confidence: &'a str,
    verdict: Verdict<'a>,
    proof: &'a str,
    facts: Vec<Fact<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owner: Vec<Fact<'a>>,
    secret: Secret<'a>,
    risk: &'a str,
    revoke_page: Option<&'a str>,
    docs: &'a [&'a str],
    also: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part<'a>>,
    places: Vec<Place<'a>>,
}

/// What belongs to a secret and stands beside it or in another file.
#[derive(Serialize)]
struct Part<'a> {
    name: &'a str,
    #[serde(flatten)]
    path: Path<'a>,
    line: u64,
    /// How many different values could be meant; this one is the nearest.
    choices: usize,
}

#[derive(Serialize)]
struct Verdict<'a> {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facts: Vec<Fact<'a>>,
}

#[derive(Serialize)]
struct Fact<'a> {
    label: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct Secret<'a> {
    masked: String,
    /// In bytes; absent for values that can be guessed.
    length: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct Place<'a> {
    kind: &'static str,
    #[serde(flatten)]
    path: Path<'a>,
    line: u64,
    column: u64,
    end_line: u64,
    end_column: u64,
    start: u64,
    end: u64,
    excerpt: &'a str,
    #[serde(flatten)]
    appearance: Option<Appearance<'a>>,
}

/// What is told beside a place in the history of a repository.
#[derive(Serialize)]
struct Appearance<'a> {
    #[serde(flatten)]
    introduced: Option<Commit<'a>>,
    introduced_again: u64,
    removed: Option<Commit<'a>>,
    object: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    objects: &'a [String],
    in_head: bool,
    refs: &'a [String],
    more_refs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    novelty: Option<&'static str>,
}

#[derive(Serialize)]
struct Commit<'a> {
    commit: &'a str,
    author: &'a str,
    date: &'a str,
}

#[derive(Serialize)]
struct Path<'a> {
    path: Cow<'a, str>,
    /// The bytes, where they are not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Gap<'a> {
    reason: &'static str,
    #[serde(flatten)]
    path: Path<'a>,
    detail: &'a str,
    accepted: bool,
}

#[derive(Serialize)]
pub(super) struct Tally {
    files: u64,
    bytes: u64,
    binary: u64,
    packed: u64,
    containers: u64,
    members: u64,
    unpacked_bytes: u64,
    symlinks: u64,
    special: u64,
    ignored_entries: u64,
    excluded: u64,
    found: Found,
    shown: u64,
    hidden: u64,
    ignored_inline: u64,
    ignored_by_file: u64,
    ignored_by_baseline: u64,
    gaps: BTreeMap<&'static str, u64>,
    accepted_gaps: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Found {
    possible: u64,
    likely: u64,
    proven: u64,
}

impl<'a> Document<'a> {
    pub(super) fn of(report: &'a model::Report, view: View) -> Document<'a> {
        Document {
            schema: SCHEMA,
            tool: Tool::this(),
            findings: report.findings.iter().map(|finding| Finding::of(finding, view)).collect(),
            gaps: gaps(report).collect(),
            notes: &report.notes,
            tally: Tally::of(report),
        }
    }
}

impl<'a> Line<'a> {
    /// The lines of a report, one after the other, so that none but the current one is in memory.
    pub(super) fn all(report: &'a model::Report, view: View) -> impl Iterator<Item = Line<'a>> {
        let findings =
            report.findings.iter().map(move |finding| Line::Finding(Box::new(Finding::of(finding, view))));
        let notes = report.notes.iter().map(|text| Line::Note { text });
        let tally = || Line::Tally { schema: SCHEMA, tool: Tool::this(), tally: Tally::of(report) };
        findings.chain(gaps(report).map(Line::Gap)).chain(notes).chain(std::iter::once_with(tally))
    }
}

fn gaps(report: &model::Report) -> impl Iterator<Item = Gap<'_>> {
    let open = report.gaps.iter().map(|gap| Gap::of(gap, false));
    open.chain(report.accepted_gaps.iter().map(|gap| Gap::of(gap, true)))
}

impl Tool {
    pub(super) fn this() -> Tool {
        Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") }
    }
}

impl<'a> Finding<'a> {
    fn of(finding: &'a model::Finding, view: View) -> Finding<'a> {
        let rule = finding.rule;
        Finding {
            id: &finding.id.0,
            rule: rule.id,
            provider: rule.provider,
            name: rule.name,
            category: rule.category,
            severity: finding.severity().as_str(),
            confidence: finding.confidence.as_str(),
            verdict: Verdict::of(&finding.verdict),
            proof: finding.evidence.level.as_str(),
            facts: finding.evidence.facts.iter().map(Fact::of).collect(),
            owner: finding.owner.iter().map(Fact::of).collect(),
            secret: Secret {
                masked: mask::mask(rule),
                length: mask::length(finding),
                value: view.reveal.then(|| String::from_utf8_lossy(finding.secret.expose())),
            },
            risk: rule.risk,
            revoke_page: rule.revoke_page,
            docs: rule.docs,
            also: finding.also.iter().map(|also| also.rule).collect(),
            parts: finding.parts().into_iter().map(Part::of).collect(),
            places: finding.places.iter().map(|(place, excerpt)| Place::of(place, excerpt)).collect(),
        }
    }
}

impl<'a> Verdict<'a> {
    fn of(verdict: &'a model::Verdict) -> Verdict<'a> {
        let (answered, unknown) = match verdict {
            model::Verdict::NotAsked => (None, None),
            model::Verdict::Live(answered) | model::Verdict::Dead(answered) => (Some(answered), None),
            model::Verdict::Unknown(unknown) => (None, Some(unknown)),
        };
        Verdict {
            state: verdict.as_str(),
            reason: unknown.map(|unknown| unknown.reason.as_str()),
            detail: unknown.map(|unknown| unknown.detail.as_str()),
            host: answered.map(|answered| answered.host.as_str()),
            facts: verdict.facts().iter().map(Fact::of).collect(),
        }
    }
}

impl<'a> Fact<'a> {
    fn of(fact: &'a model::Fact) -> Fact<'a> {
        Fact { label: fact.label, text: &fact.text }
    }
}

impl<'a> Part<'a> {
    fn of((near, choices): (&'a model::Nearby, usize)) -> Part<'a> {
        Part { name: near.name, path: Path::of(&near.path), line: near.line, choices }
    }
}

impl<'a> Place<'a> {
    fn of(place: &'a model::Place, excerpt: &'a str) -> Place<'a> {
        Place {
            kind: place.kind.as_str(),
            path: Path::of(&place.path),
            line: place.line,
            column: place.column,
            end_line: place.end_line,
            end_column: place.end_column,
            start: place.start,
            end: place.end,
            excerpt,
            appearance: place.appearance.as_deref().map(Appearance::of),
        }
    }
}

impl<'a> Appearance<'a> {
    fn of(appearance: &'a model::Appearance) -> Appearance<'a> {
        Appearance {
            introduced: appearance.introduced.as_ref().map(Commit::of),
            introduced_again: appearance.introduced_again,
            removed: appearance.removed.as_ref().map(Commit::of),
            object: &appearance.object,
            objects: &appearance.objects,
            in_head: appearance.in_head,
            refs: &appearance.refs,
            more_refs: appearance.more_refs,
            novelty: appearance.novelty.map(model::Novelty::as_str),
        }
    }
}

impl<'a> Commit<'a> {
    fn of(commit: &'a model::Commit) -> Commit<'a> {
        Commit { commit: &commit.id, author: &commit.author, date: &commit.date }
    }
}

impl<'a> Path<'a> {
    fn of(path: &'a model::BlobPath) -> Path<'a> {
        let encode = || base64::engine::general_purpose::STANDARD.encode(path.as_bytes());
        Path { path: path.to_lossy(), path_base64: path.as_str().is_none().then(encode) }
    }
}

impl<'a> Gap<'a> {
    fn of(gap: &'a model::Gap, accepted: bool) -> Gap<'a> {
        Gap { reason: gap.reason.as_str(), path: Path::of(&gap.path), detail: &gap.detail, accepted }
    }
}

impl Tally {
    pub(super) fn of(report: &model::Report) -> Tally {
        let tally = &report.tally;
        let found =
            |confidence: model::Confidence| tally.found.get(confidence.as_str()).copied().unwrap_or(0);
        Tally {
            files: tally.files,
            bytes: tally.bytes,
            binary: tally.binary,
            packed: tally.packed,
            containers: tally.containers,
            members: tally.members,
            unpacked_bytes: tally.unpacked_bytes,
            symlinks: tally.symlinks,
            special: tally.special,
            ignored_entries: tally.ignored_entries,
            excluded: tally.excluded,
            found: Found {
                possible: found(model::Confidence::Possible),
                likely: found(model::Confidence::Likely),
                proven: found(model::Confidence::Proven),
            },
            shown: report.findings.len() as u64,
            hidden: tally.hidden,
            ignored_inline: tally.ignored_inline,
            ignored_by_file: tally.ignored_by_file,
            ignored_by_baseline: tally.ignored_by_baseline,
            gaps: by_reason(&report.gaps),
            accepted_gaps: by_reason(&report.accepted_gaps),
        }
    }
}

fn by_reason(gaps: &[model::Gap]) -> BTreeMap<&'static str, u64> {
    gaps.iter().fold(BTreeMap::new(), |mut counts, gap| {
        *counts.entry(gap.reason.as_str()).or_default() += 1;
        counts
    })
}
