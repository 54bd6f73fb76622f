//! Logs in at the host that stands in a connection URI, asks it one harmless question, and tells what came of it.
//!
//! The protocols are spoken by hand, a small file each, over one kind of connection (`wire::Wire`): so that one
//! time-out holds for the whole login however slowly a server trickles, no answer grows without bound, and a password
//! that a server could read goes nowhere unless the connection is fit for it. Clients made for daily use promise none
//! of the three.

mod address;
mod amqp;
mod bson;
mod bytes;
mod ed25519;
mod ldap;
mod mongodb;
mod mysql;
mod oaep;
mod postgres;
mod redis;
mod scram;
mod smtp;
mod tls;
mod wire;

use std::time::{Duration, Instant};

use address::{Address, Host};
use tls::Need;
use wire::Wire;

use super::Trust;
use crate::model::Secret;

/// What came of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// The server takes the password.
    Accepted {
        /// What the server says: `owner`, the user; `type`, what it is and of which version. From outside, and not
        /// sanitised.
        facts: Vec<(&'static str, String)>,
    },
    /// The server says, in the words of its protocol, that the password is wrong.
    Refused,
    /// Nothing follows; why, in words that hold no secret.
    Unclear(String),
    /// There is no connection to the host; why.
    Unreachable(String),
    /// The login was not done in time.
    TimedOut,
}

/// What a server says of itself and the user, by label.
type Facts = Vec<(&'static str, String)>;

/// Why a login ended early.
#[derive(Debug, PartialEq, Eq)]
enum Halt {
    Refused,
    Unclear(String),
    Unreachable(String),
    TimedOut,
}

/// A way to log in, and where it is mostly spoken.
struct Scheme {
    name: &'static str,
    port: u16,
    opening: Opening,
    log_in: fn(&Address, &mut Wire<'_>) -> Result<Facts, Halt>,
}

/// How a connection begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// With TLS.
    Tls,
    /// With TLS where the URI says so: the protocol itself cannot ask for it.
    TlsIfSaid,
    /// In the clear; the protocol asks for TLS.
    Asks,
}

/// Sorted by name.
const SCHEMES: &[Scheme] = &[
    Scheme { name: "amqp", port: 5672, opening: Opening::TlsIfSaid, log_in: amqp::log_in },
    Scheme { name: "amqps", port: 5671, opening: Opening::Tls, log_in: amqp::log_in },
    Scheme { name: "ldap", port: 389, opening: Opening::Asks, log_in: ldap::log_in },
    Scheme { name: "ldaps", port: 636, opening: Opening::Tls, log_in: ldap::log_in },
    Scheme { name: "mariadb", port: 3306, opening: Opening::Asks, log_in: mysql::log_in },
    Scheme { name: "mongodb", port: 27017, opening: Opening::TlsIfSaid, log_in: mongodb::log_in },
    Scheme { name: "mysql", port: 3306, opening: Opening::Asks, log_in: mysql::log_in },
    Scheme { name: "postgres", port: 5432, opening: Opening::Asks, log_in: postgres::log_in },
    Scheme { name: "postgresql", port: 5432, opening: Opening::Asks, log_in: postgres::log_in },
    Scheme { name: "redis", port: 6379, opening: Opening::TlsIfSaid, log_in: redis::log_in },
    Scheme { name: "rediss", port: 6379, opening: Opening::Tls, log_in: redis::log_in },
    Scheme { name: "smtp", port: 587, opening: Opening::Asks, log_in: smtp::log_in },
    Scheme { name: "smtps", port: 465, opening: Opening::Tls, log_in: smtp::log_in },
];

/// Schemes behind which SQLAlchemy writes the driver: `postgresql+psycopg2`.
const WITH_DRIVER: &[&str] = &["mariadb", "mysql", "postgres", "postgresql"];

/// SMTP that begins with TLS (RFC 8314, 3.3), whatever the scheme says.
const SUBMISSIONS: u16 = 465;

/// No login takes longer, whatever time is given.
const LONGEST_LOGIN: Duration = Duration::from_secs(3600);

/// More of a fact is not kept.
const LONGEST_FACT: usize = 200;

/// Whether a scheme is one that can be asked.
pub fn is_known(scheme: &str) -> bool {
    find(scheme).is_some()
}

/// The first host of a URI, and its port; nothing where it is no address of a server that can be asked.
pub fn host(uri: &Secret) -> Option<String> {
    let address = Address::parse(uri).ok()?;
    address.hosts.first().map(|host| format!("{}:{}", host.name, host.port))
}

fn find(scheme: &str) -> Option<&'static Scheme> {
    let scheme = scheme.to_ascii_lowercase();
    let name = match scheme.split_once('+') {
        Some((name, _)) if WITH_DRIVER.contains(&name) => name,
        _ => &scheme,
    };
    SCHEMES.iter().find(|known| known.name == name)
}

