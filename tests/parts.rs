//! What belongs to a secret and stands elsewhere: beside it, in another file, in another commit.

#![allow(clippy::unwrap_used)]

mod common;

use common::server::{Received, Reply, Server};
use common::{Project, Ran, example, repository};
use serde_json::Value;
use stanch::rules::template;

fn account(seed: u64) -> String {
    template::fill("TWILIO_ACCOUNT_SID=AC{hex:32}\n", seed).unwrap()
}

fn auth_token(seed: u64) -> String {
    template::fill("TWILIO_AUTH_TOKEN={hex:32}\n", seed).unwrap()
}

/// The parts of the only finding of a rule, as `name path:line choices`.
#[track_caller]
fn parts(ran: &Ran, rule: &str) -> Vec<String> {
    let report = ran.json();
    let of_rule = |finding: &&Value| finding["rule"] == rule;
    let found: Vec<Value> = report["findings"].as_array().unwrap().iter().filter(of_rule).cloned().collect();
    assert_eq!(found.len(), 1, "{report:#}");
    let told = |part: &Value| {
        let [name, path] = ["name", "path"].map(|key| part[key].as_str().unwrap().to_owned());
        format!("{name} {path}:{} {}", part["line"], part["choices"])
    };
    found[0]["parts"].as_array().map_or(vec![], |parts| parts.iter().map(told).collect())
}

fn scan(project: &Project) -> Ran {
    project.stanch(["scan", "--format", "json"]).run()
}

#[test]
fn a_part_beside_its_secret_is_told_with_its_line() {
    let project = Project::new();
    project.write("a.env", format!("# mail\n{}\n{}", account(1), auth_token(2)));
    assert_eq!(parts(&scan(&project), "twilio-auth-token"), ["account a.env:2 1"]);
    project.write("a.env", format!("\n{}\n\n{}", auth_token(2), account(1)));
    assert_eq!(parts(&scan(&project), "twilio-auth-token"), ["account a.env:5 1"]);
    project.stanch(["scan"]).run().has("with its account at a.env:5");
}

#[test]
fn the_nearest_of_several_is_taken_and_that_there_were_others_is_told() {
    let project = Project::new();
    project.write("a.env", format!("{}{}\n\n\n\n{}", account(1), auth_token(2), account(3)));
    assert_eq!(parts(&scan(&project), "twilio-auth-token"), ["account a.env:1 2"]);
    project.stanch(["scan"]).run().has("with its account at a.env:1, the nearest of 2");
}

#[test]
fn a_part_in_another_file_is_joined_by_the_way_through_the_folders() {
    let project = Project::new();
    project.write("deploy/prod/secrets.env", auth_token(1));
    assert!(parts(&scan(&project), "twilio-auth-token").is_empty());
    project.write("other/far/away.env", account(2));
    assert_eq!(parts(&scan(&project), "twilio-auth-token"), ["account other/far/away.env:1 1"]);
    project.write("deploy/public.yaml", format!("# ids\n{}", account(3)));
    assert_eq!(parts(&scan(&project), "twilio-auth-token"), ["account deploy/public.yaml:2 2"]);
    project.write("deploy/prod/ids.env", account(4));
    assert_eq!(parts(&scan(&project), "twilio-auth-token"), ["account deploy/prod/ids.env:1 3"]);
    project.write("deploy/prod/secrets.env", format!("{}{}", auth_token(1), account(5)));
    assert_eq!(parts(&scan(&project), "twilio-auth-token"), ["account deploy/prod/secrets.env:2 1"]);
}

#[test]
fn findings_in_different_files_and_commits_are_parts_of_each_other() {
    let id = format!("AWS_ACCESS_KEY_ID={}\n", example("aws-access-key-id", 1));
    let secret = format!("AWS_SECRET_ACCESS_KEY={}\n", example("aws-secret-access-key", 2));
    let project = repository(&[]);
    project.write("id.env", &id).git(&["add", "-A"]).git(&["commit", "-q", "-m", "id"]);
    let ran = scan(&project);
    assert!(parts(&ran, "aws-access-key-id").is_empty());
    project.write("b/secret.env", &secret);
    let ran = scan(&project);
    assert_eq!(parts(&ran, "aws-access-key-id"), ["secret_key b/secret.env:1 1"]);
    assert_eq!(parts(&ran, "aws-secret-access-key"), ["key_id id.env:1 1"]);
    std::fs::remove_file(project.path("id.env")).unwrap();
    project.git(&["add", "-A"]).git(&["commit", "-q", "-m", "secret"]);
    let ran = project.stanch(["git", "--format", "json"]).run();
    assert_eq!(parts(&ran, "aws-access-key-id"), ["secret_key b/secret.env:1 1"]);
    assert_eq!(parts(&ran, "aws-secret-access-key"), ["key_id id.env:1 1"]);
}

#[test]
fn a_part_in_another_file_serves_to_ask_now_and_from_a_report() {
    let expected = account(2).trim().split_once('=').unwrap().1.to_owned();
    let live = |received: &Received| match received.header("authorization") {
        Some(_) => Reply::json(200, r#"{"sid":"AC0","friendly_name":"octo","status":"active"}"#),
        None => Reply::json(401, r#"{"code":20003}"#),
    };
    let server = Server::start(live);
    let at = format!("twilio={}", server.url());
    let project = Project::new();
    project.write("a/secrets.env", auth_token(1)).write("b/ids.env", account(2));
    let ran = project.stanch(["verify", ".", "--format", "json", "--endpoint", &at]).run();
    assert_eq!(ran.json()["findings"][0]["verdict"]["state"], "live", "{:#}", ran.json());
    assert!(server.received()[0].path.contains(&expected), "{:?}", server.received()[0]);
    project.write("report.json", ran.stdout());
    let again = project.stanch(["verify", "report.json", "--format", "json", "--endpoint", &at]).run();
    assert_eq!(again.json()["findings"][0]["verdict"]["state"], "live", "{:#}", again.json());
    assert_eq!(parts(&again, "twilio-auth-token"), ["account b/ids.env:1 1"]);
}
