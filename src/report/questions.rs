//! Writes what would be asked of whom, without the secrets.

use std::io::{self, Write};

use serde::Serialize;

use super::sanitize;
use crate::model::{Asked, How, Question, Unknown, Verify};

/// Writes a line for each question, for people.
///
/// # Errors
/// What `out` says.
pub fn write_questions(questions: &[Question], out: &mut dyn Write) -> io::Result<()> {
    for Question { finding, rule, asked } in questions {
        match asked {
            Ok(Asked { how: How::Login, host }) => {
                writeln!(out, "log in {finding} {}: {}", rule.id, sanitize(host))?;
            }
            Ok(Asked { how: How::Request(verify), host }) => {
                let call = &verify.call;
                let path = path_of(call.url);
                writeln!(
                    out,
                    "ask    {finding} {}: {} {} {path}",
                    rule.id,
                    call.method.as_str(),
                    sanitize(host)
                )?;
                for remark in remarks(verify) {
                    writeln!(out, "       {remark}")?;
                }
            }
            Err(Unknown { reason, detail }) => {
                writeln!(out, "leave  {finding} {}: {} ({})", rule.id, sanitize(detail), reason.as_str())?;
            }
        }
    }
    let asked = questions.iter().filter(|question| question.asked.is_ok()).count();
    writeln!(out, "{asked} of {} findings would be asked about. Nothing was sent.", questions.len())
}

/// The path of a URL's template: what it is asked for.
fn path_of(template: &str) -> &str {
    let rest = template.strip_prefix("https://").unwrap_or(template);
    rest.find('/').map_or("/", |slash| &rest[slash..])
}

fn remarks(verify: &Verify) -> Vec<&'static str> {
    let safety = verify.safety;
    let all = [
        (verify.secret_in_url, "the secret stands in the URL: the vendor offers no other form"),
        (safety.shows_in_log, "the owner sees it in a log"),
        (safety.changes_state, "it changes something"),
        (safety.locks_out, "it can lock an account"),
        (verify.source != "vendor-doc", "the vendor does not document it"),
    ];
    all.into_iter().filter(|(holds, _)| *holds).map(|(_, remark)| remark).collect()
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    questions: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    finding: &'a str,
    rule: &'a str,
    asked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<Call<'a>>,
}

#[derive(Serialize)]
struct Call<'a> {
    method: &'static str,
    host: &'a str,
    url: &'static str,
    secret_in_url: bool,
    shows_in_log: bool,
    changes_state: bool,
    locks_out: bool,
    source: &'static str,
}

impl<'a> Call<'a> {
    fn of(asked: &'a Asked) -> Call<'a> {
        let verify = match asked.how {
            How::Request(verify) => Some(verify),
            How::Login => None,
        };
        let safety = verify.map(|verify| verify.safety);
        Call {
            method: verify.map_or("LOGIN", |verify| verify.call.method.as_str()),
            host: &asked.host,
            url: verify.map_or("", |verify| verify.call.url),
            secret_in_url: verify.is_some_and(|verify| verify.secret_in_url),
            shows_in_log: safety.is_none_or(|safety| safety.shows_in_log),
            changes_state: safety.is_some_and(|safety| safety.changes_state),
            locks_out: safety.is_some_and(|safety| safety.locks_out),
            source: verify.map_or("own", |verify| verify.source),
        }
    }
}

/// Writes the same as JSON.
///
/// # Errors
/// What `out` says.
pub fn write_questions_json(questions: &[Question], out: &mut dyn Write) -> io::Result<()> {
    let rows = questions.iter().map(|question| {
        let unknown = question.asked.as_ref().err();
        Row {
            finding: &question.finding.0,
            rule: question.rule.id,
            asked: unknown.is_none(),
            reason: unknown.map(|unknown| unknown.reason.as_str()),
            detail: unknown.map(|unknown| unknown.detail.as_str()),
            call: question.asked.as_ref().ok().map(Call::of),
        }
    });
    serde_json::to_writer_pretty(&mut *out, &Document { schema: 1, questions: rows.collect() })?;
    writeln!(out)
}
