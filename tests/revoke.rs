//! `stanch revoke`: what is planned, what is done with it, what is kept of it.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::provider::{Desk, Vendors, bearer, is_change, named};
use common::server::Reply;
use common::{Project, assert_kept_secret, commit, example, key, repository, token};
use serde_json::{Value, json};
use stanch::revoke::{Ledger, Plan};

/// What a plan says of its only item.
#[track_caller]
fn only_item(plan: &Value) -> &Value {
    assert_eq!(plan["items"].as_array().map(Vec::len), Some(1), "{plan:#}");
    &plan["items"][0]
}

fn ids(plan: &Value) -> Vec<String> {
    let items = plan["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// A file with both halves of a key of AWS.
fn aws_pair(seed: u64) -> String {
    let (id, secret) = (example("aws-access-key-id", seed), example("aws-secret-access-key", seed + 1));
    format!("AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}\n")
}

#[test]
fn a_plan_from_a_path_and_from_reports_of_a_scan_revokes_what_was_found() {
    for report in [None, Some("json"), Some("jsonl")] {
        let vendors = Vendors::start();
        let desk = vendors.desk(&["github"]);
        desk.project.write("code/a.env", key(1));
        let args = match report {
            None => vec!["code"],
            Some(format) => {
                let args = ["scan", "code", "--format", format, "--output", "report"];
                desk.bare(args).run().exits(1);
                vec!["report", "--in", "code"]
            }
        };
        let plan = desk.plan(&args);
        let item = only_item(&plan);
        assert_eq!(item["places"], json!([{ "path": "a.env", "kind": "file" }]), "{report:?}: {plan:#}");
        assert_eq!(item["rule"], "github-pat-classic", "{report:?}: {plan:#}");
        assert_eq!(item["verdict"]["state"], "live", "{report:?}: {plan:#}");
        assert_eq!(item["tell"], json!(["owner octocat"]), "{report:?}: {plan:#}");
        assert_eq!(plan["below"], "code", "{report:?}: {plan:#}");
        let ran = desk.apply(&[]);
        ran.exits(0).has("revoked").has("seen dead");
        vendors.changed(1, &ran);
        assert_eq!(named(&vendors.changes()[0]), [token(1)], "{report:?}");
        assert_eq!(desk.events(), ["sending", "accepted", "confirmed_dead"], "{report:?}");
    }
}

#[test]
fn a_secret_that_only_history_holds_is_found_again_by_its_object_and_revoked() {
    for format in ["json", "jsonl"] {
        let vendors = Vendors::start();
        let desk = Desk::of(repository(&[]), &vendors.endpoints(&["github"]));
        commit(&desk.project, "a.env", &key(1), "in");
        commit(&desk.project, "a.env", "KEY=\n", "out");
        let report = Project::new();
        let file = report.path("report").to_string_lossy().into_owned();
        desk.bare(["git", "--format", format, "--output", &file]).run().exits(1);
        let plan = desk.plan(&[&file]);
        let item = only_item(&plan);
        let object = desk.project.ask("git", &["rev-parse", "HEAD~:a.env"]);
        assert_eq!(item["places"][0]["object"], object.as_str(), "{format}: {plan:#}");
        let ran = desk.apply(&[]);
        ran.exits(0).has("revoked");
        assert_eq!(named(&vendors.changes()[0]), [token(1)], "{format}");
    }
}

#[test]
fn a_plan_is_bound_by_its_digest_and_holds_no_secret() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github", "aws"]);
    desk.project.write("a.env", key(1)).write("b.env", aws_pair(1));
    let ran = desk.stanch(&["revoke", "plan", "-o", "plan.json"]).run();
    ran.exits(0).has("Nothing was revoked.").has(&desk.digest());
    let printed = desk.stanch(&["revoke", "plan"]).run();
    printed.exits(0);
    let digest = desk.digest();
    assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digest}");
    let kept = desk.project.read("plan.json");
    for secret in [token(1), example("aws-access-key-id", 1), example("aws-secret-access-key", 2)] {
        assert_kept_secret(&ran, &secret);
        assert_kept_secret(&printed, &secret);
        for at in 4..secret.len() - 8 {
            let part = &secret[at..at + 8];
            assert!(!kept.contains(part), "{part} of {secret} stands in the plan:\n{kept}");
        }
    }
    vendors.changed(0, &ran);
}

