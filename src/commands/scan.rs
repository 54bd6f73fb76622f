//! `stanch scan`: folders, files, standard input.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::conceal::conceal;
use super::dismissals::read_dismissed;
use super::examine::{Examined, examine, texts_of};
use super::{Asking, CommandError, Known, Output};
use sha2::{Digest, Sha256};

use crate::containers::Limits;
use crate::engine::Engine;
use crate::findings::{Apart, Chosen, Dismissed, Extent, Settled, settle};
use crate::model::{
    BlobPath, Confidence, Finding, Gap, GapReason, PlaceKind, Report, Rule, Sighting, Tally, Verdict,
};
use crate::report::{Format, Progress};
use crate::rules::BUILTIN;
use crate::sources::{Blob, Content, Nature, Passed, Revision, Source, Stdin, Tree, TreeOptions, Visit};

/// A digest of all that ships and decides what is found, worked out when it is built.
const SCANNER: &str = env!("STANCH_SCANNER");

/// Why a run fails that found nothing.
const STALE: &str = "entries of an ignore file or a baseline have expired or match nothing, as the notes say, and \
                     --strict-ignores makes that fail; renew them or remove them";

/// What is to be scanned and how it is told.
#[derive(Debug, Clone)]
pub struct ScanTask {
    /// Folders and files; `-` is standard input.
    pub roots: Vec<PathBuf>,
    /// The commit of which the files at the roots are scanned, instead of those that are there now.
    pub revision: Option<String>,
    /// How the report is written.
    pub format: Format,
    /// Where it goes.
    pub output: Output,
    /// What is shown.
    pub confidence: Confidence,
    /// What makes the run end with [`Ended::Findings`].
    pub fail_on: FailOn,
    /// Ids of the only rules to look for; empty for all.
    pub only_rules: Vec<String>,
    /// What is left out, in the form of `.gitignore`.
    pub exclude: Vec<String>,
    /// Rule files and folders of the user.
    pub own_rules: Vec<PathBuf>,
    /// How many threads scan.
    pub jobs: usize,
    /// Whether `.gitignore` hides untracked files.
    pub gitignore: bool,
    /// How far containers are opened; nothing, where they are scanned as they are stored.
    pub opening: Option<Limits>,
    /// The ignore file, where it is not `.stanchignore` in the roots.
    pub ignore_file: Option<PathBuf>,
    /// Whether entries of ignore files and baselines that are of no use or have expired make the run fail.
    pub strict_ignores: bool,
    /// Whether marks beside findings have them ignored.
    pub inline_marks: bool,
    /// Whether what stands in files in encoded form is looked into.
    pub decode: bool,
    /// The baseline.
    pub known: Known,
    /// Whether values are shown.
    pub reveal: bool,
    /// Whether to tell how the findings are taken out of a history.
    pub purge_plan: bool,
    /// The folder in which is kept what runs know of a history.
    pub cache: Option<PathBuf>,
    /// Whether providers are asked about the findings, and how.
    pub asking: Option<Asking>,
}

/// Which findings make a run end with [`Ended::Findings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Findings at least this sure.
    At(Confidence),
    /// Findings that the provider calls live.
    Live,
    /// None.
    Never,
}

/// How a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Scanned and clean.
    Clean,
    /// Findings at or above [`FailOn`].
    Findings,
    /// No such findings, but something was not scanned.
    Gaps,
    /// No such findings, but [`ScanTask::strict_ignores`] was asked for, and there are such entries.
    StaleIgnores,
    /// A revocation was refused, failed, or is not known to have worked.
    Unrevoked,
}

/// Scans and reports.
///
/// # Errors
/// When the task cannot be carried out: a root that is not there, a rule or ignore file with faults, an
/// output that cannot be written.
pub fn scan(task: &ScanTask) -> Result<Ended, CommandError> {
    task.output.check()?;
    let prepared = Prepared::of(task)?;
    let dismissed = read_dismissed(task, &task.roots)?;
    let seen = visit_roots(task, &prepared)?;
    finish(task, &prepared, seen, dismissed, task.extent())
}

/// What a scan looks for.
pub(super) struct Prepared {
    pub(super) engine: Engine,
    pub(super) chosen: Chosen,
    /// How far containers are opened, if they are.
    pub(super) opening: Option<Limits>,
    /// Whether what stands there in encoded form is looked into.
    pub(super) decode: bool,
    /// Tells rules and all else that decides what is found from others.
    pub(super) digest: [u8; 32],
}

impl Prepared {
    pub(super) fn of(task: &ScanTask) -> Result<Prepared, CommandError> {
        let own = super::rules::load(&task.own_rules)?;
        let digest = Sha256::digest(format!(
            "{SCANNER} {own:?} {:?} {:?} {}",
            task.only_rules, task.opening, task.decode
        ))
        .into();
        let engine = Engine::new(BUILTIN.iter().chain(own).collect());
        let chosen = chosen(task, engine.rules())?;
        Ok(Prepared { engine, chosen, opening: task.opening, decode: task.decode, digest })
    }
}

