//! Logins at real servers, and at some that are none.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

#[path = "databases/fakes.rs"]
mod fakes;
#[path = "databases/servers.rs"]
mod servers;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use servers::{RIGHT, Server, WRITTEN, free_port};
use stanch::model::Secret;
use stanch::net::Trust;
use stanch::net::databases::{self, Login};

/// Enough for a server on a busy machine.
const LONG: Duration = Duration::from_secs(20);

/// What a login may take beside its time-out, on a busy machine.
const SLACK: Duration = Duration::from_secs(3);

const WRONG: &str = "tulip";

const SCHEMES: [&str; 13] = [
    "amqp",
    "amqps",
    "ldap",
    "ldaps",
    "mariadb",
    "mongodb",
    "mysql",
    "postgres",
    "postgresql",
    "redis",
    "rediss",
    "smtp",
    "smtps",
];

fn login(uri: &str) -> Login {
    databases::login(&Secret::new(uri.as_bytes()), &Trust::default(), LONG)
}

fn unclear(why: &str) -> Login {
    Login::Unclear(why.to_owned())
}

#[track_caller]
fn assert_accepted(uri: &str, owner: &str, kind: &str) {
    let told = login(uri);
    let Login::Accepted { facts } = &told else { panic!("{uri}: {told:?}") };
    let fact = |label| facts.iter().find(|fact| fact.0 == label).map_or("", |fact| &fact.1);
    assert_eq!(fact("owner"), owner, "{uri}: {facts:?}");
    assert!(fact("type").contains(kind), "{uri}: {facts:?}");
}

/// A login in another process that trusts an authority.
fn login_trusting(server: &Server, uri: &str) -> String {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_login_of_another_test", "--ignored", "--nocapture"])
        .env("SSL_CERT_FILE", server.folder.path().join("authority.pem"))
        .env_remove("SSL_CERT_DIR")
        .env("LOGIN", uri)
        .output()
        .unwrap();
    let told = String::from_utf8(child.stdout).unwrap();
    told.lines().find_map(|line| line.split_once("told: ")).map(|(_, told)| told.to_owned()).unwrap_or(told)
}

#[test]
#[ignore = "other tests run it in a process of its own"]
fn a_login_of_another_test() {
    let Ok(uri) = std::env::var("LOGIN") else { return };
    println!("told: {:?}", login(&uri));
}

#[test]
fn postgres() {
    let Some(server) = servers::postgres() else { return };
    let at = format!("127.0.0.1:{}", server.port);
    for user in ["joe", "ann", "pat"] {
        assert_accepted(&format!("postgres://{user}:{WRITTEN}@{at}/postgres"), user, "PostgreSQL 1");
        assert_accepted(
            &format!("postgresql://{user}:{WRITTEN}@{at}/postgres?sslmode=disable"),
            user,
            "PostgreSQL",
        );
        assert_accepted(&format!("postgresql+asyncpg://{user}:{WRITTEN}@{at}/none"), user, "");
        assert_accepted(&format!("postgres://{user}:{WRITTEN}@{at}/closed?sslmode=require"), user, "");
        assert_eq!(login(&format!("postgres://{user}:{WRONG}@{at}/postgres")), Login::Refused, "{user}");
        assert_eq!(
            login(&format!("postgres://{user}:{WRONG}@{at}/x?sslmode=disable")),
            Login::Refused,
            "{user}"
        );
    }
    for (rest, expected) in [
        (format!("tom:{WRITTEN}@{at}/postgres"), "the server asks for no password"),
        (format!("eve:{WRITTEN}@{at}/postgres"), "the server answers with the error 28000"),
        (
            format!("joe:{WRITTEN}@{at}/postgres?sslmode=verify-full"),
            "TLS failed: invalid peer certificate: UnknownIssuer",
        ),
    ] {
        assert_eq!(login(&format!("postgres://{rest}")), unclear(expected), "{rest}");
    }
    for (host, mode, expected) in [
        ("127.0.0.1", "verify-full", "Accepted {"),
        ("localhost", "verify-ca", "Accepted {"),
        (
            "localhost",
            "verify-full",
            "Unclear(\"TLS failed: invalid peer certificate: certificate not valid for name",
        ),
    ] {
        let uri = format!("postgres://joe:{WRITTEN}@{host}:{}/postgres?sslmode={mode}", server.port);
        let told = login_trusting(&server, &uri);
        assert!(told.starts_with(expected), "{uri}: {told}");
    }
    hostile(server.port, "postgres", "joe", "/postgres?sslmode=disable");
}

