//! What can go wrong while tokens are revoked: connections that break, a program that is killed, a disk that is full,
//! a clock that jumps. A call is sent once at most, and the ledger knows of it.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::provider::{Dead, Desk, Vendors, is_change, named, usual};
use common::server::{Received, Reply};
use common::{Ran, example, key, token};
use serde_json::json;

/// Somebody waits for what will never come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A desk with a plan about one token of GitHub.
fn planned(vendors: &Vendors) -> Desk {
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1));
    desk.plan(&["a.env"]);
    desk
}

fn kill_all(received: &Received, dead: &Dead) {
    named(received).iter().for_each(|token| dead.add(token));
}

/// Does what it is told with the first call, and answers all else as usual.
type OnCall = fn(&Received, &Dead) -> Reply;

#[test]
fn a_call_that_is_not_answered_well_is_settled_by_asking_and_never_sent_again() {
    let cases: [(&str, bool, OnCall); 9] = [
        ("cut, not done", false, |_, _| Reply::Cut),
        ("cut, done", true, |received, dead| {
            kill_all(received, dead);
            Reply::Cut
        }),
        ("half a head, not done", false, |_, _| Reply::Raw(b"HTTP/1.1 20".to_vec())),
        ("half a head, done", true, |received, dead| {
            kill_all(received, dead);
            Reply::Raw(b"HTTP/1.1 20".to_vec())
        }),
        ("half a body, done", true, |received, dead| {
            kill_all(received, dead);
            Reply::Raw(b"HTTP/1.1 202 x\r\ncontent-length: 100\r\n\r\n{\"a\":".to_vec())
        }),
        ("half a body, not done", false, |_, _| {
            Reply::Raw(b"HTTP/1.1 202 x\r\ncontent-length: 100\r\n\r\n{\"a\":".to_vec())
        }),
        ("never, done", true, |received, dead| {
            kill_all(received, dead);
            Reply::Late(Duration::from_secs(4), Box::new(Reply::Cut))
        }),
        ("never, not done", false, |_, _| Reply::Late(Duration::from_secs(4), Box::new(Reply::Cut))),
        ("trouble, done", true, |received, dead| {
            kill_all(received, dead);
            Reply::json(500, "{}")
        }),
    ];
    thread::scope(|scope| {
        for (what, done, reply) in cases {
            scope.spawn(move || {
                let vendors = Vendors::twisted(move |received, dead| {
                    is_change(received).then(|| reply(received, dead))
                });
                settled(what, done, &vendors, 1);
            });
        }
    });
}

/// Applies twice and checks that what is not known is asked.
#[track_caller]
fn settled(what: &str, done: bool, vendors: &Vendors, calls: usize) {
    let desk = planned(vendors);
    let (code, word) = if done { (0, "revoked") } else { (4, "unknown") };
    for round in ["first", "second"] {
        let ran = desk.apply(&["--timeout", "2"]);
        ran.check(ran.code == Some(code), &format!("{what}, {round}")).has(word);
        vendors.changed(calls, &ran);
    }
    let last = if done { "confirmed_dead" } else { "unknown" };
    let expected = ["sending", "unknown", if done { "confirmed_dead" } else { "still_live" }];
    let events = desk.events();
    assert_eq!(events[..3], expected, "{what}: {events:?}");
    assert_eq!(events.last().unwrap(), last, "{what}: {events:?}");
}

#[test]
fn a_connection_that_is_closed_before_the_call_is_read_is_no_reason_to_send_it_again() {
    let (closes, asked) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let closing = Arc::clone(&closes);
    let twist = move |received: &Received, dead: &Dead| {
        // The second question comes directly before the call: its connection ends, and the next one is closed at once.
        if !is_change(received) && asked.fetch_add(1, Ordering::SeqCst) == 1 {
            closing.store(true, Ordering::SeqCst);
            return Some(usual(received, dead).with("connection", "close"));
        }
        None
    };
    let vendors = Vendors::choosing(move || !closes.swap(false, Ordering::SeqCst), twist);
    settled("closed before it is read", false, &vendors, 0);
}

#[test]
fn a_new_plan_may_send_what_an_old_one_may_not() {
    let first = AtomicBool::new(true);
    let vendors = Vendors::twisted(move |received, _| {
        (is_change(received) && first.swap(false, Ordering::SeqCst)).then_some(Reply::Cut)
    });
    let desk = planned(&vendors);
    desk.apply(&[]).exits(4).has("make a new plan to send another");
    desk.plan(&["a.env"]);
    let ran = desk.apply(&[]);
    ran.exits(0).has("revoked");
    vendors.changed(2, &ran);
}

