//! `stanch scan`: folders, files, standard input.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::examine::examine;
use super::{CommandError, Output};
use crate::engine::Engine;
use crate::findings::{IgnoreFile, Settled, settle};
use crate::model::{Confidence, Gap, GapReason, PlaceKind, Report, Rule, Sighting, Tally};
use crate::report::{Format, Progress};
use crate::rules::BUILTIN;
use crate::sources::{Passed, Source, Stdin, Tree, TreeOptions, Visit};

/// What is to be scanned and how it is told.
#[derive(Debug, Clone)]
pub struct ScanTask {
    /// Folders and files; `-` is standard input.
    pub roots: Vec<PathBuf>,
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
    /// The ignore file, where it is not `.stanchignore` in the roots.
    pub ignore_file: Option<PathBuf>,
    /// Whether values are shown.
    pub reveal: bool,
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
}

/// Scans and reports.
///
/// # Errors
/// When the task cannot be carried out: a root that is not there, a rule or ignore file with faults, an
/// output that cannot be written.
pub fn scan(task: &ScanTask) -> Result<Ended, CommandError> {
    let engine = Engine::new(chosen_rules(task)?);
    let mut ignores = read_ignores(task)?;
    let seen = visit(task, &engine)?;
    let settled = settle(seen.sightings, seen.gaps, &mut ignores, task.confidence);
    let report = report(settled, seen.tally, ignores.notes());
    task.output.write(&report, task.format, task.reveal)?;
    Ok(ended(&report, task.fail_on))
}

fn chosen_rules(task: &ScanTask) -> Result<Vec<&'static Rule>, CommandError> {
    let mut rules: Vec<&'static Rule> = BUILTIN.iter().collect();
    rules.extend(super::rules::load(&task.own_rules)?);
    if task.only_rules.is_empty() {
        return Ok(rules);
    }
    for id in &task.only_rules {
        if !rules.iter().any(|rule| rule.id == id) {
            return Err(super::rules::unknown(id, &rules));
        }
    }
    rules.retain(|rule| task.only_rules.iter().any(|id| id == rule.id));
    Ok(rules)
}

/// The ignore file of each root; paths in it are relative to that root, as in the report.
fn read_ignores(task: &ScanTask) -> Result<IgnoreFile, CommandError> {
    const NAME: &str = ".stanchignore";
    let mut files: Vec<PathBuf> = match &task.ignore_file {
        Some(file) => vec![file.clone()],
        None => task.roots.iter().map(|root| root.join(NAME)).filter(|file| file.is_file()).collect(),
    };
    files.dedup();
    let mut ignores = IgnoreFile::default();
    let mut faults = vec![];
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| {
            CommandError::new(format!("{}: the ignore file cannot be read: {error}", file.display()))
        })?;
        faults.extend(ignores.add(&file.display().to_string(), &text, &today()).err().into_iter().flatten());
    }
    if faults.is_empty() { Ok(ignores) } else { Err(CommandError::new(faults.join("\n"))) }
}

/// The day in UTC, by the civil-from-days algorithm (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms").
fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let days = (seconds / 86_400) as i64 + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// What the visit of all sources brought.
#[derive(Default)]
struct Seen {
    sightings: Vec<Sighting>,
    gaps: Vec<Gap>,
    tally: Tally,
}

fn visit(task: &ScanTask, engine: &Engine) -> Result<Seen, CommandError> {
    let seen = Mutex::new(Seen::default());
    let progress = Progress::on_stderr();
    let each = |visit: Visit<'_>| note(&seen, engine, &progress, visit);
    for source in sources(task)? {
        source.visit(&each).map_err(|error| CommandError::new(error.to_string()))?;
    }
    Ok(seen.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn sources(task: &ScanTask) -> Result<Vec<Box<dyn Source>>, CommandError> {
    let (stdin, paths): (Vec<PathBuf>, Vec<PathBuf>) =
        task.roots.iter().cloned().partition(|root| root == Path::new("-"));
    let mut sources: Vec<Box<dyn Source>> = vec![];
    if !paths.is_empty() {
        let options =
            TreeOptions { jobs: task.jobs, gitignore: task.gitignore, exclude: task.exclude.clone() };
        sources.push(Box::new(
            Tree::new(&paths, options).map_err(|error| CommandError::new(error.to_string()))?,
        ));
    }
    if !stdin.is_empty() {
        sources.push(Box::new(Stdin));
    }
    Ok(sources)
}

fn note(seen: &Mutex<Seen>, engine: &Engine, progress: &Progress, visit: Visit<'_>) {
    let lock = || seen.lock().unwrap_or_else(PoisonError::into_inner);
    match visit {
        Visit::Gap(gap) => lock().gaps.push(gap),
        Visit::Passed(passed) => {
            let tally = &mut lock().tally;
            *match passed {
                Passed::Ignored => &mut tally.ignored_entries,
                Passed::Excluded => &mut tally.excluded,
                Passed::Special => &mut tally.special,
                Passed::Symlink => &mut tally.symlinks,
            } += 1;
        }
        Visit::Blob(blob) => {
            let (path, is_file) = (blob.path, blob.kind == PlaceKind::File);
            let examined = examine(engine, blob);
            progress.add(u64::from(is_file), examined.bytes);
            let mut seen = lock();
            seen.sightings.extend(examined.sightings);
            if is_file {
                seen.tally.files += 1;
                seen.tally.bytes += examined.bytes;
                seen.tally.binary += u64::from(examined.binary);
                seen.tally.packed += u64::from(examined.packed);
            }
            if examined.dropped > 0 {
                let detail = format!("{} more candidates were not kept", examined.dropped);
                seen.gaps.push(Gap { path: path.clone(), reason: GapReason::TooManyFindings, detail });
            }
        }
    }
}

fn report(settled: Settled, tally: Tally, notes: Vec<String>) -> Report {
    Report {
        tally: Tally {
            found: settled.found,
            hidden: settled.hidden,
            ignored_inline: settled.ignored_inline,
            ignored_by_file: settled.ignored_by_file,
            ..tally
        },
        findings: settled.findings,
        gaps: settled.gaps,
        accepted_gaps: settled.accepted_gaps,
        notes,
    }
}

fn ended(report: &Report, fail_on: FailOn) -> Ended {
    let failing = |confidence| match fail_on {
        FailOn::At(level) => confidence >= level,
        // Nobody was asked, so nothing is known to be live.
        FailOn::Live | FailOn::Never => false,
    };
    if report.findings.iter().any(|finding| failing(finding.confidence)) {
        Ended::Findings
    } else if report.gaps.is_empty() {
        Ended::Clean
    } else {
        Ended::Gaps
    }
}
