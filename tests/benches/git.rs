//! How long it takes to decode every object of the repository that `STANCH_BENCH_REPO` names, or
//! of this one, by us and by gix's own traversal of the same packs. Each bench counts what it got against the packs' indices.

#![allow(clippy::unwrap_used, reason = "a bench without a repository measures nothing")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use divan::Bencher;
use divan::counter::BytesCount;
use gix_pack::cache::delta;
use gix_utils::progress::Discard;
use stanch::git::{Content, Kind, Lookup, Object, Objects, Repository, Store};

const ALL: [Kind; 4] = [Kind::Commit, Kind::Tag, Kind::Blob, Kind::Tree];

fn main() {
    divan::main();
}

fn repository() -> Repository {
    let named = std::env::var_os("STANCH_BENCH_REPO");
    let path = named.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    Repository::discover(&path).unwrap()
}

/// The indices of all packs.
fn indices(repository: &Repository) -> Vec<PathBuf> {
    let folders = repository.object_folders().iter().map(|folder| folder.path.join("pack"));
    let files =
        folders.flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()));
    files.filter(|path| path.extension().is_some_and(|extension| extension == "idx")).collect()
}

fn count_in_indices(repository: &Repository) -> u64 {
    let open = |path| gix_pack::index::File::at(path, repository.object_format()).unwrap();
    indices(repository).into_iter().map(|path| u64::from(open(path).num_objects())).sum()
}

/// Objects and bytes that were handed over.
#[derive(Default)]
struct Seen {
    objects: AtomicU64,
    bytes: AtomicU64,
}

impl Seen {
    fn note(&self, object: &Object<'_>) {
        let size = match &object.content {
            Content::Whole(bytes) => bytes.len() as u64,
            Content::Stream(_, size) => *size,
        };
        self.objects.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(size, Ordering::Relaxed);
    }
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn by_gix(bencher: Bencher) {
    let repository = repository();
    let hash = repository.object_format();
    bencher.bench_local(|| {
        let objects = AtomicU64::new(0);
        for path in indices(&repository) {
            let index = gix_pack::index::File::at(&path, hash).unwrap();
            let pack = gix_pack::data::File::at(path.with_extension("pack"), hash).unwrap();
            let interrupt = AtomicBool::new(false);
            let tree = delta::Tree::from_offsets_in_pack(
                pack.path(),
                index.sorted_offsets().into_iter(),
                &|offset| *offset,
                &|id| Ok(index.lookup(id).map(|at| index.pack_offset_at_index(at))),
                &mut Discard,
                &interrupt,
                hash,
            );
            let options = delta::traverse::Options {
                object_progress: Box::new(Discard),
                size_progress: &mut Discard,
                thread_limit: Some(1),
                should_interrupt: &interrupt,
                object_hash: hash,
                alloc_limit_bytes: None,
            };
            let traversed = tree.unwrap().traverse(
                |range, pack: &gix_pack::data::File| pack.entry_slice(range),
                &pack,
                pack.pack_end() as u64,
                |_, _, _| {
                    objects.fetch_add(1, Ordering::Relaxed);
                    Ok(())
                },
                options,
            );
            assert!(traversed.is_ok());
        }
        assert_eq!(objects.into_inner(), count_in_indices(&repository));
    });
}

#[divan::bench(args = [1, 2], sample_count = 3, sample_size = 1)]
fn all_at_once(bencher: Bencher, jobs: usize) {
    visit(bencher, jobs, &[&ALL]);
}

#[divan::bench(args = [1, 2], sample_count = 3, sample_size = 1)]
fn kind_after_kind(bencher: Bencher, jobs: usize) {
    visit(bencher, jobs, &[&[Kind::Commit, Kind::Tag], &[Kind::Blob], &[Kind::Tree]]);
}

fn visit(bencher: Bencher, jobs: usize, visits: &[&[Kind]]) {
    let repository = repository();
    let go = || {
        let seen = Seen::default();
        let store = Store::open(&repository);
        let objects = Objects::open(&store);
        for kinds in visits {
            assert_eq!(objects.visit(kinds, jobs, &|object| seen.note(&object)), []);
        }
        assert_eq!(seen.objects.load(Ordering::Relaxed), objects.count());
        seen.bytes.into_inner()
    };
    let bytes = go();
    bencher.counter(BytesCount::new(bytes)).bench_local(go);
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn open(bencher: Bencher) {
    let repository = repository();
    let store = Store::open(&repository);
    assert!(Objects::open(&store).count() <= count_in_indices(&repository));
    bencher.bench_local(|| Objects::open(&store).count());
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn look_up_every_hundredth(bencher: Bencher) {
    let repository = repository();
    let store = Store::open(&repository);
    bencher.bench_local(|| {
        let lookup = Lookup::new(&store, u64::MAX);
        let mut bytes = vec![];
        for path in indices(&repository) {
            let index = gix_pack::index::File::at(path, repository.object_format()).unwrap();
            for at in (0..index.num_objects()).step_by(100) {
                assert!(lookup.find(index.oid_at_index(at), &mut bytes).unwrap().is_some());
            }
        }
    });
}
