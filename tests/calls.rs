//! Every shipped rule's `verify` and `revoke` held against a provider on loopback that behaves as the rule's samples
//! say, and against servers that lie, break off or hang: what is sent, and what is made of each answer.

#![allow(clippy::unwrap_used)]

#[path = "calls/answers.rs"]
mod answers;
mod common;
#[path = "calls/found.rs"]
mod found;
#[path = "calls/provider.rs"]
mod provider;
#[path = "calls/request.rs"]
mod request;

use std::collections::BTreeSet;
use std::env;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, LazyLock, Mutex};
use std::thread;
use std::time::Duration;

use stanch::model::{
    By, Call, Condition, Distance, Finding, Method, Nearby, Piece, Revoke, Rule, Sample, Secret, Sign, Step,
    UnknownReason, Verdict, Verify, pieces,
};
use stanch::net::{Answer, Client};
use stanch::revoke::{Outcome, Target, act};
use stanch::rules::BUILTIN;
use stanch::verify::{Policy, verdict_of};

use answers::{Entries, of_sample};
use common::server::Reply;
use found::{Found, found};
use provider::{Play, Provider, administrators, client_at};

/// So many pieces of work of all tests at a time: they mostly wait for their turn at a host, and each holds a few
/// sockets, of which a process may have 1024.
const AT_A_TIME: usize = 48;

/// No answer takes so long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// More than a client reads.
const TOO_LARGE: usize = 2 * 1024 * 1024;

/// Nobody listens there (RFC 1078, TCP port service multiplexer).
const NOBODY: &str = "http://127.0.0.1:1";

/// Says to this test's own process whether it is to find an administrator's credentials in its environment.
const CREDENTIALS: &str = "STANCH_TEST_CREDENTIALS";

/// Each step's list is as it must be.
const AS_IT_MUST_BE: (usize, Entries) = (0, Entries::One);

#[test]
fn companions_are_joined_to_the_secret_before_them() {
    each(&with_calls(), |rule, _, faults| {
        for example in rule.examples {
            for seed in 0..3 {
                match found(rule, example, seed) {
                    Ok(Found { apart, .. }) => faults.extend(apart),
                    Err(why) => faults.push(why),
                }
            }
        }
    });
}

#[test]
fn samples_mean_what_they_say() {
    each(&asked(), verdicts_of_samples);
}

#[test]
fn what_is_told_stands_in_a_sample() {
    each(&asked(), |rule, _, faults| {
        let verify = &rule.verify[0];
        for told in verify.tell.iter() {
            let lives = verify.samples.iter().filter(|sample| sample.says == "live");
            if !lives.map(answer).any(|answer| answer.tell(told.1).is_some()) {
                faults.push(format!("`{}` at {:?} is in no sample that says live", told.0, told.1));
            }
        }
    });
}

#[test]
fn a_condition_is_met_by_a_sample() {
    let unmet = |conditions: &[Condition], samples: &[Sample], says: &str| -> Vec<String> {
        let of = |sample: &&Sample| sample.says == says;
        let none = |condition: &&Condition| {
            !samples.iter().filter(of).map(answer).any(|answer| answer.meets(condition))
        };
        conditions
            .iter()
            .filter(none)
            .map(|condition| format!("no sample is {says} by {condition:?}"))
            .collect()
    };
    each(&with_calls(), |rule, _, faults| {
        for verify in rule.verify.iter() {
            faults.extend(unmet(&verify.live, &verify.samples, "live"));
            faults.extend(unmet(&verify.dead, &verify.samples, "dead"));
        }
        for revoke in rule.revoke.iter() {
            faults.extend(unmet(&revoke.done, &revoke.samples, "done"));
            faults.extend(unmet(&revoke.already, &revoke.samples, "already"));
        }
    });
}

#[test]
fn a_question_is_about_the_secret() {
    each(&asked(), |rule, _, faults| {
        let verify = &rule.verify[0];
        let calls = verify.first.iter().map(|step| step.call).chain([verify.call]);
        // The address follows from the secret.
        let names: BTreeSet<&str> =
            rule.parts.iter().map(|part| part.0).chain(["address", "secret"]).collect();
        let is_of_it = |place: &str| names.contains(place.split('|').next().unwrap_or_default());
        let names_it = |template: &str| {
            pieces(template).iter().any(|piece| matches!(piece, Piece::Place(place) if is_of_it(place)))
        };
        // The others sign with what they name in their templates.
        let signs = |call: &Call| matches!(call.sign, Some(Sign::AwsV4 { .. }));
        if !calls.into_iter().any(|call| signs(&call) || call.templates().into_iter().any(names_it)) {
            faults.push("nothing of the secret is sent".into());
        }
    });
}

