//! Git repositories, read in-process: what a repository is made of, its refs, and its objects. Knows
//! nothing of secrets, rules or reports.
//!
//! ```text
//!  Repository --refs--> Refs        names, targets, reflogs
//!      |------> Index               what the next commit will hold
//!      |------> Revisions           what somebody means by `A..B`
//!      \------> Store  --> Lookup   one object by its id
//!                      \-> Objects  each object once, in the order of the packs
//!                              \-> history  where in history blobs stand
//! ```
//!
//! Nothing of a repository is ever executed, and nothing of it is trusted: whoever made it may have made
//! every file of it to harm who reads it. Files that are no regular files are not opened, sizes are
//! believed only as far as the bytes that are there can bear them out, and what cannot be read is a
//! [`Problem`], never nothing.

mod alternates;
mod buffer;
mod child;
mod decoder;
mod delta;
mod descent;
mod files;
mod format;
pub mod history;
pub mod hooks;
mod index;
mod inflate;
mod lookup;
mod loose;
mod objects;
mod pack;
mod presence;
mod problem;
mod reflog;
mod refs;
mod repository;
mod revisions;
mod revwalk;
mod sharing;
mod store;
mod stream;
mod table;
mod trees;

pub use gix_hash::{ObjectId, oid};
pub use gix_object::Kind;

pub use format::RefStorage;
pub use history::TreeEntry;
pub use index::{Index, Staged, StagedFile};
pub use lookup::{Header, Lookup};
pub use objects::{Content, Object, Objects};
pub use presence::Presence;
pub use problem::{Place, Problem, Trouble};
pub use reflog::LogLine;
pub use refs::{Ref, Refs, Target};
pub use repository::{Environment, ObjectFolder, Origin, Repository};
pub use revisions::Revisions;
pub use revwalk::{Walked, walk};
pub use store::{Quarantine, Store};
pub use trees::{Trees, tree_of};
