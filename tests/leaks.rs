//! Whatever a vendor answers and whatever goes wrong: no secret is told, kept or handed on, in no encoding.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use common::provider::{Desk, Vendors, is_change};
use common::server::{Received, Reply};
use common::{Ran, example, token};
use serde_json::json;

/// A secret, and the part of its beginning that everybody knows.
struct Planted {
    rule: &'static str,
    value: String,
    known: usize,
}

/// What is planted in the project. Only AWS has two halves.
fn planted() -> &'static [Planted] {
    static PLANTED: OnceLock<Vec<Planted>> = OnceLock::new();
    PLANTED.get_or_init(|| {
        let of = |rule, known| Planted { rule, value: example(rule, 77), known };
        let own = Planted { rule: "acme-token", value: own_token(), known: 5 };
        vec![
            of("github-pat-classic", 4),
            of("gitlab-pat", 6),
            of("aws-access-key-id", 4),
            of("aws-secret-access-key", 0),
            of("easypost-api-key", 4),
            own,
        ]
    })
}

/// A token of a rule that does not ship.
fn own_token() -> String {
    stanch::rules::template::fill("acme_{alnum:30}", 77).unwrap()
}

/// The other key that a list of EasyPost holds: it is not planted, and must not be told either.
fn other_key() -> Planted {
    Planted { rule: "another key of the list", value: example("easypost-api-key", 78), known: 4 }
}

fn value_of(rule: &str) -> &'static str {
    &planted().iter().find(|planted| planted.rule == rule).unwrap().value
}

const OWN_RULE: &str = r#"
provider = "Acme"

[[rule]]
id = "acme-token"
name = "Acme token"
category = "saas"
severity = "high"
risk = "Acts as its owner."
source = "vendor-doc"
pattern = 'acme_[0-9a-z]{30}'
docs = ["https://docs.acme.example/tokens"]
examples = ["acme_{alnum:30}"]
near_misses = ["acme_{alnum:29}", "acme_{alnum:15}-{alnum:14}"]

[rule.verify]
get = "{endpoint}/acme/me"
auth = "Bearer {secret}"
live = ["200 /login"]
dead = ["401"]
tell = { owner = "/login" }
samples = [
  { status = 200, body = '{"login":"ada"}', says = "live" },
  { status = 401, says = "dead" },
  { status = 403, says = "unknown" },
]

[[rule.revoke]]
verb = "revoke"
delete = "{endpoint}/acme/me"
auth = "Bearer {secret}"
done = ["204"]
already = ["401"]
damage = "token"
effect = "It is gone."
samples = [
  { status = 204, says = "done" },
  { status = 401, says = "already" },
  { status = 403, says = "refused" },
]
"#;

/// The ways in which a value could be written somewhere: itself, twelve characters of it, encoded, backwards.
fn needles(planted: &Planted) -> Vec<(String, Vec<u8>)> {
    const PART: usize = 12;
    let bytes = planted.value.as_bytes();
    let mut needles: Vec<(String, Vec<u8>)> = vec![];
    let mut add = |how: &str, text: &[u8]| {
        needles.push((format!("{} {how}", planted.rule), text.to_vec()));
    };
    for part in bytes[planted.known..].windows(PART) {
        add("plain", part);
        let backwards: Vec<u8> = part.iter().rev().copied().collect();
        add("backwards", &backwards);
    }
    for shift in 0..3 {
        let shifted = [&vec![0; shift], bytes].concat();
        // Only characters that hold nothing of what stands before or after.
        let inside = (shift * 8).div_ceil(6)..(shifted.len() * 8) / 6;
        add("in base64", &STANDARD_NO_PAD.encode(&shifted).as_bytes()[inside.clone()]);
        add("in base64 for URLs", &URL_SAFE_NO_PAD.encode(&shifted).as_bytes()[inside]);
    }
    let each = |form: fn(&u8) -> String| bytes.iter().map(form).collect::<String>();
    add("in hex", each(|byte| format!("{byte:02x}")).as_bytes());
    add("in hex", each(|byte| format!("{byte:02X}")).as_bytes());
    add("percent-encoded", each(|byte| format!("%{byte:02x}")).as_bytes());
    add("percent-encoded", each(|byte| format!("%{byte:02X}")).as_bytes());
    let as_in_urls = each(|byte| match byte {
        b'+' | b'/' | b'=' => format!("%{byte:02X}"),
        other => char::from(*other).to_string(),
    });
    add("percent-encoded", as_in_urls.as_bytes());
    needles
}

