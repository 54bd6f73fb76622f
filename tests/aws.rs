//! AWS keys against moto, which plays IAM and STS: it checks signatures and what a user's policies allow.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use common::passed;
use common::prepared::{self, Beside};
use common::server::{Reply, Server};
use common::{Project, Ran, example};

/// What a user needs to turn off its own keys, beside what nobody can be denied.
const OWN_KEYS: [&str; 2] = ["iam:UpdateAccessKey", "iam:DeleteAccessKey"];

const RULE: &str = "aws-access-key-id";

#[test]
fn a_key_is_live_and_tells_whose_it_is() {
    let Some(moto) = Moto::start("live") else { return };
    let leak = moto.leak("octo", &[]);
    let ran = leak.verified();
    let verdict = verdict(&ran);
    let facts = verdict["facts"].as_array().unwrap();
    let told: Vec<&str> = facts
        .iter()
        .filter(|fact| fact["label"] != "id")
        .map(|fact| fact["text"].as_str().unwrap())
        .collect();
    ran.check(verdict["state"] == "live", "the key works");
    ran.check(
        told == ["123456789012", "arn:aws:iam::123456789012:user/octo"],
        "its account and user are told",
    );
    // The id that moto makes for an account reads as that account.
    let decoded = &ran.json()["findings"][0]["facts"][0]["text"];
    ran.check(decoded == "123456789012", "the id itself names the account");
}

#[test]
fn another_secret_beside_a_key_says_nothing_of_it() {
    let Some(moto) = Moto::start("wrong-secret") else { return };
    let leak = moto.leak("octo", &[]);
    leak.plant(&leak.id, &[&example("aws-secret-access-key", 1)]);
    let ran = leak.verified();
    ran.check(verdict(&ran)["state"] == "unknown", "AWS refused the signature, not the key");
    ran.check(verdict(&ran)["reason"] == "unclear", "AWS refused the signature, not the key");
}

#[test]
fn of_two_secrets_beside_a_key_the_right_one_is_found() {
    let Some(moto) = Moto::start("two-secrets") else { return };
    let leak = moto.leak("octo", &[]);
    leak.plant(&leak.id, &[&example("aws-secret-access-key", 1), &leak.secret]);
    let ran = leak.verified();
    ran.check(verdict(&ran)["state"] == "live", "the second secret is right");
}

#[test]
fn a_key_that_nobody_knows_is_dead() {
    let Some(moto) = Moto::start("unknown-key") else { return };
    let leak = moto.leak("octo", &[]);
    leak.plant(&example(RULE, 1), &[&leak.secret]);
    let ran = leak.verified();
    ran.check(verdict(&ran)["state"] == "dead", "moto knows no such id");
}

#[test]
fn a_key_turns_itself_off() {
    let Some(moto) = Moto::start("deactivate") else { return };
    let leak = moto.leak("octo", &OWN_KEYS);
    let ran = leak.revoked(&[]);
    // moto takes keys that are turned off all the same.
    ran.has("its provider accepted the call, and still takes the token").exits(4);
    assert_eq!(leak.events(), ["sending", "accepted", "still_live", "unknown"]);
    assert_eq!(leak.state(), "Inactive", "{}", ran.told());
}

#[test]
fn a_key_deletes_itself() {
    let Some(moto) = Moto::start("delete") else { return };
    let leak = moto.leak("octo", &OWN_KEYS);
    let ran = leak.revoked(&["--verb", "delete"]);
    ran.check(ran.stdout().starts_with("revoked "), "the key is gone").exits(0);
    assert_eq!(leak.events(), ["sending", "accepted", "confirmed_dead"]);
    assert_eq!(leak.state(), "gone", "{}", ran.told());
    let ran = leak.verified();
    ran.check(verdict(&ran)["state"] == "dead", "the key is gone");
}

#[test]
fn a_key_that_may_not_turn_itself_off_is_told_as_refused() {
    let Some(moto) = Moto::start("refused") else { return };
    for verb in ["deactivate", "delete"] {
        let leak = moto.leak(verb, &[]);
        let ran = leak.revoked(&["--verb", verb]);
        ran.check(ran.stdout().starts_with("refused "), "its user has no right to").exits(4);
        ran.has("https://console.aws.amazon.com/iam/home#/security_credentials");
        assert_eq!(leak.events(), ["sending", "refused"]);
        assert_eq!(leak.state(), "Active", "{}", ran.told());
    }
}

