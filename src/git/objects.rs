//! Every object of a repository exactly once, each decoded once.

use std::io::Read;
use std::sync::atomic::{AtomicU8, Ordering};

use gix_hash::{ObjectId, oid};
use gix_object::Kind;

use super::descent::Descent;
use super::lookup::Lookup;
use super::table::{Purpose, Row, Table};
use super::{Place, Problem, Store, Trouble, delta, loose};

/// All objects of a store, laid out to be visited.
pub struct Objects<'a> {
    pub(super) store: &'a Store,
    /// The packs' numbers in the store, and what is in them. The pack with the most objects comes first.
    pub(super) packed: Vec<(usize, Table)>,
    pub(super) loose: Vec<LooseRow>,
    problems: Vec<Problem>,
}

/// An object that is in no pack.
pub(super) struct LooseRow {
    pub(super) id: ObjectId,
    /// The number of its folder.
    pub(super) folder: usize,
    /// Its kind once somebody looked, as [`code`].
    kind: AtomicU8,
}

/// An object as it is handed over.
pub struct Object<'a> {
    /// Its name, as the index or the file has it. To compute it anew would take longer than all else.
    pub id: &'a oid,
    /// What it is.
    pub kind: Kind,
    /// What it holds.
    pub content: Content<'a>,
}

/// What an object holds.
pub enum Content<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// Too much to hold at once, and how many bytes it should be. What fails on the way is a problem of
    /// the visit as well.
    Stream(&'a mut dyn Read, u64),
}

