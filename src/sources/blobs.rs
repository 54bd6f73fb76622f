//! Blobs by look-up, from several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::history::LARGEST;
use crate::git::{Lookup, ObjectId, Problem, Store};

/// How many blobs are worth a thread of their own.
const SHARE: usize = 32;

/// What came of a look-up: the bytes, nothing where the object is nowhere, or why it cannot be read.
pub(super) type Read<'a> = Result<Option<&'a [u8]>, Problem>;

/// Calls `each` for every item with the object whose id it has, from as many threads as are worth it.
pub(super) fn for_each_blob<T: Sync>(
    store: &Store,
    jobs: usize,
    items: &[(ObjectId, T)],
    each: &(dyn Fn(&(ObjectId, T), Read<'_>) + Sync),
) {
    let next = AtomicUsize::new(0);
    let work = || {
        let lookup = Lookup::new(store, LARGEST);
        let mut bytes = vec![];
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            let read = lookup.find(&item.0, &mut bytes);
            each(item, read.map(|kind| kind.map(|_| &bytes[..])));
        }
    };
    thread::scope(|scope| {
        (1..jobs.min(items.len().div_ceil(SHARE))).for_each(|_| drop(scope.spawn(work)));
        work();
    });
}
