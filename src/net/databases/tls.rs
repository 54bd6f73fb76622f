//! What a URI says of TLS, and certificates judged by it.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
};

use crate::net::Trust;

/// How a connection is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) need: Need,
    check: Check,
    /// Whether the URI says so; otherwise it is what is done when it says nothing.
    said: bool,
}

/// Whether a connection has TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Never,
    /// Where the server has it.
    IfOffered,
    Always,
}

/// What must be right with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Nothing,
    /// Who signed it.
    Signer,
    /// Who signed it and for which host.
    All,
}

/// Who the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// Its certificate is trusted, and for this host where the URI does not say otherwise.
    Sure,
    /// Its certificate is none that this machine trusts, and the URI says that this does not matter.
    AsWished,
    /// Its certificate is none that this machine trusts.
    Doubtful,
}

impl Wish {
    /// What the words of a query say, in those of any of the clients:
    /// [libpq](https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION),
    /// [mysql](https://dev.mysql.com/doc/refman/8.4/en/connection-options.html#option_general_ssl-mode),
    /// [go-sql-driver](https://github.com/go-sql-driver/mysql#tls),
    /// [MongoDB](https://www.mongodb.com/docs/manual/reference/connection-string-options/#tls-options),
    /// [redis-py](https://redis.readthedocs.io/en/stable/connections.html),
    /// [RabbitMQ](https://www.rabbitmq.com/docs/uri-query-parameters).
    pub(super) fn told(query: &[(String, String)]) -> Wish {
        let mut wish = Wish { need: Need::IfOffered, check: Check::All, said: false };
        for (name, value) in query {
            match (&*plain(name), &*plain(value)) {
                ("sslmode" | "tls" | "ssl" | "usessl", value) => wish = Wish::of_mode(value).unwrap_or(wish),
                ("tlsinsecure" | "tlsallowinvalidcertificates", "true")
                | ("sslcertreqs" | "verify", "none" | "verifynone") => wish.check = Check::Nothing,
                ("tlsallowinvalidhostnames", "true") => wish.check = Check::Signer,
                _ => {}
            }
        }
        wish
    }

    fn of_mode(mode: &str) -> Option<Wish> {
        let (need, check) = match mode {
            "disable" | "disabled" | "false" | "0" | "no" => (Need::Never, Check::All),
            "allow" | "prefer" | "preferred" => (Need::IfOffered, Check::Nothing),
            "require" | "required" | "skipverify" | "noverify" => (Need::Always, Check::Nothing),
            "verifyca" => (Need::Always, Check::Signer),
            "verifyfull" | "verifyidentity" | "true" | "1" | "yes" => (Need::Always, Check::All),
            _ => return None,
        };
        Some(Wish { need, check, said: true })
    }

    /// The same with TLS in any case.
    pub(super) fn always(self) -> Wish {
        Wish { need: Need::Always, ..self }
    }

    /// Whether the URI says that there is to be no TLS.
    pub(super) fn wants_none(self) -> bool {
        self.said && self.need == Need::Never
    }

    /// Whether a connection may go on though it is doubtful who the server is: where the URI says nothing of TLS and
    /// there could be a connection without it, too.
    fn bears_doubt(self) -> bool {
        !self.said && self.need == Need::IfOffered
    }
}

/// A name or a value without what clients write differently.
fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The client's side of a TLS connection, and what tells after the handshake who the server is.
///
/// # Errors
/// Why there can be none.
pub(super) fn client(host: &str, wish: Wish, trust: &Trust) -> Result<(ClientConnection, Judge), String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let judge = Judge { trusted: trust.verifier()?, wish, found: Arc::default() };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge.clone()))
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
    Ok((connection, judge))
}

/// Judges certificates as a URI wants it.
#[derive(Debug, Clone)]
pub(super) struct Judge {
    trusted: Arc<dyn ServerCertVerifier>,
    wish: Wish,
    found: Arc<OnceLock<Identity>>,
}

impl Judge {
    /// What was found; where no certificate was looked at, nobody is known.
    pub(super) fn identity(&self) -> Identity {
        self.found.get().copied().unwrap_or(Identity::Doubtful)
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let identity = match self.trusted.verify_server_cert(own, above, name, ocsp, now) {
            Ok(_) => Identity::Sure,
            Err(error) => match (self.wish.check, is_about_name(&error)) {
                (Check::Signer, true) => Identity::Sure,
                (Check::Nothing, _) => Identity::AsWished,
                _ if self.wish.bears_doubt() => Identity::Doubtful,
                _ => return Err(error),
            },
        };
        // One connection shows one certificate.
        let _ = self.found.set(identity);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trusted.verify_tls12_signature(message, own, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trusted.verify_tls13_signature(message, own, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trusted.supported_verify_schemes()
    }
}

/// Whether a certificate is only one of another host. The signer is looked at before the name
/// (`WebPkiServerVerifier::verify_server_cert`), so that a wrong name is the only fault.
fn is_about_name(fault: &Error) -> bool {
    matches!(
        fault,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_about_tls() {
        for (query, need, check, said) in [
            ("", Need::IfOffered, Check::All, false),
            ("x=require", Need::IfOffered, Check::All, false),
            ("sslmode=disable", Need::Never, Check::All, true),
            ("sslmode=prefer", Need::IfOffered, Check::Nothing, true),
            ("sslmode=require", Need::Always, Check::Nothing, true),
            ("sslmode=verify-ca", Need::Always, Check::Signer, true),
            ("sslmode=verify-full", Need::Always, Check::All, true),
            ("sslmode=other", Need::IfOffered, Check::All, false),
            ("ssl-mode=VERIFY_IDENTITY", Need::Always, Check::All, true),
            ("ssl_mode=REQUIRED", Need::Always, Check::Nothing, true),
            ("tls=skip-verify", Need::Always, Check::Nothing, true),
            ("useSSL=false", Need::Never, Check::All, true),
            ("tls=true", Need::Always, Check::All, true),
            ("tls=true&tlsAllowInvalidHostnames=true", Need::Always, Check::Signer, true),
            ("ssl=true&tlsInsecure=true", Need::Always, Check::Nothing, true),
            ("ssl_cert_reqs=none", Need::IfOffered, Check::Nothing, false),
            ("verify=verify_none", Need::IfOffered, Check::Nothing, false),
        ] {
            let query: Vec<_> = query
                .split('&')
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            assert_eq!(Wish::told(&query), Wish { need, check, said }, "{query:?}");
        }
    }
}
