//! Repositories that were damaged, or made to harm who reads them: nothing hangs, nothing takes memory
//! that is only claimed, all else is still seen, and what is not is told.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Mutex;

use common::Project;
use gix_pack::data::entry::Header;
use sirocco::{Format, deflate::Level};
use stanch::git::{Content, Kind, Lookup, Object, ObjectId, Objects, Problem, Repository, Store, Trouble};

const SHA1: gix_hash::Kind = gix_hash::Kind::Sha1;
const ALL: [Kind; 4] = [Kind::Commit, Kind::Tag, Kind::Blob, Kind::Tree];

/// A pack that is made by hand, entry by entry.
#[derive(Default)]
struct Pack {
    bytes: Vec<u8>,
    entries: Vec<(ObjectId, u64)>,
}

impl Pack {
    fn new() -> Pack {
        Pack { bytes: b"PACK\0\0\0\x02\0\0\0\0".to_vec(), entries: vec![] }
    }

    fn add(&mut self, id: ObjectId, header: Header, size: u64, stream: &[u8]) -> u64 {
        let offset = self.bytes.len() as u64;
        self.entries.push((id, offset));
        header.write_to(size, &mut self.bytes).unwrap();
        self.bytes.extend_from_slice(stream);
        offset
    }

    fn blob(&mut self, text: &str) -> u64 {
        self.add(id_of(text), Header::Blob, text.len() as u64, &deflated(text.as_bytes()))
    }

    /// An object that is made of the one at `base`.
    fn delta(&mut self, base: u64, id: ObjectId, delta: &[u8]) -> u64 {
        let base_distance = (self.bytes.len() as u64).wrapping_sub(base);
        self.add(id, Header::OfsDelta { base_distance }, delta.len() as u64, &deflated(delta))
    }

    fn ref_delta(&mut self, base_id: ObjectId, id: ObjectId, delta: &[u8]) -> u64 {
        self.add(id, Header::RefDelta { base_id }, delta.len() as u64, &deflated(delta))
    }

    fn write(&self, project: &Project, name: &str) {
        let folder = ".git/objects/pack";
        let pack = [&self.bytes[..], &[0; 20]].concat();
        project.write(format!("{folder}/pack-{name}.pack"), pack);
        project.write(format!("{folder}/pack-{name}.idx"), self.index());
    }

    /// An index of version 2.
    fn index(&self) -> Vec<u8> {
        let mut entries = self.entries.clone();
        entries.sort();
        let mut ends: Vec<u64> = self.entries.iter().map(|(_, offset)| *offset).collect();
        ends.push(self.bytes.len() as u64);
        ends.sort();
        let mut index = b"\xfftOc\0\0\0\x02".to_vec();
        for first in 0..=u8::MAX {
            let count = entries.iter().filter(|(id, _)| id.first_byte() <= first).count();
            index.extend((count as u32).to_be_bytes());
        }
        entries.iter().for_each(|(id, _)| index.extend(id.as_bytes()));
        for (_, offset) in &entries {
            let end = ends.iter().find(|end| *end > offset).unwrap_or(offset);
            let bytes = self.bytes.get(*offset as usize..*end as usize).unwrap_or_default();
            index.extend(crc32fast::hash(bytes).to_be_bytes());
        }
        entries.iter().for_each(|(_, offset)| index.extend((*offset as u32).to_be_bytes()));
        index.extend([0; 40]);
        index
    }
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    sirocco::compress(Format::Zlib, Level::default(), bytes)
}

fn id_of(text: &str) -> ObjectId {
    gix_object::compute_hash(SHA1, Kind::Blob, text.as_bytes()).unwrap()
}

fn any_id(seed: u8) -> ObjectId {
    ObjectId::try_from([seed; 20].as_slice()).unwrap()
}

/// A delta that appends `more` to an object of `base` bytes, of at most 127 together.
fn append(base: usize, more: &str) -> Vec<u8> {
    let sizes = [base as u8, (base + more.len()) as u8, 0x90, base as u8, more.len() as u8];
    [&sizes, more.as_bytes()].concat()
}

