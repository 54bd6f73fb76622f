//! How threads share the work on several lists: they take stretches of them in order, and whoever runs
//! out of work is offered what others have waiting.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Work that threads share; `T` is what they offer each other.
pub(super) struct Sharing<T> {
    /// Where each list begins when they all lie in a row, and where the last one ends.
    starts: Vec<usize>,
    stretch: usize,
    next: AtomicUsize,
    idle: AtomicUsize,
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    offered: Vec<T>,
    present: usize,
}

/// What is to be done next.
pub(super) enum Next<T> {
    /// These entries of the list of that number.
    Stretch(usize, Range<usize>),
    /// What another thread had waiting.
    Offered(T),
}

/// That a thread takes part. It ends with the thread, also in a panic, so that no other waits for it.
pub(super) struct Presence<'a, T>(&'a Sharing<T>);

impl<T> Sharing<T> {
    /// Lists of these lengths, of which `stretch` entries are taken at once.
    pub(super) fn new(lengths: impl Iterator<Item = usize>, stretch: usize) -> Sharing<T> {
        let mut starts = vec![0];
        for length in lengths {
            starts.push(starts[starts.len() - 1] + length);
        }
        let state = Mutex::new(State { offered: vec![], present: 0 });
        Sharing {
            starts,
            stretch,
            next: AtomicUsize::new(0),
            idle: AtomicUsize::new(0),
            state,
            changed: Condvar::new(),
        }
    }

    /// Says how many threads there will be, before the first of them begins.
    pub(super) fn begin(&self, threads: usize) {
        self.lock().present = threads;
    }

    /// The presence of one of them.
    pub(super) fn presence(&self) -> Presence<'_, T> {
        Presence(self)
    }

    /// Whether some thread waits for work.
    pub(super) fn has_idle(&self) -> bool {
        self.idle.load(Ordering::Relaxed) > 0
    }

    pub(super) fn offer(&self, task: T) {
        self.lock().offered.push(task);
        self.changed.notify_one();
    }

    /// What is to be done next; `None` when all is done. Waits while others may still have something to
    /// offer.
    pub(super) fn next(&self) -> Option<Next<T>> {
        if let Some((list, entries)) = self.next_stretch() {
            return Some(Next::Stretch(list, entries));
        }
        let mut state = self.lock();
        let idle = self.idle.fetch_add(1, Ordering::Relaxed) + 1;
        if idle == state.present && state.offered.is_empty() {
            self.changed.notify_all();
        }
        loop {
            if let Some(task) = state.offered.pop() {
                self.idle.fetch_sub(1, Ordering::Relaxed);
                return Some(Next::Offered(task));
            }
            if self.idle.load(Ordering::Relaxed) >= state.present {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn next_stretch(&self) -> Option<(usize, Range<usize>)> {
        let end = self.starts[self.starts.len() - 1];
        loop {
            let at = self.next.load(Ordering::Relaxed);
            if at >= end {
                return None;
            }
            let list = self.starts.partition_point(|&start| start <= at) - 1;
            let until = (at + self.stretch).min(self.starts[list + 1]);
            if self.next.compare_exchange(at, until, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                let start = self.starts[list];
                return Some((list, at - start..until - start));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Presence<'_, T> {
    fn drop(&mut self) {
        // Those who left after all was done stay counted as idle, so both numbers matter.
        let mut state = self.0.lock();
        if std::thread::panicking() {
            state.present -= 1;
        }
        drop(state);
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_taken_once() {
        let sharing: Sharing<()> = Sharing::new([0, 5, 0, 3].into_iter(), 2);
        sharing.begin(1);
        let mut taken = vec![];
        while let Some(Next::Stretch(list, entries)) = sharing.next() {
            taken.extend(entries.map(|entry| (list, entry)));
        }
        assert_eq!(taken, [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (3, 0), (3, 1), (3, 2)]);
    }

    #[test]
    fn what_is_offered_is_done_before_the_end() {
        let sharing: Sharing<usize> = Sharing::new([1].into_iter(), 1);
        sharing.begin(2);
        let done = AtomicUsize::new(0);
        let work = || {
            let _present = sharing.presence();
            while let Some(next) = sharing.next() {
                match next {
                    Next::Stretch(..) => sharing.offer(3),
                    Next::Offered(0) => {}
                    Next::Offered(more) => sharing.offer(more - 1),
                }
                done.fetch_add(1, Ordering::Relaxed);
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(work);
            scope.spawn(work);
        });
        assert_eq!(done.into_inner(), 5);
    }

    #[test]
    fn nobody_waits_for_a_thread_that_panicked() {
        let sharing: Sharing<()> = Sharing::new([1].into_iter(), 1);
        sharing.begin(2);
        std::thread::scope(|scope| {
            let panics = scope.spawn(|| {
                let _present = sharing.presence();
                panic!("on purpose");
            });
            let works = scope.spawn(|| {
                let _present = sharing.presence();
                while sharing.next().is_some() {}
            });
            assert!(panics.join().is_err());
            works.join().unwrap();
        });
    }
}
