//! A provider that remembers which tokens were revoked, and the desk of a person who revokes them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::server::{Received, Reply, Server};
use super::{Project, Ran, Stanch};

/// The tokens that were revoked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dead(Arc<Mutex<BTreeSet<String>>>);

impl Dead {
    pub(crate) fn has(&self, token: &str) -> bool {
        self.0.lock().unwrap().contains(token)
    }

    pub(crate) fn add(&self, token: &str) {
        self.0.lock().unwrap().insert(token.to_owned());
    }
}

/// Vendors at one address: GitHub, GitLab and AWS as far as their tokens are asked about and revoked.
pub(crate) struct Vendors {
    server: Server,
    pub(crate) dead: Dead,
}

impl Vendors {
    pub(crate) fn start() -> Vendors {
        Vendors::twisted(|_, _| None)
    }

    /// Some that answer as `twist` says, where that says anything.
    pub(crate) fn twisted(
        twist: impl Fn(&Received, &Dead) -> Option<Reply> + Send + Sync + 'static,
    ) -> Vendors {
        Vendors::choosing(|| true, twist)
    }

    /// Some that close a connection before they read anything, where `serves` says no.
    pub(crate) fn choosing(
        serves: impl Fn() -> bool + Send + Sync + 'static,
        twist: impl Fn(&Received, &Dead) -> Option<Reply> + Send + Sync + 'static,
    ) -> Vendors {
        let dead = Dead::default();
        let known = dead.clone();
        let answer =
            move |received: &Received| twist(received, &known).unwrap_or_else(|| usual(received, &known));
        Vendors { server: Server::choosing(serves, answer), dead }
    }

    /// A desk at which these services are asked here.
    pub(crate) fn desk(&self, services: &[&str]) -> Desk {
        Desk::of(Project::new(), &self.endpoints(services))
    }

    /// What `--endpoint` takes.
    pub(crate) fn endpoints(&self, services: &[&str]) -> Vec<String> {
        services.iter().map(|service| format!("{service}={}", self.server.url())).collect()
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.server.received()
    }

    /// The calls that change something.
    pub(crate) fn changes(&self) -> Vec<Received> {
        self.received().into_iter().filter(is_change).collect()
    }

    /// Fails unless there were so many of them.
    #[track_caller]
    pub(crate) fn changed(&self, times: usize, ran: &Ran) {
        let changes: Vec<String> = self.changes().iter().map(Received::whole).collect();
        assert_eq!(changes.len(), times, "calls that change something: {changes:#?}\n{}", ran.told());
    }
}

