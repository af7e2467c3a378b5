//! Receivers that do not answer as they should, and a sender with a defect.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Longer than loopback takes, shorter than anybody waits.
const PATIENCE: Duration = Duration::from_millis(300);

/// Accepts, reads, says `head`, and then a byte of a body now and then, for ever.
async fn dawdler(head: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4_096];
                let mut going =
                    stream.read(&mut request).await.is_ok() && stream.write_all(head.as_bytes()).await.is_ok();
                while going {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    going = head.is_empty() || stream.write_all(b"x").await.is_ok();
                }
            });
        }
    });
    address
}

async fn posted(address: SocketAddr) -> (Outcome, Duration) {
    let endpoint = endpoint("crm", &format!("http://{address}/"), &[SECRET]);
    let guard = Guard::new(Arc::new(Loopback), true);
    let post = Post::through(guard, &endpoint, PATIENCE).unwrap();
    let mut house = House::new(Vec::new());
    house.happens(1);
    let begun = Instant::now();
    (post.send(&endpoint, &house.told[0], 0).await, begun.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_accepts_and_never_answers_is_waited_for_so_long_and_said_so() {
    let (outcome, took) = posted(dawdler("").await).await;
    let Outcome::Failed { error, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(error, "no answer within 0.3 s");
    assert!(took >= PATIENCE && took < PATIENCE * 10, "{took:?}");
    assert_eq!(format!("{ANSWER_MAX:?}"), "15s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_never_ends_is_no_answer_and_a_body_that_never_ends_takes_none_back() {
    let (outcome, _) = posted(dawdler("HTTP/1.1 200 OK\r\nx-slow: ").await).await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    let (outcome, took) = posted(dawdler("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n").await).await;
    assert_eq!(outcome, Outcome::Delivered, "it was taken, whatever else is said");
    assert!(took < PATIENCE * 10, "{took:?}");
}

/// Has a defect the first time that it is asked, and every time that it is asked for `broken.example`.
struct Defective(AtomicU32);

impl Resolver for Defective {
    fn resolve(&self, host: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let asked = self.0.fetch_add(1, Ordering::Relaxed);
        assert!(asked > 0 && host != "broken.example", "a defect, for the test");
        Loopback.resolve(host)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_panics_is_begun_anew_where_it_was_and_others_do_not_notice() {
    let receiver = Receiver::default();
    let (address, _) = receiver.serve("127.0.0.1:0").await;
    let url = |host: &str| format!("http://{host}:{}/", address.port());
    let endpoints =
        vec![endpoint("fine", &url("fine.example"), &[SECRET]), endpoint("broken", &url("broken.example"), &[SECRET])];
    let mut house = House::with(endpoints, Arc::new(Defective(AtomicU32::new(0))));
    house.begun(2).await;
    house.happens(3);
    until(|| receiver.got().len() == 3).await;
    assert_eq!(receiver.ids(), house.all(), "each once, in order");
    let delivered =
        |name| house.deliveries.standings().unwrap().into_iter().find(|it| it.endpoint == name).unwrap().delivered;
    until(|| delivered("fine") == 3).await;
    assert_eq!(delivered("broken"), 0, "its events wait for a costage without the defect");
    house.webhooks.stop().await;
}
