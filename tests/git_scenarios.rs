//! Repositories of every kind, made by git itself, with tokens planted in them: each is found with the commit that
//! brought it in and the one that took it out, or named as a gap.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Project, key, repository, token};

/// A repository without anything in it.
impl Project {
    /// Commits everything in the worktree.
    fn commit(&self, message: &str) -> &Project {
        self.git(&["add", "-A"]).git(&["commit", "-q", "-m", message])
    }

    /// Writes a file with a token and commits it.
    fn plant(&self, path: &str, number: u64, message: &str) -> &Project {
        self.write(path, key(number)).commit(message)
    }

    fn checkout(&self, args: &[&str]) -> &Project {
        self.git(&[&["checkout", "-q"], args].concat())
    }

    /// Runs a line of shell, which may fail.
    fn shell(&self, line: &str) -> &Project {
        self.command("sh", ["-c", &format!("({line}) >/dev/null 2>&1 || true")]);
        self
    }

    fn remove(&self, path: &str) -> &Project {
        std::fs::remove_file(self.path(path)).unwrap();
        self
    }
}

/// The repository at `folder` scanned: for each place `path since REMOVED HEAD`, where commits are told by their
/// subjects, in the order of their text; then `gap REASON` for each gap.
#[track_caller]
fn told(project: &Project, folder: &str) -> Vec<String> {
    let ran = project.stanch(["git", "--format", "json", "--confidence", "likely", folder]).run();
    let report = ran.json();
    let subject = |commit: &serde_json::Value| match commit.as_str() {
        None => "-".to_owned(),
        Some(id) => {
            project.ask("git", &["--no-replace-objects", "-C", folder, "log", "-1", "--format=%s", id])
        }
    };
    let findings = report["findings"].as_array().unwrap().iter();
    let places = findings.flat_map(|finding| finding["places"].as_array().unwrap()).map(|place| {
        let path = place["path"].as_str().unwrap();
        let is_object = path.len() >= 40 && path.bytes().all(|byte| byte.is_ascii_hexdigit());
        let path = if is_object { "<object>" } else { path };
        let kind = match place["kind"].as_str().unwrap() {
            "file" => String::new(),
            kind => format!("{kind}:"),
        };
        let (since, removed) = (subject(&place["commit"]), subject(&place["removed"]["commit"]));
        let head = if place["in_head"] == true { "HEAD" } else { "-" };
        format!("{kind}{path} {since} {removed} {head}")
    });
    let gaps = report["gaps"].as_array().unwrap().iter();
    let gaps = gaps.map(|gap| format!("gap {}", gap["reason"].as_str().unwrap()));
    let mut told: Vec<String> = places.chain(gaps).collect();
    told.sort();
    told
}

#[track_caller]
fn assert_told(project: &Project, expected: &[&str]) {
    assert_eq!(told(project, "."), expected);
}

#[test]
fn octopus_merge() {
    let project = repository(&[]);
    project.write("base", "").commit("base");
    for (branch, number) in [("one", 1), ("two", 2), ("three", 3)] {
        project.checkout(&["-b", branch, "main"]).plant(&format!("{branch}.env"), number, branch);
    }
    project.checkout(&["main"]).git(&["merge", "-q", "-m", "octopus", "one", "two", "three"]);
    assert_told(&project, &["one.env one - HEAD", "three.env three - HEAD", "two.env two - HEAD"]);
}

#[test]
fn evil_merge_takes_out_and_brings_in() {
    let project = repository(&[]);
    project.write("base", "").commit("base").checkout(&["-b", "side"]).plant("side.env", 1, "side");
    project.checkout(&["main"]).write("main", "").commit("main");
    project.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    project.write("side.env", "KEY=\n").plant("evil.env", 2, "merge").git(&["branch", "-q", "-D", "side"]);
    assert_told(&project, &["evil.env merge - HEAD", "side.env side merge -"]);
}

