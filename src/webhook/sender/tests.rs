//! Whole deliveries over real HTTP, to receivers on loopback.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::*;
use crate::engine::outbox_log::{Backlog, DeadLetter, KEPT, StoreId, Which};
use crate::live::{Callback, CallbackKind, LiveId};
use crate::outgoing::{Guard, NotPublic};
use crate::store::{Deliveries, MemoryOutbox};
use crate::webhook::post::ANSWER_MAX;
use crate::webhook::sign::{SigningKey, signatures};

mod faults;
mod hour;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall_ms(&self) -> u64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        since.as_millis().try_into().unwrap()
    }
}

/// A server's time that did not go along when the system's clock was set by an hour.
struct SetBack;

impl Clock for SetBack {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall_ms(&self) -> u64 {
        RealClock.wall_ms() - 3_600_000
    }
}

#[derive(Clone, Debug)]
struct Got {
    id: String,
    host: String,
    seconds: u64,
    signature: String,
    body: String,
    at: Instant,
}

/// A receiver: answers with what is in `answers`, then 204.
#[derive(Clone, Default)]
struct Receiver {
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<VecDeque<Response>>>,
}

impl Receiver {
    /// Serves on `address`; port 0 takes a free one.
    async fn serve(&self, address: &str) -> (SocketAddr, JoinHandle<()>) {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(take).with_state(self.clone());
        (address, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
    }

    fn answer(&self, answers: impl IntoIterator<Item = Response>) {
        self.answers.lock().unwrap().extend(answers);
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    fn ids(&self) -> Vec<String> {
        self.got().into_iter().map(|got| got.id).collect()
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    let got = Got {
        id: header("webhook-id"),
        host: header("host"),
        seconds: header("webhook-timestamp").parse().unwrap(),
        signature: header("webhook-signature"),
        body: String::from_utf8(body.to_vec()).unwrap(),
        at: Instant::now(),
    };
    receiver.got.lock().unwrap().push(got);
    let answer = receiver.answers.lock().unwrap().pop_front();
    answer.unwrap_or_else(|| StatusCode::NO_CONTENT.into_response())
}

/// Everything resolves to loopback.
struct Loopback;

impl Resolver for Loopback {
    fn resolve(&self, _: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap()]) })
    }
}

struct House {
    outbox: Arc<MemoryOutbox>,
    deliveries: Arc<Deliveries>,
    webhooks: Webhooks,
    /// All that has happened: the outbox forgets what everybody has.
    told: Vec<OutboxRow>,
}

impl House {
    fn new(endpoints: Vec<Endpoint>) -> Self {
        Self::with(endpoints, Arc::new(Loopback))
    }

    fn with(endpoints: Vec<Endpoint>, resolver: Arc<dyn Resolver>) -> Self {
        let outbox = MemoryOutbox::new(StoreId([9; 16]));
        let deliveries = Arc::new(Deliveries::in_memory().unwrap());
        let surroundings = Surroundings {
            bell: outbox.bell(),
            outbox: Arc::clone(&outbox) as Arc<dyn OutboxLog>,
            deliveries: Arc::clone(&deliveries) as Arc<dyn DeliveryLog>,
            books: Arc::new(Books::in_memory()),
            clock: Arc::new(SetBack),
            system: Arc::new(RealClock),
            resolver,
            chance: 1,
        };
        Self { outbox, deliveries, webhooks: Webhooks::start(surroundings, endpoints).unwrap(), told: Vec::new() }
    }

    /// Waits until all senders have begun: what happens then is for them.
    async fn begun(&self, count: usize) {
        until(|| self.deliveries.standings().unwrap().len() == count).await;
    }

    fn happens(&mut self, count: u64) {
        let event = |n| {
            let (live, data) = (LiveId::new("a").unwrap(), serde_json::json!({"n": n}));
            Callback { kind: CallbackKind::HostOnline, live, at: WallMs(RealClock.wall_ms()), data }
        };
        let told = self.told.len() as u64;
        for callback in (told..told + count).map(event) {
            self.told.push(OutboxRow::of(self.outbox.store(), self.told.len() as u64 + 1, &callback));
            self.outbox.append([callback]);
        }
    }

    /// Ids of all events, in order.
    fn all(&self) -> Vec<String> {
        self.told.iter().map(|row| row.id.clone()).collect()
    }
}

async fn until(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not come");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn endpoint(name: &str, url: &str, secrets: &[&str]) -> Endpoint {
    Endpoint::new(name, url, secrets.iter().copied(), &[], true).unwrap()
}

