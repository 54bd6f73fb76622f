//! A connection URI in its parts: `scheme://user:password@host:port,host:port/path?query`.
//!
//! Not by the WHATWG's rules: passwords are written into URIs as they are, with `[`, `^` or a bare `%`, and clients
//! take them so.

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::tls::Wish;
use super::{Opening, Scheme, find};
use crate::model::Secret;

/// Who logs in, where, and how the connection is to be.
pub(super) struct Address {
    pub(super) scheme: &'static Scheme,
    /// May be empty; holds no zero byte.
    pub(super) user: String,
    /// Never empty; holds no zero byte.
    pub(super) password: Secret,
    /// The password as it stands in the URI.
    written: Secret,
    pub(super) hosts: Vec<Host>,
    /// The first part of the path, mostly the name of a database; may be empty.
    pub(super) path: String,
    pub(super) tls: Wish,
    query: Vec<(String, String)>,
}

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    /// A name, or an IP address without brackets.
    pub(super) name: String,
    pub(super) port: u16,
}

impl Address {
    /// The parts of a URI.
    ///
    /// # Errors
    /// What is wrong with it, in words that hold nothing of it.
    pub(super) fn parse(uri: &Secret) -> Result<Address, &'static str> {
        let uri = std::str::from_utf8(uri.expose()).map_err(|_| "the address is no text")?;
        let (scheme, rest) = uri.split_once("://").ok_or("the address has no scheme")?;
        let scheme = find(scheme).ok_or("the scheme of the address is none that can be asked")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (userinfo, hosts) = place.rsplit_once('@').ok_or("there is no user in the address")?;
        let (user, written) = userinfo.split_once(':').ok_or("there is no password in the address")?;
        let password = Zeroizing::new(percent_decode_str(written).collect::<Vec<u8>>());
        let user = decoded(user);
        if password.is_empty() {
            return Err("the password in the address is empty");
        }
        if password.contains(&0) || user.contains('\0') {
            return Err("there is a zero byte in the user or the password");
        }
        let query: Vec<(String, String)> = query.split('&').map(parameter).collect();
        let tls = Wish::told(&query);
        let tls = if scheme.opening == Opening::Tls { tls.always() } else { tls };
        Ok(Address {
            scheme,
            user,
            password: Secret::new(&password),
            written: Secret::new(written.as_bytes()),
            hosts: hosts.split(',').map(|host| Host::parse(host, scheme.port)).collect::<Result<_, _>>()?,
            path: decoded(path.split(['/', '#']).next().unwrap_or_default()),
            tls,
            query,
        })
    }

    /// The value of a parameter of the query, whatever the case of its name.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether a text holds the password, as it is or as it is written in the URI.
    pub(super) fn password_is_in(&self, text: &str) -> bool {
        let holds = |password: &Secret| memchr::memmem::find(text.as_bytes(), password.expose()).is_some();
        holds(&self.password) || holds(&self.written)
    }
}

impl Host {
    fn parse(text: &str, port: u16) -> Result<Host, &'static str> {
        let (name, after) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or("a bracket of the host is not closed")?,
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = match after.strip_prefix(':') {
            Some("") | None => port,
            Some(told) => told.parse().map_err(|_| "the port is no number")?,
        };
        if name.is_empty() || name.contains(['/', '%', '$', '{']) {
            return Err("there is no host in the address");
        }
        Ok(Host { name: name.to_owned(), port })
    }
}

fn parameter(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (decoded(name), decoded(value))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uri: &str) -> Result<String, &'static str> {
        let address = Address::parse(&Secret::new(uri.as_bytes()))?;
        let password = String::from_utf8_lossy(address.password.expose()).into_owned();
        let hosts: Vec<String> =
            address.hosts.iter().map(|host| format!("{} {}", host.name, host.port)).collect();
        Ok(format!(
            "{} {} {password} {} {}",
            address.scheme.name,
            address.user,
            hosts.join(","),
            address.path
        ))
    }

    #[test]
    fn parts_of_addresses() {
        for (uri, expected) in [
            ("postgres://joe:pw7@db/orders", Ok("postgres joe pw7 db 5432 orders")),
            ("POSTGRES+x://joe:pw7@db:1", Ok("postgres joe pw7 db 1 ")),
            ("redis://:p@w7@[::1]:7/0", Ok("redis  p@w7 ::1 7 0")),
            ("mysql://a%40b:p%2Fw%@db:/x/y?z", Ok("mysql a@b p/w% db 3306 x")),
            ("mongodb://joe:[^:7@a.test:1,b,c:3/?x=1", Ok("mongodb joe [^:7 a.test 1,b 27017,c 3 ")),
            ("ldap://cn=joe,dc=x:pw7@dir", Ok("ldap cn=joe,dc=x pw7 dir 389 ")),
            ("postgres://joe:pw7@", Err("there is no host in the address")),
            ("postgres://joe:pw7@%2Fvar%2Frun", Err("there is no host in the address")),
            ("postgres://joe:pw7@[::1", Err("a bracket of the host is not closed")),
            ("postgres://joe:pw7@db:x", Err("the port is no number")),
            ("postgres://joe:pw7@db:65536", Err("the port is no number")),
            ("postgres://joe@db", Err("there is no password in the address")),
            ("postgres://joe:@db", Err("the password in the address is empty")),
            ("postgres://joe:a%00b@db.test", Err("there is a zero byte in the user or the password")),
            ("postgres://db", Err("there is no user in the address")),
            ("https://joe:pw7@db", Err("the scheme of the address is none that can be asked")),
            ("", Err("the address has no scheme")),
        ] {
            assert_eq!(parts(uri), expected.map(str::to_owned), "{uri}");
        }
    }

    #[test]
    fn parameters_are_found_by_name() {
        let uri = Secret::new(b"mongodb://joe:pw7@db/?AuthSource=a%2Fb&tls");
        let address = Address::parse(&uri).unwrap();
        assert_eq!(address.parameter("authSource"), Some("a/b"));
        assert_eq!(address.parameter("tls"), Some(""));
        assert_eq!(address.parameter("x"), None);
    }

    #[test]
    fn the_password_is_found_in_texts() {
        let address = Address::parse(&Secret::new(b"redis://:p%40w7@db")).unwrap();
        for (text, holds) in [("a p@w7 b", true), ("a p%40w7 b", true), ("p w7", false)] {
            assert_eq!(address.password_is_in(text), holds, "{text}");
        }
    }
}
