//! A real server process on one data directory, killed and started again; and what it lived through, on the test's clock.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use costage::api::auth::{Claims, Keys, Role, Verifying};
use costage::client::{Backend, Method};
use serde_json::Value;

use crate::receiver::Receiver;

const KEY_ID: &str = "crash";
const SECRET: &str = "a-secret-of-the-crash-test-with-32-bytes";
/// Only a bug takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// One life of the server's process, from its first answer to its death.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) spawned: Instant,
    pub(crate) ready: Instant,
    pub(crate) killed: Option<Instant>,
    /// In this while nobody asked for anything that the control thread would have had to answer: any such question makes it
    /// look at its deadlines too.
    pub(crate) calm: (Instant, Instant),
    /// The server's time, ms, as it was told just after `asked`.
    pub(crate) told: u64,
    asked: Instant,
}

impl Life {
    /// When the server's time is `server_ms`; up to a millisecond early rather than late.
    pub(crate) fn when(&self, server_ms: u64) -> Instant {
        let (later, earlier) = (server_ms.saturating_sub(self.told), self.told.saturating_sub(server_ms));
        self.asked + Duration::from_millis(later) - Duration::from_millis(earlier)
    }
}

pub(crate) struct House {
    server: Option<Child>,
    pub(crate) folder: PathBuf,
    port: u16,
    environment: Vec<(&'static str, OsString)>,
    pub(crate) backend: Backend,
    pub(crate) lives: Vec<Life>,
}

impl House {
    /// Makes an empty directory for the server to start on; `name` tells it from those of other tests.
    pub(crate) fn build(name: &str, receiver: &Receiver, environment: &[(&'static str, OsString)]) -> Self {
        let folder = std::env::temp_dir().join(format!("costage-crash-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("costage.toml"), receiver.config()).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let keys = Keys::new(vec![(KEY_ID.to_owned(), Verifying::Hs256(SECRET.as_bytes().to_vec()))], None).unwrap();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let (sub, live) = ("backend".to_owned(), "*".to_owned());
        let claims = Claims { sub, name: None, role: Role::Admin, live, exp: now + 86_400, nbf: None, aud: None };
        let backend = Backend::new(&format!("http://127.0.0.1:{port}"), &keys.mint(&claims).unwrap()).unwrap();
        Self { server: None, folder, port, environment: environment.to_vec(), backend, lives: Vec::new() }
    }

    /// Starts it, and waits until it answers; how long that took.
    pub(crate) async fn start(&mut self) -> Duration {
        let spawned = Instant::now();
        self.spawn();
        let server = self.server.as_mut().unwrap();
        while !self.backend.is_up().await {
            assert_eq!(server.try_wait().unwrap(), None, "the server ended at once; see {}", self.folder.display());
            assert!(spawned.elapsed() < PATIENCE, "the server does not come up; see {}", self.folder.display());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let (ready, asked) = (Instant::now(), Instant::now());
        // Neither this nor the question before gets to the control thread.
        let told = self.time().await;
        self.lives.push(Life { spawned, ready, killed: None, calm: (ready, ready), told, asked });
        ready - spawned
    }

    /// Starts it, and kills it while it is at that.
    pub(crate) async fn start_in_vain(&mut self, after: Duration) {
        self.spawn();
        tokio::time::sleep(after).await;
        self.end();
    }

    fn spawn(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_costage"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("COSTAGE_")) {
            command.env_remove(name);
        }
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let server = command
            .args(["serve", "--config"])
            .arg(self.folder.join("costage.toml"))
            .arg("--data-dir")
            .arg(self.data())
            .env("COSTAGE_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("COSTAGE_MEDIA_UDP_PORT", "0")
            .env("COSTAGE_MEDIA_LOOPBACK", "true")
            .env("COSTAGE_METRICS_LISTEN", "")
            .env("COSTAGE_KEYS", format!("{KEY_ID}={SECRET}"))
            // Where nobody publishes, nobody shall be sent away for that.
            .env("COSTAGE_LIVE_IDLE_SECONDS", "86400")
            .envs(self.environment.iter().cloned())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.server = Some(server);
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(life) = self.lives.last_mut() {
            life.killed = Some(Instant::now());
        }
        self.end();
    }

    fn end(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// SIGTERM, and its end.
    pub(crate) fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            assert!(Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
            assert!(server.wait().unwrap().success());
        }
    }

    /// The one that the server lives, or has just lived.
    pub(crate) fn life(&self) -> &Life {
        self.lives.last().expect("it was started")
    }

    /// By how much the server's time has moved from the first lives to the last ones, against the clock of this test. Of ten lives
    /// the least counts: what is more is how long the answer took, or the start of the process stood still.
    pub(crate) fn drift_ms(&self) -> i64 {
        let begun = self.lives[0].asked;
        let ahead =
            |life: &Life| i64::try_from(life.told).unwrap() - i64::try_from((life.asked - begun).as_millis()).unwrap();
        let least = |lives: &[Life]| lives.iter().map(ahead).min().expect("it was started");
        let some = self.lives.len().min(10);
        least(&self.lives[self.lives.len() - some..]) - least(&self.lives[..some])
    }

    /// Since then, and until now, it was asked for nothing.
    pub(crate) fn was_calm(&mut self, since: Instant) {
        self.lives.last_mut().expect("it was started").calm = (since, Instant::now());
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.backend.ask(Method::GET, path, None, None).await.unwrap()
    }

    /// The server's time, ms.
    pub(crate) async fn time(&self) -> u64 {
        self.get("/v1/time").await["serverTime"].as_u64().unwrap()
    }

    /// What a command of costage says, run beside or after the server.
    pub(crate) fn said(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_costage"))
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {words}{}", String::from_utf8_lossy(&output.stderr));
        words
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.end();
        // What went wrong is looked at; what did not is gone.
        if !std::thread::panicking() {
            drop(std::fs::remove_dir_all(&self.folder));
        }
    }
}
