//! What a person has in the settings of other tools already: administrators' credentials (`--credentials`) and the
//! registries of their package managers (`--endpoint npm=npmrc`).

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use common::provider::{Desk, Vendors, is_change};
use common::server::{Received, Reply, Server};
use common::{Project, Ran, assert_kept_secret, example, token};

/// A key as AWS has them, in the name of somebody.
fn profile(id: &str, session: bool) -> String {
    let session = if session { "aws_session_token = of-the-session\n" } else { "" };
    format!("aws_access_key_id = {id}\naws_secret_access_key = of-the-admin-{id}\n{session}")
}

const LEAKED: (&str, &str) = ("aws-access-key-id", "aws-secret-access-key");

/// AWS as far as an administrator switches off somebody's key.
fn aws(received: &Received) -> Option<Reply> {
    let text = received.text();
    if text.contains("Action=GetAccessKeyLastUsed") {
        return Some(Reply::of(200, "text/xml", "<R><UserName>ada</UserName></R>"));
    }
    let by_leaked = received.header("authorization").is_some_and(|header| header.contains("Credential=AKIA"));
    (text.contains("Action=UpdateAccessKey") && !by_leaked).then(|| {
        Reply::of(200, "text/xml", "<R><ResponseMetadata><RequestId>R1</RequestId></ResponseMetadata></R>")
    })
}

/// Switches off a leaked key with these settings, and returns the calls that administrators signed.
fn switched_off(args: &[&str], variables: &[(&str, &str)]) -> (Ran, Vec<Received>) {
    let vendors = Vendors::twisted(|received, _| aws(received));
    let desk = vendors.desk(&["aws"]);
    let pair = (example(LEAKED.0, 1), example(LEAKED.1, 2));
    let settings = [
        format!("[default]\n{}", profile("ID-OF-DEFAULT", false)),
        format!("[admin]\n{}", profile("ID-OF-ADMIN", true)),
        "[sso]\nsso_session = acme\n".to_owned(),
    ];
    desk.project
        .write("a.env", format!("AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\n", pair.0, pair.1))
        .write("home/.aws/credentials", settings.concat());
    let plan = ["revoke", "plan", "a.env", "-o", "plan.json", "--verb", "deactivate-as-admin"];
    desk.stanch(&plan).run().exits(0);
    let digest = desk.digest();
    let apply = ["revoke", "apply", "plan.json", "--wait", "0", "--yes", &digest];
    let stanch = desk.stanch(&[&apply[..], args].concat());
    let ran = variables.iter().fold(stanch, |stanch, (name, value)| stanch.env(name, value)).run();
    for secret in ["of-the-admin-ID-OF-ADMIN", "of-the-session", &pair.1] {
        assert_kept_secret(&ran, secret);
    }
    let of_admin = |received: &Received| received.text().contains("AccessKey") && received.method == "POST";
    (ran, vendors.received().into_iter().filter(of_admin).collect())
}

#[test]
fn a_profile_of_aws_is_taken_whole_and_in_place_of_the_environment() {
    let environment =
        [("AWS_ACCESS_KEY_ID", "ID-OF-ENVIRONMENT"), ("AWS_SECRET_ACCESS_KEY", "x-of-environment")];
    let stray = [&environment[..], &[("AWS_SESSION_TOKEN", "stray")]].concat();
    for (args, variables, id, session) in [
        (&["--credentials", "aws=admin"][..], &stray[..], "ID-OF-ADMIN", Some("of-the-session")),
        (&["--credentials", "aws"], &stray, "ID-OF-DEFAULT", None),
        (&["--credentials", "aws"], &[("AWS_PROFILE", "admin")], "ID-OF-ADMIN", Some("of-the-session")),
        (&[], &environment, "ID-OF-ENVIRONMENT", None),
    ] {
        let (ran, calls) = switched_off(args, variables);
        assert_eq!(calls.len(), 2, "{args:?}\n{}", ran.told());
        for call in calls {
            let signed = call.header("authorization").unwrap();
            assert!(signed.contains(&format!("Credential={id}/")), "{args:?}: {signed}");
            assert_eq!(call.header("x-amz-security-token"), session, "{args:?}");
        }
    }
}

