//! Names of vendors must not lead into a private network.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Resolves names as the system does, and refuses those that lead to this machine or a private network.
pub(super) struct PublicOnly;

/// What a refusal says; the words tell it from other failures.
pub(super) const REFUSED: &str = "leads into a private network";

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let resolved = tokio::task::spawn_blocking(move || (host.as_str(), 0).to_socket_addrs()).await;
            let all: Vec<SocketAddr> = resolved.map_err(io::Error::other)??.collect();
            let public: Vec<SocketAddr> = all.iter().copied().filter(|at| is_public(at.ip())).collect();
            if public.is_empty() && !all.is_empty() {
                return Err(io::Error::other(REFUSED).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the internet (IANA special-purpose address registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let special = a == 0 || a >= 240 || (a == 192 && b == 0 && c == 0) || (a == 198 && (b == 18 || b == 19));
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || shared
        || special)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Of 2000::/3 all but the ranges for documentation, Teredo and 6to4, which may hide any IPv4 address.
    let [a, b, ..] = address.segments();
    a >> 13 == 1 && !(a == 0x2001 && (b == 0xdb8 || b == 0)) && a != 0x2002 && a != 0x3fff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_networks_are_told_from_the_internet() {
        for (address, public) in [
            ("140.82.112.5", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("172.32.0.1", true),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("198.18.0.1", false),
            ("::1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:140.82.112.5", true),
            ("fe80::1", false),
            ("fd00::1", false),
            ("2606:4700::1111", true),
            ("2001:db8::1", false),
            ("2002:0a00:0001::1", false),
            ("64:ff9b::a00:1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }
}