/// Fails where a text holds a secret in any way.
#[track_caller]
fn assert_silent(place: &str, text: &[u8]) {
    static NEEDLES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    let needles =
        NEEDLES.get_or_init(|| planted().iter().chain([&other_key()]).flat_map(needles).collect::<Vec<_>>());
    let found = needles.iter().find(|(_, needle)| memchr::memmem::find(text, needle).is_some());
    if let Some((how, needle)) = found {
        let needle = String::from_utf8_lossy(needle);
        panic!("{place} holds {how}: {needle}\n{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn the_search_finds_what_it_looks_for() {
    for planted in planted() {
        let value = &planted.value;
        let forms = [
            value.clone(),
            value[planted.known..planted.known + 12].to_owned(),
            value.chars().rev().collect(),
            STANDARD_NO_PAD.encode(value),
            STANDARD_NO_PAD.encode(format!("x{value}")),
            STANDARD_NO_PAD.encode(format!("user:{value}:y")),
            URL_SAFE_NO_PAD.encode(format!("xy{value}y")),
            value.bytes().map(|byte| format!("{byte:02X}")).collect(),
            value.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        ];
        for form in forms {
            let text = format!("some text with {form} in it");
            let found = std::panic::catch_unwind(|| assert_silent("it", text.as_bytes()));
            assert!(found.is_err(), "{} as {form} is not found", planted.rule);
        }
    }
}

/// What a vendor does with the secret that it was sent.
type Echo = fn(&Received, &str) -> Reply;

/// An answer as it should be, in which the secret stands wherever something is told or kept.
fn well_formed(received: &Received, secret: &str) -> Reply {
    let text = received.text();
    let path = received.path.split('?').next().unwrap();
    let reply = match (received.method.as_str(), path) {
        ("GET", "/user") => Reply::json(200, &json!({ "login": secret, "type": secret }).to_string()),
        ("POST", "/credentials/revoke") => Reply::json(202, &json!({ "token": secret }).to_string()),
        ("GET", "/api/v4/personal_access_tokens/self") => {
            let body = json!({ "id": secret, "name": secret, "user_id": secret, "scopes": [secret, secret] });
            Reply::json(200, &body.to_string())
        }
        ("DELETE", _) => Reply::of(204, "text/plain", ""),
        ("POST", "/") if text.contains("GetCallerIdentity") => {
            let id = value_of("aws-access-key-id");
            let body = format!("<R><Arn>{secret}</Arn><UserId>{id}</UserId><Account>{secret}</Account></R>");
            Reply::of(200, "text/xml", &body)
        }
        ("POST", "/") => Reply::of(200, "text/xml", &format!("<R><RequestId>{secret}</RequestId></R>")),
        ("GET", "/v2/addresses") => {
            Reply::json(200, &json!({ "has_more": false, "key": secret }).to_string())
        }
        ("GET", "/v2/api_keys") => {
            let keys = json!([{ "id": "ak_2", "key": other_key().value }, { "id": "ak_1", "key": secret }]);
            Reply::json(200, &json!({ "keys": keys }).to_string())
        }
        ("POST", _) => Reply::json(200, &json!({ "active": false, "key": secret }).to_string()),
        _ => Reply::json(200, &json!({ "login": format!("so {secret} is") }).to_string()),
    };
    [
        "x-oauth-scopes",
        "github-authentication-token-expiration",
        "x-github-request-id",
        "x-request-id",
        "etag",
    ]
    .iter()
    .fold(reply, |reply, name| reply.with(name, secret))
}

/// What vendors make of what they are sent.
const ECHOES: [(&str, Echo); 11] = [
    ("fine", well_formed),
    ("dead", |_, secret| {
        let body = json!({ "message": "Bad credentials", "error": secret });
        Reply::json(401, &body.to_string()).with("www-authenticate", secret)
    }),
    ("refused", |received, secret| match received.method.as_str() {
        "GET" => well_formed(received, secret),
        _ => Reply::json(422, &json!({ "message": secret }).to_string()).with("x-request-id", secret),
    }),
    ("trouble", |_, secret| Reply::json(500, &json!({ "error": secret }).to_string())),
    ("redirect", |_, secret| {
        Reply::json(302, "{}").with("location", &format!("/elsewhere?token={secret}&t={secret}"))
    }),
    ("page", |_, secret| Reply::of(200, "text/html", &format!("<html><p>{secret}</p></html>"))),
    ("limit", |_, secret| {
        Reply::json(429, &json!({ "message": secret }).to_string())
            .with("retry-after", secret)
            .with("x-ratelimit-reset", secret)
    }),
    ("no status", |_, secret| Reply::Raw(format!("HTTP/1.1 {secret} {secret}\r\n\r\n").into_bytes())),
    ("no header", |_, secret| {
        Reply::Raw(format!("HTTP/1.1 200 {secret}\r\n{secret} {secret}\r\n\r\n").into_bytes())
    }),
    ("half", |_, secret| {
        Reply::Raw(format!("HTTP/1.1 200 {secret}\r\ncontent-length: 9999\r\n\r\n{secret}").into_bytes())
    }),
    ("too large", |_, secret| Reply::json(200, &format!("\"{}\"", secret.repeat(40_000)))),
];

/// What vendors make of calls that change something, where they take questions well.
const ECHOES_OF_CALLS: [(&str, Echo); 3] = [
    ("no status of a call", |_, secret| Reply::Raw(format!("HTTP/1.1 {secret}\r\n\r\n").into_bytes())),
    ("half of an answer to a call", |_, secret| {
        Reply::Raw(format!("HTTP/1.1 202 {secret}\r\ncontent-length: 9999\r\n\r\n{secret}").into_bytes())
    }),
    ("a call's answer that is too large", |_, secret| {
        Reply::json(202, &format!("\"{}\"", secret.repeat(40_000))).with("x-request-id", secret)
    }),
];

/// The secret that a request is about.
fn secret_of(received: &Received) -> &'static str {
    let rule = match received.path.split('?').next().unwrap() {
        "/user" | "/credentials/revoke" => "github-pat-classic",
        "/" => "aws-secret-access-key",
        "/acme/me" => "acme-token",
        path if path.starts_with("/api/v4/") => "gitlab-pat",
        path if path.starts_with("/v2/") => "easypost-api-key",
        path => panic!("nobody should ask for {path}: {}", received.whole()),
    };
    value_of(rule)
}

/// Command lines and environments of all processes that belong to a project.
fn processes(project: &Path) -> Vec<Vec<u8>> {
    let project = project.to_string_lossy().into_owned();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let told = processes.filter_map(|process| {
        let of = |name: &str| fs::read(process.path().join(name)).ok();
        Some([of("cmdline")?, of("environ")?].concat())
    });
    told.filter(|told| memchr::memmem::find(told, project.as_bytes()).is_some()).collect()
}

/// A desk of somebody whose project holds all that is planted, and what could be seen of their processes.
fn desk_at(
    echo: impl Fn(&Received, &str) -> Reply + Send + Sync + 'static,
) -> (Vendors, Desk, Arc<Mutex<BTreeSet<Vec<u8>>>>) {
    let (folder, seen) = (Arc::new(Mutex::new(PathBuf::new())), Arc::new(Mutex::new(BTreeSet::new())));
    let (of, kept) = (Arc::clone(&folder), Arc::clone(&seen));
    let vendors = Vendors::twisted(move |received, _| {
        kept.lock().unwrap().extend(processes(&of.lock().unwrap()));
        Some(echo(received, secret_of(received)))
    });
    let desk = vendors.desk(&["github", "gitlab", "aws", "easypost"]);
    *folder.lock().unwrap() = desk.project.path("");
    plant(&desk);
    (vendors, desk, seen)
}

fn plant(desk: &Desk) {
    desk.project.write("acme.toml", OWN_RULE).write("tmp/x", "");
    for planted in planted().iter().filter(|planted| !planted.rule.starts_with("aws")) {
        desk.project.write(format!("code/{}.env", planted.rule), format!("TOKEN={}\n", planted.value));
    }
    let (id, secret) = (value_of("aws-access-key-id"), value_of("aws-secret-access-key"));
    desk.project.write("code/aws.env", format!("AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}\n"));
}

/// Runs the program as loudly as it can.
fn loud(desk: &Desk, args: &[&str]) -> Ran {
    let ran = noisy(desk, desk.stanch(&[args, &["--timeout", "5", "-vvv"]].concat())).run();
    told(&ran);
    ran
}

fn noisy(desk: &Desk, stanch: common::Stanch) -> common::Stanch {
    stanch
        .env("RUST_BACKTRACE", "full")
        .env("RUST_LOG", "trace")
        .env("TMPDIR", &desk.project.path("tmp").to_string_lossy())
}

fn told(ran: &Ran) {
    assert_silent(&ran.command, ran.told().as_bytes());
}

/// All that was written in a project besides what was planted.
fn assert_nothing_kept(project: &Path, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = path.strip_prefix(project).unwrap().to_string_lossy().into_owned();
        assert_silent("a name", name.as_bytes());
        match path.is_dir() {
            true if name == "code" => {}
            true => assert_nothing_kept(project, &path),
            false if name == "secrets" => {}
            false => assert_silent(&name, &fs::read(&path).unwrap()),
        }
    }
}

