//! Decodes packs along their delta trees, from what is whole down to what is made of it, on several
//! threads.
//!
//! Each thread takes stretches of a pack in order, so that the disk is read in order, and works with a
//! stack of its own: there is no recursion, however deep a tree is. An object that others are made of is
//! kept until the last of them is decoded. When that becomes too much, the oldest are let go and are made
//! anew later, which only trees with many long branches of large objects need.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use gix_hash::oid;
use gix_object::Kind;

use super::buffer::Buffer;
use super::decoder::{Decoder, LARGE};
use super::loose::{self, Loose};
use super::objects::{LooseRow, shortened, unreadable};
use super::sharing::{Next, Sharing};
use super::stream::Watched;
use super::table::{Place, Purpose};
use super::{Content, Object, Objects, Problem, Trouble, delta, inflate};

/// What the bases that wait for their children may take, in bytes for each thread.
const MOST_HELD: usize = 64 * 1024 * 1024;

/// How many rows of a pack a thread takes at once.
const STRETCH: usize = 256;

/// A visit of all objects of some kinds.
pub(super) struct Descent<'a> {
    objects: &'a Objects<'a>,
    kinds: &'a [Kind],
    each: &'a (dyn Fn(Object<'_>) + Sync),
    sharing: Sharing<Task<'a>>,
    /// What all bases that are kept take, in bytes.
    held: Arc<AtomicUsize>,
    /// Whoever has a large object in memory holds it.
    large: Mutex<()>,
}

/// A row of a pack that is to be decoded, with all that is made of it.
struct Task<'a> {
    place: Place<'a>,
    /// What it is made of. `None` where it is whole, or its base was let go.
    base: Option<Arc<Kept>>,
}

/// An object that is kept because others are made of it.
struct Kept {
    object: Buffer,
    held: Arc<AtomicUsize>,
}

