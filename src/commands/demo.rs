//! `stanch demo`: fresh fake tokens in a temporary project, scanned before your eyes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{CommandError, Ended, FailOn, Known, Output, ScanTask, scan};
use crate::model::Confidence;
use crate::report::Format;
use crate::rules::{BUILTIN, template};

/// The files of the project; `{id}` stands for an example of that rule.
const FILES: &[(&str, &str)] = &[
    ("deploy/.env", "LOG_LEVEL=info\nGITHUB_TOKEN={github-pat-classic}\n"),
    ("src/payments.py", "import stripe\n\nstripe.api_key = \"{stripe-secret-key-live}\"\n"),
    ("web/chat.js", "const client = new Slack(\"{slack-bot-token}\");\n"),
    ("infra/main.tf", "provider \"aws\" {\n  access_key = \"{aws-access-key-id}\"\n}\n"),
    ("notes.md", "Ask the vault, not this file: `{vault-service-token}`\n"),
    ("keys/deploy.pem", "{pem-rsa-pkcs1-private-key}\n"),
];

/// Plants, scans and removes. The findings are the point, so they do not fail the run.
///
/// # Errors
/// When no temporary folder can be had, or the report cannot be written.
pub fn demo() -> Result<Ended, CommandError> {
    let failed =
        |error: io::Error| CommandError::new(format!("the temporary project cannot be made: {error}"));
    let folder = tempfile::tempdir().map_err(failed)?;
    plant(folder.path(), fastrand::u64(..)).map_err(failed)?;
    scan(&ScanTask {
        roots: vec![folder.path().to_owned()],
        format: Format::Human,
        output: Output::Stdout,
        confidence: Confidence::Likely,
        fail_on: FailOn::Never,
        only_rules: vec![],
        exclude: vec![],
        own_rules: vec![],
        jobs: 1,
        asking: None,
        gitignore: false,
        opening: None,
        revision: None,
        purge_plan: false,
        cache: None,
        ignore_file: None,
        strict_ignores: false,
        inline_marks: true,
        decode: true,
        known: Known::Nothing,
        reveal: false,
    })
}

fn plant(folder: &Path, seed: u64) -> io::Result<()> {
    for (name, text) in FILES {
        let path: PathBuf = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, fill(text, seed)?)?;
    }
    Ok(())
}

fn fill(text: &str, seed: u64) -> io::Result<String> {
    let mut filled = text.to_owned();
    for rule in BUILTIN {
        let place = format!("{{{}}}", rule.id);
        if let Some(example) = rule.examples.first().filter(|_| filled.contains(&place)) {
            let value = template::fill(example, seed).map_err(io::Error::other)?;
            filled = filled.replace(&place, &value);
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_a_rule() {
        for (name, text) in FILES {
            let filled = fill(text, 1).unwrap();
            assert!(
                !filled.contains("{github") && !filled.contains("-key}") && !filled.contains("token}"),
                "{name}: {filled}"
            );
        }
    }
}
