//! MySQL and MariaDB.
//!
//! Sources: <https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html>, above all "Connection Phase" and
//! "Caching_sha2_password information"; <https://mariadb.com/docs/server/reference/clientserver-protocol>.

use sha1::Digest as _;
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::address::Address;
use super::bytes::{Bytes, text};
use super::wire::Wire;
use super::{Facts, Halt, ed25519, oaep};

/// CLIENT_LONG_PASSWORD, _PROTOCOL_41, _TRANSACTIONS, _SECURE_CONNECTION, _PLUGIN_AUTH.
const ABILITIES: u32 = 1 | 1 << 9 | 1 << 13 | 1 << 15 | 1 << 19;

/// CLIENT_SSL.
const TLS: u32 = 1 << 11;

/// `utf8mb4_general_ci`, known to servers since 5.5.
const CHARSET: u8 = 45;

/// A larger packet is not sent.
const LARGEST: u32 = 1 << 24;

/// COM_QUERY and COM_QUIT.
const QUERY: &[u8] = b"\x03SELECT CURRENT_USER(), VERSION()";
const QUIT: &[u8] = b"\x01";

/// Access denied for the user.
const DENIED: u16 = 1045;

/// Errors of somebody whose password was right: no right to the database, no such database.
const AFTER_LOGIN: [u16; 2] = [1044, 1049];

/// More steps are no login.
const MOST_STEPS: usize = 12;

pub(super) fn log_in(address: &Address, wire: &mut Wire<'_>) -> Result<Facts, Halt> {
    let mut packets = Packets { wire, next: 0 };
    let greeting = Greeting::parse(&packets.read()?)?;
    let mut abilities = ABILITIES;
    if packets.wire.wants_tls() {
        if greeting.abilities & TLS == 0 {
            packets.wire.go_without_tls()?;
        } else {
            abilities |= TLS;
            packets.send(&head(abilities))?;
            packets.wire.start_tls()?;
        }
    }
    let facts = vec![("owner", address.user.clone()), ("type", greeting.version.clone())];
    match authenticate(address, &mut packets, abilities, greeting) {
        // Whoever is let in and then hears nothing was let in all the same.
        Ok(()) => Ok(ask(&mut packets).unwrap_or(facts)),
        Err(Stop::AfterLogin) => Ok(facts),
        Err(Stop::Halt(halt)) => Err(halt),
    }
}

/// Why there is no session.
enum Stop {
    /// The password was right.
    AfterLogin,
    Halt(Halt),
}

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Stop {
        Stop::Halt(halt)
    }
}

/// Packets are numbered, and answers go on counting.
struct Packets<'a, 'w> {
    wire: &'a mut Wire<'w>,
    next: u8,
}

impl Packets<'_, '_> {
    fn read(&mut self) -> Result<Vec<u8>, Halt> {
        let [low, middle, high, number] = self.wire.array()?;
        if number != self.next {
            return Err(Halt::strange());
        }
        self.next = number.wrapping_add(1);
        self.wire.take(u32::from_le_bytes([low, middle, high, 0]) as usize)
    }

    fn send(&mut self, body: &[u8]) -> Result<(), Halt> {
        let [low, middle, high, _] = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
        let head = [low, middle, high, self.next];
        self.next = self.next.wrapping_add(1);
        self.wire.send(&Zeroizing::new([&head, body].concat()))
    }
}

/// What a server says first.
struct Greeting {
    version: String,
    abilities: u32,
    way: Vec<u8>,
    challenge: Vec<u8>,
}

impl Greeting {
    fn parse(packet: &[u8]) -> Result<Greeting, Halt> {
        let mut packet = Bytes::new(packet);
        match packet.byte()? {
            10 => {}
            0xff => return Err(fault(packet.rest())),
            _ => return Err(Halt::strange()),
        }
        let version = text(packet.until_zero()?);
        packet.take(4)?;
        let mut challenge = packet.take(8)?.to_vec();
        packet.byte()?;
        let low: [u8; 2] = packet.array()?;
        packet.take(3)?;
        let high: [u8; 2] = packet.array()?;
        packet.take(11)?;
        challenge.extend(packet.take(12)?);
        packet.byte()?;
        let way = packet.until_zero().unwrap_or(NATIVE).to_vec();
        Ok(Greeting {
            version,
            abilities: u32::from_le_bytes([low[0], low[1], high[0], high[1]]),
            way,
            challenge,
        })
    }
}

