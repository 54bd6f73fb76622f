//! Passwords that programs keep in a form anybody can turn back: there is no secret in it, or one that was
//! published with the program.
//!
//! Sources: `fs/config/obscure` in rclone's source; `core/Security.cpp` in WinSCP's; `AeadCryptographyProvider.cs`
//! and the default password `mR3m` in mRemoteNG's; the key of `credentials-config.json` in DBeaver's; `WebServers.xml` as
//! JetBrains' IDEs write it; Microsoft, MS-GPPREF, section 2.2.1.1.4, for the key of Group Policy Preferences.

use std::num::NonZeroU32;

use aes_gcm::aead::consts::U16;
use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _};
use aes_gcm::aes::{Aes128, Aes256, Block};
use aes_gcm::{AesGcm, Nonce, Tag};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use data_encoding::HEXLOWER_PERMISSIVE;
use fastrand::Rng;
use ring::pbkdf2;
use zeroize::Zeroizing;

use super::password::is_password;
use super::text::{self, random_bytes, random_text};
use super::{Outcome, Proof};
use crate::model::{Evidence, ProofLevel};

pub(super) const RCLONE: Proof = Proof {
    name: "rclone-obscured",
    summary: "becomes a password when rclone's published key is turned against it",
    check: |subject| outcome(rclone(subject.value)),
    forge: |_, _, random| {
        let vector = random_bytes(random, VECTOR);
        let hidden = counter_mode(&vector, password(random).as_bytes());
        URL_SAFE_NO_PAD.encode([vector, hidden].concat())
    },
};

pub(super) const WINSCP: Proof = Proof {
    name: "winscp-password",
    summary: "becomes user, host and password when the bits that WinSCP turned are turned back",
    check: |subject| match winscp(subject.value) {
        Some(text) if is_printable(&text) => turned_back(level(&text)),
        _ => Outcome::Wrong,
    },
    forge: |_, _, random| forge_winscp(random),
};

pub(super) const JETBRAINS: Proof = Proof {
    name: "jetbrains-password",
    summary: "becomes a password when the bits that JetBrains' IDEs turned are turned back",
    check: |subject| outcome(jetbrains(subject.value)),
    forge: |_, _, random| {
        password(random).encode_utf16().map(|unit| format!("{:04x}", unit ^ JETBRAINS_MASK)).collect()
    },
};

pub(super) const MREMOTENG: Proof = Proof {
    name: "mremoteng-password",
    summary: "is sealed with mRemoteNG's published default password",
    check: |subject| match mremoteng(subject.value) {
        Some(password) if is_password(&password) => turned_back(ProofLevel::Checksum),
        Some(_) => Outcome::Wrong,
        // Another master password, which the file does not tell.
        None => Outcome::Silent,
    },
    forge: |_, _, random| forge_mremoteng(random),
};

/// The file of a project's passwords, of which the first block is looked at.
pub(super) const DBEAVER: Proof = Proof {
    name: "dbeaver-credentials",
    summary: "begins as JSON does when DBeaver's published key is turned against it",
    check: |subject| match dbeaver(subject.value) {
        Some(block)
            if block.starts_with(DBEAVER_START) && block.iter().all(|byte| matches!(byte, b' '..=b'~')) =>
        {
            turned_back(ProofLevel::Structure)
        }
        _ => Outcome::Wrong,
    },
    forge: |_, _, random| forge_dbeaver(random),
};

/// A password in Group Policy Preferences.
pub(super) const GPP: Proof = Proof {
    name: "gpp-cpassword",
    summary: "becomes a password when the key that Microsoft published is turned against it",
    check: |subject| outcome(gpp(subject.value)),
    forge: |_, _, random| STANDARD.encode(forge_gpp(&password(random))).trim_end_matches('=').to_owned(),
};

/// Fewest characters that chance does not make printable in 65,536 attempts: 95 of 256 bytes are.
const TELLING: usize = 12;

/// rclone's key, as its source has it.
const RCLONE_KEY: [u8; 32] = [
    0x9c, 0x93, 0x5b, 0x48, 0x73, 0x0a, 0x55, 0x4d, 0x6b, 0xfd, 0x7c, 0x63, 0xc8, 0x86, 0xa9, 0x2b, 0xd3,
    0x90, 0x19, 0x8e, 0xb8, 0x12, 0x8a, 0xfb, 0xf4, 0xde, 0x16, 0x2b, 0x8b, 0x95, 0xf6, 0x38,
];

