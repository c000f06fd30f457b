//! TLS: the right authority, the wrong one, and certificates of clients.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use redfleet_core::test_util::conformance::Subject;
use redfleet_core::test_util::{Server, ServerOptions, TlsClients, TlsFiles};
use redfleet_core::{BackendExt, ConfigError, Error, LinkError, connect};
use redis::cmd;

use super::conformance::passes;
use super::world::key;

/// An authority, and a folder with the files that clients need.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(DnType::CommonName, format!("authority {name}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = std::env::temp_dir().join(format!("redfleet-tls-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let authority = Self { issuer, folder };
        fs::write(authority.file("ca.pem"), authority.issuer.pem()).unwrap();
        let (cert, key) = authority.certificate();
        fs::write(authority.file("client.pem"), cert).unwrap();
        fs::write(authority.file("client.key"), key).unwrap();
        authority
    }

    fn certificate(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        // A name of its own: one that is called as its authority looks as if it had signed itself.
        params.distinguished_name.push(DnType::CommonName, "a server or a client");
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    async fn server(&self, clients: TlsClients) -> Server {
        let (cert_pem, key_pem) = self.certificate();
        let files = TlsFiles { ca_pem: self.issuer.pem(), cert_pem, key_pem };
        ServerOptions::new().tls(files, clients).start().await
    }

    fn ca(&self) -> String {
        format!("ca={}", self.file("ca.pem").display())
    }

    fn client(&self) -> String {
        format!("cert={}&key={}", self.file("client.pem").display(), self.file("client.key").display())
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn is_tls(error: &Error) -> bool {
    matches!(error, Error::Link { reason, .. } if matches!(**reason, LinkError::Tls { .. }))
}

#[tokio::test]
async fn a_server_is_trusted_by_the_given_authority_and_by_no_other() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = ours.server(TlsClients::Anonymous).await;
    assert!(server.url().starts_with("rediss://"));
    let node = connect(&format!("{}?{}", server.url(), ours.ca())).unwrap();
    assert_eq!(node.query::<String>(cmd("PING")).await.unwrap(), "PONG");
    let mistrusting = connect(&format!("{}?{}", server.url(), theirs.ca())).unwrap();
    let error = mistrusting.call(&cmd("PING")).await.unwrap_err();
    assert!(is_tls(&error), "{error}");
    let by_the_system = connect(&server.url()).unwrap();
    let error = by_the_system.call(&cmd("PING")).await.unwrap_err();
    assert!(is_tls(&error), "{error}");
}

#[tokio::test]
async fn over_tls_the_contract_is_kept() {
    let authority = Authority::new("contract");
    let server = authority.server(TlsClients::Anonymous).await;
    let node = connect(&format!("{}?{}", server.url(), authority.ca())).unwrap();
    passes(Subject::new(node, key("contract")).broken_by(server.proxy().clone())).await;
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_the_clients() {
    let authority = Authority::new("mutual");
    let server = authority.server(TlsClients::NeedCertificate).await;
    let with = format!("{}?{}&{}", server.url(), authority.ca(), authority.client());
    let node = connect(&with).unwrap();
    assert_eq!(node.query::<String>(cmd("PING")).await.unwrap(), "PONG");
    let without = connect(&format!("{}?{}", server.url(), authority.ca())).unwrap();
    let error = without.call(&cmd("PING")).await.unwrap_err();
    assert!(matches!(error, Error::Link { .. }), "{error}");
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_fails_before_anything_is_sent() {
    let missing = connect("rediss://127.0.0.1:1?ca=/nonexistent/ca.pem").unwrap_err();
    assert!(matches!(missing, ConfigError::Certificate { what: "ca", .. }), "{missing}");
    let half = connect("rediss://127.0.0.1:1?cert=/nonexistent/cert.pem").unwrap_err();
    assert!(half.to_string().contains("key"), "{half}");
}
