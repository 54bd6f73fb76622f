//! Learns whose tokens are without using them: from an organization's own lists, with an administrator's credential.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::Policy;
use crate::model::{Fact, Finding, Lookup};
use crate::net::{Client, Stop, Values, look_up};

/// Notes of each finding what its rule's lookups tell, and returns what stood in the way, each once.
pub fn learn_owners(findings: &mut [Finding], client: &Client, policy: &Policy) -> Vec<String> {
    let mut obstacles = BTreeSet::new();
    for finding in findings {
        for lookup in finding.rule.owner.iter() {
            if lookup.source != "vendor-doc" && !policy.unconfirmed {
                continue;
            }
            match learnt(finding, lookup, client) {
                Ok(facts) => finding.owner.extend(facts),
                Err(why) => drop(obstacles.insert(why)),
            }
        }
        finding.owner.dedup();
    }
    obstacles.into_iter().collect()
}

/// What a lookup tells of a finding, with each of the values that its variables list.
fn learnt(finding: &Finding, lookup: &Lookup, client: &Client) -> Result<Vec<Fact>, String> {
    let rule = finding.rule;
    let mut sets = vec![Values::of(finding)];
    for name in lookup.by.iter() {
        let value = client.credentials().get(name).ok_or_else(|| {
            format!("to learn whose {} tokens are, set {}", rule.provider, lookup.by.join(" and "))
        })?;
        let value = Zeroizing::new(String::from_utf8_lossy(value.expose()).into_owned());
        let each: Vec<&str> = if name.ends_with('S') { value.split(',').collect() } else { vec![&value] };
        let with = |values: &Values, text: &&str| {
            values.clone().with(&name.to_ascii_lowercase(), text.trim().as_bytes())
        };
        sets = sets.iter().flat_map(|values| each.iter().map(|text| with(values, text))).collect();
    }
    let mut facts = vec![];
    for values in sets {
        match look_up(client, rule.endpoint, &lookup.step, &values) {
            Ok(told) => facts.extend(told.into_iter().map(|(label, text)| Fact { label, text })),
            // What the lookup asks for is not known of every value.
            Err(Stop::Missing(_)) => {}
            Err(stop) => {
                let told = super::ask::told(&stop);
                return Err(format!(
                    "whose {} tokens are could not be learnt: {}",
                    rule.provider, told.detail
                ));
            }
        }
    }
    Ok(facts)
}
