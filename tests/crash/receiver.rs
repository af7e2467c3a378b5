//! A backend that takes webhooks, and writes down what it was told and when. It is configured twice: once for all events, which
//! under load are many and come one after the other, and once for the ends of battles alone, which so wait for nothing else.
//! How all of it must be signed, numbered and ordered, `deliveries` judges.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;

use crate::deliveries::{Secret, signed};
use crate::house::PATIENCE;

/// What the endpoints' events are signed with: each by its own.
const ALL: Secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
const ENDS: Secret = Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");

/// An event as it came.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) text: String,
    /// Whether its signature is of the endpoint's secret.
    pub(crate) signed: bool,
    /// The system's time of the one who sent it, seconds.
    pub(crate) sent_seconds: u64,
    pub(crate) came: Instant,
}

#[derive(Debug, Default)]
struct Notes {
    all: Vec<Told>,
    /// All that came to the endpoint of ends.
    ends_in_order: Vec<Told>,
    /// What came of each battle's end; more than once when the server died over the answer.
    ends: BTreeMap<String, Vec<Told>>,
}

type Shared = Arc<Mutex<Notes>>;

pub(crate) struct Receiver {
    address: SocketAddr,
    notes: Shared,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let notes = Shared::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/all", post(take_any)).route("/ends", post(take_end));
        let router = router.with_state(Arc::clone(&notes));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, notes }
    }

    /// The part of the server's configuration that names it.
    pub(crate) fn config(&self) -> String {
        let endpoint = |name: &str, events: &str, secret: &Secret| {
            format!(
                "[[webhooks]]\nname = \"{name}\"\nurl = \"http://{}/{name}\"\nallow_private = true\nevents = [{events}]\n\
                 secrets = [\"{}\"]\n",
                self.address, secret.0
            )
        };
        endpoint("all", "", &ALL) + &endpoint("ends", "\"battle.ended\"", &ENDS)
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap()
    }

    /// All that came to the endpoint of all events.
    pub(crate) fn all(&self) -> Vec<Told> {
        self.notes().all.clone()
    }

    /// All that came to the endpoint of ends, in its order.
    pub(crate) fn ends(&self) -> Vec<Told> {
        self.notes().ends_in_order.clone()
    }

    /// Whether each seat is locked that was ever told of, by what was told last.
    pub(crate) fn locks(&self) -> BTreeMap<(String, u32), bool> {
        let notes = self.notes();
        let mut seen = BTreeSet::new();
        let first = notes.all.iter().filter(|told| told.body["type"] == "seat.changed" && seen.insert(&told.id));
        let seats = first.flat_map(|told| told.body["data"]["seats"].as_array().expect("a list of seats"));
        let of = |seat: &Value| {
            let index = u32::try_from(seat["index"].as_u64().unwrap()).unwrap();
            ((seat["liveId"].as_str().unwrap().to_owned(), index), seat["isLocked"].as_bool().unwrap())
        };
        seats.map(of).collect()
    }

    /// How the end of a battle came first.
    pub(crate) fn end(&self, battle: &str) -> Option<Told> {
        self.notes().ends.get(battle)?.first().cloned()
    }

    /// The distinct ids of what was told, by kind and by whom or what it is about: the battle, or else the live.
    pub(crate) fn ids_by_subject(&self) -> BTreeMap<(String, String), Vec<String>> {
        let mut bodies: BTreeMap<&str, &Value> = BTreeMap::new();
        let mut ids: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        let notes = self.notes();
        for Told { id, body, .. } in notes.all.iter().chain(notes.ends.values().flatten()) {
            if let Some(before) = bodies.insert(id, body) {
                assert_eq!(before, body, "one id, two events");
                continue;
            }
            let data = &body["data"];
            let subject = data["battleId"].as_str().or_else(|| data["liveId"].as_str());
            let subject = subject.or_else(|| data["live"]["liveId"].as_str());
            // The inviter stands first.
            let subject = subject.or_else(|| data["connected"][0].as_str()).unwrap_or_default();
            let kind = body["type"].as_str().unwrap().to_owned();
            ids.entry((kind, subject.to_owned())).or_default().push(id.clone());
        }
        ids
    }

    /// The first event of this kind, whose data is as wanted.
    pub(crate) async fn first(&self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Told {
        let find = || self.all().into_iter().find(|told| told.body["type"] == *kind && wanted(&told.body["data"]));
        self.wait_until(|_| find().is_some()).await;
        find().expect("just found")
    }

    /// Waits until all that must have come has.
    pub(crate) async fn wait_until(&self, enough: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !enough(self) {
            assert!(began.elapsed() < PATIENCE, "webhooks are missing");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn told(headers: &HeaderMap, body: &str, secret: &Secret) -> Told {
    let came = Instant::now();
    let header = |name: &str| headers[name].to_str().unwrap();
    let (id, sent_seconds) = (header("webhook-id").to_owned(), header("webhook-timestamp").parse().unwrap());
    let signed = signed(secret, &id, header("webhook-timestamp"), body, header("webhook-signature"));
    Told { id, body: serde_json::from_str(body).unwrap(), text: body.to_owned(), signed, sent_seconds, came }
}

async fn take_any(State(notes): State<Shared>, headers: HeaderMap, body: String) -> StatusCode {
    let told = told(&headers, &body, &ALL);
    notes.lock().unwrap().all.push(told);
    StatusCode::NO_CONTENT
}

async fn take_end(State(notes): State<Shared>, headers: HeaderMap, body: String) -> StatusCode {
    let told = told(&headers, &body, &ENDS);
    let battle = told.body["data"]["battleId"].as_str().unwrap().to_owned();
    let mut notes = notes.lock().unwrap();
    notes.ends_in_order.push(told.clone());
    notes.ends.entry(battle).or_default().push(told);
    StatusCode::NO_CONTENT
}
