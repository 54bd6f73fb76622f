//! Whose certificates TLS connections trust, over whichever protocol: those of the system's trust store, and what a
//! person adds to it.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Certificates that are trusted. The system's are read when the first connection needs them.
#[derive(Default)]
pub struct Trust {
    added: Vec<CertificateDer<'static>>,
    verifier: OnceLock<Result<Arc<dyn ServerCertVerifier>, String>>,
}

impl Trust {
    /// The system's certificates, and those of a text in PEM.
    ///
    /// # Errors
    /// When the text cannot be read, or holds none.
    pub fn with(pem: &[u8]) -> Result<Trust, String> {
        let added: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        match added {
            Err(error) => Err(format!("the certificates cannot be read: {error}")),
            Ok(added) if added.is_empty() => Err("there is no certificate in it".into()),
            Ok(added) => Ok(Trust { added, verifier: OnceLock::new() }),
        }
    }

    /// What judges certificates by it.
    pub(super) fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, String> {
        let built = self.verifier.get_or_init(|| {
            let provider = Arc::new(ring::default_provider());
            rustls_platform_verifier::Verifier::new_with_extra_roots(self.added.iter().cloned(), provider)
                .map(|verifier| Arc::new(verifier) as Arc<dyn ServerCertVerifier>)
                .map_err(|error| error.to_string())
        });
        built.clone()
    }

    /// What was added to the system's, for the client of HTTP, which reads those itself.
    pub(super) fn added(&self) -> Result<Vec<reqwest::Certificate>, String> {
        let read = |der: &CertificateDer<'_>| reqwest::Certificate::from_der(der);
        self.added.iter().map(read).collect::<Result<_, _>>().map_err(|error| error.to_string())
    }
}
