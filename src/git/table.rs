//! The objects of one pack in the order in which they lie there, and which is made of which.

use std::collections::HashMap;

use gix_hash::{ObjectId, oid};
use gix_object::Kind;
use rayon::prelude::*;

use super::lookup::Lookup;
use super::pack::{Base, Pack};
use super::{Problem, Trouble};

/// One pack's objects: 32 bytes each.
pub(super) struct Table {
    /// By offset.
    pub(super) rows: Vec<Row>,
    /// Bases that are not in this pack, by the row that is made of them.
    pub(super) lent: HashMap<u32, ObjectId>,
}

/// One object of a pack.
pub(super) struct Row {
    /// Where its entry begins.
    pub(super) offset: u64,
    /// Its number in the index.
    id_at: u32,
    /// The row that it is made of.
    pub(super) base: Link,
    first_child: Link,
    next_sibling: Link,
    /// That of the object at the end of its chain; nothing where the chain has no end.
    pub(super) kind: Option<Kind>,
    pub(super) purpose: Purpose,
}

/// What an object is decoded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It is not: another pack has it as well, and what is made of it too.
    Nothing,
    /// Others are made of it.
    Base,
    /// To be handed over.
    Given,
}

/// The number of a row, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link(u32);

impl Link {
    /// A pack has at most as many objects as its header can tell, and this one less.
    const NONE: Link = Link(u32::MAX);

    pub(super) fn get(self) -> Option<u32> {
        (self != Link::NONE).then_some(self.0)
    }
}

/// A row of a pack.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) pack: &'a Pack,
    pub(super) table: &'a Table,
    pub(super) row: u32,
}

impl Table {
    /// Reads the headers of all entries. `lookup` finds bases that are elsewhere. What is wrong with an
    /// object is told with its id.
    pub(super) fn of(pack: &Pack, lookup: &Lookup<'_>, problems: &mut Vec<(ObjectId, Problem)>) -> Table {
        let mut table = Table { rows: rows(pack), lent: HashMap::new() };
        table.read_bases(pack, problems);
        table.find_kinds(pack, lookup, problems);
        table.link_children();
        table
    }

