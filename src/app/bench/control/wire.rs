//! One HTTP/1.1 connection that is as cheap as can be: on the machine of the server, what a client costs is taken from the
//! server. It sends one request, reads one answer, and so on.

use anyhow::{Context, bail};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The largest answer that is read, bytes: scores of nine have a few hundred.
const ANSWER_MAX: usize = 16 * 1024;

/// A connection that is kept.
pub(super) struct Wire {
    stream: TcpStream,
    host: String,
    token: String,
    buffer: Vec<u8>,
}

impl Wire {
    /// Connects to the server at `address`.
    ///
    /// # Errors
    /// When nobody listens.
    pub(super) async fn connect(address: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("no connection to the server")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: address.to_string(), token: token.to_owned(), buffer: Vec::with_capacity(ANSWER_MAX) })
    }

    /// Posts JSON with an idempotency key; waits for its whole answer.
    ///
    /// # Errors
    /// When it is not answered, or with anything but 200.
    pub(super) async fn post(&mut self, path: &str, key: &str, body: &str) -> anyhow::Result<()> {
        let Self { host, token, .. } = self;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await.context("the request could not be sent")?;
        self.buffer.clear();
        loop {
            if let Some(whole) = answer_length(&self.buffer) {
                if self.buffer.len() >= whole {
                    break;
                }
            } else if self.buffer.len() > ANSWER_MAX {
                bail!("an answer of more than {ANSWER_MAX} bytes");
            }
            if self.stream.read_buf(&mut self.buffer).await.context("the answer did not come")? == 0 {
                bail!("the server hung up");
            }
        }
        if self.buffer.starts_with(b"HTTP/1.1 200 ") {
            Ok(())
        } else {
            bail!("{path} was answered {}", String::from_utf8_lossy(&self.buffer));
        }
    }
}

/// How long head and body are together, once the head is there.
fn answer_length(received: &[u8]) -> Option<usize> {
    let head = received.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let lines = received[..head].split(|byte| *byte == b'\n');
    let length = lines.filter_map(|line| std::str::from_utf8(line).ok()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse::<usize>().ok() } else { None }
    });
    Some(head + length.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: x\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(answer_length(answer), Some(answer.len()));
        assert_eq!(answer_length(&answer[..20]), None);
        assert_eq!(answer_length(b"HTTP/1.1 204 No Content\r\n\r\n"), Some(27));
    }
}
