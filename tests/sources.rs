//! What is scanned and what is not: odd files, ignore files, windows, encodings. Each test runs the built
//! program on a project of its own.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::Mutex;

use common::{Project, assert_kept_secret, token, told};
use snapbox::str;
use stanch::model::{BlobPath, Gap, GapReason};
use stanch::sources::{Content, Source, Tree, TreeOptions, Visit};

/// Memory that no scan needs more of, whatever it scans: threads and their stacks included.
const LITTLE_MEMORY: &str = "ulimit -v 400000";

const JSON: [&str; 3] = ["scan", "--format", "json"];

fn json(project: &Project, more: &[&str]) -> common::Ran {
    project.stanch(JSON.iter().chain(more)).run()
}

// Files that cannot be read

#[test]
fn what_may_not_be_read_is_a_gap() {
    let project = Project::of(&[("open.txt", "nothing\n"), ("locked.txt", "x"), ("vault/inner.txt", "x")]);
    fs::set_permissions(project.path("locked.txt"), fs::Permissions::from_mode(0o0)).unwrap();
    fs::set_permissions(project.path("vault"), fs::Permissions::from_mode(0o0)).unwrap();
    told!(
        project.stanch_as_nobody(["scan", "."]).run(),
        str![[r#"
exit code 3
-- stdout
Not scanned: 2
  unreadable (could not be opened or read): 2
    locked.txt: Permission denied (os error 13)
    vault: Permission denied (os error 13)

No secrets in what was scanned, but not everything was.
Scanned 1 file, 8 B.

"#]]
    );
}

#[test]
fn a_secret_wins_over_a_gap() {
    let project = Project::of(&[("found.txt", &token(1)), ("locked.txt", "x")]);
    fs::set_permissions(project.path("locked.txt"), fs::Permissions::from_mode(0o0)).unwrap();
    let ran = project.stanch_as_nobody(["scan"]).run();
    ran.exits(1).has("locked.txt: Permission denied");
    project.stanch_as_nobody(["scan", "--fail-on", "never"]).run().exits(3);
}

#[test]
fn a_root_that_may_not_be_read_is_a_gap() {
    let project = Project::of(&[("locked/inner.txt", "x"), ("locked.txt", "x")]);
    for root in ["locked", "locked.txt"] {
        fs::set_permissions(project.path(root), fs::Permissions::from_mode(0o0)).unwrap();
        let ran = project.stanch_as_nobody(["scan", root]).run();
        let path = if root == "locked" { "." } else { root };
        ran.exits(3).has(&format!("    {path}: Permission denied")).has("No secrets in what was scanned");
    }
}

#[test]
fn an_error_while_reading_is_a_gap() {
    // The memory of a process opens like a file and fails to be read at its start.
    let project = Project::new();
    told!(
        project.stanch(["scan", "/proc/self/mem"]).run(),
        str![[r#"
exit code 3
-- stdout
Not scanned: 1
  unreadable (could not be opened or read): 1
    /proc/self/mem: Input/output error (os error 5)

No secrets in what was scanned, but not everything was.
Scanned 1 file, 0 B.

"#]]
    );
}

#[test]
fn files_that_pretend_to_be_empty_are_read() {
    let project = Project::new();
    let token = token(2);
    let ran = project.stanch(JSON.iter().chain(&["/proc/self/environ"])).env("PLANTED", &token).run();
    ran.exits(1);
    assert_eq!(ran.paths(), ["/proc/self/environ"]);
    assert_kept_secret(&ran, &token);
    // This one gives nothing to whoever reads it in pieces.
    let ran = json(&project, &["/proc/sys/kernel/pid_max"]);
    let length = fs::read("/proc/sys/kernel/pid_max").unwrap().len();
    assert_eq!(ran.tally("bytes"), length as u64, "{}", ran.told());
}

#[test]
fn a_path_that_is_too_long_is_a_gap_and_what_is_above_is_scanned() {
    let project = Project::new();
    let leaf = token(3);
    // Chains are short enough to be made, and one hung below the other too long to be named.
    let chain = |name: &str| {
        let mut deep = PathBuf::from(name);
        deep.extend(["d"; 1000]);
        fs::create_dir_all(project.path(&deep)).unwrap();
        deep
    };
    let (first, second, third) = (chain("1"), chain("2"), chain("3"));
    project.write(third.join("leaf.txt"), &leaf);
    project.write(first.join("above.txt"), token(4));
    fs::rename(project.path("3"), project.path(&second).join("3")).unwrap();
    fs::rename(project.path("2"), project.path(&first).join("2")).unwrap();
    let ran = project.stanch_after(LITTLE_MEMORY, JSON).run();
    ran.exits(1).has("File name too long");
    assert_eq!(ran.tally("files"), 1, "{}", ran.told());
    assert_eq!(ran.json()["tally"]["gaps"]["unreadable"], 1, "{}", ran.told());
    assert_kept_secret(&ran, &leaf);
}

// Files that change

fn tree(project: &Project) -> Tree {
    let options = TreeOptions { jobs: 1, gitignore: true, exclude: vec![] };
    Tree::new(&[project.path("")], options).unwrap()
}

fn gaps(tree: &Tree, on_blob: impl Fn(&BlobPath, Content<'_>) + Sync) -> Vec<Gap> {
    let gaps = Mutex::new(vec![]);
    tree.visit(&|visit| match visit {
        Visit::Blob(blob) => on_blob(blob.path, blob.content),
        Visit::Gap(gap) => gaps.lock().unwrap().push(gap),
        Visit::Passed(_) | Visit::Past(..) | Visit::Nature(..) | Visit::Remark(_) => {}
    })
    .unwrap();
    gaps.into_inner().unwrap()
}

#[test]
fn a_file_that_vanishes_is_a_gap() {
    let project = Project::of(&[("a.txt", "a"), ("b.txt", "b")]);
    let gaps = gaps(&tree(&project), |path, _| {
        for name in ["a.txt", "b.txt"].iter().filter(|name| path.as_bytes() != name.as_bytes()) {
            fs::remove_file(project.path(name)).unwrap();
        }
    });
    let reasons: Vec<GapReason> = gaps.iter().map(|gap| gap.reason).collect();
    assert_eq!(reasons, [GapReason::Vanished], "{gaps:?}");
}

#[test]
fn a_file_that_becomes_something_else_is_neither_followed_nor_waited_for() {
    let project = Project::of(&[("a.txt", "a"), ("b.txt", "b")]);
    let mut seen = 0;
    let seen_in = Mutex::new(&mut seen);
    let gaps = gaps(&tree(&project), |path, _| {
        **seen_in.lock().unwrap() += 1;
        for name in ["a.txt", "b.txt"].iter().filter(|name| path.as_bytes() != name.as_bytes()) {
            fs::remove_file(project.path(name)).unwrap();
            project.command("mkfifo", [name]);
        }
    });
    assert_eq!((seen, gaps), (1, vec![]));
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_a_gap() {
    let project = Project::new();
    project.write("log.txt", vec![b'x'; 9_000_000]);
    let gaps = gaps(&tree(&project), |_, content| {
        let Content::Seekable(reader) = content else { panic!("a large file should come in pieces") };
        reader.read_exact(&mut vec![0; 5_000_000]).unwrap();
        File::options().write(true).open(project.path("log.txt")).unwrap().set_len(6_000_000).unwrap();
        io::copy(reader, &mut io::sink()).unwrap();
    });
    let expected = Gap {
        path: BlobPath::from("log.txt"),
        reason: GapReason::Changed,
        detail: "6000000 of 9000000 bytes were left".into(),
    };
    assert_eq!(gaps, [expected]);
}

#[test]
fn a_file_that_grows_while_it_is_read_is_read_to_its_new_end() {
    let project = Project::new();
    project.write("log.txt", vec![b'x'; 5_000_000]);
    let read = Mutex::new(0);
    let gaps = gaps(&tree(&project), |_, content| {
        let Content::Seekable(reader) = content else { panic!("a large file should come in pieces") };
        let mut log = File::options().append(true).open(project.path("log.txt")).unwrap();
        log.write_all(b"and more").unwrap();
        *read.lock().unwrap() = io::copy(reader, &mut io::sink()).unwrap();
    });
    assert_eq!((gaps, read.into_inner().unwrap()), (vec![], 5_000_008));
}

// Links and special files

#[test]
fn links_are_not_followed_and_their_targets_are_read_as_text() {
    let project = Project::new();
    let target = token(5);
    project.write("outside/secret.txt", token(6)).write("in/plain.txt", "nothing");
    for (to, name) in [
        ("../outside/secret.txt", "in/to-a-file"),
        ("../outside", "in/to-a-folder"),
        (".", "in/loop"),
        ("itself", "in/itself"),
        ("nowhere", "in/dangling"),
        (&target, "in/telling"),
    ] {
        symlink(to, project.path(name)).unwrap();
    }
    let ran = project.stanch(["scan", "in"]).run();
    assert_kept_secret(&ran, &target);
    told!(
        ran,
        str![[r#"
exit code 1
-- stdout
critical[github-pat-classic]: GitHub personal access token (classic)
  Acts as its owner in every repository and organization that its scopes reach.
  Revoke it: https://github.com/settings/tokens

  telling (in the name or the link's target)
    │ ghp_…
  proven: its checksum is right · id 244ac919167aff7f

Not a secret? stanch ignore ID --reason "why"

Found 1 secret in 1 place: 1 critical.
Scanned 1 file, 7 B.
Of these: 6 linked (not followed).

"#]]
    );
}

#[test]
fn a_root_may_be_a_link() {
    let project = Project::of(&[("real/key.txt", &token(7))]);
    symlink("real", project.path("folder")).unwrap();
    symlink("real/key.txt", project.path("file")).unwrap();
    assert_eq!(json(&project, &["folder"]).exits(1).paths(), ["key.txt"]);
    assert_eq!(json(&project, &["file"]).exits(1).paths(), ["file"]);
}

#[test]
fn a_root_that_is_a_loop_or_leads_nowhere_is_an_error() {
    let project = Project::new();
    symlink("loop", project.path("loop")).unwrap();
    symlink("nowhere", project.path("dangling")).unwrap();
    told!(
        project.stanch(["scan", "loop"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: loop: Too many levels of symbolic links (os error 40); name a file or a folder, or `-` for standard input

"#]]
    );
    told!(
        project.stanch(["scan", "dangling"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: dangling: No such file or directory (os error 2); name a file or a folder, or `-` for standard input

"#]]
    );
    told!(
        project.stanch(["scan", "missing"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: missing: No such file or directory (os error 2); name a file or a folder, or `-` for standard input

"#]]
    );
}

#[test]
fn special_files_are_counted_and_never_opened() {
    let project = Project::of(&[("plain.txt", "nothing\n")]);
    project.command("mkfifo", ["pipe"]);
    let _socket = std::os::unix::net::UnixListener::bind(project.path("socket")).unwrap();
    told!(
        project.stanch(["scan"]).run(),
        str![[r#"
exit code 0
-- stdout
No secrets found.
Scanned 1 file, 8 B.
Passed over: 2 special (FIFO, device or socket).

"#]]
    );
    told!(
        project.stanch(["scan", "pipe"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: pipe is no file and no folder; special files are not opened: feed it to `stanch scan -` instead

"#]]
    );
    told!(
        project.stanch(["scan", "/dev/zero"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: /dev/zero is no file and no folder; special files are not opened: feed it to `stanch scan -` instead

"#]]
    );
}

// Names

#[test]
fn a_token_in_a_name_is_found_and_shown_nowhere() {
    let project = Project::new();
    let (file, folder) = (token(8), token(9));
    project.write(format!("{folder}/a.txt"), "nothing").write(format!("b/{file}.txt"), "nothing");
    for format in ["human", "json", "jsonl", "sarif"] {
        let ran = project.stanch(["scan", "--format", format]).run();
        ran.exits(1);
        assert_kept_secret(&ran, &file);
        assert_kept_secret(&ran, &folder);
    }
    told!(
        project.stanch(["scan"]).run(),
        str![[r#"
exit code 1
-- stdout
critical[github-pat-classic]: GitHub personal access token (classic) (2 secrets)
  Acts as its owner in every repository and organization that its scopes reach.
  Revoke it: https://github.com/settings/tokens

  b/ghp_….txt (in the name or the link's target)
    │ ghp_….txt
  proven: its checksum is right · id 68cb465a5baae7c3

  ghp_… (in the name or the link's target)
    │ ghp_…
  proven: its checksum is right · id 3ef99c390de6c617

Not a secret? stanch ignore ID --reason "why"

Found 2 secrets in 2 places: 2 critical.
Scanned 2 files, 14 B.

"#]]
    );
    let ran = project.stanch(["scan", &format!("b/{file}.txt")]).run();
    assert_kept_secret(ran.exits(1), &file);
}

#[test]
fn odd_names_are_shown_harmless() {
    let project = Project::new();
    let names: [&[u8]; 5] = [
        b"caf\xe9.txt",
        b"line\nbreak.txt",
        b"\x1b[2J\x1b]0;owned\x07.txt",
        "\u{202e}txt.exe".as_bytes(),
        b"a'b\"c\\d.txt",
    ];
    for (seed, name) in (20..).zip(names) {
        project.write(OsStr::from_bytes(name), format!("{}\n", token(seed)));
    }
    let ran = project.stanch(["scan"]).run();
    told!(
        ran,
        str![[r#"
exit code 1
-- stdout
critical[github-pat-classic]: GitHub personal access token (classic) (5 secrets)
  Acts as its owner in every repository and organization that its scopes reach.
  Revoke it: https://github.com/settings/tokens

  \u{1b}[2J\u{1b}]0;owned\u{7}.txt:1:1
    │ ghp_…
  proven: its checksum is right · id 5d64c3eea94a59da

  a'b"c\d.txt:1:1
    │ ghp_…
  proven: its checksum is right · id 67fc582f35ccc883

  caf�.txt:1:1
    │ ghp_…
  proven: its checksum is right · id d4bbc9e8f7dd70ab

  line\nbreak.txt:1:1
    │ ghp_…
  proven: its checksum is right · id ccadcc726526a73c

  \u{202e}txt.exe:1:1
    │ ghp_…
  proven: its checksum is right · id 60f3d5d158fae2df

Not a secret? stanch ignore ID --reason "why"

Found 5 secrets in 5 places: 5 critical.
Scanned 5 files, 205 B.

"#]]
    );
    for format in ["json", "jsonl", "sarif", "human"] {
        let ran = project.stanch(["scan", "--format", format]).run();
        let text = ran.exits(1).stdout();
        let raw = |letter: char| (letter.is_control() && letter != '\n') || letter == '\u{202e}';
        assert!(!text.contains(raw), "{format} should hold nothing that steers a terminal: {text:?}");
    }
    let report = json(&project, &[]).json();
    let encoded: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["places"][0]["path_base64"].as_str())
        .collect();
    assert_eq!(encoded, ["Y2Fm6S50eHQ="]);
}

// Sizes

#[test]
fn a_sparse_file_of_4_gib_takes_little_time_and_memory() {
    let project = Project::new();
    let (token, size) = (token(30), 4 << 30);
    let mut file = File::create(project.path("disk.img")).unwrap();
    file.seek(SeekFrom::Start(size - 100)).unwrap();
    write!(file, "\n{token}\n").unwrap();
    file.set_len(size).unwrap();
    drop(file);
    let ran = project.stanch_after(LITTLE_MEMORY, JSON).run();
    ran.exits(1);
    assert_eq!(ran.places(), [format!("disk.img:2:1 {}..{}", size - 99, size - 59)]);
    assert_eq!(ran.tally("bytes"), size);
}

#[test]
fn a_line_of_500_mb_is_scanned_from_its_start_to_its_end() {
    const BLOCK: usize = 1_000_000;
    let project = Project::new();
    let tokens: Vec<String> = (31..34).map(token).collect();
    let planted = tokens.clone();
    let ran = project
        .stanch_after(LITTLE_MEMORY, JSON.iter().chain(&["-"]))
        .fed(move |stdin| {
            let plain: Vec<u8> = b"lorem,ipsum;".iter().copied().cycle().take(BLOCK).collect();
            for block in 0..500 {
                let mut bytes = plain.clone();
                match block {
                    0 => bytes[..40].copy_from_slice(planted[0].as_bytes()),
                    250 => bytes[500..540].copy_from_slice(planted[1].as_bytes()),
                    499 => bytes[BLOCK - 40..].copy_from_slice(planted[2].as_bytes()),
                    _ => {}
                }
                // What stands beside a token must be no letter.
                match block {
                    0 => bytes[40] = b' ',
                    250 => (bytes[499], bytes[540]) = (b' ', b' '),
                    499 => bytes[BLOCK - 41] = b' ',
                    _ => {}
                }
                stdin.write_all(&bytes)?;
            }
            Ok(())
        })
        .run();
    ran.exits(1);
    assert_eq!(
        ran.places(),
        [
            "<stdin>:1:1 0..40",
            "<stdin>:1:250000501 250000500..250000540",
            "<stdin>:1:499999961 499999960..500000000",
        ]
    );
    tokens.iter().for_each(|token| assert_kept_secret(&ran, token));
}

#[test]
fn a_hundred_thousand_files_in_one_folder_are_all_scanned() {
    let project = Project::in_memory();
    fs::create_dir(project.path("many")).unwrap();
    for number in 0..100_000 {
        fs::write(project.path(format!("many/{number:06}")), "nothing\n").unwrap();
    }
    project.write("many/077777", token(35)).write(".gitignore", "0*1\n");
    let ran = project.stanch_after(LITTLE_MEMORY, JSON).run();
    ran.exits(1);
    assert_eq!((ran.paths(), ran.tally("files")), (vec!["many/077777".to_owned()], 100_001));
}

#[test]
fn nothing_much_is_nothing_found() {
    for (name, content) in [
        ("empty", vec![]),
        ("one byte", vec![b'x']),
        ("all A", vec![b'A'; 9_000_000]),
        ("all zero", vec![0; 9_000_000]),
        ("all 0xff", vec![0xff; 9_000_000]),
        ("all line breaks", vec![b'\n'; 9_000_000]),
        ("all ghp_", b"ghp_".repeat(2_000_000)),
        ("all dashes", vec![b'-'; 9_000_000]),
    ] {
        let project = Project::new();
        project.write("file", &content);
        let ran = json(&project, &[]);
        ran.exits(0);
        assert_eq!((ran.tally("files"), ran.tally("bytes")), (1, content.len() as u64), "{name}");
        let ran = project.stanch(["scan", "--format", "json", "-"]).input(content.clone()).run();
        ran.exits(0);
        assert_eq!((ran.tally("files"), ran.tally("bytes")), (1, content.len() as u64), "{name} from stdin");
    }
}

#[test]
fn an_empty_folder_is_not_called_clean() {
    let project = Project::new();
    fs::create_dir(project.path("empty")).unwrap();
    told!(
        project.stanch(["scan", "empty"]).run(),
        str![[r#"
exit code 0
-- stdout
Nothing to scan: no file is in scope.
Scanned 0 files, 0 B.

"#]]
    );
}

#[test]
fn a_token_among_zeros_is_found() {
    let project = Project::new();
    let token = token(36);
    let mut bytes = vec![0; 10_000];
    bytes[5_000..5_040].copy_from_slice(token.as_bytes());
    project.write("core", &bytes);
    let ran = json(&project, &[]);
    assert_eq!(ran.exits(1).places(), ["core:1:5001 5000..5040"]);
    assert_eq!(ran.tally("binary"), 1);
}

// Windows

/// Places at which a window of 2 MiB, or what it shares with the next one, begins or ends: those of
/// `engine::window`, worked out anew.
fn borders() -> Vec<usize> {
    const SIZE: usize = 2 * 1024 * 1024;
    const MARGIN: usize = 64 * 1024 + 4096;
    let step = SIZE - 2 * MARGIN;
    let mut borders: Vec<usize> = (0..3)
        .flat_map(|window| {
            let base = window * step;
            [base, base + MARGIN, base + SIZE - MARGIN, base + SIZE]
        })
        .chain((1..4).map(|number| number * SIZE))
        .filter(|&border| border > 0)
        .collect();
    borders.sort_unstable();
    borders.dedup();
    borders
}

#[test]
fn windows_find_what_a_whole_scan_finds() {
    const LENGTH: usize = 13 * 1024 * 1024;
    let project = Project::new();
    // Wide characters, so that columns and bytes differ, and lines, so that both count.
    let filler: Vec<u8> = "fülle €\n".bytes().cycle().take(LENGTH).collect();
    for shift in [-41, -40, -39, -20, -1, 0, 1, 64] {
        let mut bytes = filler.clone();
        let mut expected = vec![];
        for (seed, border) in (100..).zip(borders()) {
            let at = border.checked_add_signed(shift).unwrap();
            // Whole characters before and after, so that the token stands alone in a valid text.
            bytes[at - 10..at + 50].fill(b' ');
            bytes[at..at + 40].copy_from_slice(token(seed).as_bytes());
            expected.push(at);
        }
        let place = |at: usize| {
            let before = &bytes[..at];
            let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
            let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
            let column = before[start..].iter().filter(|&&byte| byte & 0xc0 != 0x80).count() + 1;
            format!("{line}:{column} {at}..{}", at + 40)
        };
        let of = |name: &str| {
            let mut all: Vec<String> = expected.iter().map(|&at| format!("{name}:{}", place(at))).collect();
            all.sort();
            all
        };
        project.write("large.txt", &bytes);
        let file = json(&project, &["large.txt"]);
        assert_eq!(file.places(), of("large.txt"), "tokens {shift} bytes from each border");
        let stdin = project.stanch(JSON.iter().chain(&["-"])).input(bytes.clone()).run();
        assert_eq!(stdin.places(), of("<stdin>"), "tokens {shift} bytes from each border");
    }
}

#[test]
fn utf_16_windows_have_exact_places() {
    let project = Project::new();
    let line: Vec<u16> = "füllen 𝄞 wir die Zeile\r\n".encode_utf16().collect();
    let mut lines = vec![line; 300_000];
    lines[0].insert(0, 0xfeff);
    let mut expected = vec![];
    for (seed, number) in [(130, 1), (131, 87_380), (132, 150_000), (133, 299_999)] {
        lines[number] = format!("𝄞 = {}\r\n", token(seed)).encode_utf16().collect();
        expected.push((number, 0));
    }
    let mut at = 0;
    for (number, line) in lines.iter().enumerate() {
        if let Some(place) = expected.iter_mut().find(|(wanted, _)| *wanted == number) {
            place.1 = at + 10;
        }
        at += line.len() * 2;
    }
    let mut places: Vec<String> = expected
        .iter()
        .map(|(line, start)| format!("large.txt:{}:5 {start}..{}", line + 1, start + 80))
        .collect();
    places.sort();
    for little in [true, false] {
        let bytes: Vec<u8> = lines
            .iter()
            .flatten()
            .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect();
        project.write("large.txt", &bytes);
        assert_eq!(json(&project, &["large.txt"]).exits(1).places(), places, "little endian: {little}");
    }
}

// Encodings

#[test]
fn utf_16_is_read_with_and_without_its_mark() {
    let token = token(40);
    // A mark is no column: editors do not count it.
    for (name, mark, start) in [("with", "\u{feff}", 2), ("without", "", 0)] {
        for little in [true, false] {
            let project = Project::new();
            project.write(
                "a.txt",
                utf_16(&format!("{mark}{token} is first\r\nthe key € = {token}\r\n"), little),
            );
            let ran = json(&project, &[]);
            let second = start + 2 * (40 + 9 + 2 + 12);
            assert_eq!(
                ran.exits(1).places(),
                [
                    format!("a.txt:1:1 {start}..{}", start + 80),
                    format!("a.txt:2:13 {second}..{}", second + 80),
                ],
                "{name} mark, little endian: {little}"
            );
            assert_kept_secret(&ran, &token);
        }
    }
}

#[test]
fn a_mark_of_utf_8_is_no_column() {
    let project = Project::new();
    project.write("a.txt", format!("\u{feff}{}\n", token(41)));
    assert_eq!(json(&project, &[]).places(), ["a.txt:1:1 3..43"]);
}

#[test]
fn broken_utf_16_loses_nothing_but_what_is_broken() {
    let token = token(42);
    let mut bytes = utf_16("\u{feff}broken: ", true);
    bytes.extend([0x00, 0xd8]);
    bytes.extend(utf_16(&format!(" key = {token} "), true));
    bytes.extend([0x00, 0xdc, b'x']);
    let project = Project::new();
    project.write("a.txt", &bytes);
    let ran = json(&project, &[]);
    assert_eq!(ran.exits(1).places(), ["a.txt:1:17 34..114"]);
    assert_eq!(ran.tally("bytes"), bytes.len() as u64);
}

fn utf_16(text: &str, little: bool) -> Vec<u8> {
    text.encode_utf16()
        .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
        .collect()
}

// Roots

#[test]
fn overlapping_roots_are_scanned_once() {
    let project = Project::of(&[("a/b/key.txt", &token(50)), ("a/other.txt", "nothing")]);
    for roots in [&["a", "a"][..], &["a", "a/b"], &["a/b", "a"], &["a", "a/b/key.txt"], &[".", "a", "./a/b/"]]
    {
        let ran = json(&project, roots);
        ran.exits(1);
        assert_eq!((ran.paths().len(), ran.tally("files")), (1, 2), "{roots:?}: {}", ran.told());
    }
}

#[test]
fn several_roots_are_told_apart_as_they_were_typed() {
    let project = Project::of(&[("a/key.txt", &token(51)), ("b/key.txt", &token(52)), ("c.txt", &token(53))]);
    assert_eq!(json(&project, &["./a", "b/", "c.txt"]).paths(), ["./a/key.txt", "b/key.txt", "c.txt"]);
    let ran = project.stanch(JSON.iter().chain(&["a", "-"])).input(token(54)).run();
    assert_eq!(ran.exits(1).paths(), ["<stdin>", "key.txt"]);
}

#[test]
fn no_absolute_path_is_told_unless_it_was_typed() {
    let project = Project::of(&[
        ("repo/key.txt", &token(55)),
        ("repo/.stanchignore", "path nothing reason=\"unused\"\n"),
        ("repo/.gitignore", "*.log\n"),
        ("repo/.git/index", "broken"),
        ("repo/a.log", "x"),
    ]);
    let here = project.path("").display().to_string();
    for format in ["human", "json", "jsonl", "sarif"] {
        for root in [project.path("repo"), PathBuf::from("repo")] {
            let ran = project
                .stanch([OsStr::new("scan"), OsStr::new("--format"), OsStr::new(format), root.as_os_str()])
                .run();
            ran.exits(1);
            assert!(!String::from_utf8_lossy(&ran.stdout).contains(&here), "{}", ran.told());
        }
    }
}

// What .gitignore hides

fn repository(files: &[(&str, &str)]) -> Project {
    let project = Project::of(files);
    project.git(&["init", "--quiet"]);
    project
}

#[test]
fn gitignore_hides_untracked_files_only() {
    let project = repository(&[
        (".gitignore", "*.log\n/build/\nnode_modules\n!keep.log\n"),
        ("tracked.log", &token(60)),
        ("untracked.log", &token(61)),
        ("keep.log", &token(62)),
        ("build/deep/tracked.txt", &token(63)),
        ("build/deep/untracked.txt", &token(64)),
        ("sub/build/visible.txt", &token(65)),
        ("node_modules/a/1.js", &token(66)),
        ("node_modules/a/2.js", &token(67)),
    ]);
    project.git(&["add", "--force", "tracked.log", "build/deep/tracked.txt"]);
    let ran = json(&project, &[]);
    assert_eq!(
        ran.exits(1).paths(),
        ["build/deep/tracked.txt", "keep.log", "sub/build/visible.txt", "tracked.log"]
    );
    // An ignored folder counts as one.
    assert_eq!(ran.tally("ignored_entries"), 3);
    let all = json(&project, &["--no-ignore"]);
    assert_eq!((all.paths().len(), all.tally("ignored_entries")), (8, 0));
}

#[test]
fn gitignore_files_nest_and_the_nearest_wins() {
    let project = repository(&[
        (".gitignore", "*.key\n/top.txt\ndeep/\n"),
        ("a.key", &token(70)),
        ("top.txt", &token(71)),
        ("sub/.gitignore", "!*.key\n*.txt\n"),
        ("sub/b.key", &token(72)),
        ("sub/top.txt", &token(73)),
        ("sub/deeper/c.key", &token(74)),
        ("sub/deeper/.gitignore", "c.key\n"),
        // Nothing below a hidden folder can be brought back.
        ("deep/.gitignore", "!*\n"),
        ("deep/d.txt", &token(75)),
    ]);
    let ran = json(&project, &[]);
    assert_eq!((ran.paths(), ran.tally("ignored_entries")), (vec!["sub/b.key".to_owned()], 5));
}

#[test]
fn a_folder_that_was_named_is_meant_though_it_is_hidden() {
    let project = repository(&[
        (".gitignore", "build/\n*.log\n"),
        ("build/out/a.txt", &token(76)),
        ("build/a.log", &token(77)),
        ("build/build/b.txt", &token(78)),
    ]);
    json(&project, &[]).exits(0);
    let ran = json(&project, &["build"]);
    assert_eq!((ran.paths(), ran.tally("ignored_entries")), (vec!["out/a.txt".to_owned()], 2));
    assert_eq!(json(&project, &[".", "build"]).paths(), ["build/out/a.txt"]);
}

#[test]
fn what_git_says_of_ignored_files_is_what_is_hidden() {
    const NAMES: [&str; 30] = [
        "#literal",
        "1.o",
        "d/2.o",
        "foo/1",
        "foo/bar",
        "foo/baz/1",
        "gen/1",
        "d/gen/1",
        "a/z",
        "a/b/c/z",
        "a/b/zz",
        "sp ace",
        "trailing",
        "trailing ",
        "a.c",
        "c.c",
        "xyy",
        "xy",
        "only",
        "d/only",
        "-dash",
        "tab\there",
        "ä.o",
        "!bang",
        "d/e/f/g.txt",
        "5x",
        "back\\slash",
        "[a]",
        "star*",
        "A.O",
    ];
    for rules in [
        "# a comment\n\\#literal\n*.o\nfoo/*\n!foo/bar\n**/gen/\na/**/z\nsp ace\ntrailing \n[ab].c\nx?y\n/only\n",
        "\u{feff}*.o\r\nfoo/\r\n\r\n!1.o\r\n",
        "trailing\\ \n\\!bang\n[!ab].c\n[[:digit:]]x\n*.[oO]\n",
        "*\n!*/\n!*.c\n",
        "/*\n!/d\n/d/*\n!/d/e\n",
        "d/e/\n!d/e/f/g.txt\n",
        "a/**\n**/only\nd/**/g.txt\n",
        "foo/bar/\nfoo/1/\nd/only\ne/f\n",
        "/\n//\n!\n\\\n[\n[z-a]\n{a,b}.c\n***\n!a.c\n",
        "back\\\\slash\n\\[a\\]\nstar\\*\n",
        "**/\n!d/\n",
        "foo/**/1\n**foo\nd**\n!d/**/\n",
    ] {
        let project = repository(&[(".gitignore", rules)]);
        for name in NAMES {
            project.write(name, token(1));
        }
        let listed = std::process::Command::new("git")
            .args(["ls-files", "-z", "--others", "--exclude-per-directory=.gitignore"])
            .current_dir(project.path(""))
            .output()
            .unwrap();
        let mut visible: Vec<String> =
            String::from_utf8(listed.stdout).unwrap().split_terminator('\0').map(str::to_owned).collect();
        visible.retain(|path| path != ".gitignore");
        visible.sort();
        assert_eq!(json(&project, &[]).paths(), visible, "{rules:?}");
    }
}

#[test]
fn other_ignore_files_have_no_say() {
    let project = repository(&[
        (".ignore", "*\n"),
        (".rgignore", "*\n"),
        (".fdignore", "*\n"),
        (".hidden/.env", &token(80)),
        ("key.txt", &token(81)),
        (".config/git/ignore", "*\n"),
    ]);
    project.write(".git/info/exclude", "*\n");
    project.git(&["config", "core.excludesFile", ".ignore"]);
    let home = project.path("").display().to_string();
    let ran =
        project.stanch(JSON).env("HOME", &home).env("XDG_CONFIG_HOME", &format!("{home}/.config")).run();
    assert_eq!(
        (ran.paths(), ran.tally("ignored_entries")),
        (vec![".hidden/.env".to_owned(), "key.txt".to_owned()], 0)
    );
}

#[test]
fn ignore_files_above_the_repository_have_no_say_and_those_in_it_do() {
    let project = Project::of(&[
        (".gitignore", "*\n"),
        ("repo/.gitignore", "*.log\n"),
        ("repo/sub/deep/a.log", &token(82)),
        ("repo/sub/deep/a.txt", &token(83)),
        ("plain/a.log", &token(84)),
    ]);
    project.command("git", ["init", "--quiet", "repo"]);
    for root in ["repo/sub/deep", "repo/sub", "repo", "repo/sub/../sub/deep/"] {
        let ran = json(&project, &[root]);
        assert_eq!((ran.paths().len(), ran.tally("ignored_entries")), (1, 1), "{root}: {}", ran.told());
    }
    // Without a repository nothing is untracked, and nothing is hidden.
    assert_eq!(json(&project, &["plain"]).paths(), ["a.log"]);
    // A file that was named is meant.
    assert_eq!(json(&project, &["repo/sub/deep/a.log"]).paths(), ["repo/sub/deep/a.log"]);
}

#[test]
fn the_folder_git_is_not_scanned_and_a_file_of_that_name_is() {
    let project =
        repository(&[("key.txt", "nothing"), ("odd/.git", &token(85)), ("odd/plain.txt", "nothing")]);
    project.write(".git/COMMIT_EDITMSG", token(86));
    let ran = json(&project, &[]);
    assert_eq!(ran.exits(1).paths(), ["odd/.git"]);
}

#[test]
fn linked_worktrees_and_submodules_have_their_own_index() {
    let project = Project::of(&[("main/.gitignore", "*.log\n"), ("main/tracked.log", &token(87))]);
    let git = |args: &[&str]| {
        project.git(&[&["-C", "main", "-c", "user.name=n", "-c", "user.email=e@example.com"], args].concat())
    };
    project.git(&["init", "--quiet", "main"]);
    git(&["add", "--force", "."]);
    git(&["commit", "--quiet", "-m", "first"]);
    git(&["worktree", "add", "--quiet", "../linked"]);
    project.write("linked/untracked.log", token(88));
    let ran = json(&project, &["linked"]);
    assert_eq!(
        (ran.paths(), ran.tally("ignored_entries")),
        (vec!["tracked.log".to_owned()], 1),
        "{}",
        ran.told()
    );

    project.git(&["init", "--quiet", "outer"]);
    project.git(&["-C", "outer", "submodule", "--quiet", "add", "../main", "sub"]);
    project.write("outer/sub/untracked.log", token(89)).write("outer/.gitignore", "sub\n");
    let ran = json(&project, &["outer"]);
    assert_eq!(
        (ran.paths(), ran.tally("ignored_entries")),
        (vec!["sub/tracked.log".to_owned()], 1),
        "{}",
        ran.told()
    );
}

#[test]
fn every_form_of_index_is_read() {
    for prepare in [
        &["init", "--quiet"][..],
        &["init", "--quiet", "--object-format=sha256"],
        &["-c", "index.version=4", "init", "--quiet"],
    ] {
        let project = Project::of(&[
            (".gitignore", "*.log\n"),
            ("in/tracked.log", &token(90)),
            ("in/new.log", &token(91)),
        ]);
        project.git(prepare);
        let check = |form: &str| {
            let ran = json(&project, &[]);
            assert_eq!(
                (ran.paths(), ran.tally("ignored_entries")),
                (vec!["in/tracked.log".to_owned()], 1),
                "{prepare:?} {form}: {}",
                ran.told()
            );
        };
        project.git(&["add", "--force", "in/tracked.log"]);
        check("plain");
        project.git(&["update-index", "--index-version", "4"]);
        check("version 4");
        project.git(&["update-index", "--untracked-cache"]);
        check("with an untracked cache");
        project.git(&["update-index", "--split-index"]);
        check("split");
    }
}

#[test]
fn an_index_that_cannot_be_read_hides_nothing_and_is_one_gap() {
    let project = repository(&[
        (".gitignore", "*.log\nmany/*\n"),
        ("a.log", &token(92)),
        ("b.log", "nothing"),
        ("many/1", "nothing"),
        ("many/2", "nothing"),
    ]);
    project.write(".git/index", "this is no index");
    let ran = project.stanch(["scan"]).run();
    told!(
        ran,
        str![[r#"
exit code 1
-- stdout
critical[github-pat-classic]: GitHub personal access token (classic)
  Acts as its owner in every repository and organization that its scopes reach.
  Revoke it: https://github.com/settings/tokens

  a.log:1:1
    │ ghp_…
  proven: its checksum is right · id ec73d499eeada3c5

Not a secret? stanch ignore ID --reason "why"

Not scanned: 1
  broken-index (has an index that cannot be read): 1
    .git: File is too small even for header with zero entries and smallest hash

Found 1 secret in 1 place: 1 critical.
Scanned 5 files, 74 B.

"#]]
    );
    assert_eq!(json(&project, &["many"]).exits(3).json()["gaps"][0]["path"], "../.git");
}

#[test]
fn a_repository_that_was_made_to_harm_does_not() {
    let fresh = || Project::of(&[(".gitignore", "*.log\n"), ("a.log", &token(99)), ("repo", "")]);
    let pipe = |project: &Project, name: &str| {
        fs::create_dir_all(project.path(name).parent().unwrap()).unwrap();
        project.command("mkfifo", [name]);
    };
    let link = |project: &Project, name: &str, to: &str| {
        fs::create_dir_all(project.path(name).parent().unwrap()).unwrap();
        symlink(to, project.path(name)).unwrap();
    };
    let file = |project: &Project, name: &str, content: &[u8]| {
        project.write(name, content);
    };
    type Make<'a> = &'a dyn Fn(&Project);
    let cases: [(&str, Make<'_>); 11] = [
        ("a pipe for .git", &|project| pipe(project, ".git")),
        ("an endless file for .git", &|project| link(project, ".git", "/dev/zero")),
        ("a loop for .git", &|project| link(project, ".git", ".git")),
        (".git that leads nowhere", &|project| file(project, ".git", b"gitdir: /dev/null\n")),
        (".git that is something else", &|project| file(project, ".git", b"\xff\xfe\0")),
        ("a pipe for the index", &|project| pipe(project, ".git/index")),
        ("an endless index", &|project| link(project, ".git/index", "/dev/zero")),
        ("an empty index", &|project| file(project, ".git/index", b"")),
        ("a folder for the index", &|project| fs::create_dir_all(project.path(".git/index")).unwrap()),
        ("a pipe for the configuration", &|project| {
            fs::create_dir_all(project.path(".git/objects")).unwrap();
            pipe(project, ".git/config");
        }),
        ("a pipe for what tells the main worktree", &|project| {
            fs::create_dir_all(project.path(".git/objects")).unwrap();
            pipe(project, ".git/commondir");
        }),
    ];
    for (name, make) in cases {
        let project = fresh();
        make(&project);
        let ran = project.stanch_after(LITTLE_MEMORY, JSON).run();
        ran.check(ran.code == Some(1), name);
        assert_eq!(ran.paths(), ["a.log"], "{name}");
        assert_eq!(ran.json()["gaps"][0]["path"], ".git", "{name}: {}", ran.told());
        ran.has_not(&project.path("").display().to_string());
    }
}

#[test]
fn an_index_that_may_not_be_read_hides_nothing() {
    let project = repository(&[(".gitignore", "*.log\n"), ("a.log", &token(99))]);
    project.git(&["add", "."]);
    fs::set_permissions(project.path(".git/index"), fs::Permissions::from_mode(0o0)).unwrap();
    let ran = project.stanch_as_nobody(["scan"]).run();
    ran.exits(1).has("    .git: Permission denied (os error 13)\n").has("a.log:1:1");
}

#[test]
fn excluded_entries_are_counted() {
    let project = Project::of(&[
        ("a.lock", &token(93)),
        ("docs/a.md", &token(94)),
        ("docs/b.md", &token(95)),
        ("src/docs/c.md", &token(96)),
        ("keep.txt", &token(97)),
    ]);
    let ran = json(&project, &["--exclude", "*.lock", "--exclude", "/docs/"]);
    assert_eq!(
        (ran.paths(), ran.tally("excluded")),
        (vec!["keep.txt".to_owned(), "src/docs/c.md".to_owned()], 2)
    );
    let ran = json(&project, &["--exclude", "*.md", "--exclude", "!b.md", "--exclude", "*.lock"]);
    assert_eq!(
        (ran.paths(), ran.tally("excluded")),
        (vec!["docs/b.md".to_owned(), "keep.txt".to_owned()], 3)
    );
    // As a hook does it: files by name, and patterns for those that do not matter.
    let ran =
        json(&project, &["--exclude", "*.lock", "--exclude", "docs/", "a.lock", "docs/a.md", "keep.txt"]);
    assert_eq!((ran.paths(), ran.tally("excluded")), (vec!["keep.txt".to_owned()], 2));
    told!(
        project.stanch(["scan", "--exclude", "[z-a]"]).run(),
        str![[r#"
exit code 2
-- stderr
stanch: the pattern `[z-a]` of --exclude: error parsing glob '[z-a]': invalid range; 'z' > 'a'

"#]]
    );
}

#[test]
fn packed_files_that_are_not_to_be_opened_are_scanned_as_they_are_stored_and_counted() {
    let project = Project::new();
    project.write("a.zip", format!("PK\x03\x04 {} ", token(98)));
    let ran = json(&project, &["--no-archives"]);
    assert_eq!((ran.paths().len(), ran.tally("packed")), (1, 1), "{}", ran.told());
}

#[test]
fn standard_input_that_cannot_be_read_is_a_gap() {
    let project = Project::new();
    told!(
        project.stanch_after("exec < .", ["scan", "-"]).run(),
        str![[r#"
exit code 3
-- stdout
Not scanned: 1
  unreadable (could not be opened or read): 1
    <stdin>: Is a directory (os error 21)

No secrets in what was scanned, but not everything was.
Scanned 1 file, 0 B.

"#]]
    );
    told!(
        project.stanch_after("exec 0> write-only", ["scan", "-"]).run(),
        str![[r#"
exit code 3
-- stdout
Not scanned: 1
  unreadable (could not be opened or read): 1
    <stdin>: Bad file descriptor (os error 9)

No secrets in what was scanned, but not everything was.
Scanned 1 file, 0 B.

"#]]
    );
    told!(
        project.stanch_after("exec <&-", ["scan", "-"]).run(),
        str![[r#"
exit code 0
-- stdout
No secrets found.
Scanned 1 file, 0 B.

"#]]
    );
}

#[test]
fn odd_content_is_shown_harmless() {
    let project = Project::new();
    let token = token(110);
    project.write(
        "a.log",
        format!("\u{1b}[31m{token}\u{1b}[0m\r \u{202e}desrever\u{200b} caf")
            .into_bytes()
            .into_iter()
            .chain(*b"\xe9\n")
            .collect::<Vec<u8>>(),
    );
    for format in ["human", "json", "jsonl", "sarif"] {
        let ran = project.stanch(["scan", "--format", format]).run();
        let text = ran.exits(1).stdout();
        let raw = |letter: char| {
            (letter.is_control() && letter != '\n') || matches!(letter, '\u{202e}' | '\u{200b}')
        };
        assert!(!text.contains(raw), "{format} should hold nothing that steers a terminal: {text:?}");
    }
    project
        .stanch(["scan"])
        .run()
        .has("\u{2502} \\u{1b}[31mghp_\u{2026}\\u{1b}[0m\\r \\u{202e}desrever\\u{200b} caf\u{fffd}");
}

#[test]
fn what_is_too_much_for_one_file_is_a_gap() {
    let project = Project::new();
    let many: String = (0..10_050).map(|seed| format!("{}\n", token(seed))).collect();
    project.write("many.txt", many);
    let ran = json(&project, &[]);
    assert_eq!(ran.exits(1).tally("shown"), 10_000);
    let gap = serde_json::json!({
        "reason": "too-many-findings",
        "path": "many.txt",
        "detail": "50 more candidates were not kept",
        "accepted": false,
    });
    assert_eq!(ran.json()["gaps"], serde_json::json!([gap]));
}

#[test]
fn a_key_of_many_lines_is_one_finding_across_every_border() {
    const LENGTH: usize = 9 * 1024 * 1024;
    let project = Project::new();
    let key = common::example("pem-rsa-pkcs1-private-key", 1);
    for shift in [0, key.len() / 2, key.len()] {
        let mut bytes = b"a line of words\n".repeat(LENGTH / 16);
        let mut expected = vec![];
        for border in borders().into_iter().filter(|border| border + key.len() < LENGTH) {
            let at = border - shift.min(border);
            bytes[at - 1] = b'\n';
            bytes[at..at + key.len()].copy_from_slice(key.as_bytes());
            bytes[at + key.len()] = b'\n';
            expected.push(at);
        }
        project.write("large.txt", &bytes);
        let ran = json(&project, &["large.txt"]);
        let mut starts: Vec<usize> = ran
            .places()
            .iter()
            .map(|place| place.rsplit([' ', '.']).nth(2).unwrap().parse().unwrap())
            .collect();
        starts.sort_unstable();
        assert_eq!(starts, expected, "keys {shift} bytes before each border");
    }
}
