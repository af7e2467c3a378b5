//! Many requests at once, each over a connection of its own, without a task for each: what a crowd of impatient clients does.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::house::{House, PATIENCE};

/// Between looks at whether answers have come.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A request that was sent.
pub(crate) struct Request {
    pub(crate) key: String,
    stream: TcpStream,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) key: String,
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn is_refused_as_busy(&self) -> bool {
        let kind = self.body["type"].as_str();
        self.status == 503 && kind == Some("urn:costage:overloaded") && self.head.contains("retry-after: 2")
    }
}

/// Requests that are not answered yet.
pub(crate) struct Burst(Vec<Request>);

impl Burst {
    /// Sends `count` posts of one point for `user`, with keys that begin with `prefix`.
    pub(crate) async fn send(house: &House, path: &str, user: &str, prefix: &str, count: usize) -> Self {
        let (address, token) = (house.url.replace("http://", ""), house.backend.token().to_owned());
        let (path, user, prefix) = (path.to_owned(), user.to_owned(), prefix.to_owned());
        let send = move |number| {
            let key = format!("{prefix}-{number}");
            let body = format!(
                "{{\"op\":\"add\",\"scores\":[{{\"userId\":\"{user}\",\"value\":1}}],\"source\":{{\"reference\":\"{key}\"}}}}"
            );
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\nidempotency-key: {key}\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.write_all((head + &body).as_bytes()).unwrap();
            stream.set_nonblocking(true).unwrap();
            Request { key, stream }
        };
        let sent = tokio::task::spawn_blocking(move || (0..count).map(send).collect());
        Self(sent.await.unwrap())
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes answers until there are `count`, and none has come for so long.
    pub(crate) async fn answers(&mut self, count: usize, quiet: Duration) -> Vec<Answer> {
        let (began, mut last, mut answers) = (Instant::now(), Instant::now(), Vec::new());
        while answers.len() < count || last.elapsed() < quiet {
            assert!(began.elapsed() < PATIENCE, "{} of {count} answers", answers.len());
            let (answered, wait) = std::mem::take(&mut self.0).into_iter().partition(|request| {
                // An answer is there, or the end.
                !matches!(request.stream.peek(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
            });
            self.0 = wait;
            let answered: Vec<Request> = answered;
            last = if answered.is_empty() { last } else { Instant::now() };
            answers.extend(answered.into_iter().map(read));
            tokio::time::sleep(LOOK_EVERY).await;
        }
        answers
    }
}

fn read(Request { key, mut stream }: Request) -> Answer {
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { key, status, head: head.to_owned(), body: serde_json::from_str(body).unwrap() }
}
