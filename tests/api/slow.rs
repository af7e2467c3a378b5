//! Clients that send slowly, or nothing, or too many at once.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::house::{CONNECTIONS_MAX, House};

/// Longer than any wait of the server, shorter than a hung build.
const PATIENCE: Duration = Duration::from_secs(40);

async fn dial(house: &House, sends: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&house.address).await.unwrap();
    stream.write_all(sends.as_bytes()).await.unwrap();
    stream
}

/// All that the server says until it hangs up.
async fn answer(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("the server hangs up in time");
    drop(read); // a reset ends it as well
    String::from_utf8(said).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_cut_off() {
    let house = House::open().await;
    let mut slow = dial(&house, "GET /v1/time HTTP/1.1\r\nhost: x\r\nx-a: ").await;
    let mut silent = dial(&house, "").await;
    let (slow, silent) = tokio::join!(answer(&mut slow), answer(&mut silent));
    assert!(!slow.contains(" 200 ") && !silent.contains(" 200 "), "{slow:?} {silent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_ends_is_answered_408() {
    let house = House::open().await;
    let head = format!(
        "POST /v1/lives HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: 100\r\n\r\n{{",
        house.admin()
    );
    let said = answer(&mut dial(&house, &head).await).await;
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("urn:costage:request-timeout"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_is_told_503_and_a_place_that_is_left_is_free_again() {
    let house = House::open().await;
    let request = "GET /v1/time HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        let mut stream = dial(&house, request).await;
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        open.push(stream);
    }
    let mut extra = TcpStream::connect(&house.address).await.unwrap();
    let said = answer(&mut extra).await;
    assert!(
        said.starts_with("HTTP/1.1 503 ") && said.contains("retry-after: ") && said.contains("\"code\":900503"),
        "{said}"
    );

    open.clear();
    // The server hears of the closed ones in its own time.
    let served = timeout(PATIENCE, async {
        loop {
            let closing = "GET /v1/time HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            if answer(&mut dial(&house, closing).await).await.starts_with("HTTP/1.1 200 ") {
                return;
            }
        }
    });
    served.await.expect("a place becomes free");
}
