//! SCRAM, by which a client and a server prove to each other that they know a password, and tell it to nobody.
//!
//! Sources: RFC 5802, RFC 7677; without channel binding, which is no more than what is done here without it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SecureRandom as _;
use ring::{digest, hmac, pbkdf2, rand};
use zeroize::Zeroizing;

use super::Halt;

/// A server that wants more rounds wants to keep us busy. PostgreSQL has 4096, MongoDB 15,000.
const MOST_ROUNDS: u32 = 1_000_000;

/// Which hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

/// The client of an exchange.
pub(super) struct Scram {
    hash: Hash,
    password: Zeroizing<Vec<u8>>,
    nonce: String,
    first: String,
}

/// What the server proves that it knows the password with.
pub(super) struct Proof(Vec<u8>);

impl Scram {
    /// Begins an exchange. The password is as the protocol wants it, prepared or hashed.
    pub(super) fn new(hash: Hash, user: &str, password: Zeroizing<Vec<u8>>) -> Result<Scram, Halt> {
        let mut random = [0; 24];
        let made = rand::SystemRandom::new().fill(&mut random);
        made.map_err(|_| Halt::unclear("this machine has no random numbers"))?;
        Ok(Scram::with_nonce(hash, user, password, STANDARD.encode(random)))
    }

    fn with_nonce(hash: Hash, user: &str, password: Zeroizing<Vec<u8>>, nonce: String) -> Scram {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Scram { hash, password, first: format!("n={user},r={nonce}"), nonce }
    }

    /// The first message.
    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.first)
    }

    /// The last message, in answer to the server's first, and what the server's last must prove.
    pub(super) fn last(&self, answer: &[u8]) -> Result<(String, Proof), Halt> {
        let answer = std::str::from_utf8(answer).map_err(|_| Halt::strange())?;
        let nonce = part(answer, "r=")?;
        let salt = STANDARD.decode(part(answer, "s=")?).map_err(|_| Halt::strange())?;
        let rounds: u32 = part(answer, "i=")?.parse().map_err(|_| Halt::strange())?;
        let rounds = std::num::NonZeroU32::new(rounds).filter(|rounds| rounds.get() <= MOST_ROUNDS);
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(Halt::strange());
        }
        let salted = self.salted(&salt, rounds.ok_or_else(Halt::strange)?);
        let last = format!("c=biws,r={nonce}");
        let all = format!("{},{answer},{last}", self.first);
        let client_key = self.code(&salted, b"Client Key");
        let signature = self.code(self.digest(client_key.as_ref()).as_ref(), all.as_bytes());
        let proof: Vec<u8> =
            client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, sign)| key ^ sign).collect();
        let server_key = self.code(&salted, b"Server Key");
        let expected = self.code(server_key.as_ref(), all.as_bytes());
        Ok((format!("{last},p={}", STANDARD.encode(proof)), Proof(expected.as_ref().to_vec())))
    }

    fn salted(&self, salt: &[u8], rounds: std::num::NonZeroU32) -> Zeroizing<Vec<u8>> {
        let (algorithm, length) = match self.hash {
            Hash::Sha1 => (pbkdf2::PBKDF2_HMAC_SHA1, digest::SHA1_OUTPUT_LEN),
            Hash::Sha256 => (pbkdf2::PBKDF2_HMAC_SHA256, digest::SHA256_OUTPUT_LEN),
        };
        let mut salted = Zeroizing::new(vec![0; length]);
        pbkdf2::derive(algorithm, rounds, salt, &self.password, &mut salted);
        salted
    }

    fn code(&self, key: &[u8], message: &[u8]) -> hmac::Tag {
        let algorithm = match self.hash {
            Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => hmac::HMAC_SHA256,
        };
        hmac::sign(&hmac::Key::new(algorithm, key), message)
    }

    fn digest(&self, bytes: &[u8]) -> digest::Digest {
        let algorithm = match self.hash {
            Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => &digest::SHA256,
        };
        digest::digest(algorithm, bytes)
    }
}