#[test]
fn a_plan_that_was_changed_is_old_or_from_the_future_is_refused() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1));
    desk.plan(&[]);
    let (text, asked) = (desk.project.read("plan.json"), vendors.received().len());
    let made_at = |shift: i64| {
        let plan: Plan = serde_json::from_str(&text).unwrap();
        let empty = Ledger::read(Path::new("/nonexistent/ledger")).unwrap();
        Plan::new(&plan.below, plan.items, &empty, plan.made + shift).to_json().unwrap()
    };
    let (hour, changed) = (60 * 60, "the plan was changed since it was made");
    for (what, plan, code, message) in [
        ("another place", text.replace("a.env", "b.env"), 2, changed),
        ("another host", text.replace("\"host\": \"127.0.0.1", "\"host\": \"127.0.0.2"), 2, changed),
        ("undone by a word", text.replace("\"reversible\": false", "\"reversible\": true"), 2, changed),
        ("made yesterday", made_at(-25 * hour), 2, "more than 24 hours ago; make it again"),
        ("made in an hour", made_at(hour), 2, "which is still to come; check the clock, or make it again"),
        ("with a key more", text.replacen('{', "{\"x\":1,", 1), 2, "this is no plan: unknown field `x`"),
        ("a report", "{\"schema\":1}".into(), 2, "this is no plan"),
        ("of the next version", text.replace("\"schema\": 1", "\"schema\": 2"), 2, "no plan of this version"),
        ("no text", String::new(), 2, "this is no plan"),
        ("made just now by a clock that is early", made_at(60), 4, "--irreversible allows that"),
        ("made this morning", made_at(-23 * hour), 4, "--irreversible allows that"),
    ] {
        desk.project.write("plan.json", plan);
        let digest = desk.digest_if_any();
        let ran = desk.stanch(&["revoke", "apply", "plan.json", "--yes", &digest]).run();
        ran.check(ran.code == Some(code), what).has(message);
        assert_eq!(vendors.received().len(), asked, "{what}: nobody may be asked\n{}", ran.told());
    }
    assert!(!desk.project.path(desk.ledger()).exists(), "nothing was done that could be kept");
}

#[test]
fn what_is_gone_from_its_place_is_lost_and_nothing_is_sent() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1));
    desk.plan(&[]);
    let asked = vendors.received().len();
    for now in [Some("KEY=\n".to_owned()), Some(key(2)), None] {
        match &now {
            Some(text) => drop(desk.project.write("a.env", text)),
            None => fs::remove_file(desk.project.path("a.env")).unwrap(),
        }
        let ran = desk.apply(&[]);
        ran.exits(4).has("lost").has("not found at any of its places; nothing was sent");
        assert_eq!(vendors.received().len(), asked, "{now:?}: {}", ran.told());
    }
}

#[test]
fn what_is_dead_already_is_left_alone() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1));
    desk.plan(&[]);
    vendors.dead.add(&token(1));
    let ran = desk.apply(&[]);
    ran.exits(0).has("already dead, nothing was sent");
    vendors.changed(0, &ran);
    assert_eq!(desk.events(), ["confirmed_dead"]);
    // A plan that is made now knows.
    let plan = desk.plan(&[]);
    let item = only_item(&plan);
    assert_eq!((&item["action"], &item["why_not"]), (&Value::Null, &json!("it is dead already")));
    let ran = desk.apply(&[]);
    ran.exits(0).has("it is dead already");
    vendors.changed(0, &ran);
}

