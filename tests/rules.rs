//! Every rule file held to what it says, among all shipped rules and as a user would see it: each example
//! is found once, by its own rule, at its exact place, in twenty surroundings; no near miss is a finding.
//!
//! The build script writes a test for each file: `cargo test azure` is about `rules/azure.toml`.

#![allow(clippy::unwrap_used)]

#[path = "rules/surroundings.rs"]
mod surroundings;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stanch::decode::utf16::Encoding;
use stanch::engine::{Engine, Text};
use stanch::findings::{Chosen, Sighter, Stretch};
use stanch::model::{BlobPath, Confidence, PlaceKind, Rule, Sighting};
use stanch::proofs;
use stanch::rules::{BUILTIN, pattern, schema, template};

use surroundings::{SURROUNDINGS, Written, spelled};

include!(concat!(env!("OUT_DIR"), "/rule_tests.rs"));

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(BUILTIN.iter().collect()));

/// How many values every template is filled with, and how many of them go into every surrounding.
const SEEDS: u64 = 8;
const SURROUNDED: u64 = 2;

/// How many surroundings, of twenty, must be able to hold an example.
const FEWEST: usize = 8;

/// A name that means nothing to any rule.
const PLAIN_NAME: &str = "setting";

fn check_file(stem: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(stem).with_extension("toml");
    let text = fs::read_to_string(file).unwrap();
    let rules = schema::parse(&text, &|name| proofs::by_name(name).is_some()).unwrap();
    let mut faults = Faults::new();
    for located in rules {
        let rule = BUILTIN.iter().find(|rule| rule.id == located.rule.id).unwrap();
        rule.examples.iter().for_each(|example| check_example(rule, example, &mut faults));
        rule.near_misses.iter().for_each(|near_miss| check_near_miss(rule, near_miss, &mut faults));
    }
    let told = faults
        .iter()
        .map(|((rule, template, place), found)| format!("{rule}: `{template}` {place}: {found}\n"));
    assert!(faults.is_empty(), "{}", told.collect::<String>());
}