/// What the first answer begins with, and all of it that comes before TLS.
fn head(abilities: u32) -> Vec<u8> {
    let mut head = [abilities.to_le_bytes(), LARGEST.to_le_bytes()].concat();
    head.push(CHARSET);
    head.extend([0; 23]);
    head
}

const NATIVE: &[u8] = b"mysql_native_password";
const CACHING: &[u8] = b"caching_sha2_password";
const SHA256: &[u8] = b"sha256_password";
const CLEAR: &[u8] = b"mysql_clear_password";
const ED25519: &[u8] = b"client_ed25519";

fn authenticate(
    address: &Address,
    packets: &mut Packets<'_, '_>,
    abilities: u32,
    greeting: Greeting,
) -> Result<(), Stop> {
    let password = address.password.expose();
    let Greeting { mut way, mut challenge, .. } = greeting;
    if ![NATIVE, CACHING].contains(&&*way) {
        // The server asks for the right one then.
        way = NATIVE.to_vec();
    }
    let answer = first_answer(&way, password, &challenge, packets.wire)?;
    let mut first = Zeroizing::new(head(abilities));
    first.extend(address.user.as_bytes());
    first.push(0);
    first.push(u8::try_from(answer.len()).unwrap_or_default());
    first.extend(&*answer);
    first.extend(&way);
    first.push(0);
    packets.send(&first)?;
    for _ in 0..MOST_STEPS {
        let packet = packets.read()?;
        let mut packet = Bytes::new(&packet);
        match packet.byte()? {
            0 => return Ok(()),
            0xff => return Err(refusal(packet.rest())),
            0xfe if packet.is_empty() => {
                return Err(Halt::unclear("the server wants passwords as they were before 4.1").into());
            }
            0xfe => {
                way = packet.until_zero()?.to_vec();
                let rest = packet.rest();
                challenge = rest.strip_suffix(&[0]).unwrap_or(rest).to_vec();
                let answer = first_answer(&way, password, &challenge, packets.wire)?;
                packets.send(&answer)?;
            }
            1 => more(&way, password, &challenge, packets, packet.rest())?,
            _ => return Err(Halt::strange().into()),
        }
    }
    Err(Halt::strange().into())
}

/// What a way to log in begins with.
fn first_answer(
    way: &[u8],
    password: &[u8],
    challenge: &[u8],
    wire: &Wire<'_>,
) -> Result<Zeroizing<Vec<u8>>, Halt> {
    match way {
        NATIVE => Ok(native(password, challenge)),
        CACHING => Ok(caching(password, challenge)),
        ED25519 => Ok(Zeroizing::new(ed25519::sign(password, challenge).to_vec())),
        SHA256 if !wire.has_tls() => wire.may_tell_password().map(|()| Zeroizing::new(vec![1])),
        SHA256 | CLEAR => wire.may_tell_password_to_known().map(|()| zero_ended(password)),
        way => {
            let way: String =
                text(way).chars().filter(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            Err(Halt::Unclear(format!("the server wants another way to log in ({way})")))
        }
    }
}

/// `SHA1(password) XOR SHA1(challenge + SHA1(SHA1(password)))`.
fn native(password: &[u8], challenge: &[u8]) -> Zeroizing<Vec<u8>> {
    let once = Sha1::digest(password);
    let twice = Sha1::digest(once);
    let mask = Sha1::new().chain_update(challenge).chain_update(twice).finalize();
    xor(&once, &mask)
}

/// `SHA256(password) XOR SHA256(SHA256(SHA256(password)) + challenge)`.
fn caching(password: &[u8], challenge: &[u8]) -> Zeroizing<Vec<u8>> {
    let once = Sha256::digest(password);
    let twice = Sha256::digest(once);
    let mask = Sha256::new().chain_update(twice).chain_update(challenge).finalize();
    xor(&once, &mask)
}

fn xor(bytes: &[u8], mask: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect())
}

