//! A network between a host and the server whose media packets can be blocked: it passes HTTP on, puts its own port into
//! the candidates of answers, and carries the datagrams that then come to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, header};
use tokio::net::{TcpListener, UdpSocket};

/// One host's way to the server.
pub(crate) struct Wire {
    /// Where the host finds the server's HTTP.
    pub(crate) url: String,
    blocked: Arc<AtomicBool>,
}

#[derive(Clone)]
struct Gate {
    server: String,
    media: Arc<UdpSocket>,
    blocked: Arc<AtomicBool>,
}

impl Wire {
    pub(crate) async fn lay(server: &str) -> Self {
        let media = Arc::new(UdpSocket::bind("0.0.0.0:0").await.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let blocked = Arc::new(AtomicBool::new(false));
        let gate = Gate { server: server.to_owned(), media, blocked: Arc::clone(&blocked) };
        let app = Router::new().fallback(pass_on).with_state(gate);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, blocked }
    }

    /// From now on no datagram passes, in either direction; or each does again.
    pub(crate) fn block(&self, blocked: bool) {
        self.blocked.store(blocked, Ordering::Relaxed);
    }
}

async fn pass_on(State(gate): State<Gate>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let url = format!("{}{}", gate.server, parts.uri);
    let mut headers = parts.headers;
    headers.remove(header::HOST);
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let asked = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = asked.request(parts.method, url).headers(headers).body(body).send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers().iter().filter(|(name, _)| *name != header::CONTENT_LENGTH) {
        response = response.header(name, value);
    }
    let text = answer.text().await.unwrap();
    response.body(Body::from(through(&gate, &text))).unwrap()
}

/// The answer with our port in its candidates; from then on that port leads to the server.
fn through(gate: &Gate, sdp: &str) -> String {
    let ours = gate.media.local_addr().unwrap().port().to_string();
    let mut server = None;
    let line = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        if line.starts_with("a=candidate:") {
            server.get_or_insert_with(|| words[5].to_owned());
            words[5] = &ours;
        }
        words.join(" ")
    };
    let text: Vec<String> = sdp.split("\r\n").map(line).collect();
    if let Some(port) = server {
        let server = SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()));
        tokio::spawn(carry(Arc::clone(&gate.media), server, Arc::clone(&gate.blocked)));
    }
    text.join("\r\n")
}

async fn carry(front: Arc<UdpSocket>, server: SocketAddr, blocked: Arc<AtomicBool>) {
    let back = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    back.connect(server).await.unwrap();
    let (mut out, mut home) = ([0; 2_048], [0; 2_048]);
    let mut host = None;
    loop {
        // A datagram that cannot be sent is lost, as on any network.
        tokio::select! {
            Ok((length, from)) = front.recv_from(&mut out) => {
                host = Some(from);
                if !blocked.load(Ordering::Relaxed) {
                    drop(back.send(&out[..length]).await);
                }
            }
            Ok(length) = back.recv(&mut home) => {
                if let Some(host) = host.filter(|_| !blocked.load(Ordering::Relaxed)) {
                    drop(front.send_to(&home[..length], host).await);
                }
            }
        }
    }
}
