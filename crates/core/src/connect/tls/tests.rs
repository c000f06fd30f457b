//! TLS against a server on loopback, with certificates made on the spot.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::connect::dial::Dial;
use crate::connect::login::settings_for_redis;
use crate::connect::url::Target;
use crate::error::{Effect, Error};

/// A CA, and certificates by it, in a folder that goes when this is dropped.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("redfleet-tls-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let ca = Self { folder, issuer: Issuer::new(params.clone(), key) };
        let certificate = params.self_signed(ca.issuer.key()).unwrap();
        ca.write("ca", &certificate.pem());
        ca
    }

    fn write(&self, file: &str, text: &str) -> String {
        let path = self.path(file);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn path(&self, file: &str) -> String {
        self.folder.join(file).to_str().unwrap().into()
    }

    /// Certificate and key for `host`, in PEM.
    fn certificate(&self, host: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.into()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// Parameters that show a certificate by this CA.
    fn client(&self) -> String {
        let (cert, key) = self.certificate("client");
        format!("cert={}&key={}", self.write("cert", &cert), self.write("key", &key))
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().unwrap()
}

/// An echo server for `host` with a certificate by `ca`, that asks for certificates by `clients`, if given.
async fn serve(
    ca: &Authority,
    host: &str,
    clients: Option<&Authority>,
    version: &'static SupportedProtocolVersion,
) -> SocketAddr {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(&[version]).unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            let pem = std::fs::read_to_string(clients.path("ca")).unwrap();
            roots.add_parsable_certificates(certificates(&pem));
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let (cert, key) = ca.certificate(host);
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(certificates(&cert), key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            match acceptor.accept(stream).into_fallible().await {
                Ok(stream) => {
                    let (mut read, mut write) = tokio::io::split(stream);
                    tokio::io::copy(&mut read, &mut write).await.ok();
                }
                // Hears the client out: closing on what it still sends would reset the connection, and the
                // reset overtake the reason.
                Err((_, mut stream)) => {
                    stream.shutdown().await.ok();
                    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.ok();
                }
            }
        }
    });
    address
}

/// Dials, and has four bytes echoed.
async fn echo(url: &str) -> Result<(), LinkError> {
    let Target::Server(endpoint) = Target::parse(url).unwrap() else { panic!("{url}") };
    let mut stream = endpoint.dial().await?.stream;
    let mut heard = [0; 4];
    let echoed = async {
        stream.write_all(b"ping").await?;
        stream.flush().await?;
        stream.read_exact(&mut heard).await
    };
    let Err(error) = echoed.await else {
        assert_eq!(&heard, b"ping");
        return Ok(());
    };
    // As it would come out of redis-rs.
    let error = Error::from(redis::RedisError::from(error));
    let Error::Link { reason, effect: Effect::Unknown } = error else { panic!("{error:?}") };
    Err((*reason).clone())
}

fn tls13() -> &'static SupportedProtocolVersion {
    &rustls::version::TLS13
}