/// Files in which tools keep tokens: their path, what stands in them, and which rules find something.
const TOOL_FILES: &[(&str, &str, &[&str])] = &[
    (
        "home/.config/hub",
        "github.com:\n- user: dev\n  oauth_token: {hex:40}\n  protocol: https\n",
        &["github-cli-token"],
    ),
    (
        "home/.config/hub",
        "github.com:\n- user: dev\n  oauth_token: ghp_{base62:30}{crc32-base62}\n  protocol: https\n",
        &["github-pat-classic"],
    ),
    (
        "home/.config/gh/hosts.yml",
        "github.com:\n    users:\n        dev:\n            oauth_token: gho_{base62:30}{crc32-base62}\n    git_protocol: ssh\n    user: dev\n",
        &["github-oauth-access-token"],
    ),
    (
        "home/.netrc",
        "machine git-{alnum:6}.internal\n\tlogin dev{alnum:4}\n\tpassword {base62:19}7\nmachine api-{alnum:6}.internal login svc password {base62:19}7\n",
        &["netrc-credentials", "netrc-credentials"],
    ),
    (
        "home/.git-credentials",
        "https://dev{alnum:4}:ghp_{base62:30}{crc32-base62}@github.com\nhttps://dev:{base62:19}7@git-{alnum:6}.internal\n",
        &["github-pat-classic", "git-credentials-file"],
    ),
    (
        "project/.npmrc",
        "registry=https://npm-{alnum:6}.internal/\n//npm-{alnum:6}.internal/:_authToken={base62:39}7\n//old-{alnum:6}.internal/:username=dev\n//old-{alnum:6}.internal/:_password={base64-password}\n//new-{alnum:6}.internal/:_authToken=npm_{base62:30}{crc32-base62}\nalways-auth=true\n",
        &["npmrc-token", "npmrc-password", "npm-access-token"],
    ),
    (
        "home/.pypirc",
        "[distutils]\nindex-servers =\n    pypi\n    acme\n\n[pypi]\nusername = __token__\npassword = TOKEN_OF_PYPI\n\n[acme]\nrepository = https://packages-{alnum:6}.internal/\nusername = dev\npassword = {base62:20}\n",
        &["pypi-api-token", "pypirc-credentials"],
    ),
    (
        "home/.docker/config.json",
        "{{\n\t\"auths\": {{\n\t\t\"https://index.docker.io/v1/\": {{\n\t\t\t\"auth\": \"{basic-auth}\"\n\t\t}},\n\t\t\"registry-{alnum:6}.internal\": {{\n\t\t\t\"auth\": \"{basic-auth}\"\n\t\t}}\n\t}},\n\t\"credsStore\": \"\"\n}}\n",
        &["docker-config-auth", "docker-config-auth"],
    ),
    (
        "home/.kube/config",
        "apiVersion: v1\nclusters:\n- cluster:\n    server: https://k8s-{alnum:6}.internal:6443\n  name: acme\nkind: Config\nusers:\n- name: dev\n  user:\n    token: {base62:40}\n- name: ops\n  user:\n    username: ops\n    password: {base62:20}\n",
        &["kubeconfig-token", "kubeconfig-token"],
    ),
    (
        "web/.vscode/sftp.json",
        "{{\n  \"name\": \"web\",\n  \"host\": \"web-{alnum:6}.internal\",\n  \"username\": \"deploy\",\n  \"password\": \"{base62:16}\",\n  \"remotePath\": \"/srv/www\"\n}}\n",
        &["vscode-sftp-config"],
    ),
    (
        "web/wp-config.php",
        "<?php\ndefine( 'DB_NAME', 'wp' );\ndefine( 'DB_USER', 'wp' );\ndefine( 'DB_PASSWORD', '{base62:20}' );\ndefine( 'DB_HOST', 'localhost' );\ndefine( 'AUTH_KEY', 'put your unique phrase here' );\n",
        &["wordpress-wp-config"],
    ),
    (
        "home/.config/rclone/rclone.conf",
        "[files]\ntype = sftp\nhost = files-{alnum:6}.internal\nuser = dev\npass = {rclone-obscured}\n\n[vault]\ntype = crypt\nremote = files:vault\npassword = {rclone-obscured}\npassword2 = {rclone-obscured}\n",
        &["rclone-conf-obscured-password", "rclone-conf-obscured-password", "rclone-conf-obscured-password"],
    ),
];

#[test]
fn files_of_tools_give_up_their_tokens() {
    for (path, content, expected) in TOOL_FILES {
        for seed in 0..SEEDS {
            let pypi = template::fill("pypi-AgEIcHlwaS5vcmc{pypi-macaroon}", seed).unwrap();
            let content = template::fill(content, seed).unwrap().replace("TOKEN_OF_PYPI", &pypi);
            let found = sightings(path, &content);
            let shown = found.iter().filter(|sighting| sighting.confidence >= Confidence::Likely);
            let rules: Vec<&str> = shown.map(|sighting| sighting.rule.id).collect();
            assert_eq!(rules, *expected, "{path}, seed {seed}");
        }
    }
}

#[test]
fn key_stores_are_found_by_their_bytes() {
    for (template, path, expected) in [
        ("{jks}", "app/release.jks", "java-keystore-jks"),
        ("{jks:locked}", "app/upload", "java-keystore-jks"),
        ("{pkcs12}", "certs/server.p12", "pkcs12-file"),
        ("{pkcs12:locked}", "certs/server.pfx", "pkcs12-file"),
        ("A9mimmf7S7UBAAQA{base64:400}", "home/me.kdbx", "keepass-database"),
    ] {
        for seed in 0..SEEDS {
            let bytes = STANDARD.decode(template::fill(template, seed).unwrap()).unwrap();
            let path = BlobPath::from(path);
            let found = ENGINE.scan(Text { bytes: &bytes, path: &path, binary: true });
            let found: Vec<(&str, usize)> =
                found.iter().map(|candidate| (candidate.rule.id, candidate.secret.start)).collect();
            assert_eq!(found, [(expected, 0)], "{template}, seed {seed}");
        }
    }
}