#[test]
fn what_the_vendor_refuses_is_told_with_the_way_by_hand() {
    for (status, word) in
        [(422, "it answered 422"), (403, "it answered 403"), (429, "the host wants no more calls")]
    {
        let vendors = Vendors::twisted(move |received, _| {
            is_change(received).then(|| Reply::json(status, r#"{"message":"Validation Failed"}"#))
        });
        let desk = vendors.desk(&["github"]);
        desk.project.write("a.env", key(1));
        desk.plan(&[]);
        let ran = desk.apply(&[]);
        ran.exits(4).has("refused").has(word).has("by hand: https://github.com/settings/tokens");
        vendors.changed(1, &ran);
        assert_eq!(desk.events(), ["sending", "refused"], "{status}");
    }
}

#[test]
fn many_tokens_go_in_few_calls_that_say_nothing_of_who_sends_them() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    // Nobody can be asked about these, so that there is nothing but the calls.
    let tokens: Vec<String> = (0..1001).map(|seed| example("github-app-refresh-token", seed)).collect();
    desk.project.write("a.env", tokens.join("\n"));
    let plan = desk.plan(&[]);
    assert_eq!(ids(&plan).len(), 1001);
    let digest = desk.digest();
    // However long it would be watched: there is nothing to be seen, so that it ends at once.
    let ran =
        desk.stanch(&["revoke", "apply", "plan.json", "--irreversible", "--wait", "600", "--yes", &digest]);
    let ran = ran.run();
    ran.exits(4).has("its provider accepted the call; whether it is dead could not be asked");
    let changes = vendors.changes();
    let sizes: Vec<usize> = changes.iter().map(|change| named(change).len()).collect();
    assert_eq!(sizes, [1000, 1], "{}", ran.stderr());
    let mut sent: Vec<String> = changes.iter().flat_map(named).collect();
    let mut all = tokens;
    sent.sort();
    all.sort();
    assert!(sent == all, "each token is sent once");
    for change in changes {
        let (path, header) = (change.path.as_str(), change.header("authorization"));
        assert_eq!((path, header), ("/credentials/revoke", None), "GitHub refuses what is authenticated");
    }
    assert_eq!(desk.records().iter().filter(|record| record["event"] == "accepted").count(), 1001);
}

#[test]
fn what_can_be_undone_is_done_first() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github", "gitlab", "aws"]);
    desk.project.write("1.env", format!("TOKEN={}\n", example("gitlab-pat", 1)));
    desk.project.write("2.env", key(1)).write("3.env", aws_pair(1));
    desk.plan(&[]);
    let ran = desk.apply(&[]);
    let paths: Vec<String> = vendors.changes().iter().map(|change| change.path.clone()).collect();
    let expected = ["/", "/api/v4/personal_access_tokens/self", "/credentials/revoke"];
    assert_eq!(paths, expected, "AWS can undo it, GitLab and GitHub cannot\n{}", ran.told());
    assert!(vendors.changes()[0].text().contains("Action=UpdateAccessKey"), "{:?}", vendors.changes());
    assert_eq!(ran.stdout().matches("revoked").count(), 3, "{}", ran.told());
}

#[test]
fn the_gentlest_way_is_taken_unless_another_is_named() {
    for (verb, irreversible, code, action) in [
        (None, false, 0, Some("Action=UpdateAccessKey")),
        (Some("deactivate"), false, 0, Some("Action=UpdateAccessKey")),
        (Some("delete"), false, 4, None),
        (Some("delete"), true, 0, Some("Action=DeleteAccessKey")),
    ] {
        let vendors = Vendors::start();
        let desk = vendors.desk(&["aws"]);
        desk.project.write("a.env", aws_pair(1));
        let plan = desk.plan(&verb.map_or(vec![], |verb| vec!["--verb", verb]));
        let digest = desk.digest();
        let mut args = vec!["revoke", "apply", "plan.json", "--wait", "0", "--yes", &digest];
        args.extend(irreversible.then_some("--irreversible"));
        // The secret is an item of its own that no call is about: it dies with the id.
        let ran = desk.stanch(&args).run();
        ran.exits(code);
        let changes = vendors.changes();
        assert_eq!(changes.len(), usize::from(action.is_some()), "{verb:?}: {plan:#}\n{}", ran.told());
        if let Some(action) = action {
            let (sent, id) = (changes[0].text(), example("aws-access-key-id", 1));
            assert!(sent.contains(action) && sent.contains(&format!("AccessKeyId={id}")), "{verb:?}: {sent}");
        }
    }
}

