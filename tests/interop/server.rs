//! The real binary in dev mode on ports of its own, and its REST interface.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

const START_MAX: Duration = Duration::from_secs(20);
const STOP_MAX: Duration = Duration::from_secs(20);
/// Between looks at a process that starts, ends, or changes its mind.
const LOOK: Duration = Duration::from_millis(20);

/// A running server; killed when dropped without [`Server::stop`].
pub(crate) struct Server {
    process: Mutex<Child>,
    origin: String,
    admin_token: String,
    log: Arc<Mutex<Vec<String>>>,
    runtime: Runtime,
    http: reqwest::Client,
}

/// Status and body of an answer, and what was asked.
pub(crate) struct Answer {
    asked: String,
    status: u16,
    body: String,
}

impl Server {
    /// `costage serve --dev`.
    pub(crate) fn start() -> Self {
        Self::start_as(&["serve", "--dev", "--memory"])
    }

    /// Any command that serves and takes the configuration's flags.
    pub(crate) fn start_as(command: &[&str]) -> Self {
        let (http_port, metrics_port, media_port) = (free_tcp_port(), free_tcp_port(), free_udp_port());
        let mut process = Command::new(env!("CARGO_BIN_EXE_costage"))
            .args(command)
            .args(["--listen", &format!("127.0.0.1:{http_port}")])
            .args(["--metrics-listen", &format!("127.0.0.1:{metrics_port}")])
            .args(["--media-udp-port", &media_port.to_string()])
            .args(["--drain-seconds", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        keep_lines(BufReader::new(process.stdout.take().expect("stdout is piped")), &log);
        keep_lines(BufReader::new(process.stderr.take().expect("stderr is piped")), &log);
        let mut server = Self {
            process: Mutex::new(process),
            origin: format!("http://127.0.0.1:{http_port}"),
            admin_token: String::new(),
            log,
            runtime: Builder::new_current_thread().enable_all().build().expect("a runtime of one thread"),
            http: reqwest::Client::new(),
        };
        server.wait_until("the server answers", START_MAX, || server.is_healthy());
        let tokens = server.ask("GET", "/demo/tokens.json?live=a", None, &json!(null)).expect_status(200);
        server.admin_token = tokens["admin"].as_str().expect("dev mode gives an admin token").to_owned();
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.process.lock().expect("no test thread panicked").id()
    }

    /// A request with the admin's token.
    pub(crate) fn admin(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.ask(method, path, None, body)
    }

    /// The same, with an idempotency key.
    pub(crate) fn admin_once(&self, key: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.ask(method, path, Some(key), body)
    }

    fn ask(&self, method: &str, path: &str, key: Option<&str>, body: &Value) -> Answer {
        let asked = format!("{method} {path} {body}");
        let method = method.parse().expect("a method's name");
        let mut request = self.http.request(method, self.url(path));
        if !self.admin_token.is_empty() {
            request = request.bearer_auth(&self.admin_token);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = self.runtime.block_on(async {
            let response = request.send().await?;
            let status = response.status().as_u16();
            Ok::<_, reqwest::Error>((status, response.text().await?))
        });
        let (status, body) = answer.unwrap_or_else(|error| panic!("{asked}: {error}\n{}", self.last_words()));
        Answer { asked, status, body }
    }

    fn is_healthy(&self) -> bool {
        let exited = self.process.lock().expect("no test thread panicked").try_wait().expect("a child can be asked");
        assert!(exited.is_none(), "the server ended with {exited:?}\n{}", self.last_words());
        let request = self.http.get(self.url("/healthz")).send();
        self.runtime.block_on(request).is_ok_and(|response| response.status().is_success())
    }

    /// Looks again and again until `holds`.
    pub(crate) fn wait_until(&self, what: &str, patience: Duration, holds: impl Fn() -> bool) {
        let end = Instant::now() + patience;
        while !holds() {
            assert!(Instant::now() < end, "{what}: not within {patience:?}\n{}", self.last_words());
            thread::sleep(LOOK);
        }
    }

    /// SIGTERM; it must end by itself, with 0, and without a panic in its log.
    pub(crate) fn stop(self) {
        let told = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().expect("kill is there");
        assert!(told.success());
        let status = || self.process.lock().expect("no test thread panicked").try_wait().expect("a child can be asked");
        self.wait_until("the server ends after SIGTERM", STOP_MAX, || status().is_some());
        assert_eq!(status().and_then(|status| status.code()), Some(0), "{}", self.last_words());
        let log = self.log.lock().expect("no test thread panicked");
        let panics: Vec<&String> = log.iter().filter(|line| line.contains("panicked")).collect();
        assert!(panics.is_empty(), "the server panicked: {panics:?}");
    }

    /// Whether a line of its log holds these words.
    pub(crate) fn has_said(&self, words: &str) -> bool {
        self.log.lock().expect("no test thread panicked").iter().any(|line| line.contains(words))
    }

    /// What dev mode prints behind a word at the start of a line: a token, for instance.
    pub(crate) fn printed(&self, word: &str) -> String {
        let log = self.log.lock().expect("no test thread panicked");
        let found = log.iter().find_map(|line| line.trim().strip_prefix(word)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no line of the server's begins with {word}")).trim().to_owned()
    }

    fn last_words(&self) -> String {
        let log = self.log.lock().expect("no test thread panicked");
        let last = &log[log.len().saturating_sub(30)..];
        format!("the server's last lines:\n  {}", last.join("\n  "))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.last_words());
        }
        if let Ok(process) = self.process.get_mut() {
            // After `stop` it is gone already, and that is fine.
            drop(process.kill());
            drop(process.wait());
        }
    }
}

impl Answer {
    /// The JSON body, when the status is the expected one; else a panic with both.
    #[track_caller]
    pub(crate) fn expect_status(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.body);
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    #[track_caller]
    pub(crate) fn expect_success(self) {
        assert!((200..300).contains(&self.status), "{}: {} {}", self.asked, self.status, self.body);
    }
}

fn keep_lines(reader: impl BufRead + Send + 'static, log: &Arc<Mutex<Vec<String>>>) {
    let log = Arc::clone(log);
    thread::spawn(move || {
        for line in reader.lines().map_while(Result::ok) {
            log.lock().expect("no test thread panicked").push(line);
        }
    });
}

/// A port that was free a moment ago; the server takes it at once.
fn free_tcp_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free TCP port").port()
}

fn free_udp_port() -> u16 {
    UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.local_addr()).expect("a free UDP port").port()
}
