//! PostgreSQL, and what speaks like it.
//!
//! Source: <https://www.postgresql.org/docs/current/protocol.html>, above all "Message Flow", "SASL Authentication",
//! "Message Formats", and the error codes of <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::address::Address;
use super::bytes::{Bytes, hex, text};
use super::scram::{Hash, Scram, prepared};
use super::wire::Wire;
use super::{Facts, Halt};

/// The number that asks for TLS.
const SSL_REQUEST: u32 = 80_877_103;

/// The protocol, 3.0.
const VERSION: u32 = 196_608;

/// What is asked once in.
const QUERY: &[u8] = b"SELECT current_user, version()\0";

/// Errors after a login that are about what it may do: no such database, no permission for it, too many connections.
const AFTER_LOGIN: &[&[u8]] = &[b"3D000", b"42501", b"53300"];

pub(super) fn log_in(address: &Address, wire: &mut Wire<'_>) -> Result<Facts, Halt> {
    ask_for_tls(wire)?;
    wire.send(&startup(address))?;
    authenticate(address, wire)?;
    let mut facts = vec![("owner", address.user.clone())];
    loop {
        match message(wire)? {
            (b'S', body) => facts.extend(version(&body)),
            (b'K' | b'N', _) => {}
            (b'E', body) if AFTER_LOGIN.contains(&code(&body)?) => return Ok(facts),
            (b'E', body) => return Err(refusal(&body, false)),
            (b'Z', _) => break,
            _ => return Err(Halt::strange()),
        }
    }
    // Whoever is let in and then hears nothing was let in all the same.
    Ok(ask(wire).unwrap_or(facts))
}

fn ask_for_tls(wire: &mut Wire<'_>) -> Result<(), Halt> {
    if !wire.wants_tls() {
        return Ok(());
    }
    wire.send(&[8_u32.to_be_bytes(), SSL_REQUEST.to_be_bytes()].concat())?;
    match wire.array()? {
        [b'S'] => wire.start_tls(),
        [b'N'] => wire.go_without_tls(),
        _ => Err(Halt::strange()),
    }
}

fn startup(address: &Address) -> Vec<u8> {
    let database = if address.path.is_empty() { &address.user } else { &address.path };
    let mut body = VERSION.to_be_bytes().to_vec();
    for text in ["user", &address.user, "database", database, "application_name", "stanch"] {
        // A zero would end the text early.
        body.extend(text.bytes().filter(|byte| *byte != 0));
        body.push(0);
    }
    body.push(0);
    [&length(body.len())[..], &body].concat()
}

/// The length of a message, which counts itself.
fn length(body: usize) -> [u8; 4] {
    u32::try_from(body + 4).unwrap_or(u32::MAX).to_be_bytes()
}

fn send(wire: &mut Wire<'_>, tag: u8, body: &[u8]) -> Result<(), Halt> {
    let length = length(body.len());
    wire.send(&Zeroizing::new([&[tag], &length[..], body].concat()))
}

/// The next message: its tag and its body.
fn message(wire: &mut Wire<'_>) -> Result<(u8, Vec<u8>), Halt> {
    let [tag] = wire.array()?;
    let length = u32::from_be_bytes(wire.array()?) as usize;
    let body = wire.take(length.checked_sub(4).ok_or_else(Halt::strange)?)?;
    Ok((tag, body))
}

/// Goes through what the server wants to know until it is content.
fn authenticate(address: &Address, wire: &mut Wire<'_>) -> Result<(), Halt> {
    let mut proved = false;
    loop {
        let (tag, body) = message(wire)?;
        let mut body = match tag {
            b'R' => Bytes::new(&body),
            b'E' => return Err(refusal(&body, proved)),
            b'N' | b'v' => continue,
            _ => return Err(Halt::strange()),
        };
        match u32::from_be_bytes(body.array()?) {
            0 if proved => return Ok(()),
            0 => return Err(Halt::open_to_all()),
            3 => {
                wire.may_tell_password()?;
                send(wire, b'p', &zero_ended(address.password.expose()))?;
            }
            5 => send(wire, b'p', &zero_ended(&md5(address, &body.array()?)))?,
            10 => prove(address, wire, &mut body)?,
            way => {
                return Err(Halt::Unclear(format!("the server wants another way to log in (number {way})")));
            }
        }
        proved = true;
    }
}

