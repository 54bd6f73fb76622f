//! Servers that the person named, in place of those of a rule.

use std::collections::BTreeMap;
use std::net::IpAddr;

use url::{Host, Url};

/// The addresses of a person's own servers by the name of the service.
#[derive(Debug, Clone, Default)]
pub struct Endpoints(BTreeMap<String, Url>);

impl Endpoints {
    /// Takes one more; it goes before one of the same name that is there.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn add(&mut self, name: &str, address: &str) -> Result<(), String> {
        self.0.insert(name.to_owned(), self::address(address)?);
        Ok(())
    }

    /// The server of that name, where the person named one.
    pub fn get(&self, name: &str) -> Option<&Url> {
        self.0.get(name)
    }

    /// The names that have one.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The address of a server: `https`, or `http` on this machine only; no user, query or fragment.
///
/// # Errors
/// What is wrong with it.
pub fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}` is no address: {error}"))?;
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err("an address is a host and perhaps a path: no user, no `?`, no `#`".into());
    }
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(format!(
            "`{text}` must begin with https://; http:// is for this machine (127.0.0.1, [::1], localhost) only"
        )),
    }
}

/// Whether a URL leads to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_or_on_this_machine() {
        for (text, fine) in [
            ("https://git.example.com", true),
            ("https://git.example.com/api/v3", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:1/x", true),
            ("http://localhost:1", true),
            ("http://git.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://10.0.0.1", false),
            ("ftp://127.0.0.1", false),
            ("https://user@git.example.com", false),
            ("https://git.example.com/?x=1", false),
            ("https://git.example.com/#x", false),
            ("git.example.com", false),
            ("", false),
        ] {
            assert_eq!(address(text).is_ok(), fine, "{text}");
        }
    }
}
