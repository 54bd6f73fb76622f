//! Writes fresh private keys for the templates of rules: right in every detail that the proofs look at,
//! and too weak for use. RSA moduli have 512 bits, which is enough to agree with themselves.

use crate::proofs::text::random_bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use num_bigint::BigUint;

use super::curve::{self, P256};
use super::{der, pgp, ppk, ssh};

/// What `{pem:kind}` stands for; `{pem:kind,escaped}` is the same on one line with `\n` for line ends.
/// The kinds are `rsa`, `rsa-pkcs8`, `rsa-encrypted`, `ec`, `ec-pkcs8`, `ec-encrypted`, `dsa`, `ed25519`,
/// `encrypted`, `openssh`, `openssh-ec`, `openssh-rsa`, `openssh-encrypted`, `pgp`, `pgp-encrypted`, `ssh2`,
/// `cosign`, `sigstore` and `openvpn`.
pub(super) fn pem(_: &str, argument: &str, random: &mut Rng) -> String {
    let (kind, form) = argument.split_once(',').unwrap_or((argument, ""));
    let (label, head, body) = match kind {
        "rsa" => ("RSA PRIVATE KEY", String::new(), Rsa::new(random).pkcs1()),
        "rsa-pkcs8" => {
            let key = Rsa::new(random).pkcs1();
            ("PRIVATE KEY", String::new(), pkcs8(&[object(RSA), der::element(der::NULL, &[])], &key))
        }
        "ec" => ("EC PRIVATE KEY", String::new(), sec1(random, true)),
        "ec-pkcs8" => {
            let key = sec1(random, false);
            ("PRIVATE KEY", String::new(), pkcs8(&[object(EC), object(P256.object)], &key))
        }
        "ed25519" => {
            let seed = der::element(der::OCTET_STRING, &random_bytes(random, 32));
            ("PRIVATE KEY", String::new(), pkcs8(&[object(ED25519)], &seed))
        }
        "dsa" => ("DSA PRIVATE KEY", String::new(), dsa(random)),
        "encrypted" => ("ENCRYPTED PRIVATE KEY", String::new(), encrypted(random)),
        "rsa-encrypted" => {
            ("RSA PRIVATE KEY", dek_info("AES-128-CBC", 16, random), random_bytes(random, 320))
        }
        "ec-encrypted" => ("EC PRIVATE KEY", dek_info("DES-EDE3-CBC", 8, random), random_bytes(random, 120)),
        "openssh" => ("OPENSSH PRIVATE KEY", String::new(), openssh_ed25519(random)),
        "openssh-ec" => ("OPENSSH PRIVATE KEY", String::new(), openssh_ec(random)),
        "openssh-rsa" => ("OPENSSH PRIVATE KEY", String::new(), openssh_rsa(random)),
        "openssh-encrypted" => ("OPENSSH PRIVATE KEY", String::new(), openssh_encrypted(random)),
        "ssh2" => return ssh2(random),
        "openvpn" => return openvpn(random),
        "pgp" | "pgp-encrypted" => return pgp(kind == "pgp-encrypted", random),
        "cosign" => ("ENCRYPTED COSIGN PRIVATE KEY", String::new(), cosign(random)),
        "sigstore" => ("ENCRYPTED SIGSTORE PRIVATE KEY", String::new(), cosign(random)),
        _ => return String::new(),
    };
    let width = if label.starts_with("OPENSSH") { 70 } else { 64 };
    let text = armour(label, &head, &body, width);
    if form == "escaped" { text.replace('\n', "\\n") } else { text }
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Lines of base64 between BEGIN and END.
fn armour(label: &str, head: &str, body: &[u8], width: usize) -> String {
    format!("-----BEGIN {label}-----\n{head}{}\n-----END {label}-----", lines(body, width).join("\n"))
}

/// Base64 in lines of so many characters.
pub(super) fn lines(bytes: &[u8], width: usize) -> Vec<String> {
    let text = STANDARD.encode(bytes);
    text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}

pub(super) fn seed(random: &mut Rng) -> [u8; 32] {
    std::array::from_fn(|_| random.u8(..))
}

fn object(object: &[u8]) -> Vec<u8> {
    der::element(der::OBJECT, object)
}

fn dek_info(cipher: &str, vector: usize, random: &mut Rng) -> String {
    let vector: String = random_bytes(random, vector).iter().map(|byte| format!("{byte:02X}")).collect();
    format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: {cipher},{vector}\n\n")
}

/// The numbers of an RSA key.
struct Rsa {
    modulus: BigUint,
    private: BigUint,
    p: BigUint,
    q: BigUint,
}

impl Rsa {
    const EXPONENT: u32 = 65_537;

    fn new(random: &mut Rng) -> Rsa {
        loop {
            let (p, q) = (prime(256, random), prime(256, random));
            let order = (&p - 1u32) * (&q - 1u32);
            if let Some(private) = BigUint::from(Rsa::EXPONENT).modinv(&order).filter(|_| p != q) {
                return Rsa { modulus: &p * &q, private, p, q };
            }
        }
    }

    /// The inverse of `q`, which every form carries along.
    fn coefficient(&self) -> BigUint {
        self.q.modinv(&self.p).unwrap_or_default()
    }

    fn pkcs1(&self) -> Vec<u8> {
        let rest = |prime: &BigUint| &self.private % (prime - 1u32);
        let numbers = [
            BigUint::default(),
            self.modulus.clone(),
            Rsa::EXPONENT.into(),
            self.private.clone(),
            self.p.clone(),
            self.q.clone(),
            rest(&self.p),
            rest(&self.q),
            self.coefficient(),
        ];
        der::sequence(&numbers.map(|number| der::integer(&number.to_bytes_be())))
    }
}

/// An odd number of so many bits that passes Fermat's test to base 2.
fn prime(bits: usize, random: &mut Rng) -> BigUint {
    loop {
        let mut digits = random_bytes(random, bits / 8);
        digits[0] |= 0xc0;
        let mut number = BigUint::from_bytes_be(&digits);
        number.set_bit(0, true);
        let divisible =
            [3u32, 5, 7, 11, 13, 17, 19, 23].iter().any(|&small| &number % small == BigUint::ZERO);
        let two = BigUint::from(2u32);
        if !divisible && two.modpow(&(&number - 1u32), &number) == BigUint::from(1u32) {
            return number;
        }
    }
}

/// A P-256 key; inside PKCS#8 the container names the curve.
fn sec1(random: &mut Rng, named: bool) -> Vec<u8> {
    let (scalar, point) = p256(random);
    let curve = if named { der::element(0xa0, &object(P256.object)) } else { vec![] };
    let public = der::element(0xa1, &der::bit_string(&point));
    der::sequence(&[der::integer(&[1]), der::element(der::OCTET_STRING, &scalar), curve, public])
}

/// A scalar of P-256 and its point.
fn p256(random: &mut Rng) -> ([u8; 32], Vec<u8>) {
    loop {
        let scalar = seed(random);
        if let Some(point) = (P256.public)(&scalar) {
            return (scalar, point);
        }
    }
}

/// A DSA key in a group of 512 bits.
fn dsa(random: &mut Rng) -> Vec<u8> {
    let (p, q) = (prime(512, random), prime(160, random));
    let (g, x) = (BigUint::from(2u32), BigUint::from_bytes_be(&random_bytes(random, 20)));
    let y = g.modpow(&x, &p);
    let numbers = [BigUint::default(), p, q, g, y, x];
    der::sequence(&numbers.map(|number| der::integer(&number.to_bytes_be())))
}

fn pkcs8(algorithm: &[Vec<u8>], key: &[u8]) -> Vec<u8> {
    der::sequence(&[der::integer(&[0]), der::sequence(algorithm), der::element(der::OCTET_STRING, key)])
}

/// PBES2 (RFC 8018) around random bytes.
fn encrypted(random: &mut Rng) -> Vec<u8> {
    const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
    const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
    const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];
    let octets = |bytes: Vec<u8>| der::element(der::OCTET_STRING, &bytes);
    let settings = der::sequence(&[octets(random_bytes(random, 8)), der::integer(&[8, 0])]);
    let derivation = der::sequence(&[object(PBKDF2), settings]);
    let cipher = der::sequence(&[object(AES_256_CBC), octets(random_bytes(random, 16))]);
    let algorithm = der::sequence(&[object(PBES2), der::sequence(&[derivation, cipher])]);
    der::sequence(&[algorithm, octets(random_bytes(random, 160))])
}