/// DBeaver's key, as its source has it.
const DBEAVER_KEY: [u8; 16] =
    [0xba, 0xbb, 0x4a, 0x9f, 0x77, 0x4a, 0xb8, 0x53, 0xc9, 0x6c, 0x2d, 0x65, 0x3d, 0xfe, 0x54, 0x4a];

/// The key of Group Policy Preferences, as Microsoft's description has it.
const GPP_KEY: [u8; 32] = [
    0x4e, 0x99, 0x06, 0xe8, 0xfc, 0xb6, 0x6c, 0xc9, 0xfa, 0xf4, 0x93, 0x10, 0x62, 0x0f, 0xfe, 0xe8, 0xf4,
    0x96, 0xe8, 0x06, 0xcc, 0x05, 0x79, 0x90, 0x20, 0x9b, 0x09, 0xa4, 0x33, 0xb6, 0x6c, 0x1b,
];

/// An object, and in it the name of a connection.
const DBEAVER_START: &[u8] = b"{\"";

/// Size of an initialisation vector and of AES's block.
const VECTOR: usize = 16;

/// The bits that WinSCP turns after it has turned all.
const WINSCP_MASK: u8 = 0xa3;

/// Says that the length follows after one byte more.
const WINSCP_FLAG: u8 = 0xff;

const WINSCP_SHORTEST: usize = 50;

const JETBRAINS_MASK: u16 = 0xdfaa;

/// What seals the file of whoever has not chosen a password of their own.
const MREMOTENG_PASSWORD: &[u8] = b"mR3m";

/// PBKDF2's rounds unless set otherwise, in older versions and in newer ones.
const MREMOTENG_ROUNDS: [NonZeroU32; 2] =
    [NonZeroU32::new(1000).expect("1000 is not 0"), NonZeroU32::new(10_000).expect("10,000 is not 0")];

const TAG: usize = 16;

/// Galois counter mode with a nonce of one block.
type Seal = AesGcm<Aes256, U16>;

type Text = Zeroizing<String>;

fn outcome(password: Option<Text>) -> Outcome {
    match password.filter(|password| is_printable(password) && is_password(password)) {
        Some(password) => turned_back(level(&password)),
        None => Outcome::Wrong,
    }
}

fn turned_back(level: ProofLevel) -> Outcome {
    Outcome::Right(Evidence::of(level).with("encoding", "anybody can turn it back"))
}

/// How much it says that so many characters came out printable.
fn level(text: &str) -> ProofLevel {
    if text.chars().count() >= TELLING { ProofLevel::Structure } else { ProofLevel::Decoded }
}

fn is_printable(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_control)
}

fn utf8(bytes: Vec<u8>) -> Option<Text> {
    String::from_utf8(bytes).ok().map(Zeroizing::new)
}

/// AES in counter mode under a vector before the text.
fn rclone(value: &[u8]) -> Option<Text> {
    let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
    let (vector, hidden) = bytes.split_at_checked(VECTOR)?;
    utf8(counter_mode(vector, hidden))
}

fn counter_mode(vector: &[u8], data: &[u8]) -> Vec<u8> {
    let cipher = Aes256::new(&RCLONE_KEY.into());
    let first = u128::from_be_bytes(std::array::from_fn(|at| vector[at]));
    let stream = (0..).flat_map(|count: u128| {
        let mut block = Block::from(first.wrapping_add(count).to_be_bytes());
        cipher.encrypt_block(&mut block);
        <[u8; VECTOR]>::from(block)
    });
    data.iter().zip(stream).map(|(byte, mask)| byte ^ mask).collect()
}

/// The first block after the vector, in cipher block chaining.
fn dbeaver(value: &[u8]) -> Option<[u8; VECTOR]> {
    let (vector, rest) = value.split_first_chunk::<VECTOR>()?;
    let block = dbeaver_block(*rest.first_chunk::<VECTOR>()?);
    Some(std::array::from_fn(|at| block[at] ^ vector[at]))
}

fn dbeaver_block(bytes: [u8; VECTOR]) -> [u8; VECTOR] {
    let mut block = Block::from(bytes);
    Aes128::new(&DBEAVER_KEY.into()).decrypt_block(&mut block);
    block.into()
}

