//! SARIF 2.1.0, as code scanning services read it: one result a place, all places of a secret under one
//! fingerprint. <https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os.html>

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde::Serialize;

use super::{mask, safe_json, v1, words};
use crate::model::{BlobPath, Confidence, Finding, Gap, GapReason, Place, Report, Rule, Severity};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What paths are relative to: the root of the scan, whose own place is nobody's business.
const ROOT: &str = "%SRCROOT%";

/// What a path may hold as it is: the unreserved characters of RFC 3986 and `/`.
const NOT_IN_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    safe_json::pretty(&Log { schema: SCHEMA, version: "2.1.0", runs: [Run::of(report)] }, out)
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    invocations: [Invocation<'a>; 1],
    original_uri_base_ids: BTreeMap<&'static str, Described<'a>>,
    column_kind: &'static str,
    /// What stands in shown text where something was taken out.
    redaction_tokens: [&'static str; 1],
    results: Vec<ResultOf<'a>>,
    properties: RunProperties,
}

#[derive(Serialize)]
struct RunProperties {
    tally: v1::Tally,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor<'a>>,
    notifications: Vec<Notice<'a>>,
}

/// A rule, as a `reportingDescriptor`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    id: &'a str,
    short_description: Message<'a>,
    full_description: Message<'a>,
    help: Message<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<&'a str>,
    default_configuration: Configuration,
    properties: RuleProperties<'a>,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties<'a> {
    /// Read by GitHub: the columns of its list.
    tags: [&'a str; 3],
    precision: &'static str,
    #[serde(rename = "security-severity")]
    security_severity: &'static str,
}

/// A kind of gap, as a `reportingDescriptor`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notice<'a> {
    id: &'a str,
    short_description: Message<'a>,
}

#[derive(Serialize)]
struct Described<'a> {
    description: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    text: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
struct Notification<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    descriptor: Option<Reference<'a>>,
    level: &'static str,
    message: Message<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locations: Option<[Location<'a>; 1]>,
}

#[derive(Serialize)]
struct Reference<'a> {
    id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultOf<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Message<'a>,
    locations: [Location<'a>; 1],
    partial_fingerprints: Fingerprints<'a>,
    properties: ResultProperties<'a>,
}

#[derive(Serialize)]
struct Fingerprints<'a> {
    #[serde(rename = "stanchFindingId/v1")]
    id: &'a str,
}

#[derive(Serialize)]
struct ResultProperties<'a> {
    severity: &'a str,
    confidence: &'a str,
    proof: &'a str,
    verdict: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    physical_location: PhysicalLocation<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation<'a> {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_region: Option<ContextRegion<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    start_column: u64,
    end_line: u64,
    end_column: u64,
    byte_offset: u64,
    byte_length: u64,
}

/// The masked line around the secret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ContextRegion<'a> {
    start_line: u64,
    end_line: u64,
    snippet: Message<'a>,
}

