//! A rule: what one kind of token looks like and what it means when it leaks.

use super::{ByteSet, Companion, Header, List, Lookup, Revoke, Test, Verify};

/// One kind of token.
///
/// Rules live as long as the process: those that ship with stanch are statics made at build time, a
/// user's own are loaded once. That is why every field can be borrowed for good.
#[derive(Debug)]
pub struct Rule {
    /// Unique, kebab-case, never reused for something else.
    pub id: &'static str,
    /// Name that finding ids are made from; stays when the id changes.
    pub family: &'static str,
    /// Who issues the token.
    pub provider: &'static str,
    /// What the token is called by its vendor.
    pub name: &'static str,
    /// What sort of service it opens: `cloud`, `ci-cd`, `payments`, ...
    pub category: &'static str,
    /// How bad a leak is.
    pub severity: Severity,
    /// What a thief can do with it, in one sentence.
    pub risk: &'static str,
    /// Page on which a person revokes it.
    pub revoke_page: Option<&'static str>,
    /// The vendor's own description.
    pub docs: &'static [&'static str],
    /// How firmly the facts behind the rule stand: `vendor-doc`, `peers-agree` or `one-source`.
    pub source: &'static str,

    /// Regular expression over bytes (no Unicode classes). Capture group 1, where there is one, is the
    /// secret; otherwise the whole match is.
    pub pattern: &'static str,
    /// What the match promises of the value, which is then judged by it: the capture group, where the pattern has one;
    /// otherwise the match is of a name's words, and the value is what is bound to the name around them.
    pub promise: Option<Promise>,
    /// Longest possible match in bytes.
    pub max_len: usize,
    /// Fixed public text that every secret of this rule starts with; masks show it.
    pub prefix: &'static str,
    /// What makes the rule recognisable; decides between overlapping candidates.
    pub specificity: Specificity,
    /// Confidence of a match that no proof speaks for or against.
    pub confidence: Confidence,
    /// Whether the value is long and random, or may be a person's password.
    pub strength: Strength,
    /// The cheap signs by which the engine finds the places worth a look. Every match of the pattern
    /// bears at least one of them.
    pub anchors: &'static [Anchor],
    /// What a match may begin with, byte by byte; at least its first one is known.
    pub head: &'static [ByteSet],
    /// Bytes that must not stand before a match (an escape such as `\n` or `%3D` is not part of a word).
    pub not_before: ByteSet,
    /// Bytes that must not stand after a match.
    pub not_after: ByteSet,
    /// Words of which one must stand near the match, lower case, compared without regard to case; the hyphens of
    /// a name stand for whatever joins one. Empty: the value speaks for itself.
    pub context: &'static [&'static str],
    /// Name of the offline proof.
    pub proof: Option<&'static str>,
    /// What a failed proof means.
    pub wrong_proof: WrongProof,
    /// What must hold for the JSON that the value decodes to.
    pub claims: List<Test>,
    /// What a finding tells of the value: labels, and JSON pointers or patterns of public parts.
    pub tells: List<Header>,
    /// Whether the value must hold a digit; random values do, identifiers mostly do not.
    pub needs_digit: bool,
    /// Whether the value must hold letters of both cases, as random ones do where there is room for it.
    pub needs_both_cases: bool,
    /// Whether a value that reads like a made-up sample is dropped.
    pub drop_samples: bool,
    /// File names (globs on the last part, or on the whole path where they hold a `/`) that the rule is
    /// for. Empty: every file.
    pub files: &'static [&'static str],
    /// Whether the rule is sure enough of itself to speak in binary files.
    pub in_binary: bool,
    /// By what name a person gives the address of their own server: `--endpoint NAME=URL`.
    pub endpoint: &'static str,
    /// Public parts of the secret by name, for templates: the id of a key inside of it.
    pub parts: List<Header>,
    /// What stands near the secret and is needed to ask about it.
    pub companions: List<Companion>,
    /// The companion that is the whole address of a database or another server at which the secret logs in.
    pub login: Option<&'static str>,
    /// How to learn whether the token works; one at most.
    pub verify: List<Verify>,
    /// How to learn whose it is without using it.
    pub owner: List<Lookup>,
    /// Ways to revoke it, the gentlest first.
    pub revoke: List<Revoke>,
    /// Templates of values that the rule must find.
    pub examples: &'static [&'static str],
    /// Templates of text in which the rule must find nothing.
    pub near_misses: &'static [&'static str],
}

impl Rule {
    /// Whether the pattern is one of names to which values are bound: it has no group of its own around the value.
    pub fn takes_bound_values(&self) -> bool {
        let mut escaped = false;
        let opens = |(at, byte): (usize, u8)| {
            let opens = byte == b'(' && !escaped && self.pattern.as_bytes().get(at + 1) != Some(&b'?');
            escaped = byte == b'\\' && !escaped;
            opens
        };
        self.promise.is_some() && !self.pattern.bytes().enumerate().any(opens)
    }

    /// Whether nothing tells the engine where a match may be.
    pub fn is_tried_everywhere(&self) -> bool {
        self.anchors.iter().any(|anchor| matches!(anchor, Anchor::Anywhere))
    }
}