fn project() -> Project {
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    project
}

/// What is seen, and what is told.
fn seen(project: &Project) -> (BTreeMap<ObjectId, String>, Vec<Problem>) {
    let repository = Repository::open(&project.path("")).unwrap();
    let store = Store::open(&repository);
    let objects = Objects::open(&store);
    let seen = Mutex::new(BTreeMap::new());
    let mut problems = [store.problems(), objects.problems()].concat();
    problems.extend(objects.visit(&ALL, 2, &|object: Object<'_>| {
        let mut read = vec![];
        match object.content {
            Content::Whole(bytes) => read.extend_from_slice(bytes),
            // What fails is told by the visit.
            Content::Stream(stream, _) => drop(stream.read_to_end(&mut read)),
        }
        let text = String::from_utf8_lossy(&read).into_owned();
        assert_eq!(seen.lock().unwrap().insert(object.id.to_owned(), text), None);
    }));
    let folder = project.path("").display().to_string();
    assert!(problems.iter().all(|problem| !problem.detail.contains(&folder)), "{problems:?}");
    (seen.into_inner().unwrap(), problems)
}

fn troubles(problems: &[Problem]) -> Vec<Trouble> {
    problems.iter().map(|problem| problem.trouble).collect()
}

#[test]
fn a_damaged_object_is_told_and_all_others_are_seen() {
    use Trouble::{Corrupt, Missing, TooLarge};
    const GIANT: u64 = 4 << 30;
    let broken = any_id(7);
    type Damage<'a> = &'a dyn Fn(&mut Pack, u64);
    let delta = |sizes: &[u8], instructions: &[u8]| [sizes, instructions].concat();
    let cases: [(&str, &[Trouble], Damage<'_>); 17] = [
        ("claims 4 GB", &[Corrupt], &|pack, _| {
            pack.add(broken, Header::Blob, GIANT, &deflated(b"small"));
        }),
        ("claims more than it has", &[Corrupt], &|pack, _| {
            pack.add(broken, Header::Blob, 6, &deflated(b"small"));
        }),
        ("claims less than it has", &[Corrupt], &|pack, _| {
            pack.add(broken, Header::Blob, 4, &deflated(b"small"));
        }),
        ("is no zlib stream", &[Corrupt], &|pack, _| {
            pack.add(broken, Header::Blob, 5, b"nothing to inflate");
        }),
        ("has another Adler-32", &[Corrupt], &|pack, _| {
            let mut stream = deflated(b"small");
            *stream.last_mut().unwrap() ^= 1;
            pack.add(broken, Header::Blob, 5, &stream);
        }),
        ("is of no known kind", &[Corrupt], &|pack, _| {
            let offset = pack.bytes.len() as u64;
            pack.entries.push((broken, offset));
            pack.bytes.extend(b"\x05zero");
        }),
        ("has a size without an end", &[Corrupt], &|pack, _| {
            let offset = pack.bytes.len() as u64;
            pack.entries.push((broken, offset));
            pack.bytes.extend([0xff; 30]);
        }),
        ("lies behind the end", &[Corrupt], &|pack, _| pack.entries.push((broken, 1 << 30))),
        ("becomes 4 GB", &[TooLarge], &|pack, base| {
            pack.delta(base, broken, &delta(&[4, 0x80, 0x80, 0x80, 0x80, 0x10], &[0x90, 4]));
        }),
        ("would become 256 MB, but is made of nothing", &[Corrupt], &|pack, base| {
            pack.delta(base, broken, &delta(&[4, 0x80, 0x80, 0x80, 0x80, 0x01], &[0x90, 4]));
        }),
        ("is made for another base", &[Corrupt], &|pack, base| {
            pack.delta(base, broken, &append(3, "more"));
        }),
        ("is made of what lies before the pack", &[Corrupt], &|pack, _| {
            pack.add(broken, Header::OfsDelta { base_distance: 1 << 40 }, 9, &deflated(&append(4, "more")));
        }),
        ("is made of what is no object", &[Corrupt], &|pack, base| {
            pack.delta(base + 1, broken, &append(4, "more"));
        }),
        ("is made of itself", &[Corrupt], &|pack, _| {
            pack.ref_delta(broken, broken, &append(4, "more"));
        }),
        ("is made in a circle", &[Corrupt, Corrupt], &|pack, _| {
            let first = pack.ref_delta(any_id(8), broken, &append(4, "more"));
            pack.delta(first, any_id(8), &append(8, "more"));
        }),
        ("is made of what is nowhere", &[Missing, Corrupt], &|pack, _| {
            let first = pack.ref_delta(any_id(9), broken, &append(4, "more"));
            pack.delta(first, any_id(8), &append(8, "more"));
        }),
        ("is made of what is broken", &[Corrupt, Corrupt], &|pack, _| {
            let first = pack.add(broken, Header::Blob, 6, &deflated(b"small"));
            pack.delta(first, any_id(8), &append(6, "more"));
        }),
    ];
    for (name, expected, damage) in cases {
        let project = project();
        let mut pack = Pack::new();
        let base = pack.blob("base");
        pack.delta(base, id_of("base and more"), &append(4, " and more"));
        damage(&mut pack, base);
        pack.blob("last");
        pack.write(&project, "a");
        let (seen, problems) = seen(&project);
        let mut texts: Vec<_> = seen.values().map(String::as_str).collect();
        texts.sort_unstable();
        assert_eq!(texts, ["base", "base and more", "last"], "{name}");
        assert_eq!(troubles(&problems), expected, "{name}: {problems:?}");
        assert!(problems.iter().any(|problem| problem.place == stanch::git::Place::Object(broken)), "{name}");
        let store = Store::open(&Repository::open(&project.path("")).unwrap());
        let lookup = Lookup::new(&store, u64::MAX);
        assert!(lookup.find(&broken, &mut vec![]).is_err(), "{name}");
    }
    assert_little_memory();
}

/// What is only claimed takes no memory.
fn assert_little_memory() {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let peak: u64 = peak.map_or(0, |peak| peak.parse().unwrap());
    assert!(peak < 256 * 1024, "{peak} kB");
}

#[test]
fn a_good_copy_elsewhere_takes_the_place_of_a_damaged_one() {
    let project = project();
    let (mut large, mut small) = (Pack::new(), Pack::new());
    let broken = large.add(id_of("base"), Header::Blob, 5, &deflated(b"base"));
    large.delta(broken, id_of("base and more"), &append(5, " and more"));
    large.delta(broken, id_of("alone"), &append(5, "alone"));
    large.write(&project, "large");
    let base = small.blob("base");
    small.delta(base, id_of("base and more"), &append(4, " and more"));
    small.write(&project, "small");
    let (seen, problems) = seen(&project);
    let texts: Vec<_> = seen.values().map(String::as_str).collect();
    assert_eq!((texts.len(), problems.len()), (2, 1), "{texts:?} {problems:?}");
    assert_eq!(seen[&id_of("base and more")], "base and more");
}

#[test]
fn an_object_made_of_one_in_another_pack_or_file_is_seen() {
    let project = project();
    let (mut thin, mut base) = (Pack::new(), Pack::new());
    let first = thin.ref_delta(id_of("base"), id_of("base and more"), &append(4, " and more"));
    thin.delta(first, id_of("base and more still"), &append(13, " still"));
    thin.ref_delta(id_of("loose"), id_of("loose and more"), &append(5, " and more"));
    // Its base comes behind it.
    thin.ref_delta(id_of("behind"), id_of("behind it"), &append(6, " it"));
    thin.blob("behind");
    thin.write(&project, "thin");
    base.blob("base");
    base.write(&project, "base");
    project.write("loose.txt", "loose").git(&["hash-object", "-w", "--no-filters", "loose.txt"]);
    let (seen, problems) = seen(&project);
    assert_eq!(problems, []);
    assert_eq!(seen.len(), 7);
    assert!(seen.iter().all(|(id, text)| *id == id_of(text)), "{seen:?}");
    let store = Store::open(&Repository::open(&project.path("")).unwrap());
    let (lookup, mut bytes) = (Lookup::new(&store, 100), vec![]);
    for (id, text) in &seen {
        assert_eq!(lookup.find(id, &mut bytes).unwrap(), Some(Kind::Blob));
        assert_eq!(bytes, text.as_bytes());
        assert_eq!(lookup.header(id).unwrap().unwrap().size, text.len() as u64);
    }
}

#[test]
fn packs_that_lend_each_other_their_bases_in_a_circle_are_told() {
    let project = project();
    for (name, base, id) in [("a", any_id(1), any_id(2)), ("b", any_id(2), any_id(1))] {
        let mut pack = Pack::new();
        pack.ref_delta(base, id, &append(4, "more"));
        pack.write(&project, name);
    }
    let (seen, problems) = seen(&project);
    assert_eq!((seen.len(), troubles(&problems)), (0, vec![Trouble::Corrupt; 2]), "{problems:?}");
}

#[test]
fn a_chain_of_a_hundred_thousand_deltas_is_descended() {
    const LENGTH: u32 = 100_000;
    let project = project();
    let mut pack = Pack::new();
    let mut last = pack.blob("0000");
    for number in 1..LENGTH {
        let mut id = [0; 20];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let delta = [&[4, 4, 4][..], &number.to_be_bytes()].concat();
        last = pack.delta(last, ObjectId::try_from(&id[..]).unwrap(), &delta);
    }
    pack.write(&project, "a");
    let (seen, problems) = seen(&project);
    assert_eq!((seen.len(), problems), (LENGTH as usize, vec![]));
}

#[test]
fn an_entry_that_is_not_what_the_index_was_made_for_is_seen_and_told() {
    let project = project();
    let mut pack = Pack::new();
    pack.blob("base");
    pack.write(&project, "a");
    let mut index = pack.index();
    let checksum = index.len() - 40 - 4 - 1;
    index[checksum] ^= 1;
    project.write(".git/objects/pack/pack-a.idx", index);
    let (seen, problems) = seen(&project);
    assert_eq!(seen[&id_of("base")], "base");
    assert_eq!(troubles(&problems), [Trouble::Corrupt]);
}

#[test]
fn a_pack_that_is_cut_off_gives_what_it_still_has() {
    let project = project();
    let mut pack = Pack::new();
    let base = pack.blob("base");
    pack.delta(base, id_of("base and more"), &append(4, " and more"));
    pack.blob("last");
    pack.write(&project, "a");
    let whole = fs::read(project.path(".git/objects/pack/pack-a.pack")).unwrap();
    for length in 0..whole.len() {
        project.write(".git/objects/pack/pack-a.pack", &whole[..length]);
        let (seen, problems) = seen(&project);
        assert!(seen.iter().all(|(id, text)| *id == id_of(text)), "{length}: {seen:?}");
        assert!(!problems.is_empty(), "{length}");
    }
}

#[test]
fn an_index_that_is_cut_off_or_flipped_does_no_harm() {
    let project = project();
    let mut pack = Pack::new();
    let base = pack.blob("base");
    pack.delta(base, id_of("base and more"), &append(4, " and more"));
    pack.write(&project, "a");
    let whole = pack.index();
    let path = ".git/objects/pack/pack-a.idx";
    for length in (0..whole.len()).step_by(37) {
        project.write(path, &whole[..length]);
        let (seen, problems) = seen(&project);
        assert_eq!((seen.len(), problems.len()), (0, 1), "{length}");
    }
    for at in (0..whole.len()).filter(|at| *at < 8 || *at > 1000) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x80;
        project.write(path, flipped);
        // Ids and checksums of the index are believed, so only that it ends can be said.
        seen(&project);
    }
}

