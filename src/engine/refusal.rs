//! Why a match of a rule's pattern is no candidate.

use std::fmt;

use crate::judge::Reason;

/// What spoke against a match, first of all that would have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Refusal {
    /// It is a part of a longer word.
    PartOfWord,
    /// It has no digit, as random values do.
    NoDigit,
    /// It has letters of one case only, as random values of its length do not.
    OneCase,
    /// None of the rule's words stands near it.
    NoContext,
    /// The file looks binary, and the rule is not sure enough of itself there.
    Binary,
    /// The offline proof says that it is none.
    Unproven,
    /// It is published for everyone to try.
    Published,
    /// It was made up for show.
    Sample,
    /// No value is bound to the name.
    Unbound,
    /// The value bound to the name is none, for this reason.
    Judged(Reason),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::PartOfWord => "it is a part of a longer word",
            Refusal::NoDigit => "it has no digit, as random values of that kind do",
            Refusal::OneCase => "it has letters of one case only, as random values of its length do not",
            Refusal::NoContext => "none of the words that the rule needs stands near it",
            Refusal::Binary => "the file looks binary, and the rule speaks in text only",
            Refusal::Unproven => "its offline proof fails",
            Refusal::Published => "it is published for everyone to try",
            Refusal::Sample => "its characters were made up for show",
            Refusal::Unbound => "no value is bound to the name",
            Refusal::Judged(reason) => return write!(f, "{reason}"),
        })
    }
}