#[test]
fn criss_cross_merge() {
    let project = repository(&[]);
    project.write("base", "").commit("base").checkout(&["-b", "side"]).plant("side.env", 1, "side");
    project.checkout(&["main"]).plant("main.env", 2, "main").git(&["branch", "old"]);
    project.git(&["merge", "-q", "-m", "one", "side"]);
    project.checkout(&["side"]).git(&["merge", "-q", "-m", "two", "old"]).checkout(&["main"]);
    project.git(&["merge", "-q", "--no-ff", "-m", "three", "side"]);
    assert_told(&project, &["main.env main - HEAD", "side.env side - HEAD"]);
}

#[test]
fn merge_that_keeps_ours() {
    let project = repository(&[]);
    project.write("base", "").commit("base").checkout(&["-b", "side"]).plant("side.env", 1, "side");
    project.checkout(&["main"]).write("main", "").commit("main");
    project.git(&["merge", "-q", "-s", "ours", "-m", "ours", "side"]).git(&["branch", "-qD", "side"]);
    assert_told(&project, &["side.env side ours -"]);
}

#[test]
fn renamed_and_edited() {
    let project = repository(&[]);
    project.plant("a.env", 1, "brought").git(&["mv", "a.env", "b.env"]);
    project.write("b.env", format!("# more\n{}", key(1))).commit("renamed");
    assert_told(&project, &["a.env brought renamed -", "b.env renamed - HEAD"]);
}

#[test]
fn copied() {
    let project = repository(&[]);
    project.plant("a.env", 1, "brought").plant("b.env", 1, "copied");
    assert_told(&project, &["a.env brought - HEAD", "b.env copied - HEAD"]);
}

#[test]
fn file_becomes_link_and_file_again() {
    let project = repository(&[]);
    project.plant("a", 1, "file").remove("a");
    std::os::unix::fs::symlink(format!("/srv/{}", token(2)), project.path("a")).unwrap();
    project.commit("link").remove("a").plant("a", 3, "file again");
    assert_told(&project, &["a file again - HEAD", "a file link -", "a link file again -"]);
}

#[test]
fn executable_bit_changes_nothing() {
    let project = repository(&[]);
    project.plant("a.sh", 1, "brought").git(&["update-index", "--chmod=+x", "a.sh"]);
    project.git(&["commit", "-q", "-m", "chmod"]);
    assert_told(&project, &["a.sh brought - HEAD"]);
}

#[test]
fn file_and_folder_swap() {
    let project = repository(&[]);
    project.plant("a", 1, "file").remove("a").plant("a/b.env", 2, "folder");
    project.remove("a/b.env").shell("rmdir a").plant("a", 3, "file again");
    assert_told(&project, &["a file again - HEAD", "a file folder -", "a/b.env folder file again -"]);
}

#[test]
fn emptied() {
    let project = repository(&[]);
    project.plant("a.env", 1, "brought").write("a.env", "").commit("emptied");
    assert_told(&project, &["a.env brought emptied -"]);
}

#[test]
fn annotated_tag() {
    let project = repository(&[]);
    project.write("base", "").commit("base").git(&["tag", "-a", "v1", "-m", &format!("use {}", token(1))]);
    assert_told(&project, &["tag:<object> - - -"]);
}

#[test]
fn tag_of_a_tag_of_a_blob_and_of_a_tree() {
    let project = repository(&[]);
    project.write("base", "").commit("base").write("loose.env", key(1)).write("tree/deep.env", key(2));
    let blob = project.ask("git", &["hash-object", "-w", "loose.env"]);
    project
        .git(&["tag", "-a", "blob", "-m", "blob", &blob])
        .git(&["tag", "-a", "twice", "-m", "twice", "blob"]);
    project.git(&["add", "tree"]);
    let tree = project.ask("git", &["write-tree"]);
    project.git(&["reset", "-q"]).git(&["tag", "tree", &tree]);
    assert_told(&project, &["<object> - - -", "tree/deep.env - - -"]);
}

