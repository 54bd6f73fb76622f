//! Repositories that git itself made, read without it.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use common::Project;
use stanch::git::{
    Content, Environment, Kind, Lookup, Object, ObjectId, Objects, Origin, Problem, RefStorage, Repository,
    Store, Trouble,
};

const VISITS: [&[Kind]; 3] = [&[Kind::Commit, Kind::Tag], &[Kind::Blob], &[Kind::Tree]];

/// What git says.
fn git(project: &Project, args: &[&str]) -> String {
    let output = Command::new("git").args(args).current_dir(project.path("")).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// The file name of some pack.
fn pack_name(project: &Project) -> PathBuf {
    let mut packs: Vec<_> = fs::read_dir(project.path(".git/objects/pack"))
        .unwrap()
        .map(|file| PathBuf::from(file.unwrap().file_name()))
        .filter(|name| name.extension().is_some_and(|extension| extension == "pack"))
        .collect();
    packs.sort();
    packs.swap_remove(0)
}

fn committed(project: &Project, name: &str, text: &str) {
    project.write(name, text).git(&["add", "."]).git(&["commit", "--quiet", "-m", name]);
}

/// Some history with files that resemble each other, so that packs hold deltas.
fn repository(init: &[&str]) -> Project {
    let project = Project::new();
    project.git(&[&["init", "--quiet", "-b", "main"], init].concat());
    let mut text: String = (0..500).map(|line| format!("line {line} of many\n")).collect();
    for change in 0..5 {
        text.push_str(&format!("change {change}\n"));
        committed(&project, "many.txt", &text);
    }
    project.write("empty", "").git(&["add", "."]).git(&["commit", "--quiet", "-m", "empty"]);
    project.git(&["tag", "-a", "v1", "-m", "first"]);
    project
}

/// Kind and size of every object.
type Listed = BTreeMap<ObjectId, (String, u64)>;

/// Every object, as git lists them.
fn listed(project: &Project) -> Listed {
    let all = git(project, &["cat-file", "--batch-all-objects", "--unordered", "--batch-check"]);
    let lines = all.lines().map(|line| {
        let parts: Vec<&str> = line.split(' ').collect();
        let id = ObjectId::from_hex(parts[0].as_bytes()).unwrap();
        (id, (parts[1].to_owned(), parts[2].parse().unwrap()))
    });
    lines.collect()
}

/// Every object as we see it, each of which has to come once and to be what its name says; and what could
/// not be read.
fn visited(repository: &Repository, jobs: usize) -> (Listed, Vec<Problem>) {
    let store = Store::open(repository);
    let objects = Objects::open(&store);
    let mut problems = [store.problems(), objects.problems()].concat();
    let seen = Mutex::new(Listed::new());
    for kinds in VISITS {
        let more = objects.visit(kinds, jobs, &|object: Object<'_>| {
            let mut read = vec![];
            let bytes = match object.content {
                Content::Whole(bytes) => bytes,
                Content::Stream(stream, _) => {
                    stream.read_to_end(&mut read).unwrap();
                    &read
                }
            };
            assert!(kinds.contains(&object.kind));
            let computed = gix_object::compute_hash(object.id.kind(), object.kind, bytes).unwrap();
            assert_eq!(computed, object.id);
            let what = (object.kind.to_string(), bytes.len() as u64);
            assert_eq!(seen.lock().unwrap().insert(computed, what), None, "{computed} comes twice");
        });
        problems.extend(more);
    }
    (seen.into_inner().unwrap(), problems)
}

/// Whether git and we see the same objects.
#[track_caller]
fn assert_same(project: &Project) {
    let repository = Repository::open(&project.path("")).unwrap();
    let expected = listed(project);
    for jobs in [1, 3] {
        let (seen, problems) = visited(&repository, jobs);
        assert_eq!(problems, []);
        assert!(seen == expected, "we see {seen:#?}\ngit sees {expected:#?}");
    }
}

