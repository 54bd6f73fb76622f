//! Servers that are in no package here, as far as a login goes; they really look at the password.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use ring::{digest, hmac, pbkdf2};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::serve;
use crate::servers::Certificate;

/// A MongoDB that keeps one user.
pub(crate) fn mongodb(database: &'static str, user: &'static str, password: &'static str) -> u16 {
    serve(move |stream| {
        // The other side may go away in between.
        let _ = mongodb_session(stream, (database, user, password), false);
    })
}

/// A server that takes any password and cannot prove anything.
pub(crate) fn mongodb_impostor() -> u16 {
    serve(|stream| {
        let _ = mongodb_session(stream, ("orders", "joe", "whatever"), true);
    })
}

fn mongodb_session(
    mut stream: TcpStream,
    (database, user, password): (&str, &str, &str),
    is_impostor: bool,
) -> io::Result<()> {
    let (mut way, mut client_first, mut server_first) = (String::new(), String::new(), String::new());
    loop {
        let command = read_message(&mut stream)?;
        let name = text_until_zero(&command[5..]);
        let answer = match &*name {
            "hello" => {
                let known = text(&command, "saslSupportedMechs") == format!("{database}.{user}");
                let ways = document(&[(2, "0", string("SCRAM-SHA-1")), (2, "1", string("SCRAM-SHA-256"))]);
                let mut fields = vec![(0x10, "maxWireVersion", 21_i32.to_le_bytes().to_vec()), fine()];
                fields.extend(known.then_some((4, "saslSupportedMechs", ways)));
                document(&fields)
            }
            "saslStart" => {
                way = text(&command, "mechanism");
                let first = String::from_utf8(payload(&command)).unwrap();
                client_first = first.strip_prefix("n,,").unwrap().to_owned();
                let nonce = client_first.split_once(",r=").unwrap().1.to_owned();
                server_first = format!("r={nonce}server,s={},i=4096", STANDARD.encode(b"salt of this"));
                let is_user = client_first.starts_with(&format!("n={user},"));
                if text(&command, "$db") == database && is_user {
                    step(&server_first, false)
                } else {
                    refusal()
                }
            }
            "saslContinue" if payload(&command).is_empty() => step("", true),
            "saslContinue" => {
                let last = String::from_utf8(payload(&command)).unwrap();
                let proved = proved(&way, user, password, (&client_first, &server_first), &last);
                match proved {
                    _ if is_impostor => step("v=AAAA", true),
                    // Older servers want an empty message more.
                    Some(signature) => step(&format!("v={signature}"), way == "SCRAM-SHA-256"),
                    None => refusal(),
                }
            }
            "connectionStatus" => {
                let user = document(&[(2, "user", string(user)), (2, "db", string(database))]);
                let users = document(&[(3, "0", user)]);
                document(&[(3, "authInfo", document(&[(4, "authenticatedUsers", users)])), fine()])
            }
            other => panic!("{other} is not expected"),
        };
        let length = u32::try_from(21 + answer.len()).unwrap();
        let head = [length, 7, 1, 2013, 0].map(u32::to_le_bytes).concat();
        stream.write_all(&[&head[..], &[0], &answer].concat())?;
    }
}

/// The server's signature if the proof in the last message is right (RFC 5802, 3).
fn proved(
    way: &str,
    user: &str,
    password: &str,
    (client_first, server_first): (&str, &str),
    last: &str,
) -> Option<String> {
    let is_sha1 = way == "SCRAM-SHA-1";
    let (rounds, code, hash) = if is_sha1 {
        (pbkdf2::PBKDF2_HMAC_SHA1, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &digest::SHA1_FOR_LEGACY_USE_ONLY)
    } else {
        (pbkdf2::PBKDF2_HMAC_SHA256, hmac::HMAC_SHA256, &digest::SHA256)
    };
    let hashed: String =
        Md5::digest(format!("{user}:mongo:{password}")).iter().map(|byte| format!("{byte:02x}")).collect();
    let password = if is_sha1 { &hashed } else { password };
    let mut salted = vec![0; hash.output_len()];
    pbkdf2::derive(rounds, 4096.try_into().unwrap(), b"salt of this", password.as_bytes(), &mut salted);
    let sign = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(code, key), text);
    let stored = digest::digest(hash, sign(&salted, b"Client Key").as_ref());
    let (without_proof, proof) = last.split_once(",p=")?;
    let all = format!("{client_first},{server_first},{without_proof}");
    let signature = sign(stored.as_ref(), all.as_bytes());
    let proof = STANDARD.decode(proof).ok()?;
    let key: Vec<u8> = proof.iter().zip(signature.as_ref()).map(|(proof, sign)| proof ^ sign).collect();
    let is_right = digest::digest(hash, &key).as_ref() == stored.as_ref();
    let server = sign(sign(&salted, b"Server Key").as_ref(), all.as_bytes());
    is_right.then(|| STANDARD.encode(server))
}

fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = [0; 21];
    stream.read_exact(&mut head)?;
    let mut body = vec![0; u32::from_le_bytes(head[..4].try_into().unwrap()) as usize - 21];
    stream.read_exact(&mut body)?;
    Ok(body)
}

fn text_until_zero(bytes: &[u8]) -> String {
    String::from_utf8(bytes.split(|byte| *byte == 0).next().unwrap().to_vec()).unwrap()
}

/// What stands behind a tag and a name.
fn after<'a>(document: &'a [u8], tag: u8, name: &str) -> &'a [u8] {
    let wanted = [&[tag], name.as_bytes(), &[0]].concat();
    let at = document.windows(wanted.len()).position(|window| window == wanted).unwrap();
    &document[at + wanted.len()..]
}

fn text(document: &[u8], name: &str) -> String {
    text_until_zero(&after(document, 2, name)[4..])
}

fn payload(document: &[u8]) -> Vec<u8> {
    let value = after(document, 5, "payload");
    value[5..5 + u32::from_le_bytes(value[..4].try_into().unwrap()) as usize].to_vec()
}

type Field = (u8, &'static str, Vec<u8>);

fn document(fields: &[Field]) -> Vec<u8> {
    let mut body = vec![];
    for (tag, name, value) in fields {
        body.extend([&[*tag], name.as_bytes(), &[0], value].concat());
    }
    [&u32::try_from(body.len() + 5).unwrap().to_le_bytes(), &body[..], &[0]].concat()
}

fn string(text: &str) -> Vec<u8> {
    [&u32::try_from(text.len() + 1).unwrap().to_le_bytes(), text.as_bytes(), &[0]].concat()
}

fn fine() -> Field {
    (1, "ok", 1_f64.to_le_bytes().to_vec())
}

fn step(payload: &str, done: bool) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    document(&[
        (0x10, "conversationId", 1_i32.to_le_bytes().to_vec()),
        (8, "done", vec![u8::from(done)]),
        (5, "payload", [&length[..], &[0], payload.as_bytes()].concat()),
        fine(),
    ])
}

fn refusal() -> Vec<u8> {
    document(&[
        (1, "ok", 0_f64.to_le_bytes().to_vec()),
        (2, "errmsg", string("Authentication failed.")),
        (0x10, "code", 18_i32.to_le_bytes().to_vec()),
    ])
}

/// A mail server that keeps one user.
pub(crate) fn smtp(ways: &'static str, user: &'static str, password: &'static str) -> u16 {
    serve(move |stream| {
        let _ = smtp_session(stream, ways, user, password, false);
    })
}

/// A mail server that logs in nobody before STARTTLS.
pub(crate) fn smtp_with_tls(certificate: &Certificate, user: &'static str, password: &'static str) -> u16 {
    let chain = vec![CertificateDer::from_pem_slice(certificate.own.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    serve(move |mut stream| {
        let mut begin = || {
            stream.write_all(b"220 mail.acme.corp\r\n")?;
            read_line(&mut stream)?;
            stream.write_all(b"250-mail.acme.corp\r\n250 STARTTLS\r\n")?;
            read_line(&mut stream)?;
            stream.write_all(b"220 go on\r\n")
        };
        if begin().is_ok() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let _ = smtp_session(StreamOwned::new(connection, stream), "PLAIN", user, password, true);
        }
    })
}

fn read_line(stream: &mut impl Read) -> io::Result<String> {
    let mut line = vec![];
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        line.extend(byte);
    }
    Ok(String::from_utf8(line).unwrap().trim_end().to_owned())
}

fn smtp_session(
    mut stream: impl Read + Write,
    ways: &str,
    user: &str,
    password: &str,
    was_greeted: bool,
) -> io::Result<()> {
    if !was_greeted {
        stream.write_all(b"220 mail.acme.corp ESMTP\r\n")?;
    }
    let encode = |text: String| STANDARD.encode(text);
    loop {
        let line = read_line(&mut stream)?;
        let is_right = match line.split_once(' ').unwrap_or((&line, "")) {
            ("EHLO", _) => {
                let answer = format!("250-mail.acme.corp\r\n250-AUTH {ways}\r\n250 SIZE 1000\r\n");
                stream.write_all(answer.as_bytes())?;
                continue;
            }
            ("AUTH", "LOGIN") => {
                stream.write_all(b"334 VXNlcm5hbWU6\r\n")?;
                let told = read_line(&mut stream)?;
                stream.write_all(b"334 UGFzc3dvcmQ6\r\n")?;
                told == encode(user.to_owned()) && read_line(&mut stream)? == encode(password.to_owned())
            }
            ("AUTH", plain) => plain == format!("PLAIN {}", encode(format!("\0{user}\0{password}"))),
            ("NOOP", _) => {
                stream.write_all(b"250 fine\r\n")?;
                continue;
            }
            _ => return Ok(()),
        };
        let answer = if is_right { "235 2.7.0 welcome\r\n" } else { "535-5.7.8 no\r\n535 5.7.8 never\r\n" };
        stream.write_all(answer.as_bytes())?;
    }
}