#[test]
fn a_loose_object_that_is_damaged_is_told() {
    let good = "blob 4\0base";
    let cases: [(&str, Vec<u8>, Trouble); 6] = [
        ("empty", vec![], Trouble::Unreadable),
        ("no zlib stream", b"blob 4\0base".to_vec(), Trouble::Corrupt),
        ("no header", deflated(b"0123456789012345678901234567890123456789"), Trouble::Corrupt),
        ("longer than it claims", deflated(b"blob 4\0base and more"), Trouble::Corrupt),
        ("shorter than it claims", deflated(b"blob 44\0base"), Trouble::Corrupt),
        ("cut off", deflated(good.as_bytes())[..12].to_vec(), Trouble::Unreadable),
    ];
    for (name, bytes, trouble) in cases {
        let project = project();
        let hex = any_id(0x77).to_string();
        project.write(format!(".git/objects/77/{}", &hex[2..]), bytes);
        project.write(".git/objects/77/tmp_obj_left", "behind");
        let (seen, problems) = seen(&project);
        assert_eq!((seen.len(), troubles(&problems)), (0, vec![trouble]), "{name}: {problems:?}");
    }
}

#[test]
fn a_loose_object_that_claims_4_gb_is_a_stream_that_ends() {
    let project = project();
    let hex = any_id(0x77).to_string();
    project.write(format!(".git/objects/77/{}", &hex[2..]), deflated(b"blob 4294967296\0small"));
    let (seen, problems) = seen(&project);
    assert_eq!(seen[&any_id(0x77)], "small");
    assert_eq!(troubles(&problems), [Trouble::Corrupt]);
}