fn assert_all_found(project: &Project) {
    let repository = Repository::open(&project.path("")).unwrap();
    let store = Store::open(&repository);
    assert_eq!(store.problems(), []);
    let lookup = Lookup::new(&store, u64::MAX);
    let mut bytes = vec![];
    for (id, (kind, size)) in listed(project) {
        assert!(store.contains(&id), "{id}");
        let header = lookup.header(&id).unwrap().unwrap();
        assert_eq!((header.kind.to_string(), header.size), (kind.clone(), size), "{id}");
        let found = lookup.find(&id, &mut bytes).unwrap().unwrap();
        assert_eq!(found.to_string(), kind, "{id}");
        let computed = gix_object::compute_hash(repository.object_format(), found, &bytes).unwrap();
        assert_eq!(computed, id);
    }
    let nowhere = repository.object_format().null();
    assert_eq!(lookup.find(&nowhere, &mut bytes).unwrap(), None);
    assert!(!store.contains(&nowhere));
}

#[test]
fn each_object_is_found_by_its_id() {
    for format in ["sha1", "sha256"] {
        let project = repository(&["--object-format", format]);
        assert_all_found(&project);
        project.git(&["repack", "-a", "-d", "--quiet"]);
        assert_all_found(&project);
        committed(&project, "more", "more");
        project.git(&["repack", "-d", "--quiet", "--write-midx"]);
        committed(&project, "loose", "loose");
        assert_all_found(&project);
    }
}

#[test]
fn an_object_that_is_too_large_is_not_read() {
    let project = repository(&[]);
    let id = ObjectId::from_hex(git(&project, &["rev-parse", "HEAD:many.txt"]).as_bytes()).unwrap();
    for _ in 0..2 {
        let store = Store::open(&Repository::open(&project.path("")).unwrap());
        let problem = Lookup::new(&store, 1000).find(&id, &mut vec![]).unwrap_err();
        assert_eq!(problem.trouble, Trouble::TooLarge);
        project.git(&["repack", "-a", "-d", "--quiet"]);
    }
}

#[test]
fn all_refs_are_told() {
    let project = repository(&[]);
    project.git(&["branch", "packed"]).git(&["pack-refs", "--all"]).git(&["branch", "loose"]);
    project.git(&["worktree", "add", "--quiet", "-b", "side", "other"]);
    project.write("many.txt", "stashed").git(&["stash", "--quiet"]);
    let repository = Repository::open(&project.path("")).unwrap();
    let refs = repository.refs();
    assert_eq!(refs.problems, []);
    let mut names: Vec<_> = refs.all.iter().map(|one| String::from_utf8_lossy(&one.name)).collect();
    // Which commands leave it behind depends on the version of git.
    names.retain(|name| !name.ends_with("ORIG_HEAD"));
    let expected = [
        "HEAD",
        "refs/heads/loose",
        "refs/heads/main",
        "refs/heads/packed",
        "refs/heads/side",
        "refs/stash",
        "refs/tags/v1",
        "worktrees/other/HEAD",
    ];
    assert_eq!(names, expected);
    assert_eq!(refs.resolve(b"HEAD").unwrap().to_string(), git(&project, &["rev-parse", "HEAD"]));
    let mut logged = vec![];
    assert_eq!(repository.reflogs(&mut |line| logged.push((line.name.to_vec(), line.old, line.new))), []);
    let heads: Vec<_> = logged.iter().filter(|(name, ..)| name == b"HEAD").collect();
    assert_eq!(heads[0].1, None);
    assert_eq!(heads.len(), git(&project, &["reflog", "HEAD"]).lines().count());
    let other = Repository::discover(&project.path("other")).unwrap();
    assert_eq!(other.common_dir(), repository.git_dir());
    let resolved = other.refs().resolve(b"HEAD").map(ToString::to_string);
    assert_eq!(resolved, Some(git(&project, &["rev-parse", "side"])));
}

