//! The event socket.

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use costage::api::Stage;
use costage::api::auth::Role;
use serde_json::{Value, json};
use tokio::task::block_in_place;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, connect};

use super::contract::{Contract, Exchange};
use super::house::{House, SOCKETS_MAX};

/// Longer than anything here takes, shorter than a hung build.
const PATIENCE: Duration = Duration::from_secs(20);

/// Events of 20 kB each: more than the 10 MB that loopback holds at most, and a reader's queue.
const UNREAD: u32 = 900;

/// A blocking client: the server runs on the runtime's other threads meanwhile.
pub(crate) struct Socket(WebSocket<MaybeTlsStream<TcpStream>>, &'static Contract);

type Dialled = Result<(Socket, Response<Option<Vec<u8>>>), Error>;

fn dial(house: &House, path: &str, headers: &[(&'static str, &str)]) -> Dialled {
    block_in_place(|| {
        let mut request = format!("ws://{}{path}", house.address).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (socket, response) = connect(request).inspect_err(|error| {
            if let Error::Http(refusal) = error {
                is_as_documented(house, path, headers, refusal);
            }
        })?;
        is_as_documented(house, path, headers, &response);
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        Ok((Socket(socket, house.contract()), response))
    })
}

fn is_as_documented(house: &House, path: &str, headers: &[(&str, &str)], answer: &Response<Option<Vec<u8>>>) {
    // What the library has read of a refusal's body may be only its beginning.
    let body = answer.body().as_ref().and_then(|body| String::from_utf8(body.clone()).ok());
    let sent_headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let exchange = Exchange {
        method: "GET".to_owned(),
        path: path.to_owned(),
        sent_headers: sent_headers.collect(),
        sent: String::new(),
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: body.filter(|body| serde_json::from_str::<Value>(body).is_ok()),
    };
    assert_eq!(house.contract().faults(&exchange), [""; 0], "not as /openapi.json says");
}

pub(crate) fn open(house: &House, path: &str) -> Socket {
    dial(house, path, &[]).unwrap().0
}

/// A socket, or nothing when the server has no place for one.
pub(crate) fn try_open(house: &House, path: &str) -> Option<Socket> {
    match dial(house, path, &[]) {
        Ok((socket, _)) => Some(socket),
        Err(Error::Http(response)) if response.status() == 503 => None,
        Err(other) => panic!("wanted a socket or a 503, found {other}"),
    }
}

fn refused(house: &House, path: &str) -> u16 {
    match dial(house, path, &[]) {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("wanted an HTTP refusal, found {other}"),
        Ok(_) => panic!("wanted an HTTP refusal, found a socket"),
    }
}

impl Socket {
    fn message(&mut self) -> Message {
        block_in_place(|| self.0.read()).unwrap()
    }

    pub(crate) fn json(&mut self) -> Value {
        loop {
            match self.message() {
                Message::Text(text) => {
                    let message = serde_json::from_str(&text).unwrap();
                    assert_eq!(self.1.message_faults(&message), [""; 0], "not as /openapi.json says: {message}");
                    return message;
                }
                Message::Ping(_) => {}
                other @ (Message::Binary(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => {
                    panic!("wanted an event, found {other:?}")
                }
            }
        }
    }

    /// Events up to the first of this type, that one included.
    pub(crate) fn until(&mut self, wanted: &str) -> Vec<Value> {
        let mut seen = vec![self.json()];
        while seen.last().unwrap()["type"] != wanted {
            seen.push(self.json());
        }
        seen
    }

    fn close_code(&mut self) -> CloseCode {
        loop {
            if let Message::Close(frame) = self.message() {
                return frame.expect("a close frame with a code").code;
            }
        }
    }
}

fn numbers(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["seq"].as_u64().unwrap()).collect()
}

async fn score(house: &House, battle: &str, key: &str, value: u64) {
    let bearer = format!("Bearer {}", house.admin());
    let headers = [("authorization", &*bearer), ("content-type", "application/json"), ("idempotency-key", key)];
    let body = json!({"op": "add", "scores": [{"userId": "alice", "value": value}]}).to_string();
    house.send("POST", &format!("/v1/battles/{battle}/scores"), &headers, &body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_reader_who_says_goodbye_is_answered() {
    let house = House::open().await;
    house.battle().await;
    let mut socket = open(&house, "/v1/lives/a/events");
    socket.json();
    let goodbye = CloseFrame { code: CloseCode::Normal, reason: "enough".into() };
    block_in_place(|| socket.0.close(Some(goodbye))).unwrap();
    assert_eq!(socket.close_code(), CloseCode::Normal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn socket_begins_with_a_snapshot_and_numbers_what_follows() {
    let house = House::open().await;
    let battle = house.battle().await;
    let mut socket = open(&house, "/v1/lives/a/events");
    let snapshot = socket.json();
    assert_eq!(snapshot["type"], "snapshot");
    assert!(snapshot["epoch"].is_string() && snapshot["serverTime"].is_u64(), "{snapshot}");
    assert_eq!(snapshot["data"]["live"]["liveId"], "a");
    assert_eq!(snapshot["data"]["coHost"]["connected"], json!(["a", "b"]));
    assert_eq!(snapshot["data"]["battle"]["battleId"], json!(battle));
    assert_eq!(snapshot["data"]["layout"]["regions"].as_array().unwrap().len(), 2);

    score(&house, &battle, "k1", 500).await;
    let event = socket.json();
    assert_eq!(event["seq"].as_u64(), Some(snapshot["seq"].as_u64().unwrap() + 1));
    assert_eq!(event["type"], "onBattleScoreChanged");
    assert_eq!(event["data"], json!({"battleId": battle, "scores": {"alice": 500, "bob": 0}}));
    assert!(event["serverTime"].is_u64());

    house.json(&house.admin(), "DELETE", "/v1/lives/a", &Value::Null).await;
    let rest = socket.until("onLiveEnded");
    let types: Vec<_> = rest.iter().filter_map(|event| event["type"].as_str()).collect();
    let place = |wanted: &str| types.iter().position(|found| *found == wanted).unwrap_or_else(|| panic!("{types:?}"));
    assert!(place("onUserExitBattle") < place("onCoHostUserLeft"), "battle, then connection, then live: {types:?}");
    let seqs = numbers(&rest);
    assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{seqs:?}");
    assert_eq!(socket.close_code(), CloseCode::Normal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn returning_client_gets_what_it_missed_or_a_new_snapshot() {
    let house = House::open().await;
    let battle = house.battle().await;
    let snapshot = open(&house, "/v1/lives/a/events").json();
    let (epoch, seq) = (snapshot["epoch"].as_str().unwrap(), snapshot["seq"].as_u64().unwrap());
    score(&house, &battle, "k1", 1).await;
    score(&house, &battle, "k2", 1).await;

    let mut back = open(&house, &format!("/v1/lives/a/events?epoch={epoch}&after={seq}"));
    let first = back.json();
    assert_eq!((&first["type"], first["seq"].as_u64()), (&json!("onBattleScoreChanged"), Some(seq + 1)));

    let mut earlier = open(&house, &format!("/v1/lives/a/events?epoch={epoch}&after={}", seq - 1));
    let events = [earlier.json(), earlier.json()];
    assert_eq!(numbers(&events), [seq, seq + 1], "all that was missed, in order");

    for stale in [format!("?epoch=other&after={seq}"), format!("?epoch={epoch}&after=999999")] {
        assert_eq!(open(&house, &format!("/v1/lives/a/events{stale}")).json()["type"], "snapshot", "{stale}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_passes_between_hosts_is_not_told_to_viewers() {
    let house = House::open().await;
    for (live, user) in [("a", "alice"), ("b", "bob")] {
        house.live(live, user).await;
        house.on_air(live, user).await;
    }
    let mut viewer = open(&house, "/v1/lives/b/events");
    let host_path = format!("/v1/lives/b/events?token={}", house.host("bob", "b"));
    let mut host = open(&house, &host_path);
    viewer.json();
    host.json();
    let request = json!({"targetLiveIds": ["b"]});
    let alice = house.host("alice", "a");
    house.json(&alice, "POST", "/v1/lives/a/co-host/requests", &request).await.expect(200);
    let received = host.until("onCoHostRequestReceived").pop().unwrap();
    assert_eq!(received["data"]["inviter"]["liveId"], "a");
    house
        .json(&house.host("bob", "b"), "POST", "/v1/lives/b/co-host/requests/a/accept", &Value::Null)
        .await
        .expect(200);
    let seen = viewer.until("onCoHostUserJoined");
    assert!(seen.iter().all(|event| event["type"] != "onCoHostRequestReceived"), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn socket_is_refused_before_it_opens() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let secret = json!({"liveId": "p", "owner": {"userId": "alice"}, "isPublicVisible": false});
    house.json(&house.admin(), "POST", "/v1/lives", &secret).await.expect(201);
    assert_eq!(refused(&house, "/v1/lives/nobody/events"), 404);
    assert_eq!(refused(&house, "/v1/lives/-/events"), 400);
    assert_eq!(refused(&house, "/v1/lives/a/events?token=rubbish"), 401);
    assert_eq!(refused(&house, "/v1/lives/a/events?after=3"), 400);
    assert_eq!(refused(&house, "/v1/lives/a/events?epoch=x&after=-1"), 400);
    assert_eq!(refused(&house, "/v1/lives/a/events?since=3"), 400);
    assert_eq!(refused(&house, "/v1/lives/p/events"), 401);
    house.json("", "GET", "/v1/lives/a/events", &Value::Null).await.problem(426, "upgrade-required");
    let _common: Vec<_> = (1..SOCKETS_MAX).map(|_| open(&house, "/v1/lives/a/events")).collect();
    assert_eq!(refused(&house, "/v1/lives/a/events"), 503, "the last place is not for viewers");
    let admins = format!("/v1/lives/a/events?token={}", house.admin());
    let _kept = open(&house, &admins);
    assert_eq!(refused(&house, &admins), 503, "no place is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn token_as_subprotocol_is_taken_and_answered() {
    let house = House::open().await;
    let secret = json!({"liveId": "p", "owner": {"userId": "alice"}, "isPublicVisible": false});
    house.json(&house.admin(), "POST", "/v1/lives", &secret).await.expect(201);
    let token = format!("bearer.{}", house.token(Role::Audience, "v", "p"));
    let both = format!("costage, {token}");
    for (offered, chosen) in [(&both, "costage"), (&token, token.as_str())] {
        let (mut socket, response) =
            dial(&house, "/v1/lives/p/events", &[("sec-websocket-protocol", offered)]).unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], chosen);
        assert_eq!(socket.json()["type"], "snapshot");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_concerns_one_guest_is_told_to_that_guest_and_the_host_alone() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let (alice, gil) = (house.host("alice", "a"), house.token(Role::Guest, "gil", "a"));
    let hal = house.token(Role::Guest, "hal", "a");
    let mut sockets = [&alice, &gil, &hal].map(|token| open(&house, &format!("/v1/lives/a/events?token={token}")));
    for socket in &mut sockets {
        let snapshot = socket.json();
        assert_eq!(snapshot["data"]["seatList"].as_array().unwrap().len(), 9);
        assert_eq!(snapshot["data"]["seatRequests"], json!({"applicants": [], "invitees": []}));
    }
    let applications = "/v1/lives/a/seat-applications";
    house.json(&gil, "POST", applications, &Value::Null).await.expect(201);
    for (token, seen) in [(&alice, 1), (&gil, 1), (&hal, 0)] {
        let snapshot = open(&house, &format!("/v1/lives/a/events?token={token}")).json();
        assert_eq!(snapshot["data"]["seatRequests"]["applicants"].as_array().unwrap().len(), seen);
    }
    house.json(&alice, "POST", &format!("{applications}/gil/accept"), &Value::Null).await.expect(200);
    let told = sockets.each_mut().map(|socket| {
        let events = socket.until("onSeatListChanged");
        events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(told[0], ["onGuestApplicationReceived", "onGuestApplicationResponded", "onSeatListChanged"]);
    assert_eq!(told[1], ["onGuestApplicationResponded", "onSeatListChanged"]);
    assert_eq!(told[2], ["onSeatListChanged"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn clients_that_talk_too_much_or_too_long_are_closed() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let mut chatty = open(&house, "/v1/lives/a/events");
    chatty.json();
    // Ten are borne between two pings, and on a slow machine one may come meanwhile.
    block_in_place(|| (0..40).for_each(|_| drop(chatty.0.send(Message::text("hello")))));
    assert_eq!(chatty.close_code(), CloseCode::Policy);
    let mut long = open(&house, "/v1/lives/a/events");
    long.json();
    block_in_place(|| drop(long.0.send(Message::text("x".repeat(5_000)))));
    assert_eq!(long.close_code(), CloseCode::Size);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn sockets_are_closed_when_the_server_goes() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let mut socket = open(&house, "/v1/lives/a/events");
    socket.json();
    house.state.going.to(Stage::Closing);
    assert_eq!(socket.close_code(), CloseCode::Away);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn server_pings_every_five_seconds() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let mut socket = open(&house, "/v1/lives/a/events");
    socket.json();
    assert!(matches!(socket.message(), Message::Ping(_)));
    let first = Instant::now();
    assert!(matches!(socket.message(), Message::Ping(_)));
    // How late it comes is the machine's business, that it does not come early is the rule.
    assert!(first.elapsed() > Duration::from_secs(4), "{:?}", first.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_client_that_answers_two_pings_not_is_closed() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let mut socket = open(&house, "/v1/lives/a/events");
    // Past the library, which would answer.
    let MaybeTlsStream::Plain(stream) = socket.0.get_mut() else { panic!("no TLS here") };
    let mut said = Vec::new();
    block_in_place(|| stream.read_to_end(&mut said)).expect("the server hangs up in time");
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(said.ends_with("two pings were not answered"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn the_live_s_clients_hear_of_its_new_info() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let mut socket = open(&house, "/v1/lives/a/events");
    socket.json();
    house.json(&house.admin(), "PATCH", "/v1/lives/a", &json!({"notice": "soon"})).await.expect(200);
    let event = socket.json();
    assert_eq!((&event["type"], &event["data"]["changed"]), (&json!("onLiveInfoChanged"), &json!(["notice"])));
    assert_eq!((&event["data"]["live"]["notice"], &event["data"]["live"]["liveId"]), (&json!("soon"), &json!("a")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_client_that_does_not_keep_up_is_cut_and_told_why() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let mut socket = open(&house, "/v1/lives/a/events");
    socket.json();
    // Unread: first what the system holds between the two fills up, then the reader's queue. Large events make that soon.
    let (admin, pad) = (house.admin(), "x".repeat(2_000));
    let pads: serde_json::Map<_, _> = (0..10).map(|key| (key.to_string(), json!(pad))).collect();
    for i in 0..UNREAD {
        let change = json!({"activityStatus": i + 1, "metaData": pads});
        house.json(&admin, "PATCH", "/v1/lives/a", &change).await.expect(200);
    }
    let frame = loop {
        match socket.message() {
            Message::Close(frame) => break frame.expect("a close frame with a code"),
            Message::Text(_) | Message::Ping(_) => {}
            other @ (Message::Binary(_) | Message::Pong(_) | Message::Frame(_)) => panic!("{other:?}"),
        }
    };
    assert_eq!(frame.code, CloseCode::Policy);
    assert!(frame.reason.contains("256 events were waiting"), "{}", frame.reason);
}
