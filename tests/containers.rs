//! Files that hold files: opened wherever they come from, however they are made, whatever they try.
//!
//! They are made by the programs that people make them with, or by hand where no program would.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;
#[path = "containers/pdf.rs"]
mod pdf;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::process::Command;
use std::time::Duration;

use common::{Project, Ran, commit, key, repository, token};

const JSON: [&str; 3] = ["scan", "--format", "json"];

fn json(project: &Project, more: &[&str]) -> Ran {
    project.stanch(JSON.iter().chain(more)).run()
}

/// Runs a line of shell in the project, where its programs are installed; elsewhere that is said, and in a pipeline
/// it is a fault.
fn made_by(project: &Project, programs: &[&str], line: &str) -> bool {
    for program in programs {
        if Command::new(program).arg("--help").output().is_err() {
            let why = format!("not tested: it takes {program}, which tests/containers/setup.sh installs");
            assert!(env::var_os("CI").is_none_or(|value| value.is_empty()), "{why}");
            // Written past the test harness, which keeps to itself what a test prints that passes.
            io::stderr().write_all(format!("{why}\n").as_bytes()).unwrap();
            return false;
        }
    }
    project.command("sh", ["-ec", line]);
    true
}

/// Runs Python in the project.
fn python(project: &Project, script: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) {
    let all = ["-c".into(), script.into()].into_iter().chain(args.into_iter().map(|a| a.as_ref().to_owned()));
    project.command("python3", all);
}

/// `reason path` of each gap, sorted; from `--format json`.
#[track_caller]
fn gaps(ran: &Ran) -> Vec<String> {
    let report = ran.json();
    let told = |gap: &serde_json::Value| {
        format!("{} {}", gap["reason"].as_str().unwrap(), gap["path"].as_str().unwrap())
    };
    let mut gaps: Vec<String> = report["gaps"].as_array().unwrap().iter().map(told).collect();
    gaps.sort();
    gaps
}