#[test]
fn what_was_revoked_is_not_sent_again_and_a_new_plan_knows_of_it() {
    let accepts_only =
        |received: &common::server::Received, _: &_| is_change(received).then(|| Reply::json(202, "{}"));
    for (vendors, code, second) in
        [(Vendors::start(), 0, "confirmed_dead"), (Vendors::twisted(accepts_only), 4, "still_live")]
    {
        let desk = vendors.desk(&["github"]);
        desk.project.write("a.env", key(1));
        desk.plan(&[]);
        for _ in 0..2 {
            let ran = desk.apply(&[]);
            ran.exits(code);
            vendors.changed(1, &ran);
        }
        let events = desk.events();
        assert_eq!(events[..3], ["sending", "accepted", second], "{events:?}");
        let plan = desk.plan(&[]);
        let earlier = only_item(&plan)["earlier"].as_array().unwrap();
        assert_eq!(earlier.len(), events.len(), "{plan:#}");
        let first = earlier[0].as_str().unwrap();
        assert!(first.contains("sending revoke at 127.0.0.1:"), "{plan:#}");
        assert_eq!(plan["ledger_records"], events.len(), "{plan:#}");
        // A person who planned anew in view of that may send it again.
        let ran = desk.apply(&[]);
        vendors.changed(if code == 0 { 1 } else { 2 }, &ran);
    }
}

#[test]
fn what_was_agreed_to_is_done_and_nothing_else() {
    let (vendors, other) = (Vendors::start(), Vendors::start());
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1));
    desk.plan(&[]);
    let digest = desk.digest();
    // The same plan, but another server.
    let args = ["revoke", "apply", "plan.json", "--irreversible", "--wait", "0", "--yes", &digest];
    let endpoints = other.endpoints(&["github"]);
    let elsewhere = [&args[..], &["--endpoint", &endpoints[0]]].concat();
    let ran = desk.bare(&elsewhere).run();
    ran.exits(4).has("which is not what the plan says; make it again");
    assert_eq!(other.received().len(), 0, "nobody else learns of the token");
    vendors.changed(0, &ran);
    desk.apply(&[]).exits(0).has("revoked");
}

#[test]
fn two_at_a_time_are_one_too_many() {
    let (arrived, arrival) = channel();
    let (release, released) = channel::<()>();
    let (arrived, released) = (Mutex::new(arrived), Arc::new(Mutex::new(released)));
    let vendors = Vendors::twisted(move |received, _| {
        if is_change(received) {
            arrived.lock().unwrap().send(()).unwrap();
            let _ = released.lock().unwrap().recv_timeout(Duration::from_secs(60));
        }
        None
    });
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1));
    desk.plan(&[]);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| desk.apply(&[]));
        arrival.recv_timeout(Duration::from_secs(60)).unwrap();
        let second = desk.apply(&[]);
        release.send(()).unwrap();
        second.exits(2).has("another revocation has the ledger; wait until it is done");
        first.join().unwrap().exits(0).has("revoked");
    });
    let ran = desk.bare(["revoke", "ledger"]).run();
    vendors.changed(1, &ran);
}

