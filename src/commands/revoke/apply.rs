//! Carries out what a person agreed to: asks, calls once, watches until it is dead, and keeps the ledger.

use std::thread;
use std::time::{Duration, Instant};

use super::{Applying, now, say};
use crate::commands::scan::Prepared;
use crate::commands::{CommandError, Ended, ScanTask};
use crate::model::{Finding, Revoke, Secret, UnknownReason, Verdict, moment};
use crate::net::host_of;
use crate::net::{Client, Values};
use crate::report::sanitize;
use crate::revoke::{Action, Answered, Event, Item, Ledger, Outcome, Plan, Record, Target, act, who};
use crate::verify::{Policy, verdict_of};

/// Carries out these items of a plan, whose secrets were found again.
pub(super) fn carry_out(
    plan: &Plan,
    items: &[&Item],
    found: &[Finding],
    (scan, prepared): (&ScanTask, &Prepared),
    how: &Applying,
) -> Result<Ended, CommandError> {
    if items.is_empty() {
        let open = plan.items.iter().any(|item| item.verdict.state != "dead");
        return Ok(if open { Ended::Unrevoked } else { Ended::Clean });
    }
    let mut ledger = Ledger::open(&how.ledger)?;
    let asking = scan.asking.clone().unwrap_or_default();
    let client = asking.client(prepared.engine.rules())?;
    // A person agreed to each of these, so that their questions are allowed as the policy says and no more.
    let policy = Policy { named: items.iter().map(|item| item.id.clone()).collect(), ..asking.policy };
    let mut works: Vec<Work<'_>> = items.iter().map(|item| Work::of(item, found, &client)).collect();
    let mut run = Run { plan, ledger: &mut ledger, client: &client, policy: &policy };
    run.look_before(&mut works)?;
    run.call_all(&mut works)?;
    run.watch(&mut works, how.wait)?;
    let outcome = told(&works);
    say(&outcome)?;
    let is_done =
        |work: &Work<'_>| matches!(&work.state, Some(State::Over(Over::Revoked | Over::AlreadyDead)));
    let done: Vec<&str> =
        works.iter().filter(|work| is_done(work)).map(|work| work.item.id.as_str()).collect();
    let dies_with = |item: &Item| item.dies_with.as_deref().is_some_and(|other| done.contains(&other));
    let is_dead =
        |item: &Item| item.verdict.state == "dead" || done.contains(&item.id.as_str()) || dies_with(item);
    Ok(if plan.items.iter().all(is_dead) { Ended::Clean } else { Ended::Unrevoked })
}

/// What became of an item.
enum State {
    /// The call was accepted or there was nothing to do; whether it is dead is still to be seen.
    Pending { accepted: bool, why: Option<String> },
    /// It is over.
    Over(Over),
}

/// How it ended.
enum Over {
    Revoked,
    AlreadyDead,
    NotFound,
    Refused(String),
    Unsupported(String),
    Unknown(String),
}

/// One item on its way.
struct Work<'a> {
    item: &'a Item,
    finding: Option<&'a Finding>,
    call: Option<&'static Revoke>,
    before: Verdict,
    state: Option<State>,
}

/// When it is asked whether a token died, in seconds after the call; then every minute.
const LOOKS: [u64; 5] = [0, 2, 5, 15, 60];

impl<'a> Work<'a> {
    fn of(item: &'a Item, found: &'a [Finding], client: &Client) -> Work<'a> {
        let finding = found.iter().find(|finding| finding.id.0 == item.id && finding.rule.id == item.rule);
        let verb = item.action.as_ref().map(|action| action.verb.as_str());
        let call =
            finding.and_then(|finding| finding.rule.revoke.iter().find(|revoke| Some(revoke.verb) == verb));
        let mut work = Work { item, finding, call, before: Verdict::NotAsked, state: None };
        if let Some(action) = work.action_now(client).filter(|action| Some(action) != item.action.as_ref()) {
            let why = format!(
                "now it would be {} at {}, which is not what the plan says; make it again",
                action.verb, action.host
            );
            work.end(Over::Unsupported(why));
        }
        work
    }

    /// What would be done by the rules and servers of this run: a person agreed to what the plan says.
    fn action_now(&self, client: &Client) -> Option<Action> {
        let (finding, call) = self.finding.zip(self.call)?;
        let host = host_of(client, finding.rule.endpoint, &call.call, &Values::of(finding)).ok()?;
        Some(Action::of(call, host))
    }

    fn end(&mut self, over: Over) {
        self.state = Some(State::Over(over));
    }

    /// Whether it can still be learnt whether the token is dead.
    fn waits_for_an_answer(&self) -> bool {
        let can_be_asked = self.finding.is_some_and(|finding| !finding.rule.verify.is_empty());
        can_be_asked && matches!(self.state, Some(State::Pending { .. }))
    }
}

struct Run<'a> {
    plan: &'a Plan,
    ledger: &'a mut Ledger,
    client: &'a Client,
    policy: &'a Policy,
}