impl<'a> Descent<'a> {
    pub(super) fn new(
        objects: &'a Objects<'a>,
        kinds: &'a [Kind],
        each: &'a (dyn Fn(Object<'_>) + Sync),
    ) -> Descent<'a> {
        let lengths = objects.packed.iter().map(|(_, table)| table.rows.len());
        let sharing = Sharing::new(lengths.chain([objects.loose.len()]), STRETCH);
        Descent { objects, kinds, each, sharing, held: Arc::default(), large: Mutex::new(()) }
    }

    pub(super) fn run(&self, jobs: usize) -> Vec<Problem> {
        let jobs = jobs.max(1);
        self.run_holding(jobs, MOST_HELD * jobs)
    }

    fn run_holding(&self, jobs: usize, most_held: usize) -> Vec<Problem> {
        self.sharing.begin(jobs);
        let problems = thread::scope(|scope| {
            let work = || Worker::new(self, most_held).work();
            let others: Vec<_> = (1..jobs).map(|_| scope.spawn(work)).collect();
            let mut problems = work();
            for other in others {
                match other.join() {
                    Ok(more) => problems.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            problems
        });
        shortened(problems, self.objects.store)
    }
}

/// One thread of a visit.
struct Worker<'a, 's> {
    descent: &'s Descent<'a>,
    most_held: usize,
    decoder: Decoder<'a, 's>,
    stack: VecDeque<Task<'a>>,
    problems: Vec<Problem>,
}

impl<'a, 's> Worker<'a, 's> {
    fn new(descent: &'s Descent<'a>, most_held: usize) -> Worker<'a, 's> {
        Worker {
            descent,
            most_held,
            decoder: Decoder::new(descent.objects.store, &descent.large),
            stack: VecDeque::new(),
            problems: vec![],
        }
    }

    fn work(mut self) -> Vec<Problem> {
        let sharing = &self.descent.sharing;
        let _present = sharing.presence();
        loop {
            while let Some(task) = self.stack.pop_back() {
                if sharing.has_idle()
                    && let Some(oldest) = self.stack.pop_front()
                {
                    sharing.offer(oldest);
                }
                self.descend(task);
                self.let_go();
            }
            self.decoder.let_others();
            match sharing.next() {
                Some(Next::Stretch(list, rows)) => self.begin(list, rows),
                Some(Next::Offered(task)) => self.stack.push_back(task),
                None => return self.problems,
            }
        }
    }

    /// Takes on a stretch of a pack, or of the list of loose objects.
    fn begin(&mut self, list: usize, rows: std::ops::Range<usize>) {
        let objects = self.descent.objects;
        let Some((pack, table)) = objects.packed.get(list) else {
            return objects.loose[rows].iter().for_each(|row| self.give_loose(row));
        };
        let pack = &objects.store.packs[*pack];
        for row in rows.rev() {
            let found = &table.rows[row];
            let is_asked = found.kind.is_some_and(|kind| self.descent.kinds.contains(&kind));
            if is_asked && found.base.get().is_none() && found.purpose != Purpose::Nothing {
                let place = Place { pack, table, row: row as u32 };
                self.stack.push_back(Task { place, base: None });
            }
        }
    }

    /// Decodes an object, hands it over, and sees to what is made of it.
    fn descend(&mut self, task: Task<'a>) {
        let place = task.place;
        if self.give_stream(place) {
            return;
        }
        let object = match self.decode(&task) {
            Ok(object) => object,
            Err(problem) => return self.fail(place, &problem),
        };
        if let Some(kept) = task.base.and_then(Arc::into_inner) {
            self.decoder.spares.put(kept.recovered());
        }
        self.give(place, &object);
        let mut branches = vec![];
        for row in place.table.children(place.row) {
            let child = Place { row, ..place };
            // Where many are made of one, those who wait can help.
            if place.table.children(row).next().is_some() || self.descent.sharing.has_idle() {
                branches.push(child);
                continue;
            }
            match self.decoder.make(child, &object) {
                Ok(leaf) => {
                    self.give(child, &leaf);
                    self.decoder.spares.put(leaf);
                }
                Err(problem) => self.fail(child, &problem),
            }
        }
        if branches.is_empty() {
            return self.decoder.spares.put(object);
        }
        let base = Arc::new(Kept::new(object, self.descent.held.clone()));
        self.stack.extend(branches.into_iter().rev().map(|place| Task { place, base: Some(base.clone()) }));
    }

    fn decode(&mut self, task: &Task<'a>) -> Result<Buffer, Problem> {
        match (&task.base, task.place.base()) {
            (Some(base), _) => self.decoder.make(task.place, &base.object),
            (None, None) => self.decoder.whole(task.place),
            (None, Some(base)) => {
                let base = self.decoder.again(base)?;
                let object = self.decoder.make(task.place, &base);
                self.decoder.spares.put(base);
                object
            }
        }
    }

    /// Lets bases go, the oldest first, while they take too much.
    fn let_go(&mut self) {
        if self.descent.held.load(Ordering::Relaxed) <= self.most_held {
            return;
        }
        for task in &mut self.stack {
            if task.base.take().is_some() && self.descent.held.load(Ordering::Relaxed) <= self.most_held / 2 {
                break;
            }
        }
    }

    fn give(&mut self, place: Place<'a>, bytes: &[u8]) {
        self.hand_over(place, Content::Whole(bytes));
    }

    fn hand_over<'c>(&mut self, place: Place<'a>, content: Content<'c>)
    where
        'a: 'c,
    {
        let row = &place.table.rows[place.row as usize];
        let (Purpose::Given, Some(kind)) = (row.purpose, row.kind) else { return };
        (self.descent.each)(Object { id: place.id(), kind, content });
        if !place.table.is_unchanged(place.pack, place.row) {
            let detail = "was read, but differs from what the index was made for; `git fsck` tells more";
            self.problems.push(unreadable(place.id(), &place.problem(Trouble::Corrupt, detail)));
        }
    }

    /// Hands over a large object as a stream. Whether that was done; nothing that is made of others is.
    fn give_stream(&mut self, place: Place<'a>) -> bool {
        let is_whole = place.base().is_none() && !place.table.lent.contains_key(&place.row);
        let (true, Ok(entry)) = (is_whole, place.entry()) else { return false };
        let size = entry.decompressed_size;
        let has_children = place.table.children(place.row).next().is_some();
        if size <= if has_children { delta::LARGEST } else { LARGE } {
            return false;
        }
        let mut stream = Watched::new(inflate::reader(place.pack.compressed(&entry)), size);
        self.hand_over(place, Content::Stream(&mut stream, size));
        if let Some(detail) = stream.failure() {
            self.problems.push(unreadable(place.id(), &place.problem(Trouble::Corrupt, detail)));
        }
        let too_large =
            place.problem(Trouble::TooLarge, "is made of an object that is too large to be read at once");
        place.table.children(place.row).for_each(|row| self.fail(Place { row, ..place }, &too_large));
        true
    }

    fn give_loose(&mut self, row: &LooseRow) {
        if row.known_kind().is_some_and(|kind| !self.descent.kinds.contains(&kind)) {
            return;
        }
        let path = loose::path(&self.descent.objects.store.folders[row.folder].path, &row.id);
        if let Err(problem) = self.try_loose(row, &path) {
            self.give_other_copy(&row.id, &problem);
        }
    }

    fn try_loose(&mut self, row: &LooseRow, path: &std::path::Path) -> Result<(), Problem> {
        let loose = Loose::open(path)?;
        let (kind, size) = (loose.kind, loose.size);
        row.note_kind(kind);
        if !self.descent.kinds.contains(&kind) {
            return Ok(());
        }
        if size <= LARGE {
            let mut bytes = vec![];
            loose.read(path, &mut bytes)?;
            (self.descent.each)(Object { id: &row.id, kind, content: Content::Whole(&bytes) });
            return Ok(());
        }
        let mut stream = Watched::new(loose.stream(), size);
        (self.descent.each)(Object { id: &row.id, kind, content: Content::Stream(&mut stream, size) });
        if let Some(detail) = stream.failure() {
            // It was handed over already, as far as it goes.
            let broken = Problem::file(path, Trouble::Corrupt, detail);
            self.problems.push(unreadable(&row.id, &broken));
        }
        Ok(())
    }

    /// Gives up on a row and all that is made of it, but for copies elsewhere.
    fn fail(&mut self, place: Place<'a>, problem: &Problem) {
        let mut open = vec![place.row];
        while let Some(row) = open.pop() {
            open.extend(place.table.children(row));
            if place.table.rows[row as usize].purpose == Purpose::Given {
                self.give_other_copy(Place { row, ..place }.id(), problem);
            }
        }
    }

    fn give_other_copy(&mut self, id: &oid, problem: &Problem) {
        let mut bytes = vec![];
        let store = self.descent.objects.store;
        let copies = store.packs.iter().filter(|pack| pack.offset_of(id).is_some()).count();
        if copies + store.loose_paths(id).count() < 2 {
            return self.problems.push(unreadable(id, problem));
        }
        match self.decoder.lookup().find(id, &mut bytes) {
            Ok(Some(kind)) if self.descent.kinds.contains(&kind) => {
                (self.descent.each)(Object { id, kind, content: Content::Whole(&bytes) });
            }
            // Told in the visit of its own kind; a row's kind is that of its chain, so only a loose
            // object, whose kind cannot be known, comes here.
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => self.problems.push(unreadable(id, problem)),
        }
    }
}

impl Kept {
    fn new(object: Buffer, held: Arc<AtomicUsize>) -> Kept {
        held.fetch_add(object.capacity(), Ordering::Relaxed);
        Kept { object, held }
    }

    fn recovered(mut self) -> Buffer {
        self.held.fetch_sub(self.object.capacity(), Ordering::Relaxed);
        // An empty one remains to be dropped.
        std::mem::take(&mut self.object)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.held.fetch_sub(self.object.capacity(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;
    use crate::git::{Repository, Store};

    #[test]
    fn bases_that_were_let_go_are_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let git = |args: &[&str]| {
            let status = Command::new("git").args(args).current_dir(folder.path()).status().unwrap();
            assert!(status.success(), "{args:?}");
        };
        git(&["init", "--quiet"]);
        let mut text: String = (0..300).map(|line| format!("line {line} of many\n")).collect();
        for change in 0..40 {
            text.push_str(&format!("change {change}\n"));
            fs::write(folder.path().join("text"), &text).unwrap();
            git(&["add", "text"]);
        }
        git(&["-c", "user.name=n", "-c", "user.email=n@example.com", "commit", "--quiet", "-m", "all"]);
        git(&["gc", "--quiet", "--prune=never"]);
        git(&["-c", "pack.depth=40", "repack", "-q", "-a", "-d", "-f", "--keep-unreachable"]);
        let store = Store::open(&Repository::open(folder.path()).unwrap());
        let objects = Objects::open(&store);
        let seen = AtomicUsize::new(0);
        let each = |object: Object<'_>| {
            let Content::Whole(bytes) = object.content else { panic!("{} is small", object.id) };
            let id = gix_object::compute_hash(gix_hash::Kind::Sha1, object.kind, bytes).unwrap();
            assert_eq!(id, object.id);
            seen.fetch_add(1, Ordering::Relaxed);
        };
        let kinds = [Kind::Blob, Kind::Tree, Kind::Commit];
        for jobs in [1, 2] {
            assert_eq!(Descent::new(&objects, &kinds, &each).run_holding(jobs, 0), []);
        }
        assert_eq!(seen.into_inner() as u64, 2 * objects.count());
        assert!(objects.packed[0].1.rows.iter().filter(|row| row.base.get().is_some()).count() > 10);
    }
}