#[test]
fn signature_of_a_commit() {
    let project = repository(&[]);
    project.write("base", "").commit("base");
    let text = project.ask("git", &["cat-file", "commit", "HEAD"]);
    let (head, body) = text.split_once("\n\n").unwrap();
    let signed = format!(
        "{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ\n -----END PGP SIGNATURE-----\n\n{body} {}\n",
        token(1)
    );
    project.write("signed", signed);
    let commit = project.ask("git", &["hash-object", "-t", "commit", "-w", "signed"]);
    project.git(&["update-ref", "refs/heads/signed", &commit]);
    assert_told(&project, &["message:<object> - - -"]);
}

#[test]
fn orphan_branch() {
    let project = repository(&[]);
    project.write("base", "").commit("base").checkout(&["--orphan", "other"]).git(&["rm", "-rfq", "."]);
    project.plant("other.env", 1, "other").checkout(&["main"]);
    assert_told(&project, &["other.env other - -"]);
}

#[test]
fn stash_with_untracked() {
    let project = repository(&[]);
    project.write("a.env", "KEY=\n").commit("base").write("a.env", key(1)).write("new.env", key(2));
    project.git(&["stash", "push", "-q", "--include-untracked", "-m", "kept"]);
    let told = told(&project, ".");
    assert!(told.iter().any(|place| place.starts_with("a.env On main: kept ")), "{told:?}");
    assert!(told.iter().any(|place| place.starts_with("new.env untracked files on main: ")), "{told:?}");
}

#[test]
fn forced_away_and_only_in_the_reflog() {
    let project = repository(&[]);
    project
        .write("base", "")
        .commit("base")
        .plant("a.env", 1, "lost")
        .git(&["reset", "-q", "--hard", "HEAD~1"]);
    assert_told(&project, &["a.env lost - -"]);
}

#[test]
fn amended() {
    let project = repository(&[]);
    project.write("base", "").commit("base").plant("a.env", 1, "first");
    project.write("a.env", "KEY=\n").git(&["add", "-A"]).git(&["commit", "-q", "--amend", "-m", "second"]);
    assert_told(&project, &["a.env first - -"]);
}

#[test]
fn rebased_and_cherry_picked() {
    let project = repository(&[]);
    project.write("base", "").commit("base").checkout(&["-b", "side"]).plant("side.env", 1, "side");
    project.checkout(&["main"]).write("main", "").commit("main").git(&["cherry-pick", "side"]);
    project.checkout(&["side"]).git(&["rebase", "-q", "main~1"]).checkout(&["main"]);
    assert_told(&project, &["side.env side - HEAD"]);
}

#[test]
fn reverted_and_brought_back() {
    let project = repository(&[]);
    project.write("base", "").commit("base").plant("a.env", 1, "brought");
    project.git(&["revert", "--no-edit", "HEAD"]).git(&["commit", "-q", "--amend", "-m", "reverted"]);
    project.plant("a.env", 1, "again");
    assert_told(&project, &["a.env brought - HEAD"]);
}

#[test]
fn deleted_branch() {
    let project = repository(&[]);
    project.write("base", "").commit("base").checkout(&["-b", "side"]).plant("a.env", 1, "side");
    project.checkout(&["main"]).git(&["branch", "-q", "-D", "side"]);
    assert_told(&project, &["a.env side - -"]);
}

#[test]
fn dangling_blob_and_staged_blob() {
    let project = repository(&[]);
    project.write("base", "").commit("base").write("loose", key(1));
    project.ask("git", &["hash-object", "-w", "loose"]);
    project.remove("loose").write("staged.env", key(2)).git(&["add", "staged.env"]);
    assert_told(&project, &["<object> - - -", "<object> - - -"]);
}

