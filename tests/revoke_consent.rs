//! Who may revoke what: the answer of a person, the choice of what is meant, pipelines and forks.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use std::fs;
use std::sync::{Arc, Mutex};

use common::provider::{Desk, Vendors, bearer, is_change, named};
use common::server::{Received, Reply};
use common::{Ran, assert_kept_secret, example, key, token};
use serde_json::json;

fn gitlab(seed: u64) -> String {
    format!("TOKEN={}\n", example("gitlab-pat", seed))
}

/// The id of the only item of the plan that is of this rule.
#[track_caller]
fn id_of(desk: &Desk, rule: &str) -> String {
    let plan = desk.planned();
    let items = plan["items"].as_array().unwrap();
    let ids: Vec<&str> =
        items.iter().filter(|item| item["rule"] == rule).filter_map(|item| item["id"].as_str()).collect();
    assert_eq!(ids.len(), 1, "{rule}: {plan:#}");
    ids[0].to_owned()
}

const IRREVERSIBLE: [&str; 6] = ["revoke", "apply", "plan.json", "--irreversible", "--wait", "0"];

#[test]
fn a_digest_agrees_to_its_own_plan_only() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1));
    desk.plan(&[]);
    let right = desk.digest();
    let other = right.chars().rev().collect::<String>();
    for wrong in ["", "yes", &right[..12], &right.to_uppercase(), &other] {
        let ran = desk.stanch(&[&IRREVERSIBLE[..], &["--yes", wrong]].concat()).run();
        ran.exits(2)
            .has(&format!("--yes names another plan; the digest of this one is {right}; nothing was done"));
        vendors.changed(0, &ran);
    }
    let ran = desk.stanch(&[&IRREVERSIBLE[..], &["--yes", &right]].concat()).run();
    ran.exits(0).has("revoked");
    vendors.changed(1, &ran);
}

#[test]
fn without_a_terminal_and_a_digest_nobody_agreed() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1));
    desk.plan(&[]);
    // An answer on standard input is none.
    let ran = desk.without_terminal(&IRREVERSIBLE).input("GitHub 1\nGitHub 1\n").run();
    ran.exits(2).has("there is no terminal to ask on").has("give its digest: --yes DIGEST");
    vendors.changed(0, &ran);
    assert!(!desk.project.path(desk.ledger()).exists(), "nothing was done that could be kept");
}

#[test]
fn on_a_terminal_each_provider_and_its_count_is_typed() {
    for (typed, asked, code) in [
        ("GitHub 2\nGitLab 1\n", 2, 0),
        (" GitHub 2 \nGitLab 1\n", 2, 0),
        ("GitHub 2\nGitLab 2\n", 2, 2),
        ("GitHub 1\n", 1, 2),
        ("github 2\n", 1, 2),
        ("yes\n", 1, 2),
        ("y\n", 1, 2),
        ("\n", 1, 2),
        ("", 1, 2),
    ] {
        let vendors = Vendors::start();
        let desk = vendors.desk(&["github", "gitlab"]);
        desk.project.write("a.env", key(1) + &key(2) + &gitlab(1));
        desk.plan(&[]);
        let ran = desk.at_terminal(&IRREVERSIBLE, typed, None).run();
        ran.check(ran.code == Some(code), typed).has("Type \"GitHub 2\" to go on: ");
        ran.check(ran.stdout().contains("Type \"GitLab 1\"") == (asked == 2), typed);
        // Three tokens, of which GitHub takes two at once.
        vendors.changed(if code == 0 { 2 } else { 0 }, &ran);
        if code != 0 {
            ran.has("that was not it; nothing was done");
        }
    }
}

#[test]
fn what_cannot_be_undone_needs_to_be_allowed() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1));
    desk.plan(&[]);
    let ran = desk.stanch(&["revoke", "apply", "plan.json", "--yes", &desk.digest()]).run();
    ran.exits(4).has("left").has("its vendor cannot undo it; --irreversible allows that");
    vendors.changed(0, &ran);
    assert!(!desk.project.path(desk.ledger()).exists(), "nothing was done that could be kept");
}