#[test]
fn mariadb() {
    let Some(server) = servers::mariadb() else { return };
    let at = format!("127.0.0.1:{}", server.port);
    for scheme in ["mysql", "mariadb", "mysql+pymysql"] {
        assert_accepted(&format!("{scheme}://joe:{WRITTEN}@{at}/orders"), "joe@%", "MariaDB");
        assert_eq!(login(&format!("{scheme}://joe:{WRONG}@{at}/orders")), Login::Refused);
        // Of users that are none MariaDB says this or that.
        let told = login(&format!("{scheme}://eve:{WRITTEN}@{at}/orders"));
        assert!(
            told == Login::Refused || told == unclear("the server answers with the error 1698"),
            "{told:?}"
        );
    }
    for query in ["ssl-mode=DISABLED", "ssl-mode=REQUIRED", "tls=skip-verify"] {
        assert_accepted(&format!("mysql://joe:{WRITTEN}@{at}/orders?{query}"), "joe@%", "MariaDB");
        assert_eq!(login(&format!("mysql://joe:{WRONG}@{at}/orders?{query}")), Login::Refused);
    }
    assert_accepted(&format!("mysql://ann:{WRITTEN}@{at}"), "ann@%", "MariaDB");
    assert_eq!(login(&format!("mysql://ann:{WRONG}@{at}")), Login::Refused);
    assert_accepted(&format!("mysql://tls:{WRITTEN}@{at}"), "tls@%", "MariaDB");
    let uri = format!("mysql://joe:{WRITTEN}@{at}/?ssl-mode=VERIFY_IDENTITY");
    assert_eq!(login(&uri), unclear("TLS failed: invalid peer certificate: UnknownIssuer"));
    let told = login_trusting(&server, &uri);
    assert!(told.starts_with("Accepted"), "{told}");
    let authority = std::fs::read(server.folder.path().join("authority.pem")).unwrap();
    let told = databases::login(&Secret::new(uri.as_bytes()), &Trust::with(&authority).unwrap(), LONG);
    assert!(matches!(told, Login::Accepted { .. }), "as --ca-bundle adds it: {told:?}");
    hostile(server.port, "mysql", "joe", "/?ssl-mode=DISABLED");
}

#[test]
fn redis() {
    let Some(server) = servers::redis(false) else { return };
    let (at, tls) = (format!("127.0.0.1:{}", server.port), format!("127.0.0.1:{}", server.tls_port));
    assert_accepted(&format!("redis://:{WRITTEN}@{at}/0"), "default", "redis ");
    assert_accepted(&format!("redis://default:{WRITTEN}@{at}"), "default", "redis ");
    assert_accepted(&format!("redis://joe:{WRITTEN}@{at}"), "joe", "redis ");
    // A user that is none, as old clients had it.
    assert_accepted(&format!("redis://h:{WRITTEN}@{at}"), "default", "redis ");
    assert_accepted(&format!("rediss://joe:{WRITTEN}@{tls}?ssl_cert_reqs=none"), "joe", "redis ");
    for user in ["", "default", "joe", "h"] {
        assert_eq!(login(&format!("redis://{user}:{WRONG}@{at}")), Login::Refused, "{user}");
    }
    let uri = format!("rediss://joe:{WRITTEN}@{tls}");
    assert_eq!(login(&uri), unclear("TLS failed: invalid peer certificate: UnknownIssuer"));
    let told = login_trusting(&server, &uri);
    assert!(told.starts_with("Accepted"), "{told}");
    hostile(server.port, "redis", "joe", "");
}