#[test]
fn unreachable_in_packs_and_cruft_packs() {
    for pack in [&["repack", "-q", "-a", "-d", "-k"][..], &["gc", "-q", "--cruft", "--prune=never"]] {
        let project = repository(&[]);
        project.write("base", "").commit("base").plant("a.env", 1, "lost");
        project.git(&["reset", "-q", "--hard", "HEAD~1"]).git(&["reflog", "expire", "--expire=now", "--all"]);
        project.remove(".git/ORIG_HEAD").git(pack);
        assert_eq!(told(&project, "."), ["a.env lost - -"], "{pack:?}");
    }
}

#[test]
fn sha256() {
    let project = repository(&["--object-format=sha256"]);
    project.plant("a.env", 1, "brought").write("a.env", "KEY=\n").commit("removed").git(&["gc", "-q"]);
    project.plant("b.env", 2, "loose");
    assert_told(&project, &["a.env brought removed -", "b.env loose - HEAD"]);
}

#[test]
fn reftable() {
    if !Project::new().ask("sh", &["-c", "git init -h 2>&1 || true"]).contains("ref-format") {
        return eprintln!("this git cannot make reftables; a newer one can");
    }
    let project = repository(&["--ref-format=reftable"]);
    project
        .plant("a.env", 1, "brought")
        .checkout(&["-b", "side"])
        .plant("b.env", 2, "side")
        .checkout(&["main"]);
    assert_told(&project, &["a.env brought - HEAD", "b.env side - -"]);
}

#[test]
fn linked_worktree_with_a_detached_head() {
    let project = repository(&[]);
    project.write("base", "").commit("base").git(&["worktree", "add", "-q", "--detach", "linked"]);
    project.write("linked/a.env", key(1)).git(&["-C", "linked", "add", "-A"]);
    project.git(&["-C", "linked", "commit", "-q", "-m", "linked"]);
    assert_told(&project, &["a.env linked - -"]);
    assert_eq!(told(&project, "linked"), ["a.env linked - HEAD"]);
}

#[test]
fn bare_and_mirror_with_hidden_refs() {
    let project = repository(&[]);
    project.plant("a.env", 1, "brought").checkout(&["-b", "side"]).plant("b.env", 2, "pull");
    project
        .git(&["update-ref", "refs/pull/1/head", "HEAD"])
        .checkout(&["main"])
        .git(&["branch", "-qD", "side"]);
    project.git(&["clone", "-q", "--mirror", ".", "mirror.git"]);
    assert_eq!(told(&project, "mirror.git"), ["a.env brought - HEAD", "b.env pull - -"]);
}

#[test]
fn bundle() {
    let project = repository(&[]);
    project.plant("a.env", 1, "brought").write("a.env", "").commit("removed");
    project.git(&["bundle", "create", "-q", "all.bundle", "--all"]).git(&[
        "clone",
        "-q",
        "all.bundle",
        "copy",
    ]);
    assert_eq!(told(&project, "copy"), ["a.env brought removed -"]);
}

#[test]
fn shallow() {
    let project = repository(&[]);
    project.plant("old.env", 1, "old").write("old.env", "").commit("gone").plant("new.env", 2, "new");
    let url = format!("file://{}", project.path("").display());
    project.git(&["clone", "-q", "--depth", "1", &url, "copy"]);
    assert_eq!(told(&project, "copy"), ["gap missing", "new.env new - HEAD"]);
}

#[test]
fn partial() {
    let project = repository(&[]);
    project.plant("old.env", 1, "old").write("old.env", "").commit("gone").plant("new.env", 2, "new");
    project.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", project.path("").display());
    project.git(&["clone", "-q", "--filter=blob:none", &url, "copy"]);
    assert_eq!(told(&project, "copy"), ["gap missing", "new.env new - HEAD"]);
    // The command that is told brings what is missing.
    let report = project.stanch(["git", "--format", "json", "copy"]).run().json();
    let detail = report["gaps"][0]["detail"].as_str().unwrap();
    let blob = project.ask("git", &["rev-parse", "HEAD~2:old.env"]);
    assert!(
        detail.contains("1 object is promised by the remote origin") && detail.contains(&blob),
        "{detail}"
    );
    let command = detail.split('`').nth(1).unwrap();
    project.command("sh", ["-c", &format!("cd copy && {command} 2>&1")]);
    assert_eq!(told(&project, "copy"), ["new.env new - HEAD", "old.env old gone -"]);
}