#[test]
fn lies_and_broken_answers_mean_nothing() {
    each(&asked(), |rule, provider, faults| {
        let verify = &rule.verify[0];
        let Some(finding) = example(rule, 0, faults) else { return };
        // One client for all of them, as one run asks a server that is not well; but where several requests make a
        // question, or one that changes something, the room between them takes too long.
        let is_quick = verify.first.is_empty() && !verify.safety.changes_state;
        let shared = provider.client(rule, PATIENCE);
        for (name, lie, reason) in lies(verify, &provider.elsewhere()) {
            let Some(play) = question(provider, &finding, lie.clone(), AS_IT_MUST_BE, faults) else { return };
            // Where steps come before the call, the first of them may meet the lie as well.
            let to_everything = play.clone().with_every(&lie);
            let plays = if verify.first.is_empty() { vec![to_everything] } else { vec![play, to_everything] };
            for (at, play) in plays.into_iter().enumerate() {
                provider.play(play);
                let own = (!is_quick).then(|| provider.client(rule, PATIENCE));
                let client = own.as_ref().unwrap_or(&shared);
                let verdict = verdict_of(&finding, client, &all_allowed(rule));
                let fits = match &verdict {
                    Verdict::Unknown(unknown) => {
                        at > 0 || reason.is_none_or(|reason| unknown.reason == reason)
                    }
                    _ => false,
                };
                if !fits {
                    faults.push(format!("{name}: the verdict is {verdict:?}"));
                }
                faults.extend(provider.faults().into_iter().map(|why| format!("{name}: {why}")));
            }
        }
    });
}

#[test]
fn who_takes_any_value_is_unmasked() {
    each(&asked(), |rule, provider, faults| {
        let verify = &rule.verify[0];
        let Some(finding) = example(rule, 0, faults) else { return };
        for sample in verify.samples.iter().filter(|sample| sample.says == "live") {
            if !is_bare(verify, sample) {
                continue;
            }
            let may_be_asked = !verify.safety.locks_out && !verify.safety.changes_state;
            let live = of_sample(sample);
            let Some(play) = question(provider, &finding, live.clone(), AS_IT_MUST_BE, faults) else {
                return;
            };
            provider.play(play.with_control(live));
            let verdict = verdict_of(&finding, &provider.client(rule, PATIENCE), &all_allowed(rule));
            let expected = if may_be_asked { UnknownReason::AcceptsAnything } else { UnknownReason::Unclear };
            if !matches!(&verdict, Verdict::Unknown(unknown) if unknown.reason == expected) {
                faults.push(format!("{} to everything: the verdict is {verdict:?}", sample.status));
            }
            if (provider.calls() > 1) != may_be_asked {
                faults.push(format!("{} calls came", provider.calls()));
            }
            faults.extend(provider.faults());
        }
    });
}

#[test]
fn dead_is_what_is_dead_with_every_companion() {
    let rules = asked().into_iter().filter(|rule| !rule.companions.is_empty());
    let rules: Vec<&'static Rule> = rules.filter(|rule| !rule.verify[0].safety.locks_out).collect();
    each(&rules, |rule, provider, faults| {
        let verify = &rule.verify[0];
        let Some(mut finding) = example(rule, 0, faults) else { return };
        let Some(other) = finding.nearby.first().cloned() else { return };
        let value = [other.value.expose(), b"0"].concat();
        finding.nearby.push(Nearby { distance: Distance::Bytes(9_999), value: Secret::new(&value), ..other });
        let says = |word: &str| verify.samples.iter().find(|sample| sample.says == word);
        let (Some(live), Some(dead)) = (says("live"), says("dead")) else { return };
        if is_bare(verify, live) {
            return;
        }
        let (live, dead) = (of_sample(live), of_sample(dead));
        let unclear = Reply::json(418, "{}");
        for (first, second, expected) in [
            (&dead, &dead, "dead"),
            (&dead, &live, "live"),
            (&dead, &unclear, "unknown"),
            (&unclear, &live, "live"),
            (&unclear, &dead, "unknown"),
        ] {
            let Some(play) = question(provider, &finding, first.clone(), AS_IT_MUST_BE, faults) else {
                return;
            };
            provider.play(play.with_control(second.clone()));
            let verdict = verdict_of(&finding, &provider.client(rule, PATIENCE), &all_allowed(rule));
            if verdict.as_str() != expected {
                faults.push(format!("{first:?} and then {second:?}: {verdict:?}"));
            }
        }
    });
}