#[test]
fn redis_that_lets_in_whoever_comes() {
    let Some(server) = servers::redis(true) else { return };
    let at = format!("127.0.0.1:{}", server.port);
    for user in ["", "default"] {
        let told = login(&format!("redis://{user}:{WRITTEN}@{at}"));
        assert_eq!(told, unclear("the server asks for no password"), "{user}");
    }
    assert_accepted(&format!("redis://joe:{WRITTEN}@{at}"), "joe", "redis ");
    assert_eq!(login(&format!("redis://joe:{WRONG}@{at}")), Login::Refused);
}

#[test]
fn ldap() {
    let Some(server) = servers::slapd() else { return };
    let (at, tls) = (format!("127.0.0.1:{}", server.port), format!("127.0.0.1:{}", server.tls_port));
    let dn = "cn=joe,cn=acme";
    for query in ["", "?ssl=false", "?sslmode=require"] {
        assert_accepted(&format!("ldap://{dn}:{WRITTEN}@{at}/{query}"), dn, "");
        assert_eq!(login(&format!("ldap://{dn}:{WRONG}@{at}/{query}")), Login::Refused, "{query}");
    }
    assert_eq!(login(&format!("ldap://:{WRONG}@{at}")), unclear("there is no user in the address"));
    let uri = format!("ldaps://{dn}:{WRITTEN}@{tls}");
    assert_eq!(login(&uri), unclear("TLS failed: invalid peer certificate: UnknownIssuer"));
    for scheme in [format!("ldap://{dn}:{WRITTEN}@{at}?tls=true"), uri] {
        let told = login_trusting(&server, &scheme);
        assert!(told.starts_with("Accepted"), "{told}");
    }
    hostile(server.port, "ldap", dn, "/?ssl=false");
}

#[test]
fn amqp() {
    let Some(server) = servers::rabbitmq() else { return };
    let (at, tls) = (format!("127.0.0.1:{}", server.port), format!("127.0.0.1:{}", server.tls_port));
    assert_accepted(&format!("amqp://joe:{WRITTEN}@{at}/%2F"), "joe", "RabbitMQ 3");
    assert_accepted(&format!("amqps://joe:{WRITTEN}@{tls}?verify=verify_none"), "joe", "RabbitMQ 3");
    assert_eq!(login(&format!("amqp://joe:{WRONG}@{at}/%2F")), Login::Refused);
    assert_eq!(login(&format!("amqps://joe:{WRONG}@{tls}?verify=verify_none")), Login::Refused);
    let told = login_trusting(&server, &format!("amqps://joe:{WRITTEN}@{tls}"));
    assert!(told.starts_with("Accepted"), "{told}");
    hostile(server.port, "amqp", "joe", "/");
}

#[test]
fn mongodb() {
    let port = fakes::mongodb("orders", "joe", RIGHT);
    let at = format!("127.0.0.1:{port}");
    for way in ["", "&authMechanism=SCRAM-SHA-1", "&authMechanism=SCRAM-SHA-256"] {
        assert_accepted(
            &format!("mongodb://joe:{WRITTEN}@{at}/orders?x{way}"),
            "joe",
            "MongoDB, wire version 21",
        );
        assert_accepted(&format!("mongodb://joe:{WRITTEN}@{at}/?authSource=orders{way}"), "joe", "MongoDB");
        assert_eq!(login(&format!("mongodb://joe:{WRONG}@{at}/orders?x{way}")), Login::Refused, "{way}");
    }
    assert_eq!(login(&format!("mongodb://eve:{WRITTEN}@{at}/orders")), Login::Refused);
    assert_eq!(
        login(&format!("mongodb://joe:{WRITTEN}@{at}/?authMechanism=MONGODB-X509")),
        unclear("the address wants a way to log in that is not known here")
    );
    hostile(port, "mongodb", "joe", "/orders");
    // The first of several that can be reached.
    let closed = free_port();
    assert_accepted(&format!("mongodb://joe:{WRITTEN}@127.0.0.1:{closed},{at}/orders"), "joe", "MongoDB");
}

#[test]
fn mongodb_that_does_not_know_the_password_itself() {
    let port = fakes::mongodb_impostor();
    let told = login(&format!("mongodb://joe:{WRITTEN}@127.0.0.1:{port}/orders"));
    assert_eq!(told, unclear("the server does not know the password itself"));
}

