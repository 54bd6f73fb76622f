//! Carries out what a person agreed to: asks, calls once, watches until it is dead, and keeps the ledger.

use std::thread;
use std::time::{Duration, Instant};

use super::consent::Agreed;
use super::{Applying, now, say};
use crate::commands::scan::Prepared;
use crate::commands::{CommandError, Ended, ScanTask};
use crate::model::{Finding, Revoke, Secret, UnknownReason, Verdict, moment};
use crate::net::host_of;
use crate::net::{Client, Values};
use crate::report::sanitize;
use crate::revoke::{
    Action, Answered, Applied, End, Event, Item, Ledger, Outcome, Plan, Record, Target, act, who,
};
use crate::verify::{Policy, verdict_of};

/// Carries out what a person agreed to, whose secrets were found again, and tells what came of all of the plan.
pub(super) fn carry_out(
    plan: &Plan,
    agreed: &Agreed<'_>,
    found: &[Finding],
    (scan, prepared): (&ScanTask, &Prepared),
    how: &Applying,
) -> Result<Ended, CommandError> {
    let mut applied = Applied::of(plan);
    if !agreed.items.is_empty() {
        for (item, Over { end, why }) in done(plan, &agreed.items, found, (scan, prepared), how)? {
            applied.note(item, end, &why);
        }
    }
    agreed.left.iter().for_each(|(item, why)| applied.note_left(item, why));
    if how.json {
        say(&applied.to_json().map_err(CommandError::new)?)?;
    } else {
        say(&applied.lines().map(|line| sanitize(&line).into_owned() + "\n").collect::<String>())?;
    }
    Ok(if applied.is_all_dead() { Ended::Clean } else { Ended::Unrevoked })
}

/// Makes the calls about these items, and what became of each.
fn done<'a>(
    plan: &'a Plan,
    items: &[&'a Item],
    found: &[Finding],
    (scan, prepared): (&ScanTask, &Prepared),
    how: &Applying,
) -> Result<Vec<(&'a Item, Over)>, CommandError> {
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
    let over = |state| match state {
        Some(State::Over(over)) => over,
        Some(State::Pending { .. }) | None => Over::new(End::Unknown, "nothing came of it"),
    };
    let plain: Vec<Option<State>> = works.into_iter().map(|work| work.state).collect();
    Ok(items.iter().copied().zip(plain.into_iter().map(over)).collect())
}

/// What became of an item.
enum State {
    /// The call was accepted or there was nothing to do; whether it is dead is still to be seen.
    Pending { accepted: bool, why: Option<String> },
    /// It is over.
    Over(Over),
}

/// How it ended, and why.
struct Over {
    end: End,
    why: String,
}

impl Over {
    fn new(end: End, why: impl Into<String>) -> Over {
        Over { end, why: why.into() }
    }

    fn revoked() -> Over {
        Over::new(End::Revoked, "seen dead")
    }
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
            work.end(Over::new(End::Unsupported, why));
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
                work.end(Over::new(End::NotFound, "not found at any of its places; nothing was sent"));
                continue;
            };
            work.before = verdict_of(finding, self.client, self.policy);
            if matches!(work.before, Verdict::Dead(_)) {
                let record = self.record(work, Event::ConfirmedDead, "dead", &Answered::default(), None);
                self.ledger.add([record])?;
                // Where this plan's call was sent before, it was this call that ended it.
                let sent = self.sent_since(work.item).is_some();
                work.end(match sent {
                    true => Over::revoked(),
                    false => Over::new(End::AlreadyDead, "already dead, nothing was sent"),
                });
            } else if let Some(accepted) = self.sent_since(work.item) {
                work.state = Some(State::Pending { accepted, why: None });
            } else if let Some(why) = unheard(&work.before) {
                work.end(Over::new(End::Refused, why));
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
                    Outcome::Refused(why) => State::Over(Over::new(End::Refused, why)),
                    Outcome::Unsupported(why) => State::Over(Over::new(End::Unsupported, why)),
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
                work.end(Over::new(End::Unknown, why));
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
            work.end(Over::revoked());
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
