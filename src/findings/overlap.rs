//! Of candidates whose secrets overlap, one is the finding; the others are told beside it.

use std::cmp::Reverse;

use crate::model::{Also, Candidate, Confidence, Specificity};

/// A candidate and the rules that lost to it.
pub(super) struct Winner {
    pub(super) candidate: Candidate,
    pub(super) also: Vec<Also>,
}

/// Picks the winners: the proven, then the more specific, then the surer, then the longer, then the first
/// by rule id. In the order of their places. What any value under a telling name may be gives way to what it says once
/// it is decoded, if that is as sure.
pub(super) fn resolve(mut candidates: Vec<Candidate>) -> Vec<Winner> {
    candidates.sort_by_key(|candidate| {
        let proven = candidate.confidence == Confidence::Proven;
        let length = candidate.secret.end - candidate.secret.start;
        let opaque = candidate.decoded.as_ref().is_some_and(|decoded| decoded.is_opaque);
        let specificity = match candidate.rule.specificity {
            Specificity::Judged if opaque => Specificity::Generic,
            other => other,
        };
        let says_more = opaque && specificity == Specificity::Generic;
        let sureness = Reverse((proven, specificity, candidate.confidence, says_more, length));
        (sureness, candidate.secret.start, candidate.rule.id)
    });
    let mut winners: Vec<Winner> = vec![];
    let mut taken = std::collections::BTreeMap::new();
    for candidate in candidates {
        let below = taken.range(..candidate.secret.end).next_back();
        match below.filter(|(_, (end, _))| *end > candidate.secret.start) {
            Some((_, &(_, winner))) => note(&mut winners[winner], &candidate),
            None => {
                taken.insert(candidate.secret.start, (candidate.secret.end, winners.len()));
                winners.push(Winner { candidate, also: vec![] });
            }
        }
    }
    winners.sort_by_key(|winner| winner.candidate.secret.start);
    winners
}

/// Tells the loser, unless it says nothing more of the value: its rule takes any value under a telling name,
/// or rests on the same proof.
fn note(winner: &mut Winner, loser: &Candidate) {
    let Candidate { rule, secret, .. } = &winner.candidate;
    let same_proof = rule.proof.is_some() && rule.proof == loser.rule.proof && *secret == loser.secret;
    if loser.rule.specificity <= Specificity::Generic || same_proof {
        return;
    }
    let also = Also { rule: loser.rule.id, provider: loser.rule.provider };
    if also.rule != winner.candidate.rule.id && !winner.also.contains(&also) {
        winner.also.push(also);
        winner.also.sort();
    }
}