#[test]
fn every_object_is_seen_once_however_it_is_stored() {
    for format in ["sha1", "sha256"] {
        let project = repository(&["--object-format", format]);
        assert_same(&project);
        project.git(&["repack", "-d", "--quiet"]);
        assert_same(&project);
        committed(&project, "more", "more");
        project.git(&["repack", "-d", "--quiet"]);
        committed(&project, "loose", "loose");
        assert_same(&project);
        // All in one pack, and some of it in the older ones as well.
        project.git(&["repack", "-a", "--quiet", "--write-bitmap-index"]);
        assert_same(&project);
        project.git(&["multi-pack-index", "write"]);
        assert_same(&project);
        project.git(&["repack", "-a", "-d", "--quiet", "--depth=4000", "--window=50"]);
        assert_same(&project);
    }
}

#[test]
fn an_object_by_itself_is_seen_though_no_ref_leads_to_it() {
    let project = repository(&[]);
    project.git(&["checkout", "--quiet", "-b", "gone"]);
    committed(&project, "unreachable", "unreachable");
    project.git(&["checkout", "--quiet", "main"]).git(&["branch", "-D", "gone"]);
    project.git(&["reflog", "expire", "--all", "--expire=now"]);
    assert_same(&project);
    project.git(&["gc", "--quiet", "--cruft", "--prune=never"]);
    assert!(
        fs::read_dir(project.path(".git/objects/pack"))
            .unwrap()
            .any(|file| { file.unwrap().path().extension().is_some_and(|extension| extension == "mtimes") })
    );
    assert_same(&project);
    fs::write(project.path(".git/objects/pack").join(pack_name(&project)).with_extension("keep"), "kept")
        .unwrap();
    assert_same(&project);
}

#[test]
fn an_empty_repository_is_read() {
    for bare in [&[][..], &["--bare"]] {
        let project = Project::new();
        project.git(&[&["init", "--quiet"], bare].concat());
        assert_same(&project);
        let refs = Repository::open(&project.path("")).unwrap().refs();
        assert_eq!((refs.problems, refs.all.len()), (vec![], 1));
    }
}

#[test]
fn borrowed_objects_are_seen() {
    let project = repository(&[]);
    project.git(&["clone", "--quiet", "--shared", ".", "borrower"]);
    project.git(&["-C", "borrower", "-c", "user.name=n", "commit", "--quiet", "--allow-empty", "-m", "own"]);
    let borrower = Repository::open(&project.path("borrower")).unwrap();
    let origins: Vec<_> = borrower.object_folders().iter().map(|folder| folder.origin).collect();
    assert_eq!(origins, [Origin::Own, Origin::Alternate]);
    let (seen, problems) = visited(&borrower, 2);
    assert_eq!((seen.len(), problems), (listed(&project).len() + 1, vec![]));
    fs::rename(project.path(".git/objects"), project.path(".git/moved")).unwrap();
    let borrower = Repository::open(&project.path("borrower")).unwrap();
    assert_eq!(
        borrower.problems().iter().map(|problem| problem.trouble).collect::<Vec<_>>(),
        [Trouble::Missing]
    );
    assert_eq!(visited(&borrower, 2).0.len(), 1);
}