/// A server that tells when a request arrived, and answers once it is let.
struct Gate {
    vendors: Vendors,
    arrival: Receiver<()>,
    release: Sender<()>,
    is_shut: Arc<AtomicBool>,
}

impl Gate {
    /// Holds the first request for which `holds` once it is shut, and answers it with `reply` in the end.
    fn at(holds: fn(&Received, &Dead) -> bool, reply: OnCall) -> Gate {
        let (arrived, arrival) = channel();
        let (release, released) = channel();
        let (arrived, released) = (Mutex::new(arrived), Mutex::new(released));
        let is_shut = Arc::new(AtomicBool::new(false));
        let shut = Arc::clone(&is_shut);
        let vendors = Vendors::twisted(move |received, dead| {
            if !holds(received, dead) || !shut.swap(false, Ordering::SeqCst) {
                return easypost(received, dead);
            }
            let answer = reply(received, dead);
            arrived.lock().unwrap().send(()).unwrap();
            let _ = released.lock().unwrap().recv_timeout(PATIENCE);
            Some(answer)
        });
        Gate { vendors, arrival, release, is_shut }
    }

    /// Runs a command until the request arrived, and kills it.
    fn kill_at(&self, mut command: Command, what: &str) {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.is_shut.store(true, Ordering::SeqCst);
        let mut child = command.spawn().unwrap();
        self.arrival.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{what}: {error}"));
        child.kill().unwrap();
        child.wait().unwrap();
        self.release.send(()).unwrap();
    }
}

/// EasyPost, which needs the id of a key from a list before it disables the key.
fn easypost(received: &Received, dead: &Dead) -> Option<Reply> {
    if !received.path.starts_with("/v2/") {
        return None;
    }
    let key = example("easypost-api-key", 1);
    let path = received.path.split('?').next().unwrap();
    Some(match path {
        _ if dead.has(&key) => Reply::json(401, "{}"),
        "/v2/addresses" => Reply::json(200, r#"{"addresses":[],"has_more":false}"#),
        "/v2/api_keys" => Reply::json(200, &json!({ "keys": [{ "id": "ak_1", "key": key }] }).to_string()),
        _ => {
            dead.add(&key);
            Reply::json(200, r#"{"id":"ak_1","active":false}"#)
        }
    })
}

/// Whether a question is asked after the call that killed the token.
fn is_confirmation(received: &Received, dead: &Dead) -> bool {
    !is_change(received) && (dead.has(&token(1)) || dead.has(&example("easypost-api-key", 1)))
}

#[test]
fn a_program_that_is_killed_has_sent_its_call_once_at_most() {
    // Where it is killed; whether the vendor does what it received; what the ledger says then; how a second run ends.
    type Case = (&'static str, fn(&Received, &Dead) -> bool, OnCall, &'static [&'static str], i32, usize);
    let cases: [Case; 4] = [
        ("first question", |received, _| !is_change(received), usual, &[], 0, 1),
        ("call received, not done", |received, _| is_change(received), |_, _| Reply::Cut, &["sending"], 4, 1),
        ("call received, done", |received, _| is_change(received), usual, &["sending"], 0, 1),
        ("asking afterwards", is_confirmation, usual, &["sending", "accepted"], 0, 1),
    ];
    thread::scope(|scope| {
        for (what, holds, reply, events, code, calls) in cases {
            scope.spawn(move || {
                let gate = Gate::at(holds, reply);
                let desk = gate.vendors.desk(&["github"]);
                desk.project.write("a.env", key(1));
                desk.plan(&["a.env"]);
                killed_and_again(&gate, &desk, (what, events, code, calls));
            });
        }
        scope.spawn(|| {
            let what = "list before the call";
            let gate = Gate::at(
                |received, _| received.path == "/v2/api_keys",
                |received, dead| easypost(received, dead).unwrap(),
            );
            let desk = gate.vendors.desk(&["easypost"]);
            desk.project.write("a.env", format!("KEY={}\n", example("easypost-api-key", 1)));
            desk.plan(&["a.env"]);
            killed_and_again(&gate, &desk, (what, &[], 0, 1));
        });
    });
}

/// Kills a run at its gate, and checks what it leaves and what a second run makes of it.
fn killed_and_again(gate: &Gate, desk: &Desk, (what, events, code, calls): (&str, &[&str], i32, usize)) {
    gate.kill_at(desk.applying(&[]).into_command(), what);
    assert_eq!(desk.events(), events, "{what}");
    let ran = desk.apply(&[]);
    ran.check(ran.code == Some(code), what);
    gate.vendors.changed(calls, &ran);
    let ran = desk.apply(&[]);
    ran.check(ran.code == Some(code), what);
    gate.vendors.changed(calls, &ran);
    desk.bare(["revoke", "ledger", "--verify"]).run().exits(0);
}

/// `before` for a shell, so that no file grows beyond so many bytes: whoever writes more is killed, as by a crash
/// in the middle of a line.
fn killed_after(bytes: usize) -> String {
    format!("exec prlimit --core=0 --fsize={bytes} -- \"$0\" \"$@\"")
}

#[test]
fn a_program_that_is_killed_in_the_middle_of_a_line_has_sent_its_call_once_at_most() {
    let whole = {
        let vendors = Vendors::start();
        let desk = planned(&vendors);
        desk.apply(&[]).exits(0);
        desk.project.read(desk.ledger())
    };
    let ends: Vec<usize> = whole.match_indices('\n').map(|(at, _)| at + 1).collect();
    assert_eq!(ends.len(), 3, "{whole}");
    // Numbers in it may have one digit more or less: nothing here is at the byte.
    let cuts = [0, 1, ends[0] / 2, ends[0] + 10, ends[0] + 200, ends[1] + 10, (ends[1] + ends[2]) / 2];
    let exact = (ends[0] - 12..ends[0] + 3).collect::<Vec<usize>>();
    let all: Vec<usize> = cuts.into_iter().chain(exact).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(&bytes) = all.get(next.fetch_add(1, Ordering::SeqCst)) {
                    cut_at(bytes, ends[0]);
                }
            });
        }
    });
}

