//! `--owners`: whose tokens are, learnt from lists of their provider with an administrator's credential, without using
//! the tokens themselves.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use common::provider::{Desk, is_change};
use common::server::{Received, Reply, Server};
use common::{Project, Ran, assert_kept_secret, example, token};
use serde_json::{Value, json};

const ADMIN: &str = "of-the-admin";

/// What is known of the owner of the only finding, by label.
#[track_caller]
fn owner(ran: &Ran) -> Value {
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{report:#}");
    let facts = findings[0]["owner"].as_array().cloned().unwrap_or_default();
    facts.iter().map(|fact| (fact["label"].as_str().unwrap().to_owned(), fact["text"].clone())).collect()
}

/// The questions about owners. None of them may hold the secret.
#[track_caller]
fn asked(server: &Server, secret: &str) -> Vec<Received> {
    let about =
        |received: &Received| received.path.starts_with("/orgs/") || received.path.contains("/metadata/");
    let asked: Vec<Received> = server.received().into_iter().filter(about).collect();
    assert!(asked.iter().all(|received| !received.whole().contains(secret)), "the token is used: {asked:#?}");
    asked
}

/// GitHub, whose list of single sign-on has these entries; the audit log knows nothing.
fn with_sign_ons(entries: Value) -> Server {
    Server::start(move |received| {
        let bearer = received.header("authorization").map(str::to_owned);
        let by_admin = bearer == Some(format!("Bearer {ADMIN}"));
        match received.path.split('?').next().unwrap() {
            "/orgs/acme/audit-log" if by_admin => Reply::json(200, "[]"),
            "/orgs/acme/credential-authorizations" if by_admin => Reply::json(200, &entries.to_string()),
            "/credentials/revoke" => Reply::json(202, "{}"),
            // Of these it tells nothing itself.
            "/user" if [2, 3].map(|seed| Some(format!("Bearer {}", token(seed)))).contains(&bearer) => {
                Reply::json(403, r#"{"message":"Resource protected by organization SAML enforcement"}"#)
            }
            _ => Reply::json(401, r#"{"message":"Bad credentials"}"#),
        }
    })
}

/// An entry of that list.
fn sign_on(login: &str, last_eight: &str) -> Value {
    json!({
        "login": login,
        "credential_id": 161_195,
        "credential_type": "personal access token",
        "token_last_eight": last_eight,
        "credential_authorized_at": "2026-01-02T03:04:05Z",
        "credential_accessed_at": "2026-02-03T04:05:06Z",
        "scopes": ["repo", "read:org"],
    })
}

fn last_eight(token: &str) -> &str {
    &token[token.len() - 8..]
}

fn of_github(server: &Server, credentials: &[(&str, &str)]) -> Ran {
    let desk = Desk::of(Project::new(), &[format!("github={}", server.url())]);
    desk.project.write("a.env", format!("GITHUB_TOKEN={}\n", token(1)));
    let stanch = desk.stanch(&["verify", "a.env", "--owners", "--format", "json"]);
    credentials.iter().fold(stanch, |stanch, (name, value)| stanch.env(name, value)).run()
}

const OF_ACME: &[(&str, &str)] = &[("GITHUB_ORG", "acme"), ("GITHUB_ADMIN_TOKEN", ADMIN)];

#[test]
fn single_sign_on_knows_a_token_by_its_last_characters() {
    let server = with_sign_ons(json!([
        sign_on("hubot", "12345678"),
        sign_on("octocat", last_eight(&token(1))),
        { "login": "ada", "credential_type": "SSH key", "fingerprint": "SHA256:x" },
    ]));
    let ran = of_github(&server, OF_ACME);
    assert_eq!(
        owner(&ran),
        json!({ "owner": "octocat", "last_used": "2026-02-03T04:05:06Z", "scopes": "repo,read:org" }),
        "{}",
        ran.told()
    );
    assert_eq!(asked(&server, &token(1)).len(), 2, "the audit log and the list");
    assert_kept_secret(&ran, &token(1));
    assert_kept_secret(&ran, ADMIN);
}

#[test]
fn what_no_entry_or_more_than_one_fits_is_nobodys() {
    let eight = last_eight(&token(1)).to_owned();
    for (entries, told) in [
        (json!([]), None),
        (json!([sign_on("hubot", "12345678")]), None),
        (json!([sign_on("hubot", &eight), sign_on("octocat", &eight)]), Some("2 entries")),
    ] {
        let server = with_sign_ons(entries.clone());
        let ran = of_github(&server, OF_ACME);
        assert_eq!(owner(&ran), json!({}), "{entries}");
        let obstacle = "whose GitHub tokens are could not be learnt";
        match told {
            Some(why) => ran.has(obstacle).has(why),
            None => ran.has_not(obstacle),
        };
    }
}

#[test]
fn without_the_right_credential_it_is_told_and_the_rest_goes_on() {
    let server = with_sign_ons(json!([sign_on("octocat", last_eight(&token(1)))]));
    let ran = of_github(&server, &[("GITHUB_ORG", "acme"), ("GITHUB_ADMIN_TOKEN", "of-somebody")]);
    ran.has("whose GitHub tokens are could not be learnt").has("401");
    assert_eq!(owner(&ran), json!({}));
    assert_eq!(ran.json()["findings"][0]["verdict"]["state"], "dead", "{}", ran.told());
    let before = asked(&server, &token(1)).len();
    of_github(&server, &[("GITHUB_ORG", "acme"), ("GITHUB_ADMIN_TOKEN", "")])
        .has("to learn whose GitHub tokens are, set GITHUB_ORG and GITHUB_ADMIN_TOKEN");
    assert_eq!(asked(&server, &token(1)).len(), before, "nobody is asked without one");
}

#[test]
fn an_owner_that_was_learnt_so_limits_what_is_revoked() {
    let server = with_sign_ons(json!([sign_on("octocat", last_eight(&token(2)))]));
    let desk = Desk::of(Project::new(), &[format!("github={}", server.url())]);
    desk.project.write("a.env", format!("GITHUB_TOKEN={}\nGITHUB_TOKEN={}\n", token(2), token(3)));
    let plan = OF_ACME
        .iter()
        .fold(desk.stanch(&["revoke", "plan", "-o", "plan.json", "--owners"]), |stanch, (name, value)| {
            stanch.env(name, value)
        });
    plan.run().exits(0);
    let planned = desk.planned();
    let facts: Vec<&Value> =
        planned["items"].as_array().unwrap().iter().map(|item| &item["verdict"]["facts"]).collect();
    let known = facts.iter().filter(|facts| facts.to_string().contains("octocat")).count();
    assert_eq!((facts.len(), known), (2, 1), "{planned:#}");
    let ran = desk.apply(&["--owner", "octocat"]);
    let changes: Vec<String> =
        server.received().iter().filter(|received| is_change(received)).map(Received::text).collect();
    assert_eq!(changes, [json!({ "credentials": [token(2)] }).to_string()], "{}", ran.told());
}

const ROBOT: &str = "robot@acme-7.iam.gserviceaccount.com";

/// A service account's key, its id, and what Google says of the certificates of its account.
fn of_google(certificates: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (Ran, Server, String) {
    let key = example("gcp-service-account-key", 1);
    let id = key.split_once("private_key_id\": \"").unwrap().1[..40].to_owned();
    let secret = key.split_once("PRIVATE KEY-----").unwrap().1[..60].to_owned();
    let file =
        key.trim_end().trim_end_matches('}').to_owned() + &format!(", \"client_email\": \"{ROBOT}\"}}\n");
    let of_key = id.clone();
    let server = Server::start(move |received| match received.path.as_str() {
        "/service_accounts/v1/metadata/x509/robot%40acme-7.iam.gserviceaccount.com" => certificates(&of_key),
        _ => Reply::json(400, r#"{"error":"invalid_grant","error_description":"Invalid grant"}"#),
    });
    let desk = Desk::of(Project::new(), &[format!("google={}", server.url())]);
    desk.project.write("key.json", file);
    let ran = desk.stanch(&["verify", "key.json", "--owners", "--format", "json"]).run();
    assert_kept_secret(&ran, &secret);
    assert_eq!(asked(&server, &secret).len(), 1, "{}", ran.told());
    (ran, server, id)
}

#[test]
fn google_shows_the_certificate_of_a_service_accounts_key() {
    let certificate = "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n";
    let (ran, server, id) =
        of_google(move |id| Reply::json(200, &json!({ "0123": certificate, id: certificate }).to_string()));
    assert_eq!(owner(&ran), json!({ "owner": ROBOT, "id": id }), "{}", ran.told());
    let question = &server.received()[0];
    assert_eq!(question.header("authorization"), None, "everybody may ask");
}

#[test]
fn a_key_that_google_does_not_show_is_nobodys() {
    let certificate = "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n";
    for (reply, told) in [
        (Reply::json(200, "{}"), None),
        (Reply::json(200, &json!({ "0123": certificate }).to_string()), None),
        (Reply::json(404, r#"{"error":{"code":404}}"#), Some("404")),
        (Reply::of(200, "text/html", "<html>sign in</html>"), Some("200")),
    ] {
        let shown = format!("{reply:?}");
        let (ran, _server, _) = of_google(move |_| reply.clone());
        assert_eq!(owner(&ran), json!({}), "{shown}");
        match told {
            Some(status) => ran.has("whose Google tokens are could not be learnt").has(status),
            None => ran.has_not("could not be learnt"),
        };
    }
}