fn status(code: u16) -> Response {
    StatusCode::from_u16(code).unwrap().into_response()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_there_within_milliseconds_signed_with_every_key() {
    let receiver = Receiver::default();
    let (address, _) = receiver.serve("127.0.0.1:0").await;
    let url = format!("http://backend.example:{}/hook", address.port());
    let mut house = House::new(vec![endpoint("crm", &url, &[SECRET])]);
    house.begun(1).await;
    house.happens(1);
    until(|| receiver.got().len() == 1).await;
    let mut spans = Vec::new();
    for count in 2..=21 {
        let committed = Instant::now();
        house.happens(1);
        until(|| receiver.got().len() == count).await;
        spans.push(receiver.got()[count - 1].at.saturating_duration_since(committed));
    }
    spans.sort_unstable();
    println!("commit to receiver: median {:?}, worst {:?}", spans[10], spans[19]);
    assert!(spans[10] < Duration::from_millis(100), "{spans:?}");

    // Another key beside the old one, then alone: without a restart.
    house.webhooks.set(vec![endpoint("crm", &url, &[SECRET, OTHER])]);
    house.happens(1);
    until(|| receiver.got().len() == 22).await;
    house.webhooks.set(vec![endpoint("crm", &url, &[OTHER])]);
    house.happens(1);
    until(|| receiver.got().len() == 23).await;
    let now = RealClock.wall_ms() / 1_000;
    for (got, secrets) in receiver.got()[20..].iter().zip([&[SECRET][..], &[SECRET, OTHER], &[OTHER]]) {
        let keys: Vec<_> = secrets.iter().map(|secret| SigningKey::parse(secret).unwrap()).collect();
        assert_eq!(got.signature, signatures(&keys, &got.id, got.seconds, &got.body));
        assert!(now - got.seconds <= 20);
    }
    assert_eq!(receiver.ids(), house.all());
    house.webhooks.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_was_down_gets_everything_once_and_in_order() {
    let receiver = Receiver::default();
    // A port that nobody listens on, until somebody does.
    let (address, down) = receiver.serve("127.0.0.1:0").await;
    down.abort();
    assert!(down.await.unwrap_err().is_cancelled());
    let url = format!("http://127.0.0.1:{}/hook", address.port());
    let mut house = House::new(vec![endpoint("crm", &url, &[SECRET])]);
    house.begun(1).await;
    house.happens(500);
    until(|| house.deliveries.standings().unwrap()[0].trouble.as_ref().is_some_and(|it| it.attempts >= 2)).await;
    let trouble = house.deliveries.standings().unwrap().remove(0).trouble.unwrap();
    assert!(trouble.error.contains("onnect"), "{}", trouble.error);
    let _up = receiver.serve(&address.to_string()).await;
    house.happens(500);
    until(|| receiver.got().len() >= 1_000).await;
    until(|| house.deliveries.standings().unwrap()[0].cursor == 1_000).await;
    assert_eq!(receiver.ids(), house.all(), "each once, in order");
    let got = receiver.got();
    println!("1000 events in {:?}", got[999].at.saturating_duration_since(got[0].at));
    let standing = house.deliveries.standings().unwrap().remove(0);
    assert_eq!((standing.delivered, standing.trouble, standing.dead), (1_000, None, 0));
    house.webhooks.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_2xx_takes_an_event_and_everything_else_has_it_sent_again_with_the_same_id() {
    let receiver = Receiver::default();
    let (address, _) = receiver.serve("127.0.0.1:0").await;
    let elsewhere = Receiver::default();
    let (other, _) = elsewhere.serve("127.0.0.1:0").await;
    let moved = (StatusCode::TEMPORARY_REDIRECT, [("location", format!("http://{other}/"))]).into_response();
    receiver.answer([status(202), moved, status(410), status(200)]);
    let mut house = House::new(vec![endpoint("crm", &format!("http://{address}"), &[SECRET])]);
    house.begun(1).await;
    house.happens(2);
    until(|| house.deliveries.standings().unwrap()[0].cursor == 2).await;
    let all = house.all();
    assert_eq!(receiver.ids(), [&all[0], &all[1], &all[1], &all[1]].map(String::clone));
    let bodies: Vec<_> = receiver.got()[1..].iter().map(|got| got.body.clone()).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(elsewhere.got().len(), 0, "no redirect is followed");
    house.webhooks.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_endpoint_never_waits_for_another_and_a_new_one_begins_at_the_head() {
    let (fine, broken) = (Receiver::default(), Receiver::default());
    let ((fine_at, _), (broken_at, _)) = (fine.serve("127.0.0.1:0").await, broken.serve("127.0.0.1:0").await);
    broken.answer((0..99).map(|_| status(500)));
    let endpoints = vec![
        endpoint("fine", &format!("http://{fine_at}"), &[SECRET]),
        endpoint("broken", &format!("http://{broken_at}"), &[SECRET]),
    ];
    let mut house = House::new(endpoints.clone());
    house.begun(2).await;
    house.happens(20);
    until(|| fine.got().len() == 20).await;
    assert!(broken.ids().iter().all(|id| *id == house.all()[0]));
    let late = Receiver::default();
    let (late_at, _) = late.serve("127.0.0.1:0").await;
    house.webhooks.set(vec![endpoints[0].clone(), endpoint("late", &format!("http://{late_at}"), &[SECRET])]);
    house.begun(3).await;
    house.happens(1);
    until(|| late.got().len() == 1 && fine.got().len() == 21).await;
    assert_eq!(late.ids(), house.all()[20..]);
    // The one that is configured no more keeps its place.
    until(|| house.deliveries.standings().unwrap().iter().any(|it| it.gone_since.is_some())).await;
    let standings = house.deliveries.standings().unwrap();
    let gone = standings.iter().find(|it| it.gone_since.is_some()).unwrap();
    assert_eq!((gone.endpoint.as_str(), gone.cursor), ("broken", 0));
    house.webhooks.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_that_is_wanted_comes_with_the_id_it_had() {
    let receiver = Receiver::default();
    let (address, _) = receiver.serve("127.0.0.1:0").await;
    let mut house = House::new(vec![endpoint("crm", &format!("http://{address}"), &[SECRET])]);
    house.begun(1).await;
    house.happens(3);
    until(|| house.deliveries.standings().unwrap()[0].cursor == 3).await;
    let rows = house.told.clone();
    let letters = rows[..2].iter().rev().map(|row| DeadLetter {
        endpoint: "crm".to_owned(),
        row: row.clone(),
        attempts: 1,
        died: WallMs(1),
        error: "status 500".to_owned(),
        wanted: false,
    });
    house.deliveries.bury("crm", 3, &letters.collect::<Vec<_>>()).unwrap();
    assert_eq!(house.deliveries.want(&Which::default()), Ok(2));
    until(|| house.deliveries.standings().unwrap()[0].dead == 0).await;
    let all = house.all();
    assert_eq!(receiver.ids(), [&all[0], &all[1], &all[2], &all[0], &all[1]].map(String::clone));
    assert_eq!(receiver.got()[3].body, rows[0].body);
    house.webhooks.stop().await;
}

/// Each answer is another: the first address, then the second, and so on.
struct Rebinding(Mutex<VecDeque<&'static str>>);

impl Resolver for Rebinding {
    fn resolve(&self, _: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let answer = self.0.lock().unwrap().pop_front().map(|address| address.parse().unwrap());
        Box::pin(async move { Ok(answer.into_iter().collect()) })
    }
}

/// On this machine: 127.0.0.1 stands for the internet, all else is inside.
fn first_is_public(address: IpAddr) -> Result<(), NotPublic> {
    if address.to_string() == "127.0.0.1" { Ok(()) } else { Err(NotPublic { address, what: "inside" }) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_resolved_once_for_each_connection_and_only_what_was_checked_is_connected_to() {
    let (outside, inside) = (Receiver::default(), Receiver::default());
    let (address, _) = outside.serve("127.0.0.1:0").await;
    let _inside = inside.serve(&format!("127.0.0.2:{}", address.port())).await;
    let close = || (StatusCode::OK, [("connection", "close")]).into_response();
    outside.answer([close()]);
    let endpoint = endpoint("crm", &format!("http://rebind.example:{}/", address.port()), &[SECRET]);
    let resolver = Arc::new(Rebinding(Mutex::new(["127.0.0.1", "127.0.0.2", "127.0.0.1"].into())));
    let post =
        Post::through(Guard::with(Arc::clone(&resolver) as Arc<dyn Resolver>, first_is_public), &endpoint, ANSWER_MAX)
            .unwrap();
    let mut house = House::new(Vec::new());
    house.happens(1);
    let row = house.told.remove(0);
    assert_eq!(post.send(&endpoint, &row, 0).await, Outcome::Delivered);
    assert_eq!(resolver.0.lock().unwrap().len(), 2, "between check and connection nobody asks again");
    let refused = post.send(&endpoint, &row, 0).await;
    let Outcome::Failed { error, .. } = refused else { panic!("{refused:?}") };
    assert!(error.contains("rebind.example resolves to an address that is refused: 127.0.0.2"), "{error}");
    assert_eq!(post.send(&endpoint, &row, 0).await, Outcome::Delivered);
    assert_eq!((outside.got().len(), inside.got().len()), (2, 0));
    let host = format!("rebind.example:{}", address.port());
    assert!(outside.got().iter().all(|got| got.host == host), "asked by its name, at the address that was checked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loopback_is_not_reached_by_name_or_number_unless_allowed() {
    let receiver = Receiver::default();
    let (address, _) = receiver.serve("127.0.0.1:0").await;
    let mut house = House::new(Vec::new());
    house.happens(1);
    let row = house.told.remove(0);
    for host in ["backend.example", "127.0.0.1", "2130706433", "0177.1", "[::ffff:127.0.0.1]"] {
        // As if the check of the configuration had been passed by.
        let mut endpoint = endpoint("crm", &format!("http://{host}:{}/", address.port()), &[SECRET]);
        endpoint.allow_private = false;
        let post = Post::new(&endpoint, Arc::new(Loopback)).unwrap();
        let outcome = post.send(&endpoint, &row, 0).await;
        let Outcome::Failed { error, .. } = outcome else { panic!("{host}: {outcome:?}") };
        assert!(error.contains("127.0.0.1 is not a public address"), "{error}");
    }
    assert_eq!(receiver.got().len(), 0);
}

/// A clock that the test moves; both times together.
#[derive(Clone)]
struct Hand(Arc<Mutex<Duration>>, Instant);

impl Hand {
    fn forward(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Hand {
    fn now(&self) -> Instant {
        self.1 + *self.0.lock().unwrap()
    }

    fn wall_ms(&self) -> u64 {
        1_790_000_000_000 + u64::try_from(self.0.lock().unwrap().as_millis()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_are_told_of_a_receiver_that_is_down_of_its_dead_letter_and_of_a_replay_in_vain() {
    let receiver = Receiver::default();
    let (address, down) = receiver.serve("127.0.0.1:0").await;
    down.abort();
    assert!(down.await.unwrap_err().is_cancelled());
    let (outbox, deliveries) = (MemoryOutbox::new(StoreId([9; 16])), Arc::new(Deliveries::in_memory().unwrap()));
    let (books, clock) = (Arc::new(Books::in_memory()), Hand(Arc::default(), Instant::now()));
    let surroundings = Surroundings {
        bell: outbox.bell(),
        outbox: Arc::clone(&outbox) as Arc<dyn OutboxLog>,
        deliveries: Arc::clone(&deliveries) as Arc<dyn DeliveryLog>,
        books: Arc::clone(&books),
        clock: Arc::new(clock.clone()),
        system: Arc::new(clock.clone()),
        resolver: Arc::new(Loopback),
        chance: 1,
    };
    let endpoints = vec![endpoint("crm", &format!("http://{address}/"), &[SECRET])];
    let webhooks = Webhooks::start(surroundings, endpoints.clone()).unwrap();
    // Time goes on, and senders and upkeep look at once, until this is told.
    let told = async |step: Duration, wanted: &dyn Fn(&Standing, Backlog) -> bool| {
        until(|| {
            clock.forward(step);
            webhooks.set(endpoints.clone());
            books.webhooks().endpoints.first().is_some_and(|(standing, backlog)| wanted(standing, *backlog))
        })
        .await;
        books.webhooks().endpoints[0].clone()
    };
    told(Duration::ZERO, &|standing, _| standing.endpoint == "crm").await;
    let (live, data) = (LiveId::new("a").unwrap(), serde_json::json!({}));
    let happened = WallMs(clock.wall_ms());
    outbox.append([Callback { kind: CallbackKind::HostOnline, live, at: happened, data }]);

    let (standing, backlog) = told(Duration::from_secs(5), &|standing, _| standing.trouble.is_some()).await;
    assert_eq!(backlog, Backlog { events: 1, oldest: Some(happened) });
    let trouble = standing.trouble.unwrap();
    assert!(trouble.error.contains("onnect") && trouble.next_try > happened, "{trouble:?}");

    let (standing, backlog) = told(KEPT / 8, &|standing, _| standing.dead == 1).await;
    assert_eq!((standing.wanted, standing.trouble, backlog), (0, None, Backlog::default()));

    assert_eq!(deliveries.want(&Which::default()), Ok(1));
    told(Duration::ZERO, &|standing, _| standing.wanted == 1).await;
    let (standing, _) = told(Duration::from_secs(20), &|standing, _| standing.wanted == 0).await;
    assert_eq!((standing.dead, standing.delivered), (1, 0), "still dead");
    webhooks.stop().await;
}