impl Proof {
    /// Looks at the server's last message.
    ///
    /// # Errors
    /// The server does not know the password: it is not the one where it is right.
    pub(super) fn check(&self, answer: &[u8]) -> Result<(), Halt> {
        let answer = std::str::from_utf8(answer).map_err(|_| Halt::strange())?;
        let told = STANDARD.decode(part(answer, "v=")?).map_err(|_| Halt::strange())?;
        if told == self.0 {
            Ok(())
        } else {
            Err(Halt::unclear("the server does not know the password itself"))
        }
    }
}

/// The value of a part of a message.
fn part<'a>(message: &'a str, name: &str) -> Result<&'a str, Halt> {
    message.split(',').find_map(|part| part.strip_prefix(name)).ok_or_else(Halt::strange)
}

/// A password as SCRAM-SHA-256 wants it (RFC 4013); as it is where the rules do not bear it, as PostgreSQL does.
pub(super) fn prepared(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let text = std::str::from_utf8(password).ok();
    let prepared = text.and_then(|text| stringprep::saslprep(text).ok());
    Zeroizing::new(match prepared {
        Some(text) => text.into_owned().into_bytes(),
        None => password.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 5802, 5, and RFC 7677, 3.
    #[test]
    fn examples_of_the_standards() {
        for (hash, nonce, server, salt, client, proof) in [
            (
                Hash::Sha1,
                "fyko+d2lbbFgONRv9qkxdawL",
                "3rfcNHYJY1ZVvWVs7j",
                "QSXCR+Q6sek8bf92",
                "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
                "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ),
            (
                Hash::Sha256,
                "rOprNGfwEbeRWgbNEkqO",
                "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
                "W22ZaJ0SNY7soEsUEjb6gQ==",
                "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ),
        ] {
            let scram = Scram::with_nonce(hash, "user", Zeroizing::new(b"pencil".to_vec()), nonce.to_owned());
            assert_eq!(scram.first(), format!("n,,n=user,r={nonce}"));
            let answer = format!("r={nonce}{server},s={salt},i=4096");
            let (last, awaited) = scram.last(answer.as_bytes()).unwrap();
            assert_eq!(last, format!("c=biws,r={nonce}{server},p={client}"));
            assert_eq!(awaited.check(format!("v={proof}").as_bytes()), Ok(()));
            assert!(awaited.check(b"v=AAAA").is_err());
        }
    }

    #[test]
    fn answers_that_mean_nothing() {
        let scram = Scram::with_nonce(Hash::Sha256, "a=,b", Zeroizing::new(b"x".to_vec()), "abc".to_owned());
        assert_eq!(scram.first(), "n,,n=a=3D=2Cb,r=abc");
        for answer in [
            "",
            "r=abcd,s=AAAA",
            "r=abcd,i=1",
            "s=AAAA,i=1",
            "r=abc,s=AAAA,i=1",
            "r=xyz,s=AAAA,i=1",
            "r=abcd,s=!,i=1",
            "r=abcd,s=AAAA,i=0",
            "r=abcd,s=AAAA,i=-1",
            "r=abcd,s=AAAA,i=4294967295",
        ] {
            assert!(scram.last(answer.as_bytes()).is_err(), "{answer}");
        }
    }

    #[test]
    fn passwords_are_prepared() {
        for (password, expected) in [
            ("tulip", "tulip"),
            ("I\u{ad}X", "IX"),
            ("\u{aa}", "a"),
            ("a\u{7}", "a\u{7}"),
            ("a\u{a0}b", "a b"),
        ] {
            assert_eq!(&*prepared(password.as_bytes()), expected.as_bytes(), "{password:?}");
        }
        assert_eq!(&*prepared(b"\xff"), b"\xff");
    }
}
