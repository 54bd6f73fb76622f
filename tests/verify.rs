//! `stanch verify` and `--verify` as people use them, with servers on loopback in place of the vendors: what is asked,
//! what is not, and what the report says of it.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Mutex;
use std::time::Duration;

use common::server::{Received, Reply, Server};
use common::{Project, Ran, example, token};
use stanch::rules::template;

/// A project with one token of GitHub.
fn with_token(number: u64) -> Project {
    Project::of(&[("a.env", &format!("GITHUB_TOKEN={}\n", token(number)))])
}

fn live(_: &Received) -> Reply {
    Reply::json(200, r#"{"login":"octocat","type":"User"}"#)
}

fn dead(_: &Received) -> Reply {
    Reply::json(401, r#"{"message":"Bad credentials"}"#)
}

/// Runs in the project with everything that a user keeps inside of it.
fn run(project: &Project, args: &[&str]) -> Ran {
    home(project, project.stanch(args)).run()
}

fn home(project: &Project, stanch: common::Stanch) -> common::Stanch {
    let folder = |name: &str| project.path(name).display().to_string();
    stanch
        .env("HOME", &folder("home"))
        .env("XDG_CONFIG_HOME", &folder("home/config"))
        .env("XDG_STATE_HOME", &folder("home/state"))
        .env("XDG_CACHE_HOME", &folder("home/cache"))
}

/// The verdict of the only finding.
fn verdict(ran: &Ran) -> serde_json::Value {
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{report:#}");
    findings[0]["verdict"].clone()
}

fn at(server: &Server) -> String {
    format!("github={}", server.url())
}

#[test]
fn a_live_token_is_told_with_its_owner_and_fails_the_run() {
    let (project, server) = (with_token(1), Server::start(live));
    let ran = run(&project, &["verify", "a.env", "--format", "json", "--endpoint", &at(&server)]);
    ran.exits(1);
    let verdict = verdict(&ran);
    assert_eq!(verdict["state"], "live", "{verdict}");
    assert_eq!(verdict["facts"][0]["label"], "owner", "{verdict}");
    assert_eq!(verdict["facts"][0]["text"], "octocat", "{verdict}");
    let received = server.received();
    assert_eq!(received.len(), 1, "one question a secret: {received:?}");
    assert_eq!(received[0].header("authorization"), Some(format!("Bearer {}", token(1)).as_str()));
    assert!(received[0].header("user-agent").unwrap().starts_with("stanch/"));
}

#[test]
fn a_dead_token_is_shown_and_fails_nothing() {
    let (project, server) = (with_token(1), Server::start(dead));
    let ran = run(&project, &["verify", ".", "--endpoint", &at(&server)]);
    ran.exits(0).has("dead: 127.0.0.1");
    let ran =
        run(&project, &["scan", "a.env", "--verify", "--fail-on", "possible", "--endpoint", &at(&server)]);
    ran.exits(0).has("dead: 127.0.0.1");
}

#[test]
fn fail_on_live_fails_for_live_tokens_only() {
    let (live, dead) = (Server::start(live), Server::start(dead));
    let broken = Server::start(|_| Reply::json(500, "{}"));
    for (server, code) in [(&live, 1), (&dead, 0), (&broken, 0)] {
        let args = ["scan", "a.env", "--verify", "--fail-on", "live", "--endpoint", &at(server)];
        run(&with_token(1), &args).exits(code);
    }
    run(&with_token(1), &["scan", "a.env", "--fail-on", "live"]).exits(0);
}

#[test]
fn one_secret_at_many_places_is_one_question() {
    let project = with_token(1);
    for number in 0..20 {
        project.write(format!("{number}.py"), format!("t = '{}'\n", token(1)));
    }
    let server = Server::start(live);
    run(&project, &["verify", ".", "--endpoint", &at(&server)]).exits(1).has("LIVE");
    assert_eq!(server.received().len(), 1);
}

#[test]
fn a_dry_run_tells_what_would_be_asked_and_sends_nothing() {
    let (project, server) = (with_token(1), Server::start(live));
    let ran = run(&project, &["verify", ".", "--dry-run", "--endpoint", &at(&server)]);
    ran.exits(0).has("GET 127.0.0.1").has("/user").has("the owner sees it in a log").has("Nothing was sent");
    let ran = run(&project, &["verify", ".", "--dry-run", "--format", "json", "--endpoint", &at(&server)]);
    let questions = ran.json();
    assert_eq!(questions["questions"][0]["call"]["url"], "https://api.github.com/user", "{questions:#}");
    assert_eq!(questions["questions"][0]["call"]["shows_in_log"], true, "{questions:#}");
    assert!(!ran.stdout().contains(&token(1)));
    assert!(server.received().is_empty());
}

#[test]
fn a_scan_without_verify_asks_nobody_and_says_where_the_options_belong() {
    let project = with_token(1);
    run(&project, &["scan", "a.env", "--unconfirmed"]).exits(2).has("go with --verify");
}

#[test]
fn what_was_found_earlier_is_found_again_by_its_report() {
    let project = Project::of(&[("src/a.env", &format!("GITHUB_TOKEN={}\n", token(1)))]);
    let server = Server::start(live);
    for format in ["json", "jsonl"] {
        run(&project, &["scan", "src", "--format", format, "--output", "report"]).exits(1);
        let args = ["verify", "report", "--in", "src", "--format", "json", "--endpoint", &at(&server)];
        let ran = run(&project, &args);
        ran.exits(1);
        assert_eq!(verdict(&ran)["state"], "live");
    }
    project.write("src/a.env", "GITHUB_TOKEN=\n");
    let ran = run(&project, &["verify", "report", "--in", "src", "--endpoint", &at(&server)]);
    ran.exits(3).has("does not stand there any more");
}

#[test]
fn what_only_a_history_holds_is_found_again_by_its_object() {
    let project = common::repository(&[]);
    common::commit(&project, "a.env", &common::key(1), "in");
    common::commit(&project, "a.env", "KEY=\n", "out");
    let server = Server::start(live);
    run(&project, &["git", ".", "--format", "json", "--output", "/tmp/../tmp/none/x"]).exits(2);
    let report = project.path("home").with_extension("json");
    let report = report.to_str().unwrap();
    run(&project, &["git", ".", "--format", "json", "--output", report]).exits(1);
    let ran = run(&project, &["verify", report, "--format", "json", "--endpoint", &at(&server)]);
    ran.exits(1);
    assert_eq!(verdict(&ran)["state"], "live");
}

#[test]
fn a_report_or_a_text_on_standard_input_is_asked_about() {
    let (project, server) = (with_token(1), Server::start(live));
    let report = run(&project, &["scan", "a.env", "--format", "json"]).stdout();
    for typed in [report, format!("{}\n", token(2))] {
        let stanch = project.stanch(["verify", "-", "--format", "json", "--endpoint", &at(&server)]);
        let ran = home(&project, stanch.input(typed)).run();
        ran.exits(1);
        assert_eq!(verdict(&ran)["state"], "live");
    }
    assert_eq!(server.received().len(), 2);
}

#[test]
fn a_report_that_was_cut_short_is_refused() {
    let project = with_token(1);
    run(&project, &["scan", "a.env", "--format", "jsonl", "--output", "report"]).exits(1);
    let whole = project.read("report");
    project.write("report", whole.lines().next().unwrap());
    run(&project, &["verify", "report"]).exits(2).has("cut short");
}

#[test]
fn what_no_vendor_documents_is_asked_only_when_allowed() {
    let rule = stanch::rules::BUILTIN
        .iter()
        .find(|rule| {
            rule.verify.first().is_some_and(|verify| {
                verify.source != "vendor-doc"
                    && !verify.safety.changes_state
                    && !verify.safety.locks_out
                    && verify.first.is_empty()
            }) && rule.companions.is_empty()
                && rule.context.is_empty()
                && rule.files.is_empty()
                && rule.prefix.len() > 3
        })
        .expect("some question is documented by no vendor");
    let project = Project::of(&[("a.txt", &format!("x = \"{}\"\n", example(rule.id, 1)))]);
    let server = Server::start(|_| Reply::json(500, "{}"));
    let endpoint = format!("{}={}", rule.endpoint, server.url());
    let args = ["verify", "a.txt", "--rule", rule.id, "--format", "json", "--endpoint", &endpoint];
    let ran = run(&project, &args);
    assert_eq!(verdict(&ran)["reason"], "not-allowed", "{}", rule.id);
    assert!(server.received().is_empty());
    let ran = run(&project, &[&args[..], &["--unconfirmed"]].concat());
    assert_eq!(verdict(&ran)["reason"], "server-error", "{}", rule.id);
}

#[test]
fn what_rules_of_two_providers_claim_is_asked_only_by_name() {
    let project = with_token(1);
    project.write(
        "rules/acme.toml",
        r#"provider = "Acme"

[[rule]]
id = "acme-token"
name = "Acme token"
category = "saas"
severity = "low"
risk = "None."
source = "own"
pattern = 'ghp_[0-9A-Za-z]{36}'
examples = ["ghp_{base62:36}"]
near_misses = ["ghp_{base62:35}", "ghp_{base62:20}"]
"#,
    );
    let server = Server::start(live);
    let args = ["verify", "a.env", "--rules", "rules", "--format", "json", "--endpoint", &at(&server)];
    let ran = run(&project, &args);
    assert_eq!(verdict(&ran)["reason"], "contested");
    assert!(server.received().is_empty());
    let ran = run(&project, &[&args[..], &["--id", "github-pat-classic"]].concat());
    assert_eq!(verdict(&ran)["state"], "live");
}

#[test]
fn a_possible_token_is_asked_about_only_by_name() {
    let project = with_token(1);
    project.write("rules/acme.toml", ACME_POSSIBLE);
    project.write("b.txt", template::fill("acme_{alnum:30}uv", 1).unwrap());
    let server = Server::start(|received| {
        let text = received.header("authorization").unwrap_or_default();
        if text.ends_with("uv") { Reply::json(200, r#"{"login":"octo"}"#) } else { dead(received) }
    });
    let endpoint = format!("acme={}", server.url());
    let args = ["verify", "b.txt", "--rules", "rules", "--confidence", "possible", "--format", "json"];
    let args = [&args[..], &["--rule", "acme-token", "--endpoint", &endpoint]].concat();
    let ran = run(&project, &args);
    assert_eq!(verdict(&ran)["reason"], "unsure");
    assert!(server.received().is_empty());
    let ran = run(&project, &[&args[..], &["--id", "acme-token"]].concat());
    assert_eq!(verdict(&ran)["state"], "live");
    assert_eq!(ran.json()["findings"][0]["confidence"], "proven");
}

const ACME_POSSIBLE: &str = r#"provider = "Acme"

[[rule]]
id = "acme-token"
name = "Acme token"
category = "saas"
severity = "low"
risk = "None."
source = "vendor-doc"
confidence = "possible"
pattern = 'acme_[0-9a-z]{32}'
examples = ["acme_{alnum:32}"]
near_misses = ["acme_{alnum:31}", "acme_{alnum:20}"]

[rule.verify]
get = "https://api.acme.example/me"
auth = "Bearer {secret}"
live = ["200 /login"]
dead = ["401"]
samples = [
  { status = 200, body = '{"login":"octo"}', says = "live" },
  { status = 401, says = "dead" },
]
"#;

#[test]
fn who_takes_any_value_is_unmasked_by_a_made_up_one() {
    let project = with_token(1);
    project
        .write("rules/acme.toml", ACME_POSSIBLE.replace("200 /login", "200").replace("possible", "likely"));
    project.write("b.txt", template::fill("acme_{alnum:30}uv", 1).unwrap());
    let check = |server: &Server| {
        let endpoint = format!("acme={}", server.url());
        let args = ["verify", "b.txt", "--rules", "rules", "--format", "json", "--rule", "acme-token"];
        verdict(&run(&project, &[&args[..], &["--endpoint", &endpoint]].concat()))
    };
    let gullible = Server::start(|_| Reply::json(200, "{}"));
    assert_eq!(check(&gullible)["reason"], "accepts-anything");
    assert_eq!(gullible.received().len(), 2);
    let strict = Server::start(|received| match received.header("authorization") {
        Some(text) if text.ends_with("uv") => Reply::json(200, "{}"),
        _ => Reply::json(401, "{}"),
    });
    assert_eq!(check(&strict)["state"], "live");
    let sent = strict.received();
    assert_eq!(sent.len(), 2, "a bare status says nothing of the token");
    assert_ne!(sent[0].header("authorization"), sent[1].header("authorization"));
}

#[test]
fn endpoints_come_from_flags_environment_and_settings_and_never_from_what_is_scanned() {
    let server = Server::start(live);
    let project = with_token(1);
    let asked = |stanch: common::Stanch| {
        let before = server.received().len();
        home(&project, stanch).run().exits(1).has("LIVE");
        assert_eq!(server.received().len(), before + 1);
    };
    let verify = || project.stanch(["verify", "a.env"]);
    asked(verify().env("STANCH_ENDPOINTS", &format!("gitlab=https://git.example.com, {}", at(&server))));
    project.write("home/config/stanch/endpoints.toml", format!("github = \"{}\"\n", server.url()));
    asked(verify());
    project.write("home/config/stanch/endpoints.toml", "github = \"http://example.com\"\n");
    home(&project, verify()).run().exits(2).has("http:// is for this machine");
    project.write("home/config/stanch/endpoints.toml", "");
    project.write("endpoints.toml", format!("github = \"{}\"\n", server.url()));
    project.write(".stanch/endpoints.toml", format!("github = \"{}\"\n", server.url()));
    let ran = home(&project, verify()).env("HTTPS_PROXY", "http://127.0.0.1:9").run();
    ran.exits(1).has("unknown (unreachable)");
    for (pair, said) in [
        ("github", "must be NAME=URL"),
        ("gihtub=https://x.example", "did you mean `github`"),
        ("github=http://git.example.com", "must begin with https://"),
        ("github=https://user@git.example.com", "no user"),
    ] {
        run(&project, &["verify", "a.env", "--endpoint", pair]).exits(2).has(said);
    }
}

#[test]
fn requests_to_vendors_pass_the_proxy_of_the_environment() {
    let project = with_token(1);
    let proxy = Server::start(|_| Reply::json(502, "{}"));
    let ran = home(&project, project.stanch(["verify", "a.env"])).env("HTTPS_PROXY", &proxy.url()).run();
    ran.exits(1).has("unknown (unreachable)");
    let received = proxy.received();
    assert_eq!((received[0].method.as_str(), received[0].path.as_str()), ("CONNECT", "api.github.com:443"));
    assert!(
        received.iter().all(|received| !received.whole().contains(&token(1))),
        "nothing is sent in the clear"
    );
    let server = Server::start(live);
    let stanch = project.stanch(["verify", "a.env", "--endpoint", &at(&server)]);
    home(&project, stanch).env("HTTP_PROXY", &proxy.url()).env("ALL_PROXY", &proxy.url()).run().has("LIVE");
    assert_eq!(proxy.received().len(), received.len(), "this machine is reached without a proxy");
}

#[test]
fn verdicts_are_remembered_without_any_secret() {
    let (project, server) = (with_token(1), Server::start(live));
    let args = ["verify", "a.env", "--verdicts=kept", "--format", "json", "--endpoint", &at(&server)];
    for _ in 0..3 {
        let ran = run(&project, &args);
        assert_eq!(verdict(&ran)["facts"][0]["text"], "octocat");
    }
    assert_eq!(server.received().len(), 1, "the later runs ask nobody");
    let kept = project.read("kept/verdicts.json");
    assert!(!kept.contains(&token(1)), "{kept}");
    use std::os::unix::fs::PermissionsExt;
    for name in ["kept/verdicts.json", "kept/verdicts.key"] {
        let mode = std::fs::metadata(project.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
    project.write("kept/verdicts.json", "{");
    run(&project, &args).exits(1);
    assert_eq!(server.received().len(), 2, "what cannot be read is asked again");
}

#[test]
fn a_host_that_says_too_many_is_left_alone() {
    let project = Project::new();
    for number in 0..5 {
        project.write(format!("{number}.env"), format!("T={}\n", token(number)));
    }
    let server = Server::start(|_| Reply::json(429, "{}").with("retry-after", "3600"));
    let ran = run(&project, &["verify", ".", "--format", "json", "--endpoint", &at(&server)]);
    let report = ran.json();
    for finding in report["findings"].as_array().unwrap() {
        assert_eq!(finding["verdict"]["reason"], "rate-limited", "{finding:#}");
    }
    assert_eq!(server.received().len(), 1);
    let patient = Mutex::new(0);
    let server = Server::start(move |received| {
        let mut asked = patient.lock().unwrap();
        *asked += 1;
        if *asked == 1 { Reply::json(429, "{}").with("retry-after", "1") } else { live(received) }
    });
    run(&with_token(1), &["verify", "a.env", "--endpoint", &at(&server)]).exits(1).has("LIVE");
}

#[test]
fn a_host_that_does_not_answer_is_given_up_after_a_few() {
    let project = Project::new();
    for number in 0..6 {
        project.write(format!("{number}.env"), format!("T={}\n", token(number)));
    }
    let server = Server::start(|_| Reply::Late(Duration::from_secs(30), Box::new(Reply::Cut)));
    let ran =
        run(&project, &["verify", ".", "--timeout", "1", "--format", "json", "--endpoint", &at(&server)]);
    let report = ran.json();
    let reasons: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["verdict"]["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons.iter().filter(|reason| **reason == "timed-out").count(), 3, "{reasons:?}");
    assert_eq!(server.received().len(), 3);
}

#[test]
fn verbose_tells_requests_by_their_templates() {
    let (project, server) = (with_token(1), Server::start(live));
    let ran = run(&project, &["verify", "a.env", "-vv", "--endpoint", &at(&server)]);
    ran.has("GET 127.0.0.1").has("https://api.github.com/user -> 200");
    common::assert_kept_secret(&ran, &token(1));
}

#[test]
fn owners_are_learnt_from_an_organization_without_using_the_token() {
    let project = with_token(1);
    let server = Server::start(|received| {
        let by_admin = received.header("authorization") == Some("Bearer of-the-admin");
        match received.path.split('?').next().unwrap() {
            "/orgs/acme/audit-log" if by_admin => {
                Reply::json(200, r#"[{"actor":"octocat","org":"acme","@timestamp":1790000000000}]"#)
            }
            "/orgs/acme/credential-authorizations" if by_admin => Reply::json(200, "[]"),
            _ => dead(received),
        }
    });
    let args = ["verify", "a.env", "--owners", "--format", "json", "--endpoint", &at(&server)];
    let ran = home(&project, project.stanch(args))
        .env("GITHUB_ORG", "acme")
        .env("GITHUB_ADMIN_TOKEN", "of-the-admin")
        .run();
    let report = ran.json();
    let owner = &report["findings"][0]["owner"];
    assert!(owner.to_string().contains("octocat"), "{report:#}");
    let asked: Vec<Received> =
        server.received().into_iter().filter(|received| received.path.starts_with("/orgs")).collect();
    assert_eq!(asked.len(), 2);
    assert!(
        asked.iter().all(|received| !received.whole().contains(&token(1))),
        "the token itself is not used"
    );
    let hashed = Vec::from_iter(asked.iter().filter(|received| received.path.contains("hashed_token%3A%22")));
    assert_eq!(hashed.len(), 1);
    run(&project, &args).has("set GITHUB_ORG and GITHUB_ADMIN_TOKEN");
}

#[test]
fn ssh_keys_are_known_by_the_public_keys_of_people() {
    let project = Project::new();
    project.command("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "id"]);
    let public = project.read("id.pub").trim().to_owned();
    let other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==";
    let server = Server::start(move |received| match received.path.split('?').next().unwrap() {
        "/users/octocat/keys" => {
            Reply::json(200, &format!(r#"[{{"id":1,"key":"{other}"}},{{"id":7,"key":"{public}"}}]"#))
        }
        "/users/hubot/keys" => Reply::json(200, "[]"),
        _ => Reply::json(404, "{}"),
    });
    let args = ["verify", "id", "--owners", "--format", "json", "--endpoint", &at(&server)];
    let ran = home(&project, project.stanch(args)).env("GITHUB_USERS", "hubot, octocat").run();
    let owner = ran.json()["findings"][0]["owner"].clone();
    assert!(owner.to_string().contains("octocat"), "{owner}");
    assert!(!owner.to_string().contains("hubot"), "{owner}");
}

#[test]
fn verdicts_are_as_the_schema_of_reports_says() {
    let text = std::fs::read_to_string("fixtures/schema/report-v1.schema.json").unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap();
    let (live, dead) = (Server::start(live), Server::start(dead));
    let broken = Server::start(|_| Reply::of(403, "text/html", "<html>blocked</html>"));
    for server in [&live, &dead, &broken] {
        let ran = run(&with_token(1), &["verify", "a.env", "--format", "json", "--endpoint", &at(server)]);
        let faults: Vec<String> = validator.iter_errors(&ran.json()).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}\n{}", ran.stdout());
    }
}