#[test]
fn nobody_waits_for_a_slow_server() {
    // The same client waits for all of them: a few rules tell as much as all.
    let some: Vec<&'static Rule> = asked().into_iter().step_by(8).collect();
    each(&some, |rule, provider, faults| {
        let Some(finding) = example(rule, 0, faults) else { return };
        let late = Reply::Late(Duration::from_secs(5), Box::new(Reply::json(200, "{}")));
        let Some(play) = question(provider, &finding, late.clone(), AS_IT_MUST_BE, faults) else { return };
        provider.play(play.with_every(&late));
        let client = provider.client(rule, Duration::from_millis(500));
        let verdict = verdict_of(&finding, &client, &all_allowed(rule));
        if !matches!(&verdict, Verdict::Unknown(unknown) if unknown.reason == UnknownReason::TimedOut) {
            faults.push(format!("the verdict is {verdict:?}"));
        }
    });
}

#[test]
fn a_list_must_have_exactly_one_entry_that_matches() {
    each(&asked(), |rule, provider, faults| {
        let Some(finding) = example(rule, 0, faults) else { return };
        for verify in rule.verify.iter() {
            for (at, entries) in wrong_lists(&verify.first) {
                let Some(play) = question(provider, &finding, live(verify), (at, entries), faults) else {
                    return;
                };
                provider.play(play);
                let verdict = verdict_of(&finding, &provider.client(rule, PATIENCE), &all_allowed(rule));
                if !matches!(verdict, Verdict::Unknown(_)) || provider.calls() > 0 {
                    faults.push(format!("verify, {entries:?} in step {}: {verdict:?}", at + 1));
                }
            }
        }
    });
    each_of(&cases(by_itself), |rule, case, provider, faults| {
        let Some(finding) = example(rule, 0, faults) else { return };
        if let Case::List(revoke, at, entries) = case {
            nothing_is_done(rule, revoke, &finding, (*at, *entries), provider, faults);
        }
    });
}

#[test]
fn what_is_revoked_is_dead() {
    each(&revoked(), |rule, provider, faults| {
        let Some(finding) = example(rule, 0, faults) else { return };
        for revoke in by_itself(rule) {
            for sample in revoke.samples.iter().filter(|sample| sample.says == "done") {
                life_and_death(rule, revoke, &finding, sample, provider, faults);
            }
        }
    });
}

#[test]
fn answers_to_revocations_mean_what_they_say() {
    each_of(&cases(by_itself), |rule, case, provider, faults| {
        let Some(finding) = example(rule, 0, faults) else { return };
        if let Case::Sample(revoke, sample) = case {
            outcome_of_sample(rule, revoke, &finding, sample, provider, faults);
        }
    });
}

