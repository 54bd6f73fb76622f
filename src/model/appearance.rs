//! Where in the history of a repository something stands.

/// How a place came into a repository's history, and what became of it there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Appearance {
    /// The commit that brought it in, first of several; `None` for what no commit holds.
    pub introduced: Option<Commit>,
    /// How many commits more brought it in: on other branches, or again after it had been removed.
    pub introduced_again: u64,
    /// The commit that took it out, last of several; `None` while nobody has.
    pub removed: Option<Commit>,
    /// The object that holds it, in hex.
    pub object: String,
    /// All objects that hold it there, in hex, where a plan to remove them is asked for.
    pub objects: Vec<String>,
    /// Whether the commit that is checked out has it.
    pub in_head: bool,
    /// Names of refs whose history has it, the first few in the order of their names.
    pub refs: Vec<String>,
    /// How many refs more have it.
    pub more_refs: u64,
    /// Where a part of the history was looked at: whether the value came with that part.
    pub novelty: Option<Novelty>,
}

/// Whether a value was there before the part of a history that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Novelty {
    /// It stands nowhere in what was there before.
    New,
    /// It came to this path from another, or was there already.
    Moved,
}

impl Novelty {
    /// As it is written in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Novelty::New => "new",
            Novelty::Moved => "moved",
        }
    }
}

/// A commit, as far as reports tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Commit {
    /// Its id in hex.
    pub id: String,
    /// Name and address of its author.
    pub author: String,
    /// When it was written, as `YYYY-MM-DDThh:mm:ssZ`.
    pub date: String,
}

impl Appearance {
    /// Every string that somebody chose, and that a secret may stand in.
    pub fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let authors = self.introduced.iter_mut().chain(&mut self.removed).map(|commit| &mut commit.author);
        authors.chain(&mut self.refs)
    }
}