#[test]
fn smtp() {
    for ways in ["PLAIN LOGIN", "LOGIN", "CRAM-MD5 PLAIN"] {
        let port = fakes::smtp(ways, "joe@acme.corp", RIGHT);
        let at = format!("127.0.0.1:{port}");
        assert_accepted(
            &format!("smtp://joe%40acme.corp:{WRITTEN}@{at}"),
            "joe@acme.corp",
            "mail.acme.corp ESMTP",
        );
        assert_eq!(login(&format!("smtp://joe%40acme.corp:{WRONG}@{at}")), Login::Refused, "{ways}");
        assert_eq!(
            login(&format!("smtp://joe%40acme.corp:{WRITTEN}@{at}?tls=true")),
            unclear("the server has no TLS, and the address wants it")
        );
    }
    hostile(fakes::smtp("LOGIN", "joe", RIGHT), "smtp", "joe", "");
    let port = fakes::smtp("CRAM-MD5", "joe", RIGHT);
    let told = login(&format!("smtp://joe:{WRITTEN}@127.0.0.1:{port}"));
    assert_eq!(told, unclear("the server offers no login by password"));
}

#[test]
fn smtp_with_tls() {
    let Some(certificate) = servers::certificate() else { return };
    let port = fakes::smtp_with_tls(&certificate, "joe", RIGHT);
    let at = format!("127.0.0.1:{port}");
    assert_accepted(&format!("smtp://joe:{WRITTEN}@{at}"), "joe", "mail.acme.corp");
    assert_accepted(&format!("smtp://joe:{WRITTEN}@{at}?sslmode=require"), "joe", "mail.acme.corp");
    assert_eq!(login(&format!("smtp://joe:{WRONG}@{at}?sslmode=require")), Login::Refused);
    let told = login(&format!("smtp://joe:{WRITTEN}@{at}?tls=true"));
    assert_eq!(told, unclear("TLS failed: invalid peer certificate: UnknownIssuer"));
}

/// MySQL 8 is in no package here; it keeps passwords in another way than MariaDB.
#[test]
fn mysql_with_hashes_of_sha256() {
    let Some(openssl) = servers::program("openssl") else { return };
    for is_cached in [true, false] {
        let port = fakes::mysql(&openssl, is_cached, "joe", RIGHT);
        let at = format!("127.0.0.1:{port}");
        assert_accepted(&format!("mysql://joe:{WRITTEN}@{at}/orders"), "joe@%", "8.4.0");
        assert_eq!(login(&format!("mysql://joe:{WRONG}@{at}/orders")), Login::Refused, "cached: {is_cached}");
    }
}

#[test]
fn nobody_there() {
    for_each_scheme(|scheme| {
        let uri = format!("{scheme}://joe:{WRITTEN}@127.0.0.1:{}/x", free_port());
        assert_eq!(login(&uri), Login::Unreachable("connection refused".into()), "{scheme}");
        let uri = format!("{scheme}://joe:{WRITTEN}@no-such-host.invalid/x");
        let told = login(&uri);
        assert!(matches!(told, Login::Unreachable(_) | Login::TimedOut), "{scheme}: {told:?}");
    });
}

/// A server whose connections are each served by a call, in threads of their own.
fn serve(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = std::sync::Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = std::sync::Arc::clone(&answer);
            thread::spawn(move || answer(stream));
        }
    });
    port
}

/// Checks all schemes at once: most of it is waiting.
fn for_each_scheme(check: impl Fn(&str) + Sync) {
    let check = &check;
    thread::scope(|scope| {
        for scheme in SCHEMES {
            scope.spawn(move || check(scheme));
        }
    });
}

/// What comes of a login within a time-out.
#[track_caller]
fn login_within(uri: &str, timeout: Duration) -> Login {
    let begin = Instant::now();
    let told = databases::login(&Secret::new(uri.as_bytes()), &Trust::default(), timeout);
    assert!(begin.elapsed() < timeout + SLACK, "{uri} took {:?}", begin.elapsed());
    let text = format!("{told:?}");
    assert!(!text.contains(RIGHT) && !text.contains(WRITTEN), "{uri}: {text}");
    told
}

