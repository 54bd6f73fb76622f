//! What stands in a text in encoded form, looked for by the same rules.

use std::cmp::Reverse;
use std::ops::{ControlFlow, Range};

use crate::decode::layers::{Decoded, Encoding, Limit, Runs, SHORTEST_KNOWN, holds_secrets, walk};
use crate::engine::{Engine, Explained, Text};
use crate::findings::bound_name;
use crate::model::{BlobPath, Candidate, Confidence, Secret, Unwrapped};

/// All candidates of a text, at their places in it: those of what was decoded from it among them. With them comes the limit
/// that was hit, if any.
pub(super) fn scan_inside(engine: &Engine, text: Text<'_>) -> (Vec<Candidate>, Option<Limit>) {
    let Text { bytes, path, binary } = text;
    let mut long = vec![];
    let mut candidates = engine.scan_noting(text, Some(&mut long));
    // What a Secret holds under a name is one, whatever it is and however short.
    let is_secret = is_manifest(path) && holds_secrets(bytes);
    let before = candidates.len();
    let limit = walk(bytes, runs(is_secret, &long), &mut |decoded| {
        let inside = engine.scan(Text { bytes: decoded.text, path, binary });
        let outside = inside.into_iter().filter(|candidate| lies_in(candidate, decoded)).map(|candidate| {
            let most = surest(&candidate, is_secret);
            outside(candidate, decoded, most)
        });
        // What reads the same without decoding was weighed where it stands.
        candidates.extend(
            outside.filter(|candidate| candidate.value(bytes).expose() != &bytes[candidate.secret.clone()]),
        );
        ControlFlow::Continue(())
    });
    if candidates.len() > before {
        let mut decoded = candidates.split_off(before);
        // Of what a rule finds at one place, the longest is whole.
        let length = |candidate: &Candidate| candidate.value(bytes).expose().len();
        decoded.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| length(b).cmp(&length(a))));
        decoded.dedup_by(|a, b| order(a) == order(b));
        candidates.append(&mut decoded);
        candidates.sort_by(|a, b| order(a).cmp(&order(b)));
    }
    (candidates, limit)
}

/// What was decoded from a text, and what rules make of it; places are those in the text.
pub(super) struct Inside {
    /// Where it was decoded from.
    pub(super) original: Range<usize>,
    /// How it was encoded, for people.
    pub(super) encodings: String,
    pub(super) explained: Vec<Explained>,
}

/// All that was decoded from `part` of a text, in the order in which it is gone through, and the limit that was hit.
pub(super) fn explain_inside(
    engine: &Engine,
    text: Text<'_>,
    part: &Range<usize>,
) -> (Vec<Inside>, Option<Limit>) {
    let Text { bytes, path, binary } = text;
    let mut long = vec![];
    engine.scan_noting(text, Some(&mut long));
    let is_secret = is_manifest(path) && holds_secrets(bytes);
    let mut all = vec![];
    let limit = walk(bytes, runs(is_secret, &long), &mut |decoded| {
        let original = decoded.original(decoded.part.clone());
        if original.start < part.end && part.start < original.end {
            let inside = Text { bytes: decoded.text, path, binary };
            let explained = engine.explain(inside, decoded.part.clone()).into_iter();
            all.push(Inside {
                original,
                encodings: named(decoded),
                explained: explained.map(|one| explained_outside(one, decoded, is_secret)).collect(),
            });
        }
        ControlFlow::Continue(())
    });
    (all, limit)
}

fn explained_outside(one: Explained, decoded: &Decoded<'_>, is_secret: bool) -> Explained {
    Explained {
        rule: one.rule,
        matched: decoded.original(one.matched),
        outcome: one.outcome.map(|candidate| {
            let most = surest(&candidate, is_secret);
            outside(candidate, decoded, most)
        }),
    }
}

/// Whether a rule has a match in a text whose path is not known, or in what is decoded from it, or not all was decoded.
pub(super) fn suspected_inside(engine: &Engine, bytes: &[u8], binary: bool) -> bool {
    let mut long = vec![];
    if engine.suspects(bytes, binary, Some(&mut long)) {
        return true;
    }
    // Whatever its name, it may be a manifest.
    let runs = runs(holds_secrets(bytes), &long);
    let mut suspected = false;
    let limit = walk(bytes, runs, &mut |decoded| {
        suspected = engine.suspects(decoded.text, binary, None);
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
    Candidate {
        matched: decoded.original(candidate.matched.clone()),
        secret: decoded.original(candidate.secret.clone()),
        confidence: candidate.confidence.min(most),
        decoded: Some(Box::new(Unwrapped {
            value: Secret::new(&decoded.text[candidate.secret.clone()]),
            bound_name: bound_name(decoded.text, candidate.secret.start),
            is_opaque: decoded.encodings().into_iter().any(Encoding::is_opaque),
        })),
        evidence: candidate.evidence.with("encoded", named(decoded)),
        ..candidate
    }
}

/// How it was encoded, for people.
fn named(decoded: &Decoded<'_>) -> String {
    let names: Vec<&str> = decoded.encodings().into_iter().map(Encoding::as_str).collect();
    names.join(" in ")
}

/// Where runs of base64 may stand. What a Secret holds is encoded however short it is.
fn runs(is_secret: bool, long: &[Range<usize>]) -> Runs<'_> {
    if is_secret { Runs::Unknown(SHORTEST_KNOWN) } else { Runs::Known(long) }
}

/// How sure a candidate can be that was decoded: in a Secret values stand under their names, elsewhere only a form of its
/// own tells one.
fn surest(candidate: &Candidate, is_secret: bool) -> Confidence {
    match is_secret || candidate.rule.promise.is_none() {
        true => Confidence::Proven,
        false => Confidence::Possible,
    }
}

fn is_manifest(path: &BlobPath) -> bool {
    let name = path.file_name();
    [&b".yaml"[..], b".yml", b".json"].iter().any(|ending| name.ends_with(ending))
}
