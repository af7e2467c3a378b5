//! The command in an environment of its own, and a server that it runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything here takes, shorter than a hung build.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Free ports, no metrics, nothing kept.
const ANYWHERE: [(&str, &str); 4] = [
    ("COSTAGE_LISTEN", "127.0.0.1:0"),
    ("COSTAGE_MEDIA_UDP_PORT", "0"),
    ("COSTAGE_METRICS_LISTEN", ""),
    ("COSTAGE_DATA_DIR", ""),
];

/// The command, in an environment without other settings.
pub(crate) fn costage(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_costage"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("COSTAGE_")) {
        command.env_remove(name);
    }
    command.args(args).envs(ANYWHERE);
    command
}

pub(crate) fn run(args: &[&str]) -> Output {
    costage(args).output().unwrap()
}

/// A running server, its output read.
pub(crate) struct Server {
    process: std::cell::RefCell<Child>,
    pub(crate) url: String,
    pub(crate) token: String,
    log: mpsc::Receiver<String>,
}

impl Server {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_with(args, &[])
    }

    pub(crate) fn start_with(args: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = costage(args);
        command.envs(environment.iter().copied());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (told, log) = mpsc::channel();
        let stderr = BufReader::new(process.stderr.take().unwrap());
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| told.send(line)));
        let mut out = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let url = out.find_map(|line| Some(line.split_once("http://localhost:")?.1.split('/').next()?.to_owned()));
        let url = url.expect("it says where it is");
        // Only a server in dev mode prints tokens.
        let mut token = || out.find_map(|line| Some(line.trim().strip_prefix("admin")?.trim().to_owned()));
        let token = if args[0] == "serve" { token().expect("dev mode prints tokens") } else { String::new() };
        let port: String = url.chars().take_while(char::is_ascii_digit).collect();
        // What else it prints is read, so that it never waits for us.
        thread::spawn(move || out.for_each(drop));
        Self { process: process.into(), url: format!("127.0.0.1:{port}"), token, log }
    }

    /// A token that dev mode gives away.
    pub(crate) fn token_of_dev_mode(&self, live: &str) -> String {
        let answer = self.ask("GET", &format!("/demo/tokens.json?live={live}"), "", "");
        let admin = answer.split("\"admin\":\"").nth(1).and_then(|rest| rest.split('"').next());
        admin.unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    /// Opens a media session on a live of its own that stays for a while: nobody ever connects to it.
    pub(crate) fn publish(&self) {
        let created = self.ask("POST", "/v1/lives", "application/json", "{\"liveId\":\"a\"}");
        assert!(created.starts_with("HTTP/1.1 201"), "{created}");
        self.open_session("a");
    }

    /// Publishes a live; the path of the session.
    pub(crate) fn open_session(&self, live: &str) -> String {
        let offer = include_str!("../fuzz/corpus/sdp/seed-chromium_host");
        let answer = self.ask("POST", &format!("/whip/{live}"), "application/sdp", offer);
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
        location.unwrap_or_else(|| panic!("no Location: {answer}")).to_owned()
    }

    pub(crate) fn ask(&self, method: &str, path: &str, media_type: &str, body: &str) -> String {
        String::from_utf8_lossy(&self.ask_bytes(method, path, media_type, body)).into_owned()
    }

    /// Head and body of the answer.
    pub(crate) fn ask_bytes(&self, method: &str, path: &str, media_type: &str, body: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.url).unwrap();
        let length = body.len();
        let bearer = match &*self.token {
            "" => String::new(),
            token => format!("authorization: Bearer {token}\r\n"),
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\n{bearer}content-type: {media_type}\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all((head + body).as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.process.borrow().id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill is there").success());
    }

    /// Waits for a line of the log.
    pub(crate) fn hears(&self, word: &str) {
        let deadline = Instant::now() + PATIENCE;
        while let Ok(line) = self.log.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            assert!(!line.contains('\u{1b}'), "no colours into a pipe: {line}");
            if line.contains(word) {
                return;
            }
        }
        panic!("the log does not say {word:?}");
    }

    /// Waits for the end; the exit status.
    pub(crate) fn end(&self) -> i32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.borrow_mut().try_wait().unwrap() {
                return status.code().expect("it was not killed");
            }
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut process = self.process.borrow_mut();
        drop(process.kill());
        drop(process.wait());
    }
}
