//! Webhooks over https: a receiver whose certificate an authority of the operator's own has signed is trusted when the server is
//! told so, and no other gets a request.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use costage::webhook::sign::{SigningKey, signatures};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::house::{House, LOOK_EVERY, PATIENCE};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// An authority, with its certificate as it is handed to those who shall trust it.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let (key, mut about) = (KeyPair::generate().unwrap(), CertificateParams::default());
        about.distinguished_name.push(DnType::CommonName, name);
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        about.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = about.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(about, key) }
    }

    /// TLS of a server that is called so; its certificate ends with that year.
    fn server(&self, name: &str, year: i32) -> TlsAcceptor {
        let (key, mut about) = (KeyPair::generate().unwrap(), CertificateParams::new(vec![name.to_owned()]).unwrap());
        about.not_after = rcgen::date_time_ymd(year, 12, 31);
        let certificate = about.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key.into());
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }
}

/// What a receiver has seen.
#[derive(Debug, Default)]
struct Seen {
    /// Headers and body of each request.
    requests: Vec<(HeaderMap, String)>,
    /// The name that each connection was for.
    names: Vec<Option<String>>,
    /// Why handshakes failed.
    refusals: Vec<String>,
}

type Notes = Arc<Mutex<Seen>>;

async fn take(State(notes): State<Notes>, headers: HeaderMap, body: String) {
    notes.lock().unwrap().requests.push((headers, body));
}

/// Serves on a free port of loopback.
async fn receiver(tls: TlsAcceptor) -> (u16, Notes) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, notes) = (listener.local_addr().unwrap().port(), Notes::default());
    let own = Arc::clone(&notes);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, tls.clone(), Arc::clone(&own)));
        }
    });
    (port, notes)
}

async fn serve(stream: TcpStream, tls: TlsAcceptor, notes: Notes) {
    match tls.accept(stream).await {
        Ok(stream) => {
            notes.lock().unwrap().names.push(stream.get_ref().1.server_name().map(str::to_owned));
            let router = TowerToHyperService::new(Router::new().fallback(take).with_state(notes));
            // It ends with the connection.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), router).await);
        }
        Err(error) => notes.lock().unwrap().refusals.push(error.to_string()),
    }
}

async fn until(notes: &Notes, what: &str, enough: impl Fn(&Seen) -> bool) {
    let began = Instant::now();
    while !enough(&notes.lock().unwrap()) {
        assert!(began.elapsed() < PATIENCE, "{what}: {:?}", notes.lock().unwrap());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_by_https_is_trusted_by_the_authority_that_the_server_is_told_of_and_by_no_other() {
    let (own, stranger) = (Authority::new("the operator's"), Authority::new("nobody's"));
    let receivers = [
        ("good", receiver(own.server("localhost", 4_000)).await, ""),
        ("stranger", receiver(stranger.server("localhost", 4_000)).await, "UnknownCA"),
        ("misnamed", receiver(own.server("backend.example", 4_000)).await, "BadCertificate"),
        ("expired", receiver(own.server("localhost", 2_000)).await, "CertificateExpired"),
    ];
    let folder = std::env::temp_dir().join(format!("costage-https-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (authorities, config) = (folder.join("authorities.pem"), folder.join("costage.toml"));
    std::fs::write(&authorities, &own.pem).unwrap();
    let endpoint = |(name, (port, _), _): &(&str, (u16, Notes), &str)| {
        format!(
            "[[webhooks]]\nname = \"{name}\"\nurl = \"https://localhost:{port}/hook\"\nsecrets = [\"{SECRET}\"]\n\
             allow_private = true\n"
        )
    };
    std::fs::write(&config, receivers.iter().map(endpoint).collect::<String>()).unwrap();
    let environment = [("SSL_CERT_FILE", authorities.to_str().unwrap()), ("SSL_CERT_DIR", "")];
    let house = House::open_as(&["--config", config.to_str().unwrap()], &environment).await;

    let (_, (port, notes), _) = &receivers[0];
    until(notes, "both lives are told of", |seen| seen.requests.len() >= 2).await;
    for (headers, body) in &notes.lock().unwrap().requests {
        let header = |name: &str| headers[name].to_str().unwrap();
        let keys = [SigningKey::parse(SECRET).unwrap()];
        let seconds = header("webhook-timestamp").parse().unwrap();
        assert_eq!(header("webhook-signature"), signatures(&keys, header("webhook-id"), seconds, body));
        assert_eq!(header("host"), format!("localhost:{port}"), "the name, not the address that was checked");
    }
    let names = notes.lock().unwrap().names.clone();
    assert!(names.iter().all(|name| name.as_deref() == Some("localhost")), "{names:?}");
    for (name, (_, notes), alert) in &receivers[1..] {
        // Tried again, and refused again.
        until(notes, name, |seen| seen.refusals.len() >= 2).await;
        let seen = notes.lock().unwrap();
        assert!(seen.requests.is_empty() && seen.names.is_empty(), "{name}: {seen:?}");
        assert!(seen.refusals.iter().all(|why| why.contains(alert)), "{name}: {seen:?}");
    }
    drop(house);
    std::fs::remove_dir_all(&folder).unwrap();
}