/// Tailscale and OpenAI as far as is needed here.
fn with_owners(received: &Received) -> Option<Reply> {
    let (path, text) = (received.path.as_str(), received.text());
    Some(match path.split('?').next().unwrap() {
        "/api/v2/secret-scanning/verify" if text.contains(&example("tailscale-client-key", 1)) => {
            Reply::of(204, "text/plain", "")
        }
        "/api/v2/secret-scanning/verify" => Reply::json(401, "{}"),
        "/api/v2/oauth/token" => Reply::json(200, r#"{"access_token":"short-lived"}"#),
        "/v1/models" => Reply::json(200, r#"{"object":"list","data":[]}"#),
        "/v1/organization/projects/p1/api_keys" => {
            let key = example("openai-service-account-key", 1);
            let redacted = format!("{}...{}", &key[..6], &key[key.len() - 3..]);
            let entry =
                json!({ "redacted_value": redacted, "owner": { "service_account": { "id": "sa1" } } });
            Reply::json(200, &json!({ "object": "list", "data": [entry] }).to_string())
        }
        "/v1/organization/projects/p1/service_accounts/sa1" => Reply::json(200, r#"{"deleted":true}"#),
        path if path.starts_with("/api/v2/tailnet/-/keys/") => Reply::json(200, "{}"),
        _ => return None,
    })
}

#[test]
fn what_takes_an_app_or_an_account_along_is_done_alone_by_its_id() {
    for (service, rule, damage, last_call) in [
        ("tailscale", "tailscale-client-key", "app", "/api/v2/tailnet/-/keys/"),
        (
            "openai",
            "openai-service-account-key",
            "account",
            "/v1/organization/projects/p1/service_accounts/sa1",
        ),
    ] {
        let vendors = Vendors::twisted(|received, _| with_owners(received));
        let desk = vendors.desk(&["github", service]);
        desk.project.write("a.env", key(1)).write("b.env", format!("KEY={}\n", example(rule, 1)));
        desk.plan(&["--unconfirmed"]);
        let id = id_of(&desk, rule);
        let admin = |args: &[&str]| {
            let stanch = desk.applying(&[&["--unconfirmed"], args].concat());
            stanch.env("OPENAI_ADMIN_KEY", "admin").env("OPENAI_PROJECT_ID", "p1").run()
        };
        let calls = || vendors.changes().into_iter().filter(|call| call.path.starts_with(last_call)).count();
        let ran = admin(&[]);
        ran.exits(4).has(&format!("its whole {damage} dies with it; name it alone: --id {id}"));
        assert_eq!(calls(), 0, "{}", ran.told());
        assert_eq!(ran.stdout().matches("revoked").count(), 1, "the other one is\n{}", ran.told());
        let ran = admin(&["--id", &id]);
        ran.check(ran.stdout().lines().count() == 1, "only what was named is done");
        assert_eq!(calls(), 1, "{rule}: {}", ran.told());
        let ran = admin(&["--id", "0123456789abcdef"]);
        ran.exits(2).has("the plan has no finding 0123456789abcdef");
        let ran = admin(&["--id", &id, "--id", "0123456789abcdef"]);
        ran.exits(2).has("--id names one finding here");
    }
}

#[test]
fn owners_are_chosen_by_login_organization_or_mail_domain() {
    let logins = [token(1), token(2)];
    let vendors = Vendors::twisted(move |received, dead| {
        let slack =
            json!({ "ok": true, "team": "Acme Corp", "team_id": "T1", "user": "ada", "user_id": "U1" });
        let token = bearer(received).unwrap_or_default();
        let owner = if token == logins[0] { "octocat" } else { "hubot" };
        Some(match received.path.as_str() {
            "/api/auth.test" => Reply::json(200, &slack.to_string()),
            "/users/me" => Reply::json(200, r#"{"email":"ada@acme.example","sys":{"id":"1"}}"#),
            "/user" if !dead.has(&token) => Reply::json(200, &json!({ "login": owner }).to_string()),
            _ => return None,
        })
    });
    let desk = vendors.desk(&["github", "slack", "contentful"]);
    for (name, text) in [
        ("1.env", key(1)),
        ("2.env", key(2)),
        ("3.env", format!("SLACK={}\n", example("slack-user-token", 1))),
        ("4.env", format!("CMA={}\n", example("contentful-cma-token", 1))),
    ] {
        desk.project.write(name, text);
    }
    desk.plan(&["--unconfirmed"]);
    for (owners, expected) in [
        (vec!["octocat"], "1"),
        (vec!["OctoCat"], "1"),
        (vec!["octocat", "hubot"], "12"),
        (vec!["octo"], ""),
        (vec!["acme corp"], "3"),
        (vec!["Acme"], ""),
        (vec!["acme.example"], "4"),
        (vec!["ada@acme.example"], "4"),
        (vec!["ada"], "3"),
        (vec!["example"], ""),
        (vec!["cme.example"], ""),
        (vec!["hubot", "Acme Corp", "acme.example"], "234"),
    ] {
        let owners: Vec<&str> = owners.iter().flat_map(|owner| ["--owner", owner]).collect();
        // With a digest that is none: what is chosen is told, and nothing is done.
        let args = [&IRREVERSIBLE[..], &["--unconfirmed", "--yes", "none"], &owners].concat();
        let ran = desk.stanch(&args).run();
        let stderr = ran.stderr();
        let is_done = |file: &&char| {
            let line = stderr.lines().find(|line| line.contains(&format!(" in {file}.env (")));
            line.is_some()
        };
        let chosen: String = ['1', '2', '3', '4'].iter().filter(is_done).collect();
        ran.check(chosen == expected, &format!("{owners:?} should choose {expected:?}, not {chosen:?}"));
        vendors_changed_by_github(&vendors, 0, &ran);
    }
    let ran = desk.apply(&["--owner", "hubot"]);
    ran.exits(4).has("it is not known to belong to hubot; name it alone: --id ");
    vendors_changed_by_github(&vendors, 1, &ran);
    assert_eq!(named(github_calls(&vendors).last().unwrap()), [token(2)]);
}

fn github_calls(vendors: &Vendors) -> Vec<Received> {
    vendors.changes().into_iter().filter(|call| call.path == "/credentials/revoke").collect()
}

#[track_caller]
fn vendors_changed_by_github(vendors: &Vendors, times: usize, ran: &Ran) {
    assert_eq!(github_calls(vendors).len(), times, "{}", ran.told());
}

#[test]
fn in_a_pipeline_it_has_to_be_allowed() {
    for (name, value, is_pipeline) in [
        ("CI", "true", true),
        ("CI", "1", true),
        ("CI", "false", false),
        ("CI", "0", false),
        ("GITHUB_ACTIONS", "true", true),
        ("GITLAB_CI", "true", true),
        ("BUILDKITE", "true", true),
        ("CIRCLECI", "true", true),
        ("JENKINS_URL", "http://jenkins.example", true),
        ("TEAMCITY_VERSION", "2026.1", true),
        ("TF_BUILD", "True", true),
        ("TRAVIS", "true", true),
        ("BITBUCKET_BUILD_NUMBER", "7", true),
        ("DRONE", "true", true),
        ("APPVEYOR", "True", true),
    ] {
        let vendors = Vendors::start();
        let desk = vendors.desk(&["github"]);
        desk.project.write("a.env", key(1));
        desk.plan(&[]);
        let asked = vendors.received().len();
        let ran = desk.applying(&[]).env(name, value).run();
        if is_pipeline {
            ran.exits(2).has("this is a pipeline; nothing is revoked without --allow-ci");
            assert_eq!(vendors.received().len(), asked, "{name}: nobody is asked either");
        } else {
            ran.exits(0);
        }
        if name == "CI" && value == "true" {
            let ran = desk.applying(&["--allow-ci"]).env(name, value).run();
            ran.exits(0).has("revoked");
            vendors.changed(1, &ran);
        }
    }
}

#[test]
fn in_a_pipeline_of_a_fork_nothing_is_ever_revoked() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1));
    let event = |head: &str, base: &str| {
        json!({ "pull_request": { "head": { "repo": { "full_name": head } }, "base": { "repo": { "full_name": base } } } })
            .to_string()
    };
    for (name, text) in [
        ("fork.json", event("eve/x", "acme/x")),
        ("deleted.json", json!({ "pull_request": { "head": { "repo": null }, "base": { "repo": { "full_name": "acme/x" } } } }).to_string()),
        ("own.json", event("acme/x", "acme/x")),
        ("broken.json", "{".into()),
    ] {
        desk.project.write(name, text);
    }
    desk.plan(&["a.env"]);
    let asked = vendors.received().len();
    let github = |event: &'static str, file: &'static str| {
        vec![("CI", "true"), ("GITHUB_EVENT_NAME", event), ("GITHUB_EVENT_PATH", file)]
    };
    let merge = ("CI_MERGE_REQUEST_PROJECT_ID", "1");
    for (variables, is_fork) in [
        (github("pull_request", "fork.json"), true),
        (github("pull_request_target", "fork.json"), true),
        (github("pull_request", "deleted.json"), true),
        (github("pull_request", "broken.json"), true),
        (github("pull_request", "missing.json"), true),
        (github("pull_request", ""), true),
        (vec![("GITLAB_CI", "1"), ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "2"), merge], true),
        (vec![("TF_BUILD", "True"), ("SYSTEM_PULLREQUEST_ISFORK", "True")], true),
        (vec![("CIRCLECI", "true"), ("CIRCLE_PR_REPONAME", "x")], true),
        (vec![("TRAVIS", "1"), ("TRAVIS_PULL_REQUEST_SLUG", "eve/x"), ("TRAVIS_REPO_SLUG", "acme/x")], true),
        (
            vec![
                ("BUILDKITE", "true"),
                ("BUILDKITE_PULL_REQUEST", "7"),
                ("BUILDKITE_PULL_REQUEST_REPO", "https://git.example/eve/x"),
                ("BUILDKITE_REPO", "https://git.example/acme/x"),
            ],
            true,
        ),
        (vec![("GITLAB_CI", "1"), ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "1"), merge], false),
        (github("push", "fork.json"), false),
        (github("pull_request", "own.json"), false),
    ] {
        let stanch = desk.applying(&["--allow-ci"]);
        let ran = variables.iter().fold(stanch, |stanch, (name, value)| stanch.env(name, value)).run();
        if is_fork {
            ran.check(ran.code == Some(2), &format!("{variables:?} is a fork's")).has("from a fork");
            let stanch = desk.stanch(&["revoke", "--stdin", "--allow-ci"]).input(token(1));
            let ran = variables.iter().fold(stanch, |stanch, (name, value)| stanch.env(name, value)).run();
            ran.check(ran.code == Some(2), &format!("{variables:?} is a fork's")).has("from a fork");
            ran.check(vendors.received().len() == asked, "nobody is asked");
        } else {
            ran.check(ran.code == Some(0), &format!("{variables:?} is no fork's"));
        }
    }
}

