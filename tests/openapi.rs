//! What the program sends and what it takes for an answer, held to the vendors' own OpenAPI specifications: prism
//! stands between the program and a provider of ours, and reports whatever of either the specification does not allow.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use common::passed;
use common::prepared::{self, Beside};
use common::server::{Received, Reply, Server};
use common::{Project, Ran, example};
use stanch::rules::{BUILTIN, template};

/// Stands for an administrator's credential in the environment.
const ADMIN: &str = "of-an-administrator";

/// The specifications by name.
const NAMES: [&str; 8] = ["discord", "github", "okta", "openai", "sendgrid", "slack", "twilio", "vault"];

/// How a provider of ours answers a call, named as in its specification.
type Provider = fn(&str, &Received, &mut Account) -> (u16, Value);

/// What the provider knows of the one token that is about.
#[derive(Default)]
struct Account {
    token: String,
    dead: bool,
    /// It made a new token beside this one.
    has_second: bool,
    /// What it says to the call that revokes, whatever it is.
    refusal: Option<(u16, Value)>,
    /// Whether the token dies all the same.
    dies_anyway: bool,
}

/// A kind of token, and the call that revokes it.
struct Story {
    rule: &'static str,
    /// What stands before the secret in the rule's first example.
    before: &'static str,
    /// The file it leaked into: a template, in which `{token}` is the example.
    file: &'static str,
    revoke: Option<&'static str>,
    /// Whether it can be asked if the token is dead.
    is_asked: bool,
    /// Errors that the vendor documents elsewhere only.
    errors: &'static [(u16, &'static str)],
    /// Statuses of the call that say that the token is dead already.
    already: &'static [u16],
}

const STORY: Story = Story {
    rule: "",
    before: "",
    file: "token = {token}\n",
    revoke: None,
    is_asked: true,
    errors: &[],
    already: &[],
};

#[test]
fn discord() {
    let Some(stage) = Stage::set("discord", |call, asked, account| match call {
        "GET /api/v10/users/@me" if account.takes(asked.header("authorization"), "Bot ") => {
            (200, json!({ "id": "1", "username": "octo" }))
        }
        "GET /api/v10/users/@me" => (401, json!({ "message": "401: Unauthorized", "code": 0 })),
        _ if !account.takes(asked.path.strip_prefix("/api/v10/webhooks/"), "") => {
            (404, json!({ "message": "Unknown Webhook", "code": 10015 }))
        }
        "GET /api/v10/webhooks/{webhook_id}/{webhook_token}" => {
            (200, json!({ "id": "1", "name": "builds", "guild_id": "3" }))
        }
        _ => account.dies(204, json!(null)),
    }) else {
        return;
    };
    let webhook = Story {
        rule: "discord-webhook-url",
        before: "https://discord.com/api/webhooks/",
        revoke: Some("DELETE /api/v10/webhooks/{webhook_id}/{webhook_token}"),
        ..STORY
    };
    stage.tell(&[
        webhook,
        Story { rule: "discord-bot-token", file: "discord bot-token = {token}\n", ..STORY },
    ]);
    stage.is_silent_about(&[]);
}