fn openssh_ed25519(random: &mut Rng) -> Vec<u8> {
    let seed = seed(random);
    let public = curve::ed25519(&seed);
    let both = [seed, public].concat();
    let private = section(&[b"ssh-ed25519", &public, &both], 8, random);
    ssh::file(&ssh::strings(&[b"ssh-ed25519", &public]), &private, None)
}

fn openssh_ec(random: &mut Rng) -> Vec<u8> {
    let (scalar, point) = p256(random);
    let public: [&[u8]; 3] = [b"ecdsa-sha2-nistp256", b"nistp256", &point];
    let private = section(&[public[0], public[1], public[2], &der::signed(&scalar)], 8, random);
    ssh::file(&ssh::strings(&public), &private, None)
}

fn openssh_rsa(random: &mut Rng) -> Vec<u8> {
    let key = Rsa::new(random);
    let number = |number: &BigUint| der::signed(&number.to_bytes_be());
    let (modulus, exponent) = (number(&key.modulus), number(&Rsa::EXPONENT.into()));
    let [private, coefficient, p, q] = [&key.private, &key.coefficient(), &key.p, &key.q].map(number);
    let private = section(&[b"ssh-rsa", &modulus, &exponent, &private, &coefficient, &p, &q], 8, random);
    ssh::file(&ssh::strings(&[b"ssh-rsa", &exponent, &modulus]), &private, None)
}