/// A vector and a block of bytes below 128 alone, so that they are a text as well: one block in 65,536 becomes such
/// bytes.
fn forge_dbeaver(random: &mut Rng) -> String {
    loop {
        let hidden: [u8; VECTOR] = std::array::from_fn(|_| random.alphanumeric() as u8);
        let block = dbeaver_block(hidden);
        if block.is_ascii() {
            let vector = block.iter().zip(b"{\"postgres-jdbc-").map(|(a, b)| a ^ b);
            return vector.chain(hidden).map(char::from).collect();
        }
    }
}

/// A flag, a byte, the length of the text, the length of what is skipped, and then the text.
fn winscp(value: &[u8]) -> Option<Text> {
    let mut bytes = HEXLOWER_PERMISSIVE.decode(value).ok()?.into_iter().map(|byte| !byte ^ WINSCP_MASK);
    let mut length = bytes.next()?;
    if length == WINSCP_FLAG {
        bytes.next()?;
        length = bytes.next()?;
    }
    let skipped = usize::from(bytes.next()?);
    let text: Vec<u8> = bytes.skip(skipped).take(usize::from(length)).collect();
    if text.len() == usize::from(length) { utf8(text) } else { None }
}

fn forge_winscp(random: &mut Rng) -> String {
    let text = format!("robot{}.internal{}", random_text(random, 6).to_lowercase(), password(random));
    let skipped = random.u8(..10);
    let mut bytes = vec![WINSCP_FLAG, 0, text.len() as u8, skipped];
    bytes.extend(random_bytes(random, skipped.into()));
    bytes.extend(text.as_bytes());
    let missing = WINSCP_SHORTEST.saturating_sub(bytes.len());
    bytes.extend(random_bytes(random, missing));
    bytes.iter().map(|byte| format!("{:02X}", !byte ^ WINSCP_MASK)).collect()
}

fn jetbrains(value: &[u8]) -> Option<Text> {
    let bytes = HEXLOWER_PERMISSIVE.decode(value).ok().filter(|bytes| bytes.len() % 2 == 0)?;
    let units: Vec<u16> =
        bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]) ^ JETBRAINS_MASK).collect();
    String::from_utf16(&units).ok().map(Zeroizing::new)
}

/// A salt, a nonce, the text and its tag, which covers the salt as well.
fn mremoteng(value: &[u8]) -> Option<Text> {
    let bytes = text::base64(value)?;
    let (salt, rest) = bytes.split_at_checked(VECTOR)?;
    let (nonce, rest) = rest.split_at_checked(VECTOR)?;
    let (hidden, tag) = rest.split_at_checked(rest.len().checked_sub(TAG)?)?;
    let (nonce, tag) = (Nonce::<U16>::try_from(nonce).ok()?, Tag::try_from(tag).ok()?);
    MREMOTENG_ROUNDS.into_iter().find_map(|rounds| {
        let mut text = hidden.to_vec();
        let seal = mremoteng_seal(salt, rounds);
        seal.decrypt_inout_detached(&nonce, salt, text.as_mut_slice().into(), &tag).ok()?;
        utf8(text)
    })
}

fn mremoteng_seal(salt: &[u8], rounds: NonZeroU32) -> Seal {
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA1, rounds, salt, MREMOTENG_PASSWORD, &mut *key);
    Seal::new(&(*key).into())
}

fn forge_mremoteng(random: &mut Rng) -> String {
    let (salt, nonce) = (random_bytes(random, VECTOR), random_bytes(random, VECTOR));
    let mut text = password(random).into_bytes();
    let place = Nonce::<U16>::try_from(&nonce[..]).expect("a nonce is one block");
    let tag = mremoteng_seal(&salt, MREMOTENG_ROUNDS[0])
        .encrypt_inout_detached(&place, &salt, text.as_mut_slice().into())
        .expect("a password is no longer than a message may be");
    STANDARD.encode([salt, nonce, text, tag.to_vec()].concat())
}

