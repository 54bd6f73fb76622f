//! How much of hostile input is looked at: counted while it is read, never after.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};

use crate::model::GapReason;

/// How far containers are opened. Each limit that is hit is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many containers may lie in each other. A jar in an application archive in a compressed layer of an image
    /// takes five; nobody builds deeper by hand.
    pub depth: u32,
    /// How many times as large as the outermost file its content may become at each depth. Text packs to a tenth,
    /// logs to a hundredth; beyond that lie bombs, and files that repeat themselves.
    pub ratio: u64,
    /// How many members are read of the outermost file, those of containers in it included. The largest images
    /// have some hundred thousand files.
    pub members: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { depth: 8, ratio: 200, members: 1_000_000 }
    }
}

/// What may come out of any file, however small, at each depth, in bytes: it takes a fraction of a second.
const FREE: u64 = 128 << 20;

/// What is held at most of containers that need to be read from any place and come in a stream, in bytes. With
/// the windows of a scan it stays below 64 MiB.
pub(super) const HELD: usize = 32 << 20;

/// A decoder that asks for a larger window or dictionary is not given one, in bytes.
pub(super) const DICTIONARY: u64 = 128 << 20;

/// So many gaps are told of one outermost file.
const MOST_GAPS: u64 = 1000;

/// What is used up of the limits, by one outermost file and all in it.
pub(super) struct Budget {
    pub(super) limits: Limits,
    /// Size of the outermost file, as far as it is known.
    stored: Cell<u64>,
    /// What came out so far, for each depth.
    unpacked: RefCell<Vec<u64>>,
    members: Cell<u64>,
    held: Cell<usize>,
    gaps: Cell<u64>,
    over: Cell<Over>,
}

/// Whether reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// It does.
    No,
    /// A limit was hit; nobody was told yet.
    Hit(GapReason),
    /// It was told, or nobody wants more.
    Ended,
}

impl Budget {
    pub(super) fn new(limits: Limits, stored: u64) -> Budget {
        Budget {
            limits,
            stored: Cell::new(stored),
            unpacked: RefCell::default(),
            members: Cell::new(0),
            held: Cell::new(0),
            gaps: Cell::new(0),
            over: Cell::new(Over::No),
        }
    }

    pub(super) fn over(&self) -> Over {
        self.over.get()
    }

    /// How large the outermost file is, or how much of it came.
    pub(super) fn stored(&self) -> u64 {
        self.stored.get()
    }

    /// Nothing more is read.
    pub(super) fn end(&self) {
        self.over.set(Over::Ended);
    }

    /// Counts a member.
    pub(super) fn count_member(&self) {
        self.members.set(self.members.get() + 1);
        if self.members.get() > self.limits.members && self.over.get() == Over::No {
            self.over.set(Over::Hit(GapReason::TooManyMembers));
        }
    }

    /// Whether another gap is to be told; the one after the last is about all others.
    pub(super) fn count_gap(&self) -> MayTell {
        self.gaps.set(self.gaps.get() + 1);
        match self.gaps.get() {
            ..=MOST_GAPS => MayTell::Yes,
            gaps if gaps == MOST_GAPS + 1 => MayTell::ThatThereAreMore,
            _ => MayTell::No,
        }
    }

    /// Counts bytes that came of the outermost file, where its size is not known.
    fn count_stored(&self, read: usize) {
        self.stored.set(self.stored.get() + read as u64);
    }

    /// Counts what came out at this depth.
    pub(super) fn count_unpacked(&self, depth: usize, read: usize) {
        let mut all = self.unpacked.borrow_mut();
        if all.len() <= depth {
            all.resize(depth + 1, 0);
        }
        all[depth] += read as u64;
        let allowed = self.stored.get().saturating_mul(self.limits.ratio).max(FREE);
        if all[depth] > allowed && self.over.get() == Over::No {
            self.over.set(Over::Hit(GapReason::Ratio));
        }
    }

    /// How many bytes more may be held.
    pub(super) fn may_hold(&self) -> usize {
        HELD - self.held.get()
    }

    pub(super) fn hold(&self, bytes: usize) {
        self.held.set(self.held.get() + bytes);
    }

    pub(super) fn let_go(&self, bytes: usize) {
        self.held.set(self.held.get() - bytes);
    }
}

/// What may be told.
pub(super) enum MayTell {
    Yes,
    ThatThereAreMore,
    No,
}

/// An error that was noted where it came up, or will be: whoever meets it on its way up ends quietly.
#[derive(Debug)]
struct Noted;

impl std::fmt::Display for Noted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("what it is made of cannot be read")
    }
}

impl std::error::Error for Noted {}

/// Whether somebody further down tells of it.
pub(super) fn is_noted(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Noted>())
}

fn noted() -> io::Error {
    io::Error::other(Noted)
}

/// The content of a member: counts what comes out and notes why it failed.
pub(super) struct Metered<'a> {
    reader: &'a mut dyn Read,
    budget: &'a Budget,
    depth: usize,
    pub(super) failure: Option<io::Error>,
}

impl<'a> Metered<'a> {
    pub(super) fn new(reader: &'a mut dyn Read, budget: &'a Budget, depth: usize) -> Metered<'a> {
        Metered { reader, budget, depth, failure: None }
    }
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.budget.over() != Over::No || self.failure.is_some() {
            return Err(noted());
        }
        match self.reader.read(buffer) {
            Ok(read) => {
                self.budget.count_unpacked(self.depth, read);
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted || is_noted(&error) => Err(error),
            Err(error) => {
                self.failure = Some(error);
                Err(noted())
            }
        }
    }
}

/// The outermost file where it is a stream: counts what came, and leaves its failures to its source.
pub(super) struct Outermost<'a> {
    pub(super) reader: &'a mut dyn Read,
    pub(super) budget: &'a Budget,
}

impl Read for Outermost<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.reader.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(noted()),
            read => read?,
        };
        self.budget.count_stored(read);
        Ok(read)
    }
}