/// Settles and reports what was seen. `extent` says whether all was looked at that an entry of an ignore file or a
/// baseline could be about.
pub(super) fn finish(
    task: &ScanTask,
    prepared: &Prepared,
    mut seen: Seen,
    mut dismissed: Dismissed,
    extent: Extent,
) -> Result<Ended, CommandError> {
    if !task.inline_marks {
        seen.unmark();
    }
    let mut settled = settle(seen.sightings, seen.gaps, &mut dismissed, task.confidence);
    if let Some(asking) = &task.asking {
        asking.ask(&mut settled, prepared.engine.rules())?;
    }
    // What was not scanned may hold what an entry is about.
    let extent = if settled.gaps.is_empty() { extent } else { Extent::Part };
    let stale: Vec<String> = dismissed
        .ignores
        .notes(extent != Extent::Part)
        .into_iter()
        .chain(dismissed.baseline.notes(extent))
        .collect();
    let is_stale = !stale.is_empty();
    let notes = seen.notes.into_iter().chain(stale).collect();
    let mut report = Report { purge_plan: task.purge_plan, ..report(settled, seen.tally, notes) };
    if !task.reveal {
        conceal(&mut report, &prepared.engine);
    }
    task.output.write(&report, task.format, task.reveal)?;
    for remark in seen.remarks {
        // Nothing is lost where nobody can be told.
        let _ = writeln!(io::stderr(), "stanch: {remark}");
    }
    Ok(match ended(&report, task.fail_on) {
        Ended::Findings => Ended::Findings,
        _ if is_stale && task.strict_ignores => {
            let _ = writeln!(io::stderr(), "stanch: {STALE}");
            Ended::StaleIgnores
        }
        ended => ended,
    })
}

impl ScanTask {
    /// Whether all was looked at that an entry of an ignore file or a baseline could be about.
    fn extent(&self) -> Extent {
        let is_all = self.revision.is_none()
            && self.only_rules.is_empty()
            && self.exclude.is_empty()
            && self.roots.iter().all(|root| root.is_dir());
        if is_all { Extent::Files } else { Extent::Part }
    }
}

fn chosen(task: &ScanTask, rules: &[&'static Rule]) -> Result<Chosen, CommandError> {
    let unknown = task.only_rules.iter().find(|id| !rules.iter().any(|rule| rule.id == id.as_str()));
    match unknown {
        Some(id) => Err(super::rules::unknown(id, rules)),
        None if task.only_rules.is_empty() => Ok(Chosen::All),
        None => Ok(Chosen::Only(task.only_rules.clone())),
    }
}

/// What the visit of all sources brought.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) sightings: Vec<Sighting>,
    pub(super) gaps: Vec<Gap>,
    pub(super) tally: Tally,
    /// Remarks for the person who ran it.
    pub(super) notes: Vec<String>,
    /// The same, but no part of the report.
    remarks: Vec<String>,
}

pub(super) fn visit_roots(task: &ScanTask, prepared: &Prepared) -> Result<Seen, CommandError> {
    visit_all(&sources(task)?, prepared)
}

/// What stands in a text that came on standard input.
pub(super) fn seen_on_stdin(text: &[u8], prepared: &Prepared) -> Seen {
    let path = BlobPath::from("<stdin>");
    let blob = Blob { path: &path, kind: PlaceKind::File, appearance: None, content: Content::Whole(text) };
    let mut seen = Seen::default();
    seen.add(&path, PlaceKind::File, examine(prepared, blob));
    seen
}

/// What the visit of these sources brings.
pub(super) fn visit_all(sources: &[Box<dyn Source>], prepared: &Prepared) -> Result<Seen, CommandError> {
    let seen = Mutex::new(Seen::default());
    let progress = Progress::on_stderr();
    let each = |visit: Visit<'_>| match visit {
        Visit::Blob(blob) => {
            let (path, kind) = (blob.path, blob.kind);
            let examined = examine(prepared, blob);
            progress.add(u64::from(kind == PlaceKind::File), examined.bytes);
            lock(&seen).add(path, kind, examined);
        }
        other => lock(&seen).take(other),
    };
    for source in sources {
        source.visit(&each)?;
    }
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    join_apart(sources, prepared, &mut seen.sightings)?;
    Ok(seen)
}

/// Joins companions to secrets that lack them in their own file, wherever else in the sources they stand; these are
/// read once more for it.
fn join_apart(
    sources: &[Box<dyn Source>],
    prepared: &Prepared,
    sightings: &mut [Sighting],
) -> Result<(), CommandError> {
    let Some(apart) = Apart::of(sightings) else { return Ok(()) };
    for source in sources.iter().filter(|source| source.is_lasting()) {
        source.visit(&|visit| {
            if let Visit::Blob(blob) = visit {
                texts_of(prepared, blob, &mut |path, text| apart.look(path, text));
            }
        })?;
    }
    apart.join(sightings);
    Ok(())
}

