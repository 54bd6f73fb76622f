//! One question, and what its answer means.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::control::mutated;
use crate::model::{
    Answered, Condition, Fact, FoundBy, Rule, Secret, Told, Unknown, UnknownReason, Verdict, Verify,
};
use crate::net::databases::{self, Login};
use crate::net::{Answer, Client, Kind, Stop, Trouble, Values, exchange, host_of};

/// Asks questions, and remembers of whom it is known whether they tell values apart.
pub(super) struct Asker<'a> {
    client: &'a Client,
    /// What the control question said, by rule and host.
    controls: Mutex<HashMap<Asked, Result<(), Unknown>>>,
}

/// A rule and a host.
type Asked = (&'static str, String);

/// What an answer means.
enum Meaning {
    /// Live; whether something in it tells that the token was looked at.
    Live {
        told: bool,
    },
    Dead,
    Nothing(Unknown),
}

impl<'a> Asker<'a> {
    pub(super) fn new(client: &'a Client) -> Asker<'a> {
        Asker { client, controls: Mutex::default() }
    }

    /// Asks about a secret with each set of companions in turn, until one of them settles it. With the wrong
    /// companion an answer says nothing of the secret: dead is what is dead with all of them.
    pub(super) fn ask(&self, rule: &'static Rule, verify: &'static Verify, sets: &[Values]) -> Verdict {
        let mut kept = None;
        for values in sets {
            let verdict = self.ask_with(rule, verify, values);
            let is_open = match &verdict {
                Verdict::Dead(_) => true,
                Verdict::Unknown(unknown) => unknown.reason == UnknownReason::Unclear,
                Verdict::Live(_) | Verdict::NotAsked => false,
            };
            let was_unclear = matches!(kept, Some(Verdict::Unknown(_)));
            if !was_unclear || !matches!(verdict, Verdict::Dead(_)) {
                kept = Some(verdict);
            }
            if !is_open || verify.safety.locks_out {
                break;
            }
        }
        kept.unwrap_or_else(|| unknown(UnknownReason::NoCompanion, "nothing to ask with"))
    }

    /// Logs in at the server of an address.
    pub(super) fn log_in(&self, address: &Secret) -> Verdict {
        let host = databases::host(address).unwrap_or_default();
        match databases::login(address, self.client.trust(), self.client.timeout()) {
            Login::Accepted { facts } => {
                let facts = facts.into_iter().map(|(label, text)| Fact { label, text }).collect();
                Verdict::Live(Answered { host, facts })
            }
            Login::Refused => Verdict::Dead(Answered { host, facts: vec![] }),
            Login::Unclear(why) => unknown(UnknownReason::Unclear, why),
            Login::Unreachable(why) => unknown(UnknownReason::Unreachable, why),
            Login::TimedOut => unknown(UnknownReason::TimedOut, "the login was not done in time"),
        }
    }

    fn ask_with(&self, rule: &'static Rule, verify: &'static Verify, values: &Values) -> Verdict {
        let host = host_of(self.client, rule.endpoint, &verify.call, values);
        let (host, answer) = match host.and_then(|host| Ok((host, self.put(rule, verify, values)?))) {
            Ok(answered) => answered,
            Err(stop) => return Verdict::Unknown(told(&stop)),
        };
        match meaning(verify, &answer) {
            Meaning::Nothing(unknown) => Verdict::Unknown(unknown),
            Meaning::Dead => Verdict::Dead(Answered { host, facts: vec![] }),
            Meaning::Live { told } => {
                if !told && let Err(unknown) = self.control(rule, verify, values, &host) {
                    return Verdict::Unknown(unknown);
                }
                Verdict::Live(Answered { host, facts: facts(rule, verify, &answer, values) })
            }
        }
    }

    fn put(&self, rule: &Rule, verify: &Verify, values: &Values) -> Result<Answer, Stop> {
        let kind = if verify.safety.changes_state { Kind::Change } else { Kind::Question };
        let values = values.clone().with_credentials(verify.by, self.client.credentials());
        let values = &values.map_err(Stop::NoCredential)?;
        exchange(self.client, rule.endpoint, (&verify.first, &verify.call, kind), values, &mut || Ok(()))
    }

    /// Asks the same about a value that was made up, once for each rule and host.
    fn control(
        &self,
        rule: &'static Rule,
        verify: &'static Verify,
        values: &Values,
        host: &str,
    ) -> Result<(), Unknown> {
        let key = (rule.id, host.to_owned());
        let known = self.controls.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let found = self.ask_control(rule, verify, values);
            self.controls.lock().unwrap_or_else(PoisonError::into_inner).insert(key, found.clone());
            found
        })
    }

    fn ask_control(&self, rule: &Rule, verify: &Verify, values: &Values) -> Result<(), Unknown> {
        let reason = |reason, detail: &str| Err(Unknown { reason, detail: detail.to_owned() });
        if verify.safety.locks_out || verify.safety.changes_state {
            return reason(
                UnknownReason::Unclear,
                "the answer names nothing of the token, and a control question is not allowed",
            );
        }
        let made_up = values.get("secret").map(|secret| mutated(secret, rule.prefix));
        let made_up = made_up.unwrap_or_else(|| Secret::new(b""));
        // Public parts of the value stay: they are in the path of the question.
        let answer = self.put(rule, verify, &values.clone().with("secret", made_up.expose()));
        match answer.map(|answer| meaning(verify, &answer)) {
            Ok(Meaning::Live { .. }) => {
                reason(UnknownReason::AcceptsAnything, "it takes a value that was made up as well")
            }
            Ok(Meaning::Dead) => Ok(()),
            // Whoever says anything else of a made-up value tells the two apart.
            Ok(Meaning::Nothing(unknown)) if unknown.reason == UnknownReason::Unclear => Ok(()),
            Ok(Meaning::Nothing(unknown)) => Err(unknown),
            Err(stop) => Err(told(&stop)),
        }
    }
}

