//! What stands in a text in encoded form, looked for by the same rules.

use std::cmp::Reverse;
use std::ops::ControlFlow;

use crate::decode::layers::{Decoded, Encoding, Limit, holds_secrets, walk};
use crate::engine::{Engine, Text};
use crate::findings::bound_name;
use crate::model::{BlobPath, Candidate, Confidence, Secret, Unwrapped};

/// Adds to the candidates of a text those of what was decoded from it, at their places in the text. Returns the limit
/// that was hit, if any.
pub(super) fn unwrap(engine: &Engine, text: Text<'_>, candidates: &mut Vec<Candidate>) -> Option<Limit> {
    let Text { bytes, path, binary } = text;
    // What a Secret holds under a name is one, whatever it is.
    let is_secret = is_manifest(path) && holds_secrets(bytes);
    let mut found = vec![];
    let limit = walk(bytes, &mut |decoded| {
        let inside = engine.scan(Text { bytes: decoded.text, path, binary });
        found.extend(inside.into_iter().filter(|candidate| lies_in(candidate, decoded)).map(|candidate| {
            let sure = is_secret || candidate.rule.promise.is_none();
            outside(candidate, decoded, if sure { Confidence::Proven } else { Confidence::Possible })
        }));
        ControlFlow::Continue(())
    });
    if !found.is_empty() {
        found.sort_by(|a, b| order(a).cmp(&order(b)));
        found.dedup_by(|a, b| order(a) == order(b));
        candidates.append(&mut found);
        candidates.sort_by(|a, b| order(a).cmp(&order(b)));
    }
    limit
}

/// Whether a rule has a match in what is decoded from a text whose path is not known, or not all was decoded.
pub(super) fn suspected_inside(engine: &Engine, bytes: &[u8], binary: bool) -> bool {
    let mut suspected = false;
    let limit = walk(bytes, &mut |decoded| {
        suspected = engine.suspects(decoded.text, binary);
        if suspected { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    suspected || limit.is_some()
}

fn order(candidate: &Candidate) -> (usize, Reverse<usize>, &'static str) {
    (candidate.secret.start, Reverse(candidate.secret.end), candidate.rule.id)
}

/// Whether its secret was decoded: what stands around it was seen where it stands.
fn lies_in(candidate: &Candidate, decoded: &Decoded<'_>) -> bool {
    let secret = &candidate.secret;
    decoded.part.start <= secret.start && secret.end <= decoded.part.end && !secret.is_empty()
}

/// The candidate as it stands in the original text.
fn outside(candidate: Candidate, decoded: &Decoded<'_>, most: Confidence) -> Candidate {
    let encodings = decoded.encodings();
    let names: Vec<&str> = encodings.iter().map(|encoding| encoding.as_str()).collect();
    Candidate {
        matched: decoded.original(candidate.matched.clone()),
        secret: decoded.original(candidate.secret.clone()),
        confidence: candidate.confidence.min(most),
        decoded: Some(Box::new(Unwrapped {
            value: Secret::new(&decoded.text[candidate.secret.clone()]),
            bound_name: bound_name(decoded.text, candidate.secret.start),
            is_opaque: encodings.iter().any(|encoding| Encoding::is_opaque(*encoding)),
        })),
        evidence: candidate.evidence.with("encoded", names.join(" in ")),
        ..candidate
    }
}

fn is_manifest(path: &BlobPath) -> bool {
    let name = path.file_name();
    [&b".yaml"[..], b".yml", b".json"].iter().any(|ending| name.ends_with(ending))
}