#[test]
fn secrets_from_standard_input_are_revoked_in_one_process_and_stand_in_no_command_line() {
    let seen = Arc::new(Mutex::new(vec![]));
    let kept = Arc::clone(&seen);
    let vendors = Vendors::twisted(move |_, _| {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let lines = processes.filter_map(|process| {
            let of = |name: &str| fs::read(process.path().join(name)).ok();
            Some([of("cmdline")?, of("environ").unwrap_or_default()].concat())
        });
        kept.lock().unwrap().extend(lines);
        None
    });
    let desk = vendors.desk(&["github"]);
    let secrets = [token(9001), token(9002)];
    desk.project.write("secrets", format!("{}\nno token\n\n{}\n", secrets[0], secrets[1]));
    let args = ["revoke", "--stdin", "--irreversible", "--wait", "0", "-vvv"];
    let refused = desk.at_terminal(&args, "GitHub 3\n", Some("secrets")).run();
    refused.exits(2).has("that was not it; nothing was done");
    vendors.changed(0, &refused);
    let ran = desk.at_terminal(&args, "GitHub 2\n", Some("secrets")).run();
    ran.exits(0).has("1 of 3 lines hold no token that a rule knows; they are left alone.");
    ran.check(ran.stdout().matches("revoked").count() == 2, "both are revoked");
    vendors.changed(1, &ran);
    assert_eq!(named(&vendors.changes()[0]).len(), 2);
    let lines: Vec<Vec<u8>> = seen.lock().unwrap().clone();
    assert!(lines.iter().any(|line| String::from_utf8_lossy(line).contains("--stdin")), "nothing was seen");
    for secret in &secrets {
        for line in lines.iter() {
            let line = String::from_utf8_lossy(line);
            assert!(!line.contains(&secret[4..]), "in a command line or environment: {line}");
        }
        for ran in [&ran, &refused] {
            assert_kept_secret(ran, secret);
        }
        let ledger = desk.project.read(desk.ledger());
        assert!(!ledger.contains(&secret[4..20]), "{ledger}");
    }
    // Nobody can agree to what nobody saw.
    let piped = desk.without_terminal(&args).input(secrets.join("\n")).run();
    piped.check(matches!(piped.code, Some(0 | 2)), "dead already, or refused");
    vendors.changed(1, &piped);
}

#[test]
fn standard_input_without_a_terminal_is_not_enough() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    let args = ["revoke", "--stdin", "--irreversible", "--wait", "0"];
    let ran = desk.without_terminal(&args).input(token(1)).run();
    ran.exits(2).has("there is no terminal to ask on");
    assert_kept_secret(&ran, &token(1));
    assert!(vendors.changes().iter().all(|change| !is_change(change)), "{}", ran.told());
}
