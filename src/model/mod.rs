//! The nouns that every layer speaks: rules, secrets, places, findings, gaps, reports. No I/O here.

mod appearance;
mod byte_set;
mod call;
mod candidate;
mod finding;
mod gap;
mod moment;
mod path;
mod place;
mod question;
mod report;
mod rule;
mod secret;
mod verdict;

pub use appearance::{Appearance, Commit, Novelty};
pub use byte_set::ByteSet;
pub use call::{
    Algorithm, At, Body, By, Call, Companion, Condition, Damage, Encoding, FoundBy, Hash, Header, LABELS,
    List, Lookup, Method, Piece, Revoke, Safety, Sample, Sign, Step, Test, Told, Verify, pieces,
};
pub use candidate::{Candidate, Evidence, Fact, Unwrapped};
pub use finding::{Also, Distance, Finding, FindingId, Nearby, Sighting};
pub use gap::{Gap, GapReason};
pub use moment::{day, moment, start_of_day};
pub use path::{BlobPath, is_telling};
pub use place::{Place, PlaceKind};
pub use question::{Asked, How, Question};
pub use report::{Report, Tally};
pub use rule::{
    Anchor, Confidence, Lead, Promise, ProofLevel, Rule, Severity, Specificity, Strength, Stretch, Until,
    WrongProof,
};
pub use secret::Secret;
pub use verdict::{Answered, Unknown, UnknownReason, Verdict};
