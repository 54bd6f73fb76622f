//! UUIDs: which version one is, and when it was made where it tells that.
//!
//! Source: RFC 9562, sections 4 and 5; its appendix A has the test vectors.

use super::text::unix_time;
use super::{Outcome, Proof};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "uuid",
    summary: "version and variant of a UUID are those of RFC 9562; tells the version and, of some, the time",
    check: |subject| match find(subject.value) {
        Some(number) => told(number),
        None => Outcome::Silent,
    },
    forge: |_, argument, random| {
        let (version, form) = argument.split_once(',').unwrap_or((argument, ""));
        let text = of_version(version.parse().unwrap_or(4), random);
        if form == "upper" { text.to_ascii_uppercase() } else { text }
    },
};

/// Characters of a UUID.
const LENGTH: usize = 36;

/// Where the dashes are.
const DASHES: [usize; 4] = [8, 13, 18, 23];

/// Steps of 100 ns from 15 October 1582, when the Gregorian calendar begins, to 1970.
const GREGORIAN: i64 = 0x01b2_1dd2_1381_4000;

fn told(number: u128) -> Outcome {
    let version = (number >> 76) as u8 & 0xf;
    if !(1..=8).contains(&version) || (number >> 62) & 0b11 != 0b10 {
        return Outcome::Wrong;
    }
    let evidence = Evidence::of(ProofLevel::Decoded).with("form", format!("UUID, version {version}"));
    Outcome::Right(match made_at(version, number) {
        Some(seconds) => evidence.with("created", unix_time(seconds)),
        None => evidence,
    })
}

/// In Unix time; `None` for versions that do not tell.
fn made_at(version: u8, number: u128) -> Option<i64> {
    let high = (number >> 64) as u64;
    let steps = match version {
        1 => (high & 0xfff) << 48 | (high >> 16 & 0xffff) << 32 | high >> 32,
        6 => (high >> 16) << 12 | high & 0xfff,
        7 => return i64::try_from((high >> 16) / 1000).ok(),
        _ => return None,
    };
    Some((i64::try_from(steps).ok()? - GREGORIAN).div_euclid(10_000_000))
}

/// The first UUID in a text.
fn find(text: &[u8]) -> Option<u128> {
    text.windows(LENGTH).find_map(|text| read(text, b'-'))
}

/// The number of a UUID that is the whole text, with these dashes.
pub(super) fn read(text: &[u8], dash: u8) -> Option<u128> {
    (text.len() == LENGTH).then_some(())?;
    let mut number = 0;
    for (at, &byte) in text.iter().enumerate() {
        if DASHES.contains(&at) {
            (byte == dash).then_some(())?;
        } else {
            number = number << 4 | u128::from(char::from(byte).to_digit(16)?);
        }
    }
    Some(number)
}

/// One of the usual version, for forged values.
pub(super) fn random(random: &mut fastrand::Rng) -> String {
    of_version(4, random)
}

fn of_version(version: u8, random: &mut fastrand::Rng) -> String {
    let number = random.u128(..) & !(0xf << 76) & !(0b11 << 62) | u128::from(version) << 76 | 0b10 << 62;
    let hex = format!("{number:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::super::Subject;
    use super::*;

    fn facts(value: &str) -> Option<Vec<String>> {
        match (PROOF.check)(Subject { value: value.as_bytes(), prefix: b"", matched: b"" }) {
            Outcome::Right(evidence) => Some(evidence.facts.into_iter().map(|fact| fact.text).collect()),
            _ => None,
        }
    }

    #[test]
    fn reads_the_vectors_of_the_standard() {
        // 22 February 2022, 14:22:22 in New York, in all of them.
        for (value, version, time) in [
            ("C232AB00-9414-11EC-B3C8-9F6BDECED846", 1, true),
            ("5df41881-3aed-3515-88a7-2f4a814cf09e", 3, false),
            ("919108f7-52d1-4320-9bac-f847db4148a8", 4, false),
            ("2ed6657d-e927-568b-95e1-2665a8aea6a2", 5, false),
            ("1EC9414C-232A-6B00-B3C8-9F6BDECED846", 6, true),
            ("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", 7, true),
            ("2489E9AD-2EE2-8E00-8EC9-32D5F69181C0", 8, false),
        ] {
            let mut expected = vec![format!("UUID, version {version}")];
            expected.extend(time.then(|| "1645557742 (Unix time)".to_owned()));
            assert_eq!(facts(value), Some(expected), "{value}");
            assert!(facts(&format!("pat-eu1-{value}:fx")).is_some());
        }
    }

    #[test]
    fn what_no_generator_writes_is_wrong_and_what_is_none_says_nothing() {
        let check =
            |value: &str| (PROOF.check)(Subject { value: value.as_bytes(), prefix: b"", matched: b"" });
        for value in [
            "00000000-0000-0000-0000-000000000000",
            "12345678-1234-1234-1234-123456789abc",
            "919108f7-52d1-9320-9bac-f847db4148a8",
            "919108f7-52d1-4320-1bac-f847db4148a8",
        ] {
            assert_eq!(check(value), Outcome::Wrong, "{value}");
        }
        for value in ["", "919108f752d143209bacf847db4148a8", "919108f7-52d1-4320-9bac-f847db4148ag"] {
            assert_eq!(check(value), Outcome::Silent, "{value}");
        }
    }
}