    pub(super) fn id<'a>(&self, pack: &'a Pack, row: u32) -> &'a oid {
        pack.index.oid_at_index(self.rows[row as usize].id_at)
    }

    /// Whether the bytes of a row's entry are those that the index was made for. Old indices do not tell.
    pub(super) fn is_unchanged(&self, pack: &Pack, row: u32) -> bool {
        let Row { offset, id_at, .. } = self.rows[row as usize];
        let Some(expected) = pack.index.crc32_at_index(id_at) else { return true };
        let behind = self.rows[row as usize..].iter().map(|row| row.offset).find(|&other| other > offset);
        pack.checksum(offset, behind) == Some(expected)
    }

    /// Whether that is so for every row.
    pub(super) fn is_all_unchanged(&self, pack: &Pack) -> bool {
        (0..self.rows.len() as u32).into_par_iter().all(|row| self.is_unchanged(pack, row))
    }

    /// The rows that are made of this one and are needed.
    pub(super) fn children(&self, row: u32) -> impl Iterator<Item = u32> {
        let first = self.rows[row as usize].first_child.get();
        let all = std::iter::successors(first, |&row| self.rows[row as usize].next_sibling.get());
        all.filter(|&row| self.rows[row as usize].purpose != Purpose::Nothing)
    }

    /// The row of an object that can be read.
    pub(super) fn row_of(&self, pack: &Pack, id: &oid) -> Option<u32> {
        let row = self.row_at(pack.offset_of(id)?)?;
        self.rows[row as usize].kind.map(|_| row)
    }

    /// Says for every row what it is decoded for, from which ones are to be handed over.
    pub(super) fn mark_bases(&mut self) {
        for row in 0..self.rows.len() {
            if self.rows[row].purpose != Purpose::Given {
                continue;
            }
            let mut base = self.rows[row].base;
            while let Some(at) = base.get() {
                let above = &mut self.rows[at as usize];
                if above.purpose != Purpose::Nothing {
                    break;
                }
                above.purpose = Purpose::Base;
                base = above.base;
            }
        }
    }

    fn row_at(&self, offset: u64) -> Option<u32> {
        self.rows.binary_search_by_key(&offset, |row| row.offset).ok().map(|row| row as u32)
    }

    fn read_bases(&mut self, pack: &Pack, problems: &mut Vec<(ObjectId, Problem)>) {
        for row in 0..self.rows.len() {
            let offset = self.rows[row].offset;
            let base = pack.entry(offset).and_then(|entry| pack.base(&entry, offset));
            let broken = match base {
                Ok(Base::None(kind)) => {
                    self.rows[row].kind = Some(kind);
                    continue;
                }
                Ok(Base::Elsewhere(id)) => {
                    self.lent.insert(row as u32, id);
                    continue;
                }
                Ok(Base::At(base)) => match self.row_at(base) {
                    Some(base) => {
                        self.rows[row].base = Link(base);
                        continue;
                    }
                    None => pack.problem(offset, Trouble::Corrupt, "is made of what is no object"),
                },
                Err(problem) => problem,
            };
            problems.push((self.id(pack, row as u32).to_owned(), broken));
        }
    }

    /// Takes each object's kind from the end of its chain. A chain may lead anywhere in the pack, so it
    /// is climbed with a list of its own; each row is climbed from once.
    fn find_kinds(&mut self, pack: &Pack, lookup: &Lookup<'_>, problems: &mut Vec<(ObjectId, Problem)>) {
        for (&row, base) in &self.lent {
            match lookup.header(base) {
                Ok(Some(header)) => self.rows[row as usize].kind = Some(header.kind),
                Ok(None) => problems.push((
                    self.id(pack, row).to_owned(),
                    missing_base(pack, &self.rows[row as usize], base),
                )),
                Err(problem) => problems.push((self.id(pack, row).to_owned(), problem)),
            }
        }
        let mut is_climbed = vec![false; self.rows.len()];
        let mut path = vec![];
        for start in 0..self.rows.len() {
            let mut row = start;
            let kind = loop {
                if self.rows[row].kind.is_some() || std::mem::replace(&mut is_climbed[row], true) {
                    break self.rows[row].kind;
                }
                path.push(row);
                match self.rows[row].base.get() {
                    Some(base) => row = base as usize,
                    None => break None,
                }
            };
            for row in path.drain(..) {
                self.rows[row].kind = kind;
                if kind.is_none() && self.rows[row].base.get().is_some() {
                    let detail = "is made of an object that cannot be read, or of itself in the end";
                    let problem = pack.problem(self.rows[row].offset, Trouble::Corrupt, detail);
                    problems.push((self.id(pack, row as u32).to_owned(), problem));
                }
            }
        }
    }

    fn link_children(&mut self) {
        for row in (0..self.rows.len()).rev() {
            if let (Some(base), Some(_)) = (self.rows[row].base.get(), self.rows[row].kind) {
                self.rows[row].next_sibling = self.rows[base as usize].first_child;
                self.rows[base as usize].first_child = Link(row as u32);
            }
        }
    }
}

impl<'a> Place<'a> {
    pub(super) fn offset(&self) -> u64 {
        self.table.rows[self.row as usize].offset
    }

    pub(super) fn id(&self) -> &'a oid {
        self.table.id(self.pack, self.row)
    }

    pub(super) fn entry(&self) -> Result<gix_pack::data::Entry, Problem> {
        self.pack.entry(self.offset())
    }

    pub(super) fn base(&self) -> Option<Place<'a>> {
        let row = self.table.rows[self.row as usize].base.get()?;
        Some(Place { row, ..*self })
    }

    pub(super) fn problem(&self, trouble: Trouble, detail: impl Into<String>) -> Problem {
        self.pack.problem(self.offset(), trouble, detail)
    }
}

fn rows(pack: &Pack) -> Vec<Row> {
    let row = |id_at| Row {
        offset: pack.index.pack_offset_at_index(id_at),
        id_at,
        base: Link::NONE,
        first_child: Link::NONE,
        next_sibling: Link::NONE,
        kind: None,
        purpose: Purpose::Nothing,
    };
    // Some old packs hold an object twice.
    let is_new = |&at: &u32| at == 0 || pack.index.oid_at_index(at) != pack.index.oid_at_index(at - 1);
    let mut rows: Vec<Row> = (0..pack.index.num_objects()).filter(is_new).map(row).collect();
    rows.sort_unstable_by_key(|row| (row.offset, row.id_at));
    rows
}

fn missing_base(pack: &Pack, row: &Row, base: &oid) -> Problem {
    pack.problem(row.offset, Trouble::Missing, format!("is made of {base}, which is missing"))
}