#[test]
fn a_file_is_read_only_where_its_tool_is_named() {
    let (ran, calls) = switched_off(&[], &[]);
    ran.exits(4).has("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    assert_eq!(calls.len(), 0);
}

#[test]
fn what_a_tool_does_not_have_is_told() {
    let empty = ("GH_CONFIG_DIR", "home/nowhere");
    for (from, variables, why) in [
        ("aws=other", &[][..], "the profile `other` holds no key"),
        ("aws=sso", &[], "the profile `sso` holds no key"),
        ("aws", &[("AWS_SHARED_CREDENTIALS_FILE", "home/nowhere")], "home/nowhere: No such file"),
        ("gh", &[empty], "home/nowhere/hosts.yml: No such file"),
        ("glab=git.example", &[], "glab-cli/config.yml: No such file"),
        ("vault", &[], "`vault` is no tool whose credentials are known; known are: aws, gh, glab"),
    ] {
        let (ran, calls) = switched_off(&["--credentials", from], variables);
        ran.exits(2).has(&format!("--credentials {from}: ")).has(why);
        assert_eq!(calls.len(), 0, "{from}");
    }
}

#[test]
fn the_token_of_gh_tells_whose_tokens_are() {
    let server = Server::start(|received| match received.path.split('?').next().unwrap() {
        path if path.starts_with("/orgs/acme/") => match received.header("authorization") {
            Some("Bearer gh-of-the-admin") => {
                let entry = r#"[{"actor":"octocat","org":"acme","@timestamp":1790000000000}]"#;
                Reply::json(200, if path.ends_with("/audit-log") { entry } else { "[]" })
            }
            _ => Reply::json(401, "{}"),
        },
        _ => Reply::json(401, r#"{"message":"Bad credentials"}"#),
    });
    let desk = Desk::of(Project::new(), &[format!("github={}", server.url())]);
    let hosts = "git.acme.example:\n    oauth_token: gh-of-the-admin\ngithub.com:\n    user: ada\n    users:\n        \
                 ada:\n            oauth_token: gh-of-another\n";
    desk.project
        .write("a.env", format!("GITHUB_TOKEN={}\n", token(1)))
        .write("home/config/gh/hosts.yml", hosts);
    let verify = |from: &str| {
        let args = ["verify", "a.env", "--owners", "--format", "json", "--credentials", from];
        desk.stanch(&args).env("GITHUB_ORG", "acme").env("GITHUB_ADMIN_TOKEN", "of-the-environment").run()
    };
    let ran = verify("gh=git.acme.example");
    assert!(ran.json()["findings"][0]["owner"].to_string().contains("octocat"), "{}", ran.told());
    assert_kept_secret(&ran, "gh-of-the-admin");
    verify("gh").exits(2).has("there is no token for github.com").has("`gh auth token`");
}

#[test]
fn the_token_of_glab_revokes_as_an_administrator() {
    let server = Server::start(|received| match received.header("private-token") {
        Some("glab-of-the-admin") if received.path == "/api/v4/admin/token" => {
            Reply::of(204, "text/plain", "")
        }
        _ => Reply::json(401, "{}"),
    });
    let desk = Desk::of(Project::new(), &[format!("gitlab={}", server.url())]);
    let config = "git_protocol: ssh\nhosts:\n    git.acme.example:\n        api_protocol: https\n        token: \
                  !!null glab-of-the-admin\n";
    desk.project
        .write("a.env", format!("TOKEN={}\n", example("gitlab-agent-token", 1)))
        .write("home/config/glab-cli/config.yml", config);
    desk.plan(&[]);
    let ran = desk.apply(&["--credentials", "glab=git.acme.example"]);
    ran.exits(4).has("its provider accepted the call; whether it is dead could not be asked");
    assert_eq!(server.received().iter().filter(|received| is_change(received)).count(), 1);
    assert_kept_secret(&ran, "glab-of-the-admin");
}

/// A registry of npm at a path of a server.
fn registry() -> Server {
    Server::start(|received| match received.path.as_str() {
        "/own/-/whoami" => Reply::json(200, r#"{"username":"ada"}"#),
        _ => Reply::json(404, "{}"),
    })
}

#[test]
fn npms_registry_is_the_one_of_the_persons_own_settings() {
    let (own, other) = (registry(), Server::start(|_| Reply::json(200, r#"{"username":"eve"}"#)));
    let desk = Desk::of(Project::new(), &["npm=npmrc".to_owned()]);
    desk.project
        .write("code/a.env", format!("NPM_TOKEN={}\n", example("npm-access-token", 1)))
        // What is scanned says nothing of where tokens go.
        .write("code/.npmrc", format!("registry={}/\n", other.url()))
        .write("home/.npmrc", format!("always-auth = true\nregistry = \"{}/own/\"\n", own.url()));
    let verify = || desk.stanch(&["verify", "code", "--format", "json"]);
    let ran = verify().run();
    assert_eq!(ran.json()["findings"][0]["verdict"]["state"], "live", "{}", ran.told());
    assert_eq!((own.received().len(), other.received().len()), (1, 0));
    let ran = verify().env("npm_config_registry", &other.url()).run();
    assert_eq!(other.received().len(), 1, "the environment goes before it\n{}", ran.told());
    for (text, why) in [
        ("always-auth=true\n", "it names no `registry`"),
        ("registry=https://${HOST}/\n", "`registry` holds a variable"),
        ("registry=npm.acme.example\n", "is no address"),
        ("registry=http://npm.acme.example\n", "must begin with https://"),
    ] {
        desk.project.write("home/.npmrc", text);
        verify().run().exits(2).has(why);
    }
}

#[test]
fn cargos_registry_is_where_its_index_says_that_the_api_is() {
    let server = Server::start(|_| Reply::of(204, "text/plain", ""));
    let desk = Desk::of(Project::new(), &["cargo-registry=cargo".to_owned()]);
    let index = |folder: &str, api: &str| {
        let file = format!("home/.cargo/registry/index/{folder}/config.json");
        desk.project.write(file, format!(r#"{{"dl":"https://dl.acme.example","api":"{api}"}}"#));
    };
    desk.project.write("a.env", format!("{}\n", example("crates-io-token", 1)));
    let plan = || desk.stanch(&["revoke", "plan", "a.env", "-o", "plan.json"]).run();
    plan().exits(2).has("home/.cargo/registry/index");
    index("index.acme.example-0123456789abcdef", &format!("{}/own", server.url()));
    plan().exits(0);
    let host = server.url().replace("http://", "");
    assert_eq!(desk.planned()["items"][0]["action"]["host"], host.as_str(), "{:#}", desk.planned());
    desk.apply(&[]);
    let called: Vec<String> = server.received().into_iter().map(|received| received.path).collect();
    assert_eq!(called, ["/own/api/v1/tokens/current"]);
    index("index.other.example-0123456789abcdef", "https://crates.other.example");
    plan().exits(2).has("several registries are known").has("registry.default");
    let config = |index: &str| {
        let text = format!("[registry]\ndefault = \"own\"\n[registries.own]\n{index}\n");
        desk.project.write("home/.cargo/config.toml", text);
    };
    config("index = \"sparse+https://index.acme.example/own/\"");
    plan().exits(0);
    for (text, why) in [
        ("token = \"x\"", "`registries.own` names no index"),
        ("index = \"own\"", "`own` is no address of an index"),
        ("index = \"sparse+https://index.third.example/\"", "no index there says where its API is"),
        ("index = ", "config.toml"),
    ] {
        config(text);
        plan().exits(2).has(why);
    }
}