impl<'a> Objects<'a> {
    /// Finds out where each object of `store` is and what it is made of. Takes memory of about 50 bytes
    /// for each.
    pub fn open(store: &'a Store) -> Objects<'a> {
        let lookup = Lookup::new(store, delta::LARGEST);
        let mut broken = vec![];
        let mut packed: Vec<(usize, Table)> = (0..)
            .zip(&store.packs)
            .map(|(number, pack)| (number, Table::of(pack, &lookup, &mut broken)))
            .collect();
        packed.sort_by_key(|(_, table)| std::cmp::Reverse(table.rows.len()));
        let mut objects = Objects { store, packed, loose: vec![], problems: vec![] };
        objects.choose();
        objects.list_loose();
        // A copy elsewhere is as good.
        broken.retain(|(id, _)| !objects.has_good(id));
        objects.problems.extend(broken.into_iter().map(|(id, problem)| unreadable(&id, &problem)));
        objects.problems = shortened(objects.problems, store);
        objects
    }

    /// Leaves out packed blobs for which `is_left` says so, as far as the bytes of their pack are those that its
    /// index was made for: what is damaged is always found.
    pub fn leave_out(&mut self, is_left: &mut dyn FnMut(&oid) -> bool) {
        for (pack, table) in &mut self.packed {
            let pack = &self.store.packs[*pack];
            if !table.is_all_unchanged(pack) {
                continue;
            }
            for at in 0..table.rows.len() {
                let Row { kind, purpose, .. } = table.rows[at];
                let is_blob = (kind, purpose) == (Some(Kind::Blob), Purpose::Given);
                if is_blob && is_left(table.id(pack, at as u32)) {
                    table.rows[at].purpose = Purpose::Nothing;
                }
            }
            table.rows.iter_mut().filter(|row| row.purpose == Purpose::Base).for_each(|row| {
                row.purpose = Purpose::Nothing;
            });
            table.mark_bases();
        }
    }

    /// What cannot be handed over at all, known from the beginning.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many objects there are to be handed over.
    pub fn count(&self) -> u64 {
        let is_given = |row: &&Row| row.purpose == Purpose::Given;
        let packed = self.packed.iter().map(|(_, table)| table.rows.iter().filter(is_given).count());
        (packed.sum::<usize>() + self.loose.len()) as u64
    }

    /// Calls `each` for every object of these kinds, on `jobs` threads and in no particular order, and
    /// returns what could not be handed over. Several visits, each of other kinds, decode no object twice
    /// either: whatever an object is made of is of its own kind.
    pub fn visit(&self, kinds: &[Kind], jobs: usize, each: &(dyn Fn(Object<'_>) + Sync)) -> Vec<Problem> {
        Descent::new(self, kinds, each).run(jobs)
    }

    /// Chooses of each object the copy in the largest pack.
    fn choose(&mut self) {
        let mut copies = self.copies_in_small_packs();
        copies.sort_unstable_by_key(|&(start, table, row)| (start, self.id(table, row), table));
        let mut last = None;
        for (_, table, row) in copies {
            let id = self.id(table, row);
            let (first, table_of_first) = &self.packed[0];
            if last != Some(id) && table_of_first.row_of(&self.store.packs[*first], id).is_none() {
                self.packed[table].1.rows[row as usize].purpose = Purpose::Given;
            }
            last = Some(id);
        }
        if let Some((_, largest)) = self.packed.first_mut() {
            let readable = largest.rows.iter_mut().filter(|row| row.kind.is_some());
            readable.for_each(|row| row.purpose = Purpose::Given);
        }
        self.packed.iter_mut().for_each(|(_, table)| table.mark_bases());
    }

    /// All objects but those of the largest pack, with the first bytes of their ids.
    fn copies_in_small_packs(&self) -> Vec<(u64, usize, u32)> {
        let mut copies = vec![];
        for (table, (pack, rows)) in self.packed.iter().enumerate().skip(1) {
            let readable = (0..).zip(&rows.rows).filter(|(_, row)| row.kind.is_some());
            copies.extend(readable.map(|(row, _)| {
                let id = rows.id(&self.store.packs[*pack], row);
                let start = id.as_bytes().first_chunk().copied().unwrap_or_default();
                (u64::from_be_bytes(start), table, row)
            }));
        }
        copies
    }

    fn id(&self, table: usize, row: u32) -> &'a oid {
        let (pack, table) = &self.packed[table];
        table.id(&self.store.packs[*pack], row)
    }

    fn list_loose(&mut self) {
        let mut all = vec![];
        for (folder, path) in self.store.folders.iter().enumerate() {
            let ids = loose::list(&path.path, self.store.hash, &mut self.problems);
            all.extend(ids.into_iter().map(|id| (id, folder)));
        }
        all.sort_unstable();
        all.dedup_by_key(|(id, _)| *id);
        all.retain(|(id, _)| !self.is_packed(id));
        let row = |(id, folder)| LooseRow { id, folder, kind: AtomicU8::new(0) };
        self.loose = all.into_iter().map(row).collect();
    }

    /// Whether some pack has the object and can make it.
    fn is_packed(&self, id: &oid) -> bool {
        self.packed.iter().any(|(pack, table)| table.row_of(&self.store.packs[*pack], id).is_some())
    }

    fn has_good(&self, id: &oid) -> bool {
        self.is_packed(id) || self.loose.binary_search_by(|row| (*row.id).cmp(id)).is_ok()
    }
}

impl LooseRow {
    /// The kind, where somebody looked before.
    pub(super) fn known_kind(&self) -> Option<Kind> {
        [Kind::Tree, Kind::Blob, Kind::Commit, Kind::Tag]
            .into_iter()
            .find(|&kind| code(kind) == self.kind.load(Ordering::Relaxed))
    }

    pub(super) fn note_kind(&self, kind: Kind) {
        self.kind.store(code(kind), Ordering::Relaxed);
    }
}

/// A number for a kind; 0 is none.
fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Tree => 1,
        Kind::Blob => 2,
        Kind::Commit => 3,
        Kind::Tag => 4,
    }
}

/// What is told of an object of which no copy can be read.
pub(super) fn unreadable(id: &oid, problem: &Problem) -> Problem {
    let place = match &problem.place {
        Place::File(path) | Place::Entry(path, _) => path.file_name().unwrap_or_default(),
        _ => return Problem { place: Place::Object(id.to_owned()), ..problem.clone() },
    };
    let detail = format!("{} (in {})", problem.detail, place.to_string_lossy());
    Problem::object(id.to_owned(), problem.trouble, detail)
}

/// Too many of them say no more than a number.
pub(super) fn shortened(mut problems: Vec<Problem>, store: &Store) -> Vec<Problem> {
    const MOST: usize = 1000;
    problems.sort();
    problems.dedup();
    let more = problems.len().saturating_sub(MOST);
    if let (1.., Some(folder)) = (more, store.folders.first()) {
        problems.truncate(MOST);
        let detail = format!("so many more objects could not be read: {more}");
        problems.push(Problem::file(&folder.path, Trouble::Corrupt, detail));
    }
    problems
}