/// Cipher block chaining from a vector of zeros, with the padding of PKCS#7 behind a text in UTF-16.
fn gpp(value: &[u8]) -> Option<Text> {
    let bytes = text::base64(value)?;
    let (blocks, []) = bytes.as_chunks::<VECTOR>() else { return None };
    let cipher = Aes256::new(&GPP_KEY.into());
    let mut before = [0; VECTOR];
    let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
    for hidden in blocks {
        let mut block = Block::from(*hidden);
        cipher.decrypt_block(&mut block);
        plain.extend(block.iter().zip(before).map(|(byte, mask)| byte ^ mask));
        before = *hidden;
    }
    let padding = usize::from(*plain.last()?);
    let (text, rest) = plain.split_at_checked(plain.len().checked_sub(padding)?)?;
    let whole = (1..=VECTOR).contains(&padding) && rest.iter().all(|&byte| usize::from(byte) == padding);
    let (units, []) = text.as_chunks::<2>() else { return None };
    let units: Vec<u16> = units.iter().map(|&unit| u16::from_le_bytes(unit)).collect();
    String::from_utf16(&units).ok().filter(|_| whole).map(Zeroizing::new)
}

fn forge_gpp(password: &str) -> Vec<u8> {
    let mut plain: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let padding = VECTOR - plain.len() % VECTOR;
    plain.resize(plain.len() + padding, padding as u8);
    let cipher = Aes256::new(&GPP_KEY.into());
    let mut before = [0; VECTOR];
    let (blocks, _) = plain.as_chunks::<VECTOR>();
    let hidden = blocks.iter().flat_map(|text| {
        let mut block = Block::from(std::array::from_fn::<u8, VECTOR, _>(|at| text[at] ^ before[at]));
        cipher.encrypt_block(&mut block);
        before = block.into();
        before
    });
    hidden.collect()
}

/// A password, for forged values.
fn password(random: &mut Rng) -> String {
    format!("7{}", random_text(random, 15))
}

#[cfg(test)]
mod tests {
    use super::super::Subject;
    use super::*;

    fn check(proof: &Proof, value: &str) -> Outcome {
        (proof.check)(Subject { value: value.as_bytes(), prefix: b"", matched: b"" })
    }

    #[test]
    fn what_the_programs_write_is_turned_back() {
        // From the tests of rclone, `fs/config/obscure`: the vector is `aaaaaaaaaaaaaaaa`.
        for (text, value) in [("", "YWFhYWFhYWFhYWFhYWFhYQ"), ("potato", "YWFhYWFhYWFhYWFhYWFhYXMaGgIlEQ")] {
            assert_eq!(rclone(value.as_bytes()).as_deref().map(String::as_str), Some(text));
        }
        let text: String = "Tulip7".encode_utf16().map(|unit| format!("{:04x}", unit ^ 0xdfaa)).collect();
        assert!(text.starts_with("dffedf"), "{text}");
        assert_eq!(jetbrains(text.as_bytes()).as_deref().map(String::as_str), Some("Tulip7"));
        // From the first articles about the key (2012), which all show this one.
        let value = ["j1Uyj3Vx8TY9LtLZil2uAuZkFQA", "/4latT76ZwgdHdhw"].concat();
        assert_eq!(gpp(value.as_bytes()).as_deref().map(String::as_str), Some("Local*P4ssword!"));
    }

    #[test]
    fn a_value_is_right_and_a_spoiled_one_is_not() {
        let mut random = Rng::with_seed(3);
        for proof in [&RCLONE, &WINSCP, &JETBRAINS, &MREMOTENG, &GPP] {
            for _ in 0..20 {
                let value = (proof.forge)("", "", &mut random);
                assert!(matches!(check(proof, &value), Outcome::Right(_)), "{} {value}", proof.name);
                let cut = &value[..value.len() / 2];
                assert!(!matches!(
                    check(proof, cut),
                    Outcome::Right(Evidence { level: ProofLevel::Checksum, .. })
                ));
                assert!(!matches!(check(proof, "AAAA"), Outcome::Right(_)), "{}", proof.name);
            }
        }
    }

    #[test]
    fn placeholders_stay_placeholders() {
        let text = |password: &str| -> String {
            password.encode_utf16().map(|unit| format!("{:04x}", unit ^ JETBRAINS_MASK)).collect()
        };
        assert_eq!(check(&JETBRAINS, &text("changeme")), Outcome::Wrong);
        let hidden = counter_mode(&[7; VECTOR], b"your_password");
        assert_eq!(
            check(&RCLONE, &URL_SAFE_NO_PAD.encode([&[7; VECTOR][..], &hidden].concat())),
            Outcome::Wrong
        );
    }
}