fn zero_ended(password: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([password, &[0]].concat())
}

/// What a way to log in asks next: that it is content (3), the password itself (4), or nothing but its RSA key.
///
/// Through TLS the password itself goes to a server that is known only, whatever the URI says: what clients do that are
/// told nothing (`--ssl-mode=PREFERRED`) hands it to whoever answers. A key that comes over a connection without TLS is
/// no better, unless the connection does not leave this machine or the URI wants it so.
fn more(
    way: &[u8],
    password: &[u8],
    challenge: &[u8],
    packets: &mut Packets<'_, '_>,
    data: &[u8],
) -> Result<(), Halt> {
    let send_encrypted = |packets: &mut Packets<'_, '_>, key: &[u8]| {
        let masked = xor(&zero_ended(password), if challenge.is_empty() { &[0] } else { challenge });
        packets.send(&oaep::encrypt(key, &masked)?)
    };
    match (way, data) {
        (CACHING, [3]) => Ok(()),
        (CACHING, [4]) if packets.wire.has_tls() => {
            packets.wire.may_tell_password_to_known()?;
            packets.send(&zero_ended(password))
        }
        (CACHING, [4]) => {
            packets.wire.may_tell_password()?;
            packets.send(&[2])?;
            match packets.read()?.split_first() {
                Some((1, key)) => send_encrypted(packets, key),
                Some((0xff, rest)) => Err(fault(rest)),
                _ => Err(Halt::strange()),
            }
        }
        (SHA256, key) if !packets.wire.has_tls() => send_encrypted(packets, key),
        _ => Err(Halt::strange()),
    }
}

/// What an error says that ends a login.
fn refusal(body: &[u8]) -> Stop {
    match number(body) {
        Ok(DENIED) => Halt::Refused.into(),
        Ok(number) if AFTER_LOGIN.contains(&number) => Stop::AfterLogin,
        _ => fault(body).into(),
    }
}

fn fault(body: &[u8]) -> Halt {
    match number(body) {
        Ok(number) => Halt::Unclear(format!("the server answers with the error {number}")),
        Err(halt) => halt,
    }
}

fn number(body: &[u8]) -> Result<u16, Halt> {
    Ok(u16::from_le_bytes(Bytes::new(body).array()?))
}

/// Two columns, two descriptions of them, an end, a row.
fn ask(packets: &mut Packets<'_, '_>) -> Result<Facts, Halt> {
    packets.next = 0;
    packets.send(QUERY)?;
    if packets.read()? != [2] {
        return Err(Halt::strange());
    }
    for _ in 0..3 {
        packets.read()?;
    }
    let row = packets.read()?;
    let mut row = Bytes::new(&row);
    let (owner, version) = (short(&mut row)?, short(&mut row)?);
    packets.next = 0;
    packets.send(QUIT)?;
    Ok(vec![("owner", owner), ("type", version)])
}

/// A text of less than 251 bytes.
fn short(row: &mut Bytes<'_>) -> Result<String, Halt> {
    match row.byte()? {
        length @ 0..251 => Ok(text(row.take(usize::from(length))?)),
        _ => Err(Halt::strange()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::databases::bytes::hex;

    /// Computed with Python's hashlib.
    #[test]
    fn answers_to_challenges() {
        let challenge: Vec<u8> = (1..=20).collect();
        assert_eq!(hex(&native(b"tulip7", &challenge)), "5166c188e1f494c525dc537a1e492015e7e80465");
        assert_eq!(
            hex(&caching(b"tulip7", &challenge)),
            "c619bd3dbbb67c0db2c4c3f375973a6b941a9ab97dc247f49f50b62c520e728e"
        );
    }
}
