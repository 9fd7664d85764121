//! Which certificates of a relay are trusted: those that lead to an authority of the system or of the file in `?ca=`, and those that
//! stand in that file themselves.
//!
//! A certificate that a server signed for itself is usually marked as an authority (`CA:TRUE`): so `openssl req -x509` writes it. By
//! RFC 5280, section 4.2.1.9, such a one is for signing others, and the checks refuse it as a server's own. Who puts exactly this
//! certificate into the file means it, so it is taken, as long as its name and dates are right.

use super::relay::RelayUrl;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::fmt;
use std::io;
use std::sync::Arc;

/// The settings of TLS towards a relay, with the provider named here: which one is the process's default is not for a channel to know.
///
/// # Errors
/// What is wrong with the file of certificates, or that there is none to trust.
pub(super) fn settings(url: &RelayUrl) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let mut pinned = Vec::new();
    if let Some(path) = &url.ca {
        let problem = |error: &dyn fmt::Display| format!("ca {}: {error}", path.display());
        let mut certificates = CertificateDer::pem_file_iter(path)
            .map_err(|error| problem(&error))?
            .peekable();
        if certificates.peek().is_none() {
            return Err(problem(&"no certificate in it"));
        }
        for certificate in certificates {
            let certificate = certificate.map_err(|error| problem(&error))?;
            roots
                .add(certificate.clone())
                .map_err(|error| problem(&error))?;
            pinned.push(certificate);
        }
    }
    if roots.is_empty() {
        return Err("no trusted certificates on this system; name some with ?ca=".into());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| error.to_string())?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trust { chains, pinned }))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The usual checks, and the certificates that stand in the file themselves.
#[derive(Debug)]
struct Trust {
    chains: Arc<WebPkiServerVerifier>,
    pinned: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let checked = self.chains.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match checked {
            // The dates come before this in those checks, the name behind it.
            Err(error) if is_an_authority(&error) && self.pinned.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

/// Whether a server was refused because its certificate is marked as an authority.
fn is_an_authority(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else {
        return false;
    };
    matches!(
        other.0.downcast_ref::<webpki::Error>(),
        Some(webpki::Error::CaUsedAsEndEntity)
    )
}

/// What kept TLS from beginning, and what to do where somebody here can do something.
pub(super) fn said(error: &io::Error) -> String {
    let reason = error.get_ref().and_then(|e| e.downcast_ref::<Error>());
    match reason {
        Some(error) if is_an_authority(error) => {
            "TLS: the server shows a certificate that it signed for itself; trust it with ?ca=/path/of/that/certificate.pem".into()
        }
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "TLS: nobody whom this system trusts signed the server's certificate; name it, or whoever signed it, with \
             ?ca=/path/of/the/certificate.pem"
                .into()
        }
        _ => format!("TLS: {error}"),
    }
}
