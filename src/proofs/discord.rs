//! Discord's bot tokens begin with the bot's user id.
//!
//! Source: Discord, "Reference", for ids (snowflakes, 17 to 19 digits); that tokens begin with one was
//! observed alike by all who publish the format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::text::{self, random_text};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "discord-bot",
    summary: "the first part decodes to the digits of the bot's user id",
    check,
    forge: |_, _, random| {
        let id = random.u64(100_000_000_000_000_000..1_500_000_000_000_000_000).to_string();
        let (time, signature) = (random_text(random, 6), random_text(random, 38));
        format!("{}.{time}.{signature}", STANDARD_NO_PAD.encode(id))
    },
};

fn check(subject: Subject<'_>) -> Outcome {
    let id = subject.value.split(|&byte| byte == b'.').next().and_then(text::base64).unwrap_or_default();
    if (17..=19).contains(&id.len()) && id.iter().all(u8::is_ascii_digit) {
        let id = String::from_utf8_lossy(&id).into_owned();
        Outcome::Right(Evidence::of(ProofLevel::Structure).with("bot", id))
    } else {
        Outcome::Wrong
    }
}
