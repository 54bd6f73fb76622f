//! Where in history something stands: from the commits and trees of a repository, each seen once and in any
//! order, to the commits that introduced and removed it and the refs that still reach it.
//!
//! ```text
//!  commits, tags --CommitCollector--> Commits ---\
//!  wanted blobs  ------------------->  Wanted     >--> History --places--> the caller's Labels
//!  trees         --TreeCollector----> (a thread's)/       \--events, reach, arrivals--> Occurrence, Reach, Arrival
//! ```
//!
//! All of it is in memory, and nothing here is read. Answers do not depend on the order in which objects came
//! or on which thread took them. Nothing is trusted: trees may nest without end, repeat names or hold ones
//! that no path can have, ids may be lies.

mod chunks;
mod commits;
mod diff;
pub(super) mod entries;
mod events;
pub(super) mod headers;
mod intern;
mod labels;
mod located;
mod nodes;
mod packed;
mod paths;
mod places;
mod problem;
mod prune;
mod range;
mod reach;
mod reader;
mod trees;
mod unite;
mod walk;
mod wanted;

pub use commits::{CommitCollector, CommitIx, Commits, Peeled};
pub use entries::TreeEntry;
pub use events::{Certainty, Events, Introduction, Occurrence, Removal, Way};
pub use labels::{Label, Labels};
pub use located::History;
pub use paths::PathIx;
pub use places::{Place, Standing};
pub use problem::Problem;
pub use range::{Arrival, Novelty, Range};
pub use reach::Reach;
pub use trees::TreeCollector;
pub use wanted::Wanted;