#[test]
fn github() {
    const REVOKE: Option<&str> = Some("POST /credentials/revoke");
    const SELF: Option<&str> = Some("DELETE /installation/token");
    let Some(stage) = Stage::set("github", |call, asked, account| match call {
        // "Any authenticated requests will return a 403."
        "POST /credentials/revoke" if asked.header("authorization").is_some() => {
            (403, json!({ "message": "Forbidden" }))
        }
        "POST /credentials/revoke" => {
            let sent: Value = serde_json::from_slice(&asked.body).unwrap();
            assert_eq!(sent, json!({ "credentials": [account.token] }));
            account.dies(202, json!({}))
        }
        _ if !account.takes(asked.header("authorization"), "Bearer ") => {
            (401, json!({ "message": "Bad credentials" }))
        }
        "GET /user" => (200, json!({ "login": "octocat", "type": "User" })),
        "GET /installation/repositories" => (200, json!({ "total_count": 0 })),
        _ => account.dies(204, json!(null)),
    }) else {
        return;
    };
    stage.tell(&[
        Story { rule: "github-pat-classic", revoke: REVOKE, ..STORY },
        Story { rule: "github-oauth-access-token", revoke: REVOKE, ..STORY },
        Story { rule: "github-app-user-token", revoke: REVOKE, ..STORY },
        Story { rule: "github-fine-grained-pat", revoke: REVOKE, ..STORY },
        Story { rule: "github-app-refresh-token", revoke: REVOKE, is_asked: false, ..STORY },
        Story {
            rule: "github-app-installation-token",
            revoke: SELF,
            errors: &[(401, r#"{"message":"Bad credentials"}"#), (403, r#"{"message":"Forbidden"}"#)],
            already: &[401],
            ..STORY
        },
        Story { rule: "github-app-installation-token-jwt", revoke: SELF, ..STORY },
    ]);
    stage.is_silent_about(&["DELETE /installation/token 401", "DELETE /installation/token 403"]);
}

#[test]
fn okta() {
    let Some(stage) = Stage::set("okta", |call, asked, account| match call {
        _ if !account.takes(asked.header("authorization"), "SSWS ") => {
            (401, json!({ "errorCode": "E0000011", "errorSummary": "Invalid token provided" }))
        }
        "GET /api/v1/users/{id}" => (
            200,
            json!({ "id": "1", "profile": { "login": "octo@example.com", "email": "octo@example.com" } }),
        ),
        _ => account.dies(204, json!(null)),
    }) else {
        return;
    };
    stage.tell(&[Story {
        rule: "okta-api-token",
        before: "OKTA_API_TOKEN=",
        file: "OKTA_ORG=https://acme.okta.com\n{token}\n",
        revoke: Some("DELETE /api/v1/api-tokens/current"),
        errors: &[(401, r#"{"errorCode":"E0000011"}"#)],
        already: &[401],
        ..STORY
    }]);
    stage.is_silent_about(&["DELETE /api/v1/api-tokens/current 401", "GET /api/v1/users/{id} 401"]);
}

#[test]
fn openai() {
    const KEY: Option<&str> = Some("DELETE /v1/organization/projects/{project_id}/api_keys/{api_key_id}");
    const WRONG: &str = r#"{"error":{"code":"invalid_api_key","message":"Incorrect API key provided"}}"#;
    let Some(stage) = Stage::set("openai", |call, asked, account| {
        let is_admin = asked.header("authorization") == Some("Bearer of-an-administrator");
        let is_right = is_admin == asked.path.starts_with("/v1/organization/projects/p1/")
            && (is_admin || account.takes(asked.header("authorization"), "Bearer "));
        let (start, end) = (account.token.get(..8), account.token.get(account.token.len() - 3..));
        let redacted = |length: usize| format!("{}...{}", &start.unwrap()[..length], end.unwrap());
        match call {
            _ if !is_right => (401, serde_json::from_str(WRONG).unwrap()),
            "GET /v1/models" => (200, json!({})),
            "GET /v1/organization/admin_api_keys" => {
                let other = json!({ "id": "k0", "redacted_value": "sk-admin...xyz" });
                (200, json!({ "data": [other, { "id": "k1", "redacted_value": redacted(8) }] }))
            }
            "GET /v1/organization/projects/{project_id}/api_keys" => {
                let other = json!({ "id": "k0", "redacted_value": "sk-xyz...xyz" });
                let owner = json!({ "service_account": { "id": "s1" } });
                (
                    200,
                    json!({ "data": [other, { "id": "k1", "redacted_value": redacted(6), "owner": owner }] }),
                )
            }
            _ if !asked.path.ends_with("/k1") && !asked.path.ends_with("/service_accounts/s1") => {
                (404, json!({ "error": { "message": "there is no such key" } }))
            }
            _ => account.dies(200, json!({ "deleted": true })),
        }
    }) else {
        return;
    };
    stage.tell(&[
        Story { rule: "openai-project-api-key", revoke: KEY, errors: &[(401, WRONG)], ..STORY },
        Story { rule: "openai-api-key-legacy", revoke: KEY, ..STORY },
        Story {
            rule: "openai-service-account-key",
            revoke: Some(
                "DELETE /v1/organization/projects/{project_id}/service_accounts/{service_account_id}",
            ),
            ..STORY
        },
        Story {
            rule: "openai-admin-api-key",
            revoke: Some("DELETE /v1/organization/admin_api_keys/{key_id}"),
            errors: &[(401, WRONG), (403, r#"{"error":{"message":"Forbidden"}}"#)],
            already: &[401],
            ..STORY
        },
    ]);
    stage.is_silent_about(&[
        "DELETE /v1/organization/admin_api_keys/{key_id} 401",
        "DELETE /v1/organization/admin_api_keys/{key_id} 403",
        "DELETE /v1/organization/projects/{project_id}/api_keys/{api_key_id} 401",
        "GET /v1/models 401",
        "GET /v1/organization/admin_api_keys 401",
    ]);
}

#[test]
fn sendgrid() {
    let Some(stage) = Stage::set("sendgrid", |call, asked, account| {
        let id = account.token.split('.').nth(1).unwrap();
        match call {
            _ if !account.takes(asked.header("authorization"), "Bearer ") => {
                (401, json!({ "errors": [{ "field": null, "message": "authorization required" }] }))
            }
            "GET /v3/scopes" => (200, json!({ "scopes": ["mail.send"] })),
            _ if asked.path != format!("/v3/api_keys/{id}") => {
                (404, json!({ "errors": [{ "message": "unable to find API Key" }] }))
            }
            _ => account.dies(204, json!(null)),
        }
    }) else {
        return;
    };
    let revoke = Some("DELETE /v3/api_keys/{api_key_id}");
    stage.tell(&[Story { rule: "sendgrid-api-key", revoke, already: &[401], ..STORY }]);
    stage.is_silent_about(&[]);
}

#[test]
fn slack() {
    const REVOKE: &str = "POST /api/auth.revoke";
    let Some(stage) = Stage::set("slack", |call, asked, account| match call {
        _ if !account.takes(asked.header("authorization"), "Bearer ") => {
            (200, json!({ "ok": false, "error": "invalid_auth" }))
        }
        "POST /api/auth.test" => (200, json!({ "team": "Acme", "team_id": "T12345678", "user": "octo" })),
        _ => account.dies(200, json!({ "ok": true, "revoked": true })),
    }) else {
        return;
    };
    let kinds = [
        "slack-bot-token",
        "slack-user-token",
        "slack-app-level-token",
        "slack-rotating-access-token",
        "slack-legacy-session-token",
        "slack-workspace-token-legacy",
    ];
    stage.tell(&kinds.map(|rule| Story { rule, revoke: Some(REVOKE), ..STORY }));
    // Slack says with status 200 what went wrong, each in a word.
    let errors =
        stage.specification.answer(REVOKE, 200).unwrap()["anyOf"][1]["properties"]["error"]["enum"].clone();
    for error in errors.as_array().unwrap() {
        let says_dead = ["invalid_auth", "token_revoked", "token_expired", "account_inactive"]
            .contains(&error.as_str().unwrap());
        let story = Story { rule: kinds[0], revoke: Some(REVOKE), ..STORY };
        let refusal = (200, json!({ "ok": false, "error": error }));
        if says_dead {
            stage.dead_before(&story, &refusal);
        } else {
            stage.refused(&story, &refusal, "refused");
        }
    }
    stage.is_silent_about(&[]);
}

#[test]
fn twilio() {
    const ROTATE: Option<&str> = Some("POST /v1/AuthTokens/Promote");
    const AUTHENTICATE: &str = r#"{"code":20003,"message":"Authenticate","status":401}"#;
    let Some(stage) = Stage::set("twilio", |call, asked, account| {
        let pair = asked.header("authorization").and_then(|header| header.strip_prefix("Basic "));
        let pair =
            pair.and_then(|pair| String::from_utf8(STANDARD.decode(pair).ok()?).ok()).unwrap_or_default();
        let (user, password) = pair.split_once(':').unwrap_or_default();
        let by_admin = call.starts_with("DELETE ") && password == ADMIN && asked.path.contains(user);
        let is_right = match account.token.strip_prefix("SK") {
            Some(_) => by_admin || account.takes(Some(user), ""),
            None => account.takes(Some(password), "") && user.starts_with("AC"),
        };
        match call {
            _ if !is_right => (401, serde_json::from_str(AUTHENTICATE).unwrap()),
            "GET /2010-04-01/Accounts/{Sid}.json" => (200, json!({ "sid": user, "status": "active" })),
            "GET /v2/Services" => (200, json!({ "meta": { "page": 0 }, "services": [] })),
            "POST /v1/AuthTokens/Secondary" => {
                account.has_second = true;
                (201, json!({ "account_sid": user }))
            }
            "POST /v1/AuthTokens/Promote" if !account.has_second => (404, json!({ "code": 20404 })),
            "POST /v1/AuthTokens/Promote" => account.dies(200, json!({ "account_sid": user })),
            _ if !asked.path.ends_with(&format!("/{}.json", account.token)) => {
                (404, json!({ "code": 20404 }))
            }
            _ => account.dies(204, json!(null)),
        }
    }) else {
        return;
    };
    let account = "TWILIO_ACCOUNT_SID=AC{hex:32}\nTWILIO_AUTH_TOKEN={token}\n";
    stage.tell(&[
        Story {
            rule: "twilio-auth-token",
            file: account,
            revoke: ROTATE,
            errors: &[(401, AUTHENTICATE), (403, r#"{"code":20403,"message":"Forbidden","status":403}"#)],
            already: &[401],
            ..STORY
        },
        Story {
            rule: "twilio-api-key-secret",
            file: "TWILIO_ACCOUNT_SID=AC{hex:32}\nTWILIO_API_KEY={token}\nTWILIO_API_KEY_SECRET={base62:32}\n",
            revoke: Some("DELETE /2010-04-01/Accounts/{AccountSid}/Keys/{Sid}.json"),
            errors: &[(401, AUTHENTICATE), (404, r#"{"code":20404,"status":404}"#)],
            ..STORY
        },
    ]);
    stage.is_silent_about(&[
        "DELETE /2010-04-01/Accounts/{AccountSid}/Keys/{Sid}.json 401",
        "DELETE /2010-04-01/Accounts/{AccountSid}/Keys/{Sid}.json 404",
        "GET /2010-04-01/Accounts/{Sid}.json 401",
        "GET /v2/Services 401",
        "POST /v1/AuthTokens/Promote 401",
        "POST /v1/AuthTokens/Promote 403",
    ]);
}

#[test]
fn vault() {
    const REVOKE: Option<&str> = Some("POST /v1/auth/token/revoke-self");
    const DESTROY: Option<&str> =
        Some("POST /v1/auth/{approle_mount_path}/role/{role_name}/secret-id/destroy");
    const DENIED: (u16, &str) = (403, r#"{"errors":["permission denied"]}"#);
    let Some(stage) = Stage::set("vault", |call, asked, account| match call {
        "POST /v1/auth/{approle_mount_path}/role/{role_name}/secret-id/destroy" => {
            let sent: Value = serde_json::from_slice(&asked.body).unwrap();
            assert_eq!(
                (asked.header("x-vault-token"), &sent),
                (Some(ADMIN), &json!({ "secret_id": account.token }))
            );
            assert_eq!(asked.path, "/v1/auth/approle/role/deploy/secret-id/destroy");
            account.dies(204, json!(null))
        }
        _ if !account.takes(asked.header("x-vault-token"), "") => (403, json!({ "errors": ["bad token"] })),
        "GET /v1/auth/token/lookup-self" => {
            (200, json!({ "data": { "display_name": "octo", "policies": ["default"], "expire_time": null } }))
        }
        _ => account.dies(204, json!(null)),
    }) else {
        return;
    };
    stage.tell(&[
        Story { rule: "vault-service-token", revoke: REVOKE, errors: &[DENIED], ..STORY },
        Story {
            rule: "vault-legacy-service-token",
            before: "VAULT_TOKEN=",
            revoke: REVOKE,
            file: "{token}\n",
            ..STORY
        },
        Story { rule: "vault-batch-token", ..STORY },
        Story {
            rule: "vault-approle-secret-id",
            before: "VAULT_SECRET_ID=",
            file: "{token}\n",
            revoke: DESTROY,
            is_asked: false,
            errors: &[DENIED],
            ..STORY
        },
    ]);
    stage.is_silent_about(&[
        "GET /v1/auth/token/lookup-self 403",
        "POST /v1/auth/token/revoke-self 403",
        "POST /v1/auth/{approle_mount_path}/role/{role_name}/secret-id/destroy 403",
    ]);
}

/// Without this one, all the others could pass because nobody looks.
#[test]
fn what_a_specification_does_not_allow_is_seen() {
    let Some(stage) = Stage::set("sendgrid", |_, _, account| match account.token.as_str() {
        "well" => (200, json!({ "scopes": [] })),
        _ => (200, json!({ "scopes": [7] })),
    }) else {
        return;
    };
    let ask = |header: &str, path: &str| {
        let client = passed::client();
        client.get(format!("{}{path}", stage.between.url())).header(header, "Bearer x").send().unwrap();
        let mut seen = stage.seen.lock().unwrap();
        (std::mem::take(&mut seen.violations), std::mem::take(&mut seen.silent))
    };
    stage.account.lock().unwrap().token = "well".to_owned();
    let nothing = (vec![], BTreeSet::new());
    assert_eq!(ask("authorization", "/v3/scopes"), nothing, "this call is as its specification says");
    assert_ne!(ask("x-api-key", "/v3/scopes"), nothing, "the token is not where the specification wants it");
    assert_ne!(ask("authorization", "/v3/scope"), nothing, "there is no such path");
    assert_ne!(ask("authorization", "/v3/api_keys/1"), nothing, "there is no such method");
    stage.account.lock().unwrap().token = "ill".to_owned();
    assert_ne!(ask("authorization", "/v3/scopes"), nothing, "the answer has another form");
}

impl Account {
    /// Whether this is the token, behind a word, and it lives.
    fn takes(&self, sent: Option<&str>, word: &str) -> bool {
        !self.dead && sent.and_then(|sent| sent.strip_prefix(word)) == Some(&self.token)
    }

    fn dies(&mut self, status: u16, body: Value) -> (u16, Value) {
        self.dead = true;
        (status, body)
    }
}

/// What was seen on the way of requests and answers through prism.
#[derive(Default)]
struct Seen {
    violations: Vec<String>,
    /// Calls with statuses that the specification leaves out.
    silent: BTreeSet<String>,
}

/// A provider behind prism.
struct Stage {
    name: &'static str,
    specification: Arc<Specification>,
    account: Arc<Mutex<Account>>,
    /// Stands before prism, to see what it reports.
    between: Server,
    provider: Arc<Server>,
    seen: Arc<Mutex<Seen>>,
    _alone: MutexGuard<'static, ()>,
}

impl Stage {
    /// Nothing where prism was not prepared.
    fn set(name: &'static str, answer: Provider) -> Option<Stage> {
        let folder = prepared::folder("openapi", "tests/openapi/setup.sh", "node")?;
        let prism = prism(&folder, name);
        let alone = prism.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let specification = Arc::new(Specification::read(&folder, name));
        let account = Arc::new(Mutex::new(Account::default()));
        let seen = Arc::new(Mutex::new(Seen::default()));
        *prism.answer.lock().unwrap() = {
            let (specification, account) = (Arc::clone(&specification), Arc::clone(&account));
            Box::new(move |asked| reply(&specification, &mut account.lock().unwrap(), answer, asked))
        };
        let (url, known, kept) = (prism.beside.url(), Arc::clone(&specification), Arc::clone(&seen));
        let between = Server::start(move |asked| passed_on(url, &known, &mut kept.lock().unwrap(), asked));
        Some(Stage {
            name,
            specification,
            account,
            between,
            provider: Arc::clone(&prism.provider),
            seen,
            _alone: alone,
        })
    }

    /// Each token lives, is revoked and dead; and each error that is documented is told as one.
    fn tell(&self, stories: &[Story]) {
        for (seed, story) in stories.iter().enumerate() {
            let leak = self.leak(story, seed as u64);
            if story.is_asked {
                leak.has_verdict("live");
            }
            match story.revoke {
                Some(_) if story.is_asked => leak.revoked("revoked", 0),
                Some(_) => leak.revoked("unknown", 4),
                None => self.account.lock().unwrap().dead = true,
            }
            if story.is_asked {
                leak.has_verdict("dead");
            }
            assert!(self.account.lock().unwrap().dead, "{}: its provider did not revoke it", story.rule);
            self.errors(story);
        }
    }

    fn errors(&self, story: &Story) {
        let Some(call) = story.revoke else { return };
        let documented = self.specification.errors(call).into_iter().map(|status| (status, json!({})));
        let elsewhere =
            story.errors.iter().map(|(status, body)| (*status, serde_json::from_str::<Value>(body).unwrap()));
        for refusal in documented.chain(elsewhere) {
            let is_open = refusal.0 >= 500 || story.already.contains(&refusal.0);
            self.refused(story, &refusal, if is_open { "unknown" } else { "refused" });
            if story.already.contains(&refusal.0) && story.is_asked {
                self.dead_before(story, &refusal);
            }
        }
    }

    /// The provider answers the call so and does nothing.
    fn refused(&self, story: &Story, refusal: &(u16, Value), word: &str) {
        let leak = self.leak(story, 7);
        self.account.lock().unwrap().refusal = Some(refusal.clone());
        leak.revoked(word, 4);
    }

    /// The provider answers the call so because the token died just before.
    fn dead_before(&self, story: &Story, refusal: &(u16, Value)) {
        let leak = self.leak(story, 8);
        let mut account = self.account.lock().unwrap();
        (account.refusal, account.dies_anyway) = (Some(refusal.clone()), true);
        drop(account);
        leak.revoked("revoked", 0);
    }

    fn leak<'a>(&'a self, story: &'a Story, seed: u64) -> Leak<'a> {
        let example = example(story.rule, seed);
        let token = example.strip_prefix(story.before).unwrap().to_owned();
        *self.account.lock().unwrap() = Account { token, ..Account::default() };
        let text = template::fill(&story.file.replace("{token}", &example), seed).unwrap();
        Leak { stage: self, story, project: Project::of(&[("leaked.env", &text)]) }
    }

    #[track_caller]
    fn has_no_violation(&self, of: &str) {
        let violations = std::mem::take(&mut self.seen.lock().unwrap().violations);
        assert!(violations.is_empty(), "{of}: its specification does not allow\n{}", violations.join("\n"));
    }

    /// These statuses, and no others, came up that the specification leaves out.
    #[track_caller]
    fn is_silent_about(&self, calls: &[&str]) {
        let seen: Vec<String> = self.seen.lock().unwrap().silent.iter().cloned().collect();
        assert_eq!(seen, calls, "statuses that the specification of {} leaves out", self.name);
    }
}

/// A token that leaked into a file.
struct Leak<'a> {
    stage: &'a Stage,
    story: &'a Story,
    project: Project,
}

impl Leak<'_> {
    #[track_caller]
    fn has_verdict(&self, state: &str) {
        let ran = self.run(&[
            "verify",
            "--format",
            "json",
            "--confidence",
            "possible",
            "--rule",
            self.story.rule,
            "--id",
            self.story.rule,
        ]);
        self.stage.has_no_violation(self.story.rule);
        let report = ran.json();
        let said = report["findings"][0]["verdict"]["state"].clone();
        ran.check(said == state, &format!("{} should be {state}", self.story.rule));
    }

    /// Plans, carries out, and ends with this word and exit code; the call was made once.
    #[track_caller]
    fn revoked(&self, word: &str, code: i32) {
        let rule = self.story.rule;
        let ledger = ["--ledger", "ledger.jsonl"];
        self.run(
            &[&["revoke", "plan", "--rule", rule, "--id", rule, "-o", "plan.json"][..], &ledger].concat(),
        )
        .exits(0);
        let plan: Value = serde_json::from_str(&self.project.read("plan.json")).unwrap();
        let (digest, id) = (plan["digest"].as_str().unwrap(), plan["items"][0]["id"].as_str().unwrap());
        let calls = self.calls();
        let agreed = ["--yes", digest, "--id", id, "--irreversible", "--wait", "0"];
        let ran = self.run(&[&["revoke", "apply", "plan.json"][..], &agreed, &ledger].concat());
        self.stage.has_no_violation(rule);
        let asked_for =
            format!("{rule} should end as `{word}`, with {:?}", self.stage.account.lock().unwrap().refusal);
        ran.check(ran.stdout().starts_with(word), &asked_for).exits(code);
        ran.check(self.calls() == calls + 1, "the call should be made exactly once");
    }

    /// How often the provider was called to revoke.
    fn calls(&self) -> usize {
        let is_it = |asked: &Received| self.stage.specification.call(asked).as_deref() == self.story.revoke;
        self.stage.provider.received().iter().filter(|asked| is_it(asked)).count()
    }

    fn run(&self, args: &[&str]) -> Ran {
        let rule = BUILTIN.iter().find(|rule| rule.id == self.story.rule).unwrap();
        let endpoint = format!("{}={}", rule.endpoint, self.stage.between.url());
        let usual = ["--endpoint", &endpoint, "--unconfirmed", "--timeout", "60"];
        let stanch = self.project.stanch([args, &usual].concat());
        let admin = [
            ("OPENAI_ADMIN_KEY", ADMIN),
            ("OPENAI_PROJECT_ID", "p1"),
            ("TWILIO_AUTH_TOKEN", ADMIN),
            ("VAULT_TOKEN", ADMIN),
            ("VAULT_APPROLE", "deploy"),
        ];
        admin.iter().fold(stanch, |stanch, (name, value)| stanch.env(name, value)).run()
    }
}

/// What the provider answers: the least that the specification demands, and in it what the answer says.
fn reply(specification: &Specification, account: &mut Account, answer: Provider, asked: &Received) -> Reply {
    let Some(call) = specification.call(asked) else { return Reply::json(404, "{}") };
    let refused = account.refusal.clone().filter(|_| specification.revokes(&call));
    let (status, said) = match refused {
        Some(refusal) => {
            account.dead = account.dies_anyway;
            refusal
        }
        None => answer(&call, asked, account),
    };
    let least = specification.answer(&call, status).map(|schema| specification.least(&schema, Some(&said)));
    let body = if said.is_null() { String::new() } else { least.unwrap_or(said).to_string() };
    Reply::json(status, &body)
}

/// A specification as it was trimmed.
struct Specification(Value);

impl Specification {
    fn read(folder: &Path, name: &str) -> Specification {
        let file = file(folder, name);
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Specification(serde_json::from_str(&text).unwrap())
    }

    /// The call that a request is, as `METHOD PATH` of the specification.
    fn call(&self, asked: &Received) -> Option<String> {
        let path: Vec<&str> = asked.path.split('?').next()?.split('/').collect();
        let matches = |template: &str| {
            let steps: Vec<&str> = template.split('/').collect();
            let same = |(step, part): (&&str, &&str)| step == part || placed(step, part);
            steps.len() == path.len() && steps.iter().zip(&path).all(same)
        };
        let method = asked.method.to_ascii_lowercase();
        let paths = self.0["paths"].as_object()?;
        // A path without places goes before one with them (OpenAPI Specification 3.0.3, "Path Templating Matching").
        let found = paths.iter().filter(|(path, item)| matches(path) && item.get(&method).is_some());
        let (path, _) = found.min_by_key(|(path, _)| path.matches('{').count())?;
        Some(format!("{} {path}", asked.method))
    }

    /// Whether a call is one that revokes: the last of what is sent, and no question.
    fn revokes(&self, call: &str) -> bool {
        !call.starts_with("GET ") && !["POST /api/auth.test", "POST /v1/AuthTokens/Secondary"].contains(&call)
    }

    fn operation(&self, call: &str) -> &Value {
        let (method, path) = call.split_once(' ').unwrap();
        &self.0["paths"][path][method.to_ascii_lowercase()]
    }

    /// The form of an answer, if it has a body.
    fn answer(&self, call: &str, status: u16) -> Option<Value> {
        let responses = &self.operation(call)["responses"];
        let range = format!("{}XX", status / 100);
        let response = responses.get(status.to_string()).or_else(|| responses.get(range))?;
        let response = self.resolved(response);
        let schema =
            response.get("schema").or_else(|| response["content"].get("application/json")?.get("schema"))?;
        Some(schema.clone())
    }

    /// The statuses of errors that a call is documented to end with.
    fn errors(&self, call: &str) -> Vec<u16> {
        let responses = self.operation(call)["responses"].as_object().unwrap();
        let status = |name: &String| name.replace("XX", "03").parse::<u16>().ok();
        responses.keys().filter_map(status).filter(|status| *status >= 400).collect()
    }

    fn resolved<'a>(&'a self, node: &'a Value) -> &'a Value {
        match node.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let pointed = self.0.pointer(reference.trim_start_matches('#'));
                self.resolved(pointed.unwrap_or_else(|| panic!("{reference} leads nowhere")))
            }
            None => node,
        }
    }

    /// The least value of a form in which `said` stands.
    fn least(&self, schema: &Value, said: Option<&Value>) -> Value {
        let schema = self.resolved(schema);
        if let Some(all) = schema["allOf"].as_array() {
            let parts = all.iter().map(|part| self.least(part, said));
            let mut fields = Map::new();
            for part in parts {
                match part {
                    Value::Object(part) => fields.extend(part),
                    other => return other,
                }
            }
            return Value::Object(fields);
        }
        if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            let of_said = |choice: &&Value| match (said.and_then(|said| said.get("ok")), said) {
                (Some(ok), _) => {
                    let known = self.resolved(&self.resolved(choice)["properties"]["ok"])["enum"].clone();
                    known == json!([ok])
                }
                (None, _) => true,
            };
            return self.least(choices.iter().find(of_said).unwrap_or(&choices[0]), said);
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds[0].clone(),
            kind => kind.clone(),
        };
        if schema.get("properties").is_some() || kind == "object" {
            return Value::Object(self.fields(schema, said));
        }
        match (said, kind.as_str()) {
            (Some(Value::Array(entries)), _) => {
                entries.iter().map(|entry| self.least(&schema["items"], Some(entry))).collect()
            }
            (Some(said), _) => said.clone(),
            _ if schema["enum"].is_array() => schema["enum"][0].clone(),
            _ if schema.get("const").is_some() => schema["const"].clone(),
            (_, Some("array")) => json!([]),
            (_, Some("boolean")) => json!(false),
            (_, Some("integer" | "number")) => schema.get("minimum").cloned().unwrap_or(json!(1)),
            (_, Some("null")) => Value::Null,
            _ => json!(text(schema)),
        }
    }

    fn fields(&self, schema: &Value, said: Option<&Value>) -> Map<String, Value> {
        let none = Map::new();
        let said = said.and_then(Value::as_object).unwrap_or(&none);
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let names: BTreeSet<&str> = required.chain(said.keys().map(String::as_str)).collect();
        let field = |name: &str| match schema["properties"].get(name) {
            Some(form) => self.least(form, said.get(name)),
            None => said.get(name).cloned().unwrap_or(Value::Null),
        };
        names.into_iter().map(|name| (name.to_owned(), field(name))).collect()
    }
}

/// A text of a form.
fn text(schema: &Value) -> String {
    match (schema["format"].as_str(), schema["pattern"].as_str()) {
        (Some("date-time"), _) => "2026-01-31T12:00:00Z".into(),
        (Some("uri"), _) => "https://example.com/".into(),
        (Some("email"), _) => "octo@example.com".into(),
        (_, Some(pattern)) if pattern.starts_with("^AC[") => format!("AC{}", "5".repeat(32)),
        (_, Some("^(0|[1-9][0-9]*)$")) => "1".into(),
        (_, Some("^[T][A-Z0-9]{2,}$")) => "T12345678".into(),
        (_, Some("^[UW][A-Z0-9]{2,}$")) => "U12345678".into(),
        (_, Some(pattern)) => panic!("what has the form {pattern}?"),
        _ => "x".repeat(schema["minLength"].as_u64().unwrap_or(1) as usize),
    }
}

/// Whether a step of a path is a place, and what stands there.
fn placed(step: &str, part: &str) -> bool {
    match step.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1))) {
        Some((before, after)) => part.starts_with(before) && part.ends_with(after),
        None => false,
    }
}

/// Sends a request on to prism, and keeps what it reports.
fn passed_on(prism: &str, specification: &Specification, seen: &mut Seen, asked: &Received) -> Reply {
    let answer = passed::on(prism, asked);
    let status = answer.status;
    let call = specification.call(asked).unwrap_or_else(|| format!("{} (unknown)", asked.method));
    let reported: Vec<Value> =
        answer.header("sl-violations").map(|text| serde_json::from_str(text).unwrap()).unwrap_or_default();
    let is_left_out = |violation: &Value| {
        violation["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("Unable to match the returned status code"))
    };
    for violation in &reported {
        if is_left_out(violation) {
            seen.silent.insert(format!("{call} {status}"));
        } else {
            seen.violations.push(format!("{call} {status}: {violation}"));
        }
    }
    if reported.is_empty() && answer.body.contains("stoplight.io/prism/errors") {
        seen.violations.push(format!("{call} {status}: {}", answer.body));
    }
    Reply::of(status, answer.header("content-type").unwrap_or("application/json"), &answer.body)
}

/// A running prism and the provider behind it.
struct Prism {
    /// Held by the test that uses it.
    taken: Mutex<()>,
    beside: Beside,
    provider: Arc<Server>,
    answer: Arc<Mutex<Answer>>,
}

type Answer = Box<dyn Fn(&Received) -> Reply + Send>;

/// The prism of a specification. All are started together with the first, as each takes seconds.
fn prism(folder: &Path, name: &str) -> &'static Prism {
    static ALL: LazyLock<Mutex<Vec<(String, &'static Prism)>>> = LazyLock::new(Mutex::default);
    let mut all = ALL.lock().unwrap();
    if all.is_empty() {
        let start = |name: &str| (name.to_owned(), &*Box::leak(Box::new(Prism::start(folder, name))));
        *all = NAMES.iter().map(|name| start(name)).collect();
    }
    all.iter().find(|(known, _)| known == name).unwrap().1
}

impl Prism {
    fn start(folder: &Path, name: &str) -> Prism {
        let answer: Arc<Mutex<Answer>> = Arc::new(Mutex::new(Box::new(|_| Reply::json(404, "{}"))));
        let answering = Arc::clone(&answer);
        let provider = Arc::new(Server::start(move |asked| answering.lock().unwrap()(asked)));
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("prism-{name}.log"));
        let mut command = Command::new("node");
        command.arg(folder.join("node_modules/@stoplight/prism-cli/dist/index.js"));
        command.args(["proxy", "--errors", "-h", "127.0.0.1", "-p", "0"]);
        command.arg(file(folder, name)).arg(provider.url()).env("DO_NOT_TRACK", "1");
        let beside = Beside::start(&log, "Prism is listening on ", &command);
        Prism { taken: Mutex::new(()), beside, provider, answer }
    }
}

/// Where a trimmed specification stands: GitHub's comes from a package, the others are kept here.
fn file(folder: &Path, name: &str) -> PathBuf {
    match name {
        "github" => folder.join("github.json"),
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/openapi/specs/{name}.json")),
    }
}