/// A MySQL 8 without TLS that keeps one user, whom it has seen lately or not.
pub(crate) fn mysql(openssl: &Path, is_cached: bool, user: &'static str, password: &'static str) -> u16 {
    let openssl = openssl.to_owned();
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    let made = Command::new(&openssl).args(["genrsa", "-out"]).arg(&key).arg("2048").output().unwrap();
    assert!(made.status.success());
    let public = Command::new(&openssl).args(["rsa", "-pubout", "-in"]).arg(&key).output().unwrap().stdout;
    assert!(!public.is_empty());
    serve(move |stream| {
        let rsa = Rsa { openssl: openssl.clone(), folder: folder.path().to_owned(), public: public.clone() };
        let _ = mysql_session(stream, is_cached, user, password, &rsa);
    })
}

struct Rsa {
    openssl: PathBuf,
    folder: PathBuf,
    public: Vec<u8>,
}

impl Rsa {
    fn decrypt(&self, bytes: &[u8]) -> Vec<u8> {
        let file = tempfile::NamedTempFile::new_in(&self.folder).unwrap();
        fs::write(file.path(), bytes).unwrap();
        let mut command = Command::new(&self.openssl);
        command.args([
            "pkeyutl",
            "-decrypt",
            "-pkeyopt",
            "rsa_padding_mode:oaep",
            "-pkeyopt",
            "rsa_oaep_md:sha1",
        ]);
        command.arg("-inkey").arg(self.folder.join("key.pem")).arg("-in").arg(file.path());
        let done = command.stderr(Stdio::inherit()).output().unwrap();
        assert!(done.status.success());
        done.stdout
    }
}

fn mysql_session(
    stream: TcpStream,
    is_cached: bool,
    user: &str,
    password: &str,
    rsa: &Rsa,
) -> io::Result<()> {
    let challenge: Vec<u8> = (65..85).collect();
    let mut greeting = b"\x0a8.4.0\0\x01\0\0\0".to_vec();
    greeting.extend(&challenge[..8]);
    // Nothing, what it can do (PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH), charset and state between.
    greeting.extend(b"\0\x00\x82\xff\x02\0\x08\0\x15");
    greeting.extend([0; 10]);
    greeting.extend(&challenge[8..]);
    greeting.extend(b"\0caching_sha2_password\0");
    let mut packets = Packets { stream: BufReader::new(stream), next: 0 };
    packets.send(&greeting)?;
    let first = packets.read()?;
    let mut rest = &first[32..];
    let mut name = vec![];
    rest.read_until(0, &mut name)?;
    let is_user = name.strip_suffix(&[0]).unwrap() == user.as_bytes();
    let scrambled = &rest[1..=usize::from(rest[0])];
    assert_eq!(&rest[1 + scrambled.len()..], b"caching_sha2_password\0");
    let sha256 = |parts: &[&[u8]]| digest::digest(&digest::SHA256, &parts.concat()).as_ref().to_vec();
    let stored = sha256(&[&sha256(&[password.as_bytes()])]);
    let mask = sha256(&[&stored, &challenge]);
    let once: Vec<u8> = scrambled.iter().zip(&mask).map(|(byte, mask)| byte ^ mask).collect();
    let is_right = if is_cached && sha256(&[&once]) == stored {
        packets.send(&[1, 3])?;
        true
    } else {
        packets.send(&[1, 4])?;
        assert_eq!(packets.read()?, [2]);
        packets.send(&[&[1], &rsa.public[..]].concat())?;
        let mut told = rsa.decrypt(&packets.read()?);
        told.iter_mut().zip(challenge.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        told.strip_suffix(&[0]) == Some(password.as_bytes())
    };
    if !(is_right && is_user) {
        return packets.send(b"\xff\x15\x04#28000Access denied");
    }
    packets.send(b"\0\0\0\x02\0\0\0")?;
    packets.next = 0;
    assert_eq!(packets.read()?, b"\x03SELECT CURRENT_USER(), VERSION()");
    let owner = format!("{user}@%");
    let row = [&[u8::try_from(owner.len()).unwrap()], owner.as_bytes(), b"\x058.4.0"].concat();
    let end = b"\xfe\0\0\x02\0";
    for packet in [&b"\x02"[..], b"column", b"column", end, &row, end] {
        packets.send(packet)?;
    }
    Ok(())
}

struct Packets {
    stream: BufReader<TcpStream>,
    next: u8,
}

impl Packets {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head)?;
        assert_eq!(head[3], self.next);
        self.next += 1;
        let mut body = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn send(&mut self, body: &[u8]) -> io::Result<()> {
        let [low, middle, high, _] = u32::try_from(body.len()).unwrap().to_le_bytes();
        let head = [low, middle, high, self.next];
        self.next += 1;
        self.stream.get_mut().write_all(&[&head, body].concat())
    }
}