fn sources(task: &ScanTask) -> Result<Vec<Box<dyn Source>>, CommandError> {
    let (stdin, paths): (Vec<PathBuf>, Vec<PathBuf>) =
        task.roots.iter().cloned().partition(|root| root == Path::new("-"));
    let mut sources: Vec<Box<dyn Source>> = vec![];
    if let Some(revision) = &task.revision {
        let revision = Revision::new(revision, &paths, task.jobs, &task.exclude)?;
        return Ok(vec![Box::new(revision)]);
    }
    if !paths.is_empty() {
        let options =
            TreeOptions { jobs: task.jobs, gitignore: task.gitignore, exclude: task.exclude.clone() };
        sources.push(Box::new(Tree::new(&paths, options)?));
    }
    if !stdin.is_empty() {
        sources.push(Box::new(Stdin));
    }
    Ok(sources)
}

/// A thread that panicked took no half-written entry along.
pub(super) fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen {
    fn add(&mut self, path: &BlobPath, kind: PlaceKind, examined: Examined) {
        if kind == PlaceKind::File {
            self.past(1, examined.bytes);
        }
        self.add_uncounted(path, kind, examined);
    }

    /// Counts blobs.
    pub(super) fn past(&mut self, blobs: u64, bytes: u64) {
        self.tally.files += blobs;
        self.tally.bytes += bytes;
    }

    /// Takes what was seen in a blob that was counted already.
    pub(super) fn add_uncounted(&mut self, path: &BlobPath, kind: PlaceKind, examined: Examined) {
        self.sightings.extend(examined.sightings);
        self.gaps.extend(examined.gaps);
        if kind == PlaceKind::File {
            self.count(examined.nature);
        }
        self.drop_more(path, examined.dropped);
    }

    /// Forgets all marks beside findings.
    pub(super) fn unmark(&mut self) {
        self.sightings.iter_mut().for_each(|sighting| sighting.ignored_inline = false);
    }

    /// Takes that some candidates in a blob were not kept.
    pub(super) fn drop_more(&mut self, path: &BlobPath, dropped: u64) {
        if dropped > 0 {
            let detail = format!("{dropped} more candidates were not kept");
            self.gaps.push(Gap { path: path.clone(), reason: GapReason::TooManyFindings, detail });
        }
    }

    /// Takes all that was seen somewhere below, whose paths begin with `prefix` here.
    pub(super) fn absorb(&mut self, other: Seen, prefix: &BlobPath) {
        let below = |path: &mut BlobPath| *path = path.after(prefix);
        let Seen { mut sightings, mut gaps, tally, notes, remarks } = other;
        sightings.iter_mut().for_each(|sighting| below(&mut sighting.place.path));
        gaps.iter_mut().for_each(|gap| below(&mut gap.path));
        self.sightings.append(&mut sightings);
        self.gaps.append(&mut gaps);
        self.tally.add(tally);
        self.notes.extend(notes);
        self.remarks.extend(remarks);
    }

    /// Takes what is no blob.
    pub(super) fn take(&mut self, visit: Visit<'_>) {
        match visit {
            Visit::Gap(gap) => self.gaps.push(gap),
            Visit::Passed(passed) => self.pass(passed),
            Visit::Past(blobs, bytes) => self.past(blobs, bytes),
            Visit::Nature(nature) => self.count(nature),
            Visit::Remark(remark) => self.remarks.push(remark),
            Visit::Blob(_) => {}
        }
    }

    fn count(&mut self, nature: Nature) {
        let Nature { binary, packed, containers, members, unpacked_bytes } = nature;
        self.tally.add(Tally { binary, packed, containers, members, unpacked_bytes, ..Tally::default() });
    }

    fn pass(&mut self, passed: Passed) {
        let tally = &mut self.tally;
        *match passed {
            Passed::Ignored => &mut tally.ignored_entries,
            Passed::Excluded => &mut tally.excluded,
            Passed::Special => &mut tally.special,
            Passed::Symlink => &mut tally.symlinks,
        } += 1;
    }
}

pub(super) fn report(settled: Settled, tally: Tally, notes: Vec<String>) -> Report {
    Report {
        tally: Tally {
            found: settled.found,
            hidden: settled.hidden,
            ignored_inline: settled.ignored_inline,
            ignored_by_file: settled.ignored_by_file,
            ignored_by_baseline: settled.ignored_by_baseline,
            ..tally
        },
        findings: settled.findings,
        gaps: settled.gaps,
        accepted_gaps: settled.accepted_gaps,
        notes,
        purge_plan: false,
    }
}

pub(super) fn ended(report: &Report, fail_on: FailOn) -> Ended {
    let failing = |finding: &Finding| match (&finding.verdict, fail_on) {
        (_, FailOn::Never) | (Verdict::Dead(_), _) => false,
        (_, FailOn::At(level)) => finding.confidence >= level,
        (verdict, FailOn::Live) => matches!(verdict, Verdict::Live(_)),
    };
    // What moved within a repository was not brought by the part of its history that was looked at.
    if report.findings.iter().any(|finding| failing(finding) && !finding.is_moved()) {
        Ended::Findings
    } else if report.gaps.is_empty() {
        Ended::Clean
    } else {
        Ended::Gaps
    }
}