#[test]
fn partial_without_many_objects() {
    let project = repository(&[]);
    for number in 0..30 {
        project.write("a.env", format!("{number}\n{}", key(number))).commit(&format!("commit {number}"));
    }
    project.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", project.path("").display());
    project.git(&["clone", "-q", "--filter=tree:0", "--no-checkout", &url, "copy"]);
    let report = project.stanch(["git", "--format", "json", "copy"]).run().exits(3).json();
    let detail = report["gaps"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("30 objects are promised"), "{detail}");
    let command = detail.split('`').nth(1).unwrap();
    project.command("sh", ["-c", &format!("cd copy && {command} 2>&1")]);
    // Git still packs in the background what it fetched.
    let report = project.stanch(["git", "--format", "json", "copy"]).run().exits(1).json();
    assert_eq!(report["gaps"], serde_json::json!([]));
}

#[test]
fn lost_objects() {
    let project = repository(&[]);
    project.plant("a.env", 1, "brought").write("b.txt", "b\n").commit("more");
    let blob = project.ask("git", &["rev-parse", "HEAD:b.txt"]);
    project.remove(&format!(".git/objects/{}/{}", &blob[..2], &blob[2..]));
    assert_told(&project, &["a.env brought - HEAD", "gap missing"]);
}

#[test]
fn every_blob_is_scanned_once() {
    let project = repository(&[]);
    for number in 0..20 {
        project
            .write(format!("{number}/x.txt"), format!("{number}\n{}", "line\n".repeat(number)))
            .commit("more");
    }
    project.git(&["gc", "-q"]).write("loose", "loose").commit("loose").write("dangling", "dangling");
    project.ask("git", &["hash-object", "-w", "dangling"]);
    let all =
        project.ask("git", &["cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectsize)"]);
    let sizes: Vec<u64> = all.lines().filter_map(|line| line.strip_prefix("blob ")?.parse().ok()).collect();
    let ran = project.stanch(["git", "--format", "json", "."]).run();
    assert_eq!((ran.tally("files"), ran.tally("bytes")), (sizes.len() as u64, sizes.iter().sum()));
}

#[test]
fn alternates() {
    let project = repository(&[]);
    project.plant("a.env", 1, "brought").git(&["clone", "-q", "--shared", ".", "copy"]);
    project.write("copy/b.env", key(2)).git(&["-C", "copy", "add", "-A"]);
    project.git(&["-C", "copy", "commit", "-q", "-m", "own"]);
    assert_eq!(told(&project, "copy"), ["a.env brought - HEAD", "b.env own - HEAD"]);
}

#[test]
fn packed_refs_and_all_that_makes_git_fast() {
    let project = repository(&[]);
    project
        .plant("a.env", 1, "brought")
        .checkout(&["-b", "side"])
        .plant("b.env", 2, "side")
        .checkout(&["main"]);
    project.git(&["pack-refs", "--all"]).git(&["repack", "-q", "-a", "-d", "--write-bitmap-index"]);
    project.git(&["commit-graph", "write", "--reachable", "--changed-paths"]);
    project.plant("c.env", 3, "later").git(&["repack", "-q", "-d"]).git(&["multi-pack-index", "write"]);
    assert_told(&project, &["a.env brought - HEAD", "b.env side - -", "c.env later - HEAD"]);
}

#[test]
fn empty_and_unborn() {
    let project = repository(&[]);
    assert_told(&project, &[]);
    project.write("a.env", key(1)).git(&["add", "-A"]);
    assert_told(&project, &["<object> - - -"]);
}

