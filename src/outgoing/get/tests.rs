//! Real requests to servers on loopback that answer as they like.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

const BOUNDS: Bounds = Bounds { bytes_max: 1_000, within: Duration::from_millis(400) };

/// Answers everybody with these bytes, and then either closes or says nothing more.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn on(address: &str, answer: Vec<u8>, closes: bool) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                tokio::spawn(async move {
                    let mut request = [0; 4_096];
                    // Whether it is read to its end is the other side's affair.
                    let begun = stream.read(&mut request).await.is_ok() && stream.write_all(&answer).await.is_ok();
                    if begun && !closes {
                        std::future::pending::<()>().await;
                    }
                });
            }
        });
        Self { address, connections }
    }

    async fn answering(answer: impl AsRef<[u8]>) -> Self {
        Self::on("127.0.0.1:0", answer.as_ref().to_vec(), true).await
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn port(&self) -> u16 {
        self.address.port()
    }
}

/// Answers each look-up with the next of these, and the last for ever.
struct Names(Mutex<VecDeque<&'static str>>);

impl Names {
    fn of(answers: &[&'static str]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(answers.iter().copied().collect())))
    }
}

impl Resolver for Names {
    fn resolve(&self, _: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().copied() };
        Box::pin(async move { Ok(answer.into_iter().map(|address| address.parse().unwrap()).collect()) })
    }
}

/// To whom all of loopback may be reached.
fn friendly() -> Getter {
    let hosts = ["127.0.0.1", "store.internal"].map(|host| host.parse().unwrap());
    Getter::new(Names::of(&["127.0.0.1"]), hosts.to_vec(), BOUNDS).unwrap()
}

async fn got(getter: &Getter, url: &str) -> Result<Vec<u8>, GetFault> {
    getter.get(url, |_| true).await
}

async fn answered(answer: impl AsRef<[u8]>) -> Result<Vec<u8>, GetFault> {
    let server = Server::answering(answer).await;
    got(&friendly(), &format!("http://{}/a.png", server.address)).await
}

#[tokio::test]
async fn what_lies_there_is_got_whole_however_its_length_is_said() {
    let body = "x".repeat(1_000);
    let length = format!("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{body}");
    let close = format!("HTTP/1.1 200 OK\r\n\r\n{body}");
    let chunks = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e8\r\n{body}\r\n0\r\n\r\n");
    for answer in [length, close, chunks] {
        assert_eq!(answered(answer).await, Ok(body.clone().into_bytes()));
    }
}

#[tokio::test]
async fn one_byte_more_than_is_taken_is_refused_whether_it_is_said_or_not() {
    let body = "x".repeat(1_001);
    assert_eq!(answered("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n").await, Err(GetFault::TooLong(1_000)));
    let huge = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", u64::MAX / 2);
    assert_eq!(answered(huge).await, Err(GetFault::TooLong(1_000)));
    assert_eq!(answered(format!("HTTP/1.1 200 OK\r\n\r\n{body}")).await, Err(GetFault::TooLong(1_000)));
    let chunks = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n{body}\r\n0\r\n\r\n");
    assert_eq!(answered(chunks).await, Err(GetFault::TooLong(1_000)));
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_other_status_taken() {
    let other = Server::answering("HTTP/1.1 200 OK\r\n\r\nx").await;
    for status in [301, 302, 303, 307, 308] {
        let answer = format!("HTTP/1.1 {status} There\r\nlocation: http://{}/\r\n\r\n", other.address);
        assert_eq!(answered(answer).await, Err(GetFault::Redirect(status)));
    }
    assert_eq!(other.connections(), 0);
    for status in [204, 206, 404, 500] {
        assert_eq!(answered(format!("HTTP/1.1 {status} There\r\n\r\n")).await, Err(GetFault::Status(status)));
    }
}

#[tokio::test]
async fn who_takes_too_long_over_head_or_body_is_left() {
    for answer in ["", "HTTP/1.1 200 OK\r\nx: ", "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\nabc"] {
        let server = Server::on("127.0.0.1:0", answer.into(), false).await;
        let begun = Instant::now();
        let fault = got(&friendly(), &format!("http://{}/", server.address)).await.unwrap_err();
        assert_eq!(fault, GetFault::TooSlow(BOUNDS.within), "{answer:?}");
        assert!(begun.elapsed() >= BOUNDS.within, "{answer:?}");
    }
}

#[tokio::test]
async fn what_begins_otherwise_than_it_should_is_not_read_on() {
    let server = Server::on("127.0.0.1:0", b"HTTP/1.1 200 OK\r\n\r\nGIF89a-and-more".to_vec(), false).await;
    let url = format!("http://{}/", server.address);
    let fault = friendly().get(&url, |head| head.starts_with(b"\x89PNG")).await;
    assert_eq!(fault, Err(GetFault::Unfit), "long before it is too slow");
    let short = Server::answering("HTTP/1.1 200 OK\r\n\r\nGIF").await;
    let fault = friendly().get(&format!("http://{}/", short.address), |head| head.len() > 3).await;
    assert_eq!(fault, Err(GetFault::Unfit), "too short to have a head");
}

#[tokio::test]
async fn no_connection_is_made_to_what_is_not_public_however_it_is_written() {
    let four = Server::answering("HTTP/1.1 200 OK\r\n\r\nx").await;
    let port = four.port();
    let six = Server::on(&format!("[::1]:{port}"), b"HTTP/1.1 200 OK\r\n\r\nx".to_vec(), true).await;
    let getter = Getter::new(Arc::new(super::super::SystemResolver), Vec::new(), BOUNDS).unwrap();
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST.",
        "169.254.169.254",
        "10.0.0.1",
    ] {
        let fault = got(&getter, &format!("http://{host}:{port}/a.png")).await.unwrap_err();
        // A system that knows no `localhost.` has not resolved it.
        let refused = matches!(fault, GetFault::NotPublic(_)) || host == "LOCALHOST.";
        assert!(refused, "{host}: {fault:?}");
    }
    assert_eq!((four.connections(), six.connections()), (0, 0));
}

#[tokio::test]
async fn a_name_that_leads_inside_at_the_second_look_is_refused_at_the_second_look() {
    let outside = Server::answering("HTTP/1.1 200 OK\r\n\r\nout").await;
    let inside =
        Server::on(&format!("127.0.0.2:{}", outside.port()), b"HTTP/1.1 200 OK\r\n\r\nin".to_vec(), true).await;
    // As if 127.0.0.1 were public: on a test's machine nothing else is.
    let check = |address: IpAddr| match address.to_string().as_str() {
        "127.0.0.1" => Ok(()),
        _ => Err(NotPublic { address, what: "inside" }),
    };
    let names = Names::of(&["127.0.0.1", "127.0.0.2", "127.0.0.1"]);
    let guard = Guard::with(names, check);
    let getter = Getter::through(guard.clone(), guard, Vec::new(), BOUNDS).unwrap();
    let url = format!("http://rebind.example:{}/", outside.port());
    assert_eq!(got(&getter, &url).await, Ok(b"out".to_vec()));
    let fault = got(&getter, &url).await.unwrap_err();
    assert!(matches!(&fault, GetFault::NotPublic(why) if why.contains("127.0.0.2")), "{fault:?}");
    assert_eq!(got(&getter, &url).await, Ok(b"out".to_vec()), "each time anew");
    assert_eq!((outside.connections(), inside.connections()), (2, 0));
}

#[tokio::test]
async fn hosts_that_are_allowed_are_reached_at_private_addresses_and_no_others() {
    let server = Server::answering("HTTP/1.1 200 OK\r\n\r\nx").await;
    let getter = friendly();
    let url = |host: &str| format!("http://{host}:{}/", server.port());
    assert_eq!(got(&getter, &url("127.0.0.1")).await, Ok(b"x".to_vec()));
    assert_eq!(got(&getter, &url("store.internal")).await, Ok(b"x".to_vec()));
    for other in ["127.0.0.2", "other.internal"] {
        let fault = got(&getter, &url(other)).await.unwrap_err();
        assert!(matches!(fault, GetFault::NotPublic(_)), "{other}: {fault:?}");
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn what_is_no_address_or_has_a_login_is_refused() {
    let getter = friendly();
    for text in ["", "g.png", "/a.png", "ftp://127.0.0.1/", "file:///etc/passwd", "data:image/png;base64,AA", "http://"]
    {
        assert_eq!(got(&getter, text).await, Err(GetFault::Url), "{text}");
    }
    for text in ["http://me@127.0.0.1/", "http://:pw@127.0.0.1/"] {
        assert_eq!(got(&getter, text).await, Err(GetFault::Login), "{text}");
    }
    for text in ["http://\u{202e}a\0", "http://[::1", "http://a:99999/", "http://127.0.0.1:1/\r\nx: y"] {
        assert!(got(&getter, text).await.is_err(), "{text:?}");
    }
}

#[tokio::test]
async fn answers_that_are_no_http_are_faults_and_nothing_more() {
    for noise in [&b"\0\0\0"[..], b"HTTP/9.9 hello", b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nx", &[0xFF; 3_000]]
    {
        assert!(matches!(answered(noise).await, Err(GetFault::Failed(_) | GetFault::TooLong(_))), "{noise:?}");
    }
    let cut = answered("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort").await;
    assert!(matches!(cut, Err(GetFault::Failed(_))), "{cut:?}");
    let chunks = answered("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n").await;
    assert!(matches!(chunks, Err(GetFault::Failed(_))), "{chunks:?}");
}