/// Everything that is done about tokens, at a vendor that answers so.
fn everything(what: &str, echo: impl Fn(&Received, &str) -> Reply + Send + Sync + 'static) {
    let (vendors, desk, seen) = desk_at(echo);
    let own = vendors.endpoints(&["acme"]).remove(0);
    let rules = ["--rules", "acme.toml", "--unconfirmed", "--endpoint", &own];
    for format in ["human", "json"] {
        loud(
            &desk,
            &[&["scan", "code", "--verify", "--verdicts=kept", "--format", format], &rules[..]].concat(),
        );
    }
    for format in ["jsonl", "sarif"] {
        let output = format!("report.{format}");
        let args = ["verify", "code", "--format", format, "--output", &output];
        loud(&desk, &[&args, &rules[..]].concat());
    }
    for format in ["human", "json"] {
        let ran = loud(&desk, &[&["verify", "code", "--dry-run", "--format", format], &rules[..]].concat());
        ran.exits(0);
    }
    let ran = loud(&desk, &[&["revoke", "plan", "code", "-o", "plan.json"], &rules[..]].concat());
    ran.exits(0);
    loud(&desk, &[&["revoke", "plan", "report.jsonl", "--in", "code"], &rules[..]].concat()).exits(0);
    let before = vendors.received().len();
    let digest = desk.digest();
    let args = ["revoke", "apply", "plan.json", "--irreversible", "--wait", "0", "--yes", &digest];
    loud(&desk, &[&args, &rules[..]].concat());
    // A host that says it is enough, fails several times, or does not say whether the token works, is left alone.
    let left =
        ["dead", "limit", "no status", "no header", "half", "too large", "redirect", "trouble", "page"];
    let is_left = left.contains(&what);
    assert!(is_left || vendors.received()[before..].iter().any(is_change), "{what}: nothing was sent");
    for args in [vec!["revoke", "ledger"], vec!["revoke", "ledger", "--format", "json"]] {
        let ran = noisy(&desk, desk.bare(args)).run();
        ran.exits(0);
        told(&ran);
    }
    if matches!(what, "fine" | "refused" | "no status") {
        let text: Vec<&str> = planted().iter().map(|planted| planted.value.as_str()).collect();
        desk.project.write("secrets", text.join("\n"));
        let args = ["revoke", "--stdin", "--irreversible", "--wait", "0", "-vvv", "--timeout", "5"];
        let ran = noisy(&desk, desk.at_terminal(&args, "no\n", Some("secrets"))).run();
        told(&ran);
    }
    assert_nothing_kept(&desk.project.path(""), &desk.project.path(""));
    let seen = seen.lock().unwrap();
    assert!(!seen.is_empty(), "{what}: no process was seen");
    seen.iter().for_each(|process| assert_silent("a command line or environment", process));
}

