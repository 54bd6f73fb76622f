//! AMQP 0-9-1, as RabbitMQ speaks it.
//!
//! Sources: <https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf>, 2.2.4 and 4.2;
//! <https://www.rabbitmq.com/amqp-0-9-1-errata> for the kinds of fields;
//! <https://www.rabbitmq.com/docs/auth-notification> for what a wrong password is answered with.

use zeroize::Zeroizing;

use super::address::Address;
use super::bytes::{Bytes, text};
use super::wire::Wire;
use super::{Facts, Halt};

/// What a client says first: the protocol and its version.
const HEADER: &[u8] = b"AMQP\0\0\x09\x01";

/// The kind of a frame that holds a method, and what a frame ends with.
const METHOD: u8 = 1;
const END: u8 = 0xce;

/// Methods of the class `connection`, with its number before theirs.
const START: [u8; 4] = [0, 10, 0, 10];
const START_OK: [u8; 4] = [0, 10, 0, 11];
const TUNE: [u8; 4] = [0, 10, 0, 30];
const CLOSE: [u8; 4] = [0, 10, 0, 50];

/// ACCESS_REFUSED.
const REFUSED: u16 = 403;

/// There is no question: the next message after the login would open a virtual host.
pub(super) fn log_in(address: &Address, wire: &mut Wire<'_>) -> Result<Facts, Halt> {
    wire.send(HEADER)?;
    let start = method(wire)?;
    let mut start = Bytes::new(&start);
    if start.array()? != START {
        return Err(Halt::strange());
    }
    start.take(2)?;
    let properties = start.counted()?;
    let ways = start.counted()?;
    if !ways.split(|byte| *byte == b' ').any(|way| way == b"PLAIN") {
        return Err(Halt::unclear("the server offers no login by password"));
    }
    wire.may_tell_password()?;
    wire.send(&start_ok(address))?;
    let answer = method(wire)?;
    let mut answer = Bytes::new(&answer);
    match answer.array()? {
        TUNE => Ok([("owner", address.user.clone())].into_iter().chain(server(properties)).collect()),
        CLOSE => match u16::from_be_bytes(answer.array()?) {
            REFUSED => Err(Halt::Refused),
            code => Err(Halt::Unclear(format!("the server answers with the error {code}"))),
        },
        _ => Err(Halt::strange()),
    }
}

/// The next method: its number and its arguments.
fn method(wire: &mut Wire<'_>) -> Result<Vec<u8>, Halt> {
    let [kind, _, _] = wire.array()?;
    if kind != METHOD {
        return Err(Halt::strange());
    }
    let length = u32::from_be_bytes(wire.array()?);
    let method = wire.take(length as usize)?;
    if wire.array()? == [END] { Ok(method) } else { Err(Halt::strange()) }
}

/// The frame with the user and the password (SASL PLAIN, RFC 4616). The client says that it understands a refusal;
/// without that, a server may only close the connection.
fn start_ok(address: &Address) -> Zeroizing<Vec<u8>> {
    let able = [&short(b"authentication_failure_close")[..], b"t\x01"].concat();
    let properties =
        [&short(b"product")[..], b"S", &long(b"stanch"), &short(b"capabilities"), b"F", &long(&able)]
            .concat();
    let plain = Zeroizing::new([&[0], address.user.as_bytes(), &[0], address.password.expose()].concat());
    let plain = Zeroizing::new(long(&plain));
    let body = Zeroizing::new(
        [&START_OK[..], &long(&properties), &short(b"PLAIN"), &plain, &short(b"en_US")].concat(),
    );
    Zeroizing::new([&[METHOD, 0, 0], &long(&body)[..], &[END]].concat())
}

/// A text behind its length in one byte.
fn short(text: &[u8]) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap_or(u8::MAX)], text].concat()
}

/// Bytes behind their length in four.
fn long(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes(), bytes].concat()
}

/// The name and the version of the server from its properties.
fn server(properties: &[u8]) -> Option<(&'static str, String)> {
    let (mut product, mut version) = (None, None);
    let mut properties = Bytes::new(properties);
    while let Ok((name, value)) = field(&mut properties) {
        match name {
            b"product" => product = value,
            b"version" => version = value,
            _ => {}
        }
    }
    let words: Vec<String> = [product, version].into_iter().flatten().map(text).collect();
    (!words.is_empty()).then(|| ("type", words.join(" ")))
}

/// The name of the next field, and its value where that is a text.
fn field<'a>(table: &mut Bytes<'a>) -> Result<(&'a [u8], Option<&'a [u8]>), Halt> {
    let length = table.byte()?;
    let name = table.take(usize::from(length))?;
    let length = match table.byte()? {
        b'S' => return Ok((name, Some(table.counted()?))),
        b'F' | b'A' | b'x' => {
            table.counted()?;
            0
        }
        b't' | b'b' | b'B' => 1,
        b's' | b'u' => 2,
        b'I' | b'i' | b'f' => 4,
        b'D' => 5,
        b'l' | b'L' | b'd' | b'T' => 8,
        b'V' => 0,
        _ => return Err(Halt::strange()),
    };
    table.take(length)?;
    Ok((name, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_of_servers() {
        for (table, expected) in [
            (
                &b"\x01aF\0\0\0\x02xx\x01bt\x01\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x013"[..],
                Some("RabbitMQ 3"),
            ),
            (b"\x07productS\0\0\0\x01x", Some("x")),
            (b"\x07productI\0\0\0\x01", None),
            (b"\x07productS\0\0\0\x09x", None),
            (b"\xff", None),
            (b"", None),
        ] {
            let expected = expected.map(|text| ("type", text.to_owned()));
            assert_eq!(server(table), expected, "{table:?}");
        }
    }
}
