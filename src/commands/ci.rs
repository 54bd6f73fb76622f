//! Where a run takes place: a pipeline has no person in front of it, and one of a pull request from a fork runs on
//! what a stranger wrote.

use std::env;
use std::fs;

use serde_json::Value;

/// Where a run takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A person's machine, as far as can be seen.
    Machine,
    /// A pipeline.
    Pipeline,
    /// A pipeline of a pull request from a fork, or one of which that cannot be told.
    Fork,
}

/// Variables by which pipelines make themselves known.
const PIPELINES: &[&str] = &[
    "CI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "BUILDKITE",
    "CIRCLECI",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "TF_BUILD",
    "TRAVIS",
    "BITBUCKET_BUILD_NUMBER",
    "DRONE",
    "APPVEYOR",
];

/// Where this run takes place.
pub(super) fn place() -> Place {
    if is_fork() {
        Place::Fork
    } else if PIPELINES.iter().any(|name| is_set(name)) {
        Place::Pipeline
    } else {
        Place::Machine
    }
}

fn is_set(name: &str) -> bool {
    env::var(name).is_ok_and(|value| !matches!(value.to_ascii_lowercase().as_str(), "" | "false" | "0"))
}

fn is_fork() -> bool {
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let differ = |a: &str, b: &str| !variable(a).is_empty() && variable(a) != variable(b);
    let github = variable("GITHUB_EVENT_NAME").starts_with("pull_request")
        && github_fork(&variable("GITHUB_EVENT_PATH"));
    github
        || differ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "CI_MERGE_REQUEST_PROJECT_ID")
        || variable("SYSTEM_PULLREQUEST_ISFORK").eq_ignore_ascii_case("true")
        || is_set("CIRCLE_PR_REPONAME")
        || (differ("TRAVIS_PULL_REQUEST_SLUG", "TRAVIS_REPO_SLUG"))
        || (is_set("BUILDKITE_PULL_REQUEST") && differ("BUILDKITE_PULL_REQUEST_REPO", "BUILDKITE_REPO"))
}

/// Whether the event of a pull request says that it is from another repository. One that cannot be read counts as
/// such.
fn github_fork(event: &str) -> bool {
    let event: Option<Value> = fs::read(event).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let Some(event) = event else { return true };
    let name =
        |side: &str| event.pointer(&format!("/pull_request/{side}/repo/full_name")).and_then(Value::as_str);
    name("head").is_none() || name("head") != name("base")
}
