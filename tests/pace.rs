//! How fast many tokens are asked about, and how gently.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

mod common;

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::Project;
use common::provider::Desk;
use common::server::{Reply, Server};
use stanch::rules::template;

const HOSTS: usize = 20;
const TOKENS: usize = 50;
const LATENCY: Duration = Duration::from_millis(50);

/// All that may be asked about, from the first request to the last.
const LIMIT: Duration = Duration::from_secs(10);

/// Of one host, within any second.
const A_SECOND: usize = 12;

fn rule(number: usize) -> String {
    format!(
        r#"
[[rule]]
id = "acme-token-{number}"
name = "Acme token {number}"
category = "saas"
severity = "high"
risk = "Acts as its owner."
source = "vendor-doc"
endpoint = "acme-{number}"
pattern = 'acme{number}_[0-9a-z]{{30}}'
docs = ["https://docs.acme.example/tokens"]
examples = ["acme{number}_{{alnum:30}}"]
near_misses = ["acme{number}_{{alnum:29}}", "acme{number}_{{alnum:15}}-{{alnum:14}}"]

[rule.verify]
get = "{{endpoint}}/me"
auth = "Bearer {{secret}}"
live = ["200 /login"]
dead = ["401"]
samples = [
  {{ status = 200, body = '{{"login":"ada"}}', says = "live" }},
  {{ status = 401, says = "dead" }},
  {{ status = 403, says = "unknown" }},
]
"#
    )
}

#[test]
fn a_thousand_tokens_of_twenty_hosts_are_asked_about_soon_and_gently() {
    let times: Arc<Mutex<Vec<Vec<Instant>>>> = Arc::new(Mutex::new(vec![vec![]; HOSTS]));
    let servers: Vec<Server> = (0..HOSTS)
        .map(|host| {
            let times = Arc::clone(&times);
            Server::start(move |_| {
                times.lock().unwrap()[host].push(Instant::now());
                thread::sleep(LATENCY);
                Reply::json(200, r#"{"login":"ada"}"#)
            })
        })
        .collect();
    let named = servers.iter().enumerate().map(|(host, server)| format!("acme-{host}={}", server.url()));
    let desk = Desk::of(Project::new(), &named.collect::<Vec<_>>());
    let rules: String = (0..HOSTS).map(rule).collect();
    desk.project.write("acme.toml", format!("provider = \"Acme\"\n{rules}"));
    for host in 0..HOSTS {
        let token = |number| template::fill(&format!("acme{host}_{{alnum:30}}"), number).unwrap();
        let lines = (0..TOKENS as u64).map(|number| format!("KEY={}\n", token(number)));
        desk.project.write(format!("code/{host}.env"), lines.collect::<String>());
    }
    let ran = desk.stanch(&["scan", "code", "--verify", "--rules", "acme.toml", "--format", "json"]).run();
    ran.exits(1);
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    let live = findings.iter().filter(|finding| finding["verdict"]["state"] == "live").count();
    assert_eq!((findings.len(), live), (HOSTS * TOKENS, HOSTS * TOKENS), "{}", ran.stderr());
    let times = times.lock().unwrap();
    for (host, times) in times.iter().enumerate() {
        assert_eq!(times.len(), TOKENS, "host {host} is asked about each of its tokens once");
        for (at, start) in times.iter().enumerate() {
            let within =
                times[at..].iter().take_while(|time| **time - *start < Duration::from_secs(1)).count();
            assert!(within <= A_SECOND, "host {host} got {within} requests within a second");
        }
    }
    let all = || times.iter().flatten();
    let took = *all().max().unwrap() - *all().min().unwrap();
    assert!(took <= LIMIT, "{} tokens took {took:?}", HOSTS * TOKENS);
}
