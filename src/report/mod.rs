//! Writes a report for people and for machines. Formats read it and decide nothing.
//!
//! What they read is masked beforehand, once for all of them (`mask`): apart from [`Secret`], no string
//! of the report holds a secret any more. What reaches a terminal is made harmless by [`sanitize`].
//!
//! A new format is one file with a `write`, one variant of [`Format`], and a golden sample in
//! `tests/report.rs`.
//!
//! [`Secret`]: crate::model::Secret

mod human;
mod json;
mod jsonl;
mod mask;
mod progress;
mod purge;
mod questions;
mod read;
mod safe_json;
mod sanitize;
mod sarif;
mod v1;
mod words;

use std::io::{self, BufWriter, Write};

pub use mask::{masked_findings, masked_value};
pub use progress::Progress;
pub use questions::{write_questions, write_questions_json};
pub use read::{Listed, ListedPlace, path_of, read};
pub use sanitize::sanitize;

use crate::model::Report;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For a person at a terminal.
    #[default]
    Human,
    /// One JSON document; `fixtures/schema/report-v1.schema.json` describes it.
    Json,
    /// JSON Lines: findings, gaps, notes, and last the tally.
    Jsonl,
    /// SARIF 2.1.0, for code scanning services.
    Sarif,
}

/// What the person asked to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View {
    /// Shows values: `human`, `json` and `jsonl` then write the secret and mask nothing. Whether that is
    /// allowed is for the caller to decide. SARIF is made for upload and never shows one.
    pub reveal: bool,
    /// Writes colours, in the human format only. See [`color_on`].
    pub color: bool,
}

impl Format {
    /// All, in the order in which help lists them.
    pub const ALL: [Format; 4] = [Format::Human, Format::Json, Format::Jsonl, Format::Sarif];

    /// The word used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Human => "human",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Sarif => "sarif",
        }
    }

    /// Whether the format can show values at all.
    pub fn can_reveal(self) -> bool {
        self != Format::Sarif
    }

    /// Writes the whole report. The same report gives the same bytes.
    ///
    /// # Errors
    /// What `out` says, a closed pipe included.
    pub fn write(self, report: &Report, view: View, out: &mut dyn Write) -> io::Result<()> {
        let view = View { reveal: view.reveal && self.can_reveal(), ..view };
        let masked;
        let report = if view.reveal {
            report
        } else {
            masked = mask::masked(report);
            &masked
        };
        let mut out = BufWriter::new(out);
        match self {
            Format::Human => human::write(report, view, &mut out)?,
            Format::Json => json::write(report, view, &mut out)?,
            Format::Jsonl => jsonl::write(report, view, &mut out)?,
            Format::Sarif => sarif::write(report, &mut out)?,
        }
        out.flush()
    }
}

/// Whether colours suit a stream: a terminal and no `NO_COLOR`, or `CLICOLOR_FORCE`.
pub fn color_on(stream: &impl anstream::stream::RawStream) -> bool {
    anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never
}
