//! One secret with all its places.

use super::{Confidence, Evidence, Novelty, Place, Rule, Secret, Verdict};

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
}

/// Another rule that claims the same text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Also {
    /// Id of the other rule.
    pub rule: &'static str,
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
    /// What the proof found.
    pub evidence: Evidence,
    /// What the provider said.
    pub verdict: Verdict,
    /// Where it stands, sorted, never empty; with each place its masked line.
    pub places: Vec<(Place, String)>,
    /// Other rules that claim the same text, sorted.
    pub also: Vec<Also>,
}

impl Finding {
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
