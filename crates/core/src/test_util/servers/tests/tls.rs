//! A server with TLS, spoken to by rustls itself.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::*;

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// A certificate and its key.
    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        // Another name than the authority's: OpenSSL takes a certificate that names itself for its own issuer.
        params.distinguished_name.push(DnType::CommonName, name);
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    fn files(&self) -> TlsFiles {
        let (cert_pem, key_pem) = self.sign("127.0.0.1");
        TlsFiles { ca_pem: self.pem.clone(), cert_pem, key_pem }
    }
}

async fn ping(
    server: &Server,
    authority: &Authority,
    client: Option<(String, String)>,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let config = match client {
        None => config.with_no_client_auth(),
        Some((cert, key)) => {
            let cert = CertificateDer::from_pem_slice(cert.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            config.with_client_auth_cert(vec![cert], key).unwrap()
        }
    };
    let stream = TcpStream::connect(server.proxy().addr()).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut reply = [0; 64];
    let count = stream.read(&mut reply).await?;
    Ok(String::from_utf8_lossy(&reply[..count]).into_owned())
}

#[tokio::test]
async fn a_server_speaks_tls_to_who_knows_its_authority() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = ServerOptions::new().tls(authority.files(), TlsClients::Anonymous).start().await;
    assert!(server.url().starts_with("rediss://127.0.0.1:"));
    assert_eq!(ping(&server, &authority, None).await.unwrap(), "+PONG\r\n");
    assert!(ping(&server, &stranger, None).await.is_err());
    server.restart_wiped().await;
    assert_eq!(ping(&server, &authority, None).await.unwrap(), "+PONG\r\n");
}

#[tokio::test]
async fn a_server_asks_clients_for_a_certificate() {
    let authority = Authority::new();
    let options = ServerOptions::new().on_host_network();
    let server = options.tls(authority.files(), TlsClients::NeedCertificate).start().await;
    assert!(ping(&server, &authority, None).await.is_err());
    let client = authority.sign("client");
    assert_eq!(ping(&server, &authority, Some(client)).await.unwrap(), "+PONG\r\n");
}
