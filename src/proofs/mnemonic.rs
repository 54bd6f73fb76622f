//! Wallets in words: each of a known list, with a checksum in the last ones or in the hash of all.
//!
//! Sources: BIP 39; Electrum, "Electrum Seed Version System" and `mnemonic.py`, which since 2021 never makes a
//! phrase that BIP 39 would take as well; Monero, `electrum-words.cpp`.

use bip39::{Language, Mnemonic};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha512;
use zeroize::Zeroizing;

use super::text::random_bytes;
use super::{Outcome, Proof, published};
use crate::model::{Evidence, ProofLevel};

pub(super) const BIP39: Proof = Proof {
    name: "bip39",
    summary: "every word is in the English list of BIP 39 and the checksum in the last one is right",
    check: |subject| bip39(&Phrase::of(subject.value)).unwrap_or(Outcome::Wrong),
    forge: |_, argument, random| {
        let (count, separator) = count_and_separator(argument);
        let entropy = random_bytes(random, count * 4 / 3);
        let phrase = Mnemonic::from_entropy(&entropy).map(|phrase| phrase.words().collect::<Vec<_>>());
        phrase.unwrap_or_default().join(separator)
    },
};

pub(super) const ELECTRUM: Proof = Proof {
    name: "electrum-seed",
    summary: "words of a wallet whose hash begins with a version of Electrum; tells the kind",
    check: |subject| electrum(&Phrase::of(subject.value)).unwrap_or(Outcome::Wrong),
    forge: |_, argument, random| {
        let (count, separator) = count_and_separator(argument);
        let mut drawn = || random_words(random, count).join(" ");
        let phrase = std::iter::repeat_with(&mut drawn)
            .find(|phrase| matches!(electrum(&Phrase::of(phrase.as_bytes())), Some(Outcome::Right(_))));
        phrase.unwrap_or_default().replace(' ', separator)
    },
};

pub(super) const MONERO: Proof = Proof {
    name: "monero-words",
    summary: "the last of 25 words is the one of the others that their CRC-32 points at",
    check: |subject| monero(&Phrase::of(subject.value)).unwrap_or(Outcome::Wrong),
    forge: |_, argument, random| {
        let (_, separator) = count_and_separator(argument);
        let mut words: Vec<&str> = vec![];
        while words.len() < MONERO_WORDS - 1 {
            words.extend(random_words(random, 1).iter().filter(|word| word.len() >= MONERO_SHORTEST));
        }
        words.push(words[monero_index(&words)]);
        words.join(separator)
    },
};

/// What a hash of Electrum's phrases begins with, in hex.
const VERSIONS: [(&str, &str); 4] =
    [("01", "standard"), ("100", "segwit"), ("101", "two-factor"), ("102", "two-factor segwit")];

const MONERO_WORDS: usize = 25;
/// Length of the shortest word of Monero's English list.
const MONERO_SHORTEST: usize = 4;
/// So many letters tell Monero's English words apart.
const MONERO_PREFIX: usize = 3;

/// Words, one blank between them, whatever stood there.
struct Phrase(Zeroizing<String>);

impl Phrase {
    fn of(value: &[u8]) -> Phrase {
        let words = value.split(|byte| !byte.is_ascii_lowercase()).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.filter_map(|word| std::str::from_utf8(word).ok()).collect();
        Phrase(Zeroizing::new(words.join(" ")))
    }

    fn words(&self) -> Vec<&str> {
        self.0.split_ascii_whitespace().collect()
    }

    /// Whether the phrase was printed on purpose, or has more words twice than chance draws: one of 12, three
    /// of 24.
    fn public(&self) -> Option<Outcome> {
        let words = self.words();
        let mut distinct = words.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let repeated = words.len() - distinct.len() > words.len() / 8;
        let origin = published(self.0.as_bytes()).or(repeated.then_some("a phrase for tests"));
        origin.map(Outcome::Public)
    }
}

fn bip39(phrase: &Phrase) -> Option<Outcome> {
    let read = Mnemonic::parse_in_normalized(Language::English, &phrase.0).ok()?;
    let evidence = Evidence::of(ProofLevel::Checksum).with("words", read.word_count().to_string());
    Some(phrase.public().unwrap_or(Outcome::Right(evidence)))
}

