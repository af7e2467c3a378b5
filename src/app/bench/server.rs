//! The server under test: a process of its own, so that its CPU time is its own.

use crate::api::auth::{Claims, Keys, Role, Verifying};
use crate::client::Backend;
use crate::client::whip::random;
use anyhow::{Context, bail};
use costage_media::frame::Size;
use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

/// What the server is told.
#[derive(Debug, Clone)]
pub(super) struct ServerSetup {
    pub(super) canvas: Size,
    pub(super) max_fps: u32,
    pub(super) keeping: Keeping,
}

/// Whether what happens survives the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keeping {
    /// No.
    Nothing,
    /// In this folder.
    In(PathBuf),
}

impl Keeping {
    fn arguments(&self) -> Vec<OsString> {
        match self {
            Self::Nothing => vec!["--memory".into()],
            Self::In(folder) => vec!["--data-dir".into(), folder.into()],
        }
    }
}

/// How long the server may take until it answers.
const UP_WITHIN: Duration = Duration::from_secs(10);
/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// How much of its log is shown when something failed, lines.
const LAST_LINES: usize = 20;

/// A running server; killed when dropped.
pub(super) struct ChildServer {
    child: Mutex<Child>,
    pid: u32,
    backend: Backend,
    address: SocketAddr,
    /// Trace and log; removed when dropped.
    folder: PathBuf,
}

impl ChildServer {
    /// Starts this very binary as `costage serve --dev` on free ports.
    pub(super) async fn start(setup: &ServerSetup, wall_ms: u64) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("costage-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let http = free_port().context("no free port on loopback")?;
        let secret = secret();
        let token = admin_token(&secret, wall_ms)?;
        let log = fs::File::create(folder.join("log")).context("the server's log file")?;
        let program = std::env::current_exe().context("where this program is")?;
        let mut command = Command::new(program);
        // What the caller's server is set to is none of ours; only the SIMD level may be chosen for a run.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COSTAGE_") && name != "COSTAGE_SIMD" {
                command.env_remove(name);
            }
        }
        command
            .args(["serve", "--dev"])
            .args(setup.keeping.arguments())
            .env("COSTAGE_LISTEN", format!("127.0.0.1:{http}"))
            .env("COSTAGE_MEDIA_UDP_PORT", "0")
            .env("COSTAGE_MEDIA_LOOPBACK", "true")
            .env("COSTAGE_METRICS_LISTEN", "")
            // All requests of a bench are one token's: what the server can do is measured, not what it is told to let through.
            .env("COSTAGE_LIMITS_ADMIN_TOKEN_REQUESTS", "1000000")
            .env("COSTAGE_KEYS", format!("{KEY_ID}={secret}"))
            .env("COSTAGE_CANVAS", format!("{}x{}", setup.canvas.width, setup.canvas.height))
            .env("COSTAGE_MAX_FPS", setup.max_fps.to_string())
            .env("COSTAGE_TRACE_FILE", folder.join("trace.csv"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        let child = command.spawn().context("cannot start the server")?;
        let pid = child.id().context("the server ended at once")?;
        let backend = Backend::new(&format!("http://127.0.0.1:{http}"), &token)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, http));
        let mut server = Self { child: Mutex::new(child), pid, backend, address, folder };
        server.wait_until_up().await?;
        Ok(server)
    }

    async fn wait_until_up(&mut self) -> anyhow::Result<()> {
        let asks = UP_WITHIN.as_millis() / ASK_EVERY.as_millis();
        for _ in 0..asks {
            if let Some(status) = self.child.get_mut().try_wait()? {
                bail!("the server ended at once ({status}):\n{}", self.last_words());
            }
            if self.backend.is_up().await {
                return Ok(());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        bail!("the server does not answer within {} s:\n{}", UP_WITHIN.as_secs(), self.last_words())
    }

    /// Resolves when the server has ended, which it does by itself only by a defect.
    pub(super) async fn ended(&self) -> anyhow::Error {
        match self.child.lock().await.wait().await {
            Ok(status) => anyhow::anyhow!("the server ended while it was measured ({status})"),
            Err(error) => anyhow::anyhow!("the server cannot be watched: {error}"),
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The trace file so far.
    pub(super) fn trace(&self) -> anyhow::Result<String> {
        fs::read_to_string(self.folder.join("trace.csv")).context("the server wrote no trace file")
    }

    /// The end of its log.
    pub(super) fn last_words(&self) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }
}

impl Drop for ChildServer {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// A TCP port of loopback that was free a moment ago.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The id of the key that bench and server share.
const KEY_ID: &str = "bench";
/// How long the token lasts: longer than any run.
const TOKEN_SECONDS: u64 = 3_600;

/// A key that nobody else knows; it lives as long as the server does.
fn secret() -> String {
    (0..8).map(|_| format!("{:08x}", random())).collect()
}

fn admin_token(secret: &str, wall_ms: u64) -> anyhow::Result<String> {
    let keys = Keys::new(vec![(KEY_ID.to_owned(), Verifying::Hs256(secret.as_bytes().to_vec()))], None)?;
    let claims = Claims {
        sub: "bench".to_owned(),
        name: None,
        role: Role::Admin,
        live: "*".to_owned(),
        exp: wall_ms / 1_000 + TOKEN_SECONDS,
        nbf: None,
        aud: None,
    };
    Ok(keys.mint(&claims)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_ends_while_it_is_measured_is_noticed() {
        let child = Command::new("sh").args(["-c", "exit 3"]).kill_on_drop(true).spawn().unwrap();
        let pid = child.id().unwrap();
        let folder = std::env::temp_dir().join(format!("costage-bench-ended-{}", std::process::id()));
        let backend = Backend::new("http://127.0.0.1:1", "token").unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let server = ChildServer { child: Mutex::new(child), pid, backend, address, folder };
        let said = tokio::time::timeout(UP_WITHIN, server.ended()).await.unwrap().to_string();
        assert!(said.contains("exit status: 3"), "{said}");
    }
}
