//! `stanch verify`: asks providers about what an earlier report names, or about what is found now.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::dismissals::read_ignores;
use super::scan::{Prepared, Seen, finish, seen_on_stdin, visit_all, visit_roots};
use super::{CommandError, Ended, ScanTask, closed_pipe_is_fine};
use crate::findings::{Dismissed, Extent, settle};
use crate::model::{BlobPath, Confidence, Finding, FindingId, Gap, GapReason, PlaceKind};
use crate::report::{Format, Listed, ListedPlace, read, write_questions, write_questions_json};
use crate::sources::{Recall, Recalled, Source, Visit};
use crate::verify::questions;

/// What is to be asked about.
#[derive(Debug, Clone)]
pub struct VerifyTask {
    /// How it is scanned and told; its roots are paths, or one report.
    pub scan: ScanTask,
    /// The folder or repository that a report is about.
    pub below: PathBuf,
    /// Whether it is only told what would be asked.
    pub dry_run: bool,
}

/// Asks and reports.
///
/// # Errors
/// As for a scan; and when a report cannot be read.
pub fn verify(task: &VerifyTask) -> Result<Ended, CommandError> {
    task.scan.output.check()?;
    let prepared = Prepared::of(&task.scan)?;
    let typed = typed(&task.scan.roots)?;
    let listed = match &typed {
        Some(text) => report_in("standard input", text)?,
        None => report_among(&task.scan.roots)?,
    };
    let (seen, dismissed) = match (listed, &typed) {
        (Some(listed), _) => (recalled(&listed, &task.below, &prepared)?, Dismissed::default()),
        (None, Some(text)) => (seen_on_stdin(text, &prepared), Dismissed::default()),
        (None, None) => (visit_roots(&task.scan, &prepared)?, read_ignores(&task.scan, &task.scan.roots)?),
    };
    if task.dry_run {
        return dry_run(task, &prepared, seen, dismissed);
    }
    finish(&task.scan, &prepared, seen, dismissed, Extent::Part)
}

fn dry_run(
    task: &VerifyTask,
    prepared: &Prepared,
    mut seen: Seen,
    mut dismissed: Dismissed,
) -> Result<Ended, CommandError> {
    if !task.scan.inline_marks {
        seen.unmark();
    }
    let asking = task.scan.asking.clone().unwrap_or_default();
    let settled = settle(seen.sightings, seen.gaps, &mut dismissed, task.scan.confidence);
    let questions = questions(&settled.findings, &asking.client(prepared.engine.rules())?, &asking.policy);
    let mut out = io::stdout().lock();
    match task.scan.format {
        Format::Human => write_questions(&questions, &mut out),
        _ => write_questions_json(&questions, &mut out),
    }
    .and_then(|()| out.flush())
    .map_err(CommandError::from)
    .or_else(closed_pipe_is_fine)?;
    Ok(if settled.gaps.is_empty() { Ended::Clean } else { Ended::Gaps })
}

/// The findings of the report that is the only root, if it is one.
pub(super) fn report_among(roots: &[PathBuf]) -> Result<Option<Vec<Listed>>, CommandError> {
    let [file] = roots else { return Ok(None) };
    if !file.is_file() {
        return Ok(None);
    }
    fs::read(file).map_or(Ok(None), |text| report_in(&file.display().to_string(), &text))
}

fn report_in(name: &str, text: &[u8]) -> Result<Option<Vec<Listed>>, CommandError> {
    let Ok(text) = std::str::from_utf8(text) else { return Ok(None) };
    read(text).map_err(|why| CommandError::new(format!("{name}: {why}")))
}

/// What stands on standard input, where that is the only root: a report, or a text to scan.
fn typed(roots: &[PathBuf]) -> Result<Option<Zeroizing<Vec<u8>>>, CommandError> {
    if roots != [Path::new("-")] {
        return Ok(None);
    }
    stdin_whole().map(Some)
}

/// All of standard input.
pub(super) fn stdin_whole() -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let mut text = Zeroizing::new(vec![]);
    let read = io::stdin().lock().read_to_end(&mut text);
    read.map_err(|error| CommandError::new(format!("standard input: {error}")))?;
    Ok(text)
}

/// What is found again of these, at their places below a folder; what is not becomes a gap.
pub(super) fn recalled(listed: &[Listed], below: &Path, prepared: &Prepared) -> Result<Seen, CommandError> {
    let place = |place: &ListedPlace| Recall {
        path: place.path.clone(),
        kind: place.kind,
        object: place.object.clone(),
    };
    let parts = listed.iter().flat_map(|listed| &listed.parts);
    let part = |path: &BlobPath| Recall { path: path.clone(), kind: PlaceKind::File, object: None };
    let places = listed.iter().flat_map(|listed| listed.places.iter().map(place)).chain(parts.map(part));
    let source: Box<dyn Source> = Box::new(Recalled::new(below, places));
    let mut seen = visit_all(&[source], prepared)?;
    let found = settle(seen.sightings.clone(), vec![], &mut Dismissed::default(), Confidence::Possible);
    let ids: BTreeSet<&FindingId> = found.findings.iter().map(|finding| &finding.id).collect();
    // A gap of a place says nothing where the finding stands at another of its places.
    let lost: Vec<&Listed> = listed.iter().filter(|listed| !ids.contains(&listed.id)).collect();
    let lost_paths: BTreeSet<&BlobPath> =
        lost.iter().flat_map(|listed| listed.places.iter().map(|place| &place.path)).collect();
    seen.gaps.retain(|gap| lost_paths.contains(&gap.path));
    for listed in &lost {
        let Some(place) = listed.places.first() else { continue };
        let detail = format!("finding {} ({}) does not stand there any more", listed.id, listed.rule);
        seen.take(Visit::Gap(Gap { path: place.path.clone(), reason: GapReason::Vanished, detail }));
    }
    let wanted: BTreeSet<&FindingId> = listed.iter().map(|listed| &listed.id).collect();
    let keep: BTreeSet<(BlobPath, u64)> = found
        .findings
        .iter()
        .filter(|finding| wanted.contains(&finding.id))
        .flat_map(|finding: &Finding| {
            finding.places.iter().map(|(place, _)| (place.path.clone(), place.start))
        })
        .collect();
    seen.sightings.retain(|sighting| keep.contains(&(sighting.place.path.clone(), sighting.place.start)));
    Ok(seen)
}