impl<'a> Run<'a> {
    fn of(report: &'a Report) -> Run<'a> {
        let rules: BTreeMap<&str, &Rule> =
            report.findings.iter().map(|finding| (finding.rule.id, finding.rule)).collect();
        let ids: Vec<&str> = rules.keys().copied().collect();
        let results = report.findings.iter().flat_map(|finding| {
            let index = ids.binary_search(&finding.rule.id).expect("every rule with a finding is listed");
            finding.places.iter().map(move |place| ResultOf::new(finding, index, place))
        });
        let v1::Tool { name, version } = v1::Tool::this();
        let driver = Driver {
            name,
            semantic_version: version,
            rules: rules.values().map(|rule| Descriptor::of(rule)).collect(),
            notifications: notices(report),
        };
        Run {
            tool: Tool { driver },
            invocations: [Invocation::of(report)],
            original_uri_base_ids: BTreeMap::from([(
                ROOT,
                Described { description: Message::new("The root of the scan.") },
            )]),
            column_kind: "unicodeCodePoints",
            redaction_tokens: ["…"],
            results: results.collect(),
            properties: RunProperties { tally: v1::Tally::of(report) },
        }
    }
}

impl<'a> Descriptor<'a> {
    fn of(rule: &'a Rule) -> Descriptor<'a> {
        Descriptor {
            id: rule.id,
            short_description: Message::new(rule.name),
            full_description: Message::new(rule.risk),
            help: Message::new(match rule.revoke_page {
                Some(page) => format!("{} Revoke it: {page}", rule.risk),
                None => format!("{} Revoke or change it where it was issued.", rule.risk),
            }),
            help_uri: rule.docs.first().copied().or(rule.revoke_page),
            default_configuration: Configuration { level: level(rule.severity, rule.confidence) },
            properties: RuleProperties {
                tags: ["security", "secret", rule.category],
                precision: precision(rule.confidence),
                security_severity: security_severity(rule.severity),
            },
        }
    }
}

impl<'a> ResultOf<'a> {
    fn new(finding: &'a Finding, rule_index: usize, (place, excerpt): &'a (Place, String)) -> ResultOf<'a> {
        let rule = finding.rule;
        ResultOf {
            rule_id: rule.id,
            rule_index,
            level: level(finding.severity(), finding.confidence),
            message: Message::new(format!(
                "{} {} ({}: {}). {}",
                rule.name,
                mask::mask(rule),
                finding.confidence.as_str(),
                words::of_proof(finding),
                rule.risk
            )),
            locations: [Location::of_place(place, excerpt)],
            partial_fingerprints: Fingerprints { id: &finding.id.0 },
            properties: ResultProperties {
                severity: finding.severity().as_str(),
                confidence: finding.confidence.as_str(),
                proof: finding.evidence.level.as_str(),
                verdict: finding.verdict.as_str(),
            },
        }
    }
}

impl<'a> Location<'a> {
    fn of_place(place: &Place, excerpt: &'a str) -> Location<'a> {
        let mut location = Location::of_path(&place.path);
        if place.kind.is_text() {
            location.physical_location.region = Some(Region {
                start_line: place.line,
                start_column: place.column,
                end_line: place.end_line,
                end_column: place.end_column,
                byte_offset: place.start,
                byte_length: place.end - place.start,
            });
            location.physical_location.context_region = Some(ContextRegion {
                start_line: place.line,
                end_line: place.end_line,
                snippet: Message::new(excerpt),
            });
        }
        location
    }

    fn of_path(path: &BlobPath) -> Location<'a> {
        let artifact_location = ArtifactLocation::of(path);
        Location {
            physical_location: PhysicalLocation { artifact_location, region: None, context_region: None },
        }
    }
}

impl ArtifactLocation {
    /// Relative to the root of the scan, except for a path that was typed as an absolute one.
    fn of(path: &BlobPath) -> ArtifactLocation {
        let encoded = percent_encode(path.as_bytes(), NOT_IN_PATH).to_string();
        if encoded.starts_with('/') {
            ArtifactLocation { uri: format!("file://{encoded}"), uri_base_id: None }
        } else {
            ArtifactLocation { uri: encoded, uri_base_id: Some(ROOT) }
        }
    }
}

impl<'a> Invocation<'a> {
    /// A scan that left something out did not succeed: nobody may take missing results for fixed ones.
    fn of(report: &'a Report) -> Invocation<'a> {
        let gaps = report.gaps.iter().map(|gap| Notification::of_gap(gap, "warning"));
        let accepted = report.accepted_gaps.iter().map(|gap| Notification::of_gap(gap, "note"));
        let notes = report.notes.iter().map(|note| Notification {
            descriptor: None,
            level: "note",
            message: Message::new(note.as_str()),
            locations: None,
        });
        Invocation {
            execution_successful: report.gaps.is_empty(),
            tool_execution_notifications: gaps.chain(accepted).chain(notes).collect(),
        }
    }
}

impl<'a> Notification<'a> {
    fn of_gap(gap: &'a Gap, level: &'static str) -> Notification<'a> {
        let meaning = gap.reason.meaning();
        let detail = if gap.detail.is_empty() { "" } else { &format!(" ({})", gap.detail) };
        Notification {
            descriptor: Some(Reference { id: gap.reason.as_str() }),
            level,
            message: Message::new(format!("Not scanned: {meaning}{detail}.")),
            locations: Some([Location::of_path(&gap.path)]),
        }
    }
}

impl<'a> Message<'a> {
    fn new(text: impl Into<Cow<'a, str>>) -> Message<'a> {
        Message { text: text.into() }
    }
}

/// The reasons of the gaps at hand, each once.
fn notices(report: &Report) -> Vec<Notice<'_>> {
    let reasons: BTreeSet<GapReason> =
        report.gaps.iter().chain(&report.accepted_gaps).map(|gap| gap.reason).collect();
    reasons
        .into_iter()
        .map(|reason| Notice { id: reason.as_str(), short_description: Message::new(reason.meaning()) })
        .collect()
}

fn level(severity: Severity, confidence: Confidence) -> &'static str {
    match (severity, confidence) {
        (_, Confidence::Possible) | (Severity::Low, _) => "note",
        (Severity::Medium, _) => "warning",
        (Severity::High | Severity::Critical, _) => "error",
    }
}

fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Possible => "low",
        Confidence::Likely => "high",
        Confidence::Proven => "very-high",
    }
}

/// The middle of the band that GitHub gives each word: over 9.0 is critical, from 7.0 high, from 4.0
/// medium, below low.
/// <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        for (path, uri, base) in [
            (&b"src/main.rs"[..], "src/main.rs", Some(ROOT)),
            (b"a b/50%.txt", "a%20b/50%25.txt", Some(ROOT)),
            (b"c:d?e#f", "c%3Ad%3Fe%23f", Some(ROOT)),
            (b"caf\xe9", "caf%E9", Some(ROOT)),
            (b"../up", "../up", Some(ROOT)),
            (b"/etc/app.ini", "file:///etc/app.ini", None),
        ] {
            let location = ArtifactLocation::of(&BlobPath::new(path));
            assert_eq!((location.uri.as_str(), location.uri_base_id), (uri, base));
        }
    }
}