#[test]
fn a_revocation_that_breaks_is_unknown_and_never_repeated() {
    // Changes are slow on purpose: each break is a piece of work of its own.
    let breaks = 0..broken(revoked()[0].revoke.first().unwrap(), "").len();
    let all: Vec<(&'static Rule, usize)> =
        breaks.flat_map(|at| revoked().into_iter().map(move |rule| (rule, at))).collect();
    each_of(&all, |rule, &at, provider, faults| {
        let Some(finding) = example(rule, 0, faults) else { return };
        for revoke in by_itself(rule) {
            let (name, reply, done) = broken(revoke, &provider.elsewhere()).swap_remove(at);
            let one = std::slice::from_ref(&finding);
            let Some(outcome) = carried_out(rule, revoke, one, reply, provider, faults) else { return };
            let fits = match done {
                Done::Unknown => matches!(outcome, Outcome::Unknown(_)),
                Done::No => matches!(outcome, Outcome::Refused(_)),
            };
            if !fits || provider.calls() != 1 {
                let calls = provider.calls();
                faults.push(format!("{} {name}: {outcome:?} after {calls} calls", revoke.verb));
            }
        }
    });
}

#[test]
fn a_batch_is_one_call() {
    each(&revoked(), |rule, provider, faults| {
        for revoke in by_itself(rule).into_iter().filter(|revoke| revoke.batch > 1) {
            let findings: Vec<Finding> = (0..3).filter_map(|seed| example(rule, seed, faults)).collect();
            let values: BTreeSet<&[u8]> = findings.iter().map(|finding| finding.secret.expose()).collect();
            if values.len() < 3 {
                faults.push("its example is not three values".into());
                continue;
            }
            let done = of_sample(revoke.samples.iter().find(|sample| sample.says == "done").unwrap());
            // The provider holds the body against a list of all three.
            let outcome = carried_out(rule, revoke, &findings, done, provider, faults);
            if outcome != Some(Outcome::Accepted) || provider.calls() != 1 {
                faults.push(format!("the outcome is {outcome:?} after {} calls", provider.calls()));
            }
        }
    });
}

#[test]
fn what_cannot_be_sent_is_not_done() {
    each(&revoked(), |rule, provider, faults| {
        let Some(finding) = example(rule, 0, faults) else { return };
        for revoke in by_itself(rule) {
            let targets = [Target { finding: &finding, revoke }];
            let (outcome, _) = act(&client_at(rule, NOBODY, PATIENCE), &targets, &mut || Ok(()));
            if !matches!(outcome, Outcome::Refused(_)) {
                faults.push(format!("{} where nobody listens: {outcome:?}", revoke.verb));
            }
            // Whatever cannot be written down first is not sent either.
            let done = of_sample(revoke.samples.iter().find(|sample| sample.says == "done").unwrap());
            let Some(play) =
                revocation(provider, std::slice::from_ref(&finding), revoke, done, AS_IT_MUST_BE, faults)
            else {
                return;
            };
            provider.play(play);
            let mut refused = || Err("the ledger is full".to_owned());
            let (outcome, _) = act(&provider.client(rule, PATIENCE), &targets, &mut refused);
            if !matches!(outcome, Outcome::Refused(_)) || provider.calls() > 0 {
                faults.push(format!("{} without a ledger: {outcome:?}", revoke.verb));
            }
            steps_that_break(rule, revoke, &finding, provider, faults);
        }
    });
}

#[test]
fn an_administrators_call_takes_their_credentials() {
    const NAME: &str = "an_administrators_call_takes_their_credentials";
    let Ok(credentials) = env::var(CREDENTIALS) else {
        return ["none", "all"].into_iter().for_each(|credentials| in_own_process(NAME, credentials));
    };
    each(&asked_by_admin(), |rule, provider, faults| match credentials.as_str() {
        "none" => not_asked_without(rule, provider, faults),
        _ => verdicts_of_samples(rule, provider, faults),
    });
    each_of(&cases(by_admin), |rule, case, provider, faults| {
        let Some(finding) = example(rule, 0, faults) else { return };
        match (credentials.as_str(), case) {
            ("none", Case::Sample(revoke, _)) => {
                without_credentials(rule, revoke, &finding, provider, faults);
            }
            ("none", Case::List(..)) => {}
            (_, Case::Sample(revoke, sample)) => {
                outcome_of_sample(rule, revoke, &finding, sample, provider, faults);
            }
            (_, Case::List(revoke, at, entries)) => {
                nothing_is_done(rule, revoke, &finding, (*at, *entries), provider, faults);
            }
        }
    });
}

/// Runs one test of this file again, in a process of its own whose environment has all credentials or none.
fn in_own_process(name: &str, credentials: &str) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture"]).env(CREDENTIALS, credentials);
    let asking = asked_by_admin().into_iter().map(|rule| rule.verify[0].by);
    let revoking = BUILTIN.iter().flat_map(by_admin).map(|revoke| revoke.by);
    for name in asking.chain(revoking).flat_map(names_of) {
        match credentials {
            "all" => command.env(name, administrators(name)),
            _ => command.env_remove(name),
        };
    }
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "with {credentials} of the credentials:\n{told}");
}

fn names_of(by: By) -> Vec<&'static str> {
    match by {
        By::Itself => vec![],
        By::Admin(names) => names.iter().map(|name| name.trim_end_matches('?')).collect(),
    }
}

fn without_credentials(
    rule: &'static Rule,
    revoke: &'static Revoke,
    finding: &Finding,
    provider: &Provider,
    faults: &mut Vec<String>,
) {
    let done = of_sample(revoke.samples.iter().find(|sample| sample.says == "done").unwrap());
    let outcome = carried_out(rule, revoke, std::slice::from_ref(finding), done, provider, faults);
    if !matches!(outcome, Some(Outcome::Unsupported(_))) || provider.requests() > 0 {
        faults.push(format!("{}: {outcome:?} after {} requests", revoke.verb, provider.requests()));
    }
}

/// Without the credentials nothing is asked.
fn not_asked_without(rule: &'static Rule, provider: &Provider, faults: &mut Vec<String>) {
    let Some(finding) = example(rule, 0, faults) else { return };
    let Some(play) = question(provider, &finding, live(&rule.verify[0]), AS_IT_MUST_BE, faults) else {
        return;
    };
    provider.play(play);
    let verdict = verdict_of(&finding, &provider.client(rule, PATIENCE), &all_allowed(rule));
    let fits = matches!(&verdict, Verdict::Unknown(unknown) if unknown.reason == UnknownReason::NotAllowed);
    if !fits || provider.requests() > 0 {
        faults.push(format!("the verdict is {verdict:?} after {} requests", provider.requests()));
    }
}