fn cut_at(bytes: usize, first_line: usize) {
    let vendors = Vendors::start();
    let desk = planned(&vendors);
    let digest = desk.digest();
    let args = ["revoke", "apply", "plan.json", "--irreversible", "--wait", "0", "--yes", &digest];
    let ran = desk.stanch_after(&killed_after(bytes), &args).run();
    ran.check(ran.code.is_none(), &format!("the system kills it at {bytes} bytes"));
    let sent = vendors.changes().len();
    let is_early = bytes + 12 < first_line;
    ran.check(!is_early || sent == 0, &format!("at {bytes} bytes nothing may be sent"));
    // Its chain is whole, or torn at the last line only.
    let told = desk.bare(["revoke", "ledger", "--verify"]).run();
    told.exits(0);
    let records = desk.records().len();
    let again = desk.apply(&[]);
    again.check(matches!(again.code, Some(0 | 4)), &format!("after a cut at {bytes} bytes"));
    again.check(vendors.changes().len() <= 1, &format!("after a cut at {bytes} bytes: sent once at most"));
    // What was sent killed the token; what was not is still to be done where the ledger does not know better.
    let expected = if sent == 1 || records == 0 { 0 } else { 4 };
    again.check(
        again.code == Some(expected),
        &format!("cut at {bytes} bytes, {records} records, {sent} sent"),
    );
    assert!(desk.records().len() > records, "after a cut at {bytes} bytes the ledger goes on");
}

#[test]
fn what_the_ledger_says_of_a_part_of_a_batch_is_not_sent_and_the_rest_is() {
    let both = |vendors: &Vendors| {
        let desk = vendors.desk(&["github"]);
        desk.project.write("a.env", key(1) + &key(2));
        desk.plan(&["a.env"]);
        desk
    };
    let vendors = Vendors::start();
    let desk = both(&vendors);
    desk.apply(&[]).exits(0);
    let first_line = desk.project.read(desk.ledger()).find('\n').unwrap();
    let vendors = Vendors::start();
    let desk = both(&vendors);
    let digest = desk.digest();
    let args = ["revoke", "apply", "plan.json", "--irreversible", "--wait", "0", "--yes", &digest];
    let ran = desk.stanch_after(&killed_after(first_line + 100), &args).run();
    ran.check(ran.code.is_none(), "the system kills it within the second line");
    vendors.changed(0, &ran);
    assert_eq!(desk.events(), ["sending"]);
    let first = desk.records()[0]["finding"].as_str().unwrap().to_owned();
    let ran = desk.apply(&[]);
    ran.exits(4).has(&format!("unknown {first}")).has("make a new plan to send another").has("revoked");
    vendors.changed(1, &ran);
    assert_eq!(named(&vendors.changes()[0]).len(), 1, "only what the ledger knows nothing of");
    // A new plan is about what is left.
    desk.plan(&["a.env"]);
    let ran = desk.apply(&[]);
    ran.exits(0).has("revoked");
    let mut sent: Vec<String> = vendors.changes().iter().flat_map(named).collect();
    sent.sort();
    let mut all = vec![token(1), token(2)];
    all.sort();
    assert_eq!(sent, all, "each is sent once");
}