fn zero_ended(text: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([text, &[0]].concat())
}

/// `md5` and the hash of the hash of password and user, and of the salt.
fn md5(address: &Address, salt: &[u8; 4]) -> Vec<u8> {
    let inner = Md5::new().chain_update(address.password.expose()).chain_update(&address.user).finalize();
    let inner = Zeroizing::new(hex(&inner));
    let outer = Md5::new().chain_update(inner.as_bytes()).chain_update(salt).finalize();
    format!("md5{}", hex(&outer)).into_bytes()
}

/// SCRAM-SHA-256; `offered` are the ways that the server knows.
fn prove(address: &Address, wire: &mut Wire<'_>, offered: &mut Bytes<'_>) -> Result<(), Halt> {
    const WAY: &[u8] = b"SCRAM-SHA-256";
    while offered.until_zero()? != WAY {
        if offered.is_empty() {
            return Err(Halt::unclear("the server does not offer SCRAM-SHA-256"));
        }
    }
    // The server takes the user from the first message of all.
    let scram = Scram::new(Hash::Sha256, "", prepared(address.password.expose()))?;
    let first = scram.first();
    let length = u32::try_from(first.len()).unwrap_or(u32::MAX).to_be_bytes();
    send(wire, b'p', &[WAY, &[0], &length, first.as_bytes()].concat())?;
    let (last, proof) = scram.last(&sasl(wire, 11)?)?;
    send(wire, b'p', last.as_bytes())?;
    proof.check(&sasl(wire, 12)?)
}

/// The data of the next message of an exchange.
fn sasl(wire: &mut Wire<'_>, kind: u32) -> Result<Vec<u8>, Halt> {
    let (tag, body) = message(wire)?;
    if tag == b'E' {
        return Err(refusal(&body, true));
    }
    let mut body = Bytes::new(&body);
    if tag != b'R' || u32::from_be_bytes(body.array()?) != kind {
        return Err(Halt::strange());
    }
    Ok(body.rest().to_vec())
}

/// What an error says. 28000 is what a server without a line for this host, user and database in `pg_hba.conf` says as
/// well, before it asks for a password.
fn refusal(body: &[u8], proved: bool) -> Halt {
    match code(body) {
        Ok(b"28P01") => Halt::Refused,
        Ok(b"28000") if proved => Halt::Refused,
        Ok(code) => Halt::Unclear(format!("the server answers with the error {}", text(code))),
        Err(halt) => halt,
    }
}

/// The SQLSTATE of an error.
fn code(body: &[u8]) -> Result<&[u8], Halt> {
    let mut fields = Bytes::new(body);
    loop {
        let (field, value) = (fields.byte()?, fields.until_zero()?);
        let is_code = value.len() == 5 && value.iter().all(u8::is_ascii_alphanumeric);
        if field == b'C' && is_code {
            return Ok(value);
        }
    }
}

/// The version of the server from a message about a setting.
fn version(body: &[u8]) -> Option<(&'static str, String)> {
    let mut body = Bytes::new(body);
    let (name, value) = (body.until_zero().ok()?, body.until_zero().ok()?);
    (name == b"server_version").then(|| ("type", format!("PostgreSQL {}", text(value))))
}

fn ask(wire: &mut Wire<'_>) -> Result<Facts, Halt> {
    send(wire, b'Q', QUERY)?;
    loop {
        match message(wire)? {
            (b'D', body) => {
                let mut body = Bytes::new(&body);
                body.take(2)?;
                let facts = vec![("owner", text(body.counted()?)), ("type", text(body.counted()?))];
                send(wire, b'X', &[])?;
                return Ok(facts);
            }
            (b'T' | b'N' | b'S', _) => {}
            _ => return Err(Halt::strange()),
        }
    }
}