/// Asks about each example and holds the verdict against what the sample says that answers it.
fn verdicts_of_samples(rule: &'static Rule, provider: &Provider, faults: &mut Vec<String>) {
    let verify = &rule.verify[0];
    for (finding, sample) in examples(rule, faults).iter().flat_map(|finding| {
        let lives = verify.samples.iter().filter(|sample| sample.says == "live");
        // All of them about one example, and about each other that it is live.
        let most = if finding.0 == 0 { verify.samples.len() } else { 1 };
        let others = verify.samples.iter().filter(|sample| sample.says != "live");
        lives.chain(others).take(most).map(|sample| (&finding.1, sample))
    }) {
        let told = format!("{} {}", sample.status, sample.body);
        let Some(play) = question(provider, finding, of_sample(sample), AS_IT_MUST_BE, faults) else {
            return;
        };
        let dead = verify.samples.iter().find(|sample| sample.says == "dead").map(of_sample);
        provider.play(match dead {
            Some(dead) => play.with_control(dead),
            None => play,
        });
        let verdict = verdict_of(finding, &provider.client(rule, PATIENCE), &all_allowed(rule));
        if verdict.as_str() != sample.says {
            faults.push(format!("`{told}` says {}, and the verdict is {verdict:?}", sample.says));
        }
        faults.extend(untold(verify, sample, &verdict).into_iter().map(|why| format!("`{told}`: {why}")));
        faults.extend(provider.faults());
    }
}

/// A token is live, is revoked, and is dead.
fn life_and_death(
    rule: &'static Rule,
    revoke: &'static Revoke,
    finding: &Finding,
    done: &Sample,
    provider: &Provider,
    faults: &mut Vec<String>,
) {
    let client = provider.client(rule, PATIENCE);
    let ask = |reply: Reply, client: &Client, faults: &mut Vec<String>| {
        provider.play(question(provider, finding, reply, AS_IT_MUST_BE, faults)?);
        Some(verdict_of(finding, client, &all_allowed(rule)))
    };
    let verify = rule.verify.iter().find(|verify| verify.by == By::Itself);
    if let Some(verify) = verify {
        match ask(live(verify), &client, faults) {
            Some(Verdict::Live(_)) | None => {}
            Some(verdict) => faults.push(format!("before: {verdict:?}")),
        }
    }
    let (one, done) = (std::slice::from_ref(finding), of_sample(done));
    let Some(play) = revocation(provider, one, revoke, done, AS_IT_MUST_BE, faults) else { return };
    provider.play(play);
    let outcome = acted(&client, one, revoke, provider, faults);
    if outcome != Outcome::Accepted || provider.calls() != 1 {
        faults.push(format!("{}: {outcome:?} after {} calls", revoke.verb, provider.calls()));
    }
    let dead = verify.and_then(|verify| verify.samples.iter().find(|sample| sample.says == "dead"));
    if let Some(dead) = dead {
        match ask(of_sample(dead), &client, faults) {
            Some(Verdict::Dead(_)) | None => {}
            Some(verdict) => faults.push(format!("after {}: {verdict:?}", revoke.verb)),
        }
    }
}

fn outcome_of_sample(
    rule: &'static Rule,
    revoke: &'static Revoke,
    finding: &Finding,
    sample: &Sample,
    provider: &Provider,
    faults: &mut Vec<String>,
) {
    let one = std::slice::from_ref(finding);
    let Some(outcome) = carried_out(rule, revoke, one, of_sample(sample), provider, faults) else { return };
    let fits = match sample.says {
        "done" => outcome == Outcome::Accepted,
        "already" => outcome == Outcome::AlreadyDead,
        _ => matches!(outcome, Outcome::Refused(_)),
    };
    if !fits || provider.calls() != 1 {
        faults.push(format!(
            "{}: `{} {}` says {}, and the outcome is {outcome:?} after {} calls",
            revoke.verb,
            sample.status,
            sample.body,
            sample.says,
            provider.calls()
        ));
    }
}

/// When a step before a call breaks, the call is not made; whether the step did something is open where it may.
fn steps_that_break(
    rule: &'static Rule,
    revoke: &'static Revoke,
    finding: &Finding,
    provider: &Provider,
    faults: &mut Vec<String>,
) {
    let Some(step) = revoke.first.first() else { return };
    let one = std::slice::from_ref(finding);
    for reply in [Reply::Cut, Reply::of(200, "text/html", "<html>Sign in</html>"), Reply::json(401, "{}")] {
        let Some(play) = revocation(provider, one, revoke, reply.clone(), AS_IT_MUST_BE, faults) else {
            return;
        };
        provider.play(play.with_every(&reply));
        let targets = [Target { finding, revoke }];
        let (outcome, _) = act(&provider.client(rule, PATIENCE), &targets, &mut || Ok(()));
        let fits = match outcome {
            Outcome::Refused(_) => true,
            Outcome::Unknown(_) => step.call.method != Method::Get,
            _ => false,
        };
        if !fits || provider.requests() != 1 {
            let requests = provider.requests();
            faults
                .push(format!("{}, {reply:?} to its first step: {outcome:?}, {requests} sent", revoke.verb));
        }
    }
}