#[test]
fn a_key_is_not_turned_off_with_another_secret() {
    let Some(moto) = Moto::start("wrong-signature") else { return };
    let leak = moto.leak("octo", &OWN_KEYS);
    leak.plant(&leak.id, &[&example("aws-secret-access-key", 1)]);
    let ran = leak.revoked(&[]);
    ran.check(ran.stdout().starts_with("refused "), "the signature is wrong").exits(4);
    assert_eq!(leak.state(), "Active", "{}", ran.told());
}

/// A running moto.
struct Moto {
    folder: PathBuf,
    server: Beside,
    /// Says of XML that it is XML, as AWS does.
    between: Server,
}

impl Moto {
    /// Nothing where moto was not prepared.
    fn start(name: &str) -> Option<Moto> {
        let folder = prepared::folder("aws", "tests/aws/setup.sh", "python3")?;
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("moto-{name}.log"));
        let mut command = Command::new(folder.join("venv/bin/moto_server"));
        command.args(["-H", "127.0.0.1", "-p", "0"]);
        let server = Beside::start(&log, "Running on ", &command);
        let url = server.url().to_owned();
        let between = Server::start(move |asked| {
            let answer = passed::on(&url, asked);
            let request = answer.header("x-amzn-requestid").unwrap_or_default();
            Reply::of(answer.status, "text/xml", &answer.body).with("x-amzn-requestid", request)
        });
        Some(Moto { folder, server, between })
    }

    /// A user who may do this, and a file with the key of theirs.
    fn leak(&self, user: &str, actions: &[&str]) -> Leak<'_> {
        let project = Project::new();
        let made = self.arranged(&project, &[&["make", user], actions].concat());
        let (id, secret) = made.split_once('\n').unwrap();
        let leak =
            Leak { moto: self, project, user: user.to_owned(), id: id.to_owned(), secret: secret.to_owned() };
        leak.plant(id, &[secret]);
        leak
    }

    /// What the script says that has moto do things without asking for rights.
    fn arranged(&self, project: &Project, args: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws/arrange.py");
        let python = self.folder.join("venv/bin/python3");
        let all = [&[script.to_str().unwrap(), self.server.url()][..], args].concat();
        project.ask(python.to_str().unwrap(), &all)
    }
}

/// A key that leaked.
struct Leak<'a> {
    moto: &'a Moto,
    project: Project,
    user: String,
    id: String,
    secret: String,
}

impl Leak<'_> {
    /// Writes the file that a key leaks into.
    fn plant(&self, id: &str, secrets: &[&str]) {
        let secret = |secret: &&str| format!("aws_secret_access_key = {secret}\n");
        let secrets: String = secrets.iter().map(secret).collect();
        self.project.write("credentials", format!("[default]\naws_access_key_id = {id}\n{secrets}"));
    }

    fn verified(&self) -> Ran {
        self.run(&["verify", "--format", "json", "--rule", RULE])
    }

    /// Plans and carries out.
    fn revoked(&self, verb: &[&str]) -> Ran {
        let plan = ["revoke", "plan", "--rule", RULE, "-o", "plan.json", "--ledger", "ledger.jsonl"];
        self.run(&[&plan, verb].concat()).exits(0);
        let plan: Value = serde_json::from_str(&self.project.read("plan.json")).unwrap();
        let digest = plan["digest"].as_str().unwrap();
        let agreed = ["--yes", digest, "--irreversible", "--wait", "0", "--ledger", "ledger.jsonl"];
        self.run(&[&["revoke", "apply", "plan.json"][..], &agreed].concat())
    }

    /// What the ledger says that happened.
    fn events(&self) -> Vec<String> {
        let text = self.project.read("ledger.jsonl");
        let event =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["event"].as_str().unwrap().to_owned();
        text.lines().map(event).collect()
    }

    /// What IAM says of the key: `Active`, `Inactive` or `gone`.
    fn state(&self) -> String {
        self.moto.arranged(&self.project, &["state", &self.user, &self.id])
    }

    fn run(&self, args: &[&str]) -> Ran {
        let endpoint = format!("aws={}", self.moto.between.url());
        self.project.stanch([args, &["--endpoint", &endpoint, "--timeout", "60"]].concat()).run()
    }
}

#[track_caller]
fn verdict(ran: &Ran) -> Value {
    let verdict = ran.json()["findings"][0]["verdict"].clone();
    ran.check(verdict.is_object(), "the key should be found and asked about");
    verdict
}