#[test]
fn what_is_public_by_design_is_no_finding() {
    for (name, value) in [
        ("Stripe publishable key", "pk_live_{base62:99}"),
        ("Stripe publishable key, older", "pk_test_{base62:24}"),
        ("Mapbox public token", "pk.eyJ1IjoiYWNtZSIsImEiOiJ{base62:20}In0.{base62:22}"),
        ("Sentry DSN", "https://{hex:32}@o{digits:6}.ingest.us.sentry.io/{digits:7}"),
        ("PostHog project key", "phc_{base62:43}"),
        ("New Relic browser key", "NRJS-{hex:19}"),
        ("Datadog client token", "pub{hex:32}"),
        ("reCAPTCHA site key", "6L{base62:6}AAAAA{base62:27}"),
        ("Azure application id", "azure_client_id = {uuid}"),
        ("SSH public key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{base64:43} dev@host"),
        ("Google OAuth client id", "{digits:12}-{alnum:32}.apps.googleusercontent.com"),
        ("Supabase publishable key", "sb_publishable_{base62:22}_{base62:8}"),
        ("Clerk publishable key", "pk_live_{base62:40}JA"),
        ("npm integrity", "sha512-{base64:86}=="),
        ("git commit", "commit {hex:40}"),
        ("container image", "image@sha256:{hex:64}"),
    ] {
        for seed in 0..SEEDS {
            for form in ["const key = \"{}\";\n", "API_KEY={}\n", "token: {}\n"] {
                let text = form.replace("{}", &template::fill(value, seed).unwrap());
                let found = all_sightings("app.txt", &text);
                let shown: Vec<&str> = found
                    .iter()
                    .filter(|sighting| sighting.confidence >= Confidence::Likely)
                    .map(|sighting| sighting.rule.id)
                    .collect();
                assert!(shown.is_empty(), "{name}: {shown:?} in {text}");
            }
        }
    }
}