impl Run<'_> {
    /// What is dead, gone, or was called about before is not called about.
    fn look_before(&mut self, works: &mut [Work<'_>]) -> Result<(), CommandError> {
        for work in works.iter_mut().filter(|work| work.state.is_none()) {
            let (Some(finding), Some(_)) = (work.finding, work.call) else {
                work.end(Over::NotFound);
                continue;
            };
            work.before = verdict_of(finding, self.client, self.policy);
            if matches!(work.before, Verdict::Dead(_)) {
                let record = self.record(work, Event::ConfirmedDead, "dead", &Answered::default(), None);
                self.ledger.add([record])?;
                // Where this plan's call was sent before, it was this call that ended it.
                let sent = self.sent_since(work.item).is_some();
                work.end(if sent { Over::Revoked } else { Over::AlreadyDead });
            } else if let Some(accepted) = self.sent_since(work.item) {
                work.state = Some(State::Pending { accepted, why: None });
            } else if let Some(why) = unheard(&work.before) {
                work.end(Over::Refused(why));
            }
        }
        Ok(())
    }

    /// Whether a call about it was sent since the plan was made, and may have been carried out; and whether it was
    /// accepted.
    fn sent_since(&self, item: &Item) -> Option<bool> {
        let of_plan =
            |record: &&Record| record.plan == self.plan.digest || record.seq > self.plan.ledger_records;
        let mut sent = None;
        for record in self.ledger.of_finding(&item.id).filter(of_plan) {
            match record.event {
                Event::Sending => sent = Some(false),
                Event::Accepted | Event::AlreadyDead => sent = Some(true),
                Event::Refused => sent = None,
                Event::Unknown | Event::ConfirmedDead | Event::StillLive => {}
            }
        }
        sent
    }

    /// Makes the calls, one after the other; those that take a list with as many as they take.
    fn call_all(&mut self, works: &mut [Work<'_>]) -> Result<(), CommandError> {
        for batch in batches(works) {
            let targets: Vec<Target<'_>> = batch
                .iter()
                .filter_map(|&at| Some(Target { finding: works[at].finding?, revoke: works[at].call? }))
                .collect();
            let sending: Vec<Record> = batch
                .iter()
                .map(|&at| {
                    self.record(
                        &works[at],
                        Event::Sending,
                        works[at].before.as_str(),
                        &Answered::default(),
                        None,
                    )
                })
                .collect();
            let ledger = &mut *self.ledger;
            let mut about_to = || ledger.add(sending.clone()).map_err(|error| error.to_string());
            let (outcome, answered) = act(self.client, &targets, &mut about_to);
            let (event, detail) = match &outcome {
                Outcome::Accepted => (Event::Accepted, None),
                Outcome::AlreadyDead => (Event::AlreadyDead, None),
                Outcome::Refused(why) | Outcome::Unsupported(why) => (Event::Refused, Some(why.clone())),
                Outcome::Unknown(why) => (Event::Unknown, Some(why.clone())),
            };
            let records: Vec<Record> = batch
                .iter()
                .map(|&at| self.record(&works[at], event, "unknown", &answered, detail.clone()))
                .collect();
            for &at in &batch {
                works[at].state = Some(match &outcome {
                    Outcome::Accepted | Outcome::AlreadyDead => State::Pending { accepted: true, why: None },
                    Outcome::Refused(why) => State::Over(Over::Refused(why.clone())),
                    Outcome::Unsupported(why) => State::Over(Over::Unsupported(why.clone())),
                    Outcome::Unknown(why) => State::Pending { accepted: false, why: Some(why.clone()) },
                });
            }
            self.ledger.add(records)?;
        }
        Ok(())
    }

    /// Asks until every token is dead, or for as long as was said.
    fn watch(&mut self, works: &mut [Work<'_>], wait: Duration) -> Result<(), CommandError> {
        let start = Instant::now();
        for look in LOOKS.into_iter().chain((2..).map(|minutes| minutes * 60)).map(Duration::from_secs) {
            let pending = works.iter().any(Work::waits_for_an_answer);
            if !pending || look > wait {
                break;
            }
            thread::sleep(look.saturating_sub(start.elapsed()));
            for work in works.iter_mut() {
                self.look_after(work)?;
            }
        }
        for work in works {
            if let Some(State::Pending { accepted, why }) = &work.state {
                let why = match (accepted, why, &work.before) {
                    (true, _, Verdict::Live(_)) => "its provider accepted the call, and still takes the token".into(),
                    (true, _, _) => "its provider accepted the call; whether it is dead could not be asked".into(),
                    (false, Some(why), _) => {
                        format!("the call was sent, and {why}; make a new plan to send another")
                    }
                    (false, None, _) => {
                        "a call was sent before, and what came of it is not known; make a new plan to send another"
                            .into()
                    }
                };
                let detail = Some(String::clone(&why));
                let record = self.record(work, Event::Unknown, "unknown", &Answered::default(), detail);
                self.ledger.add([record])?;
                work.end(Over::Unknown(why));
            }
        }
        Ok(())
    }

    fn look_after(&mut self, work: &mut Work<'_>) -> Result<(), CommandError> {
        let (Some(State::Pending { .. }), Some(finding)) = (&work.state, work.finding) else { return Ok(()) };
        let verdict = verdict_of(finding, self.client, self.policy);
        let event = match &verdict {
            Verdict::Dead(_) => Event::ConfirmedDead,
            Verdict::Live(_) => Event::StillLive,
            Verdict::NotAsked | Verdict::Unknown(_) => return Ok(()),
        };
        let record = self.record(work, event, verdict.as_str(), &Answered::default(), None);
        self.ledger.add([record])?;
        if event == Event::ConfirmedDead {
            work.end(Over::Revoked);
        } else {
            work.before = verdict;
        }
        Ok(())
    }

    fn record(
        &self,
        work: &Work<'_>,
        event: Event,
        after: &str,
        answered: &Answered,
        detail: Option<String>,
    ) -> Record {
        let (user, host) = who();
        let action = work.item.action.as_ref();
        Record {
            seq: 0,
            time: moment(now()),
            user,
            host,
            plan: self.plan.digest.clone(),
            event,
            provider: work.item.provider.clone(),
            rule: work.item.rule.clone(),
            finding: work.item.id.clone(),
            verb: action.map_or_else(String::new, |action| action.verb.clone()),
            to: action.map_or_else(String::new, |action| action.host.clone()),
            before: work.before.as_str().to_owned(),
            after: after.to_owned(),
            status: answered.status,
            request_id: answered.request_id.clone().filter(|id| is_harmless(id, work.finding)),
            detail: detail.filter(|detail| is_harmless(detail, work.finding)),
            prev: String::new(),
            hash: String::new(),
        }
    }
}

/// Whether a text from outside is short and holds nothing of a secret.
fn is_harmless(text: &str, finding: Option<&Finding>) -> bool {
    const PART: usize = 6;
    let secret = finding.map(|finding| &finding.secret).map_or(&[][..], Secret::expose);
    let holds_part = |part: &[u8]| memchr::memmem::find(text.as_bytes(), part).is_some();
    text.len() <= 200
        && !text.contains(char::is_control)
        && !secret.windows(PART.min(secret.len().max(1))).any(holds_part)
}

/// Why it cannot be told whether a token works, where its provider was asked and not heard: then nothing is sent.
fn unheard(before: &Verdict) -> Option<String> {
    use UnknownReason as Reason;
    let Verdict::Unknown(unknown) = before else { return None };
    let is_unheard = matches!(
        unknown.reason,
        Reason::RateLimited
            | Reason::TimedOut
            | Reason::Unreachable
            | Reason::Redirected
            | Reason::Page
            | Reason::ServerError
            | Reason::AcceptsAnything
    );
    is_unheard
        .then(|| format!("whether it works could not be asked before: {}; nothing was sent", unknown.detail))
}

/// What still is to be called about, by call: those of one list together, what can be undone first.
fn batches(works: &[Work<'_>]) -> Vec<Vec<usize>> {
    let open = |work: &Work<'_>| work.state.is_none();
    let mut singles: Vec<Vec<usize>> = vec![];
    let mut lists: Vec<(&'static Revoke, &'static str, Vec<usize>)> = vec![];
    for (at, work) in works.iter().enumerate().filter(|(_, work)| open(work)) {
        let (Some(call), Some(finding)) = (work.call, work.finding) else { continue };
        if call.batch < 2 {
            singles.push(vec![at]);
            continue;
        }
        let endpoint = finding.rule.endpoint;
        let same = |(other, of, list): &&mut (&'static Revoke, &'static str, Vec<usize>)| {
            other.call == call.call && *of == endpoint && list.len() < call.batch
        };
        match lists.iter_mut().find(same) {
            Some((_, _, list)) => list.push(at),
            None => lists.push((call, endpoint, vec![at])),
        }
    }
    singles.extend(lists.into_iter().map(|(_, _, list)| list));
    singles.sort_by_key(|list| works[list[0]].call.is_none_or(|call| !call.reversible));
    singles
}

/// What became of each, for people.
fn told(works: &[Work<'_>]) -> String {
    let mut text = String::new();
    for Work { item, state, .. } in works {
        let (word, why) = match state {
            Some(State::Over(Over::Revoked)) => ("revoked", "seen dead"),
            Some(State::Over(Over::AlreadyDead)) => ("dead", "already dead, nothing was sent"),
            Some(State::Over(Over::NotFound)) => ("lost", "not found at any of its places; nothing was sent"),
            Some(State::Over(Over::Refused(why))) => ("refused", why.as_str()),
            Some(State::Over(Over::Unsupported(why))) => ("cannot", why.as_str()),
            Some(State::Over(Over::Unknown(why))) => ("unknown", why.as_str()),
            Some(State::Pending { .. }) | None => ("unknown", "nothing came of it"),
        };
        let by_hand = match (word, &item.by_hand) {
            ("refused" | "cannot" | "unknown", Some(page)) => format!("; by hand: {page}"),
            _ => String::new(),
        };
        let line = format!("{word:<7} {} {} {}: {why}{by_hand}", item.id, item.rule, item.masked);
        text.push_str(&sanitize(&line));
        text.push('\n');
    }
    text
}
