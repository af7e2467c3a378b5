//! The server's process, and what is asked of it.

use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use costage::api::auth::{Claims, Keys, Role, Verifying};
use costage::client::Backend;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{Message, WebSocket, connect};

use super::GRACE;

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The key that all processes of these tests share.
const KEY_ID: &str = "vanish";
const SECRET: &str = "a-secret-of-the-tests-alone-and-long-enough";

pub(crate) type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

/// A running server; killed when dropped.
pub(crate) struct House {
    server: Child,
    pub(crate) url: String,
    pub(crate) backend: Backend,
}

fn minted(sub: &str, role: Role, live: &str) -> String {
    let keys = Keys::new(vec![(KEY_ID.to_owned(), Verifying::Hs256(SECRET.as_bytes().to_vec()))], None).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let claims = Claims { sub: sub.into(), name: None, role, live: live.into(), exp: now + 600, nbf: None, aud: None };
    keys.mint(&claims).unwrap()
}

/// A host's token.
pub(crate) fn token(user: &str, live: &str) -> String {
    minted(user, Role::Host, live)
}

/// The host's own event socket.
pub(crate) fn socket(url: &str, user: &str) -> Socket {
    let url = format!("{}/v1/lives/{user}/events?token={}", url.replace("http://", "ws://"), token(user, user));
    connect(url).unwrap().0
}

impl House {
    /// Starts it, with the lives of alice and bob.
    pub(crate) async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// The same, with further arguments.
    pub(crate) async fn open_with(arguments: &[&str]) -> Self {
        Self::open_as(arguments, &[]).await
    }

    /// The same, and with more in its environment; what is empty there is taken out of it.
    pub(crate) async fn open_as(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let http = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let udp = UdpSocket::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_costage"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("COSTAGE_")) {
            command.env_remove(name);
        }
        for (name, value) in environment {
            if value.is_empty() {
                command.env_remove(name)
            } else {
                command.env(name, value)
            };
        }
        let server = command
            .args(["serve", "--dev", "--memory"])
            .args(arguments)
            .env("COSTAGE_LISTEN", format!("127.0.0.1:{http}"))
            .env("COSTAGE_MEDIA_UDP_PORT", udp.to_string())
            .env("COSTAGE_MEDIA_LOOPBACK", "true")
            .env("COSTAGE_METRICS_LISTEN", "")
            .env("COSTAGE_KEYS", format!("{KEY_ID}={SECRET}"))
            .env("COSTAGE_HOST_GRACE_SECONDS", GRACE.as_secs().to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{http}");
        let backend = Backend::new(&url, &minted("backend", Role::Admin, "*")).unwrap();
        let mut house = Self { server, url, backend };
        let start = Instant::now();
        while !house.backend.is_up().await {
            assert_eq!(house.server.try_wait().unwrap(), None, "the server ended at once");
            assert!(start.elapsed() < PATIENCE, "the server does not come up");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        for live in ["alice", "bob"] {
            house.backend.create_live(live, live).await.unwrap();
        }
        house
    }

    /// The id of its process.
    pub(crate) fn process(&self) -> u32 {
        self.server.id()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.backend.ask(Method::GET, path, None, None).await.unwrap()
    }

    /// Connects the two and lets them battle; both publish.
    pub(crate) async fn battle(&self) -> String {
        self.wait_for_media("alice", true).await;
        self.wait_for_media("bob", true).await;
        self.backend.connect("alice", "bob").await.unwrap();
        self.backend.start_battle("alice", &["bob"], Duration::from_secs(600)).await.unwrap()
    }

    pub(crate) async fn connected(&self, live: &str) -> Value {
        self.get(&format!("/v1/lives/{live}/co-host")).await["connected"].clone()
    }

    /// Waits until the live is on air, or is not.
    pub(crate) async fn wait_for_media(&self, live: &str, there: bool) {
        let start = Instant::now();
        while self.get(&format!("/v1/lives/{live}")).await["isPublishing"] != json!(there) {
            assert!(start.elapsed() < PATIENCE, "{live} should be on air: {there}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The events of a live, by its host's own socket.
    pub(crate) fn events(&self, user: &str) -> News {
        let (sender, heard) = tokio::sync::mpsc::unbounded_channel();
        let mut socket = socket(&self.url, user);
        let MaybeTlsStream::Plain(stream) = socket.get_ref() else { panic!("loopback is not encrypted") };
        let stream = stream.try_clone().unwrap();
        std::thread::spawn(move || {
            while let Ok(message) = socket.read() {
                if let Message::Text(text) = message {
                    // Nobody listens any more at a test's end.
                    drop(sender.send(serde_json::from_str::<Value>(&text).unwrap()));
                }
            }
        });
        News { stream, heard, past: Vec::new() }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// What an event socket has told. Its pings are answered; it closes when this is dropped.
pub(crate) struct News {
    stream: TcpStream,
    heard: tokio::sync::mpsc::UnboundedReceiver<Value>,
    past: Vec<Value>,
}

impl News {
    /// The next event of this type.
    pub(crate) async fn until(&mut self, wanted: &str) -> Value {
        let wait = async {
            loop {
                let event = self.heard.recv().await.expect("the socket stays open");
                self.past.push(event.clone());
                if event["type"] == json!(wanted) {
                    return event;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("no {wanted}"))
    }

    /// Whether an event of this type has come by now.
    pub(crate) fn passed(&mut self, wanted: &str) -> bool {
        while let Ok(event) = self.heard.try_recv() {
            self.past.push(event);
        }
        self.past.iter().any(|event| event["type"] == json!(wanted))
    }

    pub(crate) fn types(&self) -> Vec<&Value> {
        self.past.iter().map(|event| &event["type"]).collect()
    }
}

impl Drop for News {
    fn drop(&mut self) {
        // Ends the thread that reads.
        drop(self.stream.shutdown(Shutdown::Both));
    }
}