#[test]
fn without_room_for_the_ledger_nothing_is_sent() {
    // As on a full disk: writing fails, whether at once or within the first line.
    for bytes in [0, 100] {
        let vendors = Vendors::start();
        let desk = planned(&vendors);
        let digest = desk.digest();
        let args = ["revoke", "apply", "plan.json", "--irreversible", "--wait", "0", "--yes", &digest];
        let before = format!("trap '' XFSZ\n{}", killed_after(bytes));
        let ran = desk.stanch_after(&before, &args).run();
        ran.exits(2).has("the ledger cannot be written: ");
        vendors.changed(0, &ran);
        assert_eq!(desk.events(), [""; 0], "{bytes}");
        // Once there is room it is done.
        let ran = desk.apply(&[]);
        ran.exits(0).has("revoked");
        vendors.changed(1, &ran);
    }
}

#[test]
fn what_is_no_file_is_no_ledger() {
    let vendors = Vendors::start();
    let desk = planned(&vendors);
    desk.project.write("folder/x", "");
    desk.project.command("mkfifo", ["pipe"]);
    for ledger in ["/dev/full", "/dev/zero", "/dev/null", "folder", "a.env/ledger"] {
        let ran = desk.apply(&["--ledger", ledger]);
        ran.check(ran.code == Some(2), ledger).has(ledger);
        vendors.changed(0, &ran);
    }
    desk.project.write("a.ledger", "KEY=\n");
    let ran = desk.apply(&["--ledger", "a.ledger"]);
    ran.exits(2).has("a.ledger: line 1 is no record");
    vendors.changed(0, &ran);
}

/// The library that lies about the time, where it is installed: Debian's package `faketime`.
fn faketime() -> Option<PathBuf> {
    let asked = Command::new("faketime").args(["-f", "+0d", "printenv", "LD_PRELOAD"]).output();
    let library = asked.ok().filter(|asked| asked.status.success()).map(|asked| asked.stdout);
    let library = library.map(|path| PathBuf::from(String::from_utf8(path).unwrap().trim()));
    assert!(
        library.is_some() || std::env::var_os("CI").is_none(),
        "faketime is not installed; in a pipeline this test must run: apt-get install faketime"
    );
    library
}

/// A run whose clock goes wrong by what stands in the file `clock`.
fn with_clock(desk: &Desk, library: &Path, ran: common::Stanch) -> common::Stanch {
    ran.env("LD_PRELOAD", &library.to_string_lossy())
        .env("FAKETIME_TIMESTAMP_FILE", &desk.project.path("clock").to_string_lossy())
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}

#[test]
fn a_clock_that_is_wrong_makes_a_plan_old_or_early() {
    let Some(library) = faketime() else {
        eprintln!("skipped: faketime is not installed");
        return;
    };
    let vendors = Vendors::start();
    let desk = planned(&vendors);
    for (clock, code, message) in [
        ("+25h", 2, "more than 24 hours ago"),
        ("-1h", 2, "which is still to come; check the clock"),
        ("+3000d", 2, "more than 24 hours ago"),
        ("+23h", 0, "revoked"),
    ] {
        desk.project.write("clock", clock);
        let ran = with_clock(&desk, &library, desk.applying(&[])).run();
        ran.check(ran.code == Some(code), clock).has(message);
        vendors.changed(usize::from(code == 0), &ran);
    }
}

#[test]
fn a_clock_that_jumps_meanwhile_spoils_nothing() {
    let Some(library) = faketime() else {
        eprintln!("skipped: faketime is not installed");
        return;
    };
    for (to, year) in [("+400d", 1), ("-400d", -1)] {
        let file = Arc::new(Mutex::new(PathBuf::new()));
        let clock = Arc::clone(&file);
        let vendors = Vendors::twisted(move |received, _| {
            if is_change(received) {
                fs::write(&*clock.lock().unwrap(), to).unwrap();
            }
            None
        });
        let desk = planned(&vendors);
        *file.lock().unwrap() = desk.project.path("clock");
        desk.project.write("clock", "+0d");
        let started = Instant::now();
        let ran = with_clock(&desk, &library, desk.applying(&[])).run();
        ran.exits(0).has("revoked");
        assert!(started.elapsed() < PATIENCE, "it waited for the clock: {}", ran.told());
        vendors.changed(1, &ran);
        let records = desk.records();
        let of = |at: usize| records[at]["time"].as_str().unwrap()[..4].parse::<i32>().unwrap();
        assert_eq!((of(1) - of(0)).signum(), year, "the clock should have jumped: {records:#?}");
        let again: Ran = desk.apply(&[]);
        again.exits(0);
        vendors.changed(1, &again);
    }
}