fn electrum(phrase: &Phrase) -> Option<Outcome> {
    let words = phrase.words();
    let known = words.iter().all(|word| Language::English.find_word(word).is_some());
    if !known || bip39(phrase).is_some() {
        return None;
    }
    let mac = Hmac::<Sha512>::new_from_slice(b"Seed version").ok()?.chain_update(phrase.0.as_bytes());
    let hash = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
    let (_, kind) = VERSIONS.into_iter().find(|(version, _)| hash.starts_with(version))?;
    let evidence = Evidence::of(ProofLevel::Checksum).with("kind", kind);
    Some(phrase.public().unwrap_or(Outcome::Right(evidence)))
}

/// The list of words is not needed: no text of other words is so long, without short ones, and points at its
/// own last one.
fn monero(phrase: &Phrase) -> Option<Outcome> {
    let words = phrase.words();
    let (last, covered) = words.split_last().filter(|_| words.len() == MONERO_WORDS)?;
    if words.iter().any(|word| word.len() < MONERO_SHORTEST) || *last != covered[monero_index(covered)] {
        return None;
    }
    Some(phrase.public().unwrap_or(Outcome::Right(Evidence::of(ProofLevel::Checksum))))
}

fn monero_index(words: &[&str]) -> usize {
    let prefixes: Vec<u8> = words.iter().flat_map(|word| word.bytes().take(MONERO_PREFIX)).collect();
    crc32fast::hash(&prefixes) as usize % words.len()
}

fn random_words(random: &mut fastrand::Rng, count: usize) -> Vec<&'static str> {
    let list = Language::English.word_list();
    std::iter::repeat_with(|| list[random.usize(..list.len())]).take(count).collect()
}

/// `24` or `24,SEPARATOR`; twelve words and blanks unless given.
fn count_and_separator(argument: &str) -> (usize, &str) {
    let (count, separator) = argument.split_once(',').unwrap_or((argument, " "));
    (count.parse().unwrap_or(12), separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proofs::Subject;

    fn outcome(proof: &Proof, phrase: &str) -> Outcome {
        let value = phrase.as_bytes();
        (proof.check)(Subject { value, prefix: b"", matched: value })
    }

    #[test]
    fn phrases_for_tests_are_no_leaks() {
        for (words, of) in [("abandon", "about"), ("test", "junk"), ("zoo", "wrong")] {
            let phrase = format!("{}{of}", format!("{words} ").repeat(11));
            assert_eq!(outcome(&BIP39, &phrase), Outcome::Public("a phrase for tests"), "{phrase}");
        }
        let phrase = ["legal winner thank year wave sausage", "worth useful legal winner thank yellow"];
        assert!(matches!(outcome(&BIP39, &phrase.join(" ")), Outcome::Public(_)));
    }

    #[test]
    fn a_phrase_that_was_printed_is_known_however_it_is_written() {
        // The third random vector of the BIP's own list.
        let words = ["scheme spot photo card baby mountain", "device kick cradle pact join borrow"];
        for separator in [" ", "\", \"", "\n"] {
            let phrase = words.join(" ").replace(' ', separator);
            assert!(matches!(outcome(&BIP39, &phrase), Outcome::Public(_)), "{phrase}");
        }
    }

    #[test]
    fn electrum_and_bip_39_never_take_the_same_phrase() {
        let mut random = fastrand::Rng::with_seed(4);
        for _ in 0..10 {
            let (ours, theirs) =
                ((ELECTRUM.forge)("", "12", &mut random), (BIP39.forge)("", "12", &mut random));
            assert!(matches!(outcome(&ELECTRUM, &ours), Outcome::Right(_)), "{ours}");
            assert_eq!(outcome(&BIP39, &ours), Outcome::Wrong);
            assert_eq!(outcome(&ELECTRUM, &theirs), Outcome::Wrong);
        }
    }

    #[test]
    fn prose_is_no_phrase() {
        for text in [
            "every student must learn how machines think about words and numbers today",
            "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd",
        ] {
            for proof in [&BIP39, &ELECTRUM, &MONERO] {
                assert_eq!(outcome(proof, text), Outcome::Wrong, "{text}");
            }
        }
    }
}
