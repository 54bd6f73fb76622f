//! RapidAPI's keys hold three marks in a fixed order.
//!
//! Source: observed alike by all who publish the format; how many characters stand between the marks is not
//! known for sure.

use super::text::random_bytes;
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "rapidapi-marks",
    summary: "holds the marks msh, p1 and jsn in this order, and hex digits between them",
    check,
    forge: |_, _, random| {
        let hex = data_encoding::HEXLOWER.encode(&random_bytes(random, 21));
        format!("{}msh{}p1{}jsn{}", &hex[..10], &hex[10..25], &hex[25..31], &hex[31..])
    },
};

fn check(subject: Subject<'_>) -> Outcome {
    let hex = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = std::str::from_utf8(subject.value).ok().and_then(|text| {
        let (first, rest) = text.split_once("msh")?;
        let (third, fourth) = rest.rsplit_once("jsn")?;
        let (second, third) = third.split_once("p1")?;
        Some([first, second, third, fourth])
    });
    match parts {
        Some(parts) if parts.into_iter().all(hex) => Outcome::Right(Evidence::of(ProofLevel::Structure)),
        _ => Outcome::Wrong,
    }
}
