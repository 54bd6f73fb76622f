//! A provider that plays one call of a rule at a time: it holds each request against the rule and answers as it was
//! told to.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use stanch::model::{By, Call, Finding, Header, Rule, Secret, Sign, Step};
use stanch::net::{Client, Endpoints, Options, Values};

use super::answers::{Entries, of_step};
use super::request::{CHALLENGE, Known, differs};
use crate::common::server::{Received, Reply, Server};

/// Where on its server the provider's paths begin.
const BASE: &str = "/tenant";

/// A provider, and a server to which nothing may ever come.
pub(crate) struct Provider {
    server: Server,
    elsewhere: Server,
    state: Arc<Mutex<State>>,
}

/// A call, and how it is answered.
#[derive(Clone)]
pub(crate) struct Play {
    call: &'static Call,
    /// The steps before it: each with what is known when it is made, and its answer.
    steps: Vec<(&'static Call, Known, Reply)>,
    /// What is known when the call is made.
    known: Known,
    /// Answers the call.
    reply: Reply,
    /// Answers all that comes after it, which is about a made-up value.
    control: Reply,
    secret: Secret,
    may_be_in_url: bool,
}

#[derive(Default)]
struct State {
    play: Option<Arc<Play>>,
    received: Vec<Received>,
    faults: Vec<String>,
    /// How much had come to where redirects lead before this play.
    moved: usize,
}

impl Provider {
    pub(crate) fn new() -> Provider {
        let state = Arc::new(Mutex::new(State::default()));
        let kept = Arc::clone(&state);
        Provider {
            server: Server::start(move |received| kept.lock().unwrap().answer(received)),
            elsewhere: Server::start(|_| Reply::json(200, "{}")),
            state,
        }
    }

    /// A client that sends all calls of a rule here.
    pub(crate) fn client(&self, rule: &Rule, timeout: Duration) -> Client {
        client_at(rule, &self.address(), timeout)
    }

    fn address(&self) -> String {
        format!("{}{BASE}", self.server.url())
    }

    /// A call about these findings, of which there are several only in a batch. `at` is the step whose list has such
    /// entries.
    pub(crate) fn scene(
        &self,
        findings: &[Finding],
        by: By,
        (first, call, secret_in_url): (&'static [Step], &'static Call, bool),
        reply: Reply,
        (at, entries): (usize, Entries),
    ) -> Result<Play, String> {
        let mut values = Values::of(&findings[0]).with("endpoint", self.address().as_bytes());
        if let By::Admin(names) = by {
            for name in names.iter().map(|name| name.trim_end_matches('?')) {
                values = values.with(&name.to_ascii_lowercase(), administrators(name).as_bytes());
            }
        }
        let batch: Vec<Secret> = findings.iter().map(|finding| finding.secret.clone()).collect();
        let mut steps = vec![];
        for (number, step) in first.iter().enumerate() {
            let later: Vec<&Call> = first[number + 1..].iter().map(|step| &step.call).chain([call]).collect();
            let entries = if number == at { entries } else { Entries::One };
            let (reply, taken) = of_step(step, &values, &later, entries)
                .map_err(|why| format!("step {}: {why}", number + 1))?;
            steps.push((&step.call, Known { values, batch: batch.clone() }, reply));
            values = taken;
        }
        Ok(Play {
            call,
            steps,
            known: Known { values, batch },
            reply,
            control: Reply::json(401, r#"{"message":"who are you?"}"#),
            secret: findings[0].secret.clone(),
            may_be_in_url: secret_in_url || findings[0].rule.parts.iter().any(is_public),
        })
    }

    /// From now on it plays this, with nothing received yet.
    pub(crate) fn play(&self, play: Play) {
        let moved = self.elsewhere.received().len();
        *self.state() = State { play: Some(Arc::new(play)), moved, ..State::default() };
    }

    /// Where a redirect leads.
    pub(crate) fn elsewhere(&self) -> String {
        format!("{}/moved", self.elsewhere.url())
    }

    /// How many requests came in this play.
    pub(crate) fn requests(&self) -> usize {
        self.state().received.len()
    }

    /// How often the call came, and what came after it.
    pub(crate) fn calls(&self) -> usize {
        let state = self.state();
        let steps = state.play.as_ref().map_or(0, |play| play.steps.len());
        state.received.len().saturating_sub(steps)
    }

    /// What was wrong with the requests of this play.
    pub(crate) fn faults(&self) -> Vec<String> {
        let state = self.state();
        let moved = self.elsewhere.received().len() > state.moved;
        let told = moved.then(|| "something was sent to where a redirect leads".to_owned());
        state.faults.iter().cloned().chain(told).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// A client that sends all calls of a rule to an address.
pub(crate) fn client_at(rule: &Rule, address: &str, timeout: Duration) -> Client {
    let mut endpoints = Endpoints::default();
    endpoints.add(rule.endpoint, address).unwrap();
    Client::new(Options { endpoints, timeout: Some(timeout), ..Options::default() })
}

impl Play {
    /// The same with another answer to what is about a made-up value.
    pub(crate) fn with_control(self, control: Reply) -> Play {
        Play { control, ..self }
    }

    /// Whether a request is by digest authentication.
    fn challenges(&self, at: usize) -> bool {
        let call = self.steps.get(at).map_or(self.call, |step| step.0);
        matches!(call.sign, Some(Sign::Digest { .. }))
    }

    /// The same with this answer to everything.
    pub(crate) fn with_every(mut self, reply: &Reply) -> Play {
        self.steps.iter_mut().for_each(|step| step.2 = reply.clone());
        Play { reply: reply.clone(), control: reply.clone(), ..self }
    }
}

impl State {
    fn answer(&mut self, received: &Received) -> Reply {
        let Some(play) = self.play.clone() else { return Reply::Cut };
        if play.challenges(self.received.len()) && received.header("authorization").is_none() {
            if received.method != "GET" || !received.body.is_empty() {
                self.faults.push(format!("a challenge is asked for with {}", received.whole()));
            }
            return Reply::json(401, "{}").with("www-authenticate", CHALLENGE);
        }
        self.received.push(received.clone());
        let at = self.received.len() - 1;
        let (call, known, reply) = match at {
            at if at < play.steps.len() => {
                let (call, known, reply) = &play.steps[at];
                (*call, known.clone(), reply.clone())
            }
            at if at == play.steps.len() => (play.call, play.known.clone(), play.reply.clone()),
            _ => {
                if received.whole().contains(&*String::from_utf8_lossy(play.secret.expose())) {
                    self.faults.push("the secret was sent again".into());
                }
                return play.control.clone();
            }
        };
        let secret = String::from_utf8_lossy(play.secret.expose()).into_owned();
        let path = percent_encoding::percent_decode_str(&received.path).decode_utf8_lossy().into_owned();
        if path.contains(&secret) && !play.may_be_in_url {
            self.faults.push(format!("request {} has the secret in its URL: {path}", at + 1));
        }
        if let Err(why) = differs(call, &known, BASE, received) {
            self.faults.push(format!("request {} ({} {}): {why}", at + 1, call.method.as_str(), call.url));
        }
        reply
    }
}

/// Whether a part of a secret is all of it, and an id: then what is secret stands beside it.
fn is_public(part: &Header) -> bool {
    part.1 == "{secret}" && part.0.ends_with("id")
}

/// What an administrator's variable holds.
pub(crate) fn administrators(name: &str) -> String {
    format!("of-the-admin-{}", name.to_ascii_lowercase().replace('_', "-"))
}