fn openssh_encrypted(random: &mut Rng) -> Vec<u8> {
    let public = ssh::strings(&[b"ssh-ed25519", &curve::ed25519(&seed(random))]);
    let options = [ssh::strings(&[&random_bytes(random, 16)]), 16u32.to_be_bytes().to_vec()].concat();
    ssh::file(&public, &random_bytes(random, 144), Some(("aes256-ctr", "bcrypt", &options)))
}

/// The private section of a file of OpenSSH: twice the same number, the fields, a comment, and padding.
fn section(fields: &[&[u8]], block: usize, random: &mut Rng) -> Vec<u8> {
    let check = random.u32(..).to_be_bytes();
    let mut section =
        [&check[..], &check, &ssh::strings(fields), &ssh::strings(&[b"somebody@somewhere"])].concat();
    section.extend((1..).take(section.len().next_multiple_of(block) - section.len()));
    section
}

/// What `{ppk:2}` and `{ppk:3}` stand for: a PuTTY key of that version without passphrase.
pub(super) fn ppk(version: &str, random: &mut Rng) -> String {
    let seed = seed(random);
    let public = ssh::strings(&[b"ssh-ed25519", &curve::ed25519(&seed)]);
    ppk::file(version.parse().unwrap_or(3), "ssh-ed25519", &public, &ssh::strings(&[&seed]))
}

/// A key of OpenPGP with its user and the checksum of its armour.
fn pgp(encrypted: bool, random: &mut Rng) -> String {
    const AES_256: u8 = 9;
    let (seed, created) = (seed(random), random.u32(1_500_000_000..1_800_000_000));
    let packets = pgp::packets(&curve::ed25519(&seed), &seed, created, encrypted.then_some(AES_256));
    let sum = STANDARD.encode(&pgp::crc24(&packets).to_be_bytes()[1..]);
    let (label, body) = ("PGP PRIVATE KEY BLOCK", lines(&packets, 64).join("\n"));
    format!("-----BEGIN {label}-----\nComment: for tests\n\n{body}\n={sum}\n-----END {label}-----")
}

fn ssh2(random: &mut Rng) -> String {
    const KIND: &str = "if-modn{sign{rsa-pkcs1-sha1},encrypt{rsa-pkcs1v2-oaep}}";
    let body = lines(&ssh::commercial_file(KIND, "3des-cbc", &random_bytes(random, 128)), 70).join("\n");
    let label = "SSH2 ENCRYPTED PRIVATE KEY";
    format!("---- BEGIN {label} ----\nComment: \"rsa key\"\n{body}\n---- END {label} ----")
}

fn cosign(random: &mut Rng) -> Vec<u8> {
    // Written by hand: the order matters, as the rule looks for its beginning.
    let (salt, nonce) =
        (STANDARD.encode(random_bytes(random, 32)), STANDARD.encode(random_bytes(random, 24)));
    let text = STANDARD.encode(random_bytes(random, 120));
    format!(
        r#"{{"kdf":{{"name":"scrypt","params":{{"N":65536,"r":8,"p":1}},"salt":"{salt}"}},"cipher":{{"name":"nacl/secretbox","nonce":"{nonce}"}},"ciphertext":"{text}"}}"#
    )
    .into_bytes()
}

fn openvpn(random: &mut Rng) -> String {
    let digits: String = random_bytes(random, 256).iter().map(|byte| format!("{byte:02x}")).collect();
    let lines: Vec<&str> = (0..512).step_by(32).map(|at| &digits[at..at + 32]).collect();
    let label = "OpenVPN Static key V1";
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----", lines.join("\n"))
}
