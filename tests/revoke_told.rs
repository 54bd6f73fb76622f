//! What `stanch revoke apply` tells machines, and how secrets on standard input are agreed to by a digest.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::provider::{Vendors, is_change, named};
use common::server::Reply;
use common::{Ran, assert_kept_secret, example, key, token};
use serde_json::Value;

/// The document, once it was held against its schema.
#[track_caller]
fn told(ran: &Ran) -> Value {
    let schema = fs::read_to_string("fixtures/schema/revocation-v1.schema.json").unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let stdout = ran.stdout();
    // A terminal shows what was asked and typed before.
    let start = stdout.find("{\n").or(stdout.find("{\r\n")).unwrap_or_else(|| panic!("{}", ran.told()));
    let told: Value = serde_json::from_str(&stdout[start..]).unwrap();
    let faults: Vec<String> = validator.iter_errors(&told).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}\n{told:#}");
    told
}

/// What became of each, by its rule and the place in the plan.
fn outcomes(told: &Value) -> BTreeMap<(String, String), u32> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut outcomes = BTreeMap::new();
    for item in told["items"].as_array().unwrap() {
        *outcomes.entry((text(&item["rule"]), text(&item["outcome"]))).or_default() += 1;
    }
    outcomes
}

fn expected(outcomes: &[(&str, &str)]) -> BTreeMap<(String, String), u32> {
    let mut expected = BTreeMap::new();
    for (rule, outcome) in outcomes {
        *expected.entry(((*rule).to_owned(), (*outcome).to_owned())).or_default() += 1;
    }
    expected
}

#[test]
fn what_came_of_each_item_is_told_to_machines() {
    let vendors = Vendors::twisted(|received, _| {
        let is_refused = is_change(received) && received.path.starts_with("/api/v4/");
        is_refused.then(|| Reply::json(403, r#"{"message":"403 Forbidden"}"#))
    });
    let desk = vendors.desk(&["github", "aws", "gitlab"]);
    let pair = [example("aws-access-key-id", 1), example("aws-secret-access-key", 2)];
    let gitlab = example("gitlab-pat", 5);
    desk.project
        .write("live.env", key(1))
        .write("pair.env", format!("AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\n", pair[0], pair[1]))
        .write("dead.env", key(2))
        .write("gone.env", key(3))
        .write("refused.env", format!("GITLAB_TOKEN={gitlab}\n"));
    vendors.dead.add(&token(2));
    desk.plan(&[]);
    fs::remove_file(desk.project.path("gone.env")).unwrap();
    let ran = desk.apply(&["--format", "json"]);
    ran.exits(4);
    let document = told(&ran);
    assert_eq!(document["plan"], desk.digest().as_str());
    assert_eq!(
        outcomes(&document),
        expected(&[
            ("aws-access-key-id", "revoked"),
            ("aws-secret-access-key", "died_with_other"),
            ("github-pat-classic", "already_dead"),
            ("github-pat-classic", "not_found"),
            ("github-pat-classic", "revoked"),
            ("gitlab-pat", "refused"),
        ]),
        "{document:#}"
    );
    for item in document["items"].as_array().unwrap() {
        let is_open =
            matches!(item["outcome"].as_str(), Some("refused" | "unsupported" | "unknown" | "left"));
        assert_eq!(item["by_hand"].is_string(), is_open, "{item:#}");
    }
    for secret in [&token(1), &token(2), &token(3), &pair[0], &pair[1], &gitlab] {
        assert_kept_secret(&ran, secret);
    }
}

#[test]
fn what_was_not_asked_for_is_told_as_left() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1)).write("b.env", key(2));
    let plan = desk.plan(&[]);
    let id = plan["items"][0]["id"].as_str().unwrap();
    let ran = desk.apply(&["--id", id, "--format", "json"]);
    ran.exits(4);
    let document = told(&ran);
    let both = [("github-pat-classic", "revoked"), ("github-pat-classic", "left")];
    assert_eq!(outcomes(&document), expected(&both), "{document:#}");
    assert_eq!(document["items"][0]["id"], id, "{document:#}");
    vendors.changed(1, &ran);
    // Where there is nothing left to do at all it is told as well.
    vendors.dead.add(&token(1));
    vendors.dead.add(&token(2));
    desk.plan(&[]);
    let ran = desk.apply(&["--format", "json"]);
    ran.exits(0);
    let dead = [("github-pat-classic", "already_dead"), ("github-pat-classic", "already_dead")];
    assert_eq!(outcomes(&told(&ran)), expected(&dead));
    vendors.changed(1, &ran);
}

#[test]
fn a_person_at_a_terminal_can_have_it_as_json_too() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    desk.project.write("secrets", format!("{}\n", token(1)));
    let args = ["revoke", "--stdin", "--irreversible", "--wait", "0", "--format", "json"];
    let ran = desk.at_terminal(&args, "GitHub 1\n", Some("secrets")).run();
    ran.exits(0);
    assert_eq!(outcomes(&told(&ran)), expected(&[("github-pat-classic", "revoked")]));
}

#[test]
fn secrets_on_standard_input_are_agreed_to_by_the_digest_of_a_plan_that_was_made_of_them() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    let secrets = format!("{}\n{}\n", token(1), token(2));
    let usual = ["--irreversible", "--wait", "0", "--yes"];
    let at_once = [&["revoke", "--stdin"][..], &usual, &["0123456789abcdef"]].concat();
    let ran = desk.without_terminal(&at_once).input(secrets.clone()).run();
    ran.exits(2)
        .has("stanch revoke plan - -o plan.json")
        .has("stanch revoke apply plan.json --stdin --yes DIGEST");
    assert!(vendors.received().is_empty(), "nobody is asked\n{}", ran.told());

    let planned = desk.without_terminal(&["revoke", "plan", "-", "-o", "plan.json"]);
    planned.input(secrets.clone()).run().exits(0).has("Nothing was revoked.");
    let digest = desk.digest();
    let apply = |more: &[&str]| {
        let args = [&["revoke", "apply", "plan.json", "--stdin"][..], &usual, &[&digest], more].concat();
        desk.without_terminal(&args)
    };
    // Other secrets are none of the plan.
    let other = apply(&["--format", "json"]).input(format!("{}\n", token(3))).run();
    other.exits(4);
    let lost = [("github-pat-classic", "not_found"), ("github-pat-classic", "not_found")];
    assert_eq!(outcomes(&told(&other)), expected(&lost));
    vendors.changed(0, &other);
    let ran = apply(&["--format", "json"]).input(secrets).run();
    ran.exits(0);
    let revoked = [("github-pat-classic", "revoked"), ("github-pat-classic", "revoked")];
    assert_eq!(outcomes(&told(&ran)), expected(&revoked));
    vendors.changed(1, &ran);
    assert_eq!(named(&vendors.changes()[0]).len(), 2);
    for secret in [token(1), token(2)] {
        assert_kept_secret(&ran, &secret);
        assert!(!desk.project.read("plan.json").contains(&secret[4..]), "a secret stands in the plan");
    }
    apply(&["--in", "."]).run().exits(2).has("cannot be used with");
}