#[test]
fn a_linked_worktree_and_a_submodule_lead_to_their_repository() {
    let project = repository(&[]);
    project.git(&["worktree", "add", "--quiet", "-b", "side", "linked"]);
    project.git(&["submodule", "--quiet", "add", "./", "sub"]);
    for (place, worktree, git_dir, common_dir) in [
        ("", "", ".git", ".git"),
        ("linked", "linked", ".git/worktrees/linked", ".git"),
        (".git/worktrees/linked", "linked", ".git/worktrees/linked", ".git"),
        ("sub", "sub", ".git/modules/sub", ".git/modules/sub"),
        (".git/modules/sub", "sub", ".git/modules/sub", ".git/modules/sub"),
    ] {
        let found = Repository::open(&project.path(place)).unwrap();
        assert_eq!(found.worktree(), Some(&*project.path(worktree)), "{place}");
        assert_eq!(found.git_dir(), project.path(git_dir), "{place}");
        assert_eq!(found.common_dir(), project.path(common_dir), "{place}");
        assert!(found.index_file().is_file(), "{place}");
        assert!(visited(&found, 1).0.len() > 10, "{place}");
    }
    project.git(&["clone", "--quiet", "--bare", ".", "bare.git"]);
    let bare = Repository::discover(&project.path("bare.git/refs/heads")).unwrap();
    assert_eq!((bare.worktree(), bare.git_dir()), (None, &*project.path("bare.git")));
    for nothing in ["", "empty"] {
        let other = Project::of(&[("empty/file", "")]);
        let problem = Repository::discover(&other.path(nothing)).unwrap_err();
        assert_eq!(problem.detail, "lies in no git repository; name a working tree or a bare repository");
    }
}

#[test]
fn a_shallow_clone_tells_where_it_was_cut() {
    let project = repository(&[]);
    let url = format!("file://{}", project.path("").display());
    project.git(&["clone", "--quiet", "--depth=2", &url, "shallow"]);
    let shallow = Repository::open(&project.path("shallow")).unwrap();
    assert_eq!(shallow.shallow().unwrap().len(), 1);
    assert_eq!(visited(&shallow, 2).1, []);
    assert_eq!(Repository::open(&project.path("")).unwrap().shallow(), Ok(vec![]));
}

#[test]
fn a_partial_clone_tells_that_it_is_one_and_what_it_has() {
    let project = repository(&[]);
    project.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", project.path("").display());
    project.git(&["clone", "--quiet", "--bare", "--filter=blob:none", &url, "partial"]);
    let partial = Repository::open(&project.path("partial")).unwrap();
    assert!(partial.is_partial() && !Repository::open(&project.path("")).unwrap().is_partial());
    let (seen, problems) = visited(&partial, 2);
    assert_eq!(problems, []);
    assert!(seen.values().all(|(kind, _)| kind != "blob"), "{seen:?}");
    let store = Store::open(&partial);
    for (id, (kind, _)) in listed(&project) {
        assert_eq!(store.contains(&id), kind != "blob", "{id}");
    }
    fs::remove_file(project.path("partial/config")).unwrap();
    assert!(Repository::open(&project.path("partial")).unwrap().is_partial());
}

#[test]
fn the_environment_of_a_hook_is_followed() {
    let project = repository(&[]);
    let before = listed(&project).len();
    let objects = project.path(".git/objects");
    let quarantine = project.path(".git/objects/tmp_objdir-incoming-x");
    fs::create_dir(&quarantine).unwrap();
    let blob = "pushed and not accepted";
    let pushed = gix_object::compute_hash(gix_hash::Kind::Sha1, Kind::Blob, blob.as_bytes()).unwrap();
    let hex = pushed.to_string();
    let loose = sirocco::compress(
        sirocco::Format::Zlib,
        sirocco::deflate::Level::default(),
        format!("blob {}\0{blob}", blob.len()).as_bytes(),
    );
    project.write(quarantine.join(&hex[..2]).join(&hex[2..]), loose);
    let environment = Environment {
        git_dir: Some(".".into()),
        object_directory: Some("objects/tmp_objdir-incoming-x".into()),
        quarantine: Some(quarantine),
        alternates: Some("objects".into()),
        ..Environment::default()
    };
    let repository = Repository::from_environment(environment, &project.path(".git")).unwrap();
    let folders = repository.object_folders();
    assert_eq!((folders[0].origin, folders[1].origin), (Origin::Quarantine, Origin::Alternate));
    assert_eq!(folders[1].path, objects);
    assert_eq!(visited(&repository, 2).0.len(), before + 1);
    let incoming = Store::of_folders(&repository, folders[..1].to_vec());
    let objects = Objects::open(&incoming);
    assert_eq!(objects.count(), 1);
    assert!(incoming.contains(&pushed));

    let index = Environment { index_file: Some("other".into()), ..Environment::default() };
    let repository = Repository::from_environment(index, &project.path("")).unwrap();
    assert_eq!(repository.index_file(), project.path("other"));
    assert_eq!(repository.worktree(), Some(&*project.path("")));
}