/// A cheap sign of a match. It may be there without a match; no match is without one of its rule's signs.
#[derive(Debug, Clone)]
pub enum Anchor {
    /// Four consecutive bytes out of these sets, where a word and at least [`Anchor::RUN`] token characters
    /// begin. The match starts between `near` and `far` bytes before them.
    Key {
        /// What may stand at each of the four places.
        key: [ByteSet; 4],
        /// Smallest distance from the start of the match to the key.
        near: usize,
        /// Largest distance from the start of the match to the key.
        far: usize,
    },
    /// A stretch of the match lies within one maximal run of token characters.
    Run(Stretch),
    /// These bytes, wherever they stand, letters in either case.
    Literal {
        /// The bytes; letters are lower case.
        text: &'static [u8],
        /// Where in them those four begin by which they are looked for.
        four: usize,
        /// What stands directly before them, place by place.
        before: &'static [ByteSet],
        /// What must follow, if anything is known.
        until: Option<Until>,
        /// Smallest distance from the start of the match to the literal.
        near: usize,
        /// Largest distance from the start of the match to the literal.
        far: usize,
    },
    /// Nothing cheap can be said: the pattern is tried everywhere.
    Anywhere,
}

impl Anchor {
    /// Length of the shortest run of token characters that is looked at.
    pub const RUN: usize = 16;
}

/// A stretch of a match that lies within one maximal run, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// What the run is made of.
    pub of: ByteSet,
    /// What the stretch in it is made of.
    pub alphabet: ByteSet,
    /// What the stretch begins with, place by place.
    pub head: &'static [ByteSet],
    /// What stands before the run, read from it to the left; empty where that may be before the match.
    pub lead: &'static [Lead],
    /// What stands directly after the run, where something of the match does.
    pub tail: Option<ByteSet>,
    /// A sign that the stretch holds.
    pub sign: Option<u8>,
    /// Letters that stand elsewhere in the match, in either case; given in lower case.
    pub word: Option<&'static str>,
    /// Shortest possible stretch.
    pub min: usize,
    /// The match is exactly the run, and at most this long.
    pub whole_up_to: Option<usize>,
    /// Whatever letters and digits the secret has lie inside the run.
    pub holds_value: bool,
    /// Smallest distance from the start of the match to the stretch.
    pub near: usize,
    /// Largest distance from the start of the match to the stretch.
    pub far: usize,
    /// Largest number of bytes of the match after the stretch.
    pub rest: usize,
}

/// A step to the left of a run: over any number of bytes of one set to a byte of another. The two have no
/// byte in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lead {
    /// What may stand in between.
    pub through: ByteSet,
    /// What must precede it.
    pub of: ByteSet,
}

/// After a literal come only bytes of one set, and then a certain byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Until {
    /// What may stand in between.
    pub through: ByteSet,
    /// What must follow.
    pub byte: u8,
}

impl Until {
    /// Whether a text begins so.
    pub fn comes_first_in(&self, text: &[u8]) -> bool {
        text.iter().find(|&&byte| !self.through.contains(byte)) == Some(&self.byte)
    }
}

/// How bad a leak is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Public by design, or dead for years.
    Low,
    /// Limited reach.
    Medium,
    /// Reads or changes customer data.
    High,
    /// Takes over accounts, code or money.
    Critical,
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Generic shape or weak context.
    Possible,
    /// Distinctive shape or strong context.
    Likely,
    /// A chance below 1 in 65,536 of being wrong.
    Proven,
}

/// What makes a rule recognisable, from weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Specificity {
    /// Nothing but what its match promises; the value is judged.
    Judged,
    /// Any value under a telling name.
    Generic,
    /// A common shape beside a vendor's word.
    Context,
    /// A structure of its own, no fixed start.
    Structure,
    /// A fixed prefix.
    Prefix,
}

/// What the name of a value promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// A password: people choose those.
    Password,
    /// A token or a key: machines draw those, mostly.
    Token,
    /// A salt, a nonce or a seed: public in most places.
    Salt,
}

/// Whether a value can be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strength {
    /// At least 80 random bits: nobody confirms a guess.
    Random,
    /// A password or a short value: nothing about it may be told.
    Weak,
}

/// What it means when a rule's proof fails on a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WrongProof {
    /// The vendor documents the proof: the match is no token.
    Drops,
    /// The proof was deduced from samples: the match is only less sure.
    Lowers,
}

/// What stands behind a finding without asking anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProofLevel {
    /// Nothing but the pattern.
    None,
    /// The value decodes to something sensible; anyone could have made it.
    Decoded,
    /// The value agrees with itself in a way that chance does not bring about.
    Structure,
    /// A checksum in the value is right.
    Checksum,
}

impl Severity {
    /// All, from mild to grave.
    pub const ALL: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    /// One step milder.
    pub fn lowered(self) -> Severity {
        match self {
            Severity::Critical => Severity::High,
            Severity::High => Severity::Medium,
            Severity::Medium | Severity::Low => Severity::Low,
        }
    }

    /// The word used in rules and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl Confidence {
    /// The word used in rules and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Possible => "possible",
            Confidence::Likely => "likely",
            Confidence::Proven => "proven",
        }
    }

    /// One step less sure.
    pub fn lowered(self) -> Confidence {
        match self {
            Confidence::Proven => Confidence::Likely,
            Confidence::Likely | Confidence::Possible => Confidence::Possible,
        }
    }
}

impl ProofLevel {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            ProofLevel::None => "none",
            ProofLevel::Decoded => "decoded",
            ProofLevel::Structure => "structure",
            ProofLevel::Checksum => "checksum",
        }
    }
}