#[test]
fn whatever_vendors_answer_no_secret_gets_out() {
    let next = AtomicUsize::new(0);
    let answer_to_call = |echo: Echo| {
        move |received: &Received, secret: &str| match is_change(received) {
            true => echo(received, secret),
            false => well_formed(received, secret),
        }
    };
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    match (ECHOES.get(at), at.checked_sub(ECHOES.len())) {
                        (Some((what, echo)), _) => everything(what, *echo),
                        (None, Some(rest)) if rest < ECHOES_OF_CALLS.len() => {
                            let (what, echo) = ECHOES_OF_CALLS[rest];
                            everything(what, answer_to_call(echo));
                        }
                        _ => break,
                    }
                }
            });
        }
    });
}

#[test]
fn errors_do_not_repeat_what_they_are_about() {
    let (_vendors, desk, _) = desk_at(well_formed);
    let token = value_of("github-pat-classic");
    desk.stanch(&["revoke", "plan", "code", "-o", "plan.json", "--rule", "github-pat-classic"])
        .run()
        .exits(0);
    let plan = desk.project.read("plan.json");
    desk.project.write("secrets", token);
    desk.project.write("bad.json", plan.replacen('{', &format!("{{\"{token}\":1,"), 1));
    desk.project.write("bad.ledger", format!("{token}\n"));
    let is_told = |what: &str, stanch: common::Stanch| {
        let ran = noisy(&desk, stanch).run();
        ran.check(ran.code == Some(2), what);
        assert_silent(what, ran.told().as_bytes());
    };
    let endpoint = format!("github=http://127.0.0.1:1/{token}?{token}");
    let service = format!("{token}=http://127.0.0.1:1");
    let url = format!("gitlab=http://{token}.example");
    for args in [
        vec!["revoke", "apply", "bad.json"],
        vec!["revoke", "apply", token],
        vec!["revoke", "apply", "plan.json", "--id", token],
        vec!["revoke", "apply", "plan.json", "--irreversible", "--yes", token],
        vec!["revoke", "apply", "plan.json", token],
        vec!["revoke", "plan", token],
        vec!["revoke", "plan", "code", "--ledger", "bad.ledger"],
        vec!["revoke", "plan", "code", "--rule", token],
        vec!["revoke", "plan", "code", "--rules", token],
        vec!["revoke", "plan", "code", "--ca-bundle", token],
        vec!["revoke", "plan", "code", "--timeout", token],
        vec!["revoke", token],
        vec!["verify", "code", "--endpoint", &endpoint],
        vec!["verify", "code", "--endpoint", &service],
        vec!["verify", "code", "--endpoint", &url],
        vec!["verify", "code", "--endpoint", token],
        vec!["revoke", "--stdin", "--ca-bundle", "secrets"],
    ] {
        is_told(&args.join(" "), desk.stanch(&args));
    }
    is_told("STANCH_ENDPOINTS", desk.stanch(&["verify", "code"]).env("STANCH_ENDPOINTS", &service));
    is_told("ledger", desk.bare(["revoke", "ledger", "--ledger", "bad.ledger"]));
    desk.project.write("home/config/stanch/endpoints.toml", format!("github = \"{token}\"\n{token} = 1\n"));
    is_told("endpoints.toml", desk.stanch(&["verify", "code"]));
}

