//! Clients that send slowly, or nothing, or too many at once.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::house::{CONNECTIONS_MAX, House, PATIENCE, said};

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_cut_off() {
    let house = House::open().await;
    let mut slow = house.dial("GET /v1/time HTTP/1.1\r\nhost: x\r\nx-a: ").await;
    let mut silent = house.dial("").await;
    let (slow, silent) = tokio::join!(said(&mut slow), said(&mut silent));
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
    let said = house.raw(&head).await;
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("urn:costage:request-timeout"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_its_answers_is_cut_off() {
    let house = House::open().await;
    let mut deaf = house.dial("").await;
    let asked = "GET /web/session.js HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
    // Once nothing fits between the two any more, neither side gets on; only the server can end that.
    let cut_off = async { while deaf.write_all(asked.as_bytes()).await.is_ok() {} };
    timeout(PATIENCE, cut_off).await.expect("the server hangs up");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_is_told_503_and_a_place_that_is_left_is_free_again() {
    let house = House::open().await;
    let request = "GET /v1/time HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        let mut stream = house.dial(request).await;
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        open.push(stream);
    }
    let said = house.raw("").await;
    assert!(
        said.starts_with("HTTP/1.1 503 ") && said.contains("retry-after: ") && said.contains("\"code\":900503"),
        "{said}"
    );

    open.clear();
    // The server hears of the closed ones in its own time.
    let served = timeout(PATIENCE, async {
        loop {
            let closing = "GET /v1/time HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            if house.raw(closing).await.starts_with("HTTP/1.1 200 ") {
                return;
            }
        }
    });
    served.await.expect("a place becomes free");
}
