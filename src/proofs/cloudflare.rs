//! Cloudflare's tunnel tokens name the account and the tunnel.
//!
//! Source: `TunnelToken` in cloudflared.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Proof;
use super::text::{decoded, random_bytes};

pub(super) const PROOF: Proof = Proof {
    name: "cloudflare-tunnel",
    summary: "decodes to JSON that names the account and the tunnel",
    check: |subject| decoded(subject.value, &["a", "t", "s"], &[("account", "/a"), ("tunnel", "/t")]),
    forge: |_, _, random| {
        let (account, tunnel) = (random.u128(..), random.u32(..));
        let secret = STANDARD.encode(random_bytes(random, 32));
        let json = format!(
            r#"{{"a":"{account:032x}","t":"{tunnel:08x}-0000-4000-8000-000000000000","s":"{secret}"}}"#
        );
        STANDARD.encode(json)
    },
};
