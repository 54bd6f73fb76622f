//! For a person at a terminal: what leaked, why it matters, what to do, where it stands.
//!
//! Every string that is not our own passes [`sanitize`], also when the output is no terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use indicatif::{DecimalBytes, HumanCount};

use super::words::{self, count};
use super::{View, mask, purge, sanitize};
use crate::model::{
    Appearance, Commit, Finding, Gap, Novelty, Place, PlaceKind, Report, Rule, Severity, Tally, Verdict,
};

/// More places of one secret are only counted; the formats for machines list them all.
const MOST_PLACES: usize = 10;

/// More gaps of one reason are only counted.
const MOST_GAPS: usize = 5;

const NAME: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const PATH: Style = AnsiColor::Cyan.on_default();
const MASK: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const CLEAN: Style = AnsiColor::Green.on_default().bold();

pub(super) fn write(report: &Report, view: View, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { view, out };
    for (rule, findings) in by_rule(&report.findings) {
        page.rule(rule, &findings)?;
    }
    if !report.findings.is_empty() {
        page.line(DIM, "Not a secret? stanch ignore ID --reason \"why\"")?;
        page.blank()?;
    }
    page.gaps("Not scanned", &report.gaps)?;
    page.gaps("Not scanned, as .stanchignore accepts", &report.accepted_gaps)?;
    page.notes(&report.notes)?;
    page.result(report)?;
    page.tally(&report.tally)?;
    if report.purge_plan { purge::write(&report.findings, out) } else { Ok(()) }
}

/// Findings that share a rule and a severity together, in the order in which each rule comes first: what is said of a
/// rule is said once.
fn by_rule(findings: &[Finding]) -> Vec<(&Rule, Vec<&Finding>)> {
    let mut groups: Vec<(&Rule, Vec<&Finding>)> = vec![];
    for finding in findings {
        let same = |group: &Vec<&Finding>| {
            group.iter().any(|one| one.rule.id == finding.rule.id && one.severity() == finding.severity())
        };
        match groups.iter_mut().find(|(_, group)| same(group)) {
            Some((_, group)) => group.push(finding),
            None => groups.push((finding.rule, vec![finding])),
        }
    }
    groups
}