/// Logs in with the user and the password of a URI at its host, or, where it names several, at the first of them that
/// can be reached.
///
/// `uri` is the whole URI: for MongoDB the path and `authSource` tell where the user is kept, and a right password is
/// refused elsewhere. Of the rest of the query only what is about TLS counts. `timeout` is for all of it. Where the
/// host is, in a private network or not, is for the caller to judge.
pub fn login(uri: &Secret, trust: &Trust, timeout: Duration) -> Login {
    let deadline = Instant::now() + timeout.min(LONGEST_LOGIN);
    let address = match Address::parse(uri) {
        Ok(address) => address,
        Err(fault) => return Login::Unclear(fault.into()),
    };
    let mut login = Login::Unreachable("the address names no host".into());
    for host in &address.hosts {
        login = match log_in_at(&address, host, trust, deadline) {
            Ok(facts) => Login::Accepted { facts },
            Err(Halt::Refused) => Login::Refused,
            Err(Halt::Unclear(why)) => Login::Unclear(why),
            Err(Halt::Unreachable(why)) => Login::Unreachable(why),
            Err(Halt::TimedOut) => Login::TimedOut,
        };
        if !matches!(login, Login::Unreachable(_)) {
            break;
        }
    }
    without_secret(login, &address)
}

fn log_in_at(address: &Address, host: &Host, trust: &Trust, deadline: Instant) -> Result<Facts, Halt> {
    let mut wire = Wire::connect(host, (address.tls, trust), deadline)?;
    if begins_with_tls(address, host) {
        wire.start_tls()?;
    }
    (address.scheme.log_in)(address, &mut wire)
}

fn begins_with_tls(address: &Address, host: &Host) -> bool {
    match address.scheme.opening {
        Opening::Tls => true,
        Opening::TlsIfSaid => address.tls.need == Need::Always,
        Opening::Asks => address.scheme.name == "smtp" && host.port == SUBMISSIONS,
    }
}

/// Takes out what a server sent back of the password, or a host is named that has it.
fn without_secret(login: Login, address: &Address) -> Login {
    let clean = |text: String| if address.password_is_in(&text) { "…".to_owned() } else { text };
    match login {
        Login::Accepted { facts } => {
            let cut = |text: String| text.chars().take(LONGEST_FACT).collect::<String>();
            let facts = facts.into_iter().map(|(label, text)| (label, cut(clean(text)))).collect();
            Login::Accepted { facts }
        }
        Login::Unclear(why) => Login::Unclear(clean(why)),
        Login::Unreachable(why) => Login::Unreachable(clean(why)),
        login @ (Login::Refused | Login::TimedOut) => login,
    }
}

impl Halt {
    fn unclear(why: impl Into<String>) -> Halt {
        Halt::Unclear(why.into())
    }

    /// The server says something that its protocol does not know, or not there.
    fn strange() -> Halt {
        Halt::unclear("the answer is none of this protocol")
    }

    /// The server lets in whoever comes: what it says tells nothing of the password.
    fn open_to_all() -> Halt {
        Halt::unclear("the server asks for no password")
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpListener};
    use std::process::Command;
    use std::sync::Arc;
    use std::thread::{self, JoinHandle};

    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    use super::*;