fn refusal(answer: Result<(), LinkError>) -> String {
    match answer {
        Err(error @ LinkError::Tls { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

fn wrong(url: &str) -> String {
    match Target::parse(url) {
        Err(error @ ConfigError::Certificate { .. }) => error.to_string(),
        other => panic!("{url}: {other:?}"),
    }
}

#[tokio::test]
async fn the_right_ca_passes_and_any_other_is_refused() {
    let (ca, other) = (Authority::new("right"), Authority::new("wrong"));
    let address = serve(&ca, "127.0.0.1", None, tls13()).await;
    echo(&format!("rediss://{address}?ca={}", ca.path("ca"))).await.unwrap();
    let told = refusal(echo(&format!("rediss://:hunter2@{address}?ca={}", other.path("ca"))).await);
    assert!(told.starts_with(&format!("no TLS with {address}: invalid peer certificate")), "{told}");
}

#[tokio::test]
async fn the_certificate_must_be_for_the_host_of_the_url() {
    let ca = Authority::new("host");
    let port = serve(&ca, "localhost", None, tls13()).await.port();
    let ca = ca.path("ca");
    echo(&format!("rediss://localhost:{port}?ca={ca}")).await.unwrap();
    let told = refusal(echo(&format!("rediss://127.0.0.1:{port}?ca={ca}")).await);
    assert!(told.contains("invalid peer certificate"), "{told}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_required() {
    let (ca, other) = (Authority::new("client"), Authority::new("stranger"));
    for version in [&rustls::version::TLS12, tls13()] {
        let address = serve(&ca, "127.0.0.1", Some(&ca), version).await;
        let url = format!("rediss://{address}?ca={}", ca.path("ca"));
        echo(&format!("{url}&{}", ca.client())).await.unwrap();
        let told = refusal(echo(&url).await);
        assert!(told.starts_with(&format!("no TLS with {address}: ")), "{told}");
        refusal(echo(&format!("{url}&{}", other.client())).await);
    }
}

#[tokio::test]
async fn a_certificate_missed_after_the_handshake_reaches_the_caller_through_redis_rs() {
    let ca = Authority::new("late");
    let address = serve(&ca, "127.0.0.1", Some(&ca), tls13()).await;
    let url = format!("rediss://{address}?ca={}", ca.path("ca"));
    let Target::Server(endpoint) = Target::parse(&url).unwrap() else { panic!() };
    let dialed = endpoint.dial().await.unwrap();
    let settings = settings_for_redis(&dialed.login);
    let config = redis::AsyncConnectionConfig::new();
    let made = redis::aio::MultiplexedConnection::new_with_config(&settings, dialed.stream, config).await;
    let error = Error::from(made.err().unwrap());
    let told = error.to_string();
    assert!(told.starts_with(&format!("link: no TLS with {address}: ")), "{told}");
    assert!(told.contains("CertificateRequired"), "{told}");
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_is_down() {
    let ca = Authority::new("plain");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"-ERR Protocol error\r\n").await.ok();
        }
    });
    refusal(echo(&format!("rediss://{address}?ca={}", ca.path("ca"))).await);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_in_tls_costs_the_connect_time_out_and_no_more() {
    let ca = Authority::new("hung");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let start = tokio::time::Instant::now();
    let error = echo(&format!("rediss://{address}?ca={}&connect_timeout_ms=900", ca.path("ca"))).await;
    let told = error.unwrap_err().to_string();
    assert_eq!(told, format!("cannot connect to {address}: no answer within 900ms"));
    let taken = start.elapsed().as_millis();
    assert!((900..910).contains(&taken), "{taken} ms");
}

#[test]
fn files_that_cannot_be_used_are_told_when_the_url_is_read() {
    let ca = Authority::new("files");
    let (cert, key) = ca.certificate("client");
    let (_, other_key) = ca.certificate("client");
    let cert = ca.write("cert", &cert);
    let key = ca.write("key", &key);
    let other_key = ca.write("other", &other_key);
    let not_pem = ca.write("text", "hunter2");
    let empty = ca.write("empty", "");
    let damaged = ca.write("damaged", "-----BEGIN PRIVATE KEY-----\nhunter2!\n-----END PRIVATE KEY-----\n");
    let not_x509 = ca.write("not_x509", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let none = ca.path("none");
    let folder = ca.folder.to_str().unwrap();
    let long = ca.write("long", &"a".repeat(5 * 1024 * 1024));
    for (query, expected) in [
        (format!("ca={none}"), format!("cannot use ca {none}: No such file")),
        (format!("ca={not_pem}"), format!("cannot use ca {not_pem}: no certificate in PEM form")),
        (format!("ca={empty}"), format!("cannot use ca {empty}: no certificate in PEM form")),
        (format!("ca={key}"), format!("cannot use ca {key}: no certificate in PEM form")),
        (format!("ca={not_x509}"), format!("cannot use ca {not_x509}: ")),
        (format!("ca={folder}"), format!("cannot use ca {folder}: not a file")),
        ("ca=/dev/zero".into(), "cannot use ca /dev/zero: not a file".into()),
        (format!("ca={long}"), format!("cannot use ca {long}: longer than 4 MiB")),
        (format!("cert={cert}"), format!("cannot use cert {cert}: it needs its key")),
        (format!("key={key}"), format!("cannot use key {key}: it needs its certificate")),
        (format!("cert={not_pem}&key={key}"), format!("cannot use cert {not_pem}: no certificate")),
        (format!("cert={cert}&key={cert}"), format!("cannot use key {cert}: no private key in PEM form")),
        (format!("cert={cert}&key={damaged}"), format!("cannot use key {damaged}: its PEM form is damaged")),
        (format!("cert={cert}&key={other_key}"), format!("cannot use key {other_key}: ")),
    ] {
        let query = if query.contains("ca=") { query } else { format!("ca={}&{query}", ca.path("ca")) };
        for url in
            ["rediss://ada:hunter2@h", "rediss+cluster://ada:hunter2@h", "rediss+sentinel://ada:hunter2@h/m"]
        {
            let told = wrong(&format!("{url}?{query}"));
            assert!(told.starts_with(&expected), "{query}: {told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}

#[test]
fn one_configuration_serves_all_servers_of_a_url() {
    let ca = Authority::new("shared");
    let url = format!("rediss+sentinel://:hunter2@a,b/m?ca={}&{}", ca.path("ca"), ca.client());
    let target = Target::parse(&url).unwrap();
    let Target::Sentinel { sentinels, servers, .. } = &target else { panic!() };
    let config = |tls: &Option<Tls>| Arc::clone(&tls.as_ref().unwrap().config);
    for sentinel in sentinels {
        assert!(Arc::ptr_eq(&config(&sentinel.access.tls), &config(&servers.tls)));
    }
    let shown = format!("{target:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("BEGIN"), "{shown}");
}

#[test]
fn no_provider_is_installed_for_the_process() {
    let ca = Authority::new("provider");
    Target::parse(&format!("rediss://h?ca={}", ca.path("ca"))).unwrap();
    assert!(CryptoProvider::get_default().is_none());
}

const CHILD: &str = "REDFLEET_TEST_SYSTEM_ROOTS";

/// The system's roots can be set for a whole process only, so this test runs itself again in others.
#[tokio::test]
async fn without_a_ca_the_systems_roots_are_trusted() {
    if let Ok(url) = std::env::var(CHILD) {
        return echo(&url).await.unwrap();
    }
    let (ca, other) = (Authority::new("system"), Authority::new("other_system"));
    let address = serve(&ca, "127.0.0.1", None, tls13()).await;
    let child = |roots: String| async move {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "connect::tls::tests::without_a_ca_the_systems_roots_are_trusted"]);
        command
            .env(CHILD, format!("rediss://{address}"))
            .env("SSL_CERT_FILE", roots)
            .env_remove("SSL_CERT_DIR");
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (passed, told) = child(ca.path("ca")).await;
    assert!(passed && told.contains("1 passed"), "{told}");
    let (passed, told) = child(other.path("ca")).await;
    assert!(!passed && told.contains("Tls"), "{told}");
    let (passed, told) = child(other.write("empty", "")).await;
    assert!(!passed && told.contains("no certificates to trust"), "{told}");
}
