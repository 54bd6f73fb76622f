//! LDAP: a simple bind and nothing more.
//!
//! Source: RFC 4511, 4.2 (bind), 4.14 (StartTLS), and appendix A for the codes of results.

use zeroize::Zeroizing;

use super::address::Address;
use super::bytes::Bytes;
use super::wire::Wire;
use super::{Facts, Halt};

/// The extended operation that begins TLS.
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// Tags: a sequence, a number, a string, an enumerated value, the password of a simple bind, the name of an extended
/// operation, requests and their responses.
const SEQUENCE: u8 = 0x30;
const NUMBER: u8 = 0x02;
const STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const SIMPLE: u8 = 0x80;
const NAME: u8 = 0x80;
const BIND: u8 = 0x60;
const BOUND: u8 = 0x61;
const EXTENDED: u8 = 0x77;
const DONE: u8 = 0x78;
const UNBIND: u8 = 0x42;

/// `success`, and `invalidCredentials`.
const SUCCESS: u8 = 0;
const INVALID: u8 = 49;

pub(super) fn log_in(address: &Address, wire: &mut Wire<'_>) -> Result<Facts, Halt> {
    if address.user.is_empty() {
        // With no name, a bind is anonymous whatever the password (RFC 4513, 5.1).
        return Err(Halt::unclear("there is no user in the address"));
    }
    let mut number = 1;
    if wire.wants_tls() {
        match ask(wire, number, &element(EXTENDED, &element(NAME, START_TLS)), DONE)? {
            SUCCESS => wire.start_tls()?,
            _ => wire.go_without_tls()?,
        }
        number += 1;
    }
    wire.may_tell_password()?;
    let name = element(STRING, address.user.as_bytes());
    let password = Zeroizing::new(element(SIMPLE, address.password.expose()));
    let bind = Zeroizing::new([&element(NUMBER, &[3])[..], &name, &password].concat());
    match ask(wire, number, &Zeroizing::new(element(BIND, &bind)), BOUND)? {
        SUCCESS => {}
        INVALID => return Err(Halt::Refused),
        code => return Err(Halt::Unclear(format!("the server answers with the result {code}"))),
    }
    // Let in is let in, whether the farewell arrives or not.
    let _ = wire.send(&message(number + 1, &[UNBIND, 0]));
    Ok(vec![("owner", address.user.clone())])
}

/// The code of the result of a request.
fn ask(wire: &mut Wire<'_>, number: u8, request: &[u8], expected: u8) -> Result<u8, Halt> {
    wire.send(&message(number, request))?;
    let answer = read(wire)?;
    let mut answer = Bytes::new(&answer);
    if answer.element_of(NUMBER)? != [number] {
        return Err(Halt::strange());
    }
    let mut result = Bytes::new(answer.element_of(expected)?);
    match result.element_of(ENUMERATED)? {
        [code] => Ok(*code),
        _ => Err(Halt::strange()),
    }
}

fn message(number: u8, operation: &[u8]) -> Zeroizing<Vec<u8>> {
    let body = Zeroizing::new([&element(NUMBER, &[number])[..], operation].concat());
    Zeroizing::new(element(SEQUENCE, &body))
}

/// An element; lengths are written in the long form, which may hold small ones, too.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&[tag, 0x84][..], &length, content].concat()
}

/// The content of the next message.
fn read(wire: &mut Wire<'_>) -> Result<Vec<u8>, Halt> {
    let [tag, first] = wire.array()?;
    let length = match first {
        short @ 0..=0x7f => usize::from(short),
        long @ 0x81..=0x84 => {
            let bytes = wire.take(usize::from(long & 0x7f))?;
            bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
        }
        _ => return Err(Halt::strange()),
    };
    if tag != SEQUENCE {
        return Err(Halt::strange());
    }
    wire.take(length)
}
