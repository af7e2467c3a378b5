//! Commands, a folder for their files, and a server.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use costage::client::Backend;
use costage::client::backend::Method;
use serde_json::Value;

use crate::waited::Waited;

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const SECRET: &str = "a secret of at least thirty-two bytes";

/// A folder that goes with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("costage-ledger-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The command, in an environment without other settings.
pub(crate) fn costage(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_costage"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("COSTAGE_")) {
        command.env_remove(name);
    }
    command.args(args).stdin(Stdio::null());
    command
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What it prints; it must end well.
#[track_caller]
pub(crate) fn done(args: &[&str]) -> String {
    let output = costage(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}{}", out(&output), err(&output));
    out(&output)
}

/// What it prints on both sides; it must end with 1.
#[track_caller]
pub(crate) fn fails(args: &[&str]) -> String {
    let output = costage(args).output().unwrap();
    let said = out(&output) + &err(&output);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
    said
}

/// A server on a data directory; killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) backend: Backend,
    /// Of its start: how long others had the processor that it wanted.
    pub(crate) waited: Duration,
}

impl Server {
    pub(crate) async fn start(data: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::run(serve(data, port), port).await
    }

    /// The same; what it says on both sides goes to the new file `log`.
    pub(crate) async fn start_logged(data: &str, log: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (mut command, log) = (serve(data, port), std::fs::File::create(log).unwrap());
        Self::up(command.stdout(log.try_clone().unwrap()).stderr(log), port).await
    }

    /// What `command` starts on `port`.
    pub(crate) async fn run(mut command: Command, port: u16) -> Self {
        Self::up(command.stdout(Stdio::null()).stderr(Stdio::null()), port).await
    }

    async fn up(command: &mut Command, port: u16) -> Self {
        let mut process = command.spawn().unwrap();
        let mut token = costage(&["token", "--role", "admin", "--user", "backend", "--live", "*"]);
        let token = out(&token.env("COSTAGE_KEYS", format!("main={SECRET}")).output().unwrap());
        let backend = Backend::new(&format!("http://127.0.0.1:{port}"), token.trim()).unwrap();
        let (begun, mut waited) = (Instant::now(), Waited::default());
        while !backend.is_up().await {
            waited.look(process.id());
            assert_eq!(process.try_wait().unwrap(), None, "the server ended at once");
            assert!(begun.elapsed() < PATIENCE, "the server does not come up");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let waited = waited.of(process.id());
        Self { process, backend, waited }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.backend.ask(Method::GET, path, None, None).await.unwrap()
    }

    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Server {
    /// SIGTERM, and its end.
    pub(crate) fn end(mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

pub(crate) fn serve(data: &str, port: u16) -> Command {
    let mut command = costage(&["serve", "--data-dir", data, "--media-udp-port", "0", "--metrics-listen", ""]);
    command.args(["--listen", &format!("127.0.0.1:{port}")]).env("COSTAGE_KEYS", format!("main={SECRET}"));
    command
}