/// With such entries in the list of a step the call is not made.
fn nothing_is_done(
    rule: &'static Rule,
    revoke: &'static Revoke,
    finding: &Finding,
    (at, entries): (usize, Entries),
    provider: &Provider,
    faults: &mut Vec<String>,
) {
    let one = std::slice::from_ref(finding);
    let done = of_sample(revoke.samples.iter().find(|sample| sample.says == "done").unwrap());
    let Some(play) = revocation(provider, one, revoke, done, (at, entries), faults) else { return };
    provider.play(play);
    let targets = [Target { finding, revoke }];
    let (outcome, _) = act(&provider.client(rule, PATIENCE), &targets, &mut || Ok(()));
    if !matches!(outcome, Outcome::Refused(_)) || provider.calls() > 0 {
        faults.push(format!("{}, {entries:?} in step {}: {outcome:?}", revoke.verb, at + 1));
    }
    faults.extend(provider.faults());
}

/// What comes of one call about these, whose answer is this.
fn carried_out(
    rule: &'static Rule,
    revoke: &'static Revoke,
    findings: &[Finding],
    reply: Reply,
    provider: &Provider,
    faults: &mut Vec<String>,
) -> Option<Outcome> {
    provider.play(revocation(provider, findings, revoke, reply, AS_IT_MUST_BE, faults)?);
    Some(acted(&provider.client(rule, PATIENCE), findings, revoke, provider, faults))
}

fn acted(
    client: &Client,
    findings: &[Finding],
    revoke: &'static Revoke,
    provider: &Provider,
    faults: &mut Vec<String>,
) -> Outcome {
    let targets: Vec<Target<'_>> = findings.iter().map(|finding| Target { finding, revoke }).collect();
    let (mut told, mut before) = (0, 0);
    let mut about_to = || {
        (told, before) = (told + 1, provider.calls());
        Ok(())
    };
    let (outcome, _) = act(client, &targets, &mut about_to);
    if provider.calls() > 0 && (told != 1 || before > 0) {
        faults.push(format!("{}: told {told} times of a call, after {before} calls", revoke.verb));
    }
    faults.extend(provider.faults().into_iter().map(|why| format!("{}: {why}", revoke.verb)));
    outcome
}