#[test]
fn the_ledger_is_printed_and_shows_when_it_was_tampered_with() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    let ran = desk.bare(["revoke", "ledger", "--verify"]).run();
    ran.exits(0).has("0 records");
    desk.project.write("a.env", key(1));
    let plan = desk.plan(&[]);
    let id = only_item(&plan)["id"].as_str().unwrap();
    desk.apply(&[]).exits(0);
    let printed = desk.bare(["revoke", "ledger"]).run();
    printed.exits(0).has("by octo@").has(&format!("github-pat-classic {id}"));
    printed.has("accepted revoke at 127.0.0.1:").has("answered 202");
    assert_kept_secret(&printed, &token(1));
    let records = desk.records();
    let stored = desk.project.read(desk.ledger());
    let lines: Vec<Value> = stored.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records, lines, "`--format json` prints what is stored");
    assert_eq!(records[1]["request_id"], "ABCD:1234", "{records:#?}");
    desk.bare(["revoke", "ledger", "--verify"]).run().exits(0).has("3 records, each bound to the one before");
    let lines: Vec<&str> = stored.lines().collect();
    for (what, text) in [
        ("changed", stored.replacen("202", "204", 1)),
        ("a record less", format!("{}\n{}\n", lines[0], lines[2])),
        ("the first less", format!("{}\n{}\n", lines[1], lines[2])),
        ("twice", format!("{stored}{}\n", lines[2])),
        ("a line of someone else", format!("{stored}done\n")),
    ] {
        desk.project.write(desk.ledger(), text);
        let told = [
            desk.bare(["revoke", "ledger", "--verify"]).run(),
            desk.bare(["revoke", "ledger"]).run(),
            desk.stanch(&["revoke", "plan"]).run(),
        ];
        for ran in told {
            ran.check(ran.code == Some(2), what).has("line ");
        }
        let ran = desk.apply(&[]);
        ran.check(ran.code == Some(2), what);
        vendors.changed(1, &ran);
    }
}

#[test]
fn a_ledger_that_was_cut_within_a_character_goes_on() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1));
    desk.plan(&[]);
    let jo = |stanch: common::Stanch| stanch.env("USER", "Jürgen").run();
    jo(desk.applying(&[])).exits(0);
    let mut stored = fs::read(desk.project.path(desk.ledger())).unwrap();
    let whole = stored.len();
    let cut = String::from_utf8_lossy(&stored).find('ü').unwrap() + 1;
    stored.extend_from_within(..cut);
    desk.project.write(desk.ledger(), &stored);
    assert!(stored.len() > whole && stored.last() == Some(&0xc3), "the line is cut within a letter");
    let told = desk.bare(["revoke", "ledger", "--verify"]).run();
    told.exits(0).has("The last line was cut while it was written");
    jo(desk.applying(&[])).exits(0);
    assert_eq!(desk.events().len(), 4);
    let printed = desk.bare(["revoke", "ledger"]).run();
    printed.exits(0).has("by Jürgen@").has_not("was cut");
    vendors.changed(1, &printed);
}

#[test]
fn each_token_is_asked_about_before_and_after_its_call() {
    let vendors = Vendors::start();
    let desk = vendors.desk(&["github"]);
    desk.project.write("a.env", key(1) + &key(2));
    desk.plan(&[]);
    let before = vendors.received().len();
    desk.apply(&[]).exits(0);
    let mut asked: Vec<String> = vec![];
    for received in &vendors.received()[before..] {
        asked.push(if is_change(received) { "revoke".into() } else { bearer(received).unwrap() });
    }
    let both = || {
        let mut both = vec![token(1), token(2)];
        both.sort();
        both
    };
    assert_eq!(asked.len(), 5, "{asked:?}");
    asked[..2].sort();
    asked[3..].sort();
    assert_eq!(asked, [both(), vec!["revoke".to_owned()], both()].concat());
}

#[test]
fn what_lacks_what_stands_beside_it_is_not_planned_for() {
    let desk = Desk::of(Project::new(), &[]);
    let key = example("mongodb-atlas-api-key", 1);
    let beside = format!("atlas_private_key = {key}\n");
    // Nobody listens there: the question is none that its vendor documents, and so it is not asked.
    let planned = |text: String| {
        desk.project.write("a.env", text);
        desk.plan(&["--endpoint", "mongodb-atlas=http://127.0.0.1:9"])["items"][0].clone()
    };
    let item = planned(beside.clone());
    let why = "`public_key`, which the call needs, was not found beside it";
    assert_eq!((&item["action"], &item["why_not"]), (&Value::Null, &json!(why)), "{item:#}");
    let item = planned(format!("atlas_public_key = abcdefgh\n{beside}"));
    assert_eq!(item["action"]["verb"], "delete", "{item:#}");
}
