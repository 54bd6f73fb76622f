//! Masks secrets in what is told beside them: the names of files and folders, details, notes, messages.
//! Nobody looked for secrets there while scanning.

use crate::engine::{Engine, Text};
use crate::findings::masked;
use crate::model::{BlobPath, Candidate, Confidence, Report};
use crate::rules::BUILTIN;

/// Masks every likely secret in the paths and sentences of a report.
pub(super) fn conceal(report: &mut Report, engine: &Engine) {
    for finding in &mut report.findings {
        for (place, _) in &mut finding.places {
            conceal_path(&mut place.path, engine);
            place.texts_mut().for_each(|text| conceal_text(text, engine));
        }
        finding.nearby.iter_mut().for_each(|near| conceal_path(&mut near.path, engine));
        finding.owner.iter_mut().for_each(|fact| conceal_text(&mut fact.text, engine));
        finding.verdict.texts_mut().for_each(|text| conceal_text(text, engine));
        finding.evidence.facts.iter_mut().for_each(|fact| conceal_text(&mut fact.text, engine));
    }
    for gap in report.gaps.iter_mut().chain(&mut report.accepted_gaps) {
        conceal_path(&mut gap.path, engine);
        conceal_text(&mut gap.detail, engine);
    }
    report.notes.iter_mut().for_each(|note| conceal_text(note, engine));
}

/// A message with every likely secret in it masked, as far as the rules know that ship.
pub fn concealed(message: &str) -> String {
    let mut text = message.to_owned();
    conceal_text(&mut text, &Engine::new(BUILTIN.iter().collect()));
    text
}

fn conceal_text(text: &mut String, engine: &Engine) {
    if let Some(masked) = without_secrets(text.as_bytes(), engine) {
        *text = String::from_utf8_lossy(&masked).into_owned();
    }
}

/// Names are looked at one by one, as when they are scanned.
fn conceal_path(path: &mut BlobPath, engine: &Engine) {
    let parts = || path.as_bytes().split(|&byte| byte == b'/');
    let masked: Vec<Option<Vec<u8>>> = parts().map(|part| without_secrets(part, engine)).collect();
    if masked.iter().any(Option::is_some) {
        let parts = parts().zip(masked).map(|(part, masked)| masked.unwrap_or_else(|| part.to_vec()));
        *path = BlobPath::new(parts.collect::<Vec<_>>().join(&b'/'));
    }
}

/// The text masked, where it holds something at least likely.
fn without_secrets(text: &[u8], engine: &Engine) -> Option<Vec<u8>> {
    let candidates = engine.scan(Text { bytes: text, path: &BlobPath::from(""), binary: false });
    let likely: Vec<Candidate> =
        candidates.into_iter().filter(|candidate| candidate.confidence >= Confidence::Likely).collect();
    (!likely.is_empty()).then(|| masked(text, &likely))
}
