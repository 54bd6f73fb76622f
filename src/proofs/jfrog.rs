//! JFrog's reference tokens tell when they expire.
//!
//! Source: JFrog's documentation of reference tokens, and `reftkn` in the text that they decode to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::{self, random_text, unix_time};
use super::{Outcome, Proof, Subject};
use crate::model::{Evidence, ProofLevel};

pub(super) const PROOF: Proof = Proof {
    name: "jfrog-reference",
    summary: "decodes to the word reftkn, a version, an expiry and a random part",
    check,
    forge: |_, _, random| {
        let expiry = random.u32(1_700_000_000..2_000_000_000);
        STANDARD.encode(format!("reftkn:01:{expiry}:{}", random_text(random, 27)))
    },
};

fn check(subject: Subject<'_>) -> Outcome {
    let Some(expiry) = text::base64(subject.value).and_then(|bytes| expiry(&bytes)) else {
        return Outcome::Wrong;
    };
    let evidence = Evidence::of(ProofLevel::Structure);
    Outcome::Right(match expiry {
        0 => evidence.with("expires", "never"),
        expiry => evidence.with("expires", unix_time(expiry)),
    })
}

fn expiry(bytes: &[u8]) -> Option<i64> {
    let mut fields = std::str::from_utf8(bytes).ok()?.strip_prefix("reftkn:")?.split(':');
    let (version, expiry, random) = (fields.next()?, fields.next()?, fields.next()?);
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let right = digits(version, 2) && digits(expiry, 10) && !random.is_empty() && fields.next().is_none();
    right.then(|| expiry.parse().ok())?
}
