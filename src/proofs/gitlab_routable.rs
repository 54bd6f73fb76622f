//! GitLab's routable tokens: a payload that names its own length and owner, and a CRC-32 in base36.
//!
//! Source: `Authn::TokenField::Generator::RoutableToken` in GitLab's source.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "gitlab-routable",
    summary: "payload length and CRC-32 in base36 are right; names the organization, group, project or user",
    check,
    forge,
};

/// Digits of the checksum and of the length before it.
const SUM: usize = 7;
const LENGTH: usize = 2;

fn check(subject: Subject<'_>) -> Outcome {
    let Ok(value) = std::str::from_utf8(subject.value) else { return Outcome::Wrong };
    if !value.contains('.') {
        return Outcome::Silent;
    }
    let Some((covered, sum)) = value.len().checked_sub(SUM).and_then(|at| value.split_at_checked(at)) else {
        return Outcome::Wrong;
    };
    if base36(crc32fast::hash(covered.as_bytes()), SUM) != sum {
        return Outcome::Wrong;
    }
    let evidence = Evidence::of(ProofLevel::Checksum);
    Outcome::Right(match routing(value) {
        Some(routing) => {
            routing.lines().filter_map(fact).fold(evidence, |evidence, (label, id)| evidence.with(label, id))
        }
        None => evidence,
    })
}

/// The lines in the payload that tell whose token it is.
fn routing(value: &str) -> Option<String> {
    let head = value.split('.').next()?;
    // The payload is base64url and may hold hyphens and underscores, as prefixes do; it alone has the
    // length that stands before the checksum.
    let length = usize::from_str_radix(value.get(value.len() - SUM - LENGTH..value.len() - SUM)?, 36).ok()?;
    let payload = URL_SAFE_NO_PAD.decode(head.get(head.len().checked_sub(length)?..)?).ok()?;
    let (&size, rest) = payload.split_last()?;
    String::from_utf8(rest.get(rest.len().checked_sub(usize::from(size))?..)?.to_vec()).ok()
}

fn fact(line: &str) -> Option<(&'static str, String)> {
    let (key, number) = line.split_once(':')?;
    let label = match key {
        "c" => "cell",
        "g" => "group",
        "o" => "organization",
        "p" => "project",
        "u" => "user",
        _ => return None,
    };
    Some((label, u64::from_str_radix(number, 36).ok()?.to_string()))
}

/// What follows the prefix: a payload for one organization and user, version, length, checksum.
fn forge(so_far: &str, _: &str, random: &mut fastrand::Rng) -> String {
    let routing = format!("o:1\nu:{}", base36(random.u32(1000..100_000), 1));
    let mut payload: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(16).collect();
    payload.extend(routing.as_bytes());
    payload.push(routing.len() as u8);
    let payload = URL_SAFE_NO_PAD.encode(payload);
    let covered = format!("{payload}.01.{}", base36(payload.len() as u32, LENGTH));
    let sum = base36(crc32fast::hash(format!("{so_far}{covered}").as_bytes()), SUM);
    covered + &sum
}

fn base36(mut number: u32, width: usize) -> String {
    let mut digits = vec![];
    while number > 0 || digits.len() < width {
        digits.extend(char::from_digit(number % 36, 36));
        number /= 36;
    }
    digits.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_whose_token_it_is() {
        let value = format!("{}{}", "glpat-", forge("glpat-", "", &mut fastrand::Rng::with_seed(1)));
        let Outcome::Right(evidence) =
            check(Subject { value: value.as_bytes(), prefix: b"glpat-", matched: b"" })
        else {
            panic!("a forged token is right");
        };
        let labels: Vec<&str> = evidence.facts.iter().map(|fact| fact.label).collect();
        assert_eq!(labels, ["organization", "user"]);
    }
}