#[test]
fn replaced_and_grafted_commits() {
    let project = repository(&[]);
    project
        .write("base", "")
        .commit("base")
        .plant("a.env", 1, "brought")
        .write("a.env", "")
        .commit("removed");
    project.git(&["replace", "HEAD~1", "HEAD~2"]);
    let ids = project.ask("git", &["rev-parse", "HEAD"]);
    project.write(".git/info/grafts", format!("{ids}\n"));
    assert_told(&project, &["a.env brought removed -"]);
}

#[test]
fn attributes_hide_nothing() {
    let project = repository(&[]);
    project.write(
        ".gitattributes",
        "*.bin binary\n*.nodiff -diff\n*.wide working-tree-encoding=UTF-16LE eol=crlf\n",
    );
    let wide: Vec<u8> = key(1).encode_utf16().flat_map(u16::to_le_bytes).collect();
    project
        .write("a.bin", [&b"\0\x01"[..], key(2).as_bytes()].concat())
        .write("b.nodiff", key(3))
        .write("c.wide", &wide);
    project.write("d.raw", &wide).write("e.crlf", key(4).replace('\n', "\r\n")).commit("all");
    let all = ["a.bin", "b.nodiff", "c.wide", "d.raw", "e.crlf"].map(|path| format!("{path} all - HEAD"));
    assert_eq!(told(&project, "."), all);
}

#[test]
fn long_and_odd_paths() {
    let project = repository(&[]);
    let long = format!("{}a.env", "folder-that-goes-on/".repeat(40));
    project.write(&long, key(1)).write("new\nline \"quoted\"\t.env", key(2)).commit("odd");
    let told = told(&project, ".");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.contains(&format!("{long} odd - HEAD"))
            && told.contains(&"new\nline \"quoted\"\t.env odd - HEAD".into())
    );
}

#[test]
fn paths_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let project = repository(&[]);
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.env");
    project.write(std::path::Path::new(name), key(1)).commit("latin");
    assert_told(&project, &["caf\u{fffd}.env latin - HEAD"]);
}

#[test]
fn subtree_merge() {
    let project = repository(&[]);
    project.write("base", "").commit("base").checkout(&["--orphan", "library"]).git(&["rm", "-rfq", "."]);
    project.plant("lib.env", 1, "library").checkout(&["main"]);
    project.git(&["read-tree", "--prefix=vendor/", "-u", "library"]);
    project.shell("git rev-parse library > .git/MERGE_HEAD").git(&["commit", "-q", "-m", "merged"]);
    project.git(&["branch", "-q", "-D", "library"]);
    assert_told(&project, &["lib.env library merged -", "vendor/lib.env merged - HEAD"]);
}

#[test]
fn people_and_file_names_and_refs() {
    let project = repository(&[]);
    project.write(format!("{}.txt", token(1)), "").commit("named");
    project.command(
        "env",
        [
            &format!("GIT_AUTHOR_EMAIL={}@example.com", token(2)),
            "git",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "by",
        ],
    );
    project.git(&["branch", &token(3)]);
    let kinds: Vec<String> =
        told(&project, ".").iter().map(|place| place.split(':').next().unwrap().to_owned()).collect();
    assert!(["author", "name", "ref"].iter().all(|kind| kinds.contains(&(*kind).to_owned())), "{kinds:?}");
}

#[test]
fn notes() {
    let project = repository(&[]);
    project.write("base", "").commit("base").git(&["notes", "add", "-m", &format!("use {}", token(1))]);
    assert_told(&project, &["note:<object> Notes added by 'git notes add' - -"]);
}