/// What servers answer that have nothing to say, or break; and why nothing follows then. After three failures in a
/// row a host is not asked again, and not after it said so: what breaks stands between the others.
fn lies(verify: &Verify, elsewhere: &str) -> Vec<(&'static str, Reply, Option<UnknownReason>)> {
    use UnknownReason as Reason;
    let live = verify.samples.iter().find(|sample| sample.says == "live").unwrap();
    let page = "<!DOCTYPE html><html><title>Sign in</title><form>Password</form></html>";
    let moved = |status| Reply::json(status, live.body).with("location", elsewhere);
    let limited = Reply::json(429, live.body).with("retry-after", "3600");
    vec![
        ("a login page", Reply::of(200, "text/html; charset=utf-8", page), Some(Reason::Page)),
        ("a closed connection", Reply::Cut, Some(Reason::Unreachable)),
        ("a login page that says it is text", Reply::of(200, "text/plain", page), Some(Reason::Page)),
        ("a block page", Reply::of(403, "text/html", "<html>Request blocked</html>"), Some(Reason::Page)),
        ("half an answer", half(live), Some(Reason::Unreachable)),
        ("a page for the unauthorized", Reply::of(401, "text/html", page), Some(Reason::Page)),
        ("a redirect", moved(302), Some(Reason::Redirected)),
        ("a redirect that keeps the method", moved(307), Some(Reason::Redirected)),
        ("too long an answer", too_large(live), Some(Reason::Unclear)),
        ("trouble of the server", Reply::json(500, live.body), Some(Reason::ServerError)),
        ("a gateway without a server", Reply::json(502, "{}"), Some(Reason::ServerError)),
        ("no HTTP", no_http(), Some(Reason::Unreachable)),
        ("an empty object", Reply::json(200, "{}"), None),
        ("nothing", Reply::json(200, ""), None),
        ("not found", Reply::json(404, r#"{"message":"Not Found"}"#), None),
        ("a teapot", Reply::json(418, "{}"), Some(Reason::Unclear)),
        ("too many questions", limited, Some(Reason::RateLimited)),
    ]
}

/// Whether a revocation was made, as far as an answer tells.
enum Done {
    Unknown,
    No,
}

fn broken(revoke: &Revoke, elsewhere: &str) -> Vec<(&'static str, Reply, Done)> {
    let done = revoke.samples.iter().find(|sample| sample.says == "done").unwrap();
    vec![
        ("with trouble of the server", Reply::json(500, done.body), Done::Unknown),
        ("with a page", Reply::of(200, "text/html", "<html>Sign in</html>"), Done::Unknown),
        ("with a cut connection", Reply::Cut, Done::Unknown),
        ("with half an answer", half(done), Done::Unknown),
        ("with too long an answer", too_large(done), Done::Unknown),
        ("with no HTTP", no_http(), Done::Unknown),
        ("with a redirect", Reply::json(307, "{}").with("location", elsewhere), Done::Unknown),
        ("too often", Reply::json(429, "{}").with("retry-after", "3600"), Done::No),
    ]
}

/// What another kind of server says.
fn no_http() -> Reply {
    Reply::Raw(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec())
}

/// An answer whose end is missing.
fn half(sample: &Sample) -> Reply {
    let (status, body) = (with_body(sample.status), sample.body);
    let head = format!("HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n");
    Reply::Raw(format!("{head}content-length: {}\r\n\r\n{body}", body.len() + 10).into_bytes())
}

/// The same answer with more blanks behind it than anybody reads.
fn too_large(sample: &Sample) -> Reply {
    Reply::json(with_body(sample.status), &format!("{}{}", sample.body, " ".repeat(TOO_LARGE)))
}

/// A status that comes with a body.
fn with_body(status: u16) -> u16 {
    if status == 204 { 200 } else { status }
}

fn live(verify: &Verify) -> Reply {
    of_sample(verify.samples.iter().find(|sample| sample.says == "live").unwrap())
}

/// The question about a finding, answered so.
fn question(
    provider: &Provider,
    finding: &Finding,
    reply: Reply,
    wrong: (usize, Entries),
    faults: &mut Vec<String>,
) -> Option<Play> {
    let verify = &finding.rule.verify[0];
    let call = (verify.first.0, &verify.call, verify.secret_in_url);
    noted(provider.scene(std::slice::from_ref(finding), verify.by, call, reply, wrong), "verify", faults)
}

/// The call that revokes these, answered so.
fn revocation(
    provider: &Provider,
    findings: &[Finding],
    revoke: &'static Revoke,
    reply: Reply,
    wrong: (usize, Entries),
    faults: &mut Vec<String>,
) -> Option<Play> {
    let call = (revoke.first.0, &revoke.call, revoke.secret_in_url);
    noted(provider.scene(findings, revoke.by, call, reply, wrong), revoke.verb, faults)
}

fn noted<T>(made: Result<T, String>, what: &str, faults: &mut Vec<String>) -> Option<T> {
    made.map_err(|why| faults.push(format!("{what}: {why}"))).ok()
}

/// One thing that can happen to a revocation.
enum Case {
    /// It is answered so.
    Sample(&'static Revoke, &'static Sample),
    /// The list of a step has such entries.
    List(&'static Revoke, usize, Entries),
}

/// All cases of some of the revocations of all rules. Changes are slow on purpose: each case is a piece of work.
fn cases(of: fn(&'static Rule) -> Vec<&'static Revoke>) -> Vec<(&'static Rule, Case)> {
    let cases = |revoke: &'static Revoke| {
        let samples = revoke.samples.0.iter().map(move |sample| Case::Sample(revoke, sample));
        let lists = wrong_lists(&revoke.first);
        samples.chain(lists.into_iter().map(move |(at, entries)| Case::List(revoke, at, entries)))
    };
    let of_rule = |rule| of(rule).into_iter().flat_map(cases).map(move |case| (rule, case));
    BUILTIN.iter().flat_map(of_rule).collect()
}

/// Lists of steps that leave it open which entry is meant.
fn wrong_lists(first: &[Step]) -> Vec<(usize, Entries)> {
    let with_list = first.iter().enumerate().filter(|(_, step)| step.list.is_some());
    with_list.flat_map(|(at, _)| [(at, Entries::None), (at, Entries::Two)]).collect()
}

/// What of a sample's facts is not in the verdict.
fn untold(verify: &Verify, sample: &Sample, verdict: &Verdict) -> Vec<String> {
    if sample.says != "live" {
        return vec![];
    }
    let answer = answer(sample);
    let held = verify.tell.iter().filter_map(|told| Some((told.0, answer.tell(told.1)?)));
    held.filter(|(label, text)| verdict.fact(label) != Some(text.as_str()))
        .map(|(label, text)| format!("`{label}` is `{text}`, and told is {:?}", verdict.fact(label)))
        .collect()
}

/// Whether an answer means live by its status alone, so that a control question must be asked.
fn is_bare(verify: &Verify, sample: &Sample) -> bool {
    let met = verify.live.iter().find(|condition| answer(sample).meets(condition));
    met.is_some_and(|condition| condition.tests.is_empty())
}

fn answer(sample: &Sample) -> Answer {
    let headers = sample.headers.iter().map(|header| (header.0.to_ascii_lowercase(), header.1.to_owned()));
    Answer::new(sample.status, headers.collect(), sample.body.as_bytes())
}

/// All that may be asked at all.
fn all_allowed(rule: &Rule) -> Policy {
    Policy { unconfirmed: true, allow_effect: true, databases: true, named: vec![rule.id.to_owned()] }
}

/// The first example of a rule, found.
fn example(rule: &'static Rule, seed: u64, faults: &mut Vec<String>) -> Option<Finding> {
    noted(found(rule, rule.examples[0], seed), "its example", faults).map(|found| found.finding)
}

/// All examples of a rule, found, with their numbers.
fn examples(rule: &'static Rule, faults: &mut Vec<String>) -> Vec<(usize, Finding)> {
    let mut all = vec![];
    for (at, example) in rule.examples.iter().enumerate() {
        all.extend(noted(found(rule, example, 0), "an example", faults).map(|found| (at, found.finding)));
    }
    all
}

fn by_itself(rule: &'static Rule) -> Vec<&'static Revoke> {
    rule.revoke.0.iter().filter(|revoke| revoke.by == By::Itself).collect()
}

/// Without those that look for a public key by its fingerprint: its answer cannot be made up from that.
fn by_admin(rule: &'static Rule) -> Vec<&'static Revoke> {
    let by_fingerprint =
        |step: &Step| step.matching.iter().any(|matching| matching.0.ends_with("|ssh-fingerprint"));
    let all = rule.revoke.0.iter().filter(|revoke| revoke.by != By::Itself);
    all.filter(|revoke| !revoke.first.iter().any(by_fingerprint)).collect()
}

/// Rules whose questions take nothing but the token.
fn asked() -> Vec<&'static Rule> {
    let asks = |rule: &&Rule| rule.verify.first().is_some_and(|verify| verify.by == By::Itself);
    BUILTIN.iter().filter(asks).collect()
}

/// Rules whose questions take credentials of the person's own.
fn asked_by_admin() -> Vec<&'static Rule> {
    let asks = |rule: &&Rule| rule.verify.first().is_some_and(|verify| verify.by != By::Itself);
    BUILTIN.iter().filter(asks).collect()
}

fn revoked() -> Vec<&'static Rule> {
    BUILTIN.iter().filter(|rule| !rule.revoke.is_empty()).collect()
}

fn with_calls() -> Vec<&'static Rule> {
    BUILTIN.iter().filter(|rule| !rule.verify.is_empty() || !rule.revoke.is_empty()).collect()
}

/// Does this for each rule, several at a time, and fails with all faults of all rules.
fn each(rules: &[&'static Rule], what: impl Fn(&'static Rule, &Provider, &mut Vec<String>) + Sync) {
    let all: Vec<(&'static Rule, ())> = rules.iter().map(|rule| (*rule, ())).collect();
    each_of(&all, |rule, (), provider, faults| what(rule, provider, faults));
}

/// The same for each rule with something else.
fn each_of<T: Sync>(
    all: &[(&'static Rule, T)],
    what: impl Fn(&'static Rule, &T, &Provider, &mut Vec<String>) + Sync,
) {
    assert!(!all.is_empty(), "there is no such rule");
    let (next, told) = (AtomicUsize::new(0), Mutex::new(BTreeSet::new()));
    let work = || {
        while let Some((rule, more)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut faults = vec![];
            with_provider(|provider| what(rule, more, provider, &mut faults));
            let faults = faults.into_iter().map(|fault| format!("{}: {fault}", rule.id));
            told.lock().unwrap().extend(faults);
        }
    };
    thread::scope(|scope| {
        (0..AT_A_TIME).for_each(|_| {
            scope.spawn(work);
        });
    });
    let told = told.into_inner().unwrap();
    assert!(told.is_empty(), "{} faults\n{}", told.len(), Vec::from_iter(told).join("\n"));
}

/// Does a piece of work with a provider that nobody else uses meanwhile, when there is one.
fn with_provider(work: impl FnOnce(&Provider)) {
    static FREE: LazyLock<(Mutex<Vec<Provider>>, Condvar)> = LazyLock::new(|| {
        let all = (0..AT_A_TIME).map(|_| Provider::new()).collect();
        (Mutex::new(all), Condvar::new())
    });
    let (free, came_back) = &*FREE;
    let mut some = came_back.wait_while(free.lock().unwrap(), |free| free.is_empty()).unwrap();
    let provider = some.pop().unwrap();
    drop(some);
    work(&provider);
    free.lock().unwrap().push(provider);
    came_back.notify_one();
}