struct Page<'a> {
    view: View,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn rule(&mut self, rule: &Rule, findings: &[&Finding]) -> io::Result<()> {
        let severity = findings.first().map_or(rule.severity, |finding| finding.severity());
        let heading = format!("{}[{}]", severity.as_str(), sanitize(rule.id));
        let heading = self.paint(color(severity), &heading);
        let name = self.paint(NAME, &sanitize(rule.name));
        write!(self.out, "{heading}: {name}")?;
        if findings.len() > 1 {
            let secrets =
                self.paint(DIM, &format!(" ({})", count(findings.len() as u64, "secret", "secrets")));
            write!(self.out, "{secrets}")?;
        }
        writeln!(self.out, "\n  {}", sanitize(rule.risk))?;
        writeln!(self.out, "  {}", remedy(rule))?;
        self.blank()?;
        findings.iter().try_for_each(|finding| self.finding(finding))
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        for (place, excerpt) in finding.places.iter().take(MOST_PLACES) {
            self.place(finding.rule, place, excerpt)?;
        }
        if let Some(more) = finding.places.len().checked_sub(MOST_PLACES).filter(|&more| more > 0) {
            self.line(DIM, &format!("  … and {}", count(more as u64, "more place", "more places")))?;
        }
        for (near, choices) in finding.parts() {
            let path = sanitize(&near.path.to_lossy()).into_owned();
            let others = if choices > 1 { &format!(", the nearest of {choices}") } else { "" };
            self.line(DIM, &format!("  with its {} at {path}:{}{others}", near.name, near.line))?;
        }
        if self.view.reveal {
            let value = String::from_utf8_lossy(finding.secret.expose());
            writeln!(self.out, "  value: {}", sanitize(&value))?;
        }
        if let Some(said) = said(&finding.verdict) {
            let style = if matches!(finding.verdict, Verdict::Live(_)) { MASK } else { NAME };
            self.line(style, &format!("  {}", sanitize(&said)))?;
        }
        if !finding.owner.is_empty() {
            let facts = finding.owner.iter().map(|fact| format!("{} {}", fact.label, fact.text));
            let known = facts.collect::<Vec<_>>().join(" · ");
            self.line(NAME, &format!("  known without using it: {}", sanitize(&known)))?;
        }
        self.line(DIM, &format!("  {}", about(finding)))?;
        self.blank()
    }

    fn place(&mut self, rule: &Rule, place: &Place, excerpt: &str) -> io::Result<()> {
        let path = place.path.to_lossy();
        let path = self.paint(PATH, &sanitize(&path));
        let of_what = match place.kind {
            PlaceKind::File => "",
            PlaceKind::Name => " (in the name or the link's target)",
            PlaceKind::Message => " (in the message of the commit)",
            PlaceKind::Author => " (in the name or address of a person)",
            PlaceKind::Tag => " (in the message of the tag)",
            PlaceKind::Ref => " (in the name or the log of a ref)",
            PlaceKind::Note => " (in a note on a commit)",
            PlaceKind::Config => " (in the repository's configuration)",
        };
        if place.kind.is_text() {
            writeln!(self.out, "  {path}:{}:{}{of_what}", place.line, place.column)?;
        } else {
            writeln!(self.out, "  {path}{of_what}")?;
        }
        if !excerpt.is_empty() {
            let excerpt = excerpt.trim().replace('\t', " ");
            let masked = mask::mask(rule);
            let excerpt = sanitize(&excerpt).replace(&masked, &self.paint(MASK, &masked));
            writeln!(self.out, "    {} {excerpt}", self.paint(DIM, "│"))?;
        }
        match &place.appearance {
            Some(appearance) => self.line(DIM, &format!("    {}", sanitize(&history(appearance)))),
            None => Ok(()),
        }
    }

    fn gaps(&mut self, heading: &str, gaps: &[Gap]) -> io::Result<()> {
        if gaps.is_empty() {
            return Ok(());
        }
        let heading = self.paint(WARNING, heading);
        writeln!(self.out, "{heading}: {}", HumanCount(gaps.len() as u64))?;
        for same in by_reason(gaps) {
            self.reason(&same)?;
        }
        self.blank()
    }

    /// What gaps of one reason have in common, and the first of them.
    fn reason(&mut self, gaps: &[&Gap]) -> io::Result<()> {
        let (reason, number) = (gaps[0].reason, gaps.len());
        writeln!(self.out, "  {} ({}): {}", reason.as_str(), reason.meaning(), HumanCount(number as u64))?;
        for gap in gaps.iter().take(MOST_GAPS) {
            let path = gap.path.to_lossy();
            let path = self.paint(PATH, &sanitize(&path));
            let detail = if gap.detail.is_empty() { "" } else { &format!(": {}", sanitize(&gap.detail)) };
            writeln!(self.out, "    {path}{detail}")?;
        }
        if number > MOST_GAPS {
            self.line(DIM, &format!("    … and {} more", HumanCount((number - MOST_GAPS) as u64)))?;
        }
        Ok(())
    }

    fn notes(&mut self, notes: &[String]) -> io::Result<()> {
        for note in notes {
            let label = self.paint(NAME, "note");
            writeln!(self.out, "{label}: {}", sanitize(note))?;
        }
        if notes.is_empty() { Ok(()) } else { self.blank() }
    }

    /// What it comes to. "No secrets" without reserve is said only when nothing in scope was left out.
    fn result(&mut self, report: &Report) -> io::Result<()> {
        let left_out = !(report.gaps.is_empty() && report.accepted_gaps.is_empty());
        match (report.findings.is_empty(), left_out, report.tally.files) {
            (false, ..) => self.line(NAME, &found(&report.findings)),
            (true, true, _) => self.line(WARNING, "No secrets in what was scanned, but not everything was."),
            (true, false, 0) => self.line(WARNING, "Nothing to scan: no file is in scope."),
            (true, false, _) => self.line(CLEAN, "No secrets found."),
        }
    }

    fn tally(&mut self, tally: &Tally) -> io::Result<()> {
        let files = count(tally.files, "file", "files");
        writeln!(self.out, "Scanned {files}, {}.", DecimalBytes(tally.bytes))?;
        let special = [
            (tally.binary, "binary (distinctive rules only)"),
            (tally.packed, "packed (not opened)"),
            (tally.symlinks, "linked (not followed)"),
        ];
        let passed = [
            (tally.ignored_entries, "hidden by .gitignore"),
            (tally.excluded, "excluded"),
            (tally.special, "special (FIFO, device or socket)"),
        ];
        let hidden = [
            (tally.hidden, "less sure (--confidence possible shows them)"),
            (tally.ignored_inline, "ignored on their line"),
            (tally.ignored_by_file, "ignored by .stanchignore"),
            (tally.ignored_by_baseline, "in the baseline"),
        ];
        self.sentence("Of these", &special)?;
        self.opened(tally)?;
        self.sentence("Passed over", &passed)?;
        self.sentence("Not shown", &hidden)
    }

    /// What was in containers.
    fn opened(&mut self, tally: &Tally) -> io::Result<()> {
        if tally.containers == 0 {
            return Ok(());
        }
        let containers = count(tally.containers, "archive", "archives");
        let members = count(tally.members, "member", "members");
        let bytes = DecimalBytes(tally.unpacked_bytes);
        self.line(DIM, &format!("Opened {containers}: {members}, {bytes}."))
    }

    /// `Start: 3 this, 1 that.`, or nothing where all numbers are zero.
    fn sentence(&mut self, start: &str, counted: &[(u64, &str)]) -> io::Result<()> {
        let parts: Vec<String> = counted
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", HumanCount(*number)))
            .collect();
        if parts.is_empty() { Ok(()) } else { self.line(DIM, &format!("{start}: {}.", parts.join(", "))) }
    }

    fn line(&mut self, style: Style, text: &str) -> io::Result<()> {
        let text = self.paint(style, text);
        writeln!(self.out, "{text}")
    }

    fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.view.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