#[test]
fn a_server_that_hangs() {
    let hangs = serve(|mut stream| {
        let _ = stream.read_to_end(&mut vec![]);
    });
    // Each byte comes in time for itself.
    let trickles = serve(|mut stream| {
        while stream.write_all(b"2").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let timeout = Duration::from_millis(300);
    for_each_scheme(|scheme| {
        let told = login_within(&format!("{scheme}://joe:{WRITTEN}@127.0.0.1:{hangs}/x"), timeout);
        assert_eq!(told, Login::TimedOut, "{scheme}");
        let told = login_within(&format!("{scheme}://joe:{WRITTEN}@127.0.0.1:{trickles}/x"), timeout);
        assert!(matches!(told, Login::TimedOut | Login::Unclear(_)), "{scheme}: {told:?}");
    });
    let told =
        databases::login(&Secret::new(b"redis://:tulip7@127.0.0.1:1"), &Trust::default(), Duration::ZERO);
    assert_eq!(told, Login::TimedOut);
}

#[test]
fn a_server_that_sends_rubbish() {
    for seed in 0..20 {
        let port = serve(move |mut stream| {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut bytes = vec![0; random.usize(0..4000)];
            random.fill(&mut bytes);
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut vec![]);
        });
        for_each_scheme(|scheme| {
            let uri = format!("{scheme}://joe:{WRITTEN}@127.0.0.1:{port}/x");
            let told = login_within(&uri, Duration::from_millis(500));
            assert!(matches!(told, Login::TimedOut | Login::Unclear(_)), "{scheme} {seed}: {told:?}");
        });
    }
}

#[test]
fn a_server_that_never_ends() {
    for line in ["220-x\r\n", "+x\r\n", "*9\r\n", "0", "R\0\0\0\x08", "AMQP", "\x01\0\0\0\0\0\0\u{ce}"] {
        let port = serve(move |mut stream| while stream.write_all(line.repeat(1000).as_bytes()).is_ok() {});
        for_each_scheme(|scheme| {
            let uri = format!("{scheme}://joe:{WRITTEN}@127.0.0.1:{port}/x");
            let told = login_within(&uri, Duration::from_secs(5));
            assert!(matches!(told, Login::TimedOut | Login::Unclear(_)), "{scheme} {line:?}: {told:?}");
        });
    }
}

#[test]
fn a_server_that_repeats_what_it_hears() {
    let port = serve(|mut stream| {
        let mut buffer = [0; 512];
        let _ = stream.write_all(b"220 ");
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            let _ = stream.write_all(&buffer[..read]);
        }
    });
    for_each_scheme(|scheme| {
        let uri = format!("{scheme}://joe:{WRITTEN}@127.0.0.1:{port}/x");
        let told = login_within(&uri, Duration::from_millis(300));
        assert!(!matches!(told, Login::Accepted { .. }), "{scheme}: {told:?}");
    });
}

/// A server whose every answer may be changed on the way: nothing panics, nothing hangs, nothing is told.
fn hostile(to: u16, scheme: &str, user: &str, rest: &str) {
    const AT_ONCE: u64 = 10;
    thread::scope(|scope| {
        for first in 0..AT_ONCE {
            scope.spawn(move || {
                for seed in (first..150).step_by(AT_ONCE as usize) {
                    let port = serve(move |client| between(client, to, seed));
                    let uri = format!("{scheme}://{user}:{WRITTEN}@127.0.0.1:{port}{rest}");
                    login_within(&uri, Duration::from_millis(700));
                }
            });
        }
    });
}

fn between(client: TcpStream, port: u16, seed: u64) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut server, mut client) = (server, client);
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = server.read(&mut buffer) {
        let mut bytes = buffer[..read].to_vec();
        for _ in 0..random.usize(0..3) {
            let at = random.usize(..bytes.len());
            match random.u8(0..4) {
                0 => bytes[at] = random.u8(..),
                1 => bytes[at] ^= 1 << random.u8(0..8),
                2 => bytes.insert(at, random.u8(..)),
                _ => bytes.truncate(at + 1),
            }
        }
        if client.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}
