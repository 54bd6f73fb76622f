//! One secret with all its places.

use super::{
    BlobPath, Confidence, Evidence, Fact, Novelty, Place, Rule, Secret, Severity, Strength, Verdict,
};

/// One match at one place, owned: what remains of a candidate when its text is gone.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The rule that matched.
    pub rule: &'static Rule,
    /// The value.
    pub secret: Secret,
    /// Where it stands.
    pub place: Place,
    /// How sure it is, proof included.
    pub confidence: Confidence,
    /// Whether it can be guessed.
    pub strength: Strength,
    /// What the proof found.
    pub evidence: Evidence,
    /// The name the value is bound to (`db_password = ...`), where the text shows one.
    pub bound_name: Option<String>,
    /// The line it stands on with every candidate masked, cut to a readable width.
    pub excerpt: String,
    /// Whether its line bears an inline mark that says to ignore it.
    pub ignored_inline: bool,
    /// Other rules that claim an overlapping range.
    pub also: Vec<Also>,
    /// What stands near it and belongs to it by its rule, nearest first.
    pub nearby: Vec<Nearby>,
}

/// A companion of a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nearby {
    /// How far it is.
    pub distance: Distance,
    /// Its name in the rule.
    pub name: &'static str,
    /// The companion.
    pub value: Secret,
    /// The file that it stands in.
    pub path: BlobPath,
    /// Its line there, from 1.
    pub line: u64,
}

/// How far a companion is from its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Distance {
    /// It stands in the same text, with so many bytes between.
    Bytes(usize),
    /// It stands in another file, so many folders up and down from the secret's.
    Folders(usize),
}

/// Another rule that claims the same text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Also {
    /// Id of the other rule.
    pub rule: &'static str,
    /// Who would have issued it.
    pub provider: &'static str,
}

/// One secret, all its places (at least one), what is known about it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Stable across moved lines, rebases and machines.
    pub id: FindingId,
    /// The rule that won.
    pub rule: &'static Rule,
    /// The value.
    pub secret: Secret,
    /// How sure it is.
    pub confidence: Confidence,
    /// Whether it can be guessed.
    pub strength: Strength,
    /// What the proof found.
    pub evidence: Evidence,
    /// What the provider said.
    pub verdict: Verdict,
    /// Where it stands, sorted, never empty; with each place its masked line.
    pub places: Vec<(Place, String)>,
    /// Other rules that claim the same text, sorted.
    pub also: Vec<Also>,
    /// What belongs to it by its rule, nearest first, each once.
    pub nearby: Vec<Nearby>,
    /// What was learnt of its owner without using it.
    pub owner: Vec<Fact>,
}

impl Finding {
    /// How bad it is: what its rule says; a step milder where all its places are for show, unless it is proven or live.
    pub fn severity(&self) -> Severity {
        let is_sure = self.confidence == Confidence::Proven || matches!(self.verdict, Verdict::Live(_));
        let is_for_show = || self.places.iter().all(|(place, _)| place.path.is_for_show());
        if !is_sure && is_for_show() { self.rule.severity.lowered() } else { self.rule.severity }
    }

    /// Whether a rule of another provider claims the same text.
    pub fn is_contested(&self) -> bool {
        self.also.iter().any(|also| also.provider != self.rule.provider)
    }

    /// The nearest of each of its companions, and how many different values there were to choose from.
    pub fn parts(&self) -> Vec<(&Nearby, usize)> {
        let named = |name| self.nearby.iter().filter(move |near| near.name == name);
        let companions = self.rule.companions.iter();
        companions
            .filter_map(|companion| Some((named(companion.name).next()?, named(companion.name).count())))
            .collect()
    }

    /// Whether the value was there before the part of a history that was looked at, and only came to other
    /// places.
    pub fn is_moved(&self) -> bool {
        self.places.iter().all(|(place, _)| {
            let novelty = place.appearance.as_ref().and_then(|appearance| appearance.novelty);
            novelty == Some(Novelty::Moved)
        })
    }
}

/// Identity of a finding: 16 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingId(pub String);

impl std::fmt::Display for FindingId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