#[test]
fn what_is_no_regular_file_is_not_opened() {
    let id = id_of("base");
    let loose = format!(".git/objects/{}/{}", &id.to_string()[..2], &id.to_string()[2..]);
    let names = [
        ".git/objects/pack/pack-a.pack",
        ".git/objects/pack/pack-a.idx",
        ".git/objects/info/alternates",
        ".git/packed-refs",
        ".git/refs/heads/main",
        ".git/HEAD",
        ".git/logs/HEAD",
        ".git/shallow",
        ".git/FETCH_HEAD",
        &loose,
    ];
    for name in names {
        for make in ["pipe", "endless", "folder", "circle"] {
            let project = project();
            let mut pack = Pack::new();
            pack.blob("other");
            pack.write(&project, "a");
            let path = project.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let _ = fs::remove_file(&path);
            match make {
                "pipe" => project.command("mkfifo", [name]),
                "endless" => symlink("/dev/zero", &path).unwrap(),
                "folder" => fs::create_dir(&path).unwrap(),
                _ => symlink(&path, &path).unwrap(),
            }
            let repository = Repository::open(&project.path("")).unwrap();
            let (_, mut problems) = seen(&project);
            problems.extend(repository.problems().iter().cloned());
            problems.extend(repository.refs().problems);
            problems.extend(repository.reflogs(&mut |_| {}));
            problems.extend(repository.shallow().err());
            let harmless = make == "folder" && (name.contains("refs/heads") || name.contains("logs"));
            assert_eq!(problems.is_empty(), harmless, "{make} {name}: {problems:?}");
        }
    }
}

#[test]
fn refs_of_any_bytes_are_told() {
    use std::os::unix::ffi::OsStrExt;
    let project = project();
    let id = "1".repeat(40);
    let name = std::ffi::OsStr::from_bytes(b".git/refs/heads/\xff\n\x1b[31m");
    project.write(Path::new(name), format!("{id}\n"));
    project.write(".git/refs/heads/empty", "").write(".git/refs/heads/main.lock", &id);
    project.write(".git/refs/heads/text", "neither");
    symlink("..", project.path(".git/refs/heads/up")).unwrap();
    let refs = Repository::open(&project.path("")).unwrap().refs();
    let names: Vec<_> = refs.all.iter().map(|one| &one.name[..]).collect();
    assert_eq!(names, [&b"HEAD"[..], b"refs/heads/\xff\n\x1b[31m"]);
    assert_eq!(refs.problems.len(), 3, "{:?}", refs.problems);
}