/// Path, line and column of each place, sorted.
#[track_caller]
fn spots(ran: &Ran) -> Vec<String> {
    ran.places().iter().map(|place| place.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

#[test]
fn every_usual_archive_is_opened() {
    let project = Project::new();
    project.write("in/b/c.txt", format!("first\n{}", key(1)));
    let cases: [(&[&str], &str, &str, &str); 17] = [
        (&["zip"], "zip -qr ../a.zip b", "a.zip", "a.zip!b/c.txt:2:5"),
        (&["zip"], "zip -qr -0 ../a.zip b", "a.zip", "a.zip!b/c.txt:2:5"),
        (&["zip"], "zip -qr -Z bzip2 ../a.zip b", "a.zip", "a.zip!b/c.txt:2:5"),
        (&["zip"], "zip -qr - b | cat > ../a.zip", "a.zip", "a.zip!b/c.txt:2:5"),
        (&["jar"], "jar cf ../a.jar b", "a.jar", "a.jar!b/c.txt:2:5"),
        (&["tar"], "tar cf ../a.tar b", "a.tar", "a.tar!b/c.txt:2:5"),
        (&["tar"], "tar cf ../a.tar --format=v7 ./b", "a.tar", "a.tar!b/c.txt:2:5"),
        (&["tar"], "tar cf ../a.tar --format=pax b", "a.tar", "a.tar!b/c.txt:2:5"),
        (&["tar"], "tar czf ../a.tgz b", "a.tgz", "a.tgz!b/c.txt:2:5"),
        (&["tar", "bzip2"], "tar cjf ../a.tar.bz2 b", "a.tar.bz2", "a.tar.bz2!b/c.txt:2:5"),
        (&["tar", "xz"], "tar cJf ../a.tar.xz b", "a.tar.xz", "a.tar.xz!b/c.txt:2:5"),
        (&["tar", "zstd"], "tar c b | zstd -q > ../a.tar.zst", "a.tar.zst", "a.tar.zst!b/c.txt:2:5"),
        (&["gzip"], "gzip -c b/c.txt > ../c.txt.gz", "c.txt.gz", "c.txt.gz!c.txt:2:5"),
        (&["bzip2"], "bzip2 -c b/c.txt > ../c.txt.bz2", "c.txt.bz2", "c.txt.bz2!c.txt:2:5"),
        (&["xz"], "xz -c b/c.txt > ../c.txt.xz", "c.txt.xz", "c.txt.xz!c.txt:2:5"),
        (&["zstd"], "zstd -qc b/c.txt > ../blob", "blob", "blob!blob:2:5"),
        (
            &["zip", "tar"],
            "zip -qr x.zip b; tar czf ../a.tgz x.zip; rm x.zip",
            "a.tgz",
            "a.tgz!x.zip!b/c.txt:2:5",
        ),
    ];
    for (programs, line, name, place) in cases {
        if made_by(&project, programs, &format!("cd in; {line}")) {
            let ran = json(&project, &[name]);
            ran.exits(1).check(spots(&ran) == [place], &format!("{line}: {place}"));
            ran.check(gaps(&ran).is_empty(), line);
            let mut typed = JSON.to_vec();
            typed.push("-");
            let ran = project.stanch(typed).input(fs::read(project.path(name)).unwrap()).run();
            let place = place.replacen(name, "<stdin>", 1);
            let place = if place == "<stdin>!c.txt:2:5" { "<stdin>!<stdin>:2:5" } else { &place };
            let place = if place.ends_with("!blob:2:5") { "<stdin>!<stdin>:2:5" } else { place };
            ran.exits(1).check(spots(&ran) == [place], &format!("{line} on standard input: {place}"));
            fs::remove_file(project.path(name)).unwrap();
        }
    }
}

#[test]
fn the_report_counts_what_was_opened() {
    let project = Project::new();
    project.write("in/a.txt", "nothing\n").write("in/b.txt", "nothing else\n");
    project.command("tar", ["czf", "x.tgz", "-C", "in", "a.txt", "b.txt"]);
    let size = fs::metadata(project.path("x.tgz")).unwrap().len();
    let ran = json(&project, &["x.tgz"]);
    ran.exits(0);
    let tally =
        ["files", "bytes", "packed", "containers", "members", "unpacked_bytes"].map(|name| ran.tally(name));
    assert_eq!(tally, [1, size, 0, 2, 2, 21]);
    project.stanch(["scan", "x.tgz"]).run().has("Opened 2 archives: 2 members, 21 B.");
    let ran = json(&project, &["--no-archives", "x.tgz"]);
    assert_eq!(
        ["files", "packed", "containers", "members"].map(|name| ran.exits(0).tally(name)),
        [1, 1, 0, 0]
    );
}

#[test]
fn text_around_members_is_scanned() {
    let project = Project::new();
    let script = "
import sys, zipfile, tarfile, gzip, io
t = sys.argv[1:]
with zipfile.ZipFile('a.zip', 'w') as z:
    z.comment = t[0].encode()
    i = zipfile.ZipInfo('x.txt'); i.comment = t[1].encode(); z.writestr(i, '')
    z.writestr(t[2], '')
with tarfile.open('b.tar', 'w', format=tarfile.PAX_FORMAT) as f:
    i = tarfile.TarInfo('l'); i.type = tarfile.SYMTYPE; i.linkname = t[3]; f.addfile(i)
    i = tarfile.TarInfo('p'); i.pax_headers = {'comment': t[4]}; f.addfile(i)
with open('b.tar', 'ab') as f: f.write(t[5].encode())
with open('c.gz', 'wb') as f:
    gzip.GzipFile(t[6], 'wb', fileobj=f).close()
    f.write(bytes(7)); f.write(t[7].encode())
";
    python(&project, script, (0..8).map(token));
    let ran = json(&project, &[]);
    let expected = ["a.zip!", "a.zip!ghp_", "a.zip!x.txt", "b.tar!", "b.tar!l", "b.tar!p", "c.gz!", "c.gz!"];
    let paths: Vec<String> = ran
        .paths()
        .iter()
        .map(|path| path.split_once("ghp_").map_or(path.clone(), |(a, _)| format!("{a}ghp_")))
        .collect();
    ran.exits(1).check(paths == expected, "each stands where it is");
}

#[test]
fn a_member_is_known_by_its_own_name() {
    let project = Project::new();
    let value = common::example("pgpass-file", 1);
    project.write("in/.pgpass", &value).write("in/other", &value);
    let script =
        "import shutil; shutil.make_archive('a', 'zip', 'in'); shutil.make_archive('a', 'gztar', 'in')";
    python(&project, script, [""]);
    let ran = json(&project, &["--rule", "pgpass-file"]);
    ran.check(ran.paths() == ["a.tar.gz!.pgpass", "a.zip!.pgpass", "in/.pgpass"], "names decide");
}

// Bad input

#[test]
fn what_comes_before_a_fault_counts() {
    let project = Project::new();
    let script = r#"
import bz2, gzip, io, lzma, os, random, subprocess, sys, tarfile, zipfile
t = sys.argv[1]
noise = random.Random(1).randbytes(3000).hex()
text = (t + '\n' + noise + '\n').encode()
def tar(): 
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode='w') as f:
        for n in 'xyz':
            i = tarfile.TarInfo(n); i.size = len(text); f.addfile(i, io.BytesIO(text))
    return b.getvalue()
def zipped():
    b = io.BytesIO()
    with zipfile.ZipFile(b, 'w', zipfile.ZIP_DEFLATED) as f: f.writestr('x', text)
    return b.getvalue()
def damaged(b, at): return b[:at] + bytes([b[at] ^ 0x55]) + b[at + 1:]
def write(n, b): open(n, 'wb').write(b)
g, b, x, a, z = gzip.compress(text), bz2.compress(text), lzma.compress(text), tar(), zipped()
s = subprocess.run(['zstd', '-qc'], input=text, stdout=subprocess.PIPE).stdout if sys.argv[2] else None
for name, made in [('gz', g), ('bz2', b), ('xz', x), ('zst', s)]:
    if made:
        write('sum.' + name, damaged(made, {'gz': -6, 'bz2': -3, 'xz': -30, 'zst': -2}[name]))
        write('cut.' + name, made[:-1])
write('middle.gz', damaged(g, len(g) // 2))
write('cut.tar', a[:len(text) + 2000])
write('header.tar', damaged(a, 512 + (len(text) + 511) // 512 * 512 + 3))
write('sum.zip', z.replace(zipfile.crc32(text).to_bytes(4, 'little'), bytes(4)))
write('size.zip', z.replace(len(text).to_bytes(4, 'little'), (5).to_bytes(4, 'little')))
write('middle.zip', damaged(z, len(z) // 2))
write('cut.zip', z[:-30] )
"#;
    let zstd = if made_by(&project, &["zstd"], "") { "yes" } else { "" };
    python(&project, script, [token(1), zstd.into()]);
    let ran = json(&project, &[]);
    let paths: Vec<String> = ran.paths();
    for entry in fs::read_dir(project.path("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_of = |path: &String| path.split('!').next() == Some(&name);
        ran.check(
            gaps(&ran).iter().any(|gap| is_of(&gap.replace("corrupt ", ""))),
            &format!("{name} is told to be damaged"),
        );
        // Without its directory, and without an end of its blocks, nothing tells what is there.
        if !["cut.zip", "cut.bz2", "sum.bz2"].contains(&name.as_str()) {
            ran.check(paths.iter().any(is_of), &format!("what {name} has is found"));
        }
    }
    ran.exits(1);
}

#[test]
fn what_only_claims_to_be_an_archive_is_scanned_as_it_is() {
    let project = Project::new();
    let all: [(&str, &[u8], &str); 7] = [
        ("gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "corrupt"),
        ("bz2", b"BZh91AY&SY", "corrupt"),
        ("xz", b"\xfd7zXZ\0", "corrupt"),
        ("zst", b"\x28\xb5\x2f\xfd", "corrupt"),
        ("zip", b"PK\x03\x04", "corrupt"),
        ("rar", b"Rar!\x1a\x07\x01\0", "unsupported"),
        ("lz4", b"\x04\x22\x4d\x18", "unsupported"),
    ];
    for (name, magic, _) in all {
        project.write(format!("a.{name}"), [magic, b"\n", key(1).as_bytes()].concat());
    }
    let ran = json(&project, &[]);
    let mut expected = all.map(|(name, _, reason)| format!("{reason} a.{name}"));
    expected.sort();
    ran.exits(1).check(gaps(&ran) == expected, "each is told");
    let mut paths = all.map(|(name, ..)| format!("a.{name}"));
    paths.sort();
    ran.check(ran.paths() == paths, "each is scanned as it is stored");
}

#[test]
fn encrypted_members_and_unknown_methods_are_gaps() {
    let project = Project::new();
    project.write("a.txt", key(1)).write("b.txt", key(2));
    if made_by(&project, &["zip"], "zip -q -P word a.zip a.txt; zip -q a.zip b.txt; rm *.txt") {
        let ran = json(&project, &[]);
        ran.exits(1).check(gaps(&ran) == ["encrypted a.zip!a.txt"], "one is encrypted");
        ran.check(ran.paths() == ["a.zip!b.txt"], "the other is not");
        project.write(".stanchignore", "gap encrypted a.zip!a.txt reason=\"samples\"\n");
        json(&project, &["--fail-on", "never"]).exits(0);
    }
    fs::remove_file(project.path("a.zip")).unwrap();
    let script = "
import zipfile
z = open('a.zip', 'wb+')
with zipfile.ZipFile(z, 'w') as f: f.writestr('a.txt', 'x' * 99)
z.seek(0); b = z.read()
for at in (8, b.index(b'PK\\1\\2') + 10): z.seek(at); z.write(b'\\x62')
";
    python(&project, script, [""]);
    let ran = json(&project, &[]);
    ran.exits(3).check(gaps(&ran) == ["unsupported a.zip!a.txt"], "PPMd is not known");
}

#[test]
fn nesting_ends_where_it_is_told_to() {
    let project = Project::new();
    let script = "
import io, sys, zipfile
b = (sys.argv[1] + '\\n').encode()
for n in range(10, 0, -1):
    o = io.BytesIO()
    with zipfile.ZipFile(o, 'w', zipfile.ZIP_STORED) as f: f.writestr(f'{n}.zip' if n < 10 else 'x', b)
    b = o.getvalue()
open('0.zip', 'wb').write(b)
";
    python(&project, script, [key(1)]);
    let ran = json(&project, &[]);
    let deep = "0.zip!1.zip!2.zip!3.zip!4.zip!5.zip!6.zip!7.zip!8.zip";
    // Stored members stand in the bytes of what was not opened.
    ran.exits(1).check(gaps(&ran) == [format!("too-deep {deep}")], "the ninth is not opened");
    ran.check(ran.paths() == [deep], "its bytes are scanned");
    let ran = json(&project, &["--max-depth", "10"]);
    ran.exits(1).check(gaps(&ran).is_empty(), "ten are opened");
    ran.check(ran.paths() == [format!("{deep}!9.zip!x")], "and the file in them is found");
}

/// Memory that no scan needs more of, whatever it scans: threads and their stacks included.
const LITTLE_MEMORY: &str = "ulimit -v 400000";

/// Runs with little memory, and checks that it ends soon and leaves nothing behind.
#[track_caller]
fn bounded(project: &Project, name: &str) -> Ran {
    let before = fs::read_dir(project.path("")).unwrap().count();
    let scratch = Project::new();
    let ran = project
        .stanch_after(LITTLE_MEMORY, ["scan", "--format", "json", "--jobs", "1", name])
        .env("TMPDIR", scratch.path("").to_str().unwrap())
        .run();
    let left = fs::read_dir(scratch.path("")).unwrap().count();
    ran.check(left == 0, "nothing is written to disk");
    assert_eq!(fs::read_dir(project.path("")).unwrap().count(), before);
    ran.check(ran.time < Duration::from_secs(60), "it ends soon");
    ran
}

#[test]
fn bombs_end_early() {
    let project = Project::new();
    let script = r#"
import bz2, gzip, io, lzma, struct, subprocess, sys, tarfile, zipfile, zlib
MIB = 1 << 20
def zeros(size):
    c = zlib.compressobj(9, zlib.DEFLATED, -15); out = []
    for _ in range(size // MIB): out.append(c.compress(bytes(MIB)))
    return b''.join(out) + c.flush()
def raw_zip(members):
    body, directory = b'', b''
    for name, data, size, at in members:
        header = struct.pack('<HHHHHIIIHH', 20, 0, 8, 0, 0, 0, len(data), size & 0xffffffff, len(name), 0)
        if at is None: at = len(body); body += b'PK\3\4' + header + name + data
        directory += b'PK\1\2\x14\0' + header + struct.pack('<HHHII', 0, 0, 0, 0, at) + name
    end = struct.pack('<HHHHIIH', 0, 0, len(members), len(members), len(directory), len(body), 0)
    return body + directory + b'PK\5\6' + end
big = zeros(1024 * MIB)
# One member of 1 GiB, members in each other, and many members of the same bytes.
open('flat.zip', 'wb').write(raw_zip([(b'x', big, 1 << 30, None)]))
inner = raw_zip([(b'x', zeros(64 * MIB), 64 * MIB, None)])
for _ in range(3): inner = raw_zip([(b'%d.zip' % n, zlib.compress(inner, 9, -15), len(inner), None) for n in range(16)])
open('nested.zip', 'wb').write(inner)
kernel = zeros(32 * MIB)
open('overlap.zip', 'wb').write(raw_zip([(b'0', kernel, 32 * MIB, None)] + [(b'%d' % n, kernel, 32 * MIB, 0) for n in range(1, 2000)]))
open('zeros.gz', 'wb').write(gzip.compress(gzip.compress(bytes(900 * MIB), 9), 9))
open('zeros.bz2', 'wb').write(bz2.compress(bytes(100 * MIB)) * 20)
open('zeros.xz', 'wb').write(lzma.compress(bytes(300 * MIB), preset=0))
# A name of a gigabyte, and a hole of many.
i = tarfile.TarInfo('x'); i.type = tarfile.GNUTYPE_LONGNAME; i.size = 1 << 30
c = zlib.compressobj(9, zlib.DEFLATED, 31); b = c.compress(i.tobuf())
for _ in range(1024): b += c.compress(b'x' * MIB)
open('name.tgz', 'wb').write(b + c.flush())
"#;
    python(&project, script, [""]);
    for (name, place) in [
        ("flat.zip", "flat.zip!x"),
        ("overlap.zip", "overlap.zip!4"),
        ("zeros.bz2", "zeros.bz2!zeros"),
        ("zeros.xz", "zeros.xz!zeros"),
        ("name.tgz", "name.tgz!name"),
    ] {
        let ran = bounded(&project, name);
        let mut gaps = gaps(&ran);
        // Nobody worked out the checksums.
        gaps.retain(|gap| !gap.starts_with("corrupt "));
        ran.exits(3).check(gaps == [format!("ratio {place}")], "the bomb is told");
    }
    for name in ["nested.zip", "zeros.gz"] {
        let ran = bounded(&project, name);
        let mut gaps = gaps(&ran);
        gaps.retain(|gap| !gap.starts_with("corrupt "));
        ran.exits(3).check(gaps.len() == 1 && gaps[0].starts_with(&format!("ratio {name}!")), "it is told");
    }
}

#[test]
fn many_members_are_read_and_more_are_not() {
    let project = Project::new();
    let script = "
import sys, zipfile, tarfile, io
n, t = 50000, sys.argv[1].encode()
with zipfile.ZipFile('a.zip', 'w') as f:
    for m in range(n): f.writestr(f'd/{m}', t if m == n - 1 else b'')
with tarfile.open('a.tar', 'w') as f:
    for m in range(n):
        i = tarfile.TarInfo(f'd/{m}'); i.size = len(t) if m == n - 1 else 0
        f.addfile(i, io.BytesIO(t))
";
    python(&project, script, [key(1)]);
    for name in ["a.zip", "a.tar"] {
        let ran = bounded(&project, name);
        ran.exits(1).check(ran.tally("members") == 50_000, "all are read");
        ran.check(spots(&ran) == [format!("{name}!d/49999:1:5")], "also the last one");
        let ran = json(&project, &["--max-members", "49999", name]);
        ran.exits(3).check(gaps(&ran) == [format!("too-many-members {name}!d/49999")], "one is too many");
    }
}

#[test]
fn names_that_lead_out_steer_a_terminal_or_come_twice() {
    let project = Project::new();
    let script = "
import sys, zipfile, tarfile, io, warnings
warnings.simplefilter('ignore')
names = ['../up', '/abs', 'a\\\\..\\\\..\\\\b', 'esc\\x1b[31m', 'bidi\\u202etxt', 'twice', 'twice']
with zipfile.ZipFile('a.zip', 'w') as f:
    for n, t in zip(names, sys.argv[1:]): f.writestr(n, t)
with tarfile.open('a.tar', 'w') as f:
    for n, t in zip(names, sys.argv[1:]):
        i = tarfile.TarInfo(n); i.size = len(t); f.addfile(i, io.BytesIO(t.encode()))
";
    python(&project, script, (0..7).map(key));
    for name in ["a.zip", "a.tar"] {
        let ran = json(&project, &[name]);
        ran.exits(1).check(ran.tally("shown") == 7, "each of them is scanned");
        let expected = ["../up", "/abs", "a\\..\\..\\b"].map(|member| format!("unsafe-name {name}!{member}"));
        ran.check(gaps(&ran) == expected, "those that lead out are told");
        let hazard = |letter: char| (letter.is_control() && letter != '\n') || letter == '\u{202e}';
        for format in ["human", "json", "jsonl", "sarif"] {
            let ran = project.stanch(["scan", "--format", format, name]).run();
            assert!(!ran.stdout().contains(hazard), "{format}: {}", ran.told());
        }
    }
}

#[test]
fn a_tar_may_hold_links_devices_and_holes() {
    let project = Project::new();
    let script = "
import sys, tarfile, io
t = sys.argv[1].encode()
with tarfile.open('a.tar', 'w') as f:
    for n, kind in enumerate([tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE]):
        i = tarfile.TarInfo(f'n{n}'); i.type = kind; i.linkname = 'x' if n < 2 else ''; i.devmajor = 1; f.addfile(i)
    i = tarfile.TarInfo('last'); i.size = len(t); f.addfile(i, io.BytesIO(t))
";
    python(&project, script, [key(1)]);
    let ran = json(&project, &["a.tar"]);
    ran.exits(1).check(spots(&ran) == ["a.tar!last:1:5"], "what follows them is read");
    // A file with a hole of 1 TB before its end.
    let hole = "truncate -s 1T sparse; cat key >> sparse; tar cSf b.tar sparse key; tar cSf c.tar --format=pax sparse key; rm sparse";
    project.write("key", key(2));
    if made_by(&project, &["tar", "truncate"], hole) {
        for name in ["b.tar", "c.tar"] {
            let ran = bounded(&project, name);
            ran.exits(1).check(ran.paths() == [format!("{name}!key"), format!("{name}!sparse")], "both");
        }
    }
}

#[test]
fn a_member_of_four_gigabytes_is_read() {
    let project = Project::in_memory();
    // Lines that no member repeats at a distance that a small window remembers pack to a hundredth.
    let script = r#"
import sys, zipfile
block = b''.join(b'%08d a line of a log that is much like others\n' % n for n in range(20000))
t = sys.argv[1].encode()
with zipfile.ZipFile('a.zip', 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as f:
    with f.open('x.log', 'w', force_zip64=True) as m:
        left = (4 << 30) + 5
        while left > 0: m.write(block); left -= len(block)
        m.write(t)
"#;
    if env::var_os("STANCH_LARGE").is_some() {
        python(&project, script, [key(1)]);
        let ran = bounded(&project, "a.zip");
        ran.exits(1).check(ran.paths() == ["a.zip!x.log"], "the end of it is found");
    }
}

/// Makes a gzip file that unpacks to itself, after Russ Cox, "Zip Files All The Way Down", 2010: a program of two
/// instructions, to write what follows and to repeat what was written, each five bytes long.
const QUINE: &str = r#"
import gzip, zlib
def bits(*parts):
    n = at = 0
    for value, width in parts: n |= value << at; at += width
    return n.to_bytes(5, 'little')
def flip(value, width): return int(f'{value:0{width}b}'[::-1], 2)
def again(last):
    # Two matches of 10 bytes, 20 bytes back: codes 264 and 8, whose extra bits say 3.
    match = [(flip(8, 7), 7), (flip(8, 5), 5), (3, 3)]
    return bits((last, 1), (1, 2), *match, *match, (0, 7))
def literal(size): return b'\0' + size.to_bytes(2, 'little') + (size ^ 0xffff).to_bytes(2, 'little')
R, E, L5, L20, L0 = again(0), again(1), literal(5), literal(20), literal(0)
def whole(crc, size, time=0):
    p = b'\x1f\x8b\x08\x08' + time.to_bytes(4, 'little') + b'\0\3r.gz\0'
    s = crc.to_bytes(4, 'little') + size.to_bytes(4, 'little') + bytes(7)
    return (p + L20 + p + L20 + R + L5 + R + L5 + L5 + L20 + R + L5 + L5 + L20 + R + L20 + R + L20 + R + L20
        + R + L20 + R + L0 + L0 + L20 + R + L0 + L0 + L20 + E + s + E + s)
size = len(whole(0, 0))
# A checksum is linear over GF(2), also that of a file in which it stands itself; not every file has one.
def solved(time):
    f = lambda crc: zlib.crc32(whole(crc, size, time))
    want, found = f(0), 0
    rows = [(f(1 << n) ^ want ^ 1 << n, 1 << n) for n in range(32)]
    for bit in range(32):
        pivot = next((row for row in rows if row[0] >> bit & 1), None)
        if pivot is None: continue
        rows = [(v ^ pivot[0], w ^ pivot[1]) if v >> bit & 1 else (v, w) for v, w in rows if (v, w) != pivot]
        if want >> bit & 1: want, found = want ^ pivot[0], found ^ pivot[1]
    return None if want else whole(found, size, time)
made = next(filter(None, map(solved, range(100))))
assert gzip.decompress(made) == made
open('r.gz', 'wb').write(made)
"#;

#[test]
fn an_archive_that_holds_itself_ends() {
    let project = Project::new();
    python(&project, QUINE, [""]);
    let ran = bounded(&project, "r.gz");
    ran.exits(3);
    assert!(gaps(&ran).iter().all(|gap| gap.starts_with("too-deep ")), "{:?}", gaps(&ran));
}

// Archives from elsewhere than a folder

/// A repository that had an archive with a token, an encrypted one, and a clean one.
fn history() -> Project {
    let project = repository(&[]);
    let script = "
import sys, zipfile
def make(name, member, text, flags=0):
    with zipfile.ZipFile(name, 'w', zipfile.ZIP_DEFLATED) as f: f.writestr(member, text)
    if flags:
        b = bytearray(open(name, 'rb').read())
        for at in (6, b.index(b'PK\\1\\2') + 8): b[at] |= flags
        open(name, 'wb').write(b)
make('a.zip', 'b/c.txt', sys.argv[1]); make('closed.zip', 'x', 'x', 1); make('clean.zip', 'y', 'nothing')
";
    python(&project, script, [key(1)]);
    project.git(&["add", "-A"]).git(&["commit", "-q", "-m", "archives"]);
    project
}

#[test]
fn archives_in_a_history_are_opened() {
    let project = history();
    project.git(&["rm", "-q", "a.zip"]).git(&["commit", "-q", "-m", "gone"]);
    let ran = project.stanch(["git", "--format", "json"]).run();
    ran.exits(1).check(spots(&ran) == ["a.zip!b/c.txt:1:5"], "it is found after it was removed");
    ran.check(gaps(&ran) == ["encrypted closed.zip!x"], "what is closed is told at its path");
    let place = &ran.json()["findings"][0]["places"][0];
    let subject = |commit: &str| project.ask("git", &["log", "-1", "--format=%s", commit]);
    ran.check(subject(place["commit"].as_str().unwrap()) == "archives", "who brought it");
    ran.check(subject(place["removed"]["commit"].as_str().unwrap()) == "gone", "who took it out");
    project.stanch(["git", "--no-archives"]).run().exits(0);
    let ran = project.stanch(["git", "--format", "json", "--range", "HEAD~1..HEAD"]).run();
    ran.exits(0).check(gaps(&ran).is_empty(), "nothing was brought by the last commit");
    let ran = project.stanch(["scan", "--rev", "HEAD~1", "--format", "json"]).run();
    ran.exits(1).check(spots(&ran) == ["a.zip!b/c.txt:1:5"], "the files of a commit are opened");
}

#[test]
fn a_cache_tells_the_same_of_archives() {
    let project = history();
    let cache = format!("--cache={}", project.path("").with_extension("cache").display());
    let run = || project.stanch(["git", "--format", "json", &cache]).run();
    let first = run();
    first.exits(1).check(gaps(&first) == ["encrypted closed.zip!x"], "what is closed is told");
    for _ in 0..2 {
        let again = run();
        again.check(again.stdout() == first.stdout(), "a later run tells the same");
    }
    commit(&project, "more.txt", "nothing\n", "more");
    let later = run();
    later.exits(1).check(gaps(&later) == gaps(&first) && spots(&later) == spots(&first), "and so on");
}

#[test]
fn staged_archives_are_opened() {
    let project = history();
    project.git(&["mv", "a.zip", "moved.zip"]);
    python(
        &project,
        "import sys, zipfile; zipfile.ZipFile('new.zip', 'w').writestr('x', sys.argv[1])",
        [key(2)],
    );
    project.git(&["add", "new.zip"]);
    let ran = project.stanch(["git", "--staged", "--format", "json"]).run();
    ran.exits(1).check(spots(&ran) == ["moved.zip!b/c.txt:1:5", "new.zip!x:1:5"], "both are told");
    let novelty = |finding: &serde_json::Value| finding["places"][0]["novelty"].as_str().map(str::to_owned);
    let report = ran.json();
    let mut all: Vec<_> = report["findings"].as_array().unwrap().iter().map(novelty).collect();
    all.sort();
    ran.check(all == [Some("moved".into()), Some("new".into())], "what moved is no news");
}

#[test]
fn what_a_report_names_in_an_archive_is_found_again() {
    let project = history();
    let name = project.path("").with_extension("cache");
    for args in [&["scan", "."][..], &["git"]] {
        let ran = project.stanch(args.iter().chain(&["--format", "json"])).run();
        fs::write(&name, &ran.stdout).unwrap();
        let name = name.to_str().unwrap();
        let ran = project.stanch(["verify", "--dry-run", name]).run();
        ran.exits(0).has("1 of 1 findings would be asked about.");
    }
    fs::remove_file(name).unwrap();
}

// Packages

#[test]
fn archives_of_7_zip_are_opened() {
    let project = Project::new();
    project.write("in/b/c.txt", format!("first\n{}", key(1)));
    project.write("in/second", key(2)).write("in/empty", "");
    let places = ["a.7z!b/c.txt:2:5", "a.7z!second:1:5"];
    for options in
        ["", "-m0=lzma", "-m0=bzip2", "-m0=ppmd", "-mx0", "-ms=off", "-m0=bcj -m1=lzma2", "-m0=bcj2"]
    {
        if !made_by(&project, &["7z"], &format!("rm -f a.7z; cd in; 7z a -bd {options} ../a.7z . >../log")) {
            return;
        }
        let ran = json(&project, &["a.7z"]);
        ran.exits(1).check(spots(&ran) == places, options);
        ran.check(gaps(&ran).is_empty(), options);
    }
    for (options, gaps_of) in [
        ("-pword", &["encrypted a.7z!b/c.txt", "encrypted a.7z!second"][..]),
        ("-pword -mhe=on", &["encrypted a.7z"]),
        ("-m0=deflate", &["unsupported a.7z!b/c.txt", "unsupported a.7z!second"]),
    ] {
        made_by(&project, &["7z"], &format!("rm a.7z; cd in; 7z a -bd {options} ../a.7z . >../log"));
        let ran = json(&project, &["a.7z"]);
        ran.exits(3).check(gaps(&ran) == gaps_of, options);
    }
    // What stands behind a fault in a block cannot be read; what stands before it can.
    let noise = "head -c 300000 /dev/urandom > in/noise";
    let line = "rm a.7z; cd in; 7z a -bd ../a.7z b/c.txt noise second >../log";
    let damage = "printf x | dd of=a.7z bs=1 seek=200000 conv=notrunc status=none";
    made_by(&project, &["7z"], &format!("{noise}; ({line}); {damage}"));
    let ran = json(&project, &["a.7z"]);
    ran.exits(1).check(ran.paths().contains(&"a.7z!b/c.txt".to_owned()), "what comes before counts");
    ran.check(gaps(&ran).iter().all(|gap| gap.starts_with("corrupt a.7z!")), "it is told");
}

#[test]
fn packages_of_distributions_are_opened() {
    let project = Project::new();
    let control = "Package: a\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.com>\nDescription: a\n";
    project.write("deb/DEBIAN/control", control).write("deb/etc/a.conf", key(1));
    if made_by(&project, &["dpkg-deb"], "dpkg-deb -b deb a.deb >log; dpkg-deb -Zgzip -b deb b.deb >log") {
        for (name, member) in [("a.deb", "data.tar.xz"), ("b.deb", "data.tar.gz")] {
            let ran = json(&project, &[name]);
            ran.exits(1).check(spots(&ran) == [format!("{name}!{member}!etc/a.conf:1:5")], name);
            ran.check(gaps(&ran).is_empty(), name);
        }
    }
    let spec = format!(
        "Name: a\nVersion: 1\nRelease: 1\nSummary: a\nLicense: none\nBuildArch: noarch\n%description\na\n%install\n\
         mkdir -p %{{buildroot}}/etc\ncp {} %{{buildroot}}/etc/\n%post\necho {}\n%files\n/etc/a.conf\n",
        project.path("deb/etc/a.conf").display(),
        token(2)
    );
    project.write("a.spec", spec);
    let build = "rpmbuild -bb --define \"_topdir $PWD/top\" a.spec >log 2>&1; cp top/RPMS/noarch/*.rpm a.rpm";
    if made_by(&project, &["rpmbuild"], build) {
        let ran = json(&project, &["a.rpm"]);
        ran.exits(1)
            .check(ran.paths() == ["a.rpm!header", "a.rpm!payload!etc/a.conf"], "its scripts, its files");
        ran.check(gaps(&ran).is_empty(), "all of it");
    }
}

#[test]
fn archives_of_ar_and_cpio_are_opened() {
    let project = Project::new();
    let long = "a_name_that_is_longer_than_a_header_has_room_for.txt";
    project.write("in/odd", "x").write(format!("in/{long}"), key(1)).write("in/z", key(2));
    let places = |name: &str| [format!("{name}!{long}:1:5"), format!("{name}!z:1:5")];
    if made_by(&project, &["ar"], &format!("cd in; ar rc ../a.a odd {long} z")) {
        let ran = json(&project, &["a.a"]);
        ran.exits(1).check(spots(&ran) == places("a.a"), "GNU ar");
    }
    for format in ["newc", "crc", "odc"] {
        let line =
            format!("cd in; ln -sf z link; find . | LC_ALL=C sort | cpio -o -H {format} 2>../log >../a.cpio");
        if made_by(&project, &["cpio"], &line) {
            let ran = json(&project, &["a.cpio"]);
            ran.exits(1).check(spots(&ran) == places("a.cpio"), format);
            ran.check(gaps(&ran).is_empty(), format);
        }
    }
    if made_by(&project, &["cpio", "gzip"], "(cat a.cpio; gzip -c a.cpio) > initrd; gzip a.cpio") {
        let ran = json(&project, &["a.cpio.gz"]);
        ran.exits(1).check(spots(&ran) == places("a.cpio.gz"), "in a compressed file");
        let ran = json(&project, &["initrd"]);
        ran.exits(1).check(spots(&ran).len() == 4, "one after the other, as for an initial ramdisk");
    }
}

// Container images

/// Builds the layers of an image by hand, and both lists that tell their order.
const IMAGE: &str = r#"
import gzip, hashlib, io, json, sys, tarfile
def tar(files, mode='w'):
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode=mode) as f:
        for name, data in files:
            i = tarfile.TarInfo(name); i.size = len(data); f.addfile(i, io.BytesIO(data))
    return b.getvalue()
a, b = (text.encode() for text in sys.argv[1:3])
jar = io.BytesIO()
import zipfile
with zipfile.ZipFile(jar, 'w') as f: f.writestr('config.properties', b)
layers = [tar([('etc/secret', a)]), gzip.compress(tar([('etc/.wh.secret', b''), ('app.jar', jar.getvalue())]))]
digest = lambda data: hashlib.sha256(data).hexdigest()
plain = [layers[0], gzip.decompress(layers[1])]
rootfs = {'type': 'layers', 'diff_ids': ['sha256:' + digest(layer) for layer in plain]}
config = json.dumps({'os': 'linux', 'architecture': 'amd64', 'config': {}, 'rootfs': rootfs}).encode()
kind = 'application/vnd.oci.image.'
blob = lambda data, of: {'mediaType': kind + of, 'digest': 'sha256:' + digest(data), 'size': len(data)}
manifest = json.dumps({'schemaVersion': 2, 'mediaType': kind + 'manifest.v1+json', 'config': blob(config, 'config.v1+json'),
    'layers': [blob(layers[0], 'layer.v1.tar'), blob(layers[1], 'layer.v1.tar+gzip')]}).encode()
index = json.dumps({'schemaVersion': 2, 'manifests': [blob(manifest, 'manifest.v1+json')]}).encode()
blobs = [('blobs/sha256/' + digest(data), data) for data in [*layers, config, manifest]]
docker = json.dumps([{'Config': blobs[2][0], 'RepoTags': ['a:1'], 'Layers': [blobs[0][0], blobs[1][0]]}]).encode()
open('oci.tar', 'wb').write(tar([*blobs, ('index.json', index), ('oci-layout', b'{"imageLayoutVersion": "1.0.0"}')]))
open('docker.tar', 'wb').write(tar([*blobs, ('manifest.json', docker)]))
old = [(digest(layer) + '/layer.tar', layer) for layer in layers]
docker = json.dumps([{'Config': 'c.json', 'Layers': [name for name, _ in old]}]).encode()
open('old.tar', 'wb').write(tar([*old, ('manifest.json', docker)]))
"#;

#[test]
fn every_layer_of_an_image_is_read() {
    let project = Project::new();
    python(&project, IMAGE, [key(1), key(2)]);
    for name in ["oci.tar", "docker.tar", "old.tar"] {
        let ran = json(&project, &[name]);
        let expected = ["layer/1!etc/secret:1:5", "layer/2!app.jar!config.properties:1:5"];
        ran.exits(1)
            .check(spots(&ran) == expected.map(|place| format!("{name}!{place}")), "deleted ones, too");
        ran.check(gaps(&ran).is_empty(), "all of it");
    }
    let line = "mkdir -p x/etc; printf %s \"$KEY\" > x/etc/secret; tar xf oci.tar --one-top-level=oci; \
                skopeo copy -q oci:oci oci-archive:a.tar; skopeo copy -q oci:oci docker-archive:b.tar:a:1";
    if made_by(&project, &["skopeo"], line) {
        for name in ["a.tar", "b.tar"] {
            let ran = json(&project, &[name]);
            let expected = ["layer/1!etc/secret:1:5", "layer/2!app.jar!config.properties:1:5"];
            ran.exits(1).check(spots(&ran) == expected.map(|place| format!("{name}!{place}")), "by skopeo");
        }
    }
}

#[test]
fn lists_of_layers_that_lead_in_circles_end() {
    let project = Project::new();
    let script = r#"
import io, json, sys, tarfile
to = {'digest': 'sha256:' + '0' * 64}
text = json.dumps({'manifests': [to] * 1000}).encode()
with tarfile.open('a.tar', 'w') as f:
    for name, data in [('blobs/sha256/' + '0' * 64, text), ('index.json', text), ('x', sys.argv[1].encode())]:
        i = tarfile.TarInfo(name); i.size = len(data); f.addfile(i, io.BytesIO(data))
"#;
    python(&project, script, [key(1)]);
    let ran = bounded(&project, "a.tar");
    ran.exits(1).check(ran.paths() == ["a.tar!x"], "what is there is read");
}

// Files that hold text and more

#[test]
fn rows_of_a_database_are_read_as_its_own_program_prints_them() {
    let project = Project::new();
    let script = r#"
import sqlite3, sys
t = sys.argv[1:]
for name, encoding in [('a.db', 'UTF-8'), ('b.db', 'UTF-16le'), ('c.db', 'UTF-16be')]:
    c = sqlite3.connect(name)
    c.execute(f"PRAGMA encoding = '{encoding}'")
    c.execute('create table u(id integer primary key, name text, "the token" varchar(10, 2), n real, constraint x unique (name))')
    c.executemany('insert into u values(?, ?, ?, ?)', ((n, f'n{n}', t[0] if n == 5000 else 'x' * 30, n / 4) for n in range(1, 9000)))
    c.execute('create table k(a primary key, b) without rowid')
    c.executemany('insert into k values(?, ?)', ((n, t[1] if n == 700 else None) for n in range(3000)))
    c.execute('create table long(a)')
    c.execute('insert into long values(?)', ('word ' * 20000 + t[2],))
    c.execute('create view v as select load_extension(a) from long')
    c.commit()
"#;
    python(&project, script, (0..3).map(token));
    for name in ["a.db", "b.db", "c.db"] {
        let ran = json(&project, &[name]);
        ran.exits(1).check(gaps(&ran).is_empty(), "all is read");
        let spots = spots(&ran);
        ran.check(spots.len() == 3, "each place is told once");
        for (spot, table, value) in [(&spots[0], "k", 1), (&spots[1], "long", 2), (&spots[2], "u", 0)] {
            let printed = project.ask("sqlite3", &["-line", name, &format!("select * from {table}")]);
            let mut parts = spot.rsplitn(3, ':');
            let (column, line) = (parts.next().unwrap(), parts.next().unwrap());
            assert_eq!(parts.next().unwrap(), format!("{name}!{table}"));
            let line = printed.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
            let at = column.parse::<usize>().unwrap() - 1;
            assert_eq!(&line[at..at + 40], token(value), "{spot} is where sqlite3 -line prints it");
        }
    }
}

#[test]
fn damaged_databases_end() {
    let project = Project::new();
    let script = r#"
import random, sqlite3, struct, sys
c = sqlite3.connect('a.db')
c.execute('create table u(a)')
c.executemany('insert into u values(?)', ((sys.argv[1] if n % 100 == 0 else 'x' * 90,) for n in range(4000)))
c.commit(); c.close()
b = bytearray(open('a.db', 'rb').read())
# A tree that leads back to its root.
root = 4096
assert b[root] == 5
loop = bytearray(b)
for cell in range(struct.unpack('>H', b[root + 3:root + 5])[0]):
    at = root + struct.unpack('>H', b[root + 12 + 2 * cell:][:2])[0]
    loop[at:at + 4] = struct.pack('>I', 2)
open('loop.db', 'wb').write(loop)
open('cut.db', 'wb').write(b[:len(b) // 2 + 100])
r = random.Random(7)
for n in range(40):
    d = bytearray(b)
    for _ in range(60): d[r.randrange(16, len(d))] = r.randrange(256)
    open(f'noise{n}.db', 'wb').write(d)
"#;
    python(&project, script, [token(1)]);
    fs::remove_file(project.path("a.db")).unwrap();
    let ran = bounded(&project, ".");
    ran.exits(1).check(gaps(&ran).contains(&"corrupt loop.db".to_owned()), "the loop is told");
    ran.check(gaps(&ran).contains(&"corrupt cut.db".to_owned()), "what is cut off is told");
}

#[test]
fn texts_in_compiled_programs_are_read() {
    let project = Project::new();
    project.write("A.java", format!("class A {{ String password = \"{}\"; long n = 5L; }}", token(1)));
    if made_by(&project, &["javac", "jar"], "javac A.java; rm A.java; jar cf a.jar A.class") {
        let ran = json(&project, &[]);
        let spots = spots(&ran);
        ran.exits(1).check(spots.len() == 2, "in the class and in the archive, once each");
        let line = spots[0].split(':').nth(1).unwrap();
        ran.check(spots[0].starts_with("A.class!constants:"), "by the number of the constant");
        ran.check(spots[1] == format!("a.jar!A.class!constants:{line}:1"), "the same one");
        let told = project.ask("javap", &["-v", "A.class"]);
        let constant = told.lines().find(|text| text.trim().starts_with(&format!("#{line} = Utf8"))).unwrap();
        assert!(constant.contains(&token(1)), "{constant}");
        assert_eq!(["containers", "members"].map(|name| ran.tally(name)), [1, 2]);
    }
}

#[test]
fn parts_of_messages_notebooks_and_archives_of_browsers_are_read() {
    let project = Project::new();
    let script = r#"
import base64, io, json, sys, zipfile
from email.message import EmailMessage
t = sys.argv[1:]
m = EmailMessage()
m['From'] = 'a@example.com'; m['Subject'] = 'keys'
m.set_content('see the file, and ' + t[0])
m.add_alternative('<p>é ' * 30 + t[1], subtype='html', cte='base64')
z = io.BytesIO()
with zipfile.ZipFile(z, 'w', zipfile.ZIP_DEFLATED) as f: f.writestr('x.env', t[2])
m.add_attachment(z.getvalue(), maintype='application', subtype='zip', filename='keys.zip')
open('a.eml', 'wb').write(bytes(m))
body = base64.b64encode(t[4].encode()).decode()
har = {'log': {'version': '1.2', 'creator': {'name': 'x', 'version': '1'}, 'entries': [
    {'request': {'url': 'https://example.com/?key=' + t[3]}, 'response': {'content': {'text': body, 'encoding': 'base64'}}}]}}
open('a.har', 'w').write(json.dumps(har))
cells = [{'cell_type': 'code', 'source': ['x = 1\n', f'password = "{t[6]}"\n'], 'metadata': {},
    'outputs': [{'output_type': 'stream', 'name': 'stdout', 'text': ['first\n', t[5] + '\n']}]}]
open('a.ipynb', 'w').write(json.dumps({'cells': cells, 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5}, indent=1))
"#;
    python(&project, script, (0..7).map(token));
    let ran = json(&project, &[]);
    let expected = ["a.eml", "a.eml!keys.zip!x.env", "a.eml!part/4", "a.har", "a.har", "a.ipynb", "a.ipynb"];
    ran.exits(1)
        .check(ran.paths() == expected, "what can be decoded where it is written stands in the file itself");
    ran.check(gaps(&ran).is_empty(), "all is read");
}

#[test]
fn an_archive_on_standard_input_may_be_larger_than_what_is_held() {
    let project = Project::new();
    project.write("last", key(1));
    let line =
        "head -c 40000000 /dev/urandom > first; zip -q a.zip first last; zip -q - first last | cat > b.zip";
    if made_by(&project, &["zip"], line) {
        for name in ["a.zip", "b.zip"] {
            let bytes = fs::read(project.path(name)).unwrap();
            let ran = project.stanch(["scan", "--format", "json", "-"]).input(bytes).run();
            ran.exits(1).check(spots(&ran) == ["<stdin>!last:1:5"], name);
            ran.check(gaps(&ran).is_empty(), "all of it is read");
        }
    }
    if made_by(&project, &["7z"], "7z a -bd -mx0 a.7z first last > log") {
        let bytes = fs::read(project.path("a.7z")).unwrap();
        let ran = project.stanch(["scan", "--format", "json", "-"]).input(bytes).run();
        ran.exits(1).check(gaps(&ran) == ["too-large <stdin>"], "a 7z begins at its end");
        ran.check(ran.paths() == ["<stdin>"], "what is stored plainly in it is found all the same");
    }
}

#[test]
fn damage_of_any_kind_ends_in_a_report() {
    let project = Project::new();
    project.write("in/a.txt", key(1)).write("in/b/c.txt", format!("{}{}", "words\n".repeat(200), key(2)));
    for (programs, line) in [
        (&["zip"][..], "zip -qr ../a.zip ."),
        (&["tar"], "tar cf ../a.tar . && tar czf ../a.tgz ."),
        (&["bzip2", "xz", "zstd"], "bzip2 -k ../a.tar && xz -k ../a.tar && zstd -qk ../a.tar"),
        (&["7z"], "7z a -bd ../a.7z . > ../log && 7z a -bd -m0=ppmd ../b.7z . > ../log"),
        (&["ar", "cpio"], "ar rc ../a.a a.txt b/c.txt && find . | cpio -o -H newc > ../a.cpio 2>../log"),
    ] {
        made_by(&project, programs, &format!("cd in && {line}"));
    }
    let script = r#"
import os, random
r = random.Random(11)
for name in sorted(n for n in os.listdir('.') if n.startswith(('a.', 'b.'))):
    whole = open(name, 'rb').read(); os.remove(name)
    for n in range(25):
        b = bytearray(whole)
        for _ in range(r.choice([1, 3, 20])): b[r.randrange(3, len(b))] = r.choice([0, 1, 0x7f, 0x80, 0xff, r.randrange(256)])
        open(f'{name}.{n}', 'wb').write(b[:r.choice([len(b), r.randrange(4, len(b))])])
"#;
    python(&project, script, [""]);
    let ran = bounded(&project, ".");
    ran.exits(1);
}

// stanch explain

#[test]
fn lines_of_members_are_explained_as_reports_name_them() {
    let project = Project::new();
    project.write("in/b/c.env", format!("first\n{}{}", key(1), key(2))).write("in/d.env", "PORT=1\n");
    project.command("sh", ["-ec", "tar czf x.tgz -C in b; tar cf a.tar x.tgz -C in d.env; rm -r in x.tgz"]);
    let explain = |place: &str| project.stanch(["explain", place]).run();
    let report = json(&project, &["a.tar"]).json();
    for finding in report["findings"].as_array().unwrap() {
        let (place, id) = (&finding["places"][0], finding["id"].as_str().unwrap());
        let place = format!("{}:{}:{}", place["path"].as_str().unwrap(), place["line"], place["column"]);
        let ran = explain(&place);
        ran.exits(0).has("column 5: github-pat-classic").has("yes: proven");
        ran.has(&format!("Finding {id} by github-pat-classic: proven, shown."));
    }
    explain("a.tar!x.tgz!b/c.env:1").exits(0).has("Nothing is reported.");
    project.write(".stanchignore", "path *.tgz reason=\"made for tests\"\n");
    explain("./a.tar!x.tgz!b/c.env:2").exits(0).has("1 of 1 findings are ignored by an ignore file.");
    for (place, told) in [
        (
            "a.tar!d.en:1",
            "stanch: a.tar!d.en: there is no such member; there are `a.tar!d.env`, `a.tar!x.tgz!b/c.env`\n",
        ),
        (
            "a.tar:1",
            "stanch: a.tar: lines are those of what is in this archive; there are `a.tar!d.env`, `a.tar!x.tgz!b/c.env`\n",
        ),
        ("a.tar!d.env:2", "stanch: a.tar!d.env: there is no line 2; the file has 1\n"),
        (
            ".stanchignore!x:1",
            "stanch: .stanchignore!x: there is no such file, and .stanchignore is no archive\n",
        ),
        ("b.tar!x:1", "stanch: b.tar!x: the file cannot be read: No such file or directory (os error 2)\n"),
    ] {
        let ran = explain(place);
        ran.exits(2).check(ran.stderr() == told, told);
    }
}

#[test]
fn explaining_tells_what_could_not_be_read() {
    let project = Project::new();
    project.write("in/a.env", key(1));
    project.command("sh", ["-ec", "tar czf x.tgz -C in .; head -c 60 x.tgz > cut.tgz; rm -r in x.tgz"]);
    let ran = project.stanch(["explain", "cut.tgz!a.env:1"]).run();
    ran.exits(2).has("there is no such member").has("cut.tgz could not be read (corrupt): as a gzip file");
}

#[test]
fn members_of_one_name_are_all_explained() {
    let project = Project::new();
    project.write("1/a.env", "PORT=1\n").write("2/a.env", format!("PORT=1\n{}", key(1)));
    project.command("sh", ["-ec", "tar cf a.tar -C 1 a.env; tar rf a.tar -C 2 a.env; rm -r 1 2"]);
    let explain = |place: &str| project.stanch(["explain", place]).run();
    let ran = explain("a.tar!a.env:1");
    ran.exits(0).has("Of 2 members with this name this is number 1.").has("this is number 2.");
    let ran = explain("a.tar!a.env:2");
    ran.exits(0).has_not("this is number 1.").has("this is number 2.").has("yes: proven");
    explain("a.tar!a.env:3").exits(2).has("there is no line 3; the file has 2");
}

#[test]
fn text_in_databases_and_mail_is_explained() {
    let project = Project::new();
    let mail = format!("From: a@example.com\r\nContent-Type: text/plain\r\n\r\n{}", key(1));
    project.write("in/a.eml", mail);
    project.command("tar", ["cf", "a.tar", "-C", "in", "a.eml"]);
    let script = "
import sqlite3, sys
db = sqlite3.connect('a.db'); db.execute('create table t(name, value)')
db.execute('insert into t values (?, ?)', ('KEY', sys.argv[1])); db.commit()";
    python(&project, script, [token(2)]);
    for place in spots(json(&project, &["a.tar", "a.db"]).exits(1)) {
        project.stanch(["explain", &place]).run().exits(0).has("yes: proven").has("Finding ");
    }
}