#[test]
fn large_objects_come_as_streams_unless_they_are_made_of_others() {
    const SIZE: usize = 70 << 20;
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    let mut bytes = vec![b'a'; SIZE];
    for (name, byte) in [("packed", b'x'), ("made", b'y'), ("loose", b'z')] {
        bytes[SIZE / 2] = byte;
        project.write(name, &bytes).git(&["add", name]);
        if name == "made" {
            project.git(&["commit", "--quiet", "-m", "two"]);
            project.git(&["-c", "core.bigFileThreshold=1g", "repack", "-a", "-d", "--quiet"]);
        }
    }
    assert_same(&project);
    let repository = Repository::open(&project.path("")).unwrap();
    let store = Store::open(&repository);
    let streams = Mutex::new(0);
    let count = |object: Object<'_>| {
        *streams.lock().unwrap() += u32::from(matches!(object.content, Content::Stream(..)));
    };
    assert_eq!(Objects::open(&store).visit(&[Kind::Blob], 2, &count), []);
    // Of the two in the pack one is made of the other, which therefore has to be held as well.
    assert_eq!(streams.into_inner().unwrap(), 1);
}

#[test]
fn refs_in_tables_need_a_git_that_reads_them() {
    let project = repository(&[]);
    project.git(&["config", "core.repositoryFormatVersion", "1"]);
    project.git(&["config", "extensions.refStorage", "reftable"]);
    let repository = Repository::open(&project.path("")).unwrap();
    assert_eq!(repository.ref_storage(), RefStorage::Reftable);
    let refs = repository.refs();
    // There are no tables here, so no git finds any.
    assert_eq!(refs.all, []);
    assert!(refs.problems.iter().all(|problem| problem.trouble == Trouble::Unsupported), "{refs:?}");
    assert_eq!(repository.reflogs(&mut |_| {}).len(), 1);
    assert_eq!(visited(&repository, 1).1, []);
}

#[test]
fn a_million_packed_refs_are_read() {
    const COUNT: usize = 1_000_000;
    let project = Project::in_memory();
    project.git(&["init", "--quiet", "-b", "main"]);
    let id = "1".repeat(40);
    let lines: String = (0..COUNT).map(|number| format!("{id} refs/pull/{number:07}/head\n")).collect();
    project.write(".git/packed-refs", format!("# pack-refs with: peeled fully-peeled sorted\n{lines}"));
    project.write(".git/refs/heads/main", &id);
    let started = std::time::Instant::now();
    let refs = Repository::open(&project.path("")).unwrap().refs();
    assert_eq!((refs.all.len(), refs.problems), (COUNT + 2, vec![]));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// `git gc` runs in the background whenever git thinks fit.
#[test]
fn packs_that_are_replaced_meanwhile_are_listed_again() {
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    for number in 0..20 {
        committed(&project, &format!("{number}.txt"), &format!("text of {number}\n").repeat(50));
    }
    let repository = Repository::open(&project.path("")).unwrap();
    let is_packing = AtomicBool::new(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Another compression makes other packs of the same objects.
            for level in (0..10).cycle().take(20) {
                project.git(&["-c", &format!("pack.compression={level}"), "repack", "-q", "-a", "-d", "-F"]);
                thread::sleep(Duration::from_millis(40));
            }
            is_packing.store(false, Ordering::Relaxed);
        });
        while is_packing.load(Ordering::Relaxed) {
            assert_eq!(Store::open(&repository).problems(), []);
        }
    });
}