fn color(severity: Severity) -> Style {
    let color = match severity {
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low => AnsiColor::Blue,
    };
    color.on_default().bold()
}

/// What to do about it.
fn remedy(rule: &Rule) -> String {
    match (rule.revoke_page, rule.docs.first()) {
        (Some(page), _) => format!("Revoke it: {}", sanitize(page)),
        (None, Some(page)) => format!("Revoke or change it where it was issued; see {}", sanitize(page)),
        (None, None) => "Revoke or change it where it was issued.".into(),
    }
}

/// What the provider said.
fn said(verdict: &Verdict) -> Option<String> {
    let with_facts = |start: String| {
        let facts = verdict.facts().iter().map(|fact| format!("{} {}", fact.label, fact.text));
        std::iter::once(start).chain(facts).collect::<Vec<_>>().join(" · ")
    };
    match verdict {
        Verdict::NotAsked => None,
        Verdict::Live(answered) => Some(with_facts(format!("LIVE: {} takes it", answered.host))),
        Verdict::Dead(answered) => Some(with_facts(format!("dead: {} does not take it", answered.host))),
        Verdict::Unknown(unknown) => {
            Some(format!("unknown ({}): {}", unknown.reason.as_str(), unknown.detail))
        }
    }
}

/// How sure it is and why, what was read from the value, who else claims it, and its id.
fn about(finding: &Finding) -> String {
    let mut parts = vec![format!("{}: {}", finding.confidence.as_str(), words::of_proof(finding))];
    parts
        .extend(finding.evidence.facts.iter().map(|fact| format!("{} {}", fact.label, sanitize(&fact.text))));
    if !finding.also.is_empty() {
        let others: Vec<&str> = finding.also.iter().map(|also| also.rule).collect();
        parts.push(format!("also matches {}", sanitize(&others.join(", "))));
    }
    parts.push(format!("id {}", finding.id));
    parts.join(" · ")
}

/// Since when it is there, until when it was, and where it still is.
fn history(appearance: &Appearance) -> String {
    let told = |commit: &Commit| {
        let day = commit.date.get(..10).unwrap_or(&commit.date);
        format!("{} ({day}, {})", commit.id.get(..12).unwrap_or(&commit.id), commit.author)
    };
    let mut parts = vec![match &appearance.introduced {
        Some(commit) => format!("since {}", told(commit)),
        None => format!("in no commit; object {}", appearance.object),
    }];
    if appearance.introduced_again > 0 {
        parts.push(format!("brought in again {}", count(appearance.introduced_again, "time", "times")));
    }
    parts.extend(appearance.removed.as_ref().map(|commit| format!("removed in {}", told(commit))));
    match appearance.novelty {
        Some(_) if appearance.removed.is_some() => parts.push("stays in the history".into()),
        Some(Novelty::Moved) => parts.push("was there before, here or elsewhere".into()),
        Some(Novelty::New) | None => {}
    }
    if appearance.in_head {
        parts.push("still in HEAD".into());
    }
    let is_whole = appearance.novelty.is_none();
    match (&appearance.refs[..], appearance.more_refs) {
        ([], _) if is_whole && appearance.introduced.is_some() => {
            parts.push("in the history of no ref".into());
        }
        ([], _) => {}
        (refs, 0) => parts.push(format!("in {}", refs.join(", "))),
        (refs, more) => parts.push(format!("in {} and {} more", refs.join(", "), HumanCount(more))),
    }
    parts.join(" · ")
}

fn by_reason(gaps: &[Gap]) -> Vec<Vec<&Gap>> {
    let mut groups: std::collections::BTreeMap<_, Vec<&Gap>> = Default::default();
    for gap in gaps {
        groups.entry(gap.reason).or_default().push(gap);
    }
    groups.into_values().collect()
}

/// `2 secrets in 3 places: 1 critical, 1 high.`
fn found(findings: &[Finding]) -> String {
    let places = findings.iter().map(|finding| finding.places.len() as u64).sum();
    let per_severity: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .map(|severity| (findings.iter().filter(|finding| finding.severity() == *severity).count(), severity))
        .filter(|(number, _)| *number > 0)
        .map(|(number, severity)| format!("{} {}", HumanCount(number as u64), severity.as_str()))
        .collect();
    format!(
        "Found {} in {}: {}.",
        count(findings.len() as u64, "secret", "secrets"),
        count(places, "place", "places"),
        per_severity.join(", ")
    )
}