/// What an answer means by what the rule says of answers. A page, a redirect or trouble of the server means nothing.
fn meaning(verify: &Verify, answer: &Answer) -> Meaning {
    let nothing = |reason, detail: String| Meaning::Nothing(Unknown { reason, detail });
    match answer.status {
        300..=399 => {
            return nothing(
                UnknownReason::Redirected,
                format!("it answered {} and sends elsewhere", answer.status),
            );
        }
        500.. => return nothing(UnknownReason::ServerError, format!("it answered {}", answer.status)),
        status if answer.is_page() => {
            return nothing(UnknownReason::Page, format!("it answered {status} with a page for people"));
        }
        _ => {}
    }
    let met = |conditions: &'static [Condition]| conditions.iter().find(|condition| answer.meets(condition));
    match (met(verify.live.0), met(verify.dead.0)) {
        (Some(live), None) => Meaning::Live { told: !live.tests.is_empty() },
        (None, Some(_)) => Meaning::Dead,
        (Some(_), Some(_)) => {
            nothing(UnknownReason::Unclear, format!("it answered {}, which can mean either", answer.status))
        }
        (None, None) => nothing(
            UnknownReason::Unclear,
            format!("it answered {}, of which nothing follows", answer.status),
        ),
    }
}

/// What an answer tells of the token, without what repeats the token itself or another one that belongs to it.
fn facts(rule: &Rule, verify: &Verify, answer: &Answer, values: &Values) -> Vec<Fact> {
    let tokens = rule.companions.iter().filter(|companion| matches!(companion.from, FoundBy::OtherRule(_)));
    let others: Vec<&Secret> = tokens.filter_map(|companion| values.get(companion.name)).collect();
    let repeats = |text: &str| {
        values.is_repeated_in(text)
            || others.iter().any(|other| memchr::memmem::find(text.as_bytes(), other.expose()).is_some())
    };
    let fact = |told: &Told| {
        let is_fine = answer.read(told.1).is_some_and(|text| !repeats(&text));
        is_fine.then_some(Fact { label: told.0, text: answer.tell(told.1)? })
    };
    verify.tell.iter().filter_map(fact).collect()
}

pub(super) fn unknown(reason: UnknownReason, detail: impl Into<String>) -> Verdict {
    Verdict::Unknown(Unknown { reason, detail: detail.into() })
}

/// What stopped a question, for people.
pub(super) fn told(stop: &Stop) -> Unknown {
    use UnknownReason as Reason;
    let (reason, detail) = match stop {
        Stop::Missing(name) => {
            (Reason::NoCompanion, format!("`{name}`, which the question needs, was not found beside it"))
        }
        Stop::NoEndpoint(name) => {
            (Reason::NoEndpoint, format!("name the server it is for: --endpoint {name}=URL"))
        }
        Stop::NoCredential(names) => {
            (Reason::NotAllowed, format!("the question takes credentials of your own; set {names}"))
        }
        Stop::NoHost => (Reason::NoCompanion, "what was found beside it is no name of a host".into()),
        Stop::Refused(status) => {
            (Reason::Unclear, format!("a question before it was answered {status}, of which nothing follows"))
        }
        Stop::Entries(number) => {
            (Reason::Unclear, format!("{number} entries of the provider's list could be it, not one"))
        }
        Stop::Trouble(Trouble::Unreachable(why)) => (Reason::Unreachable, why.clone()),
        Stop::Trouble(Trouble::Cut(why)) => (Reason::Unreachable, why.clone()),
        Stop::Trouble(Trouble::TimedOut) => (Reason::TimedOut, "no answer came in time".into()),
        Stop::Trouble(Trouble::Limited(seconds)) => {
            (Reason::RateLimited, format!("the host wants no more questions for {seconds} s; ask later"))
        }
        Stop::Trouble(Trouble::GivenUp) => {
            (Reason::Unreachable, "the host failed several times in a row and was not asked again".into())
        }
        Stop::Trouble(Trouble::TooLarge) => (Reason::Unclear, "the answer is larger than 1 MiB".into()),
        Stop::Trouble(Trouble::Unwritable(why)) => (Reason::NoCompanion, why.clone()),
    };
    Unknown { reason, detail }
}