/// What they answer.
pub(crate) fn usual(received: &Received, dead: &Dead) -> Reply {
    if received.path.starts_with("/api/v4/") {
        return gitlab(received, dead);
    }
    if received.text().contains("Action=") {
        return aws(received, dead);
    }
    if is_change(received) {
        if received.header("authorization").is_some() {
            return Reply::json(403, r#"{"message":"Forbidden"}"#);
        }
        named(received).iter().for_each(|token| dead.add(token));
        return Reply::json(202, "{}").with("x-github-request-id", "ABCD:1234");
    }
    match bearer(received) {
        Some(token) if !dead.has(&token) => {
            Reply::json(200, r#"{"login":"octocat","id":1,"type":"User"}"#).with("x-oauth-scopes", "repo")
        }
        _ => Reply::json(401, r#"{"message":"Bad credentials"}"#),
    }
}

fn gitlab(received: &Received, dead: &Dead) -> Reply {
    let token = received.header("private-token").unwrap_or_default();
    if dead.has(token) {
        return Reply::json(401, r#"{"message":"401 Unauthorized"}"#);
    }
    if is_change(received) {
        dead.add(token);
        return Reply::of(204, "text/plain", "");
    }
    Reply::json(200, r#"{"id":1,"name":"deploy","scopes":["api"],"user_id":2}"#)
}

/// A key is known by its id, which stands in the signature.
fn aws(received: &Received, dead: &Dead) -> Reply {
    let signature = received.header("authorization").unwrap_or_default();
    let id = signature.split_once("Credential=").map_or("", |(_, rest)| &rest[..20]).to_owned();
    if dead.has(&id) {
        let code = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>";
        return Reply::of(403, "text/xml", code);
    }
    if is_change(received) {
        dead.add(&id);
        return Reply::of(
            200,
            "text/xml",
            "<R><ResponseMetadata><RequestId>R1</RequestId></ResponseMetadata></R>",
        );
    }
    let who = "<R><Arn>arn:aws:iam::1:user/octo</Arn><UserId>U1</UserId><Account>1</Account></R>";
    Reply::of(200, "text/xml", who)
}

pub(crate) fn is_change(received: &Received) -> bool {
    received.method != "GET" && !received.text().contains("Action=GetCallerIdentity")
}

/// The token that a question is asked with.
pub(crate) fn bearer(received: &Received) -> Option<String> {
    received.header("authorization")?.strip_prefix("Bearer ").map(str::to_owned)
}

/// The tokens of a call that revokes.
pub(crate) fn named(received: &Received) -> Vec<String> {
    let body: Value = serde_json::from_slice(&received.body).unwrap_or_default();
    let list = body["credentials"].as_array().cloned().unwrap_or_default();
    list.iter().filter_map(|token| token.as_str().map(str::to_owned)).collect()
}

/// A project whose owner revokes what is in it.
pub(crate) struct Desk {
    pub(crate) project: Project,
    endpoints: Vec<String>,
}

impl Desk {
    /// With servers as `--endpoint` takes them.
    pub(crate) fn of(project: Project, endpoints: &[String]) -> Desk {
        Desk { project, endpoints: endpoints.to_vec() }
    }

    /// The program, which keeps what it keeps inside of the project and knows of no pipeline.
    pub(crate) fn bare(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Stanch {
        self.settled(self.project.stanch(args))
    }

    /// The same with the servers of this desk.
    pub(crate) fn stanch(&self, args: &[&str]) -> Stanch {
        self.bare(self.with_endpoints(args))
    }

    /// The same through a shell that runs `before` first.
    pub(crate) fn stanch_after(&self, before: &str, args: &[&str]) -> Stanch {
        self.settled(self.project.stanch_after(before, self.with_endpoints(args)))
    }

    /// The same without a terminal, whatever the test itself has.
    pub(crate) fn without_terminal(&self, args: &[&str]) -> Stanch {
        self.stanch_after(r#"exec setsid -w "$0" "$@""#, args)
    }

    /// The same on a terminal of its own, at which this is typed. Standard input is a file where there is one.
    pub(crate) fn at_terminal(&self, args: &[&str], typed: &str, stdin: Option<&str>) -> Stanch {
        let quoted = |word: &str| format!("'{word}'");
        let words = [env!("CARGO_BIN_EXE_stanch")].into_iter().chain(self.with_endpoints(args)).map(quoted);
        let mut line = words.collect::<Vec<_>>().join(" ");
        if let Some(file) = stdin {
            line.push_str(&format!(" < {}", quoted(file)));
        }
        let stanch = self.project.program("script", ["-qec", &line, "/dev/null"]);
        self.settled(stanch).env("SHELL", "/bin/sh").input(typed)
    }

    /// The same as a command.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.stanch(args).into_command()
    }

    fn with_endpoints<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        let endpoints = self.endpoints.iter().flat_map(|endpoint| ["--endpoint", endpoint]);
        args.iter().copied().chain(endpoints).collect()
    }

    fn settled(&self, stanch: Stanch) -> Stanch {
        let folder = |name: &str| self.project.path(name).to_string_lossy().into_owned();
        // A variable that is empty counts as not set.
        let stanch = ELSEWHERE.iter().fold(stanch, |stanch, name| stanch.env(name, ""));
        stanch
            .env("HOME", &folder("home"))
            .env("XDG_STATE_HOME", &folder("home/state"))
            .env("XDG_CONFIG_HOME", &folder("home/config"))
            .env("XDG_CACHE_HOME", &folder("home/cache"))
            .env("USER", "octo")
    }

    /// Plans, and says what stands in the plan.
    #[track_caller]
    pub(crate) fn plan(&self, args: &[&str]) -> Value {
        let ran = self.stanch(&[&["revoke", "plan", "-o", "plan.json"], args].concat()).run();
        ran.exits(0);
        self.planned()
    }

    /// What stands in the plan.
    pub(crate) fn planned(&self) -> Value {
        serde_json::from_str(&self.project.read("plan.json")).unwrap()
    }

    pub(crate) fn digest(&self) -> String {
        self.planned()["digest"].as_str().unwrap().to_owned()
    }

    /// The digest that a plan names, where it is one.
    pub(crate) fn digest_if_any(&self) -> String {
        let plan: Option<Value> = serde_json::from_str(&self.project.read("plan.json")).ok();
        plan.and_then(|plan| plan["digest"].as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Carries the plan out as somebody who agreed to it, and looks once whether the tokens died.
    pub(crate) fn apply(&self, args: &[&str]) -> Ran {
        self.applying(args).run()
    }

    pub(crate) fn applying(&self, args: &[&str]) -> Stanch {
        let digest = self.digest();
        let usual = ["revoke", "apply", "plan.json", "--irreversible", "--wait", "0", "--yes", &digest];
        self.stanch(&[&usual, args].concat())
    }

    /// The events of the ledger, once it was checked that its chain is whole.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<String> {
        let records = self.records();
        records.iter().map(|record| record["event"].as_str().unwrap().to_owned()).collect()
    }

    /// The records of the ledger, once it was checked that its chain is whole.
    #[track_caller]
    pub(crate) fn records(&self) -> Vec<Value> {
        self.bare(["revoke", "ledger", "--verify"]).run().exits(0);
        let ran = self.bare(["revoke", "ledger", "--format", "json"]).run();
        let records = ran.stdout().lines().map(serde_json::from_str).collect::<Result<_, _>>();
        // The remark about a line that was cut is no record.
        records.unwrap_or_else(|_| {
            let stdout = ran.stdout();
            stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
        })
    }

    /// Where the ledger is.
    pub(crate) fn ledger(&self) -> &'static str {
        "home/state/stanch/ledger.jsonl"
    }
}

/// Variables by which pipelines make themselves known, and by which people have settings that are not in their home.
const ELSEWHERE: &[&str] = &[
    "CI",
    "GITHUB_ACTIONS",
    "GITHUB_EVENT_NAME",
    "GITHUB_EVENT_PATH",
    "GITLAB_CI",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID",
    "CI_MERGE_REQUEST_PROJECT_ID",
    "BUILDKITE",
    "CIRCLECI",
    "CIRCLE_PR_REPONAME",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "TF_BUILD",
    "SYSTEM_PULLREQUEST_ISFORK",
    "TRAVIS",
    "BITBUCKET_BUILD_NUMBER",
    "DRONE",
    "APPVEYOR",
    "STANCH_ENDPOINTS",
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "CARGO_HOME",
    "GH_CONFIG_DIR",
    "GLAB_CONFIG_DIR",
    "NPM_CONFIG_REGISTRY",
    "NPM_CONFIG_USERCONFIG",
    "npm_config_registry",
];