    /// A server that says its lines whatever it hears; what it heard.
    fn says(lines: &'static [&'static [u8]]) -> (u16, JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            stream.write_all(&lines.concat()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let mut heard = vec![];
            // The other side may end it with what was said unread.
            let _ = stream.read_to_end(&mut heard);
            heard
        });
        (port, heard)
    }

    /// What comes of a login at a server that is not on this machine, and what that server heard.
    fn log_in_far_away(scheme: &str, query: &str, lines: &'static [&'static [u8]]) -> (Halt, Vec<u8>) {
        let (port, heard) = says(lines);
        let halt = log_in_at_port(port, scheme, query, &Trust::default());
        (halt, heard.join().unwrap())
    }

    fn log_in_at_port(port: u16, scheme: &str, query: &str, trust: &Trust) -> Halt {
        let uri = format!("{scheme}://joe:{PASSWORD}@127.0.0.1:{port}/x?{query}");
        let address = Address::parse(&Secret::new(uri.as_bytes())).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut wire = Wire::connect(&address.hosts[0], (address.tls, trust), deadline).unwrap().far_away();
        (address.scheme.log_in)(&address, &mut wire).unwrap_err()
    }

    const PASSWORD: &str = "tulip7";
    const AMQP: &[&[u8]] = &[b"\x01\0\0\0\0\0\x17\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x05PLAIN\0\0\0\0\xce"];
    const LDAP: &[&[u8]] = &[b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\0\x04\0"];
    const MYSQL: &[&[u8]] = &[
        b"\x49\0\0\0\x0a8.4.0\0\x01\0\0\0abcdefgh\0\x00\x82\xff\x02\0\x08\0\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0",
        b"mysql_native_password\0\x16\0\0\x02\xfemysql_clear_password\0",
    ];
    const POSTGRES: &[&[u8]] = &[b"N", b"R\0\0\0\x08\0\0\0\x03"];
    const REDIS: &[&[u8]] = &[b"-NOAUTH Authentication required.\r\n"];
    const SMTP: &[&[u8]] = &[b"220 x\r\n", b"250-x\r\n250 AUTH PLAIN LOGIN\r\n"];

    #[test]
    fn no_password_is_sent_in_clear_text() {
        for (scheme, lines) in [
            ("amqp", AMQP),
            ("ldap", LDAP),
            ("mysql", MYSQL),
            ("postgres", POSTGRES),
            ("redis", REDIS),
            ("smtp", SMTP),
        ] {
            let (halt, heard) = log_in_far_away(scheme, "", lines);
            let why = "the server wants the password in clear text, and the connection is not encrypted";
            assert_eq!(halt, Halt::unclear(why), "{scheme}");
            let heard = String::from_utf8_lossy(&heard).into_owned();
            // The second as SMTP writes it.
            for secret in ["tulip7", "AGpvZQB0dWxpcDc", "dHVsaXA3"] {
                assert!(!heard.contains(secret), "{scheme}: {heard:?}");
            }
        }
    }

    #[test]
    fn a_password_is_sent_in_clear_text_where_the_address_says_so() {
        let (halt, heard) = log_in_far_away("redis", "ssl=false", REDIS);
        assert_eq!(halt, Halt::unclear("the server ended the connection"));
        assert!(memchr::memmem::find(&heard, b"tulip7").is_some());
    }

    /// What a MySQL server says, with a way to log in; flags without and with TLS.
    const MYSQL_8: &[u8] = b"\x49\0\0\0\x0a8.4.0\0\x01\0\0\0abcdefgh\0\x00\x82\xff\x02\0\x08\0\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0caching_sha2_password\0";
    const MYSQL_8_WITH_TLS: &[u8] = b"\x49\0\0\0\x0a8.4.0\0\x01\0\0\0abcdefgh\0\x00\x8a\xff\x02\0\x08\0\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0caching_sha2_password\0";

    /// Whoever sits between could have taken TLS from the greeting, and send a key of their own for the password.
    #[test]
    fn a_key_that_nobody_vouches_for_is_asked_for_only_where_the_address_wants_no_tls() {
        let lines: &[&[u8]] = &[MYSQL_8, b"\x02\0\0\x02\x01\x04"];
        let (halt, heard) = log_in_far_away("mysql", "", lines);
        assert_eq!(
            halt,
            Halt::unclear("the server wants the password in clear text, and the connection is not encrypted")
        );
        assert!(!heard.ends_with(b"\x01\0\0\x03\x02"), "{heard:?}");
        let (halt, heard) = log_in_far_away("mysql", "ssl-mode=DISABLED", lines);
        assert_eq!(halt, Halt::unclear("the server ended the connection"));
        assert!(heard.ends_with(b"\x01\0\0\x03\x02"), "the key is asked for: {heard:?}");
    }

    /// A server with TLS that says these, and what it heard of it.
    fn says_over_tls(own: &Certified, after: &'static [u8]) -> (u16, JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(&own.certificate).unwrap()],
                PrivateKeyDer::from_pem_slice(&own.key).unwrap(),
            )
            .unwrap();
        let heard = thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            stream.write_all(MYSQL_8_WITH_TLS).unwrap();
            // What asks for TLS: the head of a packet, and 32 bytes.
            stream.read_exact(&mut [0; 36]).unwrap();
            let tls = rustls::ServerConnection::new(Arc::new(config)).unwrap();
            let mut stream = rustls::StreamOwned::new(tls, stream);
            // Nothing more is said; and who does not like the certificate goes away.
            let said = stream.write_all(after);
            stream.conn.send_close_notify();
            let _ = said.and_then(|()| stream.flush());
            let mut heard = vec![];
            let _ = stream.read_to_end(&mut heard);
            heard
        });
        (port, heard)
    }

    /// A certificate for this machine that only it vouches for, and its key, in PEM.
    struct Certified {
        certificate: Vec<u8>,
        key: Vec<u8>,
    }

    fn certified() -> Certified {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let made = Command::new("openssl")
            .args(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=db"
                    .split(' '),
            )
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=IP:127.0.0.1"])
            .arg("-keyout")
            .arg(path("key"))
            .arg("-out")
            .arg(path("certificate"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let read = |name: &str| std::fs::read(path(name)).unwrap();
        Certified { certificate: read("certificate"), key: read("key") }
    }

    #[test]
    fn mysql_gets_a_password_itself_only_with_a_certificate_that_is_trusted() {
        const WANTS_IT: &[u8] = b"\x02\0\0\x03\x01\x04";
        const SWITCHES: &[u8] = b"\x12\0\0\x03\xfesha256_password\0a";
        const CLEARLY: &[u8] = b"\x16\0\0\x03\xfemysql_clear_password\0";
        let own = certified();
        let trusting = Trust::with(&own.certificate).unwrap();
        for after in [WANTS_IT, SWITCHES, CLEARLY] {
            // REQUIRED means that the certificate does not matter; to the password it does.
            for query in ["", "ssl-mode=PREFERRED", "ssl-mode=REQUIRED"] {
                let (port, heard) = says_over_tls(&own, after);
                let halt = log_in_at_port(port, "mysql", query, &Trust::default());
                let heard = heard.join().unwrap();
                let Halt::Unclear(why) = halt else { panic!("{halt:?}") };
                assert!(why.starts_with("the server wants the password itself"), "{query}: {why}");
                assert!(memchr::memmem::find(&heard, b"joe\0").is_some(), "it was logged in: {heard:?}");
                assert!(memchr::memmem::find(&heard, b"tulip7").is_none(), "{query}: {heard:?}");
            }
            for query in ["", "ssl-mode=REQUIRED", "ssl-mode=VERIFY_IDENTITY"] {
                let (port, heard) = says_over_tls(&own, after);
                let halt = log_in_at_port(port, "mysql", query, &trusting);
                assert!(memchr::memmem::find(&heard.join().unwrap(), b"tulip7\0").is_some(), "{halt:?}");
            }
        }
    }

    #[test]
    fn what_a_server_sends_back_of_the_password_is_not_told() {
        let address = Address::parse(&Secret::new(b"redis://:tu%6Cip7@db.test")).unwrap();
        for text in ["a tulip7 b", "tu%6Cip7"] {
            let hidden = || "…".to_owned();
            let facts = vec![("type", text.to_owned()), ("owner", "joe".to_owned())];
            let expected = vec![("type", hidden()), ("owner", "joe".to_owned())];
            let told = without_secret(Login::Accepted { facts }, &address);
            assert_eq!(told, Login::Accepted { facts: expected });
            assert_eq!(without_secret(Login::Unclear(text.into()), &address), Login::Unclear(hidden()));
            assert_eq!(
                without_secret(Login::Unreachable(text.into()), &address),
                Login::Unreachable(hidden())
            );
        }
    }

    #[test]
    fn schemes_are_sorted() {
        assert!(SCHEMES.is_sorted_by_key(|scheme| scheme.name));
    }

    #[test]
    fn some_schemes_can_be_asked() {
        for (scheme, known) in [
            ("postgres", true),
            ("PostgreSQL", true),
            ("postgresql+psycopg2", true),
            ("mysql+pymysql", true),
            ("rediss", true),
            ("redis+sentinel", false),
            ("mongodb", true),
            ("mongodb+srv", false),
            ("mysqlx", false),
            ("https", false),
            ("+", false),
            ("", false),
        ] {
            assert_eq!(is_known(scheme), known, "{scheme}");
        }
    }
}
