//! MongoDB from 3.6 on.
//!
//! Sources: <https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/> (OP_MSG), and
//! <https://github.com/mongodb/specifications/blob/master/source/auth/auth.md>, above all "Mechanism Negotiation",
//! "SCRAM-SHA-1", "SCRAM-SHA-256", and "Connection String Options" for where a user is kept.

use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::address::Address;
use super::bson::{Document, Elements, Value};
use super::bytes::{Bytes, hex, text};
use super::scram::{Hash, Scram, prepared};
use super::wire::Wire;
use super::{Facts, Halt};

/// OP_MSG.
const MESSAGE: u32 = 2013;

/// AuthenticationFailed and CommandNotFound in `src/mongo/base/error_codes.yml`; AtlasError, which Atlas says instead.
const FAILED: f64 = 18.0;
const NO_COMMAND: f64 = 59.0;
const ATLAS: f64 = 8000.0;

/// Empty messages at the end of an exchange, for servers that know no `skipEmptyExchange`.
const MOST_EMPTY: usize = 2;

/// An answer, whole.
struct Answer(Vec<u8>);

pub(super) fn log_in(address: &Address, wire: &mut Wire<'_>) -> Result<Facts, Halt> {
    let place = match address.parameter("authSource") {
        Some(place) => place,
        None if address.path.is_empty() => "admin",
        None => &address.path,
    };
    let hello = hello(address, place, wire)?;
    let hello = hello.document()?;
    let hash = match address.parameter("authMechanism") {
        Some("SCRAM-SHA-256") => Hash::Sha256,
        Some("SCRAM-SHA-1") => Hash::Sha1,
        None | Some("DEFAULT") => offered(hello),
        Some(_) => return Err(Halt::unclear("the address wants a way to log in that is not known here")),
    };
    prove(address, place, hash, wire)?;
    let owner = owner(wire).unwrap_or_else(|| address.user.clone());
    let version = hello.number("maxWireVersion");
    let version = version.map(|version| ("type", format!("MongoDB, wire version {version}")));
    Ok([("owner", owner)].into_iter().chain(version).collect())
}

/// What the server says of itself and of the ways that the user can log in. `hello` is known since 4.4.2.
fn hello(address: &Address, place: &str, wire: &mut Wire<'_>) -> Result<Answer, Halt> {
    let user = format!("{place}.{}", address.user);
    let ask = |command: &str, wire: &mut Wire| {
        command_of(wire, Document::default().number(command, 1).text("saslSupportedMechs", &user), "admin")
    };
    let answer = ask("hello", wire)?;
    if answer.document()?.number("code") == Some(NO_COMMAND) {
        return ask("isMaster", wire);
    }
    Ok(answer)
}

/// The better way of those that the user has; where the server names none, the one that all servers know.
fn offered(hello: Elements<'_>) -> Hash {
    match hello.document("saslSupportedMechs") {
        Some(ways) if ways.holds("SCRAM-SHA-256") => Hash::Sha256,
        _ => Hash::Sha1,
    }
}

fn prove(address: &Address, place: &str, hash: Hash, wire: &mut Wire<'_>) -> Result<(), Halt> {
    let password = address.password.expose();
    let (way, password) = match hash {
        Hash::Sha1 => ("SCRAM-SHA-1", digest(&address.user, password)),
        Hash::Sha256 => ("SCRAM-SHA-256", prepared(password)),
    };
    let scram = Scram::new(hash, &address.user, password)?;
    let start = Document::default()
        .number("saslStart", 1)
        .text("mechanism", way)
        .binary("payload", scram.first().as_bytes())
        .document("options", &Document::default().truth("skipEmptyExchange", true));
    let answer = command_of(wire, start, place)?;
    let (conversation, payload, _) = step(&answer)?;
    let (last, proof) = scram.last(payload)?;
    let mut answer = go_on(wire, conversation, last.as_bytes(), place)?;
    proof.check(step(&answer)?.1)?;
    for _ in 0..MOST_EMPTY {
        if step(&answer)?.2 {
            return Ok(());
        }
        answer = go_on(wire, conversation, &[], place)?;
    }
    if step(&answer)?.2 { Ok(()) } else { Err(Halt::strange()) }
}

/// What MongoDB takes for the password in SCRAM-SHA-1.
fn digest(user: &str, password: &[u8]) -> Zeroizing<Vec<u8>> {
    let digest = Md5::new().chain_update(user).chain_update(b":mongo:").chain_update(password).finalize();
    Zeroizing::new(hex(&digest).into_bytes())
}

fn go_on(wire: &mut Wire<'_>, conversation: i32, payload: &[u8], place: &str) -> Result<Answer, Halt> {
    let next = Document::default().number("saslContinue", 1).number("conversationId", conversation);
    command_of(wire, next.binary("payload", payload), place)
}

/// The number of an exchange, what is said in it, and whether it is at its end.
fn step(answer: &Answer) -> Result<(i32, &[u8], bool), Halt> {
    let document = answer.document()?;
    if document.number("ok") != Some(1.0) {
        return Err(refusal(document));
    }
    let conversation = document.number("conversationId").ok_or_else(Halt::strange)?;
    let payload = document.binary("payload").ok_or_else(Halt::strange)?;
    Ok((conversation as i32, payload, document.number("done") == Some(1.0)))
}

fn refusal(document: Elements<'_>) -> Halt {
    let is_bad = || document.text("errmsg").is_some_and(|message| message.starts_with(b"bad auth"));
    match document.number("code") {
        Some(FAILED) => Halt::Refused,
        Some(ATLAS) if is_bad() => Halt::Refused,
        Some(code) => Halt::Unclear(format!("the server answers with the error {code}")),
        None => Halt::strange(),
    }
}

/// The user, as the server calls them.
fn owner(wire: &mut Wire<'_>) -> Option<String> {
    let answer = command_of(wire, Document::default().number("connectionStatus", 1), "admin").ok()?;
    let users = answer.document().ok()?.document("authInfo")?.document("authenticatedUsers")?;
    match users.first()? {
        Value::Document(user) => Some(text(user.text("user")?)),
        _ => None,
    }
}

fn command_of(wire: &mut Wire<'_>, command: Document, database: &str) -> Result<Answer, Halt> {
    let document = command.text("$db", database).written();
    // The length of all, a number of this message, none that it answers, the kind; no flags; a section of kind 0.
    let length = u32::try_from(16 + 5 + document.len()).unwrap_or(u32::MAX);
    let head = [length, 1, 0, MESSAGE, 0].map(u32::to_le_bytes).concat();
    wire.send(&Zeroizing::new([&head[..], &[0], &document].concat()))?;
    let length = u32::from_le_bytes(wire.array()?) as usize;
    let answer = wire.take(length.checked_sub(4).ok_or_else(Halt::strange)?)?;
    Ok(Answer(answer))
}

impl Answer {
    fn document(&self) -> Result<Elements<'_>, Halt> {
        let mut bytes = Bytes::new(&self.0);
        bytes.take(8)?;
        let kind = u32::from_le_bytes(bytes.array()?);
        bytes.take(4)?;
        if kind != MESSAGE || bytes.byte()? != 0 {
            return Err(Halt::strange());
        }
        Elements::read(&mut bytes)
    }
}