#[test]
fn submodule() {
    let project = repository(&[]);
    project.git(&["init", "-q", "-b", "main", "library"]).write("library/lib.env", key(1));
    project.git(&["-C", "library", "add", "-A"]).git(&["-C", "library", "commit", "-q", "-m", "library"]);
    project.git(&["init", "-q", "-b", "main", "top"]).git(&[
        "-C",
        "top",
        "submodule",
        "add",
        "-q",
        "../library",
        "lib",
    ]);
    project.git(&["-C", "top", "commit", "-q", "-m", "added"]);
    assert_eq!(told(&project, "top"), [""; 0]);
    assert_eq!(told(&project, "top/lib"), ["lib.env library - HEAD"]);
    let ran = project.stanch(["git", "--recurse-submodules", "--format", "json", "top"]).run();
    assert_eq!(ran.exits(1).paths(), ["lib/lib.env"]);
    project.shell("rm -rf top/.git/modules/lib top/lib");
    project.stanch(["git", "--recurse-submodules", "--format", "json", "top"]).run().exits(3);
}

#[test]
fn files_of_git_lfs() {
    let project = repository(&[]);
    let pointer =
        |id: &str| format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 12\n");
    project.write("content", key(1));
    let id = project.ask("sha256sum", &["content"])[..64].to_owned();
    project.remove("content").write("here.bin", pointer(&id)).commit("here");
    project.write("absent.bin", pointer(&"ab".repeat(32))).commit("absent");
    project.write(format!(".git/lfs/objects/{}/{}/{id}", &id[..2], &id[2..4]), key(1));
    assert_told(&project, &["gap missing", "here.bin here - HEAD"]);
}

#[test]
fn replaced_by_a_rewrite() {
    let project = repository(&[]);
    project.plant("a.env", 1, "brought").write("b", "").commit("more");
    project.shell("FILTER_BRANCH_SQUELCH_WARNING=1 git filter-branch -f --index-filter 'git rm -q --cached --ignore-unmatch a.env' HEAD");
    assert_told(&project, &["a.env brought - -"]);
    project.shell("git update-ref -d refs/original/refs/heads/main").git(&[
        "reflog",
        "expire",
        "--expire=now",
        "--all",
    ]);
    project.git(&["gc", "-q", "--prune=now"]);
    assert_told(&project, &[]);
}

#[test]
fn a_plan_names_what_keeps_it_and_the_rewrite_that_removes_it() {
    let project = repository(&[]);
    project.write("base", "").commit("base").plant("a.env", 1, "brought").git(&["tag", "v1"]);
    project.write("a.env", format!("# more\n{}", key(1))).commit("edited");
    project.git(&["branch", "side"]).write("a.env", "KEY=\n").commit("removed");
    project.write("base", key(2)).git(&["stash", "-q"]);
    let ran = project.stanch(["git", "--purge-plan", "."]).run();
    ran.exits(1).has("Revoke each secret first").has("git filter-repo --sensitive-data-removal");
    ran.has("refs/heads/side: ").has("refs/stash: ").has("refs/tags/v1: ").has("reflog of refs/heads/main: ");
    for name in ["v1:a.env", "side:a.env", "stash:base"] {
        ran.has(&project.ask("git", &["rev-parse", name]));
    }
    common::assert_kept_secret(&ran, &token(1));
    project.stanch(["git", "--purge-plan", "--format", "sarif", "."]).run().exits(2);
    let report = project.stanch(["git", "--purge-plan", "--format", "json", "."]).run().json();
    let objects = report["findings"][0]["places"][0]["objects"].as_array().unwrap().len();
    assert!(objects == 1 || objects == 2, "{report}");
    if project.ask("sh", &["-c", "git filter-repo --version 2>/dev/null || true"]).is_empty() {
        return eprintln!("there is no git-filter-repo to try the plan with");
    }
    // As the plan says, for all that it names; --force stands for the fresh clone.
    let plan = ran.stdout();
    let blobs = plan.split("<<'END'\n").nth(1).unwrap().split("END").next().unwrap();
    project.git(&["clone", "-q", "--mirror", ".", "rewritten.git"]).write("rewritten.git/blobs.txt", blobs);
    assert_eq!(told(&project, "rewritten.git").len(), 2);
    project.shell("cd rewritten.git && git filter-repo --force --strip-blobs-with-ids blobs.txt");
    assert_eq!(told(&project, "rewritten.git"), [""; 0]);
}