#[test]
fn a_program_without_memory_room_or_output_does_not_tell_secrets() {
    let (_vendors, desk, _) = desk_at(well_formed);
    desk.stanch(&["revoke", "plan", "code", "-o", "plan.json"]).run().exits(0);
    let digest = desk.digest();
    let apply = ["revoke", "apply", "plan.json", "--irreversible", "--wait", "0", "--yes", &digest, "-vvv"];
    let verify = ["verify", "code", "-vvv"];
    let limits =
        [30, 60, 90, 120, 180, 240, 320, 480].map(|megabytes| format!("ulimit -v {}", megabytes * 1024));
    let limits = limits.iter().map(String::as_str);
    let others = ["exec >/dev/full", "exec >&-", "exec 2>&-", "ulimit -f 0", "ulimit -n 12", "ulimit -s 64"];
    let all: Vec<&str> = limits.chain(others).collect();
    let mut panicked = 0;
    for before in &all {
        let ran = noisy(&desk, desk.stanch_after(before, &verify)).run();
        panicked += usize::from(ran.told().contains("panicked"));
        told(&ran);
        assert_nothing_kept(&desk.project.path(""), &desk.project.path(""));
    }
    for before in all.iter().step_by(3) {
        told(&noisy(&desk, desk.stanch_after(before, &apply)).run());
        assert_nothing_kept(&desk.project.path(""), &desk.project.path(""));
    }
    eprintln!("{panicked} of {} runs panicked", all.len());
}

#[test]
fn a_crash_leaves_no_memory_behind() {
    let (arrived, arrival) = channel();
    let arrived = Mutex::new(arrived);
    let vendors = Vendors::twisted(move |_, _| {
        let _ = arrived.lock().unwrap().send(());
        Some(Reply::Late(Duration::from_secs(60), Box::new(Reply::Cut)))
    });
    let desk = vendors.desk(&["github"]);
    desk.project.write("code/a.env", format!("TOKEN={}\n", token(77)));
    let before = "ulimit -c unlimited 2>/dev/null || ulimit -S -c $(ulimit -H -c)";
    let mut command = desk.stanch_after(before, &["verify", "code"]).into_command();
    let mut child = command.spawn().unwrap();
    arrival.recv_timeout(Duration::from_secs(60)).unwrap();
    desk.project.command("kill", ["-ABRT", &child.id().to_string()]);
    let status = child.wait().unwrap();
    assert!(status.code().is_none(), "{status}");
    let left: Vec<String> = fs::read_dir(desk.project.path(""))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("core"))
        .collect();
    assert_eq!(left, [""; 0], "the memory of the program was written down");
    assert_nothing_kept(&desk.project.path(""), &desk.project.path(""));
}