/// What was found by rule, template and place: once, however many values show it.
type Faults = BTreeMap<(&'static str, String, String), String>;

/// An example of a rule that judges is a text of its own.
fn check_judged(rule: &'static Rule, example: &str, faults: &mut Faults) {
    for seed in 0..SEEDS {
        let text = template::fill(example, seed).unwrap();
        let found = all_sightings(own_file(rule), &text);
        let rules: Vec<&str> = found.iter().map(|sighting| sighting.rule.id).collect();
        if rules != [rule.id] {
            faults.insert((rule.id, example.into(), "alone".into()), format!("found are {rules:?}"));
        }
    }
}

fn check_example(rule: &'static Rule, example: &str, faults: &mut Faults) {
    if rule.promise.is_some() {
        return check_judged(rule, example, faults);
    }
    for seed in 0..SEEDS {
        let value = template::fill(example, seed).unwrap();
        let Some(secret) = secret_in(rule, &value) else {
            faults.insert((rule.id, example.into(), "alone".into()), "the pattern does not match".into());
            continue;
        };
        let bare = Written { text: value.clone(), secret: secret.clone() };
        let speaks_for_itself = verdict(rule, own_file(rule), &bare).is_ok();
        let names = names(rule, speaks_for_itself);
        if !rule.files.is_empty() || names.is_empty() {
            check_text(rule, example, "a file of its own", own_file(rule), &bare, faults);
            continue;
        }
        let first = Written::of(&format!("{} = {{value}}\n", names[0]), &value, &secret, &[]);
        check_text(rule, example, "an assignment", "file.txt", &first, faults);
        if seed < SURROUNDED {
            check_surroundings(rule, example, &value, &secret, &names, faults);
        }
    }
}

fn check_surroundings(
    rule: &'static Rule,
    example: &str,
    value: &str,
    secret: &Range<usize>,
    names: &[String],
    faults: &mut Faults,
) {
    let mut holding = 0;
    for surrounding in SURROUNDINGS {
        let names: BTreeSet<String> = names.iter().map(|name| spelled(name, surrounding.spelling)).collect();
        let written = |name: &String| surrounding.write(name, value, secret);
        let texts: Vec<Written> = names.iter().filter_map(written).collect();
        holding += usize::from(!texts.is_empty());
        for text in texts {
            check_text(rule, example, surrounding.name, surrounding.file, &text, faults);
        }
    }
    if holding < FEWEST {
        let told = format!("only {holding} can hold it");
        faults.insert((rule.id, example.into(), "in its surroundings".into()), told);
    }
}

fn check_text(
    rule: &'static Rule,
    example: &str,
    place: &str,
    file: &str,
    written: &Written,
    faults: &mut Faults,
) {
    if let Err(found) = verdict(rule, file, written) {
        let told = format!("{found}\n{}", indented(&written.text));
        faults.insert((rule.id, example.into(), format!("in {place}")), told);
    }
}

/// Whether the rule's secret, and nothing else, is found where it stands; otherwise what is found.
fn verdict(rule: &'static Rule, file: &str, written: &Written) -> Result<(), String> {
    let found = sightings(file, &written.text);
    let places = |sighting: &Sighting| sighting.place.start as usize..sighting.place.end as usize;
    match &found[..] {
        [one] if one.rule.id == rule.id && places(one) == written.secret && one.also.is_empty() => Ok(()),
        [] => Err("nothing is found".into()),
        _ => {
            let mut told = format!("its secret is at {:?}, found are", written.secret);
            for sighting in &found {
                let also: Vec<&str> = sighting.also.iter().map(|also| also.rule).collect();
                write!(told, " {} at {:?} (also {also:?})", sighting.rule.id, places(sighting)).unwrap();
            }
            Err(told)
        }
    }
}

fn check_near_miss(rule: &'static Rule, near_miss: &str, faults: &mut Faults) {
    for seed in 0..SEEDS {
        let text = template::fill(near_miss, seed).unwrap() + "\n";
        let judged = all_sightings(own_file(rule), &text);
        let found = if rule.promise.is_some() { judged } else { sightings(own_file(rule), &text) };
        for sighting in found {
            if sighting.rule.id == rule.id || sighting.confidence >= Confidence::Likely {
                let told = format!("found by {}, {}", sighting.rule.id, sighting.confidence.as_str());
                faults.insert((rule.id, near_miss.into(), "is a near miss".into()), told);
            }
        }
    }
}

/// What is found in a file by rules of a pattern alone: a value that is one of no vendor may stand under a telling name.
fn sightings(file: &str, text: &str) -> Vec<Sighting> {
    let mut found = all_sightings(file, text);
    found.retain(|sighting| sighting.rule.promise.is_none());
    found
}

/// What a user is shown of a file, before anything is ignored.
fn all_sightings(file: &str, text: &str) -> Vec<Sighting> {
    let path = BlobPath::from(file);
    let text = text.as_bytes();
    let candidates = ENGINE.scan(Text { bytes: text, path: &path, binary: false });
    let mut sighter = Sighter::new(&path, PlaceKind::File, Encoding::Bytes, &Chosen::All);
    sighter.take(Stretch { text, base: 0, owned: 0..text.len(), candidates }, false);
    sighter.finish().0
}

/// Where the secret stands in an example, by the pattern alone.
fn secret_in(rule: &Rule, value: &str) -> Option<Range<usize>> {
    let captures = pattern::compile(rule.pattern).unwrap().captures(value.as_bytes())?;
    captures.get(1).or(captures.get(0)).map(|secret| secret.range())
}

/// Names under which the value stands: the context words that can be one, or any where it needs none.
fn names(rule: &Rule, speaks_for_itself: bool) -> Vec<String> {
    let is_name =
        |word: &String| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let words = rule.context.iter().flat_map(|word| schema::spellings(word)).filter(is_name);
    let plain = (rule.context.is_empty() || speaks_for_itself).then(|| PLAIN_NAME.to_owned());
    plain.into_iter().chain(words).collect()
}

/// A file that the rule looks into.
fn own_file(rule: &Rule) -> &'static str {
    let any = if rule.promise.is_some() { "file" } else { "file.txt" };
    rule.files.first().map_or(any, |name| name.trim_start_matches('*'))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    | {line}\n")).collect()
}
